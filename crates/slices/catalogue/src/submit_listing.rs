//! A provider asks to be listed.

use kernel::{Action, Subject};
use store::Cx;

use crate::model::{Listing, ListingVerb, ServiceState};
use crate::store as rows;

store::refusals! {
    /// Why a listing is not handed in.
    pub enum SubmitListingError {
        /// There is nothing to list.
        NothingOffered {} = 409, "nothing-offered", zh "请先添加至少一项在售服务，再提交入驻申请。",
            en "Add at least one service on offer before you submit.";
        /// Not from this state.
        WrongState { state: &'static str } = 409, "listing-wrong-state",
            zh "当前状态（{state}）不能提交入驻申请。", en "A listing in state {state} cannot be submitted.";
    }
}

/// Hands the listing in for review.
pub async fn run(cx: &mut Cx, provider_id: String) -> Result<Listing, SubmitListingError> {
    if !cx.permits(Action::EditListing, &Subject::org(&provider_id)) {
        return Err(SubmitListingError::Forbidden);
    }
    let before = rows::listing(cx, &provider_id).await?.ok_or(SubmitListingError::NotFound)?;
    let Some(state) = before.state.after(ListingVerb::Submit) else {
        return Err(SubmitListingError::WrongState { state: before.state.code() });
    };
    let services = rows::services_of(cx, &provider_id).await?;
    if !services.iter().any(|s| s.state == ServiceState::Active) {
        return Err(SubmitListingError::NothingOffered {});
    }
    let after = Listing { state, submitted_at: Some(cx.now), updated_at: cx.now, ..before.clone() };
    rows::put_listing(cx, &after).await?;
    rows::add_step(cx, &provider_id, ListingVerb::Submit, (before.state, after.state), "").await?;
    cx.journal("catalogue.submit_listing", &format!("listing/{provider_id}"), &before, &after).await?;
    Ok(after)
}
