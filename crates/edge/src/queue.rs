//! Store and forward: every reading goes to the write-ahead log first and is pushed from there.
//!
//! The queue's position (`settled`) is the number of the last record that needs no more sending; everything up to it was
//! acknowledged, set aside or dropped. It is kept in `state.json` beside the log's files, replaced as a whole; after a crash
//! it may be old, then a little is sent twice. When the files are larger than the budget, the oldest goes: the readings in
//! it that were not settled are counted by their device, and that count waits in `state.json` until it was reported.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use wal::disk::Disk;
use wal::{Log, LogError, LogOptions};

use crate::reading::{self, Reading};

/// How large the queue gets.
#[derive(Clone, Copy, Debug)]
pub struct QueueOptions {
    /// All files together; a batch that is being written comes on top.
    pub budget_bytes: u64,
    /// One file: what goes at once.
    pub file_bytes: u64,
    /// Newest records kept in memory, so that a push that keeps up reads no file.
    pub ahead_bytes: usize,
}

impl Default for QueueOptions {
    fn default() -> Self {
        QueueOptions { budget_bytes: 1 << 30, file_bytes: 4 << 20, ahead_bytes: 4 << 20 }
    }
}

/// What went for lack of room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Readings.
    pub readings: u64,
    /// Readings by device.
    pub by_device: BTreeMap<String, u64>,
    /// Device time of the oldest and of the newest of them, µs.
    pub span_us: Option<(i64, i64)>,
}

/// Devices counted by name; those beyond are counted together, under `…`.
const NAMED_DEVICES_MAX: usize = 1000;

impl Dropped {
    fn add(&mut self, device: &str, count: u64) {
        let named = self.by_device.len() < NAMED_DEVICES_MAX || self.by_device.contains_key(device);
        *self.by_device.entry(if named { device } else { "…" }.to_owned()).or_default() += count;
        self.readings += count;
    }

    fn widen(&mut self, from_us: i64, to_us: i64) {
        let (a, b) = self.span_us.unwrap_or((from_us, to_us));
        self.span_us = Some((a.min(from_us), b.max(to_us)));
    }

    fn merge(&mut self, other: &Dropped) {
        other.by_device.iter().for_each(|(d, n)| self.add(d, *n));
        if let Some((from, to)) = other.span_us {
            self.widen(from, to);
        }
    }
}

/// `state.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct State {
    version: u32,
    settled: u64,
    /// Readings dropped since the queue was made.
    dropped_total: u64,
    /// Dropped and not yet reported.
    unreported: Dropped,
}

const STATE: &str = "state.json";
const STATE_VERSION: u32 = 1;
/// Bytes that a record takes beside its own, at most: its length, and a batch's head if it is alone in it.
const OVERHEAD_BYTES: u64 = 32;
/// After a failure the disk is tried again so much later.
const REOPEN_AFTER: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
struct FileInfo {
    first: u64,
    bytes: u64,
}

/// What is known of the log's files and the newest records.
#[derive(Default)]
struct Tail {
    /// Number of the last record that is on disk.
    stored: u64,
    state: State,
    /// Position as it is in `state.json`.
    saved: u64,
    files: VecDeque<FileInfo>,
    /// Stored, and not yet counted to a file.
    uncounted: Vec<(u64, u64)>,
    /// Bytes given to the log of which it has not told yet.
    promised: u64,
    ahead: VecDeque<(u64, Arc<[u8]>)>,
    ahead_bytes: usize,
    /// Records of an older file that are being replayed.
    replay: VecDeque<(u64, Arc<[u8]>)>,
    /// Records that were stored once and cannot be read (LK-2), since the start.
    damaged: u64,
}

impl Tail {
    fn bytes(&self) -> u64 {
        let on_disk = self.files.iter().map(|f| f.bytes).chain(self.uncounted.iter().map(|u| u.1)).sum::<u64>();
        on_disk + self.promised
    }

    /// Brings the list of files up to date with the log's own.
    fn refresh(&mut self, firsts: &[u64]) {
        self.files.retain(|f| firsts.contains(&f.first));
        for first in firsts {
            if self.files.back().is_none_or(|f| f.first < *first) {
                self.files.push_back(FileInfo { first: *first, bytes: 0 });
            }
        }
        for (number, bytes) in mem::take(&mut self.uncounted) {
            count_to_file(&mut self.files, number, bytes);
        }
    }

