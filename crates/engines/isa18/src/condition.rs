//! The conditions of one rule on one device: what is remembered between readings, and how a reading or the passing of
//! time changes it. Nothing here grows with history.

use kernel::{Quality, Value};
use serde::{Deserialize, Serialize};

use crate::SECOND_US;
use crate::expression::{Expression, Scope};
use crate::rule::{Condition, Priority, Rule, Side, StepWhen, Suppression, Test};

/// Slot of "any property of the device".
pub(crate) const ANY: u16 = u16::MAX;

/// What is remembered of one test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeafMemory {
    /// Beyond its limit, before delays.
    raw: bool,
    /// Counts, after delays.
    on: bool,
    /// Has been tested at all.
    known: bool,
    /// Since when `raw` differs from `on`.
    since_us: Option<i64>,
    /// For a rate: the reading that is measured from, and the one that will be next.
    from: Option<(i64, f64)>,
    next: Option<(i64, f64)>,
}

/// What is remembered of one property.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SlotMemory {
    /// When the last reading was taken.
    pub at_us: Option<i64>,
    /// When it was heard, for no-data.
    pub heard_us: Option<i64>,
    /// The last good one.
    pub value: Option<Value>,
}

/// What is remembered of one rule on one device; kept with the alarm, so that a restart goes on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    pub(crate) leaves: Vec<LeafMemory>,
    pub(crate) slots: Vec<SlotMemory>,
    /// Value steps, with their dead-band.
    pub(crate) steps: Vec<bool>,
    /// Anything heard of the device.
    pub(crate) heard_us: Option<i64>,
    /// Watching since; no-data counts from here.
    pub(crate) born_us: i64,
    /// Latest time that was dealt with.
    pub(crate) at_us: i64,
    /// In alarm since.
    pub(crate) active_since_us: Option<i64>,
}

impl Scope for Memory {
    fn value(&self, slot: u16) -> Option<&Value> {
        self.slots.get(slot as usize)?.value.as_ref()
    }
}

#[derive(Clone, Debug)]
enum Tree {
    Leaf(usize),
    All(Vec<Tree>),
    Any(Vec<Tree>),
}

#[derive(Clone, Debug)]
enum Tester {
    /// Beyond, and come back by the dead-band.
    Limit {
        side: Side,
        limit: f64,
        dead_band: f64,
    },
    Band {
        low: f64,
        high: f64,
        inside: bool,
        dead_band: f64,
    },
    Rate {
        side: Side,
        limit: f64,
        per_s: f64,
        over_us: i64,
        dead_band: f64,
    },
    NoData {
        for_us: i64,
    },
    Flag {
        is: bool,
    },
    BadQuality,
    Cel(Expression),
}

#[derive(Clone, Debug)]
struct CompiledLeaf {
    tester: Tester,
    /// The property that it reads; [`ANY`] for the device, none for an expression.
    slot: Option<u16>,
    on_delay_us: i64,
    off_delay_us: i64,
}

#[derive(Clone, Debug)]
enum CompiledStep {
    Value { slot: u16, side: Side, limit: f64, dead_band: f64, priority: Priority },
    After { us: i64, priority: Priority },
}

/// A rule made ready.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    /// Properties by slot.
    pub properties: Vec<String>,
    /// Hears every property of the device.
    pub hears_all: bool,
    leaves: Vec<CompiledLeaf>,
    alarm: Tree,
    suppress: Option<Tree>,
    /// Suppressed while this rule is in alarm on the same device.
    pub suppressed_by: Option<String>,
    priority: Priority,
    steps: Vec<CompiledStep>,
    late_after_us: i64,
    /// The property whose value is told with an alarm.
    told: Option<u16>,
}

/// Why a reading changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unused {
    Late,
    OutOfOrder,
    Unusable,
}

fn beyond(was: bool, side: Side, limit: f64, dead_band: f64, x: f64) -> bool {
    match (side, was) {
        (Side::Below, false) => x < limit,
        (Side::Below, true) => x < limit + dead_band,
        (_, false) => x > limit,
        (_, true) => x > limit - dead_band,
    }
}

fn band(was: bool, low: f64, high: f64, inside: bool, dead_band: f64, x: f64) -> bool {
    match (inside, was) {
        (false, false) => x < low || x > high,
        (false, true) => x < low + dead_band || x > high - dead_band,
        (true, false) => x >= low && x <= high,
        (true, true) => x >= low - dead_band && x <= high + dead_band,
    }
}

