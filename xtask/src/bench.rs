//! `cargo xtask bench`: every measurement runs beside its peer in the same run and prints medians and ratios.

use anyhow::{Result, bail};

use crate::run::{cargo, say, yunjin};
use crate::setup;

const NAMES: [&str; 4] = ["ledger", "usage", "web", "opening"];

pub fn run(name: Option<&str>, json: bool, quick: bool) -> Result<()> {
    if let Some(n) = name
        && !NAMES.contains(&n)
    {
        bail!("there is no bench {n:?}; there are: {}", NAMES.join(", "));
    }
    setup::web()?;
    if !json {
        say("building with optimisation (profile bench-lite)");
    }
    cargo(&["build", "--quiet", "--workspace", "--bin", "yunjin", "--profile", "bench-lite"])?;
    for n in NAMES.iter().filter(|n| name.is_none_or(|wanted| wanted == **n)) {
        let mut args = vec!["bench", n];
        if json {
            args.push("--json");
        }
        if quick {
            args.push("--quick");
        }
        yunjin("bench-lite", &args)?;
    }
    Ok(())
}
