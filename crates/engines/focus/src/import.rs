//! Importing a bill: recognise it, check it, sum it up; stoppable between waves and resumable with the same result.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Cursor, Read};
use std::ops::ControlFlow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::columnar::Chunks;
use crate::finish::report;
use crate::hash::hash64;
use crate::header::Header;
use crate::model::RuleModel;
use crate::plan::Plan;
use crate::profile::Profile;
use crate::refusal::{Cut, Refusal};
use crate::report::Report;
use crate::roles::{ROLE_COLUMNS, Roles};
use crate::sniff::{Format, SNIFF_BYTES, Seen, sniff};
use crate::state::State;
use crate::statement::{Statement, statements};
use crate::worker::{Shared, Worker};

/// How much an import may take, and how often it tells.
#[derive(Clone, Debug)]
pub struct Options {
    /// Workers beside the reading thread.
    pub threads: usize,
    /// Bytes of CSV that a worker takes at a time.
    pub block_bytes: usize,
    /// Blocks or row groups between two calls of the progress function.
    pub wave: usize,
    /// A row longer than this is taken for an unclosed quotation.
    pub row_bytes_max: usize,
    /// A longer field rejects its row.
    pub field_bytes_max: usize,
    /// A gzip file may unpack to so many bytes.
    pub unpacked_bytes_max: u64,
    /// A gzip file may unpack to so many times its size (looked at from 16 MiB on).
    pub unpack_ratio_max: u64,
    /// Rows kept for each breached rule; all are counted.
    pub findings_per_rule: usize,
    /// Rows after which progress carries a checkpoint; `None`: only stopping makes one.
    pub checkpoint_rows: Option<u64>,
    /// What the file's name says it is.
    pub claimed: Option<Format>,
    /// Refuse a file that lacks a column which a MUST rule asks for.
    pub refuse_missing_columns: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            threads: 2,
            block_bytes: 1 << 20,
            wave: 64,
            row_bytes_max: 4 << 20,
            field_bytes_max: 64 << 10,
            unpacked_bytes_max: 64 << 30,
            unpack_ratio_max: 400,
            findings_per_rule: 20,
            checkpoint_rows: None,
            claimed: None,
            refuse_missing_columns: true,
        }
    }
}

/// How far an import is.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Bytes of the stored file read.
    pub bytes_done: u64,
    /// Its size, when known.
    pub bytes_total: Option<u64>,
    /// Rows read.
    pub rows: u64,
    /// From here the import can be taken up again.
    pub checkpoint: Option<&'a Checkpoint>,
}

/// A finished import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// What was found.
    pub report: Report,
    /// What was used and what it cost, by account, service and month.
    pub statements: Vec<Statement>,
}

/// How an import ended.
#[derive(Debug)]
pub enum Ended {
    /// All rows are read.
    Done(Box<Import>),
    /// The progress function stopped it.
    Stopped(Box<Checkpoint>),
}

/// All that is needed to take an import up again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    version: u32,
    profile: String,
    format: Format,
    header_hash: u64,
    /// Bytes of text after the header's start, or row groups.
    pub(crate) position: u64,
    pub(crate) bytes_done: u64,
    pub(crate) state: State,
}

const CHECKPOINT_VERSION: u32 = 1;

impl Checkpoint {
    /// Rows before it.
    pub fn rows(&self) -> u64 {
        self.state.rows.read
    }
}

/// Reads bills of one source.
pub struct Importer {
    pub(crate) profile: Profile,
    pub(crate) options: Options,
    pub(crate) model: RuleModel,
}

/// What the two readers share while a file is read.
pub(crate) struct Run<'a> {
    pub shared: &'a Shared<'a>,
    pub header: &'a Header,
    pub format: Format,
    pub options: &'a Options,
    pub state: State,
    /// Bytes of text after the header's start, or row groups.
    pub position: u64,
    pub bytes_done: u64,
    pub bytes_total: Option<u64>,
    rows_at_checkpoint: u64,
}

/// The progress function. Breaking stops the import at a checkpoint.
pub type OnProgress<'a> = &'a mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>;

