//! Changes one's own password. It ends every other session and revokes the account's API tokens.

use kernel::{Action, Actor};
use serde_json::json;
use store::{Cx, Db};

use super::{NewSession, begin_session, guard_key, own};
use crate::model::Problem;
use crate::secrets::{Password, PasswordHash, Passwords};
use crate::store::accounts as sql;

/// What is asked.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// As it is now.
    pub current: Password,
    /// As it shall be.
    pub new: Password,
    /// The session it is asked from; its token changes.
    pub token: String,
}

store::refusals! {
    /// Why a password is not changed.
    pub enum ChangePasswordError {
        /// The present password is wrong.
        CurrentWrong { tries_left: i64 } = 422, "current-password-wrong", field "current",
            zh "当前密码不正确。再错 {tries_left} 次将暂时锁定。",
            en "The present password is wrong. Tries left before it is locked for a while: {tries_left}.";
        /// Too many failures.
        Locked { minutes: i64 } = 429, "sign-in-locked", field "current",
            zh "连续失败次数过多，请 {minutes} 分钟后再试。", en "Too many failures: it is locked. Minutes until it opens: {minutes}.";
        /// The new password is too weak.
        NewWrong { problem: Problem, zh: String, en: String } = 422, "password-weak", field "new", zh "{zh}", en "{en}";
        /// It does not change.
        NewSame {} = 422, "password-same", field "new",
            zh "新密码与当前密码相同，请换一个。", en "The new password is the present one; choose another.";
    }
}

/// Changes it; answers the session that goes on, under a new token.
pub async fn run(
    db: &Db,
    passwords: &Passwords,
    actor: &Actor,
    request_id: &str,
    cmd: ChangePassword,
) -> Result<NewSession, ChangePasswordError> {
    let id = actor.user_id.clone();
    let (login, hash) = db
        .read::<_, ChangePasswordError, _>(actor, |cx| {
            Box::pin(async move {
                let account = sql::by_id(cx, &id).await?.ok_or(ChangePasswordError::NotFound)?;
                let (_, hash) = sql::by_login(cx, &account.login).await?.ok_or(ChangePasswordError::NotFound)?;
                Ok((account.login, hash))
            })
        })
        .await?;
    let fits = passwords.fits(Some(&hash), &cmd.current).await;
    let new = if fits {
        if passwords.fits(Some(&hash), &cmd.new).await {
            return Err(ChangePasswordError::NewSame {});
        }
        let weak = |p: Problem| ChangePasswordError::NewWrong { zh: p.zh.clone(), en: p.en.clone(), problem: p };
        Some(passwords.hash(&login, &cmd.new).await.map_err(weak)?)
    } else {
        None
    };
    db.write::<Result<NewSession, ChangePasswordError>, ChangePasswordError, _>(actor, request_id, move |cx| {
        Box::pin(conclude(cx, login, hash, new, cmd.token))
    })
    .await?
}

async fn conclude(
    cx: &mut Cx,
    login: String,
    checked: PasswordHash,
    new: Option<PasswordHash>,
    token: String,
) -> Result<Result<NewSession, ChangePasswordError>, ChangePasswordError> {
    let actor = cx.actor.clone();
    if !cx.permits(Action::ManageOwnAccount, &own(&actor)) {
        return Err(ChangePasswordError::Forbidden);
    }
    let (mut account, stored) = sql::by_login(cx, &login).await?.ok_or(ChangePasswordError::NotFound)?;
    let (key, object) = (guard_key(&login), format!("account/{}", account.id));
    let guard = sql::guard(cx, &key).await?;
    if let Some(minutes) = guard.locked_minutes(cx.now) {
        return Ok(Err(ChangePasswordError::Locked { minutes }));
    }
    let Some(new) = new.filter(|_| stored == checked) else {
        let guard = guard.failed(cx.now);
        sql::set_guard(cx, &key, &guard).await?;
        cx.journal("orgs.change_password_failed", &object, &(), &json!({ "failed_count": guard.failed_count })).await?;
        return Ok(Err(match guard.locked_minutes(cx.now) {
            Some(minutes) => ChangePasswordError::Locked { minutes },
            None => ChangePasswordError::CurrentWrong { tries_left: guard.tries_left() },
        }));
    };
    sql::set_password(cx, &account.id, &new, false).await?;
    sql::clear_guard(cx, &key).await?;
    account.must_change_password = false;
    let ended = sql::delete_sessions(cx, &account.id, "").await?;
    let revoked = sql::revoke_api_tokens(cx, &account.id, None).await?;
    let session = begin_session(cx, &account, false, Some(&token)).await?;
    let after = json!({ "sessions_ended": ended, "tokens_revoked": revoked });
    cx.journal("orgs.change_password", &object, &(), &after).await?;
    Ok(Ok(session))
}
