//! What a fresh machine lacks: the bundled pages' parts, and for tests a database server and a browser.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::run::{has, in_folder, root, say};

/// Bundles style sheet and scripts into `web/dist`. Needs Node 20 or later.
pub fn web() -> Result<()> {
    if !has("node") || !has("npm") {
        bail!("Node.js 20 or later is needed to bundle the style sheet and scripts; install it and run this again");
    }
    let web = root().join("web");
    let lock_newer =
        |a: &Path, b: &Path| match (a.metadata().and_then(|m| m.modified()), b.metadata().and_then(|m| m.modified())) {
            (Ok(a), Ok(b)) => a > b,
            _ => true,
        };
    if lock_newer(&web.join("package-lock.json"), &web.join("node_modules/.package-lock.json")) {
        say("installing the pages' parts (npm ci)");
        in_folder(&web, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
    }
    say("bundling the pages' parts");
    in_folder(&web, "node", &["build.mjs"])
}

fn packaged(any_of: &[&str]) -> bool {
    any_of.iter().any(|p| Path::new(p).exists() || has(p))
}

/// Installs Debian packages that are missing. Anywhere else the person is told what to install.
pub fn packages(wanted: &[(&str, &[&str])]) -> Result<()> {
    let missing: Vec<&str> = wanted.iter().filter(|(_, proofs)| !packaged(proofs)).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0\n"));
    if !has("apt-get") || !is_root {
        bail!("please install: {} (Debian's names), then run this again", missing.join(", "));
    }
    say(&format!("installing {}", missing.join(", ")));
    in_folder(&root(), "apt-get", &["update", "-qq"])?;
    let mut args = vec!["install", "-y", "-qq", "--no-install-recommends"];
    args.extend(&missing);
    in_folder(&root(), "apt-get", &args)
}
