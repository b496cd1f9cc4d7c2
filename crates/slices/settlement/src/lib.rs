//! Settlement (兑付): a provider claims what an order holds, evidence decides how much of it is paid, the bank pays, and
//! what was paid too much comes back.
//!
//! Invariants:
//! * ST-1 no evidence row pays twice: a contract, an invoice, a payment and a month of use each stand under one claim;
//! * ST-2 what is paid is at most rate × eligible paid amount and every cap, and is what the hold was posted with;
//! * ST-3 nothing is paid under the programme's evidence level;
//! * ST-4 a payment is the sum of its claims, less what was set off, and is what the ledger moved.
//!
//! [`verify`] proves them from the records. Nothing that was paid is edited: a correction is a recovery with a code.
//!
//! Tables: `settlement_claim`, `settlement_evidence`, `settlement_payment`, `settlement_recovery`, `settlement_return`,
//! `settlement_correction`. Views for others: `pub_settlement_recovery` (id, claim_id, provider_id, district, amount_fen,
//! made_on), `pub_settlement_decision` (decision_id, claim_id, number, order_id, order_number, voucher_id, enterprise_id,
//! provider_id, district, recovery_number) and `pub_settlement_claim` (id, number, order_id, provider_id, enterprise_id,
//! voucher_id, batch_id, programme_id, district, state, level, eligible_paid_fen, amount_fen, refused_code, claimed_on,
//! decided_on, paid_on, recovered_fen). Reads `pub_catalogue_listing`, `pub_orders_order`, `pub_usage_statement`,
//! `pub_usage_level`, `pub_usage_correction`, `pub_funds_transfer`, `pub_funds_account`, `pub_orgs_org`.
//!
//! Entry points: use cases [`claim`], [`decide`], [`pay`], [`recover`], [`repay`], [`review_correction`]; the runs
//! [`jobs::decide_due`] and [`jobs::review_corrections`]; [`statement`]; [`verify`]; [`routes`].

mod api;
pub mod claim;
pub mod decide;
mod gather;
pub mod jobs;
mod model;
mod pages;
pub mod pay;
pub mod read;
pub mod recover;
pub mod repay;
pub mod review_correction;
pub mod rules;
mod statement;
mod store;
mod verify;

pub use model::{
    Claim, ClaimState, ClaimVerb, Decided, Evidence, EvidenceKind, Gathered, Payment, Recovery, RecoveryCode, Refused,
    Return, ReturnWay, TRANSITIONS,
};
pub use statement::{Statement, StatementError, statement};
pub use store::claims::{ClaimFilter, ClaimRow, Claimable};
pub use store::money::{Owed, SettledClaim};
pub use verify::{Broken, verify};

/// Pages and endpoints of this slice.
pub fn routes() -> Vec<web::Route> {
    let mut routes = pages::routes();
    routes.extend(api::routes());
    routes
}
