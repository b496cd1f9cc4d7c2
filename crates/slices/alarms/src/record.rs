//! Writes what the evaluation said: every signal is a step of its alarm, all of a round in one transaction.

use std::collections::HashMap;

use isa18::{Act, Alarm, Signal};
use kernel::Role;
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{AlarmRow, RuleRow, RuleState, clean, instant, value_text};
use crate::step::{StepError, step};
use crate::store::{alarms, rules};

store::refusals! {
    /// Why signals are not written.
    pub enum RecordError {}
}

/// What became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Steps written.
    pub written: u64,
    /// Signals that the records could not follow: of a rule that was retired or changed meanwhile, of a device that is
    /// gone, or of an alarm that stands elsewhere than the evaluation believes. The evaluation should load anew.
    pub out_of_step: u64,
}

/// Writes signals in their order.
pub async fn run(cx: &mut Cx, signals: Vec<Signal>) -> Result<Recorded, RecordError> {
    if cx.actor.role != Role::System {
        return Err(RecordError::Forbidden);
    }
    let mut known: HashMap<String, Option<RuleRow>> = HashMap::new();
    let mut done = Recorded::default();
    let mut touched = Vec::new();
    for signal in &signals {
        if !known.contains_key(&*signal.rule_id) {
            let found = rules::rule_at(cx, &signal.rule_id, signal.version).await?;
            known.insert(signal.rule_id.to_string(), found);
        }
        let rule = known.get(&*signal.rule_id).and_then(Option::as_ref);
        let current = rule.filter(|r| r.state == RuleState::Published && r.published_version == Some(signal.version));
        let Some(rule) = current else {
            done.out_of_step += 1;
            continue;
        };
        match one(cx, rule, signal).await {
            Ok(Some(id)) => {
                done.written += 1;
                touched.push((id, signal.kind));
            }
            Ok(None) => done.out_of_step += 1,
            Err(e) => return Err(e),
        }
    }
    if done.written > 0 {
        cx.journal("alarms.record", "alarm", &(), &touched).await?;
    }
    Ok(done)
}

async fn one(cx: &mut Cx, rule: &RuleRow, signal: &Signal) -> Result<Option<String>, RecordError> {
    let found = alarms::alarm_of(cx, &signal.rule_id, &signal.device_id).await?;
    let mut row = match found {
        Some(row) => row,
        None => {
            let device = rules::device(cx, &signal.device_id).await?;
            // AR-4
            let Some(device) = device.filter(|d| d.org_id == rule.org_id) else { return Ok(None) };
            new_row(cx, rule, device, signal)
        }
    };
    row.rule_version = signal.version;
    if let Some((property, value)) = &signal.value {
        (row.property, row.value_text) = (clean(property), value_text(value));
    }
    let act = Act {
        cause: signal.kind.cause(),
        at_us: signal.at_us,
        priority: Some(signal.priority),
        until_us: None,
        latched: rule.rule.latched,
    };
    match step(cx, &mut row, &rule.rule, act, "", Some(&signal.memory)).await {
        Ok(()) => Ok(Some(row.id)),
        Err(StepError::Illegal(_)) => Ok(None),
        Err(StepError::Store(e)) => Err(e.into()),
    }
}

fn new_row(cx: &mut Cx, rule: &RuleRow, device: rules::Device, signal: &Signal) -> AlarmRow {
    AlarmRow {
        id: cx.new_id("alm"),
        org_id: rule.org_id.clone(),
        rule_id: rule.id.clone(),
        rule_version: signal.version,
        device_id: device.id,
        device_name: device.name,
        alarm: Alarm::new(signal.priority),
        changed_at: instant(signal.at_us),
        property: String::new(),
        value_text: String::new(),
        rule: Some(rule.rule.clone()),
        escalated: 0,
        escalate_at_us: None,
        events: 0,
    }
}
