//! What outlives a connection: subscriptions, messages on their way to the client within a byte budget, and the QoS 2
//! identifiers that were acknowledged and not yet released.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::decode::Version;
use crate::filter;
use crate::write::{self, Outgoing};

/// A message for clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where to.
    pub topic: Arc<str>,
    /// What.
    pub payload: Arc<[u8]>,
    /// 0, 1 or 2; a subscription may lower it.
    pub qos: u8,
    /// It was kept, or is to be.
    pub retain: bool,
    /// The topic comes again and again, so that an alias pays.
    pub repeats: bool,
    /// Of no use after this, on the host's monotonic clock; `None` is for ever.
    pub expires_at_ms: Option<u64>,
}

/// A client's interest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// A valid filter.
    pub filter: String,
    /// The most that it wants.
    pub qos: u8,
    /// It does not want what it sent itself.
    pub no_local: bool,
    /// The retain flag is passed on as it was.
    pub retain_as_published: bool,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It waits or is on its way.
    Queued,
    /// No subscription wants it.
    NotSubscribed,
    /// It went nowhere, and why.
    Dropped(Dropped),
}

/// Why a message for a client was dropped; counted by name (MQ-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// The session holds as many bytes as it may.
    Budget,
    /// QoS 0, and the client is not there.
    Offline,
    /// Larger than the client takes [MQTT-3.1.2-25].
    TooLarge,
    /// It expired while it waited [MQTT-3.3.2-5].
    Expired,
}

impl Dropped {
    /// All of them, in the order of the counters.
    pub const ALL: [Dropped; 4] = [Dropped::Budget, Dropped::Offline, Dropped::TooLarge, Dropped::Expired];

    /// A word for counters and logs.
    pub fn name(self) -> &'static str {
        match self {
            Dropped::Budget => "session-budget",
            Dropped::Offline => "offline-qos-0",
            Dropped::TooLarge => "larger-than-client-takes",
            Dropped::Expired => "expired",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not sent on this connection.
    Waits,
    /// Sent; its acknowledgement is awaited.
    Sent,
    /// QoS 2: PUBREC came, PUBREL went out, PUBCOMP is awaited.
    Released,
}

#[derive(Clone, Debug)]
struct Entry {
    message: Message,
    qos: u8,
    retain: bool,
    /// 0 until it was sent for the first time.
    packet_id: u16,
    stage: Stage,
}

impl Entry {
    fn bytes(&self) -> usize {
        ENTRY_BYTES + self.message.topic.len() + self.message.payload.len()
    }
}

/// What an entry costs besides its topic and payload.
const ENTRY_BYTES: usize = 96;

/// What a client's limits let through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) version: Version,
    pub(crate) receive_max: u16,
    pub(crate) packet_bytes_max: u32,
}

/// A client's session.
#[derive(Debug, Default)]
pub struct Session {
    subscriptions: Vec<Subscription>,
    entries: VecDeque<Entry>,
    queued_bytes: usize,
    /// Entries that are sent and not settled.
    in_flight: usize,
    last_packet_id: u16,
    /// Counts changes of the subscriptions.
    revision: u32,
    /// QoS 2 messages of the client that were acknowledged by PUBREC and not released [MQTT-4.3.3-10].
    pub(crate) received: BTreeSet<u16>,
    dropped: [u64; 4],
}

impl Session {
    /// What it is interested in.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// Moves with every change of the subscriptions.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// Whether a subscription wants this topic.
    pub fn wants(&self, topic: &str) -> bool {
        self.interest(topic, false).is_some()
    }

    /// Bytes that wait for the client.
    pub fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// How many messages for the client were dropped for this reason.
    pub fn dropped(&self, why: Dropped) -> u64 {
        self.dropped[why as usize]
    }

    /// Whether anything waits to be sent.
    pub(crate) fn has_waiting(&self) -> bool {
        self.in_flight < self.entries.len()
    }

