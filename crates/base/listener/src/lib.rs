//! Where machines connect: MQTT over TCP and TLS, admitted by the directory, decoded by the thing models, stored in the lake.
//!
//! One read of one socket becomes one batch; PUBACK and PUBREC leave when that batch is on disk and can be queried. If the
//! lake is busy, the sockets are not read: TCP holds the senders back, and nothing is lost or gathered without bound.
//!
//! Invariants:
//! * **LI-1** what was acknowledged with success is in the lake, after any crash (LK-1, LK-5).
//! * **LI-2** a message that is not stored is refused by name (version 5: reason code and string) and counted for its device;
//!   if the disk fails, nothing is acknowledged and the connection is closed with the reason.
//! * **LI-3** received = stored + rejected for each device, once nothing is on its way.
//! * **LI-4** memory for each connection and for all together is bounded ([`Options`]); who does not read is cut.
//! * **LI-5** a credential that is taken away ends its connections at once; nothing that comes after is taken.
//! * **LI-6** a panic in one connection does not touch another.

mod admit;
mod intake;
mod link;
pub mod load;
mod nodes;
mod options;
mod registry;
mod server;
mod stats;
mod tls;
mod topics;

pub use options::{Attributes, Boxed, CommandReply, Hooks, Options, Tls, UnknownChild};
pub use registry::Reached;
pub use server::Listener;
