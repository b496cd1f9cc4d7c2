//! Parameters in and columns out, the same on both databases.
//!
//! Column types in use: TEXT, BIGINT, BOOLEAN, DOUBLE PRECISION. Dates are TEXT `YYYY-MM-DD`, instants BIGINT
//! microseconds since 1970 UTC, JSON is TEXT, money BIGINT fen. `SUM` over BIGINT is NUMERIC on PostgreSQL, so it is
//! always written `CAST(SUM(x) AS BIGINT)`.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{EvidenceLevel, Fen, Uscc};
use rusqlite::types::{FromSql, ValueRef};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row as _};

use crate::StoreError;
use crate::sqlite::SqliteRow;

/// One bound value. A null keeps its type: PostgreSQL asks for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    /// BIGINT
    Int(Option<i64>),
    /// TEXT
    Text(Option<String>),
    /// BOOLEAN
    Bool(Option<bool>),
    /// DOUBLE PRECISION
    Real(Option<f64>),
}

macro_rules! param_from {
    ($($t:ty => $variant:ident, |$v:ident| $conv:expr;)*) => {$(
        impl From<$t> for Param {
            fn from($v: $t) -> Param { Param::$variant(Some($conv)) }
        }
        impl From<Option<$t>> for Param {
            fn from(v: Option<$t>) -> Param { Param::$variant(v.map(|$v| $conv)) }
        }
    )*};
}
param_from! {
    i64 => Int, |v| v;
    i32 => Int, |v| i64::from(v);
    u32 => Int, |v| i64::from(v);
    usize => Int, |v| i64::try_from(v).expect("a count fits 63 bits");
    Fen => Int, |v| v.0;
    Timestamp => Int, |v| v.as_microsecond();
    bool => Bool, |v| v;
    f64 => Real, |v| v;
    String => Text, |v| v;
    &str => Text, |v| v.to_owned();
    &String => Text, |v| v.clone();
    Date => Text, |v| v.to_string();
    &Uscc => Text, |v| v.as_str().to_owned();
    EvidenceLevel => Text, |v| v.code().to_owned();
    &serde_json::Value => Text, |v| v.to_string();
}

/// A row of either database.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// The value of a column, by name. A value that cannot be read is an error that names the column, never a default.
    pub fn get<T: Column>(&self, column: &str) -> Result<T, StoreError> {
        T::read(self, column)
    }

    fn raw<T>(&self, column: &str) -> Result<T, StoreError>
    where
        T: FromSql + for<'r> sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
    {
        let value = match self {
            Row::Sqlite(r) => match r.value(column) {
                Some(value) => T::column_result(ValueRef::from(value)).map_err(|e| e.to_string()),
                None => Err("the row has no such column".to_owned()),
            },
            Row::Postgres(r) => r.try_get::<T, _>(column).map_err(|e| e.to_string()),
        };
        value.map_err(|why| StoreError::Column { column: column.to_owned(), why })
    }
}

/// A type that a column can be read as.
pub trait Column: Sized {
    /// Reads `column` of `row`.
    fn read(row: &Row, column: &str) -> Result<Self, StoreError>;
}

macro_rules! column_raw {
    ($($t:ty),*) => {$(
        impl Column for $t {
            fn read(row: &Row, column: &str) -> Result<Self, StoreError> { row.raw(column) }
        }
        impl Column for Option<$t> {
            fn read(row: &Row, column: &str) -> Result<Self, StoreError> { row.raw(column) }
        }
    )*};
}
column_raw!(i64, String, bool, f64);

macro_rules! column_via {
    ($($t:ty: $raw:ty => |$v:ident| $conv:expr;)*) => {$(
        impl Column for $t {
            fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
                let $v: $raw = row.raw(column)?;
                $conv.map_err(|e| StoreError::Column { column: column.to_owned(), why: e.to_string() })
            }
        }
        impl Column for Option<$t> {
            fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
                let Some($v) = row.raw::<Option<$raw>>(column)? else { return Ok(None) };
                $conv.map(Some).map_err(|e| StoreError::Column { column: column.to_owned(), why: e.to_string() })
            }
        }
    )*};
}
column_via! {
    Fen: i64 => |v| Ok::<_, std::convert::Infallible>(Fen(v));
    Timestamp: i64 => |v| Timestamp::from_microsecond(v);
    Date: String => |v| v.parse::<Date>();
    Uscc: String => |v| Uscc::try_new(&v);
    EvidenceLevel: String => |v| v.parse::<EvidenceLevel>();
    kernel::Role: String => |v| v.parse::<kernel::Role>();
    serde_json::Value: String => |v| serde_json::from_str::<serde_json::Value>(&v);
}
