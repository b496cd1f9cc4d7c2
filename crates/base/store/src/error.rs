//! What can go wrong below a use case. Refusals of the business are not here: each use case names its own.

/// What a database says.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// SQLite.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL, or the way to it.
    #[error(transparent)]
    Postgres(#[from] sqlx::Error),
    /// The program is ending.
    #[error("the records are closed")]
    Closed,
}

/// A fault of the records themselves.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or failed; `doing` says during what.
    #[error("database failed while {doing}: {source}")]
    Sql {
        /// What was being done: the statement's first words.
        doing: String,
        /// The database's own words.
        #[source]
        source: SqlError,
    },
    /// A row that cannot be: the column is missing or holds what it must not.
    #[error("column {column} cannot be read: {why}")]
    Column {
        /// The column.
        column: String,
        /// Why not.
        why: String,
    },
    /// The program was started without the key under which secrets are kept.
    #[error("no key for secrets was given to the records")]
    NoVault,
    /// A stored secret does not open: another key, another owner, or damaged.
    #[error(
        "the secret of {0} does not open with this site's secrets.key; restore that key, or set the secret up anew"
    )]
    Concealed(String),
    /// The statement expected a row and found none.
    #[error("no row where one must be: {0}")]
    Missing(String),
    /// The commit that would have made this durable failed; nothing of it is kept.
    #[error("the commit failed, nothing was kept: {0}")]
    CommitFailed(String),
    /// A use case panicked; its changes were rolled back.
    #[error("the use case broke off and was rolled back")]
    Panicked,
    /// JR-1: a use case changed records and wrote no journal row; it was rolled back.
    #[error("the use case {0} changed records without a journal row; it was rolled back (JR-1)")]
    NotJournaled(String),
    /// The same idempotency key came with other content.
    #[error("this idempotency key was used before with other content")]
    IdempotencyConflict,
    /// The database is of another version than this program.
    #[error("the database is at schema version {found}, this program needs {expected}: {advice}")]
    SchemaVersion {
        /// What the database says.
        found: i64,
        /// What the program carries.
        expected: i64,
        /// What to do.
        advice: String,
    },
    /// A migration that has run was altered afterwards.
    #[error("migration {0} was changed after it had run; restore its text and add a new migration instead")]
    MigrationChanged(String),
    /// Input or output outside the database.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// The system's words.
        #[source]
        source: std::io::Error,
    },
    /// Stored JSON does not read as what it should be.
    #[error("stored JSON in {what} does not read: {source}")]
    Json {
        /// Which value.
        what: String,
        /// The reader's words.
        #[source]
        source: serde_json::Error,
    },
}

impl StoreError {
    /// Did the statement run into a unique constraint? Use cases turn that into their own named refusal.
    pub fn is_unique_violation(&self) -> bool {
        use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
        match self {
            StoreError::Sql { source: SqlError::Postgres(sqlx::Error::Database(e)), .. } => e.is_unique_violation(),
            StoreError::Sql { source: SqlError::Sqlite(e), .. } => e
                .sqlite_error()
                .is_some_and(|e| [SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY].contains(&e.extended_code)),
            _ => false,
        }
    }

    /// Wraps an input/output error with what was being done.
    pub fn io(doing: impl Into<String>, source: std::io::Error) -> StoreError {
        StoreError::Io { doing: doing.into(), source }
    }
}
