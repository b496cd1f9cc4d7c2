//! The one table of every legal move, and its rendering as a document.

use std::fmt::Write as _;

use kernel::{Action, Lang};

use super::state::{Cause, State};

/// Which clock begins with a move. Lengths come from the programme; see [`super::Clocks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clock {
    /// No deadline.
    None,
    /// The clock that runs goes on.
    Keep,
    /// Formal check: by when all defects are stated.
    Completeness,
    /// What the enterprise has for a correction.
    Correction,
    /// District review.
    District,
    /// City review.
    City,
    /// The days of the public notice.
    Notice,
    /// The days that the notice had left when it was paused.
    NoticeRest,
    /// By when an objection is decided.
    Objection,
}

impl Clock {
    /// For a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Clock::None => lang.t("无", "none"),
            Clock::Keep => lang.t("原时限继续", "goes on"),
            Clock::Completeness => lang.t("形式审查时限", "completeness"),
            Clock::Correction => lang.t("补正时限", "correction"),
            Clock::District => lang.t("区级审核时限", "district"),
            Clock::City => lang.t("市级审核时限", "city"),
            Clock::Notice => lang.t("公示期", "notice"),
            Clock::NoticeRest => lang.t("公示剩余天数", "rest of the notice"),
            Clock::Objection => lang.t("异议核查时限", "objection"),
        }
    }
}

/// One legal move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where from; `None` is the beginning.
    pub from: Option<State>,
    /// What moves it.
    pub cause: Cause,
    /// Where to.
    pub to: State,
    /// The row of the permission table that allows it.
    pub action: Action,
    /// The clock that begins.
    pub clock: Clock,
    /// Do the approvals given so far become void, and a new round begin?
    pub voids_approvals: bool,
}

const fn edge(from: State, cause: Cause, to: State, action: Action, clock: Clock) -> Edge {
    Edge { from: Some(from), cause, to, action, clock, voids_approvals: false }
}
const fn voiding(from: State, cause: Cause, to: State, action: Action, clock: Clock) -> Edge {
    Edge { from: Some(from), cause, to, action, clock, voids_approvals: true }
}

use Action::{DraftCase, RaiseObjection, ReviewCity, ReviewDistrict, SubmitCase};
use Cause as C;
use State as S;

