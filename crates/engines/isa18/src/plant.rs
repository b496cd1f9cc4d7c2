//! All rules on all devices: readings and the passing of time in, signals out.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use kernel::{Quality, Value};
use serde::{Deserialize, Serialize};

use crate::condition::{ANY, Compiled, Memory, Unused};
use crate::rule::{Priority, Rule, Watch};
use crate::{Cause, ExpressionError};

/// What the process or the design says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignalKind {
    /// Into alarm.
    Occurs,
    /// Back.
    Returns,
    /// More urgent.
    Rises,
    /// Less urgent.
    Falls,
    /// Means nothing now.
    Suppress,
    /// Means something again.
    Unsuppress,
}

impl SignalKind {
    /// What it does to an alarm.
    pub fn cause(self) -> Cause {
        match self {
            SignalKind::Occurs => Cause::Occurs,
            SignalKind::Returns => Cause::Returns,
            SignalKind::Rises => Cause::Rises,
            SignalKind::Falls => Cause::Falls,
            SignalKind::Suppress => Cause::Suppress,
            SignalKind::Unsuppress => Cause::Unsuppress,
        }
    }
}

/// A published rule.
#[derive(Clone, Debug)]
pub struct RuleOn {
    /// The rule's id.
    pub id: Arc<str>,
    /// Its version.
    pub version: i64,
    /// The rule.
    pub rule: Arc<Rule>,
}

/// What the records say of an alarm, for going on after a restart.
#[derive(Clone, Debug, PartialEq)]
pub struct Restored {
    /// The rule's id.
    pub rule_id: String,
    /// The device's id.
    pub device_id: String,
    /// The version that the memory is of.
    pub version: i64,
    /// In alarm?
    pub active: bool,
    /// Suppressed by design?
    pub suppressed: bool,
    /// How urgent.
    pub priority: Priority,
    /// Since when.
    pub occurred_us: Option<i64>,
    /// What the evaluation remembered.
    pub memory: Option<Memory>,
}

/// One change of one rule on one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// The rule.
    pub rule_id: Arc<str>,
    /// Its version.
    pub version: i64,
    /// The device.
    pub device_id: Arc<str>,
    /// What.
    pub kind: SignalKind,
    /// When, microseconds since 1970 UTC.
    pub at_us: i64,
    /// How urgent now.
    pub priority: Priority,
    /// Property and value, where one says it.
    pub value: Option<(String, Value)>,
    /// What is remembered, to go on after a restart.
    pub memory: Memory,
}

/// A reading as it comes in: the series from [`Plant::series`], when it was taken, what, how good.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// From [`Plant::series`].
    pub series: u32,
    /// When it was taken, microseconds since 1970 UTC.
    pub at_us: i64,
    /// What.
    pub value: Value,
    /// How good.
    pub quality: Quality,
}

/// What was done with readings, since the plant was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Tests of a rule by a reading.
    pub taken: u64,
    /// Too old on arrival (AL-5).
    pub late: u64,
    /// Older than the one before (AL-5).
    pub out_of_order: u64,
    /// Of bad quality, not finite, or of a type that the test cannot read (AL-4).
    pub unusable: u64,
}

struct Loaded {
    on: RuleOn,
    compiled: Compiled,
    /// Rules that are suppressed while this one is in alarm.
    dependents: Vec<usize>,
}

struct Instance {
    rule: usize,
    device: Arc<str>,
    memory: Memory,
    /// The last value said that the alarm was on when this began with an empty memory: delays have passed already.
    skip_delay: bool,
    suppressed_by_rule: bool,
    /// What the records believe.
    told_active: bool,
    told_suppressed: bool,
    told_priority: Priority,
    /// The earliest entry in the heap.
    queued_us: Option<i64>,
}

/// Rules on devices.
pub struct Plant {
    rules: Vec<Loaded>,
    instances: Vec<Instance>,
    by_key: HashMap<(usize, Arc<str>), usize>,
    series: HashMap<Arc<str>, HashMap<Arc<str>, u32>>,
    /// By series: who listens, at which slot.
    listeners: Vec<Vec<(usize, u16)>>,
    /// By series: whose it is.
    device_of: Vec<Arc<str>>,
    /// By device: who hears everything.
    hear_all: HashMap<Arc<str>, Vec<usize>>,
    due: BinaryHeap<Reverse<(i64, usize)>>,
    now_us: i64,
    /// While loading nothing is told; [`Plant::reconcile`] ends that.
    loading: bool,
    counts: Counts,
}

