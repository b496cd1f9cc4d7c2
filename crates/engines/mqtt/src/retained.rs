//! Retained messages: for Sparkplug's STATE and births alone, within a byte budget.

use std::collections::BTreeMap;

use crate::filter;
use crate::session::Message;

/// What is kept, by topic.
#[derive(Debug)]
pub struct Retained {
    /// By owner (empty: everybody's) and topic.
    by_topic: BTreeMap<(String, String), Message>,
    bytes: usize,
    bytes_max: usize,
}

/// Why a message is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// Neither STATE nor a birth.
    #[error("only Sparkplug STATE and births are kept for later subscribers")]
    NotSparkplug,
    /// As much is kept as may.
    #[error("as many bytes are kept as may")]
    Budget,
}

/// Whether a message to this topic may be kept: `spBv1.0/STATE/{host}`, a birth, or a birth's certificate.
pub fn may_retain(topic: &str) -> bool {
    let topic = topic.strip_prefix("$sparkplug/certificates/").unwrap_or(topic);
    let mut levels = topic.split('/');
    if levels.next() != Some("spBv1.0") {
        return false;
    }
    match (levels.next(), levels.next(), levels.next()) {
        (Some("STATE"), Some(host), None) => !host.is_empty(),
        (Some(group), Some("NBIRTH" | "DBIRTH"), Some(node)) => !group.is_empty() && !node.is_empty(),
        _ => false,
    }
}

impl Retained {
    /// Nothing yet, at most `bytes_max` later.
    pub fn new(bytes_max: usize) -> Retained {
        Retained { by_topic: BTreeMap::new(), bytes: 0, bytes_max }
    }

    /// Keeps it in place of what was there; an empty payload removes [MQTT-3.3.1-6]. `owner`: the device whose births they
    /// are, to which alone they are shown; `None` for STATE, which is everybody's.
    pub fn keep(&mut self, owner: Option<&str>, message: Message) -> Result<(), NotKept> {
        if !may_retain(&message.topic) {
            return Err(NotKept::NotSparkplug);
        }
        let cost = |m: &Message| m.topic.len() + m.payload.len();
        let key = (owner.unwrap_or_default().to_owned(), message.topic.to_string());
        if let Some(old) = self.by_topic.remove(&key) {
            self.bytes -= cost(&old);
        }
        if message.payload.is_empty() {
            return Ok(());
        }
        if self.bytes + cost(&message) > self.bytes_max {
            return Err(NotKept::Budget);
        }
        self.bytes += cost(&message);
        self.by_topic.insert(key, message);
        Ok(())
    }

    /// What a new subscription of this device is to be sent.
    pub fn matching<'a>(&'a self, device: &'a str, filter: &'a str) -> impl Iterator<Item = &'a Message> {
        let seen = self.by_topic.iter().filter(move |((owner, _), _)| owner.is_empty() || owner == device);
        seen.map(|(_, m)| m).filter(move |m| filter::matches(filter, &m.topic))
    }
}