impl Importer {
    /// For a source, by the product's own rules.
    pub fn new(profile: Profile, options: Options) -> Importer {
        Importer { profile, options, model: RuleModel::own() }
    }

    /// By other rules.
    pub fn with_model(mut self, model: RuleModel) -> Importer {
        self.model = model;
        self
    }

    /// Reads a file.
    pub fn import_path(
        &self,
        path: &Path,
        resume: Option<Checkpoint>,
        progress: OnProgress<'_>,
    ) -> Result<Ended, Refusal> {
        let open = || File::open(path).map_err(|source| Refusal::Open { path: path.to_owned(), source });
        let mut head = vec![];
        open()?.take(SNIFF_BYTES as u64).read_to_end(&mut head)?;
        let total = open()?.metadata()?.len();
        match self.recognise(&head)? {
            Format::Parquet => self.import_parquet(Chunks::open(path)?, resume, progress),
            format => self.import_text(Box::new(open()?), format, Some(total), resume, progress),
        }
    }

    /// Reads a file that is in memory.
    pub fn import_bytes(
        &self,
        bytes: &[u8],
        resume: Option<Checkpoint>,
        progress: OnProgress<'_>,
    ) -> Result<Ended, Refusal> {
        match self.recognise(&bytes[..bytes.len().min(SNIFF_BYTES)])? {
            Format::Parquet => {
                self.import_parquet(Chunks::Bytes(bytes::Bytes::copy_from_slice(bytes)), resume, progress)
            }
            format => {
                self.import_text(Box::new(Cursor::new(bytes)), format, Some(bytes.len() as u64), resume, progress)
            }
        }
    }

    /// Reads CSV or gzip CSV as it arrives. Parquet has its footer at the end, so it needs a file.
    pub fn import_stream(
        &self,
        mut stream: impl Read,
        resume: Option<Checkpoint>,
        progress: OnProgress<'_>,
    ) -> Result<Ended, Refusal> {
        let mut head = vec![];
        (&mut stream).take(SNIFF_BYTES as u64).read_to_end(&mut head)?;
        match self.recognise(&head)? {
            Format::Parquet => Err(Refusal::NotABill { found: "Parquet (as a stream; it needs a file)".to_owned() }),
            format => self.import_text(Box::new(Cursor::new(head).chain(stream)), format, None, resume, progress),
        }
    }

    /// What the first bytes are, if it is a bill and what it claims to be.
    fn recognise(&self, head: &[u8]) -> Result<Format, Refusal> {
        let found = match sniff(head) {
            Seen::Empty => return Err(Refusal::Empty),
            Seen::Other(found) => return Err(Refusal::NotABill { found: found.to_owned() }),
            Seen::Csv => Format::Csv,
            Seen::Gzip => Format::CsvGzip,
            Seen::Parquet => Format::Parquet,
        };
        match self.options.claimed {
            Some(claimed) if claimed != found => Err(Refusal::NotWhatItClaims { claimed, found }),
            _ => Ok(found),
        }
    }

    /// Compiles the rules for a header and runs `read` on it.
    pub(crate) fn run(
        &self,
        header: &Header,
        format: Format,
        bytes_total: Option<u64>,
        resume: Option<Checkpoint>,
        read: impl FnOnce(&mut Run<'_>, &mut [Worker<'_>]) -> Result<ControlFlow<()>, Refusal>,
    ) -> Result<Ended, Refusal> {
        let plan = Plan::compile(&self.model, &header.columns, &self.profile, &ROLE_COLUMNS)?;
        if self.options.refuse_missing_columns {
            header.refuse_missing(&plan, &self.model, &self.profile)?;
        }
        let shared = Shared {
            plan: &plan,
            roles: Roles::of(&plan),
            profile: &self.profile,
            fields: header.columns.len(),
            findings_per_rule: self.options.findings_per_rule,
            field_bytes_max: self.options.field_bytes_max,
        };
        let mut run = Run {
            shared: &shared,
            header,
            format,
            options: &self.options,
            state: State { lines: header.lines, ..State::default() },
            position: header.bytes,
            bytes_done: 0,
            bytes_total,
            rows_at_checkpoint: 0,
        };
        if format == Format::Parquet {
            run.position = 0;
        }
        if let Some(checkpoint) = resume {
            run.resume(checkpoint)?;
        }
        let mut workers: Vec<Worker<'_>> = (0..self.options.threads.max(1)).map(|_| Worker::new(&shared)).collect();
        let ended = read(&mut run, &mut workers)?;
        run.drain(&mut workers);
        Ok(match ended {
            ControlFlow::Break(()) => Ended::Stopped(Box::new(run.checkpoint())),
            ControlFlow::Continue(()) => Ended::Done(Box::new(Import {
                statements: statements(&run.state.groups),
                report: report(&mut run, &plan, &self.profile),
            })),
        })
    }
}

