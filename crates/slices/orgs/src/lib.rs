//! Parties: organisations and their dated facts, accounts and roles, signing in.
//!
//! Invariants: **OR-1** an organisation is keyed by a credit code whose check digits hold, and is registered once.
//! **OR-2** facts are never altered: a correction is a later statement. **OR-3** what held on a date, by what was
//! known at an instant, can be replayed at any later time. **OR-4** accounts of officers, experts, auditors and
//! administrators are made by an administrator only. **OR-5** only SHA-256 hashes of session tokens, API tokens and
//! recovery codes and argon2id hashes of passwords are stored; tokens change at every sign-in; five failures lock a
//! login, known or unknown alike. **OR-6** a clock set back neither extends a session nor lifts a lock nor revives a
//! one-time code. **OR-7** an import enters all its rows or none. No secret enters the journal.
//!
//! Tables: `orgs_org`, `orgs_fact`, `orgs_account`, `orgs_sign_in_guard`, `orgs_session`, `orgs_api_token`,
//! `orgs_recovery_code`. Views for others: `pub_orgs_org` (org_id, uscc, kind, name, simulated, created_at_us),
//! `pub_orgs_fact` (org_id, seq, name, valid_from, value_json, stated_at_us).
//!
//! Entry points: [`register`], [`state_facts`], [`find`], [`facts_at`], [`list`], [`view`], [`import_orgs`],
//! [`accounts`], [`jobs`], [`routes`]. The app puts [`Passwords`] among its parts.

pub mod accounts;
mod api;
mod facts;
pub mod import_orgs;
pub mod jobs;
pub mod list;
mod model;
mod pages;
pub mod register;
mod secrets;
pub mod state_facts;
mod store;
pub mod view;

pub use facts::{facts_as_known, facts_at, find, find_by_uscc};
pub use model::{DESIGNATED_SIZE_REVENUE, FactRow, Facts, Org, OrgKind, Problem, StatedFacts};
pub use secrets::totp::code_at as totp_code_at;
pub use secrets::{PASSWORD_CHARS, Password, PasswordConfig, PasswordHash, Passwords};

/// Pages and endpoints of this slice.
pub fn routes() -> Vec<web::Route> {
    let mut routes = pages::routes();
    routes.extend(api::routes());
    routes
}
