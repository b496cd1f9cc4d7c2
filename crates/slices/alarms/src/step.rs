//! One step in the life of an alarm: the row, its event and whoever is told of it, together (AR-2, AR-3).

use isa18::{Act, Cause, Illegal, Memory, Rule, State};
use jiff::Timestamp;
use store::{Cx, StoreError};

use crate::model::{AlarmRow, Notice, NoticeKind, NoticeState, both, instant};
use crate::store::alarms::{self, NewEvent};
use crate::store::contacts;

/// Why a step was not taken.
#[derive(Debug)]
pub(crate) enum StepError {
    /// The standard's table has no such row.
    Illegal(Illegal),
    /// The records failed.
    Store(StoreError),
}

impl From<StoreError> for StepError {
    fn from(e: StoreError) -> StepError {
        StepError::Store(e)
    }
}

/// Takes the step and writes it.
pub(crate) async fn step(
    cx: &mut Cx,
    row: &mut AlarmRow,
    rule: &Rule,
    act: Act,
    comment: &str,
    memory: Option<&Memory>,
) -> Result<(), StepError> {
    let before = row.alarm.clone();
    row.alarm = before.apply(&act).map_err(StepError::Illegal)?;
    row.changed_at = instant(act.at_us);
    row.events += 1;
    let (from, to) = (before.state, row.alarm.state);
    if !to.unacknowledged() {
        row.escalate_at_us = None;
    } else if to == State::Unacknowledged && !from.unacknowledged() {
        row.escalated = 0;
        row.escalate_at_us = rule.escalations.first().map(|e| act.at_us + e.after_s * isa18::SECOND_US);
    }
    alarms::put(cx, row, memory).await?;
    let event = NewEvent { cause: act.cause.code(), at: row.changed_at, from, to, comment };
    alarms::add_event(cx, row, &event).await?;
    if to == State::Unacknowledged && matches!(act.cause, Cause::Occurs | Cause::Rises) {
        for contact_id in &rule.notify {
            tell(cx, row, rule, contact_id, NoticeKind::Occurred).await?;
        }
    }
    Ok(())
}

/// Writes a notice for a contact; one that was removed meanwhile is left out. Answers the contact's name.
pub(crate) async fn tell(
    cx: &mut Cx,
    row: &AlarmRow,
    rule: &Rule,
    contact_id: &str,
    kind: NoticeKind,
) -> Result<Option<String>, StoreError> {
    let found = contacts::contact(cx, contact_id).await?.filter(|c| c.org_id == row.org_id);
    let Some(contact) = found else { return Ok(None) };
    let id = cx.new_id("ntc");
    let notice = Notice {
        body: cloud_event(&id, kind, cx.now, row, rule),
        id,
        org_id: row.org_id.clone(),
        contact_id: contact.id,
        contact_name: contact.name.clone(),
        alarm_id: row.id.clone(),
        kind,
        state: NoticeState::Waiting,
        tries: 0,
        next_at: cx.now,
        last_error: String::new(),
        made_at: cx.now,
        sent_at: None,
    };
    contacts::put_notice(cx, &notice).await?;
    Ok(Some(contact.name))
}

/// The notice as a CloudEvent (CNCF CloudEvents 1.0, structured mode).
fn cloud_event(id: &str, kind: NoticeKind, at: Timestamp, row: &AlarmRow, rule: &Rule) -> serde_json::Value {
    serde_json::json!({
        "specversion": "1.0",
        "id": id,
        "source": "urn:yunjin:alarms",
        "type": format!("cn.yunjin.alarm.{}", kind.code()),
        "time": at.to_string(),
        "subject": row.device_id,
        "datacontenttype": "application/json",
        "data": {
            "alarm_id": row.id,
            "rule_id": row.rule_id,
            "rule_version": row.rule_version,
            "device_id": row.device_id,
            "device_name": row.device_name,
            "state": row.alarm.state,
            "priority": row.alarm.priority,
            "occurred_at": row.alarm.occurred_us.map(|us| instant(us).to_string()),
            "property": row.property,
            "value": row.value_text,
            "name": rule.name,
            "message": rule.message,
            "consequence": rule.consequence,
            "response": rule.response,
            "escalation": row.escalated,
            "summary": format!("[{}] {} · {}", rule.name.en, row.device_name, both(&rule.message)),
        }
    })
}
