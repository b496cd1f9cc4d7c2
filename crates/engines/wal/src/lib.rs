//! The write-ahead log: what is acknowledged is on disk.
//!
//! Many callers append; one thread writes what has gathered as one batch, syncs once, and only then tells each of them.
//! While it syncs, the next batch gathers: one sync serves all who came meanwhile.
//!
//! Invariants: **LK-1** whoever was told "stored" finds the record again after any crash. **LK-2** records are numbered
//! without gaps; a number that is lost to damage is named at the next start, never skipped in silence. **LK-3** after a
//! failed write or sync nothing more is acknowledged until the log is opened anew: a disk that lost a page may say "fine"
//! the next time. **LK-4** what waits is bounded in bytes; who comes beyond is told to wait.

pub mod disk;
mod frame;

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use disk::{Disk, Grows};
use frame::Batch;

/// How large things get.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// A new file is begun after so many bytes.
    pub file_bytes: u64,
    /// Records wait for their sync in at most so many bytes.
    pub waiting_bytes_max: usize,
    /// Largest record.
    pub record_bytes_max: usize,
}

impl Default for LogOptions {
    fn default() -> Self {
        LogOptions { file_bytes: 64 << 20, waiting_bytes_max: 16 << 20, record_bytes_max: 1 << 20 }
    }
}

/// Why a record is not stored. Nothing of it is on disk, as far as anybody was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Larger than any message should be.
    #[error("a record of {bytes} bytes is larger than {bytes_max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The largest.
        bytes_max: usize,
    },
    /// As much waits as may.
    #[error("{waiting_bytes} bytes wait for the disk already; try again when some are stored")]
    Busy {
        /// What waits.
        waiting_bytes: usize,
    },
    /// LK-3
    #[error("the log's disk failed ({0}); nothing is stored until it is opened anew")]
    Failed(String),
    /// The program is ending.
    #[error("the log is closed")]
    Closed,
}

/// What was found at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Records read.
    pub records: u64,
    /// The number of the next record.
    pub next: u64,
    /// Bytes at the end that were being written when the power went; nobody had been told that they were stored.
    pub torn_bytes: u64,
    /// Records that were stored and cannot be read: file, first and last number (LK-2).
    pub lost: Vec<(String, u64, u64)>,
}

/// Told once, when the record is on disk (with its number) or will never be.
pub type Told = Box<dyn FnOnce(Result<u64, LogError>) + Send>;

#[derive(Default)]
struct Waiting {
    batch: Batch,
    told: Vec<Told>,
}

#[derive(Default)]
struct State {
    waiting: Waiting,
    failed: Option<LogError>,
    closing: bool,
    /// Files by the number of their first record, the one in use last.
    files: VecDeque<u64>,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
    options: LogOptions,
    disk: Arc<dyn Disk>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while held")
    }
}

/// The log. Dropping it stores what waits and ends its thread.
pub struct Log {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

fn file_name(first: u64) -> String {
    format!("{first:020}.log")
}

fn first_of(name: &str) -> Option<u64> {
    name.strip_suffix(".log")?.parse().ok()
}

/// The files of a log, what they hold, and where the last whole batch of the last file ends.
struct Walked {
    files: VecDeque<u64>,
    opened: Opened,
    end_bytes: u64,
}

fn walked(disk: &dyn Disk, each: &mut dyn FnMut(u64, &[u8])) -> io::Result<Walked> {
    let files: VecDeque<u64> = disk.list()?.iter().filter_map(|n| first_of(n)).collect();
    let mut opened = Opened { next: files.front().copied().unwrap_or(1), ..Opened::default() };
    let mut end_bytes = 0;
    for (i, first) in files.iter().copied().enumerate() {
        let name = file_name(first);
        if first > opened.next {
            // The file before ended in damage, or one is missing.
            let before = if i > 0 { file_name(files[i - 1]) } else { name.clone() };
            opened.lost.push((before, opened.next, first - 1));
        }
        let bytes = disk.read(&name)?;
        let found = frame::read(&bytes, first, |number, record| {
            opened.records += 1;
            each(number, record);
        });
        opened.lost.extend(found.lost.iter().map(|(from, to)| (name.clone(), *from, *to)));
        opened.next = found.next;
        if i + 1 == files.len() {
            opened.torn_bytes = found.torn_bytes as u64;
            end_bytes = found.whole_bytes as u64;
        }
    }
    Ok(Walked { files, opened, end_bytes })
}

/// Reads a log without opening it: nothing is written or cut, so a running program's log can be walked. Each stored record with
/// its number goes to `each`; what a running program has not finished shows as torn bytes.
pub fn walk(disk: &dyn Disk, mut each: impl FnMut(u64, &[u8])) -> io::Result<Opened> {
    // A running program lets old files go; then the list is asked for again.
    for _ in 0..10 {
        match walked(disk, &mut each) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            other => return other.map(|w| w.opened),
        }
    }
    walked(disk, &mut each).map(|w| w.opened)
}

