//! The edge program against real counterparts: pymodbus, asyncua, node-opcua, mosquitto. What is not installed is skipped
//! with a word, or fails when `YUNJIN_REQUIRE_PEERS=1`.
//!
//! `YUNJIN_PEERS` is a Python environment with `xtask/peers.txt` installed; `YUNJIN_NODE_PEERS` a folder in which
//! `tests/peers/node/package.json` was installed.

mod cli;
mod crash;
mod modbus;
mod mqtt_in;
mod opcua;
mod outage;
mod refusal;
mod support;
mod tls;
