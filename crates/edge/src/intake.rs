//! Where connectors hand in what they read: rules are applied, then it is queued.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kernel::{Clock, Quality};
use wal::LogError;

use crate::health::Watched;
use crate::queue::Queue;
use crate::reading::Reading;
use crate::rules::{RuleConfig, Rules};

/// Readings in one record at most.
const RECORD_READINGS_MAX: usize = 500;
/// Series that rules remember for one connector.
const SERIES_MAX: usize = 200_000;

/// Called once all that was handed in is on disk (true), or will not be (false).
pub type Stored = Box<dyn FnOnce(bool) + Send>;

/// One connector's way into the queue.
pub struct Intake {
    queue: Arc<Queue>,
    rules: Mutex<Rules>,
    /// The connector's health.
    pub health: Arc<Watched>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Intake {
    /// For one connector.
    pub fn new(queue: Arc<Queue>, rules: Vec<RuleConfig>, health: Arc<Watched>, clock: Arc<dyn Clock>) -> Intake {
        Intake { queue, rules: Mutex::new(Rules::new(rules, SERIES_MAX)), health, clock }
    }

    /// Now, µs since 1970.
    pub fn now_us(&self) -> i64 {
        self.clock.now().as_microsecond()
    }

    /// Takes readings.
    pub fn take(&self, readings: Vec<Reading>) {
        self.take_and_tell(readings, Box::new(|_| {}));
    }

    /// Takes readings and tells when they are on disk. What a rule holds back counts as taken: it is in memory until its
    /// window closes.
    pub fn take_and_tell(&self, readings: Vec<Reading>, stored: Stored) {
        let now_us = self.now_us();
        let good = readings.iter().filter(|r| r.quality != Quality::Bad).count() as u64;
        self.health.set(|h| {
            h.good += good;
            h.last_reading_us = if good > 0 { Some(now_us) } else { h.last_reading_us };
        });
        let mut out = Vec::with_capacity(readings.len());
        {
            let mut rules = self.rules.lock().expect("no panic while held");
            readings.into_iter().for_each(|r| rules.pass(r.finite(), &mut out));
        }
        self.queue(out, stored);
    }

    /// Lets windows of rules close; to be called every second or so.
    pub fn tick(&self) {
        let mut out = Vec::new();
        self.rules.lock().expect("no panic while held").tick(self.now_us(), &mut out);
        self.queue(out, Box::new(|_| {}));
    }

    /// Closes all windows at the end.
    pub fn finish(&self) {
        let mut out = Vec::new();
        self.rules.lock().expect("no panic while held").finish(&mut out);
        self.queue(out, Box::new(|_| {}));
    }

    fn queue(&self, readings: Vec<Reading>, stored: Stored) {
        let last = readings.len().div_ceil(RECORD_READINGS_MAX);
        if last == 0 {
            return stored(true);
        }
        // The log tells in order, so the last chunk's word is the word for all, unless one before was refused.
        let mut stored = Some(stored);
        for (i, chunk) in readings.chunks(RECORD_READINGS_MAX).enumerate() {
            let tell = if i + 1 == last { stored.take() } else { None };
            if let Err((tell, e)) = self.append(chunk, tell) {
                tracing::warn!("{} readings were not queued: {e}", chunk.len());
                if let Some(tell) = tell.or(stored.take()) {
                    tell(false);
                }
                return;
            }
        }
    }

    fn append(&self, chunk: &[Reading], tell: Option<Stored>) -> Result<(), (Option<Stored>, LogError)> {
        let count = chunk.len() as u64;
        // The queue gives the closure back by dropping it, so it waits in a place of its own.
        let tell = Arc::new(Mutex::new(tell));
        loop {
            let (tell_then, health) = (tell.clone(), self.health.clone());
            let told = Box::new(move |result: Result<u64, LogError>| {
                if result.is_err() {
                    health.set(|h| h.not_queued += count);
                }
                let tell = tell_then.lock().expect("no panic while held").take();
                if let Some(tell) = tell {
                    tell(result.is_ok());
                }
            });
            match self.queue.append(chunk, told) {
                Ok(()) => return Ok(()),
                // The disk is slower than the machines: this connector waits, which is all the flow control there is.
                Err(LogError::Busy { .. }) => std::thread::sleep(Duration::from_millis(2)),
                Err(e) => {
                    self.health.set(|h| h.not_queued += count);
                    return Err((tell.lock().expect("no panic while held").take(), e));
                }
            }
        }
    }
}
