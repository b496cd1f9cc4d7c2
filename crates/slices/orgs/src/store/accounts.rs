//! Every SQL statement about accounts, sessions, tokens and locks.

use jiff::{Span, Timestamp};
use kernel::{Lang, Role};
use store::{Cx, Row, StoreError, params};

use super::parsed;
use crate::accounts::guard::Guard;
use crate::accounts::{Account, ApiToken};
use crate::secrets::PasswordHash;

const ACCOUNT: &str = "a.id, a.login, a.person_name, a.role, a.org_id, a.district, a.lang, a.disabled, \
    a.must_change_password, a.created_at_us, (a.totp_secret IS NOT NULL) AS has_totp";

fn account(r: &Row) -> Result<Account, StoreError> {
    let lang: String = r.get("lang")?;
    Ok(Account {
        id: r.get("id")?,
        login: r.get("login")?,
        person_name: r.get("person_name")?,
        role: parsed::<Role>(r, "role")?,
        org_id: r.get("org_id")?,
        district: r.get("district")?,
        lang: match lang.as_str() {
            // Never chosen.
            "" => None,
            tag => Some(Lang::from_tag(tag).ok_or(StoreError::Column { column: "lang".into(), why: lang })?),
        },
        disabled: r.get("disabled")?,
        must_change_password: r.get("must_change_password")?,
        has_totp: r.get("has_totp")?,
        created_at: r.get("created_at_us")?,
    })
}

pub(crate) async fn insert(cx: &mut Cx, a: &Account, hash: &PasswordHash) -> Result<(), StoreError> {
    let sql = "INSERT INTO orgs_account (id, login, person_name, password_hash, password_changed_at_us, \
               must_change_password, role, org_id, district, lang, disabled, created_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let values = params![
        &a.id,
        &a.login,
        &a.person_name,
        hash.as_str(),
        a.created_at,
        a.must_change_password,
        a.role.code(),
        a.org_id.clone(),
        a.district.clone(),
        a.lang.map_or("", Lang::code),
        a.disabled,
        a.created_at
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

pub(crate) async fn by_id(cx: &mut Cx, id: &str) -> Result<Option<Account>, StoreError> {
    let sql = format!("SELECT {ACCOUNT} FROM orgs_account a WHERE a.id = $1");
    cx.opt(sql, params![id]).await?.as_ref().map(account).transpose()
}

/// Account and password hash of a login.
pub(crate) async fn by_login(cx: &mut Cx, login: &str) -> Result<Option<(Account, PasswordHash)>, StoreError> {
    let sql = format!("SELECT {ACCOUNT}, a.password_hash FROM orgs_account a WHERE a.login = $1");
    let row = cx.opt(sql, params![login]).await?;
    row.map(|r| Ok((account(&r)?, PasswordHash::from_stored(r.get("password_hash")?)))).transpose()
}

/// Accounts of an organisation or of all, in order of login, after a login, beginning with a prefix.
pub(crate) async fn list(
    cx: &mut Cx,
    org_id: Option<&str>,
    after: Option<&str>,
    prefix: &str,
    limit: u32,
) -> Result<Vec<Account>, StoreError> {
    let sql = format!(
        "SELECT {ACCOUNT} FROM orgs_account a WHERE a.login > $1 AND substr(a.login, 1, $2) = $3 \
         AND ($5 = '' OR a.org_id = $5) ORDER BY a.login LIMIT $4"
    );
    let length = prefix.chars().count();
    // On PostgreSQL `substr` takes INTEGER, which a BIGINT parameter is not.
    let sql = sql.replace("$2", "CAST($2 AS INTEGER)");
    cx.all(sql, params![after.unwrap_or(""), length, prefix, limit, org_id.unwrap_or("")])
        .await?
        .iter()
        .map(account)
        .collect()
}

/// Accounts of an organisation.
pub(crate) async fn of_org(cx: &mut Cx, org_id: &str) -> Result<Vec<Account>, StoreError> {
    let sql = format!("SELECT {ACCOUNT} FROM orgs_account a WHERE a.org_id = $1 ORDER BY a.login");
    cx.all(sql, params![org_id]).await?.iter().map(account).collect()
}

/// Administrators who can sign in.
pub(crate) async fn working_administrators(cx: &mut Cx) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM orgs_account WHERE role = 'administrator' AND disabled = $1";
    cx.one(sql, params![false]).await?.get("n")
}

