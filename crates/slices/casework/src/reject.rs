//! Deciding against, by the district or the city, with a reason that the enterprise reads.

use kernel::{Action, Role};
use store::Cx;

use crate::model::Cause;
use crate::step::{self, Notes};
use crate::store::Case;

/// A decision against.
#[derive(Clone, Debug)]
pub struct Reject {
    /// The case.
    pub case_id: String,
    /// Its version when it was looked at.
    pub version: i64,
    /// Why; the enterprise reads it.
    pub reason: String,
    /// Said among officers.
    pub staff_note: String,
}

step::step_refusals! {
    /// Why a case is not rejected.
    pub enum RejectError {
        /// Nobody is refused without being told why.
        ReasonMissing {} = 422, "reason-missing", field "reason",
            zh "请写明不予支持的理由及依据，企业将看到这段文字。",
            en "State the reason and its ground; the enterprise reads it.";
    }
}

/// Rejects a case.
pub async fn run(cx: &mut Cx, cmd: Reject) -> Result<Case, RejectError> {
    let (action, cause) = match cx.actor.role == Role::CityOfficer {
        true => (Action::ReviewCity, Cause::RejectByCity),
        false => (Action::ReviewDistrict, Cause::RejectByDistrict),
    };
    let mut case = step::open_at(cx, &cmd.case_id, action, cmd.version).await?;
    step::check_move(&case, cause)?;
    step::not_tied(cx, &case).await?;
    if cmd.reason.trim().is_empty() {
        return Err(RejectError::ReasonMissing {});
    }
    let (before, was_in) = (step::brief(&case), case.district.clone());
    let clocks = crate::programmes::clocks(cx, &case).await?;
    let notes = Notes { staff: cmd.staff_note.trim().to_owned(), ..Notes::public(&cmd.reason) };
    step::advance(cx, &mut case, &was_in, &clocks, cause, notes).await?;
    let after = (step::brief(&case), cmd.reason.trim());
    cx.journal("casework.reject", &format!("case/{}", case.id), &before, &after).await?;
    Ok(case)
}
