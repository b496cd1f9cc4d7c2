//! Trying a rule on what was: the same evaluation and the same life, with nobody there to acknowledge.

use std::sync::Arc;

use kernel::{Quality, Value};
use serde::{Deserialize, Serialize};

use crate::life::{Act, Alarm, Cause, State};
use crate::plant::{Counts, Moment, Plant, RuleOn, Signal};
use crate::rule::{Rule, Suppression, Watch};
use crate::{Event, ExpressionError};

/// A reading of the past.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// The property.
    pub property: String,
    /// When it was taken, microseconds since 1970 UTC.
    pub at_us: i64,
    /// What.
    pub value: Value,
    /// How good.
    pub quality: Quality,
}

/// What would have happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    /// Each change with the state it led to.
    pub changes: Vec<(Signal, State)>,
    /// The same as rows of a history, for its figures.
    pub events: Vec<Event>,
    /// How often it would have occurred.
    pub occurrences: usize,
    /// How long it would have been in alarm.
    pub active_us: i64,
    /// The longest single time.
    pub longest_us: i64,
    /// What was done with the readings.
    pub counts: Counts,
}

/// Runs a rule over readings of one device from `from_us` to `to_us`. Readings may come in any order: they are taken in
/// order of time. A rule that suppresses this one is not run.
pub fn replay(rule: &Rule, mut past: Vec<Past>, from_us: i64, to_us: i64) -> Result<Replayed, ExpressionError> {
    let device: Arc<str> = "device".into();
    let mut rule = Rule { watch: Watch::Device(device.to_string()), ..rule.clone() };
    if matches!(rule.suppression, Some(Suppression::Rule(_))) {
        rule.suppression = None;
    }
    let (latched, priority) = (rule.latched, rule.priority);
    let on = RuleOn { id: "rule".into(), version: 1, rule: Arc::new(rule) };
    let mut plant = Plant::new(vec![on], &[(device.clone(), "".into())], Vec::new(), from_us).map_err(|(_, e)| e)?;
    let mut signals = Vec::new();
    plant.reconcile(from_us, &mut signals);
    past.sort_by_key(|p| p.at_us);
    for p in past.into_iter().filter(|p| (from_us..to_us).contains(&p.at_us)) {
        if let Some(series) = plant.series(&device, &p.property) {
            plant.tick(p.at_us, &mut signals);
            let moment = Moment { series, at_us: p.at_us, value: p.value, quality: p.quality };
            plant.take(p.at_us, &moment, &mut signals);
        }
    }
    plant.tick(to_us, &mut signals);
    Ok(told(signals, Alarm::new(priority), latched, plant.counts(), to_us))
}

fn told(signals: Vec<Signal>, mut alarm: Alarm, latched: bool, counts: Counts, to_us: i64) -> Replayed {
    let mut out =
        Replayed { changes: Vec::new(), events: Vec::new(), occurrences: 0, active_us: 0, longest_us: 0, counts };
    let add = |out: &mut Replayed, from: i64, to: i64| {
        out.active_us += to - from;
        out.longest_us = out.longest_us.max(to - from);
    };
    for s in signals {
        let act = Act { cause: s.kind.cause(), at_us: s.at_us, priority: Some(s.priority), until_us: None, latched };
        let after = alarm.apply(&act).expect("signals of one alarm alternate (AL-7), which every state allows");
        if act.cause == Cause::Returns
            && let Some(since) = alarm.occurred_us
        {
            add(&mut out, since, s.at_us);
        }
        out.events.push(Event {
            alarm_id: "device".into(),
            at_us: s.at_us,
            cause: act.cause,
            from: alarm.state,
            to: after.state,
            priority: after.priority,
        });
        out.occurrences += usize::from(act.cause == Cause::Occurs);
        out.changes.push((s, after.state));
        alarm = after;
    }
    if let (true, Some(since)) = (alarm.active, alarm.occurred_us) {
        add(&mut out, since, to_us);
    }
    out
}
