//! Log, memory, segments and table together.
//!
//! Invariants, besides those of the write-ahead log, [`wal`]: **LK-5** what was acknowledged is found by a query from then
//! on, and after any crash. **LK-6** a reading is in the table once, whatever crashes between segment, commit and log.
//! **LK-7** memory is bounded: beyond the budget batches are refused by name, not gathered.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use bytes::Bytes;

use crate::batch::{self, Batch, BatchError};
use crate::buffer::{Buffer, Fitted, Point};
use crate::downsample::{Bucket, Gather};
use crate::names::{Names, Series, SeriesId};
use crate::segment::{self, SegmentError};
use crate::table::{Segment, Table, TableError};
use kernel::{Quality, Value};
use wal::disk::Disk;
use wal::{Log, LogError, LogOptions};

/// How large things get.
#[derive(Clone, Debug)]
pub struct LakeOptions {
    /// Of the write-ahead log.
    pub log: LogOptions,
    /// Readings in memory beyond this should be flushed.
    pub flush_bytes: usize,
    /// Readings in memory beyond this are refused (LK-7); at most 2 GiB count.
    pub memory_bytes_max: usize,
    /// A UUID: the table's identity for other engines.
    pub table_id: String,
}

/// Why the lake does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The batch is none.
    #[error(transparent)]
    Batch(#[from] BatchError),
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
    /// Batches put into memory again.
    pub replayed: u64,
    /// Numbers of records that are whole and that no version of this program wrote.
    pub unreadable: Vec<u64>,
}

/// A batch that is on disk and can be queried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The number of its record in the log.
    pub record: u64,
    /// How its readings fit what was in memory.
    pub fitted: Fitted,
}

/// Told once: stored, or never to be.
pub type Told = Box<dyn FnOnce(Result<Stored, LogError>) + Send>;

/// Sees every batch that was stored.
pub type Observer = Box<dyn Fn(&Arc<Batch>) + Send + Sync>;

/// What queries see. One lock for all of it: a query between two would see readings twice or not at all.
#[derive(Default)]
struct State {
    table: Table,
    active: Buffer,
    /// The last record in `active`, or before it.
    last_record: u64,
    /// On its way into a segment, with its last record.
    flushing: Option<(Arc<Buffer>, u64)>,
    /// The latest reading that is in a segment, by the series' number.
    settled: Vec<Option<Point>>,
}

impl State {
    fn held_bytes(&self) -> usize {
        self.active.bytes() + self.flushing.as_ref().map_or(0, |f| f.0.bytes())
    }

    fn settle(&mut self, series: SeriesId, point: Point) {
        if series.slot() >= self.settled.len() {
            self.settled.resize(series.slot() + 1, None);
        }
        let settled = &mut self.settled[series.slot()];
        if settled.as_ref().is_none_or(|s| s.at_us <= point.at_us) {
            *settled = Some(point);
        }
    }
}

/// What the log's thread and the callers share.
struct Shared {
    state: Mutex<State>,
    /// Memory held by readings, so that who appends need not wait for the state.
    held_bytes: AtomicUsize,
    names: Names,
    observers: RwLock<Vec<Observer>>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while held")
    }

    /// On the log's thread: the batch is on disk.
    fn stored(&self, record: u64, batch: &Arc<Batch>) -> Stored {
        let fitted = {
            let mut state = self.state();
            state.last_record = record;
            let fitted = state.active.apply(batch);
            self.held_bytes.store(state.held_bytes(), Ordering::Relaxed);
            fitted
        };
        for observer in self.observers.read().expect("no panic while held").iter() {
            observer(batch);
        }
        Stored { record, fitted }
    }
}

/// The lake.
pub struct Lake {
    log: Log,
    shared: Arc<Shared>,
    /// One flush at a time.
    flush: Mutex<()>,
    disk: Arc<dyn Disk>,
    options: LakeOptions,
}

