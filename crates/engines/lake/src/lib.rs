//! The lake: readings are acknowledged when they are on disk, kept in the open, and found again.
//!
//! A [`Batch`] goes into the write-ahead log ([`wal`]); once it is on disk it is put into the [`buffer`], and only then is
//! it acknowledged. What has gathered becomes a [`segment`], a Parquet file ordered by series and time, and a commit of the
//! [`table`], which other engines read as a Delta table. [`Lake`] is these together.
//!
//! Pure but for the [`wal::disk::Disk`] that it is given: no sockets, no ambient clock, no async runtime.

mod batch;
pub mod buffer;
mod downsample;
mod lake;
mod merge;
mod names;
mod read;
pub mod segment;
mod snapshot;
pub mod table;
mod upkeep;

pub use batch::{Batch, BatchError, BatchPoint};
pub use buffer::{Fitted, Point};
pub use downsample::Bucket;
pub use kernel::{Quality, Value};
pub use lake::{Lake, LakeError, LakeOptions, Observer, Opened, Stored, Told};
pub use names::{Series, SeriesId};
pub use snapshot::{Bounds, Part, Snapshot};
