//! Every SQL statement of this slice: claims and evidence here, payments, recoveries and what is owed in [`money`],
//! what is read of `usage` in [`usage_rows`].

pub(crate) mod claims;
pub(crate) mod money;
pub(crate) mod usage_rows;

use store::{Row, StoreError};

/// A code that must be known; one that is not is an error that names the column (never a default).
fn known<T>(r: &Row, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let code: String = r.get(column)?;
    read(&code).ok_or_else(|| StoreError::Column { column: column.into(), why: format!("{code:?} is not known") })
}
