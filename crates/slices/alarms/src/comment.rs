//! A person writes something into an alarm's history.

use kernel::{Action, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::handle::COMMENT_CHARS_MAX;
use crate::model::clean;
use crate::store::alarms::{self, NewEvent};

/// What is written where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// The alarm.
    pub alarm_id: String,
    /// The words.
    pub comment: String,
}

store::refusals! {
    /// Why nothing is written.
    pub enum CommentError {
        /// Nothing said.
        CommentMissing {} = 422, "comment-missing", field "comment", zh "请填写备注。", en "Write something.";
        /// Not to be read in a hurry.
        CommentTooLong { chars_max: usize } = 422, "comment-too-long", field "comment", zh "最多 {chars_max} 字。",
            en "At most {chars_max} characters.";
    }
}

/// Writes it; the alarm itself does not change.
pub async fn run(cx: &mut Cx, cmd: Comment) -> Result<(), CommentError> {
    let mut row = alarms::alarm(cx, &clean(&cmd.alarm_id)).await?.ok_or(CommentError::NotFound)?;
    if !cx.permits(Action::HandleAlarms, &Subject::org(&row.org_id)) {
        return Err(CommentError::NotFound);
    }
    let comment = clean(cmd.comment.trim());
    let comment = comment.as_str();
    if comment.is_empty() {
        return Err(CommentError::CommentMissing {});
    }
    if comment.chars().count() > COMMENT_CHARS_MAX {
        return Err(CommentError::CommentTooLong { chars_max: COMMENT_CHARS_MAX });
    }
    row.events += 1;
    alarms::put(cx, &row, None).await?;
    let state = row.alarm.state;
    let event = NewEvent { cause: "comment", at: cx.now, from: state, to: state, comment };
    alarms::add_event(cx, &row, &event).await?;
    cx.journal("alarms.comment", &format!("alarm/{}", row.id), &(), &event).await?;
    Ok(())
}
