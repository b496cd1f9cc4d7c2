//! SQLite, called directly: a statement runs on the thread that asks for it.
//!
//! A driver with a thread for each connection wakes two threads a statement, which takes longer than most of our
//! statements do. Called directly they cost what SQLite costs. In return the program runs more worker threads than
//! statements can be under way at once ([`crate::worker_threads`]), so that a long one holds nobody up.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Statement};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Param, SqlError};

/// How long a statement waits for another process's lock.
const BUSY_MAX: Duration = Duration::from_secs(30);
/// Prepared statements kept by a connection.
const STATEMENTS_KEPT: usize = 512;

/// A connection that goes back to its pool when it is dropped.
pub struct SqliteConn {
    // Taken out only by `drop`.
    conn: Option<Connection>,
    home: Option<(Arc<Readers>, OwnedSemaphorePermit)>,
}

/// A row, its values as SQLite holds them.
pub struct SqliteRow {
    columns: Arc<[Box<str>]>,
    values: Vec<Value>,
}

impl SqliteRow {
    /// The value of a column, if there is such a column.
    pub(crate) fn value(&self, column: &str) -> Option<&Value> {
        let at = self.columns.iter().position(|c| **c == *column)?;
        self.values.get(at)
    }
}

fn open(path: &Path, reads_only: bool) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_MAX)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // A plan does not depend on what is bound: else SQLite prepares a statement anew for other values.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;",
    )?;
    if reads_only {
        conn.execute_batch("PRAGMA query_only = ON;")?;
    }
    Ok(conn)
}

impl SqliteConn {
    fn conn(&self) -> &Connection {
        self.conn.as_ref().expect("taken out only when dropped")
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) fn execute(&self, sql: &str, params: &[Param]) -> Result<u64, SqlError> {
        let mut statement = self.conn().prepare_cached(sql)?;
        bind(&mut statement, params)?;
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        Ok(self.conn().changes())
    }

    /// All rows.
    pub(crate) fn all(&self, sql: &str, params: &[Param]) -> Result<Vec<SqliteRow>, SqlError> {
        let mut statement = self.conn().prepare_cached(sql)?;
        bind(&mut statement, params)?;
        let columns: Arc<[Box<str>]> = statement.column_names().map(Box::from).collect();
        let mut rows = statement.raw_query();
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let values = (0..columns.len()).map(|i| row.get(i)).collect::<Result<_, _>>()?;
            out.push(SqliteRow { columns: columns.clone(), values });
        }
        Ok(out)
    }

    /// Several statements without parameters.
    pub(crate) fn script(&self, sql: &str) -> Result<(), SqlError> {
        Ok(self.conn().execute_batch(sql)?)
    }
}

impl Drop for SqliteConn {
    fn drop(&mut self) {
        if let (Some(conn), Some((readers, _permit))) = (self.conn.take(), self.home.take())
            && !readers.turns.is_closed()
        {
            readers.idle.lock().expect("no panic while held").push(conn);
        }
    }
}

/// Binds by number: `$3` takes the third value, wherever it stands; a bare `?` the value of its place.
fn bind(statement: &mut Statement<'_>, params: &[Param]) -> Result<(), SqlError> {
    for at in 1..=statement.parameter_count() {
        let number = statement.parameter_name(at).and_then(|name| name[1..].parse().ok()).unwrap_or(at);
        let Some(param) = params.get(number - 1) else {
            return Err(rusqlite::Error::InvalidParameterCount(params.len(), number).into());
        };
        match param {
            Param::Int(v) => statement.raw_bind_parameter(at, v)?,
            Param::Text(v) => statement.raw_bind_parameter(at, v)?,
            Param::Bool(v) => statement.raw_bind_parameter(at, v)?,
            Param::Real(v) => statement.raw_bind_parameter(at, v)?,
        }
    }
    Ok(())
}

/// Connections for reading, made when they are first needed and kept.
pub(crate) struct Readers {
    path: PathBuf,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(path: &Path, readers_max: u32) -> Arc<Readers> {
        let turns = Arc::new(Semaphore::new(readers_max as usize));
        Arc::new(Readers { path: path.to_owned(), turns, idle: Mutex::default() })
    }

    /// A connection, once one is free.
    pub(crate) async fn acquire(self: &Arc<Readers>) -> Result<SqliteConn, SqlError> {
        let permit = self.turns.clone().acquire_owned().await.map_err(|_| SqlError::Closed)?;
        let idle = self.idle.lock().expect("no panic while held").pop();
        let conn = match idle {
            Some(conn) => conn,
            None => open(&self.path, true)?,
        };
        Ok(SqliteConn { conn: Some(conn), home: Some((self.clone(), permit)) })
    }

    /// A connection that writes; the caller keeps it.
    pub(crate) fn writer(&self) -> Result<SqliteConn, SqlError> {
        match self.turns.is_closed() {
            true => Err(SqlError::Closed),
            false => Ok(SqliteConn { conn: Some(open(&self.path, false)?), home: None }),
        }
    }

    /// Hands out no more and closes what is idle.
    pub(crate) fn close(&self) {
        self.turns.close();
        self.idle.lock().expect("no panic while held").clear();
    }
}
