//! The machine against the specification, against the crate's codec, and against arbitrary bytes.

mod common;
mod connect;
mod outgoing;
mod properties;
mod publish;
mod subscribe;
