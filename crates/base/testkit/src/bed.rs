//! A fresh database and a clock for one test.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Actor, ManualClock};
use store::{Backend, Blobs, BoxFuture, Cx, Db, DbConfig, DbOptions, StoreError};
use tempfile::TempDir;

use crate::postgres;

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// `2019-03-01`
pub fn day(text: &str) -> Date {
    text.parse().expect("YYYY-MM-DD")
}

/// Nine in the morning in China on `text`.
pub fn instant(text: &str) -> Timestamp {
    kernel::beijing_midnight(day(text)).checked_add(jiff::Span::new().hours(9)).expect("in range")
}

/// The address of a new empty PostgreSQL database; `None` where PostgreSQL is not installed and not required.
pub fn fresh_postgres() -> Option<String> {
    postgres::fresh_database(DATABASES.fetch_add(1, Ordering::SeqCst))
}

/// A database with the schema in place, a manual clock at 2018-09-03 09:00 in China, a folder for documents.
pub struct TestBed {
    /// The records.
    pub db: Db,
    /// Set it to move time.
    pub clock: Arc<ManualClock>,
    /// Documents, at most 1 MiB each.
    pub blobs: Blobs,
    config: DbConfig,
    folder: TempDir,
}

impl TestBed {
    /// Runs a test on a fresh database of one kind.
    pub fn run_on<F: Future<Output = ()>>(backend: Backend, test: impl FnOnce(TestBed) -> F) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("starts");
        runtime.block_on(async {
            if let Some(bed) = TestBed::open(backend).await {
                test(bed).await;
            }
        });
    }

    /// A fresh bed, or `None` where PostgreSQL is not installed and not required.
    pub async fn open(backend: Backend) -> Option<TestBed> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = Arc::new(ManualClock::new(instant("2018-09-03")));
        let config = match backend {
            Backend::Sqlite => DbConfig::Sqlite(copy_of_template(folder.path()).await),
            Backend::Postgres => DbConfig::Postgres(fresh_postgres()?),
        };
        let options = DbOptions { readers_max: 4, seed: Some(7) };
        let db = Db::open(&config, options, clock.clone()).await.expect("a fresh database opens");
        db.keep_secrets(store::Vault::of([9; 32]));
        let blobs = Blobs::new(folder.path().join("documents"), 1 << 20);
        Some(TestBed { db, clock, blobs, config, folder })
    }

    /// Opens the same database once more, as another start of the program would.
    pub async fn open_again(&self) -> Result<Db, StoreError> {
        Db::open(&self.config, DbOptions::default(), self.clock.clone()).await
    }

    /// Sets the clock to nine in the morning in China.
    pub fn on(&self, date: &str) {
        self.clock.set(instant(date));
    }

    /// A folder that vanishes with the bed.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a use case that changes records.
    pub async fn write<T, E, F>(&self, actor: &Actor, f: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.db.write(actor, "test", f).await
    }

    /// Runs a use case that only looks.
    pub async fn read<T, E, F>(&self, actor: &Actor, f: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>>,
        E: From<StoreError>,
    {
        self.db.read(actor, f).await
    }
}

/// Migrating takes longer than copying a file: one template a process.
async fn copy_of_template(folder: &Path) -> PathBuf {
    static TEMPLATE: OnceLock<tokio::sync::Mutex<Option<(TempDir, PathBuf)>>> = OnceLock::new();
    let mut template = TEMPLATE.get_or_init(Default::default).lock().await;
    if template.is_none() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("template.db");
        let clock = Arc::new(ManualClock::new(instant("2018-09-03")));
        let db =
            Db::open(&DbConfig::Sqlite(path.clone()), DbOptions::default(), clock).await.expect("the schema applies");
        db.close().await;
        *template = Some((dir, path));
    }
    let target = folder.join("test.db");
    std::fs::copy(&template.as_ref().expect("just made").1, &target).expect("the template copies");
    target
}