impl Log {
    /// Opens the log, hands every stored record with its number to `each`, and begins to take more.
    pub fn open(
        disk: Arc<dyn Disk>,
        options: LogOptions,
        mut each: impl FnMut(u64, &[u8]),
    ) -> io::Result<(Log, Opened)> {
        let Walked { mut files, opened, end_bytes } = walked(disk.as_ref(), &mut each)?;
        let file = match files.back() {
            Some(last) => disk.reopen(&file_name(*last), end_bytes)?,
            None => {
                files.push_back(opened.next);
                disk.create(&file_name(opened.next))?
            }
        };
        let state = Mutex::new(State { files, ..State::default() });
        let shared = Arc::new(Shared { state, work: Condvar::new(), options, disk });
        let writer = Writer { shared: shared.clone(), file, file_bytes: end_bytes, next: opened.next };
        let thread = std::thread::Builder::new().name("lake-log".into()).spawn(move || writer.run())?;
        Ok((Log { shared, thread: Some(thread) }, opened))
    }

    /// Takes a record. `told` is called from the log's thread once it is on disk; if this is refused, it is not called.
    pub fn append(&self, record: &[u8], told: Told) -> Result<(), LogError> {
        let options = self.shared.options;
        if record.len() > options.record_bytes_max {
            return Err(LogError::TooLarge { bytes: record.len(), bytes_max: options.record_bytes_max });
        }
        let mut state = self.shared.state();
        if let Some(failed) = &state.failed {
            return Err(failed.clone());
        }
        if state.closing {
            return Err(LogError::Closed);
        }
        let waiting_bytes = state.waiting.batch.len();
        if waiting_bytes + record.len() > options.waiting_bytes_max && waiting_bytes > 0 {
            return Err(LogError::Busy { waiting_bytes });
        }
        state.waiting.batch.push(record);
        state.waiting.told.push(told);
        drop(state);
        self.shared.work.notify_one();
        Ok(())
    }

    /// Appends and waits.
    pub fn append_and_wait(&self, record: &[u8]) -> Result<u64, LogError> {
        let (tell, hear) = std::sync::mpsc::channel();
        self.append(record, Box::new(move |result| drop(tell.send(result))))?;
        hear.recv().unwrap_or(Err(LogError::Closed))
    }

    /// Removes files all of whose records have numbers below `kept_from`: they are stored elsewhere. The file in use
    /// stays.
    pub fn forget(&self, kept_from: u64) -> io::Result<usize> {
        let mut removed = 0;
        loop {
            let first = {
                let mut state = self.shared.state();
                match (state.files.front().copied(), state.files.get(1).copied()) {
                    (Some(first), Some(next)) if next <= kept_from => {
                        state.files.pop_front();
                        first
                    }
                    _ => return Ok(removed),
                }
            };
            self.shared.disk.remove(&file_name(first))?;
            removed += 1;
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.shared.state().closing = true;
        self.shared.work.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Writer {
    shared: Arc<Shared>,
    file: Box<dyn Grows>,
    file_bytes: u64,
    /// The number of the next record.
    next: u64,
}

impl Writer {
    fn run(mut self) {
        let mut taken = Waiting::default();
        loop {
            {
                let mut state = self.shared.state();
                while state.waiting.told.is_empty() && !state.closing {
                    state = self.shared.work.wait(state).expect("no panic while held");
                }
                if state.waiting.told.is_empty() {
                    return;
                }
                // The two buffers take turns, so that neither is allocated anew.
                mem::swap(&mut taken, &mut state.waiting);
            }
            let first = self.next;
            let stored = self.store(&mut taken.batch);
            if let Err(e) = &stored {
                self.shared.state().failed = Some(LogError::Failed(e.to_string()));
            }
            for (number, told) in (first..).zip(taken.told.drain(..)) {
                told(match &stored {
                    Ok(()) => Ok(number),
                    Err(e) => Err(LogError::Failed(e.to_string())),
                });
            }
            taken.batch.clear();
            if stored.is_err() {
                return self.refuse_all();
            }
        }
    }

    fn store(&mut self, batch: &mut Batch) -> io::Result<()> {
        if self.file_bytes >= self.shared.options.file_bytes {
            self.file = self.shared.disk.create(&file_name(self.next))?;
            self.file_bytes = 0;
            self.shared.state().files.push_back(self.next);
        }
        let count = u64::from(batch.count());
        let bytes = batch.seal(self.next);
        self.file.append(bytes)?;
        self.file.sync()?;
        self.file_bytes += bytes.len() as u64;
        self.next += count;
        Ok(())
    }

    /// LK-3: whoever came in while the disk failed is told too.
    fn refuse_all(self) {
        let (told, failed) = {
            let mut state = self.shared.state();
            let failed = state.failed.clone().unwrap_or(LogError::Closed);
            state.waiting.batch.clear();
            (mem::take(&mut state.waiting.told), failed)
        };
        told.into_iter().for_each(|t| t(Err(failed.clone())));
    }
}
