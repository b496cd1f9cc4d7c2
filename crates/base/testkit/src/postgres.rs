//! A PostgreSQL server of the tests' own, started once for all test binaries from the installed package.
//!
//! It lives in a temporary folder, listens on a Unix socket only, and does not sync: tests check logic on it, not
//! durability. It goes on running, with its databases, for the tests of the next run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs, process, thread, time::Duration};

/// Where Debian and others put the server's programs.
fn server_programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|e| e.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

/// The address of the tests' server, up to the database name; started if it does not run. `None` where the package
/// is not installed and `YUNJIN_REQUIRE_POSTGRES` is not set.
pub fn postgres_url() -> Option<String> {
    static URL: OnceLock<Option<String>> = OnceLock::new();
    URL.get_or_init(|| {
        if let Ok(url) = env::var("YUNJIN_TEST_POSTGRES") {
            return Some(url);
        }
        let Some(programs) = server_programs() else {
            let required = env::var("YUNJIN_REQUIRE_POSTGRES").is_ok();
            assert!(!required, "PostgreSQL is required and no server package is installed");
            return None;
        };
        Some(start(&programs))
    })
    .clone()
}

/// The server refuses to run as root, so root runs it as the package's own user.
fn as_server_user(program: &Path) -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0\n"));
    if is_root {
        let mut c = Command::new("setpriv");
        c.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        return c;
    }
    Command::new(program)
}

fn start(programs: &Path) -> String {
    let folder = env::temp_dir().join("yunjin-test-postgres");
    let lock = env::temp_dir().join("yunjin-test-postgres.lock");
    let lock_file = fs::File::create(&lock).expect("a lock file");
    lock_file.lock().expect("the lock");
    let url = format!("postgres://postgres@localhost/{{}}?host={}", folder.display().to_string().replace('/', "%2F"));
    if !alive(programs, &folder) {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder for the server");
        let mut owner = Command::new("chown");
        let _ = owner.arg("postgres").arg(&folder).stderr(Stdio::null()).status();
        let data = folder.join("data");
        let mut init = as_server_user(&programs.join("initdb"));
        init.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N", "-D"]).arg(&data);
        let done = init.stdout(Stdio::null()).output().expect("initdb runs");
        assert!(done.status.success(), "initdb: {}", String::from_utf8_lossy(&done.stderr));
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c fsync=off -c max_connections=400 -c synchronous_commit=off",
            folder.display()
        );
        let mut ctl = as_server_user(&programs.join("pg_ctl"));
        ctl.args(["-w", "-l"]).arg(folder.join("log")).arg("-o").arg(options).arg("-D").arg(&data).arg("start");
        let done = ctl.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).status().expect("pg_ctl runs");
        assert!(done.success(), "the PostgreSQL server of the tests does not start");
    }
    drop(lock_file);
    url
}

fn alive(programs: &Path, folder: &Path) -> bool {
    let mut ready = Command::new(programs.join("pg_isready"));
    ready.arg("-h").arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
    ready.status().is_ok_and(|s| s.success())
}

/// A new empty database of this process; its address.
pub(crate) fn fresh_database(n: u32) -> Option<String> {
    let url = postgres_url()?;
    let name = format!("t{}_{n}", process::id());
    let programs = server_programs()?;
    let folder = env::temp_dir().join("yunjin-test-postgres");
    // One of this name is left from an earlier process: numbers of processes come again.
    let remove = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    let create = format!("CREATE DATABASE {name} TEMPLATE template0");
    let mut said = String::new();
    for attempt in 0..5 {
        let mut psql = Command::new(programs.join("psql"));
        psql.arg("-h").arg(&folder).args([
            "-U",
            "postgres",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            &remove,
            "-c",
            &create,
        ]);
        let done = psql.output().expect("psql runs");
        if done.status.success() {
            return Some(url.replace("{}", &name));
        }
        said = String::from_utf8_lossy(&done.stderr).into_owned();
        // Two binaries that create databases at the same moment may collide on the template.
        thread::sleep(Duration::from_millis(50 << attempt));
    }
    panic!("the tests' PostgreSQL server makes no database {name}: {said}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_left_by_an_earlier_process_of_the_same_number_is_replaced() {
        assert_eq!(fresh_database(9999), fresh_database(9999));
    }
}