    fn keep_ahead(&mut self, number: u64, record: Arc<[u8]>, bytes_max: usize) {
        self.ahead_bytes += record.len();
        self.ahead.push_back((number, record));
        while self.ahead_bytes > bytes_max {
            let Some((_, gone)) = self.ahead.pop_front() else { break };
            self.ahead_bytes -= gone.len();
        }
    }
}

fn count_to_file(files: &mut VecDeque<FileInfo>, number: u64, bytes: u64) {
    if let Some(file) = files.iter_mut().rev().find(|f| f.first <= number) {
        file.bytes += bytes;
    }
}

struct Shared {
    tail: Mutex<Tail>,
    news: Notify,
    ahead_bytes: usize,
}

impl Shared {
    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().expect("no panic while held")
    }

    /// Whether the record after `n` needs no file, or is not there.
    fn in_memory(&self, n: u64) -> bool {
        let tail = self.tail();
        n >= tail.stored || tail.ahead.front().is_some_and(|(first, _)| *first <= n + 1)
    }

    /// Called from the log's thread.
    fn stored(&self, number: u64, record: Arc<[u8]>) {
        let mut tail = self.tail();
        tail.stored = tail.stored.max(number);
        tail.uncounted.push((number, record.len() as u64 + OVERHEAD_BYTES));
        tail.keep_ahead(number, record, self.ahead_bytes);
        drop(tail);
        self.news.notify_one();
    }
}

#[derive(Default)]
struct Slot {
    log: Option<Log>,
    failed: Option<(Instant, String)>,
}

/// Queued readings on disk.
pub struct Queue {
    disk: Arc<dyn Disk>,
    options: QueueOptions,
    slot: Mutex<Slot>,
    shared: Arc<Shared>,
    /// Held while `state.json` is written, so that an older state never replaces a newer one. Taken after `slot`.
    saving: Mutex<()>,
}

/// Told once: the record's number when it is on disk, or why it never will be.
pub type Told = Box<dyn FnOnce(Result<u64, LogError>) + Send>;

