//! The second step of a sign-in: a one-time code, or a recovery code in its stead.

use kernel::{Action, Actor, Subject};
use serde_json::json;
use store::{Cx, Db};

use super::authenticate::live_session;
use super::{Account, NewSession, begin_session, guard_key};
use crate::secrets::{recovery_code_key, totp};
use crate::store::accounts as sql;

/// What is tried.
#[derive(Clone)]
pub struct VerifyTotp {
    /// The token that the first step gave.
    pub token: String,
    /// Six digits, or a recovery code.
    pub code: String,
}

store::refusals! {
    /// Why the second step fails.
    pub enum VerifyTotpError {
        /// The first step is missing or too long ago.
        StepExpired {} = 401, "sign-in-expired",
            zh "登录步骤已过期，请重新输入登录名和密码。", en "This sign-in took too long; give login name and password again.";
        /// Not this code, or it was used already.
        CodeWrong { tries_left: i64 } = 401, "code-wrong", field "code",
            zh "验证码不正确或已用过。请等待下一个验证码再试；再错 {tries_left} 次将暂时锁定。",
            en "The code is wrong or was used already. Wait for the next one. Tries left before it is locked for a while: {tries_left}.";
        /// Too many failures.
        Locked { minutes: i64 } = 429, "sign-in-locked", field "code",
            zh "连续失败次数过多，已暂时锁定，请 {minutes} 分钟后再试。",
            en "Too many failures: it is locked. Minutes until it opens: {minutes}.";
    }
}

/// Completes a sign-in; the token changes once more (OR-5).
pub async fn run(db: &Db, request_id: &str, cmd: VerifyTotp) -> Result<NewSession, VerifyTotpError> {
    db.write::<Result<NewSession, VerifyTotpError>, VerifyTotpError, _>(&Actor::public(), request_id, move |cx| {
        Box::pin(conclude(cx, cmd))
    })
    .await?
}

async fn conclude(cx: &mut Cx, cmd: VerifyTotp) -> Result<Result<NewSession, VerifyTotpError>, VerifyTotpError> {
    if !cx.permits(Action::EnterAccount, &Subject::none()) {
        return Err(VerifyTotpError::Forbidden);
    }
    let Some(session) = live_session(cx, &cmd.token).await?.filter(|s| s.totp_pending) else {
        return Ok(Err(VerifyTotpError::StepExpired {}));
    };
    let account = session.account;
    let key = guard_key(&account.login);
    let guard = sql::guard(cx, &key).await?;
    if let Some(minutes) = guard.locked_minutes(cx.now) {
        return Ok(Err(VerifyTotpError::Locked { minutes }));
    }
    let object = format!("account/{}", account.id);
    let Some(by) = accept(cx, &account, &cmd.code).await? else {
        let guard = guard.failed(cx.now);
        sql::set_guard(cx, &key, &guard).await?;
        cx.journal("orgs.sign_in_code_failed", &object, &(), &json!({ "failed_count": guard.failed_count })).await?;
        return Ok(Err(match guard.locked_minutes(cx.now) {
            Some(minutes) => VerifyTotpError::Locked { minutes },
            None => VerifyTotpError::CodeWrong { tries_left: guard.tries_left() },
        }));
    };
    sql::clear_guard(cx, &key).await?;
    let session = begin_session(cx, &account, false, Some(&cmd.token)).await?;
    cx.actor = account.actor();
    cx.journal("orgs.sign_in", &object, &(), &json!({ "expires_at": session.expires_at, "by": by })).await?;
    Ok(Ok(session))
}

/// Uses up a code; says which kind it was.
pub(crate) async fn accept(
    cx: &mut Cx,
    account: &Account,
    code: &str,
) -> Result<Option<&'static str>, store::StoreError> {
    let mut stored = sql::totp(cx, &account.id).await?;
    let Some(secret) = stored.secret.clone() else { return Ok(None) };
    if let Some(step) = totp::accepted_step(&secret, code, cx.wall, stored.last_step) {
        stored.last_step = Some(step);
        sql::set_totp(cx, &account.id, &stored).await?;
        return Ok(Some("code"));
    }
    let used = sql::use_recovery_code(cx, &account.id, &recovery_code_key(code)).await?;
    Ok(used.then_some("recovery-code"))
}
