//! One-time codes of an account: offer a secret, switch on with a first code, switch off with a code.

use kernel::Action;
use serde_json::json;
use store::Cx;

use super::verify_totp::accept;
use super::{Account, own};
use crate::secrets::{RECOVERY_CODES, new_recovery_code, recovery_code_key, totp};
use crate::store::accounts as sql;

/// What the person puts into the authenticator app.
#[derive(Clone)]
pub struct Offer {
    /// Base 32, to type by hand.
    pub secret: String,
    /// `otpauth://…`, for the QR picture.
    pub address: String,
}

store::refusals! {
    /// Why one-time codes are not switched.
    pub enum TotpError {
        /// They are on.
        AlreadyOn {} = 409, "totp-on", zh "两步验证已开启。", en "Two-step sign-in is on already.";
        /// They are off, or nothing was offered.
        NotOffered {} = 409, "totp-not-offered",
            zh "请先开始设置两步验证，再输入验证码。", en "Begin setting up two-step sign-in first, then give the code.";
        /// Not this code.
        CodeWrong {} = 422, "code-wrong", field "code",
            zh "验证码不正确。请核对手机时间，用最新的验证码再试。",
            en "The code is wrong. Check the time of your phone and try the newest code.";
    }
}

async fn own_account(cx: &mut Cx) -> Result<Account, TotpError> {
    let actor = cx.actor.clone();
    if !cx.permits(Action::ManageOwnAccount, &own(&actor)) {
        return Err(TotpError::Forbidden);
    }
    sql::by_id(cx, &actor.user_id).await?.ok_or(TotpError::NotFound)
}

fn offer_of(secret: String, login: &str) -> Offer {
    Offer { address: totp::address(&secret, login), secret }
}

/// Makes a secret and offers it; nothing changes at sign-in until a code confirms it.
pub async fn offer(cx: &mut Cx) -> Result<Offer, TotpError> {
    let account = own_account(cx).await?;
    if account.has_totp {
        return Err(TotpError::AlreadyOn {});
    }
    let secret = totp::new_secret(&mut cx.ids);
    let offered = sql::Totp { secret: None, offered: Some(secret.clone()), last_step: None };
    sql::set_totp(cx, &account.id, &offered).await?;
    cx.journal("orgs.offer_totp", &format!("account/{}", account.id), &(), &()).await?;
    Ok(offer_of(secret, &account.login))
}

/// The offer that waits for its first code, if there is one.
pub async fn offered(cx: &mut Cx) -> Result<Option<Offer>, TotpError> {
    let account = own_account(cx).await?;
    let stored = sql::totp(cx, &account.id).await?;
    Ok(stored.offered.filter(|_| stored.secret.is_none()).map(|s| offer_of(s, &account.login)))
}

/// Switches on with a first code; answers the recovery codes, which are shown once and stored hashed.
pub async fn confirm(cx: &mut Cx, code: String) -> Result<Vec<String>, TotpError> {
    let account = own_account(cx).await?;
    if account.has_totp {
        return Err(TotpError::AlreadyOn {});
    }
    let stored = sql::totp(cx, &account.id).await?;
    let secret = stored.offered.ok_or(TotpError::NotOffered {})?;
    let step = totp::accepted_step(&secret, &code, cx.wall, None).ok_or(TotpError::CodeWrong {})?;
    let on = sql::Totp { secret: Some(secret), offered: None, last_step: Some(step) };
    sql::set_totp(cx, &account.id, &on).await?;
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| new_recovery_code(&mut cx.ids)).collect();
    let hashes: Vec<String> = codes.iter().map(|c| recovery_code_key(c)).collect();
    sql::set_recovery_codes(cx, &account.id, &hashes).await?;
    let after = json!({ "totp": true, "recovery_codes": codes.len() });
    cx.journal("orgs.switch_totp", &format!("account/{}", account.id), &json!({ "totp": false }), &after).await?;
    Ok(codes)
}

/// Switches off; asks for a code, so that a borrowed browser cannot.
pub async fn remove(cx: &mut Cx, code: String) -> Result<(), TotpError> {
    let account = own_account(cx).await?;
    if !account.has_totp {
        return Err(TotpError::NotOffered {});
    }
    accept(cx, &account, &code).await?.ok_or(TotpError::CodeWrong {})?;
    switch_off(cx, &account).await?;
    Ok(())
}

/// How many recovery codes are left.
pub async fn recovery_codes_left(cx: &mut Cx) -> Result<i64, TotpError> {
    let account = own_account(cx).await?;
    Ok(sql::recovery_codes_left(cx, &account.id).await?)
}

pub(crate) async fn switch_off(cx: &mut Cx, account: &Account) -> Result<(), store::StoreError> {
    let off = sql::Totp { secret: None, offered: None, last_step: None };
    sql::set_totp(cx, &account.id, &off).await?;
    sql::set_recovery_codes(cx, &account.id, &[]).await?;
    let (before, after) = (json!({ "totp": account.has_totp }), json!({ "totp": false }));
    cx.journal("orgs.switch_totp", &format!("account/{}", account.id), &before, &after).await
}
