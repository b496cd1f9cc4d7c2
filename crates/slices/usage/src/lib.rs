//! Use of cloud services and the evidence of it: claimed billing accounts, imported bills, monthly statements, levels.
//!
//! Invariants: **US-1** a billing account belongs to an enterprise by a claim that its provider confirmed, never by
//! name, and claims never overlap. **US-2** a file counts once. **US-3** statements are never edited: a later bill
//! makes new versions, and one version of each stands. **US-4** a refused file leaves nothing behind but its name, its
//! hash and the reason. **US-5** when a statement changes that a settlement rests on, a correction names both versions
//! and the difference. **US-6** an order's level follows from papers, the provider's word and standing statements
//! alone; every change of it is kept with its reason. Only aggregates are stored: no row of a bill is. **US-7** of a plant
//! nothing is here but counts by enterprise and day: no device, no property, no value.
//!
//! Tables: `usage_account`, `usage_import`, `usage_statement`, `usage_statement_use`, `usage_correction`,
//! `usage_level`, `usage_device_daily` (from the lake, by the application's flow). Views: `pub_usage_level`, `pub_usage_statement`,
//! `pub_usage_account`, `pub_usage_correction`.
//!
//! Entry points: [`claim_account`], [`confirm_account`], [`import`], [`record_device_days`], [`assess`], [`corrections`], [`read`], [`jobs`].
//! Other slices use [`level_of_order`], [`assess::run`], [`corrections::rest_on`], [`corrections::open`] and
//! [`corrections::handle`].

pub mod api;
pub mod assess;
pub mod claim_account;
pub mod confirm_account;
pub mod corrections;
pub mod import;
pub mod jobs;
pub mod model;
pub mod pages;
pub mod read;
pub mod record_device_days;
pub mod rules;
mod store;

pub use crate::store::accounts::{AccountFilter, AccountRow};
pub use crate::store::imports::{ImportFilter, ImportRow};
pub use crate::store::levels::{LevelFilter, LevelRow};
pub use crate::store::statements::StatementFilter;
pub use assess::level_of_order;
pub use import::{Importing, from_path};
pub use model::{
    Account, Assessed, BillImport, ClaimState, ClaimVerb, Correction, FileRefusal, ImportResult, ImportState,
    StatementRow, Thresholds,
};
/// Pages and endpoints of the slice.
pub fn routes() -> Vec<web::Route> {
    let mut all = pages::routes();
    all.extend(api::routes());
    all
}
