//! The city asks the district to look again: earlier approvals are void.

use kernel::Action;
use store::Cx;

use crate::model::Cause;
use crate::step::{self, Notes};
use crate::store::Case;

/// What the district is to look at again.
#[derive(Clone, Debug)]
pub struct SendBack {
    /// The case.
    pub case_id: String,
    /// Its version when it was looked at.
    pub version: i64,
    /// Why; the district reads it.
    pub reason: String,
}

step::step_refusals! {
    /// Why a case is not sent back.
    pub enum SendBackError {
        /// The district must know what to look at.
        ReasonMissing {} = 422, "reason-missing", field "reason",
            zh "请写明退回区级重新审核的理由。", en "Say what the district is to look at again.";
    }
}

/// Sends a case back to the district.
pub async fn run(cx: &mut Cx, cmd: SendBack) -> Result<Case, SendBackError> {
    let mut case = step::open_at(cx, &cmd.case_id, Action::ReviewCity, cmd.version).await?;
    step::check_move(&case, Cause::SendBackToDistrict)?;
    step::not_tied(cx, &case).await?;
    if cmd.reason.trim().is_empty() {
        return Err(SendBackError::ReasonMissing {});
    }
    let (before, was_in) = (step::brief(&case), case.district.clone());
    let clocks = crate::programmes::clocks(cx, &case).await?;
    step::advance(cx, &mut case, &was_in, &clocks, Cause::SendBackToDistrict, Notes::staff(&cmd.reason)).await?;
    cx.journal("casework.send_back", &format!("case/{}", case.id), &before, &step::brief(&case)).await?;
    Ok(case)
}
