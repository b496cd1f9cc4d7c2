//! `cargo xtask test`: everything that must hold before a change lands.

use anyhow::Result;

use crate::run::{cargo, has, in_folder, root, say, target};
use crate::{setup, tidy};

pub fn run(browser: bool) -> Result<()> {
    let mut wanted: Vec<(&str, &[&str])> = vec![
        ("postgresql", &["/usr/lib/postgresql"]),
        ("mosquitto", &["/usr/sbin/mosquitto", "mosquitto"]),
        ("python3-venv", &["/usr/share/doc/python3-venv", "pyenv"]),
        ("openssl", &["openssl"]),
    ];
    if browser {
        wanted.push(("chromium", &["/usr/bin/chromium"]));
        wanted.push(("fonts-noto-cjk", &["/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"]));
    }
    setup::packages(&wanted)?;
    setup::web()?;
    say("tidy");
    tidy::run()?;
    if has("cargo-deny") {
        say("licences and sources of dependencies");
        cargo(&["deny", "check", "licenses", "bans", "sources"])?;
    } else {
        say("cargo-deny is not installed: licences and sources of dependencies are not checked");
    }
    say("formatting");
    cargo(&["fmt", "--all", "--check"])?;
    say("lints");
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    // The PostgreSQL half of the suite must not be skipped in silence.
    // Set for the children only; nothing else runs in this process.
    let mut require = setup::peers(&target()?)?;
    require.push(("YUNJIN_REQUIRE_POSTGRES".into(), "1".into()));
    say("tests, on SQLite and PostgreSQL");
    with_env(&require, &["test", "--workspace", "--no-fail-fast"])?;
    if browser {
        say("pages in a browser");
        cargo(&["build", "--workspace"])?;
        in_folder(&root().join("web"), "npm", &["test"])?;
    }
    Ok(())
}

fn with_env(vars: &[(String, String)], args: &[&str]) -> Result<()> {
    let vars = vars.iter().map(|(name, value)| (name, value));
    let status = std::process::Command::new(env!("CARGO")).args(args).envs(vars).current_dir(root()).status()?;
    anyhow::ensure!(status.success(), "cargo {} failed ({status})", args.join(" "));
    Ok(())
}
