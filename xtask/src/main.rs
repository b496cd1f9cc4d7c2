//! The project's chores, in the project's own language: demo, test, tidy, bench.

mod bench;
mod demo;
mod edges;
mod run;
mod setup;
mod test;
mod tidy;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Yunjin's chores / 云津的日常命令")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Builds everything, replays the demonstration year and serves it.
    Demo {
        /// Stop after the replay and print a JSON summary.
        #[arg(long)]
        once: bool,
        /// Begin again from an empty folder.
        #[arg(long)]
        fresh: bool,
        /// Port to serve on.
        #[arg(long, default_value_t = 8018)]
        port: u16,
    },
    /// Installs what the tests need and runs them all.
    Test {
        /// Leave out the browser tests.
        #[arg(long)]
        no_browser: bool,
    },
    /// Checks what no compiler checks: sizes, directions, documents.
    Tidy,
    /// Measures: ledger, usage, web, opening, ingest, store.
    Bench {
        /// Which one; all when left out.
        name: Option<String>,
        /// Print JSON alone.
        #[arg(long)]
        json: bool,
        /// Smaller and quicker, to see that it runs.
        #[arg(long)]
        quick: bool,
    },
    /// Writes the generated files again (OpenAPI, transition table, component list).
    Generate,
}

fn main() -> Result<()> {
    match Cli::parse().verb {
        Verb::Demo { once, fresh, port } => demo::run(once, fresh, port),
        Verb::Test { no_browser } => test::run(!no_browser),
        Verb::Tidy => tidy::run(),
        Verb::Bench { name, json, quick } => bench::run(name.as_deref(), json, quick),
        Verb::Generate => {
            run::cargo(&["run", "--quiet", "--package", "yunjin", "--", "openapi", "--write", "docs/openapi.json"])
        }
    }
}
