//! Log, memory, segments and table together.
//!
//! Invariants, besides those of the write-ahead log, [`wal`]: **LK-5** what was acknowledged is found by a query from then on, and
//! after any crash. **LK-6** a message is in the table once, whatever crashes between segment, commit and log. **LK-7**
//! memory is bounded: beyond the budget messages are refused by name, not gathered.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;

use crate::buffer::{Buffer, Fitted, Point, Series};
use crate::reading::{self, Message};
use crate::segment::{self, SegmentError};
use crate::table::{Segment, Table, TableError};
use wal::disk::Disk;
use wal::{Log, LogError, LogOptions};

/// How large things get.
#[derive(Clone, Debug)]
pub struct LakeOptions {
    /// Of the write-ahead log.
    pub log: LogOptions,
    /// Readings in memory beyond this should be flushed.
    pub flush_bytes: usize,
    /// Readings in memory beyond this are refused (LK-7).
    pub memory_bytes_max: usize,
    /// A UUID: the table's identity for other engines.
    pub table_id: String,
}

/// Why the lake does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The log refuses.
    #[error(transparent)]
    Log(#[from] LogError),
    /// LK-7
    #[error("{held_bytes} bytes of readings wait to be flushed; try again later")]
    MemoryFull {
        /// What is held.
        held_bytes: usize,
    },
    /// The table fails.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A segment fails.
    #[error("{path}: {error}")]
    Segment {
        /// Which.
        path: String,
        /// Why.
        error: SegmentError,
    },
    /// Not the bytes that were written.
    #[error("{path} is not as it was written; restore it from a copy")]
    Damaged {
        /// Which.
        path: String,
    },
    /// A disk fails.
    #[error("the lake's disk failed: {0}")]
    Disk(#[from] io::Error),
    /// The log was lost or replaced: its next number is one that the table has already.
    #[error("the log goes on at record {next}, the table holds records up to {last}: the log is not this table's")]
    LogBehindTable {
        /// The log's next number.
        next: u64,
        /// The table's last.
        last: u64,
    },
}

/// What was found at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// By the log.
    pub log: wal::Opened,
    /// Messages put into memory again.
    pub replayed: u64,
    /// Numbers of records that are whole and that no version of this program wrote.
    pub unreadable: Vec<u64>,
}

/// A message that is on disk and can be queried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The number of its record in the log.
    pub record: u64,
    /// How its readings fit what was in memory.
    pub fitted: Fitted,
}

/// Told once: stored, or never to be.
pub type Told = Box<dyn FnOnce(Result<Stored, LogError>) + Send>;

/// What queries see. One lock for all of it: a query between two would see readings twice or not at all.
#[derive(Default)]
struct State {
    table: Table,
    active: Buffer,
    /// The last record in `active`, or before it.
    last_record: u64,
    /// On its way into a segment, with its last record.
    flushing: Option<(Arc<Buffer>, u64)>,
}

impl State {
    fn held_bytes(&self) -> usize {
        self.active.bytes() + self.flushing.as_ref().map_or(0, |f| f.0.bytes())
    }
    fn apply(&mut self, record: u64, message: Message) -> Fitted {
        self.last_record = record;
        self.active.apply(message)
    }
}

/// The lake.
pub struct Lake {
    log: Log,
    state: Arc<Mutex<State>>,
    /// One flush at a time.
    flush: Mutex<()>,
    disk: Arc<dyn Disk>,
    options: LakeOptions,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no panic while held")
}

impl Lake {
    /// Opens it: reads the table, and puts into memory what the log holds beyond it.
    pub fn open(
        log_disk: Arc<dyn Disk>,
        disk: Arc<dyn Disk>,
        options: LakeOptions,
    ) -> Result<(Lake, Opened), LakeError> {
        let table = Table::read(disk.as_ref())?;
        let in_table = table.last_record;
        let mut state = State { table, last_record: in_table, ..State::default() };
        let mut found = Opened::default();
        let (log, opened) = Log::open(log_disk, options.log, |record, bytes| {
            if record <= in_table {
                return;
            }
            match reading::decode(bytes) {
                Some(message) => {
                    state.apply(record, message);
                    found.replayed += 1;
                }
                None => found.unreadable.push(record),
            }
        })?;
        if opened.next <= in_table {
            return Err(LakeError::LogBehindTable { next: opened.next, last: in_table });
        }
        found.log = opened;
        let lake = Lake { log, state: Arc::new(Mutex::new(state)), flush: Mutex::new(()), disk, options };
        Ok((lake, found))
    }

