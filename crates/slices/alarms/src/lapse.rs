//! What the clock does to alarms: shelves end, and what nobody acknowledges goes to the next contact.

use isa18::{Act, Cause, State};
use kernel::Role;
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{AlarmRow, NoticeKind};
use crate::step::{StepError, step, tell};
use crate::store::alarms::{self, NewEvent};

/// Alarms dealt with in one transaction.
const CHUNK: u32 = 200;

store::refusals! {
    /// Why nothing lapses.
    pub enum LapseError {}
}

/// What lapsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lapsed {
    /// Shelves that ended.
    pub unshelved: u64,
    /// Contacts told.
    pub escalated: u64,
}

/// Is anything due?
pub async fn is_due(cx: &mut Cx) -> Result<bool, LapseError> {
    let now = cx.now;
    Ok(!alarms::due(cx, now, 1).await?.is_empty())
}

/// Deals with what is due by now.
pub async fn run(cx: &mut Cx) -> Result<Lapsed, LapseError> {
    if cx.actor.role != Role::System {
        return Err(LapseError::Forbidden);
    }
    let now = cx.now;
    let now_us = now.as_microsecond();
    let mut done = Lapsed::default();
    for mut row in alarms::due(cx, now, CHUNK).await? {
        if row.alarm.state == State::Shelved && row.alarm.shelved_until_us.is_some_and(|until| until <= now_us) {
            let rule = row.rule.clone().ok_or(LapseError::NotFound)?;
            let act =
                Act { cause: Cause::ShelfEnds, at_us: now_us, priority: None, until_us: None, latched: rule.latched };
            match step(cx, &mut row, &rule, act, "", None).await {
                Ok(()) => done.unshelved += 1,
                Err(StepError::Store(e)) => return Err(e.into()),
                Err(StepError::Illegal(_)) => {}
            }
        }
        if row.escalate_at_us.is_some_and(|at| at <= now_us) {
            done.escalated += escalate(cx, row).await?;
        }
    }
    if done != Lapsed::default() {
        cx.journal("alarms.lapse", "alarm", &(), &done).await?;
    }
    Ok(done)
}

/// Tells the next contact and sets when the one after is due.
async fn escalate(cx: &mut Cx, mut row: AlarmRow) -> Result<u64, LapseError> {
    let rule = row.rule.clone().ok_or(LapseError::NotFound)?;
    let at = usize::try_from(row.escalated).unwrap_or(usize::MAX);
    let Some(this) = rule.escalations.get(at) else {
        row.escalate_at_us = None;
        alarms::put(cx, &row, None).await?;
        return Ok(0);
    };
    row.escalated += 1;
    let began_us = row.escalate_at_us.unwrap_or_default() - this.after_s * isa18::SECOND_US;
    row.escalate_at_us = rule.escalations.get(at + 1).map(|next| began_us + next.after_s * isa18::SECOND_US);
    row.events += 1;
    let name = tell(cx, &row, &rule, &this.contact_id, NoticeKind::Escalated).await?.unwrap_or_default();
    alarms::put(cx, &row, None).await?;
    let state = row.alarm.state;
    let event = NewEvent { cause: "escalated", at: cx.now, from: state, to: state, comment: &name };
    alarms::add_event(cx, &row, &event).await?;
    Ok(1)
}
