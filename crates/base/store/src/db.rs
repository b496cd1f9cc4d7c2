//! The database: opening, reading, writing.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, OnceLock};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kernel::{Actor, Clock, IdSource, Role};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::sqlite::Readers;
use crate::writer::{Writer, committed};
use crate::{Conn, Cx, SqlError, StoreError, Vault, migrate, params};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Embedded, the default.
    Sqlite,
    /// When one machine is outgrown.
    Postgres,
}

/// Where the records are.
#[derive(Clone, Debug)]
pub enum DbConfig {
    /// A file.
    Sqlite(PathBuf),
    /// `postgres://user@host/database`
    Postgres(String),
}

/// How it is opened.
#[derive(Clone, Copy, Debug)]
pub struct DbOptions {
    /// Connections for reading.
    pub readers_max: u32,
    /// Seed of the random source; `None` takes the operating system's.
    pub seed: Option<u64>,
}

impl Default for DbOptions {
    fn default() -> Self {
        DbOptions { readers_max: 4, seed: None }
    }
}

enum Pools {
    Sqlite { readers: Arc<Readers> },
    Postgres(PgPool),
}

struct Inner {
    pools: Pools,
    writer: Writer,
    clock: Arc<dyn Clock>,
    ids: Mutex<IdSource>,
    vault: OnceLock<Vault>,
}

/// A handle; cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

fn sql_error<E: Into<SqlError>>(doing: &str) -> impl FnOnce(E) -> StoreError + '_ {
    move |source| StoreError::Sql { doing: doing.to_owned(), source: source.into() }
}

/// How many threads a program should run its tasks on: besides one a core, as many as may be inside SQLite at once.
pub fn worker_threads(options: DbOptions) -> usize {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    // One for the writer.
    cores + options.readers_max as usize + 1
}

impl Db {
    /// Opens the records and brings their schema to this program's version.
    pub async fn open(config: &DbConfig, options: DbOptions, clock: Arc<dyn Clock>) -> Result<Db, StoreError> {
        let pools = match config {
            DbConfig::Sqlite(path) => open_sqlite(path, options)?,
            DbConfig::Postgres(url) => open_postgres(url, options).await?,
        };
        let ids = options.seed.map_or_else(IdSource::from_os, IdSource::seeded);
        let db =
            Db(Arc::new(Inner { pools, writer: Writer::new(), clock, ids: Mutex::new(ids), vault: OnceLock::new() }));
        let mut conn = db.write_conn().await?;
        migrate::run(&mut conn, db.0.clock.now()).await?;
        db.keep_time(&mut conn).await?;
        Ok(db)
    }

    /// A machine whose clock was set back while the program was down must not write records that are older than the
    /// newest one.
    async fn keep_time(&self, conn: &mut Conn) -> Result<(), StoreError> {
        let newest = conn.one("SELECT MAX(at_us) AS at_us FROM journal_row", vec![]).await?;
        let Some(newest) = newest.get::<Option<jiff::Timestamp>>("at_us")? else { return Ok(()) };
        let now = self.0.clock.now();
        if newest > now {
            tracing::warn!(%now, %newest, "the clock is behind the newest record: time stands still until it is caught up; \
                set the machine's clock right");
        }
        self.0.clock.not_before(newest);
        Ok(())
    }

    /// Which database this is.
    pub fn backend(&self) -> Backend {
        match self.0.pools {
            Pools::Sqlite { .. } => Backend::Sqlite,
            Pools::Postgres(_) => Backend::Postgres,
        }
    }

    /// Hands over the key under which secrets are kept; the first one stays.
    pub fn keep_secrets(&self, vault: Vault) {
        let _ = self.0.vault.set(vault);
    }

