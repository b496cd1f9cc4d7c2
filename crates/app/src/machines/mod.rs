//! The industrial half put together: the lake, the directory of devices, the listener, and what runs by the clock.

mod alarms;
mod lake_folder;
mod listen;
mod upkeep;

pub use alarms::{engine, notifier};
pub use lake_folder::{check_lake, open_lake};
pub use listen::{Listening, listen};
pub use upkeep::start;
