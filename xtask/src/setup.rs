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

/// Installs the counterparts that tests of the industrial half talk to (`xtask/peers.txt`, node-opcua) into the target folder;
/// answers the variables by which tests find them.
pub fn peers(target: &Path) -> Result<Vec<(String, String)>> {
    let folder = target.join("peers");
    let wanted = std::fs::read_to_string(root().join("xtask/peers.txt"))?;
    let node = std::fs::read_to_string(root().join("crates/edge/tests/peers/node/package.json"))?;
    let stamp = folder.join("stamp");
    let python = folder.join("bin/python").to_string_lossy().into_owned();
    let node_folder = folder.join("node");
    if std::fs::read_to_string(&stamp).ok() != Some(format!("{wanted}{node}")) {
        say("installing the tests' counterparts (Python packages, node-opcua)");
        let at = folder.to_string_lossy().into_owned();
        in_folder(&root(), "python3", &["-m", "venv", &at])?;
        in_folder(
            &root(),
            &python,
            &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "xtask/peers.txt"],
        )?;
        std::fs::create_dir_all(&node_folder)?;
        std::fs::write(node_folder.join("package.json"), &node)?;
        in_folder(&node_folder, "npm", &["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])?;
        std::fs::write(&stamp, format!("{wanted}{node}"))?;
    }
    let text = |p: &Path| p.to_string_lossy().into_owned();
    Ok(vec![
        ("YUNJIN_PEERS".into(), text(&folder)),
        ("YUNJIN_PYTHON".into(), python),
        ("YUNJIN_NODE_PEERS".into(), text(&node_folder)),
        ("YUNJIN_REQUIRE_PEERS".into(), "1".into()),
    ])
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