impl Plant {
    /// Rules on devices (id, product), going on from what the records say. Nothing is told before
    /// [`Plant::reconcile`]; feed the last values before it.
    ///
    /// Fails on an expression that does not compile, with the rule's id (AL-6).
    pub fn new(
        rules: Vec<RuleOn>,
        devices: &[(Arc<str>, Arc<str>)],
        restored: Vec<Restored>,
        now_us: i64,
    ) -> Result<Plant, (Arc<str>, ExpressionError)> {
        let mut plant = Plant {
            rules: Vec::with_capacity(rules.len()),
            instances: Vec::new(),
            by_key: HashMap::new(),
            series: HashMap::new(),
            listeners: Vec::new(),
            device_of: Vec::new(),
            hear_all: HashMap::new(),
            due: BinaryHeap::new(),
            now_us,
            loading: true,
            counts: Counts::default(),
        };
        for on in rules {
            let compiled = Compiled::new(&on.rule).map_err(|e| (on.id.clone(), e))?;
            plant.rules.push(Loaded { on, compiled, dependents: Vec::new() });
        }
        for i in 0..plant.rules.len() {
            let Some(by) = plant.rules[i].compiled.suppressed_by.clone() else { continue };
            if let Some(of) = plant.rules.iter().position(|r| *r.on.id == *by) {
                plant.rules[of].dependents.push(i);
            }
        }
        let mut known: HashMap<(String, String), Restored> =
            restored.into_iter().map(|r| ((r.rule_id.clone(), r.device_id.clone()), r)).collect();
        for rule in 0..plant.rules.len() {
            for (device, product) in devices {
                let watches = match &plant.rules[rule].on.rule.watch {
                    Watch::Device(id) => **id == **device,
                    Watch::Product(id) => **id == **product,
                };
                if watches {
                    let key = (plant.rules[rule].on.id.to_string(), device.to_string());
                    plant.bind(rule, device, known.remove(&key));
                }
            }
        }
        Ok(plant)
    }

    fn bind(&mut self, rule: usize, device: &Arc<str>, restored: Option<Restored>) {
        let loaded = &self.rules[rule];
        let mut memory = loaded.compiled.fresh(self.now_us);
        let mut skip_delay = false;
        if let Some(r) = &restored {
            match &r.memory {
                Some(m) if r.version == loaded.on.version && loaded.compiled.fits(m) => memory = m.clone(),
                _ => skip_delay = r.active,
            }
            memory.active_since_us = r.occurred_us.filter(|_| r.active);
        }
        let at = self.instances.len();
        self.by_key.insert((rule, device.clone()), at);
        if loaded.compiled.hears_all {
            self.hear_all.entry(device.clone()).or_default().push(at);
        }
        for (slot, property) in (0_u16..).zip(loaded.compiled.properties.clone()) {
            let series = self.intern(device, &property);
            self.listeners[series as usize].push((at, slot));
        }
        self.instances.push(Instance {
            rule,
            device: device.clone(),
            memory,
            skip_delay,
            suppressed_by_rule: restored.as_ref().is_some_and(|r| r.suppressed),
            told_active: restored.as_ref().is_some_and(|r| r.active),
            told_suppressed: restored.as_ref().is_some_and(|r| r.suppressed),
            told_priority: restored.as_ref().map_or(self.rules[rule].on.rule.priority, |r| r.priority),
            queued_us: None,
        });
        self.queue(at);
    }

    fn intern(&mut self, device: &Arc<str>, property: &str) -> u32 {
        let of_device = self.series.entry(device.clone()).or_default();
        if let Some(known) = of_device.get(property) {
            return *known;
        }
        let new = u32::try_from(self.listeners.len()).expect("fewer than four thousand million series");
        of_device.insert(property.into(), new);
        self.listeners.push(Vec::new());
        self.device_of.push(device.clone());
        new
    }

    /// The series of a device's property; none where nobody listens.
    pub fn series(&mut self, device: &str, property: &str) -> Option<u32> {
        if let Some(known) = self.series.get(device).and_then(|d| d.get(property)) {
            return Some(*known);
        }
        let (device, _) = self.hear_all.get_key_value(device)?;
        let device = device.clone();
        Some(self.intern(&device, property))
    }

