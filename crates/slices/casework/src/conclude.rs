//! The notice is over and no objection stands: the case is approved. The voucher is issued in the same transaction by
//! the flow that calls this.

use jiff::civil::Date;
use kernel::Action;
use store::{Cx, StoreError};

use crate::model::Cause;
use crate::step::{self, Notes};
use crate::store::{self as records, Case, NoticeState};

/// An approved case.
#[derive(Clone, Debug)]
pub struct Concluded {
    /// As it stands now.
    pub case: Case,
}

step::step_refusals! {
    /// Why a case is not concluded.
    pub enum ConcludeError {
        /// Its days are not over.
        NoticeRunning { ends: Date } = 409, "notice-running",
            zh "公示期至 {ends}（含当日），期满后方可批准。", en "The notice runs until {ends}, that day included.";
        /// Somebody's objection is to be decided first.
        ObjectionOpen { open: i64 } = 409, "objection-open",
            zh "尚有 {open} 件异议未作结论。", en "{open} objections are still to be decided.";
    }
}

/// Approves a case whose notice is over.
pub async fn run(cx: &mut Cx, case_id: &str) -> Result<Concluded, ConcludeError> {
    let mut case = step::open(cx, case_id, Action::ReviewCity).await?;
    let open = records::open_objections(cx, &case.id).await?;
    if open > 0 {
        return Err(ConcludeError::ObjectionOpen { open });
    }
    step::check_move(&case, Cause::Conclude)?;
    step::not_tied(cx, &case).await?;
    let mut notice = records::notice_of(cx, &case.id).await?.ok_or(ConcludeError::NotFound)?;
    if cx.today() <= notice.ends_on {
        return Err(ConcludeError::NoticeRunning { ends: notice.ends_on });
    }
    let (before, was_in) = (step::brief(&case), case.district.clone());
    let clocks = crate::programmes::clocks(cx, &case).await?;
    step::advance(cx, &mut case, &was_in, &clocks, Cause::Conclude, Notes::default()).await?;
    notice.state = NoticeState::Over;
    records::update_notice(cx, &notice).await?;
    cx.journal("casework.conclude", &format!("case/{}", case.id), &before, &step::brief(&case)).await?;
    Ok(Concluded { case })
}

/// Ids of the cases whose notice ended before today with nothing open, at most 500, oldest first. What takes them
/// one by one: a transaction for each, so that one that cannot be concluded holds up no other.
pub async fn due_for_conclusion(cx: &mut Cx) -> Result<Vec<String>, StoreError> {
    let today = cx.today();
    records::notices_over(cx, today, 500).await
}
