//! The one program: configuration, server, worker, flows between slices, command line, demonstration, benches.
//!
//! Two slices that must act together meet in one file under `flows/`. `anyhow` is used here and nowhere below.

pub mod app;
pub mod bench;
pub mod cli;
pub mod config;
pub mod demo;
pub mod flows;
pub mod machines;
pub mod metrics;
pub mod pages;
pub mod security;
pub mod server;
pub mod session;
pub mod worker;
