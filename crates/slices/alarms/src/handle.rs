//! An operator acts on alarms: acknowledges, resets, shelves and unshelves, takes out of service and puts back; one or many.

use isa18::Act;
use kernel::{Action, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{AlarmRow, Verb, clean};
use crate::step::{StepError, step};
use crate::store::alarms;

/// Most alarms at a time.
pub const MANY_MAX: usize = 500;
/// Longest reason, in characters.
pub const COMMENT_CHARS_MAX: usize = 500;

/// What is done to which alarms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handle {
    /// The alarms.
    pub alarm_ids: Vec<String>,
    /// What.
    pub verb: Verb,
    /// For how long, for shelving.
    #[serde(default)]
    pub minutes: Option<i64>,
    /// Why; required for shelving and taking out of service.
    #[serde(default)]
    pub comment: String,
}

store::refusals! {
    /// Why nothing is done.
    pub enum HandleError {
        /// None chosen.
        NoneChosen {} = 422, "none-chosen", field "alarm_ids", zh "请至少选择一条报警。", en "Choose at least one alarm.";
        /// Too many at once.
        TooMany { many_max: usize } = 422, "too-many-alarms", field "alarm_ids", zh "一次最多处理 {many_max} 条。",
            en "At most {many_max} alarms at a time.";
        /// An alarm that is not shown can hide a danger.
        ReasonMissing {} = 422, "reason-missing", field "comment", zh "请写明原因，交接班的同事会看到。",
            en "State the reason; the next shift reads it.";
        /// Not to be read in a hurry.
        ReasonTooLong { chars_max: usize } = 422, "reason-too-long", field "comment", zh "最多 {chars_max} 字。",
            en "At most {chars_max} characters.";
        /// Until when?
        MinutesMissing {} = 422, "minutes-missing", field "minutes", zh "请填写搁置时长（1 分钟以上）。",
            en "State for how long, at least one minute.";
        /// The rule forbids it.
        ShelvingForbidden { name: String } = 409, "shelving-forbidden", field "verb",
            zh "规则“{name}”不允许搁置。", en "The rule {name} does not allow shelving.";
        /// Longer than the rule allows.
        ShelvedTooLong { name: String, minutes_max: i64 } = 422, "shelved-too-long", field "minutes",
            zh "规则“{name}”最多搁置 {minutes_max} 分钟。", en "The rule {name} allows {minutes_max} minutes at most.";
        /// None of them can.
        WrongState { state: &'static str, verb: &'static str } = 409, "alarm-wrong-state", field "verb",
            zh "当前状态（{state}）不能执行“{verb}”。可能已有他人处理，请刷新后查看。",
            en "An alarm that is {state} cannot {verb}. Somebody may have dealt with it already.";
    }
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handled {
    /// Alarms that changed.
    pub done: Vec<String>,
    /// Alarms that stood elsewhere by then: somebody, or the process, was faster.
    pub skipped: Vec<String>,
}

fn check(cmd: &Handle) -> Result<(), HandleError> {
    if cmd.alarm_ids.is_empty() {
        return Err(HandleError::NoneChosen {});
    }
    if cmd.alarm_ids.len() > MANY_MAX {
        return Err(HandleError::TooMany { many_max: MANY_MAX });
    }
    if cmd.verb.needs_reason() && cmd.comment.trim().is_empty() {
        return Err(HandleError::ReasonMissing {});
    }
    if cmd.comment.chars().count() > COMMENT_CHARS_MAX {
        return Err(HandleError::ReasonTooLong { chars_max: COMMENT_CHARS_MAX });
    }
    if cmd.verb == Verb::Shelve && cmd.minutes.unwrap_or(0) < 1 {
        return Err(HandleError::MinutesMissing {});
    }
    Ok(())
}

/// Until when this alarm is set aside, within its rule's limit.
fn until_us(cx: &Cx, cmd: &Handle, row: &AlarmRow) -> Result<Option<i64>, HandleError> {
    if cmd.verb != Verb::Shelve {
        return Ok(None);
    }
    let minutes = cmd.minutes.unwrap_or(0);
    let minutes_max = row.rule.as_ref().map_or(0, |r| r.shelving.minutes_max);
    let name = row.name(kernel::Lang::Zh).to_owned();
    if minutes_max == 0 {
        return Err(HandleError::ShelvingForbidden { name });
    }
    if minutes > minutes_max {
        return Err(HandleError::ShelvedTooLong { name, minutes_max });
    }
    Ok(Some(cx.now.as_microsecond() + minutes * 60 * isa18::SECOND_US))
}

/// Does it to every one that can; those that cannot any more are named in the answer. Refused as a whole where none can,
/// where one is not the actor's, or where one's rule forbids it.
pub async fn run(cx: &mut Cx, cmd: Handle) -> Result<Handled, HandleError> {
    check(&cmd)?;
    let cmd = Handle { comment: clean(cmd.comment.trim()), ..cmd };
    let mut ids: Vec<String> = cmd.alarm_ids.iter().map(|id| clean(id)).collect();
    ids.sort();
    ids.dedup();
    let mut handled = Handled::default();
    let mut refused = None;
    let at_us = cx.now.as_microsecond();
    for id in ids {
        let mut row = alarms::alarm(cx, &id).await?.ok_or(HandleError::NotFound)?;
        if !cx.permits(Action::HandleAlarms, &Subject::org(&row.org_id)) {
            return Err(HandleError::NotFound);
        }
        let until_us = until_us(cx, &cmd, &row)?;
        let before = row.alarm.clone();
        let rule = row.rule.clone().ok_or(HandleError::NotFound)?;
        let act = Act { cause: cmd.verb.cause(), at_us, priority: None, until_us, latched: rule.latched };
        match step(cx, &mut row, &rule, act, &cmd.comment, None).await {
            Ok(()) => {
                let what = format!("alarm/{id}");
                cx.journal(&format!("alarms.{}", cmd.verb.code()), &what, &before, &(&row.alarm, &cmd.comment)).await?;
                handled.done.push(id);
            }
            Err(StepError::Illegal(e)) => {
                refused = Some(e);
                handled.skipped.push(id);
            }
            Err(StepError::Store(e)) => return Err(e.into()),
        }
    }
    match refused {
        Some(e) if handled.done.is_empty() => {
            Err(HandleError::WrongState { state: e.state.code(), verb: cmd.verb.code() })
        }
        _ => Ok(handled),
    }
}