    /// Adds or replaces; `true` if the filter is new.
    pub(crate) fn subscribe(&mut self, subscription: Subscription) -> bool {
        self.revision = self.revision.wrapping_add(1);
        match self.subscriptions.iter_mut().find(|s| s.filter == subscription.filter) {
            Some(there) => {
                *there = subscription; // [MQTT-3.8.4-3]
                false
            }
            None => {
                self.subscriptions.push(subscription);
                true
            }
        }
    }

    pub(crate) fn unsubscribe(&mut self, filter: &str) -> bool {
        self.revision = self.revision.wrapping_add(1);
        let before = self.subscriptions.len();
        self.subscriptions.retain(|s| s.filter != filter);
        self.subscriptions.len() < before
    }

    /// The highest QoS among the subscriptions that want it [MQTT-3.3.5-1], and whether one keeps the retain flag.
    fn interest(&self, topic: &str, is_own: bool) -> Option<(u8, bool)> {
        let wants = |s: &&Subscription| !(is_own && s.no_local) && filter::matches(&s.filter, topic);
        let each = self.subscriptions.iter().filter(wants).map(|s| (s.qos, s.retain_as_published));
        each.reduce(|a, b| (a.0.max(b.0), a.1 || b.1))
    }

    /// Takes a message if a subscription wants it. `is_own`: this client sent it. `online`: it is connected.
    pub fn offer(&mut self, message: &Message, is_own: bool, online: bool, bytes_max: usize) -> Offered {
        match self.interest(&message.topic, is_own) {
            Some((qos_max, keeps_retain)) => {
                let retain = message.retain && keeps_retain; // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
                self.push(message, message.qos.min(qos_max), retain, online, bytes_max)
            }
            None => Offered::NotSubscribed,
        }
    }

    /// A retained message for a subscription that was just made: it goes out with its flag [MQTT-3.3.1-8].
    pub(crate) fn offer_retained(&mut self, message: &Message, qos_max: u8, bytes_max: usize) -> Offered {
        self.push(message, message.qos.min(qos_max), true, true, bytes_max)
    }

    fn push(&mut self, message: &Message, qos: u8, retain: bool, online: bool, bytes_max: usize) -> Offered {
        if qos == 0 && !online {
            return self.drop_one(Dropped::Offline);
        }
        let entry = Entry { message: message.clone(), qos, retain, packet_id: 0, stage: Stage::Waits };
        if self.queued_bytes + entry.bytes() > bytes_max {
            return self.drop_one(Dropped::Budget);
        }
        self.queued_bytes += entry.bytes();
        self.entries.push_back(entry);
        Offered::Queued
    }

    fn drop_one(&mut self, why: Dropped) -> Offered {
        self.dropped[why as usize] += 1;
        Offered::Dropped(why)
    }

    fn remove(&mut self, at: usize) {
        if let Some(entry) = self.entries.remove(at) {
            self.queued_bytes -= entry.bytes();
            self.in_flight -= usize::from(entry.stage != Stage::Waits);
        }
        if self.entries.is_empty() {
            self.entries = VecDeque::new();
        }
    }

    /// Not 0 and not in use [MQTT-2.2.1-4].
    fn free_packet_id(&mut self) -> u16 {
        loop {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            let id = self.last_packet_id;
            // Those that have one stand in front.
            if !self.entries.iter().take_while(|e| e.packet_id != 0).any(|e| e.packet_id == id) {
                return id;
            }
        }
    }