pub(crate) async fn set_password(
    cx: &mut Cx,
    id: &str,
    hash: &PasswordHash,
    must_change: bool,
) -> Result<(), StoreError> {
    let sql = "UPDATE orgs_account SET password_hash = $1, password_changed_at_us = $2, must_change_password = $3 \
               WHERE id = $4";
    let now = cx.now;
    cx.execute(sql, params![hash.as_str(), now, must_change, id]).await?;
    Ok(())
}

pub(crate) async fn set_disabled(cx: &mut Cx, id: &str, disabled: bool) -> Result<(), StoreError> {
    cx.execute("UPDATE orgs_account SET disabled = $1 WHERE id = $2", params![disabled, id]).await?;
    Ok(())
}

pub(crate) async fn set_lang(cx: &mut Cx, id: &str, lang: Lang) -> Result<(), StoreError> {
    cx.execute("UPDATE orgs_account SET lang = $1 WHERE id = $2", params![lang.code(), id]).await?;
    Ok(())
}

/// Secrets of one-time codes: in use, offered, last step accepted.
pub(crate) struct Totp {
    pub secret: Option<String>,
    pub offered: Option<String>,
    pub last_step: Option<i64>,
}

pub(crate) async fn totp(cx: &mut Cx, id: &str) -> Result<Totp, StoreError> {
    let sql = "SELECT totp_secret, totp_offered, totp_last_step FROM orgs_account WHERE id = $1";
    let r = cx.one(sql, params![id]).await?;
    let open = |stored: Option<String>| stored.map(|s| cx.reveal(&format!("account/{id}"), &s)).transpose();
    let (secret, offered) = (open(r.get("totp_secret")?)?, open(r.get("totp_offered")?)?);
    Ok(Totp { secret, offered, last_step: r.get("totp_last_step")? })
}

pub(crate) async fn set_totp(cx: &mut Cx, id: &str, totp: &Totp) -> Result<(), StoreError> {
    let sql = "UPDATE orgs_account SET totp_secret = $1, totp_offered = $2, totp_last_step = $3 WHERE id = $4";
    let mut keep =
        |secret: &Option<String>| secret.as_ref().map(|s| cx.conceal(&format!("account/{id}"), s)).transpose();
    let (secret, offered) = (keep(&totp.secret)?, keep(&totp.offered)?);
    cx.execute(sql, params![secret, offered, totp.last_step, id]).await?;
    Ok(())
}

/// Replaces the recovery codes of an account; with none it has none.
pub(crate) async fn set_recovery_codes(cx: &mut Cx, id: &str, hashes: &[String]) -> Result<(), StoreError> {
    cx.execute("DELETE FROM orgs_recovery_code WHERE account_id = $1", params![id]).await?;
    for h in hashes {
        let sql = "INSERT INTO orgs_recovery_code (account_id, code_sha256) VALUES ($1, $2)";
        cx.execute(sql, params![id, h]).await?;
    }
    Ok(())
}

/// Uses up a recovery code; was it there and unused?
pub(crate) async fn use_recovery_code(cx: &mut Cx, id: &str, hash: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE orgs_recovery_code SET used_at_us = $1 \
               WHERE account_id = $2 AND code_sha256 = $3 AND used_at_us IS NULL";
    let now = cx.now;
    Ok(cx.execute(sql, params![now, id, hash]).await? == 1)
}

pub(crate) async fn recovery_codes_left(cx: &mut Cx, id: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM orgs_recovery_code WHERE account_id = $1 AND used_at_us IS NULL";
    cx.one(sql, params![id]).await?.get("n")
}

