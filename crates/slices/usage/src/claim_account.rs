//! An enterprise claims a billing account as its own (US-1).

use kernel::{Action, Subject};
use orgs::OrgKind;
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Account, ClaimState};
use crate::rules::overlap::overlaps;
use crate::store::accounts;

/// Longest id of an account that any cloud is known to write is under 100 characters.
pub const ACCOUNT_ID_CHARS_MAX: usize = 200;

/// What is claimed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClaimAccount {
    /// Who claims.
    pub enterprise_id: String,
    /// Whose customer account it is.
    pub provider_id: String,
    /// FOCUS BillingAccountId, as on the bill.
    pub billing_account_id: String,
    /// FOCUS SubAccountId; left out for the whole account.
    #[serde(default)]
    pub sub_account_id: Option<String>,
}

store::refusals! {
    /// Why a claim is not taken.
    pub enum ClaimAccountError {
        /// Not a provider.
        UnknownProvider {} = 422, "unknown-provider", field "provider_id", zh "请选择已登记的服务商。",
            en "Choose a registered provider.";
        /// No id.
        AccountMissing {} = 422, "account-missing", field "billing_account_id",
            zh "请填写计费账号（账单中的 BillingAccountId）。", en "Enter the billing account (BillingAccountId on the bill).";
        /// Not an id.
        AccountTooLong { chars_max: usize } = 422, "account-too-long", field "billing_account_id",
            zh "账号最多 {chars_max} 个字符，且不能含换行等控制字符。",
            en "An account id has at most {chars_max} characters and no control characters.";
        /// Another enterprise's claim stands.
        ClaimedByAnother { account: String } = 409, "account-claimed-by-another", field "billing_account_id",
            zh "计费账号 {account} 已被另一企业认领。如该账号确属贵单位，请联系服务商驳回对方的认领后再提交。",
            en "Another enterprise has claimed the account {account}. If it is yours, ask the provider to reject that claim, then claim again.";
        /// The enterprise's own claim covers it.
        ClaimedAlready { account: String } = 409, "account-claimed-already", field "billing_account_id",
            zh "贵单位已认领 {account}，无需重复认领。", en "You have claimed {account} already.";
    }
}

/// Claims.
pub async fn run(cx: &mut Cx, cmd: ClaimAccount) -> Result<Account, ClaimAccountError> {
    if !cx.permits(Action::ClaimBillingAccount, &Subject::org(&cmd.enterprise_id)) {
        return Err(ClaimAccountError::Forbidden);
    }
    let provider = orgs::find(cx, &cmd.provider_id).await?.filter(|o| o.kind == OrgKind::Provider);
    let provider = provider.ok_or(ClaimAccountError::UnknownProvider {})?;
    let billing_account_id = cmd.billing_account_id.trim().to_owned();
    let sub_account_id = cmd.sub_account_id.as_deref().unwrap_or("").trim().to_owned();
    if billing_account_id.is_empty() {
        return Err(ClaimAccountError::AccountMissing {});
    }
    let wrong = |id: &str| id.chars().count() > ACCOUNT_ID_CHARS_MAX || id.chars().any(char::is_control);
    if wrong(&billing_account_id) || wrong(&sub_account_id) {
        return Err(ClaimAccountError::AccountTooLong { chars_max: ACCOUNT_ID_CHARS_MAX });
    }
    let standing = accounts::standing(cx, &provider.id, &billing_account_id).await?;
    let overlapping: Vec<&Account> = standing.iter().filter(|a| overlaps(&a.sub_account_id, &sub_account_id)).collect();
    if let Some(other) = overlapping.iter().find(|a| a.enterprise_id != cmd.enterprise_id) {
        return Err(ClaimAccountError::ClaimedByAnother { account: other.shown() });
    }
    if let Some(own) = overlapping.first() {
        return Err(ClaimAccountError::ClaimedAlready { account: own.shown() });
    }
    let account = Account {
        id: cx.new_id("bac"),
        provider_id: provider.id,
        billing_account_id,
        sub_account_id,
        enterprise_id: cmd.enterprise_id,
        state: ClaimState::Claimed,
        claimed_by: cx.actor.user_id.clone(),
        claimed_at: cx.now,
        decided_by: None,
        decided_at: None,
        reason: String::new(),
    };
    accounts::put(cx, &account).await?;
    cx.journal("usage.claim_account", &format!("usage_account/{}", account.id), &(), &account).await?;
    Ok(account)
}