    /// Writes what may go out now: at most `receive_max` unacknowledged [MQTT-3.3.4-9], in order [MQTT-4.6.0-5].
    pub(crate) fn send(
        &mut self,
        out: &mut Vec<u8>,
        out_bytes_max: usize,
        window: Window,
        now_ms: u64,
        mut alias: impl FnMut(&Message) -> (bool, Option<u16>),
    ) {
        // The sent ones stand in front: `in_flight` is the place of the first that waits.
        while self.in_flight < self.entries.len() && out.len() < out_bytes_max {
            let at = self.in_flight;
            let entry = &self.entries[at];
            let expired = entry.message.expires_at_ms.is_some_and(|at_ms| at_ms <= now_ms);
            if expired && entry.packet_id == 0 {
                self.remove(at);
                self.drop_one(Dropped::Expired);
                continue;
            }
            if entry.qos > 0 && at >= usize::from(window.receive_max) {
                return;
            }
            let (qos, again) = (entry.qos, entry.packet_id != 0);
            let packet_id = match (qos, entry.packet_id) {
                (0, _) => 0,
                (_, 0) => self.free_packet_id(),
                (_, id) => id,
            };
            let entry = &mut self.entries[at];
            let left_ms = entry.message.expires_at_ms.map(|at_ms| at_ms.saturating_sub(now_ms));
            let mut packet = Outgoing {
                topic: &entry.message.topic,
                alias: None,
                payload: &entry.message.payload,
                qos,
                retain: entry.retain,
                dup: again, // [MQTT-3.3.1-1]
                packet_id,
                expiry_s: left_ms.map(|ms| u32::try_from(ms.div_ceil(1000)).unwrap_or(u32::MAX)),
            };
            if packet.bytes(window.version) + 3 > window.packet_bytes_max as usize {
                self.remove(at);
                self.drop_one(Dropped::TooLarge);
                continue;
            }
            let (known, number) = alias(&entry.message);
            packet.alias = number;
            if known {
                packet.topic = "";
            }
            write::publish(out, window.version, &packet);
            if qos == 0 {
                self.remove(at);
            } else {
                entry.packet_id = packet_id;
                entry.stage = Stage::Sent;
                self.in_flight += 1;
            }
        }
    }

    fn find(&self, packet_id: u16, stage: Stage, qos: u8) -> Option<usize> {
        let sent = self.entries.iter().take(self.in_flight);
        sent.into_iter().position(|e| e.packet_id == packet_id && e.stage == stage && e.qos == qos)
    }

    /// PUBACK came. `false`: nothing of that identifier was sent.
    pub(crate) fn puback(&mut self, packet_id: u16) -> bool {
        self.find(packet_id, Stage::Sent, 1).map(|at| self.remove(at)).is_some()
    }

    /// PUBREC came; `failed`: the client does not want it. `true`: a PUBREL is to follow.
    pub(crate) fn pubrec(&mut self, packet_id: u16, failed: bool) -> bool {
        match self.find(packet_id, Stage::Sent, 2) {
            Some(at) if failed => {
                self.remove(at);
                false
            }
            Some(at) => {
                self.entries[at].stage = Stage::Released;
                true
            }
            None => self.find(packet_id, Stage::Released, 2).is_some() && !failed,
        }
    }

    /// PUBCOMP came.
    pub(crate) fn pubcomp(&mut self, packet_id: u16) -> bool {
        self.find(packet_id, Stage::Released, 2).map(|at| self.remove(at)).is_some()
    }

    /// The connection is new: what was on its way is to be sent again with its identifier [MQTT-4.4.0-1]; the identifiers
    /// to be released anew come first, as their messages did.
    pub(crate) fn resume(&mut self, mut release: impl FnMut(u16)) {
        let mut released = 0;
        for at in 0..self.in_flight {
            if self.entries[at].stage == Stage::Released {
                release(self.entries[at].packet_id);
                // They stand in front, so that the sent ones stay one block.
                let entry = self.entries.remove(at).expect("at is below the length");
                self.entries.insert(released, entry);
                released += 1;
            } else {
                self.entries[at].stage = Stage::Waits;
            }
        }
        self.in_flight = released;
    }

    /// Gives back memory that a burst took.
    pub(crate) fn rest(&mut self) {
        self.subscriptions.shrink_to_fit();
    }
}
