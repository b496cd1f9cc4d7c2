//! API tokens: named, revocable, shown once, stored as their SHA-256. A token can do what its owner can.

use kernel::Action;
use serde_json::json;
use store::Cx;

use super::{ApiToken, own};
use crate::secrets::sha256_hex;
use crate::store::accounts as sql;

/// Tokens an account may hold at the same time.
pub const TOKENS_MAX: usize = 20;
/// Days a token may last.
pub const DAYS_MAX: i64 = 366;

store::refusals! {
    /// Why a token is not made or revoked.
    pub enum TokenError {
        /// No name.
        NameWrong {} = 422, "token-name-wrong", field "name",
            zh "请写明令牌用途（1 至 60 个字），便于日后辨认。", en "Say what the token is for (1 to 60 characters), so that you know it later.";
        /// Lasts too long or not at all.
        DaysWrong { days_max: i64 } = 422, "token-days-wrong", field "days",
            zh "有效期应为 1 至 {days_max} 天。", en "A token lasts 1 to {days_max} days.";
        /// Too many.
        TooMany { tokens_max: usize } = 409, "token-too-many",
            zh "最多同时持有 {tokens_max} 个令牌。请先撤销不用的令牌。",
            en "At most {tokens_max} tokens at a time. Revoke one that is no longer used.";
    }
}

/// A token that was just made.
#[derive(Clone)]
pub struct NewToken {
    /// The token itself, `yj_…`; shown this once.
    pub token: String,
    /// The rest.
    pub stored: ApiToken,
}

fn account_id(cx: &Cx) -> Result<String, TokenError> {
    if !cx.permits(Action::ManageOwnAccount, &own(&cx.actor)) {
        return Err(TokenError::Forbidden);
    }
    Ok(cx.actor.user_id.clone())
}

/// Makes one for one's own account.
pub async fn create(cx: &mut Cx, name: String, days: i64) -> Result<NewToken, TokenError> {
    let account_id = account_id(cx)?;
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 60 {
        return Err(TokenError::NameWrong {});
    }
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(TokenError::DaysWrong { days_max: DAYS_MAX });
    }
    sql::by_id(cx, &account_id).await?.ok_or(TokenError::NotFound)?;
    let now = cx.now;
    let held = sql::api_tokens(cx, &account_id).await?;
    if held.iter().filter(|t| t.revoked_at.is_none() && t.expires_at > now).count() >= TOKENS_MAX {
        return Err(TokenError::TooMany { tokens_max: TOKENS_MAX });
    }
    let token = format!("yj_{}", cx.ids.token());
    let stored = ApiToken {
        id: cx.new_id("tok"),
        name,
        created_at: now,
        expires_at: sql::days_later(now, days),
        last_used: None,
        revoked_at: None,
    };
    sql::insert_api_token(cx, &account_id, &stored, &sha256_hex(&token)).await?;
    let after = json!({ "token": stored.id, "name": stored.name, "expires_at": stored.expires_at });
    cx.journal("orgs.create_token", &format!("account/{account_id}"), &(), &after).await?;
    Ok(NewToken { token, stored })
}

/// One's own tokens, oldest first.
pub async fn list(cx: &mut Cx) -> Result<Vec<ApiToken>, TokenError> {
    let account_id = account_id(cx)?;
    Ok(sql::api_tokens(cx, &account_id).await?)
}

/// Revokes one of one's own tokens.
pub async fn revoke(cx: &mut Cx, token_id: String) -> Result<(), TokenError> {
    let account_id = account_id(cx)?;
    if sql::revoke_api_tokens(cx, &account_id, Some(&token_id)).await? == 0 {
        return Err(TokenError::NotFound);
    }
    cx.journal("orgs.revoke_token", &format!("account/{account_id}"), &(), &json!({ "token": token_id })).await?;
    Ok(())
}
