//! What a host knows of one edge node: born or not, which metrics behind which numbers, and whether a message is missing.
//!
//! SB-1: before a birth nothing of the node is believed. SB-2: a death counts only if its bdSeq is that of the birth. SB-3: after a
//! gap in the sequence, values are uncertain until the next birth, since a birth may be what is missing.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use kernel::{Quality, Value};
use prost::Message as _;

use super::payload::{DataType, Payload, PayloadMetric};
use super::topic::MessageKind;
use crate::decode::short;
use crate::model::name_is_valid;
use crate::{Reason, Refused};

/// Metrics of one node and its devices together; a birth of more is refused.
const METRICS_MAX: usize = 200_000;
/// Devices behind one node.
const DEVICES_MAX: usize = 10_000;

/// A metric of a message, with its name restored.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its full name.
    pub name: Arc<str>,
    /// Device time, where the message has one.
    pub at_us: Option<i64>,
    /// What was read; a stand-in where `null`.
    pub value: Value,
    /// There was no value.
    pub null: bool,
    /// From the `Quality` property and from what is known of the node.
    pub quality: Quality,
}

impl Metric {
    /// The kind of its value, as in a thing model.
    pub(super) fn kind_code(&self) -> &'static str {
        match self.value {
            Value::Number(_) => "number",
            Value::Flag(_) => "flag",
            Value::Text(_) => "text",
        }
    }
}

/// What a message changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// The node was born.
    Online,
    /// The node died, and with it all its devices.
    Offline,
    /// The device of the topic was born.
    DeviceOnline,
    /// The device of the topic died.
    DeviceOffline,
}

/// What came of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Its metrics.
    pub metrics: Vec<Metric>,
    /// What it changed.
    pub became: Option<Became>,
    /// Ask the node to be born again ([`super::rebirth_command`] on its NCMD topic).
    pub rebirth: bool,
    /// Metrics that went stale with a death: device (`None` for the node's own) and name.
    pub stale: Vec<(Option<Arc<str>>, Arc<str>)>,
    /// Metrics passed over: datasets, templates, bytes.
    pub passed_over: u32,
}

#[derive(Debug)]
struct Known {
    name: Arc<str>,
    datatype: DataType,
}

#[derive(Debug, Default)]
struct Metrics {
    online: bool,
    by_name: HashMap<Arc<str>, DataType, RandomState>,
    by_alias: HashMap<u64, Known, RandomState>,
}

/// One edge node.
#[derive(Debug, Default)]
pub struct EdgeNode {
    own: Metrics,
    devices: HashMap<Arc<str>, Metrics, RandomState>,
    bd_seq: Option<u64>,
    next_seq: u8,
    gap: bool,
    rebirth_asked_us: Option<i64>,
}

/// Rebirths are asked for at most this often, so that a stubborn node is not flooded.
const REBIRTH_EVERY_US: i64 = 5_000_000;

impl EdgeNode {
    /// Nothing known yet.
    pub fn new() -> EdgeNode {
        EdgeNode::default()
    }

    /// Was it born, and not died since?
    pub fn is_online(&self) -> bool {
        self.own.online
    }

    /// The same of a device behind it.
    pub fn is_device_online(&self, device: &str) -> bool {
        self.own.online && self.devices.get(device).is_some_and(|d| d.online)
    }

    /// The type of a metric as its birth declared it: commands need it.
    pub fn datatype(&self, device: Option<&str>, name: &str) -> Option<DataType> {
        let metrics = match device {
            None => Some(&self.own),
            Some(device) => self.devices.get(device),
        };
        metrics?.by_name.get(name).copied()
    }

    /// The connection went without a death: the same as one.
    pub fn lost(&mut self) -> Step {
        self.die()
    }

    /// Asks for a rebirth, unless one was asked for just now.
    pub fn want_rebirth(&mut self, now_us: i64) -> bool {
        let due = self.rebirth_asked_us.is_none_or(|at| now_us.saturating_sub(at) >= REBIRTH_EVERY_US);
        if due {
            self.rebirth_asked_us = Some(now_us);
        }
        due
    }

