//! Every SQL statement of the slice, by table.

pub(crate) mod accounts;
pub(crate) mod devices;
pub(crate) mod imports;
pub(crate) mod levels;
pub(crate) mod statements;

use serde::de::DeserializeOwned;
use store::{Param, Row, StoreError};

/// A code that is not in our list is an error naming the column, never a default.
pub(crate) fn coded<T>(row: &Row, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let code: String = row.get(column)?;
    let unknown = || StoreError::Column { column: column.to_owned(), why: format!("{code:?} is not a known code") };
    read(&code).ok_or_else(unknown)
}

/// Stored JSON as what it should be.
pub(crate) fn json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::Json { what: what.to_owned(), source })
}

/// JSON to store.
pub(crate) fn to_json<T: serde::Serialize>(value: &T, what: &str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Json { what: what.to_owned(), source })
}

/// Conditions of a list: only what is asked for is in the text, so that the database takes the index that fits.
#[derive(Default)]
pub(crate) struct Conditions {
    text: String,
    pub(crate) values: Vec<Param>,
}

impl Conditions {
    /// `condition` has `$` where its one value goes.
    pub(crate) fn add(&mut self, condition: &str, value: Option<impl Into<Param>>) {
        let Some(value) = value else { return };
        self.values.push(value.into());
        let placed = condition.replace('$', &format!("${}", self.values.len()));
        self.text.push_str(&format!(" AND {placed}"));
    }
    /// After a `WHERE`, which needs at least this.
    pub(crate) fn text(&self) -> String {
        format!("1 = 1{}", self.text)
    }
    /// Adds the limit's value; its place in the text.
    pub(crate) fn limit(&mut self, limit: u32) -> String {
        self.values.push(limit.into());
        format!("LIMIT ${}", self.values.len())
    }
}
