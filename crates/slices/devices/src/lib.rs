//! Devices: products with versioned thing models, devices and what they stand behind, credentials, commands, counters, and the
//! guided page that connects the first machine.
//!
//! Invariants: **DV-1** a published version of a thing model never changes; a property keeps its kind through the versions of
//! its product. **DV-2** a device has a name of its own within its organisation, and a product, a gateway and a version that are
//! that organisation's. **DV-3** of each device, received messages are stored and rejected ones together when nothing is in
//! flight. **DV-4** tokens are stored as SHA-256 and passwords as argon2id, shown once, never journalled. **DV-5** what is
//! revoked or disabled is let in no more from the moment of the commit on, in this process, and within a second in others.
//! **DV-6** a command and a device change state only along their tables of transitions. **DV-7** an import enters all its rows
//! or none.
//!
//! Tables: `devices_change`, `devices_product`, `devices_model`, `devices_device`, `devices_credential`, `devices_desired`,
//! `devices_command`, `devices_counter`, `devices_rejected`, `devices_silence`. Views: `pub_devices_device`,
//! `pub_devices_counter`, `pub_devices_silence`.
//!
//! Entry points: the use cases below, [`sync_directory`], [`jobs`], [`routes`]. The application holds a [`things::Directory`], a
//! [`lake::Lake`] and a [`Live`] as parts, calls [`sync_directory`] at start and every second, and [`jobs`] by the clock.

pub mod answer_command;
mod api;
pub mod connect;
pub mod edit_device;
pub mod import_devices;
pub mod ingest;
pub mod issue_credential;
pub mod jobs;
mod live;
pub mod model;
mod pages;
pub mod publish_model;
pub mod read;
pub mod readings;
pub mod register_child;
pub mod register_device;
pub mod revoke_credential;
pub mod send_command;
pub mod set_desired;
pub mod set_device_state;
mod store;
mod sync;
mod verify;

pub use live::{Downlink, Live};
pub use model::{CommandState, CredentialKind, Device, DeviceState, Product};
pub use sync::sync_directory;
pub use verify::verify;

/// All pages and endpoints of this slice.
pub fn routes() -> Vec<web::Route> {
    let mut routes = pages::routes();
    routes.extend(api::routes());
    routes
}
