//! The enterprise takes its application back, or discards a draft.

use kernel::Action;
use store::Cx;

use crate::model::{Cause, State};
use crate::step::{self, Notes};
use crate::store::{self as records, Case, NoticeState};

/// What is taken back.
#[derive(Clone, Debug)]
pub struct Withdraw {
    /// The case.
    pub case_id: String,
    /// Its version when it was looked at.
    pub version: i64,
    /// Why, if the enterprise says so.
    pub reason: String,
}

step::step_refusals! {
    /// Why a case is not withdrawn.
    pub enum WithdrawError {}
}

/// Withdraws.
pub async fn run(cx: &mut Cx, cmd: Withdraw) -> Result<Case, WithdrawError> {
    let mut case = step::open_at(cx, &cmd.case_id, Action::DraftCase, cmd.version).await?;
    let cause = if case.state == State::Draft { Cause::Discard } else { Cause::Withdraw };
    if cause == Cause::Withdraw {
        step::open(cx, &cmd.case_id, Action::SubmitCase).await?;
    }
    step::check_move(&case, cause)?;
    let (before, was_in) = (step::brief(&case), case.district.clone());
    let on_notice = case.state == State::PublicNotice;
    let clocks = crate::programmes::clocks(cx, &case).await?;
    step::advance(cx, &mut case, &was_in, &clocks, cause, Notes::public(&cmd.reason)).await?;
    if on_notice && let Some(mut notice) = records::notice_of(cx, &case.id).await? {
        notice.state = NoticeState::Stopped;
        records::update_notice(cx, &notice).await?;
    }
    cx.journal("casework.withdraw", &format!("case/{}", case.id), &before, &step::brief(&case)).await?;
    Ok(case)
}