impl Run<'_> {
    fn profile_hash(&self) -> String {
        let json = serde_json::to_vec(self.shared.profile).expect("a profile is plain data");
        format!("{}:{:016x}", self.shared.profile.id, hash64(&json))
    }

    fn header_hash(&self) -> u64 {
        hash64(self.header.columns.join("\n").as_bytes())
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            version: CHECKPOINT_VERSION,
            profile: self.profile_hash(),
            format: self.format,
            header_hash: self.header_hash(),
            position: self.position,
            bytes_done: self.bytes_done,
            state: self.state.clone(),
        }
    }

    fn resume(&mut self, checkpoint: Checkpoint) -> Result<(), Refusal> {
        let wrong = |what: &str| Err(Refusal::WrongCheckpoint(what.to_owned()));
        match () {
            () if checkpoint.version != CHECKPOINT_VERSION => return wrong("another version"),
            () if checkpoint.profile != self.profile_hash() => return wrong("another profile"),
            () if checkpoint.format != self.format => return wrong("another format"),
            () if checkpoint.header_hash != self.header_hash() => return wrong("another header"),
            () => {}
        }
        self.rows_at_checkpoint = checkpoint.state.rows.read;
        (self.position, self.bytes_done, self.state) = (checkpoint.position, checkpoint.bytes_done, checkpoint.state);
        Ok(())
    }

    /// Rows and lines read so far, what the workers still hold included.
    pub(crate) fn rows_lines(&self, workers: &[Worker<'_>]) -> (u64, u64) {
        let parts = workers.iter().flat_map(|w| w.finished());
        parts.fold((self.state.rows.read, self.state.lines), |(r, l), p| (r + p.rows, l + p.lines))
    }

    /// Takes over what the workers hold. Parts are numbered in the order of the file, so their sizes tell where each
    /// begins.
    fn drain(&mut self, workers: &mut [Worker<'_>]) {
        let mut parts: Vec<_> = workers.iter().flat_map(|w| w.finished()).copied().collect();
        parts.sort_by_key(|p| p.number);
        let mut at = (self.state.rows.read, self.state.lines);
        let mut begins = HashMap::new();
        for part in parts {
            begins.insert(part.number, at);
            at = (at.0 + part.rows, at.1 + part.lines);
        }
        for worker in workers {
            worker.drain_into(&mut self.state, &begins);
        }
    }

    /// Tells how far it is; with a checkpoint when one is due.
    pub(crate) fn tell(&mut self, workers: &mut [Worker<'_>], progress: OnProgress<'_>) -> ControlFlow<()> {
        let (rows, _) = self.rows_lines(workers);
        let due = self.options.checkpoint_rows.is_some_and(|every| rows - self.rows_at_checkpoint >= every);
        let checkpoint = due.then(|| {
            self.drain(workers);
            self.rows_at_checkpoint = rows;
            self.checkpoint()
        });
        let (bytes_done, bytes_total) = (self.bytes_done, self.bytes_total);
        progress(&Progress { bytes_done, bytes_total, rows, checkpoint: checkpoint.as_ref() })
    }

    /// The refusal for a cut after all that was read.
    pub(crate) fn cut(&self, workers: &[Worker<'_>], what: Cut) -> Refusal {
        let (row, lines) = self.rows_lines(workers);
        let line = (self.format != Format::Parquet).then_some(lines + 1);
        Refusal::Truncated { row, line, what }
    }
}
