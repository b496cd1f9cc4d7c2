//! Casework: applications from draft to decision, along one table of legal moves.
//!
//! Invariants: **CW-1** a case moves only along [`model::EDGES`], and every move is one event. **CW-2** as many
//! different people approve for the city as the programme's route asks, none of them the one who recommended it;
//! a send-back voids what was approved before. **CW-3** one standing application an enterprise and batch. **CW-4**
//! nobody reviews an enterprise that they have a tie with, and an approval given before the tie was known does not
//! count. **CW-5** who objected to a notice is known to the city's reviewers alone: not to the public, the enterprise,
//! the history or the journal. **CW-6** what was read under an older version changes nothing. **CW-7** the kept counts
//! by district and state equal the cases.
//!
//! Tables: `casework_case`, `casework_event`, `casework_count`, `casework_check`, `casework_defect`,
//! `casework_approval`, `casework_notice`, `casework_objection`, `casework_tie`, `casework_material`,
//! `casework_defect_answer`. View for others: `pub_casework_case`
//! (case_id, number, programme_id, instrument_id, batch_id, org_id, district, state, round, decision_id, amount_fen,
//! started_at_us, submitted_at_us, moved_at_us, notice_ends_on). Reads `pub_vouchers_batch`, `pub_vouchers_voucher`,
//! `pub_catalogue_listing`.
//!
//! Entry points: the enterprise's [`draft`], [`save`], [`supplement`], [`submit`], [`withdraw`]; the district's [`check`],
//! [`recommend`]; the city's [`approve`], [`send_back`], [`publish_notice`], [`decide_objection`], [`conclude`]; both
//! bureaus' [`return_for_correction`], [`reject`], [`tie`]; the public's [`object`]; by the clock [`jobs`] and
//! [`conclude::due_for_conclusion`]; reading in [`view`].

mod api;
pub mod approve;
mod batch;
pub mod check;
pub mod conclude;
pub mod decide_objection;
pub mod draft;
pub mod jobs;
pub mod model;
pub mod object;
mod pages;
mod programmes;
pub mod publish_notice;
pub mod recommend;
pub mod reject;
pub mod return_for_correction;
pub mod save;
pub mod send_back;
mod step;
mod store;
pub mod submit;
pub mod supplement;
pub mod tie;
pub mod view;
pub mod withdraw;

pub use crate::batch::Batch;
pub use crate::programmes::{Trace, TraceLine};
pub use crate::store::{Case, Defect, Notice, NoticeState, Objection, ObjectionState, PublicNotice, Tie, WorkFilter};
pub use conclude::due_for_conclusion;
pub use view::case;

/// Every page and endpoint of the slice.
pub fn routes() -> Vec<web::Route> {
    let mut routes = pages::routes();
    routes.extend(api::routes());
    routes
}
