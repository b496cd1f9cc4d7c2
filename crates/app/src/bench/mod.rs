//! `yunjin bench`: measures the program beside a peer in the same run and prints medians, ratios and what limits them.
//!
//! Each bench interleaves its rounds with those of its peer, so that both meet the same machine in the same mood.

mod http;
mod ledger;
mod opening;
mod postgres;
mod report;
mod seed;
mod usage;
mod web;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;

/// `yunjin bench`
#[derive(clap::Args)]
pub struct Args {
    /// What is measured.
    name: Name,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Smaller and shorter: shows that it works, not how fast it is.
    #[arg(long)]
    quick: bool,
    /// Folder for the bench's data, emptied before and removed after. It must be on the disk that is to be measured.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Imports this bill in a process of its own and prints what it took; used by `usage` itself.
    #[arg(long, hide = true)]
    import: Option<PathBuf>,
}

/// The benches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Durable transfers a second, against plain SQL in PostgreSQL.
    Ledger,
    /// FOCUS rows a second to monthly statements, against DuckDB.
    Usage,
    /// Requests a second and their times with 50,000 enterprises, against a bare handler.
    Web,
    /// 50,000 applications within a minute.
    Opening,
}

/// A folder of the bench's own, gone when the bench is.
struct Folder(PathBuf);

impl Folder {
    fn new(at: Option<PathBuf>, name: &str) -> Result<Folder> {
        let path = at.unwrap_or_else(std::env::temp_dir).join(format!("yunjin-bench-{name}"));
        if path.exists() {
            std::fs::remove_dir_all(&path).with_context(|| format!("clearing {}", path.display()))?;
        }
        std::fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(Folder(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(e) = std::fs::remove_dir_all(&self.0) {
            progress(&format!("{} could not be removed: {e}", self.0.display()));
        }
    }
}

/// Runs one bench.
pub async fn run(args: Args) -> Result<()> {
    if let Some(bill) = &args.import {
        return usage::import(bill);
    }
    let name = format!("{:?}", args.name).to_lowercase();
    let folder = Folder::new(args.folder, &name)?;
    let mut report = report::Report::new(&name, args.quick, folder.path());
    match args.name {
        Name::Ledger => ledger::run(&mut report, &folder, args.quick).await?,
        Name::Usage => usage::run(&mut report, &folder, args.quick)?,
        Name::Web => web::run(&mut report, &folder, args.quick).await?,
        Name::Opening => opening::run(&mut report, &folder, args.quick).await?,
    }
    report.print(args.json)
}

/// Says how far it is, beside the output.
#[expect(clippy::print_stderr, reason = "it talks to the person who started it")]
fn progress(text: &str) {
    eprintln!("  {text}");
}
