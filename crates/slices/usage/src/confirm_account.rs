//! The provider confirms that a billing account is that enterprise's, or rejects the claim with a reason (US-1).
//!
//! Statements that stand already are attributed from then on: attribution is read from the claims, never stored.

use kernel::{Action, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Account, ClaimVerb};
use crate::store::{accounts, levels};

/// Longest reason.
pub const REASON_CHARS_MAX: usize = 500;

/// What is decided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConfirmAccount {
    /// The claim.
    pub account_id: String,
    /// Confirm or reject.
    pub verb: ClaimVerb,
    /// Why it is rejected; the enterprise reads it.
    #[serde(default)]
    pub reason: String,
}

store::refusals! {
    /// Why a claim is not decided.
    pub enum ConfirmAccountError {
        /// A rejection says why.
        ReasonMissing {} = 422, "reason-missing", field "reason", zh "请写明不予确认的原因，企业会看到。",
            en "Say why the claim is rejected; the enterprise will read it.";
        /// Too long to be read.
        ReasonTooLong { chars_max: usize } = 422, "reason-too-long", field "reason", zh "原因最多 {chars_max} 字。",
            en "A reason has at most {chars_max} characters.";
        /// Not in this state.
        NotInThisState { zh: String, en: String } = 409, "claim-not-in-this-state",
            zh "该认领当前为“{zh}”，不能再作此处理。", en "The claim is {en:?}; this cannot be done to it any more.";
    }
}

/// Decides.
pub async fn run(cx: &mut Cx, cmd: ConfirmAccount) -> Result<Account, ConfirmAccountError> {
    let before = accounts::get(cx, &cmd.account_id).await?.ok_or(ConfirmAccountError::NotFound)?;
    if !cx.permits(Action::ConfirmBillingAccount, &Subject::org(&before.provider_id)) {
        return Err(ConfirmAccountError::Forbidden);
    }
    let reason = cmd.reason.trim().to_owned();
    if cmd.verb == ClaimVerb::Reject && reason.is_empty() {
        return Err(ConfirmAccountError::ReasonMissing {});
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(ConfirmAccountError::ReasonTooLong { chars_max: REASON_CHARS_MAX });
    }
    let state = before.state.after(cmd.verb).ok_or_else(|| ConfirmAccountError::NotInThisState {
        zh: before.state.label(kernel::Lang::Zh).to_owned(),
        en: before.state.label(kernel::Lang::En).to_owned(),
    })?;
    let after = Account {
        state,
        decided_by: Some(cx.actor.user_id.clone()),
        decided_at: Some(cx.now),
        reason: if cmd.verb == ClaimVerb::Reject { reason } else { String::new() },
        ..before.clone()
    };
    accounts::put(cx, &after).await?;
    levels::note_to_assess(cx, std::slice::from_ref(&after.enterprise_id)).await?;
    cx.journal("usage.confirm_account", &format!("usage_account/{}", after.id), &before, &after).await?;
    Ok(after)
}
