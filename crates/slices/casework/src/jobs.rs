//! What runs by the clock.

use kernel::{Action, Subject};
use store::Cx;

use crate::model::Cause;
use crate::step::{self, Notes};
use crate::store as records;

step::step_refusals! {
    /// Why overdue corrections are not closed.
    pub enum LapseError {}
}

/// Closes, as deemed withdrawn, the cases whose time for correction is over: at most 500 a call. Returns their ids.
pub async fn lapse_overdue_corrections(cx: &mut Cx) -> Result<Vec<String>, LapseError> {
    if !cx.permits(Action::ReviewDistrict, &Subject::none()) || cx.actor.role != kernel::Role::System {
        return Err(LapseError::Forbidden);
    }
    let today = cx.today();
    let mut lapsed = Vec::new();
    for mut case in records::corrections_overdue(cx, today, 500).await? {
        let (before, was_in) = (step::brief(&case), case.district.clone());
        let clocks = crate::programmes::clocks(cx, &case).await?;
        let due = case.due.map(|d| d.on.to_string()).unwrap_or_default();
        let notes = Notes::public(&format!("补正期限 {due} 已过 / correction was due on {due}"));
        step::advance(cx, &mut case, &was_in, &clocks, Cause::CorrectionOverdue, notes).await?;
        cx.journal("casework.lapse", &format!("case/{}", case.id), &before, &step::brief(&case)).await?;
        lapsed.push(case.id);
    }
    Ok(lapsed)
}
