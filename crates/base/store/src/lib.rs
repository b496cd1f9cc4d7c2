//! Records: one SQL text on SQLite or PostgreSQL, one writer with grouped commits, the journal, documents on disk.
//!
//! * [`Db::write`] runs a use case in a transaction of its own (a savepoint) and answers only when it is on disk.
//!   Use cases that wait for the writer at the same moment share one commit, so durability costs little under load.
//! * [`Db::write_once`] adds idempotency: the same key and content get the first answer again.
//! * [`Db::read`] runs a use case that only looks, on a pool of readers.
//! * [`Cx`] is what every use case is handed: the connection, the time, the random source and the actor.
//!
//! Invariants: JR-1 every committed use case that wrote left at least one journal row; JR-2 journal numbers have no
//! gap; JR-3 every sealed block's hash follows from its rows and the block before.

mod blobs;
mod conn;
mod cx;
mod db;
mod error;
mod journal;
mod migrate;
mod refusal;
mod seal;
mod sqlite;
mod value;
mod vault;
mod writer;

pub use blobs::{BlobError, Blobs, DocumentKind, StoredBlob};
pub use conn::Conn;
pub use cx::Cx;
pub use db::{Backend, Db, DbConfig, DbOptions, worker_threads};
pub use error::{SqlError, StoreError};
pub use journal::{JournalEntry, JournalFilter, list_journal};
pub use migrate::{MIGRATIONS, latest_version};
pub use refusal::Refusal;
pub use seal::{SealReport, Sealer, verify_journal};
pub use sqlite::{SqliteConn, SqliteRow};
pub use value::{Column, Param, Row};
pub use vault::Vault;

pub use futures_util::future::BoxFuture;

/// Parameters of a statement: `params![id, amount, None::<i64>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::Param::from($value)),*] };
}
