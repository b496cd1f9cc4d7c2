//! An officer decides on a provider's listing: list, return, suspend, resume, delist.

use kernel::{Action, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Listing, ListingVerb};
use crate::store as rows;

/// The decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecideListing {
    /// Whose listing.
    pub provider_id: String,
    /// What is decided.
    pub verb: ListingVerb,
    /// Why, in words that the provider reads.
    pub reason: String,
}

store::refusals! {
    /// Why a decision does not take effect.
    pub enum DecideListingError {
        /// Submitting is the provider's act.
        NotADecision {} = 422, "not-a-decision", field "verb", zh "请选择审核结论。", en "Choose a decision.";
        /// Not from this state.
        WrongState { state: &'static str, verb: &'static str } = 409, "listing-wrong-state", field "verb",
            zh "当前状态（{state}）不能执行“{verb}”。可能已有他人处理，请刷新后查看。",
            en "A listing in state {state} cannot take the decision {verb}. Somebody may have decided already.";
        /// Whatever goes against the provider is explained to it.
        ReasonMissing {} = 422, "reason-missing", field "reason", zh "请写明理由，服务商会看到。",
            en "State the reason; the provider will read it.";
    }
}

/// Takes the decision.
pub async fn run(cx: &mut Cx, cmd: DecideListing) -> Result<Listing, DecideListingError> {
    if !cx.permits(Action::ReviewListing, &Subject::none()) {
        return Err(DecideListingError::Forbidden);
    }
    let before = rows::listing(cx, &cmd.provider_id).await?.ok_or(DecideListingError::NotFound)?;
    if cmd.verb == ListingVerb::Submit {
        return Err(DecideListingError::NotADecision {});
    }
    let Some(state) = before.state.after(cmd.verb) else {
        return Err(DecideListingError::WrongState { state: before.state.code(), verb: cmd.verb.code() });
    };
    let reason = cmd.reason.trim();
    if cmd.verb.needs_reason() && reason.is_empty() {
        return Err(DecideListingError::ReasonMissing {});
    }
    let after = Listing { state, updated_at: cx.now, ..before.clone() };
    rows::put_listing(cx, &after).await?;
    rows::add_step(cx, &cmd.provider_id, cmd.verb, (before.state, after.state), reason).await?;
    cx.journal("catalogue.decide_listing", &format!("listing/{}", cmd.provider_id), &before, &(&after, reason)).await?;
    Ok(after)
}
