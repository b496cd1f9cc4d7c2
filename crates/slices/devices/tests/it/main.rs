//! Devices on both databases.

mod fixture;
mod import;
mod ingest;
mod pages;
mod records;