impl Compiled {
    /// Makes a rule ready. Its defects must have been looked for: what cannot be read is left out here.
    pub fn new(rule: &Rule) -> Result<Compiled, crate::ExpressionError> {
        let mut made = Compiled {
            properties: Vec::new(),
            hears_all: false,
            leaves: Vec::new(),
            alarm: Tree::Any(Vec::new()),
            suppress: None,
            suppressed_by: None,
            priority: rule.priority,
            steps: Vec::new(),
            late_after_us: rule.late_after_s.saturating_mul(SECOND_US),
            told: None,
        };
        made.alarm = made.tree(&rule.condition)?;
        made.told = (!made.properties.is_empty()).then_some(0);
        match &rule.suppression {
            Some(Suppression::Rule(id)) => made.suppressed_by = Some(id.clone()),
            Some(Suppression::State(c)) => made.suppress = Some(made.tree(c)?),
            None => {}
        }
        for step in &rule.steps {
            let priority = step.priority;
            let step = match &step.when {
                StepWhen::Value { property, side, limit, dead_band } => {
                    let slot = made.slot(property);
                    CompiledStep::Value { slot, side: *side, limit: *limit, dead_band: *dead_band, priority }
                }
                StepWhen::After { s } => CompiledStep::After { us: s.saturating_mul(SECOND_US), priority },
            };
            made.steps.push(step);
        }
        Ok(made)
    }

    fn slot(&mut self, property: &str) -> u16 {
        let known = self.properties.iter().position(|p| p == property);
        let at = known.unwrap_or_else(|| {
            self.properties.push(property.to_owned());
            self.properties.len() - 1
        });
        u16::try_from(at).expect("a rule reads a few properties: its tests are limited")
    }

    fn tree(&mut self, condition: &Condition) -> Result<Tree, crate::ExpressionError> {
        Ok(match condition {
            Condition::All(c) => Tree::All(c.iter().map(|c| self.tree(c)).collect::<Result<_, _>>()?),
            Condition::Any(c) => Tree::Any(c.iter().map(|c| self.tree(c)).collect::<Result<_, _>>()?),
            Condition::Leaf(leaf) => {
                let slot = leaf.test.property().map(|p| self.slot(p));
                let (tester, slot) = match &leaf.test {
                    Test::Threshold { side, limit, dead_band, .. } => {
                        (Tester::Limit { side: *side, limit: *limit, dead_band: *dead_band }, slot)
                    }
                    Test::Band { low, high, inside, dead_band, .. } => {
                        (Tester::Band { low: *low, high: *high, inside: *inside, dead_band: *dead_band }, slot)
                    }
                    Test::Rate { side, limit, per_s, over_s, dead_band, .. } => {
                        let (per_s, over_us) = (*per_s as f64, over_s.saturating_mul(SECOND_US).max(1));
                        (Tester::Rate { side: *side, limit: *limit, per_s, over_us, dead_band: *dead_band }, slot)
                    }
                    Test::NoData { for_s, .. } => {
                        self.hears_all |= slot.is_none();
                        (Tester::NoData { for_us: for_s.saturating_mul(SECOND_US) }, slot.or(Some(ANY)))
                    }
                    Test::Flag { is, .. } => (Tester::Flag { is: *is }, slot),
                    Test::BadQuality { .. } => (Tester::BadQuality, slot),
                    Test::Expression { cel } => {
                        (Tester::Cel(Expression::compile(cel, &mut |name| Some(self.slot(name)))?), None)
                    }
                };
                let delay = |s: i64| s.saturating_mul(SECOND_US).max(0);
                let (on_delay_us, off_delay_us) = (delay(leaf.on_delay_s), delay(leaf.off_delay_s));
                self.leaves.push(CompiledLeaf { tester, slot, on_delay_us, off_delay_us });
                Tree::Leaf(self.leaves.len() - 1)
            }
        })
    }

    /// Nothing heard yet.
    pub fn fresh(&self, now_us: i64) -> Memory {
        Memory {
            leaves: vec![LeafMemory::default(); self.leaves.len()],
            slots: vec![SlotMemory::default(); self.properties.len()],
            steps: vec![false; self.steps.len()],
            heard_us: None,
            born_us: now_us,
            at_us: now_us,
            active_since_us: None,
        }
    }

    /// Is a memory one of this rule?
    pub fn fits(&self, m: &Memory) -> bool {
        m.leaves.len() == self.leaves.len()
            && m.slots.len() == self.properties.len()
            && m.steps.len() == self.steps.len()
    }

    fn holds(&self, tree: &Tree, m: &Memory) -> bool {
        match tree {
            Tree::Leaf(i) => m.leaves[*i].on,
            Tree::All(t) => !t.is_empty() && t.iter().all(|t| self.holds(t, m)),
            Tree::Any(t) => t.iter().any(|t| self.holds(t, m)),
        }
    }

