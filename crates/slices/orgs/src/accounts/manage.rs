//! What an administrator does with accounts, and an enterprise's owner or a provider with those of its own people:
//! list, disable, enable, reset.

use kernel::{Action, Subject};
use serde_json::json;
use store::Cx;

use super::totp::switch_off;
use super::{Account, guard_key};
use crate::Org;
use crate::secrets::PasswordHash;
use crate::store::accounts as sql;

store::refusals! {
    /// Why an account is not changed.
    pub enum ManageAccountError {
        /// One's own.
        Oneself {} = 409, "account-own", zh "不能停用自己的账号。", en "You cannot disable your own account.";
        /// Nobody would be left to manage accounts.
        LastAdministrator {} = 409, "account-last-administrator",
            zh "这是最后一个可用的管理员账号，不能停用。", en "This is the last administrator who can sign in; it cannot be disabled.";
    }
}

async fn managed(cx: &mut Cx, account_id: &str) -> Result<Account, ManageAccountError> {
    if !cx.permits(Action::ManageAccounts, &Subject::none()) {
        return Err(ManageAccountError::Forbidden);
    }
    let account = sql::by_id(cx, account_id).await?.ok_or(ManageAccountError::NotFound)?;
    if !cx.permits(Action::ManageAccounts, &belongs(account.org_id.as_deref())) {
        return Err(ManageAccountError::Forbidden);
    }
    Ok(account)
}

/// Where an account belongs: to an organisation, or, as an officer's, to none that anybody could own.
pub(super) fn belongs(org_id: Option<&str>) -> Subject<'_> {
    Subject::org(org_id.unwrap_or_default())
}

/// Accounts in order of login: those after `after` that begin with `prefix`; of one's own organisation, for who acts for
/// one.
pub async fn list(
    cx: &mut Cx,
    after: Option<String>,
    prefix: String,
    limit: u32,
) -> Result<Vec<Account>, ManageAccountError> {
    if !cx.permits(Action::ManageAccounts, &Subject::none()) {
        return Err(ManageAccountError::Forbidden);
    }
    let org_id = cx.actor.org_id.clone();
    Ok(sql::list(cx, org_id.as_deref(), after.as_deref(), &super::login_key(&prefix), limit).await?)
}

/// One account.
pub async fn view(cx: &mut Cx, account_id: String) -> Result<Account, ManageAccountError> {
    managed(cx, &account_id).await
}

/// One account with the organisation that it acts for.
pub async fn view_with_org(cx: &mut Cx, account_id: String) -> Result<(Account, Option<Org>), ManageAccountError> {
    let account = managed(cx, &account_id).await?;
    let org = match &account.org_id {
        Some(id) => crate::store::org_by_id(cx, id).await?,
        None => None,
    };
    Ok((account, org))
}

/// Disables or enables. Disabling ends all sessions; tokens stop with it and come back with it.
pub async fn set_disabled(cx: &mut Cx, account_id: String, disabled: bool) -> Result<(), ManageAccountError> {
    let account = managed(cx, &account_id).await?;
    if disabled && account.id == cx.actor.user_id {
        return Err(ManageAccountError::Oneself {});
    }
    let is_administrator = account.role == kernel::Role::Administrator;
    if disabled && is_administrator && !account.disabled && sql::working_administrators(cx).await? <= 1 {
        return Err(ManageAccountError::LastAdministrator {});
    }
    sql::set_disabled(cx, &account.id, disabled).await?;
    if disabled {
        sql::delete_sessions(cx, &account.id, "").await?;
    }
    let (before, after) = (json!({ "disabled": account.disabled }), json!({ "disabled": disabled }));
    cx.journal("orgs.set_disabled", &format!("account/{}", account.id), &before, &after).await?;
    Ok(())
}

/// Gives a new first password, lifts the lock, ends all sessions, revokes all tokens and, if asked, switches one-time
/// codes off (a lost phone without recovery codes).
pub async fn reset(
    cx: &mut Cx,
    account_id: String,
    password: PasswordHash,
    drop_totp: bool,
) -> Result<(), ManageAccountError> {
    let account = managed(cx, &account_id).await?;
    sql::set_password(cx, &account.id, &password, true).await?;
    sql::clear_guard(cx, &guard_key(&account.login)).await?;
    let ended = sql::delete_sessions(cx, &account.id, "").await?;
    let revoked = sql::revoke_api_tokens(cx, &account.id, None).await?;
    if drop_totp {
        switch_off(cx, &account).await?;
    }
    let after = json!({ "sessions_ended": ended, "tokens_revoked": revoked, "totp_dropped": drop_totp });
    cx.journal("orgs.reset_account", &format!("account/{}", account.id), &(), &after).await?;
    Ok(())
}
