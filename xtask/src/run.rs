//! Runs other programs and says clearly which of them failed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The top of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask stands in the project").to_owned()
}

/// Says a step.
#[expect(clippy::print_stderr, reason = "a chore talks to the person who runs it")]
pub fn say(line: &str) {
    eprintln!("\x1b[1m▸ {line}\x1b[0m");
}

/// Runs a program at the top of the project; its failure is ours.
pub fn program(name: &str, args: &[&str]) -> Result<()> {
    in_folder(&root(), name, args)
}

/// The same in another folder.
pub fn in_folder(folder: &Path, name: &str, args: &[&str]) -> Result<()> {
    let status =
        Command::new(name).args(args).current_dir(folder).status().with_context(|| format!("{name} does not start"))?;
    if !status.success() {
        bail!("{name} {} failed ({status})", args.join(" "));
    }
    Ok(())
}

/// Runs cargo.
pub fn cargo(args: &[&str]) -> Result<()> {
    program(env!("CARGO"), args)
}

/// Runs our own program as the last build left it. `cargo run` takes one package alone, with other features than the
/// workspace's, and would build much of it again.
pub fn yunjin(profile: &str, args: &[&str]) -> Result<()> {
    let built = target()?.join(profile).join(format!("yunjin{}", std::env::consts::EXE_SUFFIX));
    program(&built.to_string_lossy(), args)
}

/// The target folder in which this program lies.
pub fn target() -> Result<PathBuf> {
    let own = std::env::current_exe().context("where this program lies")?;
    Ok(own.ancestors().nth(2).context("this program lies in a target folder")?.to_owned())
}

/// Is there such a program?
pub fn has(name: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("command -v {name}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}
