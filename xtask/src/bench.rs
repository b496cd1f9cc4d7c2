//! `cargo xtask bench`: every measurement runs beside its peer in the same run and prints medians and ratios.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::run::{cargo, say, target, yunjin};
use crate::setup;

/// Measured by the program itself.
const OF_PROGRAM: [&str; 4] = ["ledger", "usage", "web", "opening"];
/// Measured by an example of a crate: `ingest` of the listener, `store` of the lake.
const OF_CRATES: [&str; 2] = ["ingest", "store"];
/// Where the peer of `ingest` listens.
const MOSQUITTO_PORT: u16 = 18_883;

pub fn run(name: Option<&str>, json: bool, quick: bool) -> Result<()> {
    if let Some(n) = name
        && !OF_PROGRAM.iter().chain(&OF_CRATES).any(|known| *known == n)
    {
        bail!("there is no bench {n:?}; there are: {}, {}", OF_PROGRAM.join(", "), OF_CRATES.join(", "));
    }
    let asked = |n: &&&str| name.is_none_or(|wanted| wanted == **n);
    for n in OF_CRATES.iter().filter(asked) {
        match *n {
            "ingest" => ingest(quick)?,
            _ => example("lake", "store_size", &[])?,
        }
    }
    if !OF_PROGRAM.iter().any(|n| asked(&n)) {
        return Ok(());
    }
    setup::web()?;
    if !json {
        say("building with optimisation (profile bench-lite)");
    }
    cargo(&["build", "--quiet", "--workspace", "--bin", "yunjin", "--profile", "bench-lite"])?;
    for n in OF_PROGRAM.iter().filter(asked) {
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

fn example(package: &str, name: &str, args: &[&str]) -> Result<()> {
    let mut all = vec!["run", "--quiet", "--profile", "bench-lite", "-p", package, "--example", name];
    if !args.is_empty() {
        all.push("--");
        all.extend(args);
    }
    cargo(&all)
}

/// Ours and Debian's mosquitto by the same generator, in turns.
fn ingest(quick: bool) -> Result<()> {
    setup::packages(&[("mosquitto", &["/usr/sbin/mosquitto", "mosquitto"])])?;
    // Built first: the peer is not kept waiting.
    cargo(&["build", "--quiet", "--profile", "bench-lite", "-p", "listener", "--example", "ingest"])?;
    let folder = target()?.join("bench-mosquitto");
    std::fs::create_dir_all(&folder)?;
    let config = folder.join("mosquitto.conf");
    // As many messages on their way as the generator sends: its defaults would be the bottleneck, not its code.
    let text = format!(
        "listener {MOSQUITTO_PORT} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\n"
    );
    std::fs::write(&config, text)?;
    let program =
        if std::path::Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "mosquitto" };
    let mut peer = Command::new(program).arg("-c").arg(&config).stderr(Stdio::null()).spawn()?;
    std::thread::sleep(std::time::Duration::from_secs(1));
    let address = format!("127.0.0.1:{MOSQUITTO_PORT}");
    let measured = example("listener", "ingest", &[if quick { "1" } else { "5" }, &address]);
    peer.kill()?;
    peer.wait()?;
    measured
}
