//! Approval by the city: as many different people as the programme's route asks for (CW-2).

use kernel::Action;
use store::Cx;

use crate::model::{self, Approval, ApprovalRefused, Approved, Cause, Step};
use crate::step::{self, Notes};
use crate::store::{self as records, Case};

/// One person's approval. It stands on the round of review that was looked at, not on the version: two people who
/// look at the same time do not hinder each other.
#[derive(Clone, Debug)]
pub struct Approve {
    /// The case.
    pub case_id: String,
    /// The round that was looked at.
    pub round: i64,
    /// This person's opinion.
    pub opinion: String,
}

step::step_refusals! {
    /// Why an approval does not count.
    pub enum ApproveError {
        /// The same person twice.
        AlreadyApproved {} = 409, "already-approved",
            zh "您已同意过这份申请，须由另一位市级人员审核。",
            en "You have approved this case already; a different person of the city must.";
        /// The one who recommended it for the district.
        RecommendedByYou {} = 409, "recommended-by-you",
            zh "这份申请由您推荐，须由其他人员审核。",
            en "You recommended this case yourself; others must approve it.";
        /// A tie of the one who recommended it became known afterwards (CW-4).
        RecommendationRecused {} = 409, "recommendation-recused",
            zh "推荐人与该企业的利害关系已登记，区级推荐无效。请退回区级由他人重新审核。",
            en "A tie of the person who recommended it is on record, so the recommendation does not count. Send the case \
                back to the district for somebody else.";
    }
}

/// Approves; the last approval needed passes the case on to public notice.
pub async fn run(cx: &mut Cx, cmd: Approve) -> Result<Case, ApproveError> {
    let mut case = step::open(cx, &cmd.case_id, Action::ReviewCity).await?;
    if case.round != cmd.round {
        return Err(ApproveError::CaseChanged {});
    }
    step::not_tied(cx, &case).await?;
    step::check_move(&case, Cause::ApproveOne)?;
    let given = step::approvals_without_tied(cx, &case).await?;
    if given.iter().all(|a| a.voided || a.step != Step::District) {
        return Err(ApproveError::RecommendationRecused {});
    }
    let clocks = crate::programmes::clocks(cx, &case).await?;
    let me = cx.actor.user_id.clone();
    let cause = match model::approve(&given, &me, clocks.city_approvers) {
        Ok(Approved::One { .. }) => Cause::ApproveOne,
        Ok(Approved::Last) => Cause::ApproveLast,
        Err(ApprovalRefused::SamePerson) => return Err(ApproveError::AlreadyApproved {}),
        Err(ApprovalRefused::RecommendedIt) => return Err(ApproveError::RecommendedByYou {}),
    };
    let (before, was_in) = (step::brief(&case), case.district.clone());
    let opinion = cmd.opinion.trim().to_owned();
    step::advance(cx, &mut case, &was_in, &clocks, cause, Notes::staff(&opinion)).await?;
    let approval = Approval {
        step: Step::City,
        account_id: me,
        account_name: cx.actor.name.clone(),
        at: cx.now,
        round: case.round,
        opinion,
        voided: false,
    };
    records::insert_approval(cx, &case.id, &approval).await?;
    cx.journal("casework.approve", &format!("case/{}", case.id), &before, &step::brief(&case)).await?;
    Ok(case)
}
