//! Sessions of clients that are not connected, until they come back or expire; and wills that wait.

use std::collections::HashMap;

use crate::decode::Will;
use crate::session::{Message, Offered, Session};

/// Whose session. The client id counts within the device: no device can take over another's session by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The device's id in the directory.
    pub device: String,
    /// The client's identifier.
    pub client_id: String,
}

#[derive(Debug)]
struct Parked {
    session: Session,
    /// `None`: never.
    expires_at_ms: Option<u64>,
    will: Option<(u64, Will)>,
}

/// They are bounded together by count and bytes; the one that expires soonest goes first.
#[derive(Debug)]
pub struct Sessions {
    by_key: HashMap<Key, Parked>,
    sessions_max: usize,
    evicted: u64,
}

impl Sessions {
    /// None yet, at most `sessions_max` later.
    pub fn new(sessions_max: usize) -> Sessions {
        Sessions { by_key: HashMap::new(), sessions_max, evicted: 0 }
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// None is kept.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// How many were given up for lack of room.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Keeps a session for `expiry_s` (`u32::MAX`: for ever), and its will for its delay or until the session ends,
    /// whichever is first [MQTT-3.1.3-9]. Returns a will that is due at once.
    pub fn park(&mut self, key: Key, session: Session, expiry_s: u32, will: Option<Will>, now_ms: u64) -> Option<Will> {
        if expiry_s == 0 {
            return will;
        }
        let expires_at_ms = (expiry_s != u32::MAX).then(|| now_ms + u64::from(expiry_s) * 1000);
        let (now, later) = match will {
            Some(will) if will.delay_s > 0 => {
                let due = now_ms + u64::from(will.delay_s) * 1000;
                (None, Some((expires_at_ms.map_or(due, |e| e.min(due)), will)))
            }
            will => (will, None),
        };
        if self.by_key.len() >= self.sessions_max && !self.by_key.contains_key(&key) {
            let soonest = self.by_key.iter().min_by_key(|(_, p)| p.expires_at_ms.unwrap_or(u64::MAX));
            if let Some(soonest) = soonest.map(|(k, _)| k.clone()) {
                self.by_key.remove(&soonest);
                self.evicted += 1;
            }
        }
        self.by_key.insert(key, Parked { session, expires_at_ms, will: later });
        now
    }

    /// The client is back. Its waiting will is not said [MQTT-3.1.3-9], unless it starts anew: then its session ends and
    /// the will is due.
    pub fn take(&mut self, key: &Key, clean_start: bool, now_ms: u64) -> (Option<Session>, Option<Will>) {
        match self.by_key.remove(key) {
            Some(parked) if clean_start => (None, parked.will.map(|(_, will)| will)),
            Some(parked) if parked.expires_at_ms.is_some_and(|at| at <= now_ms) => (None, parked.will.map(|(_, w)| w)),
            Some(parked) => (Some(parked.session), None),
            None => (None, None),
        }
    }

    /// A message for a device that is not connected.
    pub fn offer(&mut self, device: &str, message: &Message, bytes_max: usize) -> Offered {
        let mut best = Offered::NotSubscribed;
        for (_, parked) in self.by_key.iter_mut().filter(|(key, _)| key.device == device) {
            match parked.session.offer(message, false, false, bytes_max) {
                Offered::Queued => best = Offered::Queued,
                Offered::Dropped(why) if best != Offered::Queued => best = Offered::Dropped(why),
                _ => {}
            }
        }
        best
    }

    /// Nothing of a device is kept any more: it was revoked or removed.
    pub fn forget(&mut self, device: &str) {
        self.by_key.retain(|key, _| key.device != device);
    }

    /// Ends what expired and hands out the wills that are due. To be called about once a second.
    pub fn tick(&mut self, now_ms: u64) -> Vec<(Key, Will)> {
        let mut due = Vec::new();
        for (key, parked) in &mut self.by_key {
            if let Some((_, will)) = parked.will.take_if(|(at, _)| *at <= now_ms) {
                due.push((key.clone(), will));
            }
        }
        self.by_key.retain(|_, parked| parked.expires_at_ms.is_none_or(|at| at > now_ms));
        due.sort_by(|a, b| a.0.cmp(&b.0));
        due
    }
}
