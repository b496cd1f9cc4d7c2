//! A PostgreSQL server of the bench's own that syncs every commit, as it would in earnest.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// A running server; stopped when dropped.
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    as_root: bool,
    /// `PostgreSQL 15.…`
    pub version: String,
}

/// Where Debian and others put the server's programs.
fn server_programs() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let mut found: Vec<PathBuf> =
        folders.map(|e| e.path().join("bin")).filter(|bin| bin.join("initdb").exists()).collect();
    found.sort();
    found.pop()
}

impl Server {
    /// Starts one in `folder` with everything synced and memory settings that suit the machine; `None` where the
    /// package is not installed.
    pub fn start(folder: &Path) -> Result<Option<Server>> {
        let Some(programs) = server_programs() else { return Ok(None) };
        let id = Command::new("id").arg("-u").output().context("asking for the user's id")?;
        let mut server = Server {
            programs,
            folder: folder.to_owned(),
            as_root: id.stdout.starts_with(b"0\n"),
            version: String::new(),
        };
        std::fs::create_dir_all(folder)?;
        if server.as_root {
            let done = Command::new("chown").arg("postgres").arg(folder).status().context("chown")?;
            ensure!(done.success(), "the server's folder cannot be given to the user postgres");
        }
        let data = folder.join("data");
        let mut init = server.command("initdb");
        init.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-D"]).arg(&data);
        output(&mut init, "initdb")?;
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c fsync=on -c synchronous_commit=on \
             -c full_page_writes=on -c shared_buffers=1GB -c max_wal_size=4GB -c max_connections=100",
            folder.display()
        );
        let mut ctl = server.command("pg_ctl");
        ctl.args(["-w", "-l"]).arg(folder.join("log")).arg("-o").arg(options).arg("-D").arg(&data).arg("start");
        let done = ctl.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).status()?;
        ensure!(done.success(), "the PostgreSQL server does not start");
        server.version = server.sql("SHOW server_version")?.trim().to_owned();
        Ok(Some(server))
    }

    /// One of the server's programs. It refuses to run as root, so root runs it as the package's own user.
    fn command(&self, program: &str) -> Command {
        let path = self.programs.join(program);
        if !self.as_root {
            return Command::new(path);
        }
        let mut c = Command::new("setpriv");
        c.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
        c.current_dir("/");
        c
    }

    fn client(&self, program: &str) -> Command {
        let mut c = Command::new(self.programs.join(program));
        c.arg("-h").arg(&self.folder).args(["-U", "postgres"]);
        c
    }

    /// Runs SQL; what it printed.
    pub fn sql(&self, sql: &str) -> Result<String> {
        let mut c = self.client("psql");
        c.args(["-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, "postgres"]);
        output(&mut c, "psql")
    }

    /// Runs a script with `pgbench` from `clients` connections, `runs` times each; runs a second, connecting excluded.
    pub fn pgbench(&self, script: &str, clients: u32, runs: u32, settings: &[(&str, String)]) -> Result<f64> {
        let file = self.folder.join("script.sql");
        std::fs::write(&file, script)?;
        let mut c = self.client("pgbench");
        c.args(["-n", "-M", "prepared", "-c", &clients.to_string(), "-j", "1", "-t", &runs.to_string(), "-f"]);
        c.arg(&file);
        for (name, value) in settings {
            c.arg("-D").arg(format!("{name}={value}"));
        }
        let printed = output(c.arg("postgres"), "pgbench")?;
        let failed = printed.lines().find(|l| l.starts_with("number of failed transactions"));
        ensure!(failed.is_none_or(|l| l.contains(": 0 ")), "pgbench: {printed}");
        let tps = printed.lines().find_map(|l| l.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        tps.with_context(|| format!("pgbench printed no rate: {printed}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut ctl = self.command("pg_ctl");
        ctl.args(["-m", "fast", "-w", "-D"]).arg(self.folder.join("data")).arg("stop");
        let stopped = ctl.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !stopped.is_ok_and(|s| s.success()) {
            super::progress("the bench's PostgreSQL server could not be stopped");
        }
    }
}

fn output(command: &mut Command, name: &str) -> Result<String> {
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("running {name}"))?;
    if !done.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
