//! Messages → readings: what one read of one connection brought becomes one batch for the lake.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use lake::{Batch, BatchPoint, Lake, SeriesId};
use things::{DeviceEntry, Facts, Reason, Refused, Taken, TimeLimits};

/// Room for more readings than one read of the usual messages brings is not made in advance.
const POINTS_HINT_MAX: usize = 4096;

/// How many of a batch's messages and readings are a device's.
struct Share {
    device: Arc<DeviceEntry>,
    messages: u64,
    points: u64,
}

/// What gathers during one read.
pub(crate) struct Gathered {
    /// The time of the message at hand; each message has its own microsecond.
    pub(crate) now_us: i64,
    server_at_us: i64,
    points: Vec<BatchPoint>,
    shares: Vec<Share>,
    taken: Vec<Taken>,
}

/// A batch on its way to the lake, and who is to be told.
pub(crate) struct Load {
    pub(crate) batch: Batch,
    pub(crate) fate: Arc<Fate>,
    /// The tickets that are answered when it is stored.
    pub(crate) tickets: Range<u64>,
    /// Bytes that it holds of the connection's budget.
    pub(crate) bytes: usize,
    pub(crate) read_at: Instant,
}

/// Its fate, for the counters of the devices.
pub(crate) struct Fate(Vec<Share>);

impl Fate {
    pub(crate) fn stored(&self) -> u64 {
        for share in &self.0 {
            share.device.counters.stored.fetch_add(share.messages, Relaxed);
            share.device.counters.points.fetch_add(share.points, Relaxed);
        }
        self.0.iter().map(|s| s.points).sum()
    }

    pub(crate) fn rejected(&self, reason: Reason) {
        for share in &self.0 {
            share.device.counters.rejected[reason as usize].fetch_add(share.messages, Relaxed);
        }
    }
}

impl Gathered {
    /// `points_hint`: about so many readings are expected.
    pub(crate) fn new(now_us: i64, taken: Vec<Taken>, points_hint: usize) -> Gathered {
        let points = Vec::with_capacity(points_hint.min(POINTS_HINT_MAX));
        Gathered { now_us, server_at_us: now_us, points, shares: Vec::new(), taken }
    }

    /// Memory to be used again.
    pub(crate) fn into_parts(self) -> Vec<Taken> {
        self.taken
    }

    pub(crate) fn points(&self) -> usize {
        self.points.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Takes telemetry or attributes of one device, whole or not at all.
    pub(crate) fn telemetry(
        &mut self,
        lake: &Lake,
        limits: &TimeLimits,
        device: &Arc<DeviceEntry>,
        payload: &[u8],
    ) -> Result<(), Refused> {
        if !device.is_active() {
            return Err(Refused::new(Reason::NotAllowed, "the device is disabled"));
        }
        let facts = device.facts();
        self.taken.clear();
        things::decode::thingsboard_telemetry(payload, &facts.model, self.now_us, limits, &mut self.taken)?;
        let mut taken = std::mem::take(&mut self.taken);
        let points = self.readings(lake, device, &facts, taken.drain(..));
        self.taken = taken;
        self.count(device, 1, points?);
        Ok(())
    }

    /// Puts readings into the batch, all or none; how many.
    pub(crate) fn readings(
        &mut self,
        lake: &Lake,
        device: &DeviceEntry,
        facts: &Facts,
        readings: impl IntoIterator<Item = Taken>,
    ) -> Result<u64, Refused> {
        let start = self.points.len();
        for taken in readings {
            match facts.series(&taken.property, |name| lake.series(&device.id, name).0) {
                Ok(series) => self.points.push(BatchPoint {
                    series: SeriesId(series),
                    at_us: taken.at_us,
                    value: taken.value,
                    quality: taken.quality,
                }),
                Err(refused) => {
                    self.points.truncate(start);
                    return Err(refused);
                }
            }
        }
        Ok((self.points.len() - start) as u64)
    }

    pub(crate) fn push(&mut self, point: BatchPoint) {
        self.points.push(point);
    }

    /// Counts a message whose readings are in the batch already.
    pub(crate) fn count(&mut self, device: &Arc<DeviceEntry>, messages: u64, points: u64) {
        let share = match self.shares.iter().position(|s| Arc::ptr_eq(&s.device, device)) {
            Some(at) => &mut self.shares[at],
            None => {
                self.shares.push(Share { device: device.clone(), messages: 0, points: 0 });
                self.shares.last_mut().expect("it was just pushed")
            }
        };
        share.messages += messages;
        share.points += points;
    }

    /// What gathered so far, as a batch; `self` is empty afterwards.
    pub(crate) fn load(&mut self, tickets: Range<u64>, bytes: usize, read_at: Instant) -> Load {
        let batch = Batch { server_at_us: self.server_at_us, points: std::mem::take(&mut self.points) };
        Load { batch, fate: Arc::new(Fate(std::mem::take(&mut self.shares))), tickets, bytes, read_at }
    }
}