    /// In alarm?
    pub fn active(&self, m: &Memory) -> bool {
        self.holds(&self.alarm, m)
    }

    /// Suppressed by the device's own state?
    pub fn suppressed(&self, m: &Memory) -> bool {
        self.suppress.as_ref().is_some_and(|t| self.holds(t, m))
    }

    /// How urgent at `at_us`, while in alarm.
    pub fn priority(&self, m: &Memory, at_us: i64) -> Priority {
        let mut priority = self.priority;
        for (step, on) in self.steps.iter().zip(&m.steps) {
            match step {
                CompiledStep::Value { priority: p, .. } if *on => priority = *p,
                CompiledStep::After { us, priority: p } => {
                    if m.active_since_us.is_some_and(|since| at_us.saturating_sub(since) >= *us) {
                        priority = *p;
                    }
                }
                CompiledStep::Value { .. } => {}
            }
        }
        priority
    }

    /// The value that is told with an alarm.
    pub fn told(&self, m: &Memory) -> Option<(String, Value)> {
        let slot = self.told?;
        Some((self.properties[slot as usize].clone(), m.slots[slot as usize].value.clone()?))
    }

    /// Takes a reading at slot `slot` ([`ANY`]: of a property that no test names). `at_us` is when it was taken, not later
    /// than `now_us`. `skip_delay`: the alarm was on before this memory began, so a delay has passed already. `recall`: it is
    /// the last value, read again while loading, so its age says nothing against it.
    pub fn take(
        &self,
        m: &mut Memory,
        slot: u16,
        now_us: i64,
        reading: (i64, &Value, Quality),
        skip_delay: bool,
        recall: bool,
    ) -> Result<(), Unused> {
        let (at_us, value, quality) = reading;
        if !recall && now_us.saturating_sub(at_us) > self.late_after_us {
            return Err(Unused::Late);
        }
        let t = at_us.max(m.at_us);
        if slot == ANY {
            m.heard_us = Some(t);
            m.at_us = t;
            self.quiet_ends(m, slot, t);
            return Ok(());
        }
        let s = &mut m.slots[slot as usize];
        if s.at_us.is_some_and(|last| at_us < last) {
            return Err(Unused::OutOfOrder);
        }
        // The same reading again, as after a restart, is no sign of life.
        let heard = if recall { at_us } else { t };
        if s.at_us != Some(at_us) {
            s.heard_us = Some(heard);
            m.heard_us = m.heard_us.max(Some(heard));
        }
        let again = s.at_us.replace(at_us) == Some(at_us);
        m.at_us = t;
        if !recall && !again {
            self.quiet_ends(m, slot, t);
        }
        let finite = !matches!(value, Value::Number(x) if !x.is_finite());
        let usable = quality != Quality::Bad && finite;
        for (i, leaf) in self.leaves.iter().enumerate() {
            if matches!(leaf.tester, Tester::BadQuality) && leaf.slot == Some(slot) {
                self.set(m, i, !usable, t, skip_delay);
            }
        }
        if !usable {
            return Err(Unused::Unusable);
        }
        m.slots[slot as usize].value = Some(value.clone());
        let mut used = true;
        for i in 0..self.leaves.len() {
            used &= self.test(m, i, slot, (t, at_us), value, skip_delay);
        }
        self.step_values(m, slot, value);
        if used { Ok(()) } else { Err(Unused::Unusable) }
    }

    /// Something was heard: no-data ends.
    fn quiet_ends(&self, m: &mut Memory, slot: u16, t: i64) {
        for (i, leaf) in self.leaves.iter().enumerate() {
            if matches!(leaf.tester, Tester::NoData { .. }) && (leaf.slot == Some(ANY) || leaf.slot == Some(slot)) {
                self.set(m, i, false, t, false);
            }
        }
    }

