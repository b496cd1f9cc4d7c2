//! Alarms of an enterprise's machines: rules, alarms and what operators do with them, and who is told.
//!
//! Invariants: AR-1 a published version of a rule is never changed, a change makes the next one; AR-2 every change of an
//! alarm is an event with its cause, time and author, along `isa18::TRANSITIONS`, and events are never changed; AR-3 a
//! notice is written in the transaction of what caused it, and sent outside of any; AR-4 a rule watches devices of its
//! own organisation only; AR-5 what the evaluation could not write is told again, so that no state is missed.
//!
//! Tables: `alarms_version`, `alarms_rule`, `alarms_rule_version`, `alarms_alarm`, `alarms_event`, `alarms_contact`,
//! `alarms_notice`. View: `pub_alarms_alarm`. Reads `pub_devices_device` (device_id, org_id, product_id, name).
//!
//! Entry points: [`save_rule`], [`publish_rule`], [`retire_rule`], [`handle`], [`comment`], [`record`], [`lapse`],
//! [`save_contact`], [`resend`], [`read`]; [`Engine`] evaluates, [`Notifier`] sends; pages and API by [`routes`], for which the
//! application holds an [`Engine`] and a [`Notifier`] as parts.

mod api;
pub mod comment;
pub mod deliver;
mod engine;
pub mod handle;
mod jobs;
pub mod lapse;
pub mod model;
mod pages;
pub mod publish_rule;
pub mod read;
pub mod record;
pub mod resend;
pub mod retire_rule;
pub mod save_contact;
pub mod save_rule;
mod sources;
mod step;
mod store;

pub use deliver::{MailSecurity, MailServer, Notifier, Outgoing};
pub use engine::{Engine, EngineCounts};
pub use jobs::{Sent, send_due};
pub use sources::{Last, Sources};

/// All pages and endpoints of alarms.
pub fn routes() -> Vec<web::Route> {
    let mut routes = pages::routes();
    routes.extend(api::routes());
    routes
}
