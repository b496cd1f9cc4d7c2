//! The figures by which an alarm system is judged, after ISA-18.2 clause 16 and EEMUA 191: pure functions of its history.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::life::{Cause, State};
use crate::rule::Priority;

/// The window in which a flood is counted: 10 minutes.
pub const FLOOD_WINDOW_US: i64 = 600_000_000;
/// A flood begins when more alarms than this occur in the window.
pub const FLOOD_OVER: usize = 10;
/// It ends when fewer than this did.
pub const FLOOD_ENDS_BELOW: usize = 5;
/// Chattering: so many occurrences …
pub const CHATTER_COUNT: usize = 3;
/// … within a minute.
pub const CHATTER_WITHIN_US: i64 = 60_000_000;
/// Fleeting: returned within 10 s, before a person can have read it.
pub const FLEETING_US_MAX: i64 = 10_000_000;
/// Standing (stale): in alarm for over a day.
pub const STANDING_US: i64 = 86_400_000_000;

/// One row of the history of alarms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The alarm: one rule on one device.
    pub alarm_id: String,
    /// When.
    pub at_us: i64,
    /// By what.
    pub cause: Cause,
    /// Before.
    pub from: State,
    /// After.
    pub to: State,
    /// How urgent.
    pub priority: Priority,
}

/// An alarm that occurs often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadActor {
    /// The alarm.
    pub alarm_id: String,
    /// How often it was shown.
    pub count: usize,
    /// Times it occurred [`CHATTER_COUNT`] times within a minute.
    pub chattering: usize,
    /// Occurrences that returned before anyone could read them.
    pub fleeting: usize,
}

/// Too many alarms for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flood {
    /// From the first alarm of the window that was too full.
    pub from_us: i64,
    /// To when the window was calm again, or the end of the report.
    pub to_us: i64,
    /// Alarms within.
    pub count: usize,
}

/// The figures of a span of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kpi {
    /// Alarms shown to an operator.
    pub annunciated: usize,
    /// Per operator and hour; about 6 are likely acceptable, 12 the most that is manageable (ISA-18.2 table 4).
    pub per_operator_hour: f64,
    /// Per operator and 10 minutes; 1 and 2.
    pub per_operator_10min: f64,
    /// The fullest 10 minutes.
    pub peak_10min: usize,
    /// Floods.
    pub floods: Vec<Flood>,
    /// Share of the time in flood, 0 to 1; under 0.01 is the aim.
    pub flood_share: f64,
    /// Alarms that chattered at least once.
    pub chattering: usize,
    /// Occurrences that were fleeting.
    pub fleeting: usize,
    /// Alarms that were in alarm for over a day at the end of the report.
    pub standing: Vec<String>,
    /// By priority, low to critical; 80, 15 and 5 per cent for low, medium and high is the aim.
    pub by_priority: [usize; 4],
    /// The most frequent, most first.
    pub bad_actors: Vec<BadActor>,
    /// Share of all alarms that these make up.
    pub bad_actor_share: f64,
    /// Half of the acknowledged were acknowledged within this.
    pub acknowledge_p50_us: Option<i64>,
    /// Nine of ten.
    pub acknowledge_p90_us: Option<i64>,
    /// The slowest.
    pub acknowledge_max_us: Option<i64>,
    /// Occurrences that nobody has acknowledged within the span.
    pub never_acknowledged: usize,
}

/// What is gathered of one alarm.
#[derive(Default)]
struct Of {
    shown: Vec<i64>,
    fleeting: usize,
    chattering: usize,
    open_us: Option<i64>,
    waits_us: Option<i64>,
    active_us: Option<i64>,
}