pub(crate) async fn guard(cx: &mut Cx, login_sha256: &str) -> Result<Guard, StoreError> {
    let sql = "SELECT failed_count, last_failed_at_us, locked_until_us FROM orgs_sign_in_guard WHERE login_sha256 = $1";
    let Some(r) = cx.opt(sql, params![login_sha256]).await? else { return Ok(Guard::default()) };
    Ok(Guard {
        failed_count: r.get("failed_count")?,
        last_failed_at: Some(r.get("last_failed_at_us")?),
        locked_until: r.get("locked_until_us")?,
    })
}

pub(crate) async fn set_guard(cx: &mut Cx, login_sha256: &str, g: &Guard) -> Result<(), StoreError> {
    let sql = "INSERT INTO orgs_sign_in_guard (login_sha256, failed_count, last_failed_at_us, locked_until_us) \
               VALUES ($1, $2, $3, $4) ON CONFLICT (login_sha256) DO UPDATE SET failed_count = excluded.failed_count, \
               last_failed_at_us = excluded.last_failed_at_us, locked_until_us = excluded.locked_until_us";
    let failed_at = g.last_failed_at.unwrap_or(cx.now);
    cx.execute(sql, params![login_sha256, g.failed_count, failed_at, g.locked_until]).await?;
    Ok(())
}

pub(crate) async fn clear_guard(cx: &mut Cx, login_sha256: &str) -> Result<(), StoreError> {
    cx.execute("DELETE FROM orgs_sign_in_guard WHERE login_sha256 = $1", params![login_sha256]).await?;
    Ok(())
}

/// A session as stored.
pub(crate) struct SessionRow {
    pub account: Account,
    pub csrf: String,
    pub expires_at: Timestamp,
    pub last_seen: Timestamp,
    pub totp_pending: bool,
}

/// Session and account in one look-up by primary keys.
pub(crate) async fn session(cx: &mut Cx, token_sha256: &str) -> Result<Option<SessionRow>, StoreError> {
    let sql = format!(
        "SELECT {ACCOUNT}, s.csrf, s.expires_at_us, s.last_seen_us, s.totp_pending \
         FROM orgs_session s JOIN orgs_account a ON a.id = s.account_id WHERE s.token_sha256 = $1"
    );
    let Some(r) = cx.opt(sql, params![token_sha256]).await? else { return Ok(None) };
    Ok(Some(SessionRow {
        account: account(&r)?,
        csrf: r.get("csrf")?,
        expires_at: r.get("expires_at_us")?,
        last_seen: r.get("last_seen_us")?,
        totp_pending: r.get("totp_pending")?,
    }))
}

pub(crate) async fn insert_session(
    cx: &mut Cx,
    token_sha256: &str,
    account_id: &str,
    csrf: &str,
    expires_at: Timestamp,
    totp_pending: bool,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO orgs_session (token_sha256, account_id, csrf, created_at_us, expires_at_us, last_seen_us, \
               totp_pending) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let now = cx.now;
    cx.execute(sql, params![token_sha256, account_id, csrf, now, expires_at, now, totp_pending]).await?;
    Ok(())
}

/// Moves `last_seen` forward, never back.
pub(crate) async fn touch_session(cx: &mut Cx, token_sha256: &str) -> Result<u64, StoreError> {
    let sql = "UPDATE orgs_session SET last_seen_us = $1 WHERE token_sha256 = $2 AND last_seen_us < $1";
    let now = cx.now;
    cx.execute(sql, params![now, token_sha256]).await
}

pub(crate) async fn delete_session(cx: &mut Cx, token_sha256: &str) -> Result<u64, StoreError> {
    cx.execute("DELETE FROM orgs_session WHERE token_sha256 = $1", params![token_sha256]).await
}

/// Ends all sessions of an account but the one that is kept.
pub(crate) async fn delete_sessions(cx: &mut Cx, account_id: &str, keep: &str) -> Result<u64, StoreError> {
    cx.execute("DELETE FROM orgs_session WHERE account_id = $1 AND token_sha256 <> $2", params![account_id, keep]).await
}