    /// Tests one leaf on a good value; false where the value is of another type than the test.
    fn test(&self, m: &mut Memory, i: usize, slot: u16, (t, at_us): (i64, i64), value: &Value, skip: bool) -> bool {
        let leaf = &self.leaves[i];
        if let Tester::Cel(e) = &leaf.tester {
            if let Some(raw) = e.truth(m) {
                self.set(m, i, raw, t, skip);
            }
            return true;
        }
        if leaf.slot != Some(slot) {
            return true;
        }
        let was = m.leaves[i].raw;
        let raw = match (&leaf.tester, value) {
            (Tester::Limit { side, limit, dead_band }, Value::Number(x)) => beyond(was, *side, *limit, *dead_band, *x),
            (Tester::Band { low, high, inside, dead_band }, Value::Number(x)) => {
                band(was, *low, *high, *inside, *dead_band, *x)
            }
            (Tester::Rate { side, limit, per_s, over_us, dead_band }, Value::Number(x)) => {
                let Some(per_us) = rate(&mut m.leaves[i], at_us, *x, *over_us) else { return true };
                let change = per_us * per_s * SECOND_US as f64;
                let change = match side {
                    Side::Above => change,
                    Side::Below => -change,
                    Side::Either => change.abs(),
                };
                beyond(was, Side::Above, *limit, *dead_band, change)
            }
            (Tester::Flag { is }, Value::Flag(b)) => b == is,
            (Tester::NoData { .. } | Tester::BadQuality | Tester::Cel(_), _) => return true,
            _ => return false,
        };
        self.set(m, i, raw, t, skip);
        true
    }

    fn step_values(&self, m: &mut Memory, slot: u16, value: &Value) {
        let Value::Number(x) = value else { return };
        for (i, step) in self.steps.iter().enumerate() {
            if let CompiledStep::Value { slot: s, side, limit, dead_band, .. } = step
                && *s == slot
            {
                m.steps[i] = beyond(m.steps[i], *side, *limit, *dead_band, *x);
            }
        }
    }

    fn set(&self, m: &mut Memory, i: usize, raw: bool, t: i64, skip_delay: bool) {
        let l = &mut m.leaves[i];
        let first = !l.known;
        l.known = true;
        l.raw = raw;
        if raw == l.on {
            l.since_us = None;
            return;
        }
        let since = *l.since_us.get_or_insert(t);
        let delay = if raw { self.leaves[i].on_delay_us } else { self.leaves[i].off_delay_us };
        if delay == 0 || t.saturating_sub(since) >= delay || (first && skip_delay) {
            l.on = raw;
            l.since_us = None;
        }
    }

    /// When the passing of time alone next changes something; none: never.
    pub fn due_us(&self, m: &Memory) -> Option<i64> {
        let mut due: Option<i64> = None;
        let mut sooner = |at: i64| due = Some(due.map_or(at, |d| d.min(at)));
        for (leaf, l) in self.leaves.iter().zip(&m.leaves) {
            if let Some(since) = l.since_us {
                sooner(since.saturating_add(if l.raw { leaf.on_delay_us } else { leaf.off_delay_us }));
            } else if let Tester::NoData { for_us } = leaf.tester
                && !l.raw
            {
                sooner(self.quiet_since(m, leaf).saturating_add(for_us));
            }
        }
        if let Some(since) = m.active_since_us {
            for step in &self.steps {
                if let CompiledStep::After { us, .. } = step {
                    let at = since.saturating_add(*us);
                    if at > m.at_us {
                        sooner(at);
                    }
                }
            }
        }
        due
    }

    fn quiet_since(&self, m: &Memory, leaf: &CompiledLeaf) -> i64 {
        let heard = match leaf.slot {
            Some(ANY) | None => m.heard_us,
            Some(slot) => m.slots[slot as usize].heard_us,
        };
        heard.unwrap_or(m.born_us)
    }

    /// Lets time come to `t`, which is a moment that [`Compiled::due_us`] named.
    pub fn pass(&self, m: &mut Memory, t: i64) {
        m.at_us = m.at_us.max(t);
        for i in 0..self.leaves.len() {
            let leaf = &self.leaves[i];
            if let Tester::NoData { for_us } = leaf.tester
                && !m.leaves[i].raw
                && self.quiet_since(m, leaf).saturating_add(for_us) <= t
            {
                self.set(m, i, true, t, false);
            } else if m.leaves[i].since_us.is_some() {
                let raw = m.leaves[i].raw;
                self.set(m, i, raw, t, false);
            }
        }
    }
}

/// Change a microsecond between readings `over_us` apart or more, by two kept readings: the span measured is between one
/// and two times `over_us` where readings are dense, and that of the last two where they are sparse.
fn rate(l: &mut LeafMemory, at_us: i64, x: f64, over_us: i64) -> Option<f64> {
    let (Some(_), Some(next)) = (l.from, l.next) else {
        (l.from, l.next) = (Some((at_us, x)), Some((at_us, x)));
        return None;
    };
    if at_us - next.0 >= over_us {
        l.from = Some(next);
        l.next = Some((at_us, x));
    }
    let (from_us, from) = l.from?;
    let span = at_us - from_us;
    (span >= over_us).then(|| (x - from) / span as f64)
}
