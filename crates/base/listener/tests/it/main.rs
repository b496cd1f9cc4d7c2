//! The listener with real clients and with bad ones.

mod bad;
mod clients;
mod common;
mod crash;
mod down;
mod paho;
mod raw;
mod tls;