pub(crate) async fn delete_expired_sessions(cx: &mut Cx) -> Result<u64, StoreError> {
    let now = cx.now;
    cx.execute("DELETE FROM orgs_session WHERE expires_at_us <= $1", params![now]).await
}

/// Forgets failures so old that they no longer count, so that the table does not grow for ever.
pub(crate) async fn delete_stale_guards(cx: &mut Cx, before: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM orgs_sign_in_guard WHERE last_failed_at_us < $1 \
               AND (locked_until_us IS NULL OR locked_until_us < $1)";
    cx.execute(sql, params![before]).await
}

fn api_token(r: &Row) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        id: r.get("id")?,
        name: r.get("name")?,
        created_at: r.get("created_at_us")?,
        expires_at: r.get("expires_at_us")?,
        last_used: r.get("last_used_us")?,
        revoked_at: r.get("revoked_at_us")?,
    })
}

pub(crate) async fn insert_api_token(
    cx: &mut Cx,
    account_id: &str,
    t: &ApiToken,
    token_sha256: &str,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO orgs_api_token (id, account_id, name, token_sha256, created_at_us, expires_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    cx.execute(sql, params![&t.id, account_id, &t.name, token_sha256, t.created_at, t.expires_at]).await?;
    Ok(())
}

pub(crate) async fn api_tokens(cx: &mut Cx, account_id: &str) -> Result<Vec<ApiToken>, StoreError> {
    let sql = "SELECT id, name, created_at_us, expires_at_us, last_used_us, revoked_at_us FROM orgs_api_token \
               WHERE account_id = $1 ORDER BY created_at_us, id";
    cx.all(sql, params![account_id]).await?.iter().map(api_token).collect()
}

/// Token and account in one look-up.
pub(crate) async fn api_token_by_hash(
    cx: &mut Cx,
    token_sha256: &str,
) -> Result<Option<(Account, ApiToken)>, StoreError> {
    // The account's own columns are named apart: both tables have an id and a day of making.
    let sql = format!(
        "SELECT {ACCOUNT}, t.id AS token_id, t.name AS token_name, t.created_at_us AS token_created_at_us, \
         t.expires_at_us, t.last_used_us, t.revoked_at_us \
         FROM orgs_api_token t JOIN orgs_account a ON a.id = t.account_id WHERE t.token_sha256 = $1"
    );
    let Some(r) = cx.opt(sql, params![token_sha256]).await? else { return Ok(None) };
    let token = ApiToken {
        id: r.get("token_id")?,
        name: r.get("token_name")?,
        created_at: r.get("token_created_at_us")?,
        expires_at: r.get("expires_at_us")?,
        last_used: r.get("last_used_us")?,
        revoked_at: r.get("revoked_at_us")?,
    };
    Ok(Some((account(&r)?, token)))
}

/// Notes that a token was used: forward only.
pub(crate) async fn touch_api_token(cx: &mut Cx, id: &str) -> Result<u64, StoreError> {
    let sql =
        "UPDATE orgs_api_token SET last_used_us = $1 WHERE id = $2 AND (last_used_us IS NULL OR last_used_us < $1)";
    let now = cx.now;
    cx.execute(sql, params![now, id]).await
}

/// Revokes one token of an account, or all of them.
pub(crate) async fn revoke_api_tokens(cx: &mut Cx, account_id: &str, id: Option<&str>) -> Result<u64, StoreError> {
    let now = cx.now;
    let all = "UPDATE orgs_api_token SET revoked_at_us = $1 WHERE account_id = $2 AND revoked_at_us IS NULL";
    match id {
        Some(id) => cx.execute(format!("{all} AND id = $3"), params![now, account_id, id]).await,
        None => cx.execute(all, params![now, account_id]).await,
    }
}

/// `now` and so many days.
pub(crate) fn days_later(now: Timestamp, days: i64) -> Timestamp {
    now.checked_add(Span::new().hours(24 * days)).unwrap_or(Timestamp::MAX)
}
