//! The server's side of MQTT 5.0 and 3.1.1 for a device platform: no sockets, no clock, no threads.
//!
//! The host reads bytes from wherever it likes and hands them to a [`Connection`], which answers with what it consumed and at
//! most one [`Event`]; what has to go back to the client gathers in [`Connection::output`]. Packets that come once a
//! connection are decoded by the crate `mqtt-protocol-core`; PUBLISH and the acknowledgements, which come by the million,
//! are read here in place (ADR 0010), and tests hold the two against each other.
//!
//! This is no general broker: clients speak to the platform and the platform to clients. Subscriptions and publications
//! are limited to what a device may see by [`access`]; retained messages exist for Sparkplug only ([`retained`]).
//!
//! Invariants:
//! * **MQ-1** a PUBLISH of QoS 1 or 2 is acknowledged only by the host's [`Connection::answer`]; the machine never does it.
//! * **MQ-2** acknowledgements leave in the order in which the messages came, however the host answers [MQTT-4.6.0-2, -3].
//! * **MQ-3** the same bytes give the same events, wherever the reads cut them.
//! * **MQ-4** no bytes make the machine panic, and after an error it takes nothing more.
//! * **MQ-5** what a connection and a session hold is bounded: packets by `packet_bytes_max`, outgoing messages by
//!   `session_bytes_max`, subscriptions, aliases and QoS 2 identifiers by count; what is dropped is counted by name.
//! * **MQ-6** nothing is handed out before CONNECT was accepted [MQTT-3.1.0-1].
//! * **MQ-7** a client is sent nothing that it did not subscribe to or may not see.

pub mod access;
mod acks;
mod connection;
mod decode;
mod filter;
mod frame;
mod publish;
mod reason;
pub mod retained;
mod session;
mod sessions;
mod write;

pub use acks::Ticket;
pub use connection::{Accepted, Asked, Closing, Connection, Event, Limits, Step};
pub use decode::{Connect, Version, Will};
pub use filter::{filter_problem, matches};
pub use publish::{Publish, Topic};
pub use reason::Reason;
pub use session::{Dropped, Message, Offered, Session, Subscription};
pub use sessions::{Key, Sessions};
pub use write::publish_bytes;