    /// Every property that a rule reads by name: device, property, series. For reading last values.
    pub fn watched(&self) -> Vec<(Arc<str>, Arc<str>, u32)> {
        let mut all: Vec<_> = self
            .series
            .iter()
            .flat_map(|(device, properties)| {
                properties.iter().map(|(property, series)| (device.clone(), property.clone(), *series))
            })
            .collect();
        all.sort_by_key(|(_, _, series)| *series);
        all
    }

    /// What was done with readings.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How many alarms are watched: rules times their devices.
    pub fn len(&self) -> usize {
        self.instances.len()
    }

    /// None?
    pub fn is_empty(&self) -> bool {
        self.instances.is_empty()
    }

    /// When the passing of time next changes something.
    pub fn due_us(&self) -> Option<i64> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// What must be kept of one alarm to go on after a stop (AL-2).
    pub fn remember(&self, rule_id: &str, device_id: &str) -> Option<Restored> {
        self.remember_all().find(|r| r.rule_id == rule_id && r.device_id == device_id)
    }

    /// The same of all of them.
    pub fn remember_all(&self) -> impl Iterator<Item = Restored> + '_ {
        self.instances.iter().map(|i| Restored {
            rule_id: self.rules[i.rule].on.id.to_string(),
            device_id: i.device.to_string(),
            version: self.rules[i.rule].on.version,
            active: i.told_active,
            suppressed: i.told_suppressed,
            priority: i.told_priority,
            occurred_us: i.memory.active_since_us,
            memory: Some(i.memory.clone()),
        })
    }

    /// Takes a reading that arrived at `now_us`; before [`Plant::reconcile`], a last value however old. What became due before it is told first.
    pub fn take(&mut self, now_us: i64, moment: &Moment, out: &mut Vec<Signal>) {
        self.now_us = self.now_us.max(now_us);
        // A clock that is ahead is taken at arrival: else one reading from 2099 would make all others late for good.
        let at_us = moment.at_us.min(self.now_us);
        let Some(listeners) = self.listeners.get_mut(moment.series as usize) else { return };
        let listeners = std::mem::take(listeners);
        for (at, slot) in &listeners {
            self.take_at(*at, *slot, (at_us, &moment.value, moment.quality), out);
        }
        self.listeners[moment.series as usize] = listeners;
        if !self.hear_all.is_empty() {
            self.heard(moment, at_us, out);
        }
    }

    /// Tells those who wait for anything from the device, beyond those who listen to this property.
    fn heard(&mut self, moment: &Moment, at_us: i64, out: &mut Vec<Signal>) {
        let Some(all) = self.hear_all.get(&self.device_of[moment.series as usize]) else { return };
        for at in all.clone() {
            if !self.listeners[moment.series as usize].iter().any(|(l, _)| *l == at) {
                self.take_at(at, ANY, (at_us, &moment.value, moment.quality), out);
            }
        }
    }

    fn take_at(&mut self, at: usize, slot: u16, reading: (i64, &Value, Quality), out: &mut Vec<Signal>) {
        self.catch_up(at, reading.0.max(self.instances[at].memory.at_us), out);
        let i = &mut self.instances[at];
        let compiled = &self.rules[i.rule].compiled;
        let (now_us, skip, recall) = (self.now_us, i.skip_delay, self.loading);
        self.counts.taken += 1;
        match compiled.take(&mut i.memory, slot, now_us, reading, skip, recall) {
            Ok(()) => {}
            Err(Unused::Late) => self.counts.late += 1,
            Err(Unused::OutOfOrder) => self.counts.out_of_order += 1,
            Err(Unused::Unusable) => self.counts.unusable += 1,
        }
        self.tell(at, out);
        self.queue(at);
    }

    /// Lets what is due up to `t` happen, each at its own time.
    fn catch_up(&mut self, at: usize, t: i64, out: &mut Vec<Signal>) {
        // Each round settles at least one of a rule's few delays; the bound is a belt beside braces.
        for _ in 0..64 {
            let i = &mut self.instances[at];
            let compiled = &self.rules[i.rule].compiled;
            let Some(due) = compiled.due_us(&i.memory).filter(|due| *due <= t) else { break };
            compiled.pass(&mut i.memory, due);
            self.tell(at, out);
        }
    }

    /// Lets time come to `now_us`.
    pub fn tick(&mut self, now_us: i64, out: &mut Vec<Signal>) {
        self.now_us = self.now_us.max(now_us);
        while let Some(Reverse((due, at))) = self.due.peek().copied() {
            if due > self.now_us {
                break;
            }
            self.due.pop();
            if self.instances[at].queued_us == Some(due) {
                self.instances[at].queued_us = None;
            }
            self.catch_up(at, self.now_us, out);
            self.queue(at);
        }
    }

    /// Puts the next due time into the heap, unless an earlier entry is there: that one will look again.
    fn queue(&mut self, at: usize) {
        let i = &mut self.instances[at];
        let Some(due) = self.rules[i.rule].compiled.due_us(&i.memory) else { return };
        if i.queued_us.is_none_or(|queued| due < queued) {
            i.queued_us = Some(due);
            self.due.push(Reverse((due, at)));
        }
    }

    /// Tells everything in which the evaluation differs from what the records believe: after loading, and after signals
    /// could not be written.
    pub fn reconcile(&mut self, now_us: i64, out: &mut Vec<Signal>) {
        self.now_us = self.now_us.max(now_us);
        self.loading = false;
        for at in 0..self.instances.len() {
            self.instances[at].skip_delay = false;
            // Which rules suppress was restored as a belief; now it is known.
            let rule = self.instances[at].rule;
            let by = self.rules[rule].compiled.suppressed_by.clone();
            self.instances[at].suppressed_by_rule = by.is_some_and(|by| {
                let of = self.rules.iter().position(|r| *r.on.id == *by);
                let key = of.map(|of| (of, self.instances[at].device.clone()));
                let other = key.and_then(|key| self.by_key.get(&key));
                other.is_some_and(|o| self.rules[self.instances[*o].rule].compiled.active(&self.instances[*o].memory))
            });
        }
        for at in 0..self.instances.len() {
            self.tell(at, out);
            self.queue(at);
        }
    }

    /// Says what differs between the evaluation and what was told (AL-7).
    fn tell(&mut self, at: usize, out: &mut Vec<Signal>) {
        let i = &mut self.instances[at];
        let loaded = &self.rules[i.rule];
        let (active, t) = (loaded.compiled.active(&i.memory), i.memory.at_us);
        if active && i.memory.active_since_us.is_none() {
            i.memory.active_since_us = Some(t);
        }
        if self.loading {
            return;
        }
        if !active {
            i.memory.active_since_us = None;
        }
        let suppressed = i.suppressed_by_rule || loaded.compiled.suppressed(&i.memory);
        let priority = if active { loaded.compiled.priority(&i.memory, t) } else { i.told_priority };
        let mut kinds = [None; 3];
        // What is suppressed is so before it occurs, and ceases to be so after it has returned: an operator sees neither.
        kinds[0] = (suppressed && !i.told_suppressed).then_some(SignalKind::Suppress);
        kinds[1] = match (i.told_active, active) {
            (false, true) => Some(SignalKind::Occurs),
            (true, false) => Some(SignalKind::Returns),
            (true, true) if priority > i.told_priority => Some(SignalKind::Rises),
            (true, true) if priority < i.told_priority => Some(SignalKind::Falls),
            _ => None,
        };
        kinds[2] = (!suppressed && i.told_suppressed).then_some(SignalKind::Unsuppress);
        if kinds.iter().all(Option::is_none) {
            return;
        }
        (i.told_active, i.told_suppressed, i.told_priority) = (active, suppressed, priority);
        for kind in kinds.into_iter().flatten() {
            out.push(Signal {
                rule_id: loaded.on.id.clone(),
                version: loaded.on.version,
                device_id: i.device.clone(),
                kind,
                at_us: t,
                priority,
                value: loaded.compiled.told(&i.memory),
                memory: i.memory.clone(),
            });
        }
        let (rule, device, changed) =
            (i.rule, i.device.clone(), matches!(kinds[1], Some(SignalKind::Occurs | SignalKind::Returns)));
        if changed {
            self.tell_dependents(rule, &device, active, t, out);
        }
    }

    fn tell_dependents(&mut self, rule: usize, device: &Arc<str>, active: bool, t: i64, out: &mut Vec<Signal>) {
        for dependent in self.rules[rule].dependents.clone() {
            let Some(at) = self.by_key.get(&(dependent, device.clone())).copied() else { continue };
            self.instances[at].suppressed_by_rule = active;
            let m = &mut self.instances[at].memory;
            m.at_us = m.at_us.max(t);
            self.tell(at, out);
        }
    }
}