impl Queue {
    /// Opens the queue and finds what was in it.
    pub fn open(disk: Arc<dyn Disk>, options: QueueOptions) -> io::Result<Queue> {
        let state = match disk.read(STATE) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => State::default(),
            Err(e) => return Err(e),
        };
        let tail = Tail { saved: state.settled, state, ..Tail::default() };
        let shared = Shared { tail: Mutex::new(tail), news: Notify::new(), ahead_bytes: options.ahead_bytes };
        let queue = Queue { disk, options, slot: Mutex::default(), shared: Arc::new(shared), saving: Mutex::default() };
        let log = queue.open_log()?;
        queue.slot.lock().expect("no panic while held").log = Some(log);
        Ok(queue)
    }

    fn open_log(&self) -> io::Result<Log> {
        let options = LogOptions {
            file_bytes: self.options.file_bytes,
            waiting_bytes_max: self.options.file_bytes as usize,
            ..LogOptions::default()
        };
        let first_of = |name: &String| name.strip_suffix(".log").and_then(|n| n.parse().ok());
        let mut files: VecDeque<FileInfo> =
            self.disk.list()?.iter().filter_map(first_of).map(|first| FileInfo { first, bytes: 0 }).collect();
        let (log, opened) = Log::open(self.disk.clone(), options, |number, record| {
            count_to_file(&mut files, number, record.len() as u64 + OVERHEAD_BYTES);
        })?;
        let mut tail = self.shared.tail();
        tail.files = files;
        tail.uncounted.clear();
        tail.refresh(&log.files());
        tail.stored = opened.next - 1;
        tail.damaged += opened.lost.iter().map(|(_, from, to)| to - from + 1).sum::<u64>();
        // Files that somebody removed by hand leave a position from before.
        tail.state.settled = tail.state.settled.min(tail.stored);
        (tail.ahead, tail.ahead_bytes) = (VecDeque::new(), 0);
        tail.replay.clear();
        Ok(log)
    }

    /// Queues readings as one record; the oldest file goes first if there is no room. `told` is called from the log's thread
    /// once they are on disk; if this is refused, it is not called.
    pub fn append(&self, readings: &[Reading], told: Told) -> Result<(), LogError> {
        let record: Arc<[u8]> = reading::encode(readings).into();
        let mut slot = self.slot.lock().expect("no panic while held");
        self.revive(&mut slot)?;
        let log = slot.log.as_ref().expect("revived, or refused above");
        self.make_room(log, record.len() as u64 + OVERHEAD_BYTES).map_err(|e| LogError::Failed(e.to_string()))?;
        let (shared, kept) = (self.shared.clone(), record.clone());
        let promised = record.len() as u64 + OVERHEAD_BYTES;
        let tell = Box::new(move |result: Result<u64, LogError>| {
            shared.tail().promised -= promised;
            if let Ok(number) = &result {
                shared.stored(*number, kept);
            }
            told(result);
        });
        self.shared.tail().promised += promised;
        let result = log.append(&record, tell);
        if result.is_err() {
            self.shared.tail().promised -= promised;
        }
        if let Err(LogError::Failed(why)) = &result {
            slot.log = None;
            slot.failed = Some((Instant::now(), why.clone()));
        }
        result
    }

    /// LK-3: after a failure the log is opened anew, a little later. A disk that is full is given room first.
    fn revive(&self, slot: &mut Slot) -> Result<(), LogError> {
        if slot.log.is_some() {
            return Ok(());
        }
        let (at, why) = slot.failed.clone().unwrap_or((Instant::now(), "never opened".into()));
        if at.elapsed() < REOPEN_AFTER {
            return Err(LogError::Failed(why));
        }
        if why.contains("No space left") || why.contains("disk is full") {
            let _ = self.drop_oldest(None);
        }
        match self.open_log() {
            Ok(log) => *slot = Slot { log: Some(log), failed: None },
            Err(e) => {
                slot.failed = Some((Instant::now(), e.to_string()));
                return Err(LogError::Failed(e.to_string()));
            }
        }
        Ok(())
    }

    fn make_room(&self, log: &Log, bytes: u64) -> io::Result<()> {
        loop {
            {
                let mut tail = self.shared.tail();
                tail.refresh(&log.files());
                if tail.bytes() + bytes <= self.options.budget_bytes {
                    return Ok(());
                }
            }
            if !self.drop_oldest(Some(log))? {
                return Ok(());
            }
        }
    }

    /// Drops the oldest file; false if there is only the one in use. What goes is counted on disk before it is gone.
    fn drop_oldest(&self, log: Option<&Log>) -> io::Result<bool> {
        let (first, next, settled) = {
            let tail = self.shared.tail();
            let (Some(oldest), Some(next)) = (tail.files.front(), tail.files.get(1)) else { return Ok(false) };
            (oldest.first, next.first, tail.state.settled)
        };
        let mut dropped = Dropped::default();
        if settled + 1 < next {
            wal::read_file(&*self.disk, first, |number, record| {
                let readings = if number > settled { reading::decode(record).unwrap_or_default() } else { Vec::new() };
                for r in readings {
                    dropped.add(&r.device, 1);
                    dropped.widen(r.at_us, r.at_us);
                }
            })?;
        }
        {
            let mut tail = self.shared.tail();
            tail.state.settled = tail.state.settled.max(next - 1);
            tail.state.dropped_total += dropped.readings;
            tail.state.unreported.merge(&dropped);
            tail.replay.retain(|(n, _)| *n >= next);
        }
        self.put_state()?;
        match log {
            Some(log) => drop(log.forget(next)?),
            None => self.disk.remove(&format!("{first:020}.log"))?,
        }
        self.shared.tail().files.retain(|f| f.first >= next);
        Ok(true)
    }

    /// Puts the state on disk; answers the position that is there now.
    fn put_state(&self) -> io::Result<u64> {
        let _one_at_a_time = self.saving.lock().expect("no panic while held");
        let state = State { version: STATE_VERSION, ..self.shared.tail().state.clone() };
        self.disk.put(STATE, &serde_json::to_vec(&state).expect("a plain structure can be written"))?;
        self.shared.tail().saved = state.settled;
        Ok(state.settled)
    }

    /// Records after number `n` in order, at most about `readings_max` readings; empty if there are none. Waits for no one.
    pub fn after(&self, n: u64, readings_max: usize) -> io::Result<Vec<(u64, Vec<Reading>)>> {
        let mut n = n;
        if !self.shared.in_memory(n) {
            let slot = self.slot.lock().expect("no panic while held");
            if let Some(log) = &slot.log {
                self.shared.tail().refresh(&log.files());
            }
        }
        loop {
            let (file, next_file, stored) = {
                let mut tail = self.shared.tail();
                let oldest = tail.files.front().map_or(1, |f| f.first);
                n = n.max(oldest.saturating_sub(1));
                if n >= tail.stored {
                    return Ok(Vec::new());
                }
                if tail.ahead.front().is_some_and(|(first, _)| *first <= n + 1) {
                    return Ok(some_of(tail.ahead.iter().filter(|(number, _)| *number > n), readings_max));
                }
                while tail.replay.front().is_some_and(|(number, _)| *number <= n) {
                    tail.replay.pop_front();
                }
                if tail.replay.front().is_some_and(|(number, _)| *number == n + 1) {
                    return Ok(some_of(tail.replay.iter(), readings_max));
                }
                let at = tail.files.partition_point(|f| f.first <= n + 1).saturating_sub(1);
                let first_ahead = tail.ahead.front().map(|(number, _)| *number);
                (
                    tail.files.get(at).map(|f| f.first),
                    tail.files.get(at + 1).map(|f| f.first).or(first_ahead),
                    tail.stored,
                )
            };
            let Some(file) = file else { return Ok(Vec::new()) };
            let mut found = VecDeque::new();
            wal::read_file(&*self.disk, file, |number, record| {
                if number > n && number <= stored {
                    found.push_back((number, Arc::from(record)));
                }
            })?;
            match (found.front(), next_file) {
                (Some((first, _)), _) => {
                    // Damage may have left a gap; it was counted when the log was opened.
                    n = first - 1;
                    self.shared.tail().replay = found;
                }
                (None, Some(next)) if next > n + 1 => n = next - 1,
                _ => return Ok(Vec::new()),
            }
        }
    }

    /// Everything up to `n` needs no more sending.
    pub fn settle(&self, n: u64) {
        let mut tail = self.shared.tail();
        tail.state.settled = tail.state.settled.max(n.min(tail.stored));
    }

    /// Puts the position on disk, if it moved, and removes files that are settled whole.
    pub fn save(&self) -> io::Result<()> {
        {
            let tail = self.shared.tail();
            if tail.state.settled == tail.saved {
                return Ok(());
            }
        }
        let settled = self.put_state()?;
        let slot = self.slot.lock().expect("no panic while held");
        if let Some(log) = &slot.log {
            log.forget(settled + 1)?;
            self.shared.tail().refresh(&log.files());
        }
        Ok(())
    }

    /// Waits until something was stored since the last call that returned.
    pub async fn news(&self) {
        self.shared.news.notified().await;
    }

    /// What was dropped and not yet reported. [`Queue::reported`] with the same value takes it off.
    pub fn unreported(&self) -> Option<Dropped> {
        Some(self.shared.tail().state.unreported.clone()).filter(|d| d.readings > 0)
    }

    /// `report` is in the queue as readings now.
    pub fn reported(&self, report: &Dropped) -> io::Result<()> {
        {
            let mut tail = self.shared.tail();
            let left = &mut tail.state.unreported;
            for (device, count) in &report.by_device {
                let rest = left.by_device.get(device).copied().unwrap_or(0).saturating_sub(*count);
                left.by_device.insert(device.clone(), rest);
            }
            left.by_device.retain(|_, n| *n > 0);
            left.readings = left.by_device.values().sum();
            if left.readings == 0 {
                left.span_us = None;
            }
        }
        self.put_state().map(drop)
    }

    /// How it stands.
    pub fn figures(&self) -> Figures {
        let tail = self.shared.tail();
        Figures {
            bytes: tail.bytes(),
            waiting_records: tail.stored - tail.state.settled,
            stored: tail.stored,
            settled: tail.state.settled,
            dropped_readings: tail.state.dropped_total,
            damaged_records: tail.damaged,
        }
    }
}

/// Figures of the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes of its files, counted a little high.
    pub bytes: u64,
    /// Records that wait to be sent or acknowledged.
    pub waiting_records: u64,
    /// Number of the last record on disk.
    pub stored: u64,
    /// Number of the last record that needs no more sending.
    pub settled: u64,
    /// Readings dropped for lack of room, since the queue was made.
    pub dropped_readings: u64,
    /// Records lost to damage of the disk, since the start.
    pub damaged_records: u64,
}

fn some_of<'a>(records: impl Iterator<Item = &'a (u64, Arc<[u8]>)>, readings_max: usize) -> Vec<(u64, Vec<Reading>)> {
    let mut out: Vec<(u64, Vec<Reading>)> = Vec::new();
    let mut count = 0;
    for (number, record) in records {
        // Whole by its checksum; one that a later program wrote is passed over as empty rather than stopping the queue.
        let readings = reading::decode(record).unwrap_or_default();
        count += readings.len();
        if count > readings_max && !out.is_empty() {
            break;
        }
        out.push((*number, readings));
    }
    out
}

#[cfg(test)]
mod tests;
