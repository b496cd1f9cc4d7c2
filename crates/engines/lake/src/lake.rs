//! Log, memory, segments and table together.
//!
//! Invariants, besides those of the write-ahead log, [`wal`]: **LK-5** what was acknowledged is found by a query from then
//! on, and after any crash. **LK-6** a reading is found once, whatever crashes between segment, commit, log and
//! compaction.
//! **LK-7** memory is bounded: beyond the budget batches are refused by name, not gathered.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use crate::batch::{self, Batch, BatchError};
use crate::buffer::{Buffer, Fitted, Point};
use crate::names::{Names, Series, SeriesId};
use crate::segment::{Footers, SegmentError, SegmentFile};
use crate::table::{Segment, Table, TableError};
use crate::{read, upkeep};
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
    /// Segments smaller than this are put together by and by ([`Lake::compact`]).
    pub segment_bytes: u64,
    /// A file that no longer counts stays for so long: another engine may be reading it.
    pub removed_kept_ms: i64,
    /// Footers of segments kept in memory.
    pub footer_bytes_max: usize,
    /// A UUID: the table's identity for other engines.
    pub table_id: String,
}

impl LakeOptions {
    /// For a machine with some memory to spare; `table_id` is a UUID, the table's identity for other engines.
    pub fn new(table_id: impl Into<String>) -> LakeOptions {
        LakeOptions {
            log: LogOptions::default(),
            flush_bytes: 128 << 20,
            memory_bytes_max: 512 << 20,
            segment_bytes: 128 << 20,
            removed_kept_ms: 10 * 60 * 1000,
            footer_bytes_max: 64 << 20,
            table_id: table_id.into(),
        }
    }
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
    /// Segments that do not read, with what is wrong: their readings are not found until they are restored from a copy.
    pub damaged: Vec<(String, String)>,
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
pub(crate) struct State {
    pub table: Table,
    /// The table's segments, in its order.
    pub files: Vec<Arc<SegmentFile>>,
    /// Files that no longer count and that somebody may still read, with the time in ms since when.
    pub removed: Vec<(Arc<SegmentFile>, i64)>,
    pub active: Buffer,
    /// The first record that is not in a segment nor on its way into one.
    pub first_record: u64,
    /// The last record in `active`, or before it.
    pub last_record: u64,
    /// On its way into a segment, with its first and last record.
    pub flushing: Option<(Arc<Buffer>, (u64, u64))>,
    /// The latest reading that is in a segment, by the series' number.
    settled: Vec<Option<Point>>,
}

impl State {
    pub fn held_bytes(&self) -> usize {
        self.active.bytes() + self.flushing.as_ref().map_or(0, |f| f.0.bytes())
    }

    pub fn settled(&self, series: SeriesId) -> Option<&Point> {
        self.settled.get(series.slot())?.as_ref()
    }

    pub fn settle(&mut self, series: SeriesId, point: Point) {
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
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Memory held by readings, so that who appends need not wait for the state.
    pub held_bytes: AtomicUsize,
    pub names: Names,
    observers: RwLock<Vec<Observer>>,
}

impl Shared {
    pub fn state(&self) -> MutexGuard<'_, State> {
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
    pub(crate) log: Log,
    pub(crate) shared: Arc<Shared>,
    /// One flush at a time; one compaction or retention at a time; one commit at a time, for a moment.
    pub(crate) flush: Mutex<()>,
    pub(crate) compact: Mutex<()>,
    pub(crate) commit: Mutex<()>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) footers: Arc<Footers>,
    pub(crate) options: LakeOptions,
}

impl Lake {
    /// Opens it: reads the table, the latest reading of each series from the segments, and puts into memory what the log
    /// holds beyond the table.
    pub fn open(
        log_disk: Arc<dyn Disk>,
        disk: Arc<dyn Disk>,
        mut options: LakeOptions,
    ) -> Result<(Lake, Opened), LakeError> {
        options.memory_bytes_max = options.memory_bytes_max.min(2 << 30);
        let table = Table::read(disk.as_ref())?;
        let footers = Arc::new(Footers::new(options.footer_bytes_max));
        let file = |s: &Segment| Arc::new(SegmentFile::new(s.clone(), disk.clone(), footers.clone()));
        let files: Vec<_> = table.segments.iter().map(file).collect();
        let in_table = table.last_record;
        let mut state = State { table, files, first_record: in_table + 1, last_record: in_table, ..State::default() };
        let mut found = Opened::default();
        let names = Names::default();
        found.damaged = read::settle_segments(&mut state, &names)?;
        upkeep::remove_leftovers(&state.table, disk.as_ref())?;
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
        let [flush, compact, commit] = <[Mutex<()>; 3]>::default();
        let lake = Lake { log, shared: Arc::new(shared), flush, compact, commit, disk, footers, options };
        Ok((lake, found))
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
    pub fn append(&self, mut batch: Batch, told: Told) -> Result<(), LakeError> {
        let held_bytes = self.shared.held_bytes.load(Ordering::Relaxed);
        if held_bytes > self.options.memory_bytes_max {
            return Err(LakeError::MemoryFull { held_bytes });
        }
        batch.server_at_us -= batch.server_at_us.rem_euclid(1000);
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

    /// The latest reading of a series by device time.
    pub fn last(&self, series: SeriesId) -> Option<Point> {
        let state = self.shared.state();
        // Of two for the same instant the one that arrived later: memory comes after the segments.
        let mut latest = state.settled(series).cloned();
        let flushing = state.flushing.as_ref().map(|(buffer, _)| buffer.as_ref());
        for buffer in flushing.into_iter().chain([&state.active]) {
            let newer = buffer.last(series).filter(|c| latest.as_ref().is_none_or(|l| l.at_us <= c.at_us));
            latest = newer.map(|c| buffer.point(c)).or(latest);
        }
        latest.filter(|p| p.at_us >= state.table.kept_from_us)
    }
}
