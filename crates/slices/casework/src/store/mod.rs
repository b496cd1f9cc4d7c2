//! Every SQL statement of casework, as plain functions over the transaction.

mod cases;
mod lists;
mod materials;
mod notices;
mod review;

pub use cases::Case;
pub(crate) use cases::*;
pub use lists::WorkFilter;
pub(crate) use lists::*;
pub(crate) use materials::*;
pub(crate) use notices::*;
pub use notices::{Notice, NoticeState, Objection, ObjectionState, PublicNotice};
pub(crate) use review::*;
pub use review::{Defect, Tie};

/// Reads a stored code back into its type, or names the column that cannot be.
pub(crate) fn code<T: std::str::FromStr<Err = String>>(row: &store::Row, column: &str) -> Result<T, store::StoreError> {
    let text: String = row.get(column)?;
    text.parse().map_err(|why| store::StoreError::Column { column: column.to_owned(), why })
}