impl Lake {
    /// Opens it: reads the table, and puts into memory what the log holds beyond it.
    pub fn open(
        log_disk: Arc<dyn Disk>,
        disk: Arc<dyn Disk>,
        mut options: LakeOptions,
    ) -> Result<(Lake, Opened), LakeError> {
        options.memory_bytes_max = options.memory_bytes_max.min(2 << 30);
        let table = Table::read(disk.as_ref())?;
        let in_table = table.last_record;
        let mut state = State { table, last_record: in_table, ..State::default() };
        let mut found = Opened::default();
        let names = Names::default();
        settle_segments(&mut state, &names, disk.as_ref())?;
        let (log, opened) = Log::open(log_disk, options.log, |record, bytes| {
            if record <= in_table {
                return;
            }
            match batch::decode(bytes, &names) {
                Some(batch) => {
                    state.last_record = record;
                    state.active.apply(&batch);
                    found.replayed += 1;
                }
                None => found.unreadable.push(record),
            }
        })?;
        if opened.next <= in_table {
            return Err(LakeError::LogBehindTable { next: opened.next, last: in_table });
        }
        found.log = opened;
        let held_bytes = AtomicUsize::new(state.held_bytes());
        let shared = Shared { state: Mutex::new(state), held_bytes, names, observers: RwLock::default() };
        Ok((Lake { log, shared: Arc::new(shared), flush: Mutex::new(()), disk, options }, found))
    }

    /// The number of a series, for [`Batch`]; the same for the same names as long as the lake is open. Callers keep it.
    pub fn series(&self, device: &str, property: &str) -> SeriesId {
        self.shared.names.series(device, property)
    }

    /// The names of a series that [`Lake::series`] gave a number.
    ///
    /// # Panics
    /// If it did not.
    pub fn name(&self, id: SeriesId) -> Arc<Series> {
        self.shared.names.name(id).expect("the number is from this lake")
    }

    /// From now on `observer` sees every batch on the log's thread once it is stored, before the batch's sender is told.
    /// It must be quick: everything that arrives waits for it.
    pub fn observe(&self, observer: Observer) {
        self.shared.observers.write().expect("no panic while held").push(observer);
    }

    /// Takes a batch. `told` is called from the log's thread once it is on disk and can be queried; if this is refused, it
    /// is not called. It must be quick: everything that arrives waits for it.
    pub fn append(&self, batch: Batch, told: Told) -> Result<(), LakeError> {
        let held_bytes = self.shared.held_bytes.load(Ordering::Relaxed);
        if held_bytes > self.options.memory_bytes_max {
            return Err(LakeError::MemoryFull { held_bytes });
        }
        let batch = Arc::new(batch);
        let (shared, kept) = (self.shared.clone(), batch.clone());
        let stored = move |result: Result<u64, LogError>| told(result.map(|record| shared.stored(record, &kept)));
        batch::encoded(&batch, &self.shared.names, |record| self.log.append(record, Box::new(stored)))??;
        Ok(())
    }

    /// Appends and waits.
    pub fn append_and_wait(&self, batch: Batch) -> Result<Stored, LakeError> {
        let (tell, hear) = std::sync::mpsc::channel();
        self.append(batch, Box::new(move |result| drop(tell.send(result))))?;
        Ok(hear.recv().unwrap_or(Err(LogError::Closed))?)
    }

    /// Memory that readings hold.
    pub fn held_bytes(&self) -> usize {
        self.shared.held_bytes.load(Ordering::Relaxed)
    }

    /// Whether enough has gathered for a segment.
    pub fn wants_flush(&self) -> bool {
        self.held_bytes() >= self.options.flush_bytes
    }

