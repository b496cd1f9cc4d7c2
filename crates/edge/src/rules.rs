//! What happens to readings before they are queued, as data: dead-band, down-sampling, events at a threshold. Pure: readings
//! in, readings out, the time of windows taken from the readings and from the caller's `now_us`.
//!
//! For one reading the order is: events see it as it came; then down-sampling; then the dead-band sees what is left. A
//! reading of quality bad is never averaged and never held back by a dead-band when the quality before was another: that a
//! sensor failed is a fact.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::{Quality, Value};
use serde::Deserialize;

use crate::reading::Reading;
use crate::words::{Complaint, both};

/// A rule as written: which readings, and one or more things to do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleConfig {
    /// Devices: a name, or a beginning with `*`.
    #[serde(default = "any")]
    pub device: String,
    /// Properties: a name, or a beginning with `*`.
    #[serde(default = "any")]
    pub property: String,
    /// Send only what changed enough.
    pub deadband: Option<DeadBand>,
    /// Send one of many.
    pub downsample: Option<DownSample>,
    /// Make an event of it.
    pub event: Option<Event>,
}

fn any() -> String {
    "*".into()
}

/// Passes a number that differs from the last passed by more than the band, any other value that differs, every change of
/// quality, and at least one reading per `max_silence_s`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadBand {
    /// In the value's unit.
    #[serde(default)]
    pub absolute: f64,
    /// Of the last value that was passed, in per cent; the larger of the two bands counts.
    #[serde(default)]
    pub percent: f64,
    /// Seconds after which an unchanged value is sent again.
    #[serde(default = "default_silence_s")]
    pub max_silence_s: u32,
}

fn default_silence_s() -> u32 {
    600
}

/// One reading per window of `every_s` seconds of device time.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DownSample {
    /// Length of the window, in seconds; windows begin at whole multiples since 1970.
    pub every_s: u32,
    /// Which.
    #[serde(default)]
    pub keep: Keep,
}

/// What a window becomes. Flags and texts are kept by their last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// The last.
    #[default]
    Last,
    /// The arithmetic mean, at the time of the last.
    Mean,
    /// The smallest, at its time.
    Min,
    /// The largest, at its time.
    Max,
}

/// A flag named `name` that goes up when a number passes the threshold and comes down when it has returned by `return_by`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Property of the flag, on the same device.
    pub name: String,
    /// Up above this.
    pub above: Option<f64>,
    /// Up below this.
    pub below: Option<f64>,
    /// How far it must come back before the flag goes down.
    #[serde(default)]
    pub return_by: f64,
}

impl RuleConfig {
    /// What is wrong with it.
    pub fn check(&self, place: &str) -> Vec<Complaint> {
        let mut out = Vec::new();
        let mut refuse = |zh: &str, en: &str, remedy: &str| {
            out.push(Complaint::new(place, both(zh, en), both(format!("改正 {remedy}"), format!("correct {remedy}"))));
        };
        if self.deadband.is_none() && self.downsample.is_none() && self.event.is_none() {
            refuse("规则什么也不做", "the rule does nothing", "deadband / downsample / event");
        }
        if self.downsample.is_some_and(|d| d.every_s == 0) {
            refuse("every_s 为 0", "every_s is 0", "downsample.every_s");
        }
        let negative = |n: f64| n < 0.0 || n.is_nan();
        if self.deadband.is_some_and(|d| negative(d.absolute) || negative(d.percent)) {
            refuse("死区为负", "the dead-band is negative", "deadband");
        }
        if let Some(e) = &self.event {
            if e.above.is_none() == e.below.is_none() {
                refuse("above 与 below 须给且只给一个", "exactly one of above and below must be given", "event");
            }
            if e.name.is_empty() || negative(e.return_by) {
                refuse("name 为空或 return_by 为负", "name is empty or return_by negative", "event");
            }
        }
        out
    }

    fn is_for(&self, reading: &Reading) -> bool {
        matches(&self.device, &reading.device) && matches(&self.property, &reading.property)
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => pattern == name,
    }
}

/// What a dead-band remembers of what it passed.
#[derive(Clone, Debug)]
struct Passed {
    value: Value,
    quality: Quality,
    at_us: i64,
}

/// A window of down-sampling that is open.
#[derive(Clone, Debug)]
struct Window {
    number: i64,
    kept: Reading,
    sum: f64,
    count: u32,
}

/// What is remembered of one series.
#[derive(Clone, Debug, Default)]
struct Series {
    /// Rules that are for it.
    rules: Arc<[usize]>,
    passed: Option<Passed>,
    window: Option<Window>,
    /// Event flags that are up, by rule.
    up: Vec<usize>,
}

/// The rules and what they remember. Series beyond `series_max` pass as they are and are counted.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<RuleConfig>,
    series: HashMap<(Arc<str>, Arc<str>), Series>,
    series_max: usize,
    /// Readings that passed unprocessed because too many series are remembered.
    pub beyond: u64,
}

const MICROS: i64 = 1_000_000;

impl Rules {
    /// Rules that remember nothing yet.
    pub fn new(rules: Vec<RuleConfig>, series_max: usize) -> Rules {
        Rules { rules, series: HashMap::new(), series_max, beyond: 0 }
    }

