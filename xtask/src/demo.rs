//! `cargo xtask demo`

use anyhow::Result;

use crate::run::{cargo, say, yunjin};
use crate::setup;

pub fn run(once: bool, fresh: bool, port: u16) -> Result<()> {
    setup::web()?;
    say("building (the first time takes some minutes)");
    // Always the whole workspace: one set of features, so nothing is ever built twice.
    cargo(&["build", "--workspace"])?;
    let port = port.to_string();
    let mut args = vec!["demo", "--port", &port];
    if once {
        args.push("--once");
    }
    if fresh {
        args.push("--fresh");
    }
    yunjin("debug", &args)
}