    /// Takes a message. On a refusal nothing of it is believed; [`EdgeNode::want_rebirth`] says whether to ask for a birth.
    pub fn take(
        &mut self,
        kind: MessageKind,
        device: Option<&str>,
        payload: &[u8],
        now_us: i64,
    ) -> Result<Step, Refused> {
        let payload = Payload::decode(payload).map_err(|e| Refused::new(Reason::NotSparkplug, e.to_string()))?;
        match (kind, device) {
            (MessageKind::NodeBirth, _) => self.node_birth(&payload),
            (MessageKind::NodeDeath, _) => Ok(self.node_death(&payload)),
            (MessageKind::NodeCommand | MessageKind::DeviceCommand, _) => {
                Err(Refused::new(Reason::NotAllowed, "commands come from the host"))
            }
            (MessageKind::NodeData, _) => self.data(None, &payload, now_us),
            (MessageKind::DeviceData, Some(device)) => self.data(Some(device), &payload, now_us),
            (MessageKind::DeviceBirth, Some(device)) => self.device_birth(device, &payload, now_us),
            (MessageKind::DeviceDeath, Some(device)) => self.device_death(device, &payload, now_us),
            (_, None) => Err(Refused::new(Reason::UnknownTopic, "device")),
        }
    }

    /// tck-id-payloads-nbirth-seq, tck-id-payloads-nbirth-bdseq-included-with-proper-type
    fn node_birth(&mut self, payload: &Payload) -> Result<Step, Refused> {
        let (own, mut step) = birth(payload, METRICS_MAX)?;
        // A birth begins everything anew: devices must be born after their node.
        *self = EdgeNode { own, bd_seq: bd_seq(payload), ..EdgeNode::default() };
        self.next_seq = (payload.seq.unwrap_or(0) as u8).wrapping_add(1);
        step.became = Some(Became::Online);
        Ok(step)
    }

    fn node_death(&mut self, payload: &Payload) -> Step {
        let ours = match (bd_seq(payload), self.bd_seq) {
            (Some(theirs), Some(ours)) => theirs == ours,
            // A node that counts nothing is believed.
            _ => true,
        };
        // tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-offline: the will of an earlier session
        // may arrive after the next birth and says nothing about it.
        if ours { self.die() } else { Step::default() }
    }

    fn die(&mut self) -> Step {
        let mut step = Step::default();
        if self.own.online {
            step.stale.extend(self.own.by_name.keys().map(|name| (None, name.clone())));
            for (device, metrics) in self.devices.iter().filter(|(_, m)| m.online) {
                step.stale.extend(metrics.by_name.keys().map(|name| (Some(device.clone()), name.clone())));
            }
            step.became = Some(Became::Offline);
        }
        *self = EdgeNode { rebirth_asked_us: self.rebirth_asked_us, ..EdgeNode::default() };
        step
    }

    fn device_birth(&mut self, device: &str, payload: &Payload, now_us: i64) -> Result<Step, Refused> {
        self.must_be_online()?;
        if !name_is_valid(device) {
            return Err(Refused::new(Reason::UnknownDevice, short(device)));
        }
        if self.devices.len() >= DEVICES_MAX && !self.devices.contains_key(device) {
            return Err(Refused::new(Reason::TooLarge, format!("> {DEVICES_MAX} devices")));
        }
        let taken: usize = self.own.by_name.len()
            + self.devices.iter().filter(|(d, _)| &***d != device).map(|(_, m)| m.by_name.len()).sum::<usize>();
        let (metrics, mut step) = birth(payload, METRICS_MAX.saturating_sub(taken))?;
        self.follow(payload, now_us, &mut step);
        self.devices.insert(device.into(), metrics);
        step.became = Some(Became::DeviceOnline);
        Ok(step)
    }

    fn device_death(&mut self, device: &str, payload: &Payload, now_us: i64) -> Result<Step, Refused> {
        self.must_be_online()?;
        let mut step = Step::default();
        self.follow(payload, now_us, &mut step);
        if let Some((key, metrics)) = self.devices.remove_entry(device) {
            step.stale.extend(metrics.by_name.into_keys().map(|name| (Some(key.clone()), name)));
            step.became = Some(Became::DeviceOffline);
        }
        Ok(step)
    }

    fn data(&mut self, device: Option<&str>, payload: &Payload, now_us: i64) -> Result<Step, Refused> {
        self.must_be_online()?;
        let mut step = Step::default();
        self.follow(payload, now_us, &mut step);
        let metrics = match device {
            None => &self.own,
            Some(device) => match self.devices.get(device) {
                Some(metrics) => metrics,
                None => return Err(Refused::new(Reason::NotBorn, short(device))),
            },
        };
        for metric in &payload.metrics {
            match (read(metric, metrics, payload.timestamp)?, self.gap) {
                (Some(mut metric), true) if metric.quality == Quality::Good => {
                    metric.quality = Quality::Uncertain;
                    step.metrics.push(metric);
                }
                (Some(metric), _) => step.metrics.push(metric),
                (None, _) => step.passed_over += 1,
            }
        }
        Ok(step)
    }

