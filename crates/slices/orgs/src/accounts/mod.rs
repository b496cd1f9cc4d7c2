//! Accounts: signing in and out, one-time codes, sessions, API tokens, and what the administrator does.

pub mod authenticate;
pub mod change_password;
pub mod create;
pub mod guard;
pub mod manage;
pub mod own_account;
pub mod set_lang;
pub mod sign_in;
pub mod sign_out;
pub mod tokens;
pub mod totp;
pub mod touch;
pub mod verify_totp;

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Lang, Role, Subject};
use serde::Serialize;
use store::{Cx, StoreError};

use crate::secrets::sha256_hex;
use crate::store::accounts as sql;

pub use authenticate::{SignedIn, authenticate, authenticate_bearer, code_pending};
pub use touch::Touch;

/// Without a request for so long a session ends.
pub const IDLE_MAX: SignedDuration = SignedDuration::from_mins(60);
/// So long after sign-in a session ends, used or not.
pub const SESSION_MAX: SignedDuration = SignedDuration::from_hours(12);
/// So long the second step of a sign-in may take.
pub const CODE_MAX: SignedDuration = SignedDuration::from_mins(10);

/// An account, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// `acc_…`
    pub id: String,
    /// Login name, lower case.
    pub login: String,
    /// The person's name.
    pub person_name: String,
    /// What they are here as.
    pub role: Role,
    /// For whom they act.
    pub org_id: Option<String>,
    /// The district of a district officer.
    pub district: Option<String>,
    /// Language of the interface, if one was ever chosen: else the browser's is used.
    pub lang: Option<Lang>,
    /// May not sign in.
    pub disabled: bool,
    /// Was given a first password by someone else.
    pub must_change_password: bool,
    /// One-time codes are on.
    pub has_totp: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Account {
    /// As the actor of use cases.
    pub fn actor(&self) -> Actor {
        Actor {
            user_id: self.id.clone(),
            name: self.person_name.clone(),
            role: self.role,
            org_id: self.org_id.clone(),
            district: self.district.clone(),
        }
    }
}

/// An API token, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiToken {
    /// `tok_…`
    pub id: String,
    /// What it is for, in its owner's words.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// Last use, to the hour.
    pub last_used: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A session that has just begun. The token goes into the browser's cookie and nowhere else.
#[derive(Clone)]
pub struct NewSession {
    /// 32 random bytes, hex. Only its SHA-256 is stored.
    pub token: String,
    /// Ends by then.
    pub expires_at: Timestamp,
    /// Whose it is.
    pub account: Account,
    /// The password fits and a one-time code is still to come.
    pub code_needed: bool,
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewSession({}, code_needed: {})", self.account.id, self.code_needed)
    }
}

/// Brings a login name to the form in which it is stored.
pub fn login_key(typed: &str) -> String {
    typed.trim().to_ascii_lowercase()
}

/// Under what failures of a login are counted.
pub(crate) fn guard_key(login: &str) -> String {
    sha256_hex(&format!("login/{}", login_key(login)))
}

/// Begins a session with a fresh token and ends the browser's former one: a token is never carried over a sign-in.
pub(crate) async fn begin_session(
    cx: &mut Cx,
    account: &Account,
    code_needed: bool,
    replaces: Option<&str>,
) -> Result<NewSession, StoreError> {
    if let Some(former) = replaces {
        sql::delete_session(cx, &sha256_hex(former)).await?;
    }
    let (token, csrf) = (cx.ids.token(), cx.ids.token());
    let lasts = if code_needed { CODE_MAX } else { SESSION_MAX };
    let expires_at = cx.now.checked_add(lasts).unwrap_or(Timestamp::MAX);
    sql::insert_session(cx, &sha256_hex(&token), &account.id, &csrf, expires_at, code_needed).await?;
    Ok(NewSession { token, expires_at, account: account.clone(), code_needed })
}

/// What the permission table needs to know of one's own account.
pub(crate) fn own(actor: &Actor) -> Subject<'_> {
    Subject { orgs: [actor.org_id.as_deref(), None], district: actor.district.as_deref() }
}

/// The id of the account with this login, for a search of the journal; asks no permission, so what calls it must.
pub async fn id_of_login(cx: &mut store::Cx, login: &str) -> Result<Option<String>, store::StoreError> {
    Ok(crate::store::accounts::by_login(cx, login).await?.map(|(account, _)| account.id))
}
