//! A notice that was given up is tried again.

use kernel::{Action, Subject};
use store::Cx;

use crate::model::{Notice, NoticeState, clean};
use crate::store::contacts;

store::refusals! {
    /// Why it is not tried again.
    pub enum ResendError {
        /// Only what was given up.
        NotGivenUp {} = 409, "notice-not-given-up", zh "该通知仍在发送或已送达。",
            en "This notice is still being sent, or has arrived.";
    }
}

/// Puts it back among what is to be sent.
pub async fn run(cx: &mut Cx, notice_id: String) -> Result<(), ResendError> {
    let before = contacts::notice(cx, &clean(&notice_id)).await?.ok_or(ResendError::NotFound)?;
    if !cx.permits(Action::ManageAlarmRules, &Subject::org(&before.org_id)) {
        return Err(ResendError::NotFound);
    }
    if before.state != NoticeState::Dead {
        return Err(ResendError::NotGivenUp {});
    }
    let after = Notice { state: NoticeState::Waiting, tries: 0, next_at: cx.now, ..before.clone() };
    contacts::put_notice(cx, &after).await?;
    cx.journal("alarms.resend", &format!("alarm-notice/{notice_id}"), &before.state, &after.state).await?;
    Ok(())
}
