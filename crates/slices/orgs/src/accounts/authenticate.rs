//! Who is it? Asked on every request: one look-up by key on a reading connection.

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Lang};
use store::{Cx, StoreError};

use super::{Account, IDLE_MAX, Touch};
use crate::secrets::sha256_hex;
use crate::store::accounts as sql;

/// `last_seen` is written at most so often. Every write leaves a journal row, so not for every request.
pub const TOUCH_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// The same for API tokens, whose last use is shown to the hour.
pub const TOKEN_TOUCH_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Someone who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who acts.
    pub actor: Actor,
    /// What forms must carry. Empty for an API token, which no browser sends by itself.
    pub csrf: String,
    /// Login name.
    pub login: String,
    /// Language of the interface, if the account chose one.
    pub lang: Option<Lang>,
    /// A password that someone else chose must be changed first.
    pub must_change_password: bool,
    /// One-time codes are on.
    pub has_totp: bool,
    /// Ends by then.
    pub expires_at: Timestamp,
    /// `last_seen` is due: hand this to [`super::touch::run`].
    pub touch: Option<Touch>,
}

impl SignedIn {
    fn of(account: Account, csrf: String, expires_at: Timestamp, touch: Option<Touch>) -> SignedIn {
        SignedIn {
            actor: account.actor(),
            csrf,
            login: account.login,
            lang: account.lang,
            must_change_password: account.must_change_password,
            has_totp: account.has_totp,
            expires_at,
            touch,
        }
    }
}

/// The session behind a token, if it still holds (OR-6): not past its end, not idle too long, not of a disabled
/// account. A session that was last seen later than now met a clock set back, which must not extend it: it has ended.
pub(crate) async fn live_session(cx: &mut Cx, token: &str) -> Result<Option<sql::SessionRow>, StoreError> {
    let now = cx.now;
    let row = sql::session(cx, &sha256_hex(token)).await?;
    Ok(row.filter(|s| {
        let idle = now.duration_since(s.last_seen);
        !s.account.disabled && now < s.expires_at && idle >= SignedDuration::ZERO && idle <= IDLE_MAX
    }))
}

/// Who holds this session token. `None` also while the one-time code is still to come.
pub async fn authenticate(cx: &mut Cx, token: &str) -> Result<Option<SignedIn>, StoreError> {
    let Some(s) = live_session(cx, token).await?.filter(|s| !s.totp_pending) else { return Ok(None) };
    let due = cx.now.duration_since(s.last_seen) >= TOUCH_EVERY;
    let touch = due.then(|| Touch::Session { token_sha256: sha256_hex(token) });
    Ok(Some(SignedIn::of(s.account, s.csrf, s.expires_at, touch)))
}

/// Is this the token of a sign-in whose code is still to come? Its CSRF token, for the form.
pub async fn code_pending(cx: &mut Cx, token: &str) -> Result<Option<String>, StoreError> {
    Ok(live_session(cx, token).await?.filter(|s| s.totp_pending).map(|s| s.csrf))
}

/// Who holds this API token (`Authorization: Bearer …`).
pub async fn authenticate_bearer(cx: &mut Cx, token: &str) -> Result<Option<SignedIn>, StoreError> {
    let now = cx.now;
    let found = sql::api_token_by_hash(cx, &sha256_hex(token)).await?;
    // A token from the future or last used in it met a clock set back: it is refused until time has caught up.
    let holds = |a: &Account, t: &super::ApiToken| {
        !a.disabled && t.revoked_at.is_none() && now < t.expires_at && now >= t.last_used.unwrap_or(t.created_at)
    };
    let Some((account, t)) = found.filter(|(a, t)| holds(a, t)) else { return Ok(None) };
    let due = t.last_used.is_none_or(|at| now.duration_since(at) >= TOKEN_TOUCH_EVERY);
    let touch = due.then_some(Touch::ApiToken { id: t.id });
    Ok(Some(SignedIn::of(account, String::new(), t.expires_at, touch)))
}
