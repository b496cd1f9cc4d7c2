//! Signs in with login and password. The hash is checked off the writer, the outcome is decided and kept on it.

use kernel::{Action, Actor, Subject};
use serde_json::json;
use store::{Cx, Db};

use super::{NewSession, begin_session, guard_key, login_key};
use crate::secrets::{Password, PasswordHash, Passwords};
use crate::store::accounts as sql;

/// What is tried.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Login name as typed.
    pub login: String,
    /// Password as typed.
    pub password: Password,
    /// The token the browser holds already, if any: it ends.
    pub replaces: Option<String>,
}

store::refusals! {
    /// Why nobody is signed in. Unknown logins and wrong passwords read and take the same.
    pub enum SignInError {
        /// One of the two is wrong.
        Wrong { tries_left: i64 } = 401, "sign-in-wrong", field "login",
            zh "登录名或密码不正确。再错 {tries_left} 次将暂时锁定。",
            en "The login name or the password is wrong. Tries left before it is locked for a while: {tries_left}.";
        /// Too many failures.
        Locked { minutes: i64 } = 429, "sign-in-locked", field "login",
            zh "连续失败次数过多，已暂时锁定，请 {minutes} 分钟后再试；忘记密码请联系管理员重置。",
            en "Too many failures: it is locked. Minutes until it opens: {minutes}. If you forgot the password, ask the administrator to reset it.";
        /// Right password, account switched off.
        Disabled {} = 403, "account-disabled", field "login",
            zh "该账号已停用，请联系管理员。", en "This account is disabled; ask the administrator.";
    }
}

/// Signs in (OR-5). With one-time codes on, the session it begins is good only for giving the code.
pub async fn run(db: &Db, passwords: &Passwords, request_id: &str, cmd: SignIn) -> Result<NewSession, SignInError> {
    let login = login_key(&cmd.login);
    let looked_up = login.clone();
    let known: Option<PasswordHash> = db
        .read::<_, SignInError, _>(&Actor::public(), |cx| {
            Box::pin(async move { Ok(sql::by_login(cx, &looked_up).await?.map(|(_, hash)| hash)) })
        })
        .await?;
    let fits = passwords.fits(known.as_ref(), &cmd.password).await;
    let proof = known.filter(|_| fits);
    // A refusal that is itself recorded is an outcome of the use case, not a reason to undo it.
    db.write::<Result<NewSession, SignInError>, SignInError, _>(&Actor::public(), request_id, move |cx| {
        Box::pin(conclude(cx, login, proof, cmd.replaces))
    })
    .await?
}

/// `proof` is the hash that the password was found to fit.
async fn conclude(
    cx: &mut Cx,
    login: String,
    proof: Option<PasswordHash>,
    replaces: Option<String>,
) -> Result<Result<NewSession, SignInError>, SignInError> {
    if !cx.permits(Action::EnterAccount, &Subject::none()) {
        return Err(SignInError::Forbidden);
    }
    let key = guard_key(&login);
    let guard = sql::guard(cx, &key).await?;
    if let Some(minutes) = guard.locked_minutes(cx.now) {
        return Ok(Err(SignInError::Locked { minutes }));
    }
    let found = sql::by_login(cx, &login).await?;
    // The password may have been changed while it was being checked.
    let account = match (found, proof) {
        (Some((account, hash)), Some(proof)) if hash == proof => account,
        (found, _) => {
            let guard = guard.failed(cx.now);
            sql::set_guard(cx, &key, &guard).await?;
            let object = found.map_or(format!("login/{}", &key[..16]), |(a, _)| format!("account/{}", a.id));
            cx.journal("orgs.sign_in_failed", &object, &(), &json!({ "failed_count": guard.failed_count })).await?;
            return Ok(Err(match guard.locked_minutes(cx.now) {
                Some(minutes) => SignInError::Locked { minutes },
                None => SignInError::Wrong { tries_left: guard.tries_left() },
            }));
        }
    };
    if account.disabled {
        return Ok(Err(SignInError::Disabled {}));
    }
    // Failures are forgiven only by a complete sign-in: else the password would buy unlimited tries at the code.
    if !account.has_totp && guard.failed_count > 0 {
        sql::clear_guard(cx, &key).await?;
    }
    let session = begin_session(cx, &account, account.has_totp, replaces.as_deref()).await?;
    cx.actor = account.actor();
    let verb = if account.has_totp { "orgs.sign_in_password" } else { "orgs.sign_in" };
    cx.journal(verb, &format!("account/{}", account.id), &(), &json!({ "expires_at": session.expires_at })).await?;
    Ok(Ok(session))
}