    fn must_be_online(&self) -> Result<(), Refused> {
        if self.own.online { Ok(()) } else { Err(Refused::new(Reason::NotBorn, "")) }
    }

    /// Is this the message that was due? tck-id-operational-behavior-host-reordering-rebirth
    fn follow(&mut self, payload: &Payload, now_us: i64, step: &mut Step) {
        let Some(seq) = payload.seq else { return };
        if seq != u64::from(self.next_seq) {
            self.gap = true;
        }
        self.next_seq = (seq as u8).wrapping_add(1);
        if self.gap {
            step.rebirth = self.want_rebirth(now_us);
        }
    }
}

fn bd_seq(payload: &Payload) -> Option<u64> {
    let metric = payload.metrics.iter().find(|m| m.name.as_deref() == Some("bdSeq"))?;
    metric.long_value.or(metric.int_value.map(u64::from))
}

/// Reads a birth: every metric has a name, most a number, and the values as they are now.
fn birth(payload: &Payload, metrics_max: usize) -> Result<(Metrics, Step), Refused> {
    if payload.metrics.len() > metrics_max {
        return Err(Refused::new(Reason::TooLarge, format!("{} > {metrics_max} metrics", payload.metrics.len())));
    }
    let mut metrics = Metrics { online: true, ..Metrics::default() };
    let mut step = Step::default();
    for metric in &payload.metrics {
        let Some(name) = metric.name.as_deref().filter(|n| name_is_valid(n)) else {
            let name = metric.name.as_deref().unwrap_or("");
            return Err(Refused::new(Reason::NotSparkplug, format!("metric name: {}", short(name))));
        };
        let Some(datatype) = metric.datatype.and_then(DataType::from_code) else {
            step.passed_over += 1;
            continue;
        };
        let name: Arc<str> = name.into();
        metrics.by_name.insert(name.clone(), datatype);
        if let Some(alias) = metric.alias {
            metrics.by_alias.insert(alias, Known { name, datatype });
        }
        step.metrics.extend(read(metric, &metrics, payload.timestamp)?);
    }
    Ok((metrics, step))
}

/// One metric with its name restored; `None` for what is no reading.
fn read(metric: &PayloadMetric, metrics: &Metrics, sent_ms: Option<u64>) -> Result<Option<Metric>, Refused> {
    let (name, datatype) = match (&metric.name, metric.alias) {
        (Some(name), _) => match metrics.by_name.get_key_value(name.as_str()) {
            Some((name, datatype)) => (name.clone(), *datatype),
            None if metric.datatype.is_some_and(|t| DataType::from_code(t).is_none()) => return Ok(None),
            None => return Err(Refused::new(Reason::NotBorn, short(name))),
        },
        (None, Some(alias)) => match metrics.by_alias.get(&alias) {
            Some(known) => (known.name.clone(), known.datatype),
            None => return Err(Refused::new(Reason::UnknownAlias, alias.to_string())),
        },
        (None, None) => return Err(Refused::new(Reason::NotSparkplug, "a metric without name and alias")),
    };
    let at_us = metric.timestamp.or(sent_ms).map(|ms| i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1000));
    let null = metric.is_null == Some(true);
    let value = match metric.value(datatype) {
        Some(value) => value,
        None if null => stand_in(datatype),
        None => return Err(Refused::new(Reason::WrongType, format!("{name}: {datatype:?}"))),
    };
    let quality = match metric.quality_code() {
        None | Some(192) => Quality::Good,
        Some(500) => Quality::Uncertain,
        // The classic OPC codes: 64 … 127 uncertain, 192 … good.
        Some(code) => match code & 0xC0 {
            0xC0 => Quality::Good,
            0x40 => Quality::Uncertain,
            _ => Quality::Bad,
        },
    };
    Ok(Some(Metric { name, at_us, value, null, quality: if null { Quality::Bad } else { quality } }))
}

fn stand_in(datatype: DataType) -> Value {
    match datatype {
        DataType::Boolean => Value::Flag(false),
        DataType::String | DataType::Text | DataType::Uuid => Value::Text(String::new()),
        _ => Value::Number(0.0),
    }
}
