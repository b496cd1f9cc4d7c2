//! The edge program: reads machines on the plant floor and brings every reading to the platform, late rather than never.
//!
//! connectors (OPC UA, Modbus, MQTT) → rules → queue on disk → MQTT 5 with acknowledgement.
//!
//! Invariants: **EG-1** a reading that the queue took is delivered, or set aside with the platform's reason, or dropped for
//! lack of room and then counted by its device; never gone in silence. **EG-2** the queue's position moves only past what
//! the platform acknowledged or what lies in the dead-letter file; after a crash a message may be sent twice. **EG-3** the
//! queue stays within its budget of bytes: its oldest file goes first, and what went is reported upstream by name.
//! **EG-4** what fails in one connector (an error without end, a panic, a loop) does not touch another: each has a thread
//! of its own. **EG-5** a reading that could not be had is a reading of quality bad, and its reason is counted.

pub mod config;
pub mod connectors;
pub mod dead;
pub mod dialect;
pub mod health;
pub mod intake;
pub mod push;
pub mod queue;
pub mod reading;
pub mod rules;
pub mod run;
pub mod words;

pub use words::Complaint;
