//! Segments: Parquet files ordered by device, property and time, readable by anything that reads Parquet.
//!
//! Names and quality lie as dictionaries, times as bit-packed differences, numbers as a dictionary where they repeat and
//! split by bytes where they do not; all under zstd. A page holds at most [`PAGE_ROWS`] readings and has its bounds in the
//! page index, so that a query for one series reads a few pages of a large file. A series of many readings has row groups of
//! its own, so that a dictionary holds the few numbers of one sensor.
//!
//! Parquet by itself does not tell a flipped bit. Each block of [`BLOCK_BYTES`] of a file has its CRC-32 in the table;
//! whatever is read is read in whole blocks and checked, and `Lake::broken_segments` checks all of them.

mod file;
mod write;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

pub use file::{Footers, SegmentFile};
pub(crate) use file::{Rows, Wanted};
pub(crate) use write::{Columns, Effort, Writer, write_buffer};

/// Bytes that are checked together.
pub const BLOCK_BYTES: usize = 16 * 1024;
/// Readings that are looked for or passed over together.
pub const ROW_GROUP_ROWS: usize = 128 * 1024;
/// A series with as many readings ends its row group.
pub const ROW_GROUP_ROWS_MIN: usize = 12 * 1024;
/// Readings in a page at most.
pub const PAGE_ROWS: usize = 8 * 1024;
/// Readings put into columns at a time.
pub(crate) const BATCH_ROWS: usize = 8 * 1024;

/// Why a segment cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// Not the bytes that were written.
    #[error("it is not as it was written; restore it from a copy")]
    Damaged,
    /// Not Parquet, or the disk failed.
    #[error("the segment does not read: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Columns do not fit together.
    #[error("the segment's columns do not read: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Parquet, and not of ours.
    #[error("the segment has no column {0} of the lake's type")]
    Column(&'static str),
    /// The disk failed.
    #[error("the segment's disk failed: {0}")]
    Disk(#[from] std::io::Error),
}

/// device, property, device_time, server_time, number, flag, text, quality: exactly one of number, flag and text is there.
/// When something arrived is kept to the millisecond: the rest is noise, and would be most of what a reading takes.
pub fn schema() -> SchemaRef {
    schema_with_names(DataType::Utf8)
}

fn schema_with_names(names: DataType) -> SchemaRef {
    let utc = |unit| DataType::Timestamp(unit, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("device", names.clone(), false),
        Field::new("property", names, false),
        Field::new("device_time", utc(TimeUnit::Microsecond), false),
        Field::new("server_time", utc(TimeUnit::Millisecond), false),
        Field::new("number", DataType::Float64, true),
        Field::new("flag", DataType::Boolean, true),
        Field::new("text", DataType::Utf8, true),
        Field::new("quality", DataType::Int32, false),
    ]))
}