    /// Makes a segment of what is in memory. `None`: there was nothing. After a failure nothing is lost, and the next
    /// call tries the same again.
    pub fn flush(&self, now_ms: i64) -> Result<Option<Segment>, LakeError> {
        let _one_at_a_time = self.flush.lock().expect("no panic while held");
        let (buffer, last_record) = {
            let mut state = self.shared.state();
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
        let series = self.sorted_series(&buffer);
        let bytes =
            segment::write(&buffer, &series).map_err(|error| LakeError::Segment { path: path.clone(), error })?;
        let crc32 = crc32fast::hash(&bytes);
        let segment = Segment { path, bytes: bytes.len() as u64, rows: buffer.points(), crc32 };
        self.disk.put(&segment.path, &bytes)?;
        {
            let mut state = self.shared.state();
            let table_id = &self.options.table_id;
            state.table.commit(self.disk.as_ref(), table_id, segment.clone(), last_record, now_ms)?;
            for (id, _) in &series {
                if let Some(cell) = buffer.last(*id) {
                    state.settle(*id, buffer.point(cell));
                }
            }
            state.flushing = None;
            self.shared.held_bytes.store(state.held_bytes(), Ordering::Relaxed);
        }
        self.log.forget(last_record + 1)?;
        Ok(Some(segment))
    }

    /// The series of a buffer in order of their names.
    fn sorted_series(&self, buffer: &Buffer) -> Vec<(SeriesId, Arc<Series>)> {
        let mut series: Vec<_> = buffer.series().into_iter().map(|id| (id, self.name(id))).collect();
        series.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        series
    }

    /// The latest reading of a series by device time.
    pub fn last(&self, series: SeriesId) -> Option<Point> {
        let state = self.shared.state();
        // Of two for the same instant the one that arrived later: memory comes after the segments.
        let mut latest = state.settled.get(series.slot()).cloned().flatten();
        let flushing = state.flushing.as_ref().map(|(buffer, _)| buffer.as_ref());
        for buffer in flushing.into_iter().chain([&state.active]) {
            let newer = buffer.last(series).filter(|c| latest.as_ref().is_none_or(|l| l.at_us <= c.at_us));
            latest = newer.map(|c| buffer.point(c)).or(latest);
        }
        latest
    }

    /// The readings of a series from `from_us` up to, and without, `to_us`, in order, one an instant: the one that arrived
    /// last.
    pub fn range(&self, series: &Series, from_us: i64, to_us: i64) -> Result<Vec<Point>, LakeError> {
        let id = self.shared.names.find(series);
        let (segments, in_memory) = {
            let state = self.shared.state();
            let of = |b: &Buffer| id.map_or_else(Vec::new, |id| b.range(id, from_us, to_us));
            let flushing = state.flushing.as_ref().map_or_else(Vec::new, |(b, _)| of(b));
            (state.table.segments.clone(), [flushing, of(&state.active)].concat())
        };
        let mut found: BTreeMap<i64, Point> = BTreeMap::new();
        for s in segments {
            let bytes = read(self.disk.as_ref(), &s)?;
            segment::range(bytes, series, (from_us, to_us), |point| drop(found.insert(point.at_us, point)))
                .map_err(|error| LakeError::Segment { path: s.path, error })?;
        }
        found.extend(in_memory.into_iter().map(|p| (p.at_us, p)));
        Ok(found.into_values().collect())
    }

    /// The numbers of a series from `from_us` up to, and without, `to_us` in at most `buckets` stretches of equal length;
    /// stretches without numbers are left out, and so are bad readings.
    pub fn downsample(
        &self,
        series: &Series,
        from_us: i64,
        to_us: i64,
        buckets: u32,
    ) -> Result<Vec<Bucket>, LakeError> {
        let mut gather = Gather::new(from_us, to_us, buckets);
        for point in self.range(series, from_us, to_us)? {
            if let (Value::Number(n), true) = (&point.value, point.quality != Quality::Bad) {
                gather.push(point.at_us, *n);
            }
        }
        Ok(gather.finish())
    }

    /// Segments that the table states and that are not as it states them, with what is wrong.
    pub fn broken_segments(&self) -> Vec<(String, String)> {
        let segments = self.shared.state().table.segments.clone();
        let broken = |s: &Segment| check(self.disk.as_ref(), s).err().map(|what| (s.path.clone(), what));
        segments.iter().filter_map(broken).collect()
    }
}

/// The latest readings of what the table holds.
fn settle_segments(state: &mut State, names: &Names, disk: &dyn Disk) -> Result<(), LakeError> {
    for stated in state.table.segments.clone() {
        // A damaged segment must not keep the program from starting; who reads it is told.
        let Ok(bytes) = read(disk, &stated) else { continue };
        let each = |series: Series, point| state.settle(names.series(&series.device, &series.property), point);
        segment::all(bytes, each).map_err(|error| LakeError::Segment { path: stated.path, error })?;
    }
    Ok(())
}

/// A segment's bytes, as they were written.
fn read(disk: &dyn Disk, stated: &Segment) -> Result<Bytes, LakeError> {
    let bytes = disk.read(&stated.path)?;
    if bytes.len() as u64 != stated.bytes || crc32fast::hash(&bytes) != stated.crc32 {
        return Err(LakeError::Damaged { path: stated.path.clone() });
    }
    Ok(bytes.into())
}

fn check(disk: &dyn Disk, stated: &Segment) -> Result<(), String> {
    let bytes = read(disk, stated).map_err(|e| e.to_string())?;
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
