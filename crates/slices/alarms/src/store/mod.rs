//! Every SQL statement of alarms.

pub mod alarms;
pub mod contacts;
pub mod rules;

use store::{Row, StoreError};

/// What a code that is not in our list becomes: an error naming the column, never a default.
fn coded<T>(row: &Row, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let code: String = row.get(column)?;
    read(&code)
        .ok_or_else(|| StoreError::Column { column: column.to_owned(), why: format!("{code:?} is not a known code") })
}

fn json<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<T, StoreError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|source| StoreError::Json { what: column.to_owned(), source })
}

fn to_json<T: serde::Serialize>(what: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Json { what: what.to_owned(), source })
}