/// The figures of `[from_us, to_us)` for so many operators on duty; `top` bad actors. Events must be in order of time;
/// those before `from_us` are needed as far back as alarms stand.
pub fn kpi(events: &[Event], from_us: i64, to_us: i64, operators: u32, top: usize) -> Kpi {
    let mut of: BTreeMap<&str, Of> = BTreeMap::new();
    let mut shown_us = Vec::new();
    let mut waits = Vec::new();
    let mut out = Kpi::default();
    for e in events.iter().filter(|e| e.at_us < to_us) {
        let within = e.at_us >= from_us;
        let a = of.entry(&e.alarm_id).or_default();
        match e.cause {
            Cause::Occurs => a.active_us = Some(e.at_us),
            Cause::Returns | Cause::Retire => a.active_us = None,
            _ => {}
        }
        let shown = e.to == State::Unacknowledged && e.cause != Cause::Rises && e.cause != Cause::Falls;
        if shown {
            // An occurrence that came while the one before was still unseen is one more that a person had to look at.
            if a.waits_us.replace(e.at_us).is_some_and(|w| w >= from_us) {
                out.never_acknowledged += 1;
            }
            a.open_us = Some(e.at_us);
            if within {
                a.shown.push(e.at_us);
                shown_us.push(e.at_us);
                out.by_priority[e.priority as usize] += 1;
            }
        }
        if e.cause == Cause::Returns
            && let Some(open) = a.open_us.take()
            && open >= from_us
            && e.at_us - open <= FLEETING_US_MAX
        {
            a.fleeting += 1;
        }
        if e.cause == Cause::Acknowledge
            && let Some(since) = a.waits_us.take()
            && within
        {
            waits.push(e.at_us - since);
        }
    }
    out.never_acknowledged += of.values().filter(|a| a.waits_us.is_some_and(|w| w >= from_us)).count();
    out.standing = of
        .iter()
        .filter(|(_, a)| a.active_us.is_some_and(|since| to_us - since > STANDING_US))
        .map(|(id, _)| (*id).to_owned())
        .collect();
    for a in of.values_mut() {
        a.chattering = chatters(&a.shown);
    }
    out.annunciated = shown_us.len();
    out.chattering = of.values().filter(|a| a.chattering > 0).count();
    out.fleeting = of.values().map(|a| a.fleeting).sum();
    rates(&mut out, &shown_us, from_us, to_us, operators);
    actors(&mut out, &of, top);
    acknowledging(&mut out, waits);
    out
}

/// How often [`CHATTER_COUNT`] occurrences lie within a minute, each counted once.
fn chatters(shown: &[i64]) -> usize {
    let (mut count, mut i) = (0, 0);
    while i + CHATTER_COUNT <= shown.len() {
        if shown[i + CHATTER_COUNT - 1] - shown[i] <= CHATTER_WITHIN_US {
            count += 1;
            i += CHATTER_COUNT;
        } else {
            i += 1;
        }
    }
    count
}

fn rates(out: &mut Kpi, shown_us: &[i64], from_us: i64, to_us: i64, operators: u32) {
    let span_us = (to_us - from_us).max(1) as f64;
    let each = shown_us.len() as f64 / f64::from(operators.max(1));
    out.per_operator_hour = each * 3_600e6 / span_us;
    out.per_operator_10min = each * FLOOD_WINDOW_US as f64 / span_us;
    // A window that ends at each alarm finds the fullest 10 minutes wherever they begin.
    let (mut first, mut flood): (usize, Option<Flood>) = (0, None);
    for (i, at) in shown_us.iter().enumerate() {
        // Between two alarms the window only empties: a flood may have ended there.
        if let Some(f) = &mut flood {
            let calm_us = shown_us[i.saturating_sub(FLOOD_ENDS_BELOW)] + FLOOD_WINDOW_US;
            if i >= FLOOD_ENDS_BELOW && calm_us <= *at {
                f.to_us = calm_us;
                out.floods.push(*f);
                flood = None;
            }
        }
        while shown_us[first] <= at - FLOOD_WINDOW_US {
            first += 1;
        }
        let within = i + 1 - first;
        out.peak_10min = out.peak_10min.max(within);
        match &mut flood {
            Some(f) => f.count += 1,
            None if within > FLOOD_OVER => flood = Some(Flood { from_us: shown_us[first], to_us, count: within }),
            None => {}
        }
    }
    if let Some(mut f) = flood {
        let calm_us = shown_us[shown_us.len() - FLOOD_ENDS_BELOW] + FLOOD_WINDOW_US;
        f.to_us = calm_us.min(to_us);
        out.floods.push(f);
    }
    out.flood_share = out.floods.iter().map(|f| (f.to_us - f.from_us) as f64).sum::<f64>() / span_us;
}

fn actors(out: &mut Kpi, of: &BTreeMap<&str, Of>, top: usize) {
    let mut all: Vec<BadActor> = of
        .iter()
        .filter(|(_, a)| !a.shown.is_empty())
        .map(|(id, a)| BadActor {
            alarm_id: (*id).to_owned(),
            count: a.shown.len(),
            chattering: a.chattering,
            fleeting: a.fleeting,
        })
        .collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then(a.alarm_id.cmp(&b.alarm_id)));
    all.truncate(top);
    let many: usize = all.iter().map(|a| a.count).sum();
    out.bad_actor_share = many as f64 / out.annunciated.max(1) as f64;
    out.bad_actors = all;
}

fn acknowledging(out: &mut Kpi, mut waits: Vec<i64>) {
    waits.sort_unstable();
    // The least wait that so large a share of all does not exceed.
    let at = |share: f64| waits.get(((waits.len() as f64 * share).ceil() as usize).saturating_sub(1)).copied();
    out.acknowledge_p50_us = at(0.5);
    out.acknowledge_p90_us = at(0.9);
    out.acknowledge_max_us = waits.last().copied();
}