    /// Takes a reading; what is to be sent now is put at the end of `out`.
    pub fn pass(&mut self, reading: Reading, out: &mut Vec<Reading>) {
        if self.rules.is_empty() {
            return out.push(reading);
        }
        let key = (reading.device.clone(), reading.property.clone());
        if !self.series.contains_key(&key) {
            if self.series.len() >= self.series_max {
                self.beyond += 1;
                return out.push(reading);
            }
            let rules = (0..self.rules.len()).filter(|i| self.rules[*i].is_for(&reading)).collect();
            self.series.insert(key.clone(), Series { rules, ..Series::default() });
        }
        let series = self.series.get_mut(&key).expect("put in above");
        let rules = series.rules.clone();
        let mut window = None;
        let mut band = None;
        for i in rules.iter() {
            let rule = &self.rules[*i];
            if let Some(e) = &rule.event {
                out.extend(event(e, *i, &mut series.up, &reading));
            }
            window = window.or(rule.downsample);
            band = band.or(rule.deadband);
        }
        let after = match window {
            Some(w) => downsample(w, &mut series.window, reading),
            None => [Some(reading), None],
        };
        for r in after.into_iter().flatten() {
            if band.is_none_or(|b| outside(b, &mut series.passed, &r)) {
                out.push(r);
            }
        }
    }

    /// Closes windows that ended before `now_us` by a whole window: nothing more is likely to come for them.
    pub fn tick(&mut self, now_us: i64, out: &mut Vec<Reading>) {
        for series in self.series.values_mut() {
            let Some(w) = series.rules.iter().find_map(|i| self.rules[*i].downsample) else { continue };
            let length_us = i64::from(w.every_s) * MICROS;
            if series.window.as_ref().is_some_and(|o| (o.number + 2).saturating_mul(length_us) <= now_us) {
                let closed = close(w, series.window.take().expect("there is one"));
                let band = series.rules.iter().find_map(|i| self.rules[*i].deadband);
                if band.is_none_or(|b| outside(b, &mut series.passed, &closed)) {
                    out.push(closed);
                }
            }
        }
    }

    /// Closes every window: the program ends.
    pub fn finish(&mut self, out: &mut Vec<Reading>) {
        self.tick(i64::MAX, out);
    }
}

fn event(e: &Event, rule: usize, up: &mut Vec<usize>, reading: &Reading) -> Option<Reading> {
    let Value::Number(n) = reading.value else { return None };
    if reading.quality == Quality::Bad {
        return None;
    }
    let is_up = up.contains(&rule);
    let beyond = e.above.is_some_and(|a| n > a) || e.below.is_some_and(|b| n < b);
    let returned = e.above.is_some_and(|a| n <= a - e.return_by) || e.below.is_some_and(|b| n >= b + e.return_by);
    if beyond && !is_up {
        up.push(rule);
    } else if returned && is_up {
        up.retain(|r| *r != rule);
    } else {
        return None;
    }
    Some(Reading { property: e.name.as_str().into(), value: Value::Flag(beyond), ..reading.clone() })
}

fn close(w: DownSample, window: Window) -> Reading {
    let mut kept = window.kept;
    if w.keep == Keep::Mean && window.count > 0 {
        kept.value = Value::Number(window.sum / f64::from(window.count));
    }
    kept
}

/// What is to be sent now: the window that this reading closed, and the reading itself if it is not for a window.
fn downsample(w: DownSample, open: &mut Option<Window>, reading: Reading) -> [Option<Reading>; 2] {
    let number = reading.at_us.div_euclid(i64::from(w.every_s) * MICROS);
    let late = open.as_ref().is_some_and(|o| number < o.number);
    if reading.quality == Quality::Bad || late {
        return [Some(reading), None];
    }
    let n = if let Value::Number(n) = reading.value { Some(n) } else { None };
    match open {
        Some(o) if o.number == number => {
            let kept = if let Value::Number(n) = o.kept.value { Some(n) } else { None };
            let replace = match (w.keep, n, kept) {
                (Keep::Min, Some(n), Some(k)) => n < k,
                (Keep::Max, Some(n), Some(k)) => n > k,
                _ => reading.at_us >= o.kept.at_us,
            };
            o.sum += n.unwrap_or(0.0);
            o.count += u32::from(n.is_some());
            let quality = if o.kept.quality == Quality::Good { reading.quality } else { o.kept.quality };
            if replace {
                o.kept = reading;
            }
            o.kept.quality = quality;
            [None, None]
        }
        _ => {
            let fresh = Window { number, kept: reading, sum: n.unwrap_or(0.0), count: u32::from(n.is_some()) };
            [open.replace(fresh).map(|o| close(w, o)), None]
        }
    }
}

fn outside(band: DeadBand, passed: &mut Option<Passed>, reading: &Reading) -> bool {
    let changed = match passed {
        None => true,
        Some(p) if p.quality != reading.quality => true,
        Some(p) if reading.at_us - p.at_us >= i64::from(band.max_silence_s) * MICROS => true,
        Some(p) => match (&p.value, &reading.value) {
            (Value::Number(a), Value::Number(b)) => (b - a).abs() > band.absolute.max(a.abs() * band.percent / 100.0),
            (a, b) => a != b,
        },
    };
    if changed {
        *passed = Some(Passed { value: reading.value.clone(), quality: reading.quality, at_us: reading.at_us });
    }
    changed
}

#[cfg(test)]
mod tests;