    /// Takes a message. `told` is called once it is on disk and can be queried; if this is refused, it is not called.
    pub fn append(&self, message: Message, told: Told) -> Result<(), LakeError> {
        let held_bytes = locked(&self.state).held_bytes();
        if held_bytes > self.options.memory_bytes_max {
            return Err(LakeError::MemoryFull { held_bytes });
        }
        let bytes = reading::encode(&message);
        let state = self.state.clone();
        let stored = move |result: Result<u64, LogError>| {
            told(result.map(|record| Stored { record, fitted: locked(&state).apply(record, message) }));
        };
        Ok(self.log.append(&bytes, Box::new(stored))?)
    }

    /// Appends and waits.
    pub fn append_and_wait(&self, message: Message) -> Result<Stored, LakeError> {
        let (tell, hear) = std::sync::mpsc::channel();
        self.append(message, Box::new(move |result| drop(tell.send(result))))?;
        Ok(hear.recv().unwrap_or(Err(LogError::Closed))?)
    }

    /// Whether enough has gathered for a segment.
    pub fn wants_flush(&self) -> bool {
        locked(&self.state).held_bytes() >= self.options.flush_bytes
    }

    /// Makes a segment of what is in memory. `None`: there was nothing. After a failure nothing is lost, and the next
    /// call tries the same again.
    pub fn flush(&self, now_ms: i64) -> Result<Option<Segment>, LakeError> {
        let _one_at_a_time = locked(&self.flush);
        let (buffer, last_record) = {
            let mut state = locked(&self.state);
            if state.flushing.is_none() && state.active.points() > 0 {
                state.flushing = Some((Arc::new(std::mem::take(&mut state.active)), state.last_record));
            }
            match &state.flushing {
                Some((buffer, last)) => (buffer.clone(), *last),
                None => return Ok(None),
            }
        };
        // Named for its last record: a second attempt writes the same file.
        let path = format!("part-{last_record:020}.parquet");
        let bytes = segment::write(&buffer).map_err(|error| LakeError::Segment { path: path.clone(), error })?;
        let crc32 = crc32fast::hash(&bytes);
        let segment = Segment { path, bytes: bytes.len() as u64, rows: buffer.points(), crc32 };
        self.disk.put(&segment.path, &bytes)?;
        {
            let mut state = locked(&self.state);
            let table_id = &self.options.table_id;
            state.table.commit(self.disk.as_ref(), table_id, segment.clone(), last_record, now_ms)?;
            state.flushing = None;
        }
        self.log.forget(last_record + 1)?;
        Ok(Some(segment))
    }

    /// The readings of a series from `from_us` up to, and without, `to_us`, in order, one an instant: the one that arrived
    /// last.
    pub fn range(&self, series: &Series, from_us: i64, to_us: i64) -> Result<Vec<Point>, LakeError> {
        let (segments, in_memory) = {
            let state = locked(&self.state);
            let flushing = state.flushing.as_ref().map_or(&[][..], |(b, _)| b.range(series, from_us, to_us));
            let in_memory = [flushing, state.active.range(series, from_us, to_us)].concat();
            (state.table.segments.clone(), in_memory)
        };
        let mut found: BTreeMap<i64, Point> = BTreeMap::new();
        for s in segments {
            let bytes = self.read(&s)?;
            segment::range(bytes, series, (from_us, to_us), |point| drop(found.insert(point.at_us, point)))
                .map_err(|error| LakeError::Segment { path: s.path, error })?;
        }
        found.extend(in_memory.into_iter().map(|p| (p.at_us, p)));
        Ok(found.into_values().collect())
    }

    /// Segments that the table states and that are not as it states them, with what is wrong.
    pub fn broken_segments(&self) -> Vec<(String, String)> {
        let segments = locked(&self.state).table.segments.clone();
        let broken = |s: &Segment| self.check(s).err().map(|what| (s.path.clone(), what));
        segments.iter().filter_map(broken).collect()
    }

    /// A segment's bytes, as they were written.
    fn read(&self, stated: &Segment) -> Result<Bytes, LakeError> {
        let bytes = self.disk.read(&stated.path)?;
        if bytes.len() as u64 != stated.bytes || crc32fast::hash(&bytes) != stated.crc32 {
            return Err(LakeError::Damaged { path: stated.path.clone() });
        }
        Ok(bytes.into())
    }

    fn check(&self, stated: &Segment) -> Result<(), String> {
        let bytes = self.read(stated).map_err(|e| e.to_string())?;
        let (mut rows, mut before, mut in_order) = (0, None, true);
        let each = |series: Series, point: Point| {
            let at = Some((series, point.at_us));
            in_order &= before < at;
            (before, rows) = (at, rows + 1);
        };
        segment::all(bytes, each).map_err(|e| e.to_string())?;
        match (in_order, rows == stated.rows) {
            (false, _) => Err("its readings are not in order of series and time".to_owned()),
            (_, false) => Err(format!("{rows} readings, the table states {}", stated.rows)),
            _ => Ok(()),
        }
    }
}
