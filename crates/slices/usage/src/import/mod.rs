//! Importing bill files: the file is kept as evidence, read in the background in a thread of its own, and its
//! statements are written in one transaction when all of it has been read.
//!
//! [`begin`] enters an upload, [`work`] reads it (a restart goes on from the last checkpoint), [`finish`] writes what
//! came of it. [`from_path`] does all three for the command line and the demo.

pub mod begin;
mod evidence;
pub mod finish;
mod from_path;
mod statements;
pub mod work;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use store::{Db, StoreError};
use tokio::sync::Semaphore;

pub use evidence::Kept;
pub use from_path::{FromPath, FromPathError, from_path};

/// Rows between two checkpoints: a few seconds of work.
const CHECKPOINT_ROWS: u64 = 2_000_000;

/// How far a running import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Bytes of the stored file read.
    pub bytes: u64,
    /// Rows read.
    pub rows: u64,
}

/// Where files are kept and how they are read: one for a program, among the app's parts.
pub struct Importing {
    folder: PathBuf,
    options: focus::Options,
    reached: Mutex<HashMap<String, Reached>>,
    /// One file at a time: each takes all workers.
    turn: Semaphore,
    stopping: AtomicBool,
}

impl Importing {
    /// Files are kept under `folder`, by their hash.
    pub fn new(folder: impl Into<PathBuf>) -> Importing {
        let options = focus::Options {
            checkpoint_rows: Some(CHECKPOINT_ROWS),
            findings_per_rule: 50,
            ..focus::Options::default()
        };
        Importing::with_options(folder, options)
    }

    /// With other limits.
    pub fn with_options(folder: impl Into<PathBuf>, options: focus::Options) -> Importing {
        Importing {
            folder: folder.into(),
            options,
            reached: Mutex::default(),
            turn: Semaphore::new(1),
            stopping: AtomicBool::new(false),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How far an import that runs in this process is.
    pub fn reached(&self, import_id: &str) -> Option<Reached> {
        self.reached.lock().expect("no panic while held").get(import_id).copied()
    }

    pub(crate) fn note(&self, import_id: &str, reached: Option<Reached>) {
        let mut all = self.reached.lock().expect("no panic while held");
        match reached {
            Some(r) => all.insert(import_id.to_owned(), r),
            None => all.remove(import_id),
        };
    }

    /// Lets running imports stop at a checkpoint; the next start takes them up.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    pub(crate) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Reads an import in the background.
    pub fn spawn(self: &Arc<Self>, db: &Db, import_id: &str) {
        let (db, importing, import_id) = (db.clone(), self.clone(), import_id.to_owned());
        tokio::spawn(async move {
            if let Err(e) = work::run(&db, &importing, &import_id).await {
                tracing::error!(import = %import_id, error = %e, "an import broke off; a restart takes it up");
            }
        });
    }

    /// Takes up what a stopped program left; for the start of a server. Answers how many.
    pub async fn resume_all(self: &Arc<Self>, db: &Db) -> Result<usize, StoreError> {
        let left = db
            .read(&kernel::Actor::system(), |cx| Box::pin(async move { crate::store::imports::running(cx).await }))
            .await?;
        left.iter().for_each(|id| self.spawn(db, id));
        Ok(left.len())
    }
}
