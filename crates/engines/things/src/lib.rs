//! Things: what a device may say, how its payloads are read, and who is admitted.
//!
//! A product has a versioned thing model (物模型, [`model`]). A payload becomes readings by that model or is refused whole,
//! by name ([`decode`] for the ThingsBoard dialect, [`sparkplug`] for Sparkplug B). The [`directory`] holds every device, its
//! credentials and its counters in memory, so that admitting a message costs no statement.
//!
//! Pure: no SQL, no sockets, no ambient clock. Times are microseconds since 1970 UTC (`_us`).

mod counters;
pub mod decode;
pub mod directory;
pub mod gateway;
pub mod model;
mod reason;
pub mod sparkplug;

pub use counters::{Counted, Counters};
pub use decode::{Taken, TimeLimits, Which};
pub use directory::{
    Admitted, Credential, CredentialRecord, DeviceEntry, DeviceRecord, Directory, Facts, Pass, hash_password,
};
pub use kernel::{Quality, Value};
pub use model::{Command, Event, EventLevel, Field, Kind, Model, ModelError, Property, Undeclared};
pub use reason::{Reason, Refused};
