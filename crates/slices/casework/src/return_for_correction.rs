//! 退回补正 after acceptance, by the district or the city: all defects at once, earlier approvals void.

use kernel::{Action, Role};
use store::Cx;

use crate::model::{Cause, State};
use crate::step::{self, Notes};
use crate::store::{self as records, Case, Defect};

/// What must be corrected.
#[derive(Clone, Debug)]
pub struct ReturnForCorrection {
    /// The case.
    pub case_id: String,
    /// Its version when it was looked at.
    pub version: i64,
    /// All points, at once.
    pub defects: Vec<Defect>,
    /// Said among officers.
    pub staff_note: String,
}

step::step_refusals! {
    /// Why a case is not returned.
    pub enum ReturnError {
        /// Nothing is said that could be corrected.
        NoDefects {} = 422, "no-defects", field "defects",
            zh "请写明需要补正的事项；应一次性全部告知。",
            en "Say what must be corrected; everything is to be stated at once.";
    }
}

/// Returns a case from review, with every defect.
pub async fn run(cx: &mut Cx, cmd: ReturnForCorrection) -> Result<Case, ReturnError> {
    let by_city = cx.actor.role == Role::CityOfficer;
    let (action, cause) = match by_city {
        true => (Action::ReviewCity, Cause::ReturnByCity),
        false => (Action::ReviewDistrict, Cause::ReturnByDistrict),
    };
    let mut case = step::open_at(cx, &cmd.case_id, action, cmd.version).await?;
    step::check_move(&case, cause)?;
    step::not_tied(cx, &case).await?;
    let defects: Vec<Defect> = cmd.defects.into_iter().filter(|d| !d.remark.trim().is_empty()).collect();
    if defects.is_empty() {
        return Err(ReturnError::NoDefects {});
    }
    let (before, was_in) = (step::brief(&case), case.district.clone());
    let clocks = crate::programmes::clocks(cx, &case).await?;
    step::advance(cx, &mut case, &was_in, &clocks, cause, Notes::staff(&cmd.staff_note)).await?;
    debug_assert_eq!(case.state, State::Returned);
    records::insert_defects(cx, &case.id, case.events, &defects).await?;
    let after = (step::brief(&case), &defects);
    cx.journal("casework.return", &format!("case/{}", case.id), &before, &after).await?;
    Ok(case)
}