    /// The clock that use cases get.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    async fn write_conn(&self) -> Result<Conn, StoreError> {
        match &self.0.pools {
            Pools::Sqlite { readers } => readers.writer().map(Conn::Sqlite),
            Pools::Postgres(pool) => pool.acquire().await.map(Conn::Postgres).map_err(SqlError::from),
        }
        .map_err(sql_error("connecting to write"))
    }

    async fn read_conn(&self) -> Result<Conn, StoreError> {
        match &self.0.pools {
            Pools::Sqlite { readers } => readers.acquire().await.map(Conn::Sqlite),
            Pools::Postgres(pool) => pool.acquire().await.map(Conn::Postgres).map_err(SqlError::from),
        }
        .map_err(sql_error("connecting to read"))
    }

    fn cx(&self, conn: Conn, actor: Actor, request_id: String) -> Cx {
        let ids = self.0.ids.lock().expect("no panic while held").fork();
        Cx {
            conn,
            now: self.0.clock.now(),
            wall: self.0.clock.wall(),
            ids,
            actor,
            request_id,
            vault: self.0.vault.get().cloned(),
            journaled: 0,
            wrote: false,
        }
    }

    /// Runs a use case that only looks. Its transaction, if it needs one snapshot, is its own concern: each statement
    /// sees what was committed before it.
    pub async fn read<T, E, F>(&self, actor: &Actor, f: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>>,
        E: From<StoreError>,
    {
        let conn = self.read_conn().await?;
        let mut cx = self.cx(conn, actor.clone(), String::new());
        let result = f(&mut cx).await;
        debug_assert!(!cx.wrote, "a use case that writes must go through Db::write");
        result
    }

    /// Runs a use case that changes records. The answer comes after the changes are on disk; a refusal or a panic
    /// leaves nothing behind. It runs to its end even if the caller stops waiting.
    pub async fn write<T, E, F>(&self, actor: &Actor, request_id: &str, f: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (db, actor, request_id) = (self.clone(), actor.clone(), request_id.to_owned());
        let task = tokio::spawn(async move { db.write_turn(actor, request_id, f).await });
        task.await.unwrap_or_else(|_| Err(StoreError::Panicked.into()))
    }

    async fn write_turn<T, E, F>(&self, actor: Actor, request_id: String, f: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>>,
        E: From<StoreError>,
    {
        let mut turn = self.0.writer.turn().await;
        if !turn.has_conn() {
            turn.set_conn(self.write_conn().await?);
        }
        let conn = match turn.begin().await {
            Ok(conn) => conn,
            Err(e) => {
                turn.fail(&e);
                return Err(e.into());
            }
        };
        let mut cx = self.cx(conn, actor, request_id);
        let outcome = AssertUnwindSafe(f(&mut cx)).catch_unwind().await;
        let unjournaled = cx.wrote && cx.journaled == 0;
        let result = match outcome {
            Ok(Ok(_)) if unjournaled => Err(StoreError::NotJournaled(cx.request_id.clone()).into()),
            Ok(result) => result,
            Err(_) => Err(StoreError::Panicked.into()),
        };
        let receiver = turn.end(cx.conn, result.is_ok()).await?;
        if result.is_ok() {
            committed(receiver).await?;
        }
        result
    }

    /// [`Db::write`] with idempotency: a second call with the same actor, key and content answers what the first
    /// one answered, without doing it again; other content under the same key is refused. Those who are not signed in
    /// are one actor to us and many people outside: for them the content is part of the key, so that a stranger's
    /// choice of a key stands in nobody's way.
    pub async fn write_once<T, E, F>(
        &self,
        actor: &Actor,
        request_id: &str,
        key: &str,
        content: &str,
        f: F,
    ) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let content = content.to_owned();
        let key = if actor.role == Role::Public { format!("{key}/{content}") } else { key.to_owned() };
        self.write(actor, request_id, move |cx| {
            Box::pin(async move {
                let known = "SELECT content_sha256, response_json FROM idempotency WHERE actor_id = $1 AND key = $2";
                let actor_id = cx.actor.user_id.clone();
                if let Some(row) = cx.opt(known, params![&actor_id, &key]).await? {
                    if row.get::<String>("content_sha256")? != content {
                        return Err(StoreError::IdempotencyConflict.into());
                    }
                    let stored: String = row.get("response_json")?;
                    return serde_json::from_str(&stored)
                        .map_err(|source| StoreError::Json { what: "idempotency".into(), source }.into());
                }
                let value = f(cx).await?;
                let response = serde_json::to_string(&value)
                    .map_err(|source| StoreError::Json { what: "idempotency".into(), source })?;
                let sql = "INSERT INTO idempotency (actor_id, key, content_sha256, response_json, at_us) \
                           VALUES ($1, $2, $3, $4, $5)";
                let now = cx.now;
                cx.execute(sql, params![actor_id, key, content, response, now]).await?;
                Ok(value)
            })
        })
        .await
    }

    /// Can the records be read and written? For `/readyz`.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let mut conn = self.read_conn().await?;
        let row = conn.one("SELECT MAX(version) AS version FROM schema_version", vec![]).await?;
        let found: i64 = row.get("version")?;
        let expected = migrate::latest_version();
        if found != expected {
            let advice = "another program has changed the schema; restart".to_owned();
            return Err(StoreError::SchemaVersion { found, expected, advice });
        }
        Ok(())
    }

    /// Closes all connections; SQLite folds its log into the file.
    pub async fn close(&self) {
        if let Pools::Sqlite { readers } = &self.0.pools {
            readers.close();
        }
        // The connection that writes goes last: it is the one that may fold the log.
        self.0.writer.turn().await.fail(&StoreError::CommitFailed("closing".into()));
        if let Pools::Postgres(pool) = &self.0.pools {
            pool.close().await;
        }
    }
}

fn open_sqlite(path: &std::path::Path, options: DbOptions) -> Result<Pools, StoreError> {
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| StoreError::io("creating the data folder", e))?;
    }
    Ok(Pools::Sqlite { readers: Readers::new(path, options.readers_max) })
}

async fn open_postgres(url: &str, options: DbOptions) -> Result<Pools, StoreError> {
    let connect = PgConnectOptions::from_str(url).map_err(sql_error("reading the PostgreSQL address"))?;
    let pool = PgPoolOptions::new()
        .max_connections(options.readers_max + 1)
        .connect_with(connect)
        .await
        .map_err(sql_error("connecting to PostgreSQL"))?;
    Ok(Pools::Postgres(pool))
}
