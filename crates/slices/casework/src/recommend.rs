//! 推荐: the district's approval, which passes the case to the city.

use kernel::Action;
use store::Cx;

use crate::model::{Approval, Cause, Step};
use crate::step::{self, Notes};
use crate::store::{self as records, Case};

/// A recommendation.
#[derive(Clone, Debug)]
pub struct Recommend {
    /// The case.
    pub case_id: String,
    /// Its version when it was looked at.
    pub version: i64,
    /// The district's opinion, for the city.
    pub opinion: String,
}

step::step_refusals! {
    /// Why a case is not recommended.
    pub enum RecommendError {
        /// A recommendation says why.
        OpinionMissing {} = 422, "opinion-missing", field "opinion",
            zh "请填写推荐意见，供市级审核参考。", en "State the district's opinion; the city reads it.";
    }
}

/// Recommends a case to the city.
pub async fn run(cx: &mut Cx, cmd: Recommend) -> Result<Case, RecommendError> {
    let mut case = step::open_at(cx, &cmd.case_id, Action::ReviewDistrict, cmd.version).await?;
    step::check_move(&case, Cause::Recommend)?;
    step::not_tied(cx, &case).await?;
    let opinion = cmd.opinion.trim().to_owned();
    if opinion.is_empty() {
        return Err(RecommendError::OpinionMissing {});
    }
    let (before, was_in) = (step::brief(&case), case.district.clone());
    let clocks = crate::programmes::clocks(cx, &case).await?;
    step::advance(cx, &mut case, &was_in, &clocks, Cause::Recommend, Notes::staff(&opinion)).await?;
    let approval = Approval {
        step: Step::District,
        account_id: cx.actor.user_id.clone(),
        account_name: cx.actor.name.clone(),
        at: cx.now,
        round: case.round,
        opinion,
        voided: false,
    };
    records::insert_approval(cx, &case.id, &approval).await?;
    cx.journal("casework.recommend", &format!("case/{}", case.id), &before, &step::brief(&case)).await?;
    Ok(case)
}
