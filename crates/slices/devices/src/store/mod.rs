//! Every SQL statement of devices.

pub mod commands;
pub mod counters;
pub mod credentials;
pub mod devices;
pub mod products;

use store::{Cx, Row, StoreError};

/// What a code that is not in our list becomes: an error naming the column, never a default.
pub(crate) fn coded<T>(row: &Row, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let code: String = row.get(column)?;
    read(&code)
        .ok_or_else(|| StoreError::Column { column: column.to_owned(), why: format!("{code:?} is not a known code") })
}

/// A count that fits 32 bits because we wrote it.
pub(crate) fn small(row: &Row, column: &str) -> Result<u32, StoreError> {
    let n: i64 = row.get(column)?;
    u32::try_from(n).map_err(|e| StoreError::Column { column: column.to_owned(), why: e.to_string() })
}

/// Counts a change of a device or a credential and answers its number.
pub(crate) async fn next_change(cx: &mut Cx) -> Result<i64, StoreError> {
    let sql = "UPDATE devices_change SET value = value + 1 WHERE id = 1 RETURNING value";
    let row = cx.one(sql, vec![]).await?;
    row.get("value")
}

/// The number of the last change.
pub(crate) async fn last_change(cx: &mut Cx) -> Result<i64, StoreError> {
    cx.one("SELECT value FROM devices_change WHERE id = 1", vec![]).await?.get("value")
}
