//! Policy: programmes as data, decisions with their trace, "what can I get?".
//!
//! A city officer drafts a programme as a TOML text ([`draft`]) and publishes it ([`publish`]) once the engine's checks
//! and the programme's own expected decisions hold; a higher version takes the place of the one before from its day on;
//! [`end`] stops applications. [`decide`] answers for an applicant or an order and keeps the answer's bytes;
//! [`replay_all`] proves them; [`estimate`] answers without keeping anything.
//!
//! Invariants: PP-1 a published text never changes. PP-2 at most one version of a programme is published. PD-1 each
//! stored decision replays to the same bytes. PD-2 each published text has the hash that its record and its decisions
//! name. PD-3 the columns beside a decision's bytes say what the bytes say.
//!
//! Tables: `policy_programme`, `policy_target`, `policy_decision`. Views for other slices:
//! `pub_policy_programme` (id, version, title_zh, title_en, starts_on, ends_on, state, applies_from, applies_until, counts_from; no
//! drafts), `pub_policy_target` (programme_id, code, position, title_zh, title_en, unit_zh, unit_en, minimum, exceeds, maximum,
//! by_date, statistic, clause, clause_locator, clause_locator_en; of the current version), `pub_policy_decision` (id, kind, org_id,
//! programme_id, instrument_id, amount_fen, eligible, as_of, at_us). Reads `pub_orgs_org`, `pub_orgs_fact`,
//! `pub_vouchers_batch`, `pub_vouchers_voucher`, `pub_settlement_decision`, `pub_casework_case` and `pub_funds_account`.

mod api;
pub mod check;
pub mod decide;
mod diff;
pub mod discard;
pub mod draft;
pub mod end;
pub mod estimate;
pub mod facts;
mod library;
mod model;
mod pages;
pub mod problems;
pub mod publish;
mod read;
pub mod replay;
mod store;

pub use decide::{Decide, decision};
pub use diff::{Change, changes};
pub use estimate::{Estimate, Offer};
pub use library::{by_sha256, list_published, on as programme_on, published};
pub use model::{DecisionRow, Kind, OpenBatch, State, StoredDecision, Version, version_on};
pub use publish::publish_text;
pub use replay::{Broken, replay_all};

use kernel::Action;
use utoipa_axum::routes as endpoint;
use web::Route;

/// The pages and the API of this slice.
pub fn routes() -> Vec<Route> {
    use Action::{DraftProgramme, Estimate, PublishProgramme, ReadPublic, ViewDecision};
    vec![
        Route::get("/programmes", ReadPublic, pages::list::get),
        Route::get("/programmes/drafts", DraftProgramme, pages::drafts::get),
        Route::get("/programmes/new", DraftProgramme, pages::new::get),
        Route::post("/programmes/new", DraftProgramme, pages::new::post),
        Route::get("/programmes/{id}", ReadPublic, pages::show::get),
        Route::get("/programmes/{id}/programme.toml", ReadPublic, pages::text::get),
        Route::get("/programmes/{id}/publish", PublishProgramme, pages::publish::get),
        Route::post("/programmes/{id}/publish", PublishProgramme, pages::publish::post),
        Route::get("/programmes/{id}/discard", DraftProgramme, pages::discard::get),
        Route::post("/programmes/{id}/discard", DraftProgramme, pages::discard::post),
        Route::get("/programmes/{id}/end", PublishProgramme, pages::end::get),
        Route::post("/programmes/{id}/end", PublishProgramme, pages::end::post),
        Route::get("/estimate", Estimate, pages::estimate::get),
        Route::post("/estimate", Estimate, pages::estimate::post),
        Route::get("/decisions/{id}", ViewDecision, pages::decision::get),
        Route::api(ReadPublic, endpoint!(api::programmes::list)),
        Route::api(ReadPublic, endpoint!(api::programmes::show)),
        Route::api(DraftProgramme, endpoint!(api::programmes::draft)),
        Route::api(PublishProgramme, endpoint!(api::programmes::publish)),
        Route::api(PublishProgramme, endpoint!(api::programmes::finish)),
        Route::api(DraftProgramme, endpoint!(api::programmes::discard)),
        Route::api(Estimate, endpoint!(api::estimates::create)),
        Route::api(ViewDecision, endpoint!(api::decisions::show)),
    ]
}
