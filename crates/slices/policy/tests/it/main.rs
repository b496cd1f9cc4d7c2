//! Tests of the slice, each on SQLite and on PostgreSQL.

mod core;
mod support;
