//! Tests of the slice, each on SQLite and on PostgreSQL.

mod api;
mod core;
mod pages;
mod support;
