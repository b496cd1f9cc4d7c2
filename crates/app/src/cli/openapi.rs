//! `yunjin openapi`

use std::path::PathBuf;

use anyhow::Result;

/// `yunjin openapi`
#[derive(clap::Args)]
pub struct Args {
    /// Write it here; printed when left out.
    #[arg(long)]
    write: Option<PathBuf>,
}

/// The description as it is committed.
pub fn text() -> Result<String> {
    Ok(serde_json::to_string_pretty(&crate::server::openapi())? + "\n")
}

#[expect(clippy::print_stdout, reason = "printing is what was asked for")]
/// Prints or writes it.
pub fn run(args: &Args) -> Result<()> {
    match &args.write {
        Some(path) => std::fs::write(path, text()?)?,
        None => print!("{}", text()?),
    }
    Ok(())
}
