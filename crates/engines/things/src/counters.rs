//! What a device sent and what became of it: atomics that the listener counts up and a job writes down.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::Reason;

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
