//! What a device sent and what became of it: atomics that the listener counts up and a job writes down.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::{Reason, Refused};

/// Counts of one device since the process began. When nothing is in flight, `received` is `stored` and all of `rejected`
/// together (DV-3).
#[derive(Debug, Default)]
pub struct Counters {
    /// Messages that came in.
    pub received: AtomicU64,
    /// Messages that are on disk and can be queried.
    pub stored: AtomicU64,
    /// Readings that are on disk: a message carries one or thousands.
    pub points: AtomicU64,
    /// Messages refused, by the reason's number.
    pub rejected: [AtomicU64; Reason::COUNT],
    /// When it last said anything that was taken or refused; 0 for never.
    pub last_seen_us: AtomicI64,
    /// Open connections.
    pub connected: AtomicU32,
    last_refusal: Mutex<Option<(i64, Refused)>>,
}

impl Counters {
    /// A message came in.
    pub fn count_received(&self, now_us: i64) {
        self.received.fetch_add(1, Relaxed);
        self.last_seen_us.fetch_max(now_us, Relaxed);
    }

    /// A message of so many readings is on disk.
    pub fn count_stored(&self, points: usize) {
        self.stored.fetch_add(1, Relaxed);
        self.points.fetch_add(points as u64, Relaxed);
    }

    /// A message was refused.
    pub fn count_rejected(&self, reason: Reason) {
        self.rejected[reason as usize].fetch_add(1, Relaxed);
    }

    /// The same, keeping what it was about for the person who looks for the cause.
    pub fn count_refusal(&self, refused: &Refused, now_us: i64) {
        self.count_rejected(refused.reason);
        *self.last_refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some((now_us, refused.clone()));
    }

    /// When a message was last refused in this process, and why.
    pub fn last_refusal(&self) -> Option<(i64, Refused)> {
        self.last_refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the counts out, to be added to the records; when it was last seen stays.
    pub fn take(&self) -> Counted {
        let rejected = Reason::ALL.iter().map(|r| (*r, self.rejected[*r as usize].swap(0, Relaxed)));
        // What is stored was received before: taken in this order, no record ever shows more stored than received.
        let rejected = rejected.filter(|(_, n)| *n > 0).collect();
        let (points, stored) = (self.points.swap(0, Relaxed), self.stored.swap(0, Relaxed));
        Counted { received: self.received.swap(0, Relaxed), stored, points, rejected, ..self.read() }
    }

    /// Puts back what was taken and could not be recorded.
    pub fn give_back(&self, taken: &Counted) {
        self.received.fetch_add(taken.received, Relaxed);
        self.stored.fetch_add(taken.stored, Relaxed);
        self.points.fetch_add(taken.points, Relaxed);
        for (reason, n) in &taken.rejected {
            self.rejected[*reason as usize].fetch_add(*n, Relaxed);
        }
    }

    /// The figures now. Not one instant: each counter is read by itself.
    pub fn read(&self) -> Counted {
        Counted {
            received: self.received.load(Relaxed),
            stored: self.stored.load(Relaxed),
            points: self.points.load(Relaxed),
            rejected: Reason::ALL
                .iter()
                .map(|r| (*r, self.rejected[*r as usize].load(Relaxed)))
                .filter(|(_, n)| *n > 0)
                .collect(),
            last_seen_us: Some(self.last_seen_us.load(Relaxed)).filter(|at| *at > 0),
            connected: self.connected.load(Relaxed),
        }
    }
}

/// Figures read from [`Counters`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Messages that came in.
    pub received: u64,
    /// Messages on disk.
    pub stored: u64,
    /// Readings on disk.
    pub points: u64,
    /// Messages refused, by reason; reasons that never occurred are left out.
    pub rejected: Vec<(Reason, u64)>,
    /// When it was last heard.
    pub last_seen_us: Option<i64>,
    /// Open connections.
    pub connected: u32,
}

impl Counted {
    /// All refused messages.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.iter().map(|(_, n)| n).sum()
    }
}
