//! 公示: the city puts an approved case before the public, for the days that the programme says.

use kernel::Action;
use store::Cx;

use crate::model::{Cause, Step};
use crate::step::{self, Notes};
use crate::store::{self as records, Case, Notice, NoticeState};

/// A case to put on notice.
#[derive(Clone, Debug)]
pub struct PublishNotice {
    /// The case.
    pub case_id: String,
    /// Its version when it was looked at.
    pub version: i64,
}

step::step_refusals! {
    /// Why a notice is not published.
    pub enum PublishError {
        /// A tie became known after somebody had approved; without that approval they are too few (CW-4).
        ApprovalRecused { standing: u32, needed: u32 } = 409, "approval-recused",
            zh "审核后登记了利害关系，扣除应回避人员后有效同意意见 {standing} 人，不足 {needed} 人。请退回重新审核。",
            en "A tie was recorded after an approval: without it {standing} approvals stand, {needed} are needed. Send \
                the case back for another look.";
    }
}

/// Publishes the notice; anyone may object until its last day.
pub async fn run(cx: &mut Cx, cmd: PublishNotice) -> Result<(Case, Notice), PublishError> {
    let mut case = step::open_at(cx, &cmd.case_id, Action::ReviewCity, cmd.version).await?;
    step::check_move(&case, Cause::PublishNotice)?;
    step::not_tied(cx, &case).await?;
    let clocks = crate::programmes::clocks(cx, &case).await?;
    let approvals = step::approvals_without_tied(cx, &case).await?;
    let standing = approvals.iter().filter(|a| !a.voided && a.step == Step::City).count();
    let standing = u32::try_from(standing).unwrap_or(u32::MAX);
    if standing < clocks.city_approvers {
        return Err(PublishError::ApprovalRecused { standing, needed: clocks.city_approvers });
    }
    let (before, was_in, today) = (step::brief(&case), case.district.clone(), cx.today());
    case.notice_ends_on = clocks.due(crate::model::Clock::Notice, today, None, 0).map(|d| d.on);
    step::advance(cx, &mut case, &was_in, &clocks, Cause::PublishNotice, Notes::default()).await?;
    let notice = Notice {
        id: cx.new_id("ntc"),
        case_id: case.id.clone(),
        round: case.round,
        state: NoticeState::Running,
        published_on: today,
        ends_on: case.notice_ends_on.unwrap_or(today),
        days_left: None,
        amount_fen: case.amount_fen,
        published_by: cx.actor.user_id.clone(),
    };
    records::insert_notice(cx, &notice).await?;
    let after = (step::brief(&case), &notice.id);
    cx.journal("casework.publish_notice", &format!("case/{}", case.id), &before, &after).await?;
    Ok((case, notice))
}