/// Every legal move. What is not here is refused.
///
/// Withdrawing is not open while an objection is investigated: what was alleged is decided first.
pub const EDGES: &[Edge] = &[
    Edge { from: None, cause: C::Begin, to: S::Draft, action: DraftCase, clock: Clock::None, voids_approvals: false },
    edge(S::Draft, C::Submit, S::Submitted, SubmitCase, Clock::Completeness),
    edge(S::Draft, C::Discard, S::Withdrawn, DraftCase, Clock::None),
    edge(S::Submitted, C::Accept, S::DistrictReview, ReviewDistrict, Clock::District),
    voiding(S::Submitted, C::StateDefects, S::Returned, ReviewDistrict, Clock::Correction),
    edge(S::Submitted, C::Withdraw, S::Withdrawn, SubmitCase, Clock::None),
    edge(S::Returned, C::Resubmit, S::Submitted, SubmitCase, Clock::Completeness),
    edge(S::Returned, C::CorrectionOverdue, S::Withdrawn, ReviewDistrict, Clock::None),
    edge(S::Returned, C::Withdraw, S::Withdrawn, SubmitCase, Clock::None),
    edge(S::DistrictReview, C::Recommend, S::CityReview, ReviewDistrict, Clock::City),
    voiding(S::DistrictReview, C::ReturnByDistrict, S::Returned, ReviewDistrict, Clock::Correction),
    edge(S::DistrictReview, C::RejectByDistrict, S::Rejected, ReviewDistrict, Clock::None),
    edge(S::DistrictReview, C::Withdraw, S::Withdrawn, SubmitCase, Clock::None),
    edge(S::CityReview, C::ApproveOne, S::CityReview, ReviewCity, Clock::Keep),
    edge(S::CityReview, C::ApproveLast, S::AwaitingNotice, ReviewCity, Clock::Keep),
    voiding(S::CityReview, C::ReturnByCity, S::Returned, ReviewCity, Clock::Correction),
    voiding(S::CityReview, C::SendBackToDistrict, S::DistrictReview, ReviewCity, Clock::District),
    edge(S::CityReview, C::RejectByCity, S::Rejected, ReviewCity, Clock::None),
    edge(S::CityReview, C::Withdraw, S::Withdrawn, SubmitCase, Clock::None),
    edge(S::AwaitingNotice, C::PublishNotice, S::PublicNotice, ReviewCity, Clock::Notice),
    voiding(S::AwaitingNotice, C::ReturnByCity, S::Returned, ReviewCity, Clock::Correction),
    edge(S::AwaitingNotice, C::RejectByCity, S::Rejected, ReviewCity, Clock::None),
    edge(S::AwaitingNotice, C::Withdraw, S::Withdrawn, SubmitCase, Clock::None),
    edge(S::PublicNotice, C::Object, S::ObjectionInvestigation, RaiseObjection, Clock::Objection),
    edge(S::PublicNotice, C::Conclude, S::Approved, ReviewCity, Clock::None),
    edge(S::PublicNotice, C::Withdraw, S::Withdrawn, SubmitCase, Clock::None),
    edge(S::ObjectionInvestigation, C::ObjectAgain, S::ObjectionInvestigation, RaiseObjection, Clock::Keep),
    edge(S::ObjectionInvestigation, C::DismissOne, S::ObjectionInvestigation, ReviewCity, Clock::Keep),
    edge(S::ObjectionInvestigation, C::DismissLast, S::PublicNotice, ReviewCity, Clock::NoticeRest),
    edge(S::ObjectionInvestigation, C::UpholdObjection, S::Rejected, ReviewCity, Clock::None),
];

/// The move that `cause` makes from `from`, if there is one.
pub fn transition(from: Option<State>, cause: Cause) -> Option<&'static Edge> {
    EDGES.iter().find(|e| e.from == from && e.cause == cause)
}

/// The moves open from `from`, in the table's order.
pub fn moves_from(from: State) -> impl Iterator<Item = &'static Edge> {
    EDGES.iter().filter(move |e| e.from == Some(from))
}

/// The table as a document, so that officers and lawyers can read what the program does.
pub fn transitions_markdown() -> String {
    let mut out = String::from(
        "# 申请的状态与流转 / States and moves of a case\n\n\
         Generated from the table in the casework slice by its test; do not edit. 由程序中的流转表生成，请勿手改。\n\n\
         ## 状态 / States\n\n| code | 企业与公众看到 | public | 工作人员看到 | staff | 当前办理人 / holder |\n\
         |---|---|---|---|---|---|\n",
    );
    for s in State::ALL {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} / {} |",
            s.code(),
            s.public(Lang::Zh),
            s.public(Lang::En),
            s.staff(Lang::Zh),
            s.staff(Lang::En),
            s.holder().label(Lang::Zh),
            s.holder().label(Lang::En)
        );
    }
    out.push_str(
        "\n## 流转 / Moves\n\n| 自 / from | 事由 / cause | 至 / to | 权限 / action | 时限 / clock | 此前意见作废 / voids approvals |\n\
         |---|---|---|---|---|---|\n",
    );
    for e in EDGES {
        let from = e.from.map_or("–", State::code);
        let void = if e.voids_approvals { "是 / yes" } else { "" };
        let _ = writeln!(
            out,
            "| `{from}` | `{}` {} / {} | `{}` | {:?} | {} / {} | {void} |",
            e.cause.code(),
            e.cause.staff(Lang::Zh),
            e.cause.staff(Lang::En),
            e.to.code(),
            e.action,
            e.clock.label(Lang::Zh),
            e.clock.label(Lang::En)
        );
    }
    out
}
