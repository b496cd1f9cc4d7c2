//! The lake: readings are acknowledged when they are on disk, kept in the open, and found again.
//!
//! So far the write-ahead [`log`]; memory, segments and tables come on top of it. Pure but for the [`log::disk::Disk`] that
//! it is given: no sockets, no ambient clock, no async runtime.

pub mod log;
