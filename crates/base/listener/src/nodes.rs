//! Sparkplug B: the edge nodes' births, deaths and sequences as host, their readings into the batch.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use lake::{BatchPoint, SeriesId};
use mqtt::Message;
use things::sparkplug::{self, Became, EdgeNode, MessageKind, Step, Topic};
use things::{DeviceEntry, Facts, Quality, Reason, Refused, Which};

use crate::intake::Gathered;
use crate::registry::locked;
use crate::server::Shared;
use crate::topics::{Outcome, down};

/// What is known of each node, by its device's id and group.
#[derive(Default)]
pub(crate) struct Nodes(Mutex<HashMap<NodeKey, Arc<Mutex<EdgeNode>>>>);

type NodeKey = (Arc<str>, String);

/// Groups that one device may speak in.
const GROUPS_MAX: usize = 8;

impl Nodes {
    fn of(&self, device: &DeviceEntry, group: &str) -> Result<Arc<Mutex<EdgeNode>>, Refused> {
        let mut nodes = locked(&self.0);
        let key = (device.id.clone(), group.to_owned());
        if let Some(node) = nodes.get(&key) {
            return Ok(node.clone());
        }
        if nodes.keys().filter(|(id, _)| *id == device.id).count() >= GROUPS_MAX {
            return Err(Refused::new(Reason::OverQuota, format!("> {GROUPS_MAX} groups")));
        }
        Ok(nodes.entry(key).or_default().clone())
    }
}

fn refuse(child: Option<&DeviceEntry>, refused: Refused, now_us: i64) -> Outcome {
    if let Some(child) = child {
        child.counters.count_refusal(&refused, now_us);
    }
    Outcome::Refused(refused)
}

impl Shared {
    /// A Sparkplug message of the node that `device` is.
    pub(crate) fn sparkplug(
        &self,
        device: &Arc<DeviceEntry>,
        name: &str,
        topic: Topic<'_>,
        payload: &[u8],
        may_wait: bool,
        gathered: &mut Gathered,
    ) -> Outcome {
        let child = match topic.device.map(|d| (d, self.directory.child(&device.id, d))) {
            None => None,
            Some((_, Some(child))) => Some(child),
            Some((d, None)) if may_wait && topic.kind == MessageKind::DeviceBirth => {
                return Outcome::Wait(self.register(device, vec![(d.to_owned(), None)]));
            }
            Some((d, None)) => return Outcome::Refused(Refused::new(Reason::UnknownDevice, d)),
        };
        if let Some(child) = &child {
            child.counters.count_received(gathered.now_us);
        }
        let taken = self.follow(device, topic, payload, gathered.now_us);
        let step = match taken {
            Ok(step) => step,
            Err(refused) => return refuse(child.as_deref(), refused, gathered.now_us),
        };
        if step.rebirth {
            self.ask_rebirth(device, topic);
        }
        if matches!(topic.kind, MessageKind::NodeBirth | MessageKind::DeviceBirth) {
            // Kept as certificates, as a Sparkplug-aware server does: who subscribes later finds the births.
            let topic = format!("$sparkplug/certificates/{name}");
            let (topic, payload) = (topic.as_str().into(), payload.into());
            let message = Message { topic, payload, qos: 0, retain: true, repeats: false, expires_at_ms: None };
            self.registry.keep(Some(&device.id), message);
        }
        if matches!(step.became, Some(Became::Offline | Became::DeviceOffline)) {
            self.stale(device, &step, gathered);
        }
        let source = child.as_ref().unwrap_or(device);
        let mut readings = Vec::new();
        let limits = &self.options.times;
        let facts = source.facts().clone();
        let read = sparkplug::readings(&step.metrics, &facts.model, gathered.now_us, limits, &mut readings);
        let read = read.and_then(|()| gathered.readings(&self.lake, source, &facts, readings));
        let points = match read {
            Err(refused) => return refuse(child.as_deref(), refused, gathered.now_us),
            Ok(points) => points,
        };
        if gathered.is_empty() {
            // Nothing to store: a death of a node that was not known, a birth of control metrics alone.
            if let Some(child) = &child {
                child.counters.count_stored(0);
            }
            return Outcome::Done;
        }
        gathered.count(source, 1, points);
        if child.is_some() {
            gathered.count(device, 1, 0);
        }
        Outcome::Gathered
    }

    /// Follows births, deaths and numbers of the node. SB-1: what was said before a birth cannot be read; one is asked for.
    fn follow(&self, device: &DeviceEntry, topic: Topic<'_>, payload: &[u8], now_us: i64) -> Result<Step, Refused> {
        let node = self.nodes.of(device, topic.group)?;
        let mut node = locked(&node);
        let step = node.take(topic.kind, topic.device, payload, now_us);
        let unread = matches!(&step, Err(r) if matches!(r.reason, Reason::NotBorn | Reason::UnknownAlias));
        if unread && node.want_rebirth(now_us) {
            self.ask_rebirth(device, topic);
        }
        step
    }

    fn ask_rebirth(&self, device: &DeviceEntry, topic: Topic<'_>) {
        let command = Topic { kind: MessageKind::NodeCommand, device: None, ..topic }.write();
        let payload = sparkplug::rebirth_command(u64::try_from(self.now_us() / 1000).unwrap_or(0));
        // tck-id-payloads-ncmd-qos, tck-id-payloads-ncmd-retain
        let message = Message { qos: 0, ..down(&command, payload, true) };
        self.registry.offer(&device.id, &message, self.options.session_bytes_max, false);
    }

    /// After a death the last values stand no more: they are written once again, as bad, at the time of the death.
    fn stale(&self, node: &Arc<DeviceEntry>, step: &Step, gathered: &mut Gathered) {
        for (device, name) in &step.stale {
            let source = match device {
                None => Some(node.clone()),
                Some(device) => self.directory.child(&node.id, device),
            };
            let Some(source) = source else { continue };
            let facts: Arc<Facts> = source.facts().clone();
            let which = match facts.model.index(name) {
                Some(index) => Which::Declared(index),
                None if facts.model.keeps_undeclared() => Which::Other(Box::from(&**name)),
                None => continue,
            };
            let Ok(series) = facts.series(&which, |name| self.lake.series(&source.id, name).0) else { continue };
            if let Some(last) = self.lake.last(SeriesId(series)) {
                let (series, at_us) = (SeriesId(series), gathered.now_us);
                gathered.push(BatchPoint { series, at_us, value: last.value, quality: Quality::Bad });
            }
        }
    }
}
