//! The command line.

pub mod openapi;
pub mod serve;
mod verify;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::config::Config;

pub use verify::{Verified, verify};

#[derive(Parser)]
#[command(
    name = "yunjin",
    version,
    about = "云津：工业企业上云上平台公共服务平台 / the cloud adoption service for manufacturers"
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve pages and API, and run what runs by the clock / 启动服务
    Serve(serve::Args),
    /// Replay a programme year for a small region, then serve it / 演示
    Demo(crate::demo::Args),
    /// Prove ledger, settlement, journal and decisions on the data on disk / 核验
    Verify(verify::Args),
    /// Create an administrator on a fresh site / 建立管理员
    Admin(serve::AdminArgs),
    /// Print or write the OpenAPI description
    Openapi(openapi::Args),
    /// Measure / 测速
    Bench(crate::bench::Args),
}

/// Runs the verb that was asked for.
pub async fn run() -> Result<()> {
    match Cli::parse().verb {
        Verb::Serve(args) => serve::run(args).await,
        Verb::Demo(args) => crate::demo::run(args).await,
        Verb::Verify(args) => verify::run(args).await,
        Verb::Admin(args) => serve::admin(args).await,
        Verb::Openapi(args) => openapi::run(&args),
        Verb::Bench(args) => crate::bench::run(args).await,
    }
}

/// The configuration: the file that is named, else `yunjin.toml` if it is there, else the defaults.
pub fn config(path: Option<&PathBuf>) -> Result<Config> {
    let usual = PathBuf::from("yunjin.toml");
    match path {
        Some(p) => Config::read(p),
        None if usual.exists() => Config::read(&usual),
        None => Ok(Config::default()),
    }
}

/// Starts logging as the configuration says; `RUST_LOG` wins.
pub fn start_logs(config: &Config) {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| config.log.filter.as_str().into());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if config.log.json { builder.json().try_init() } else { builder.try_init() };
    if started.is_err() {
        tracing::debug!("logs were started before");
    }
}
