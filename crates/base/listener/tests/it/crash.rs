//! `kill -9` while machines speak: what was acknowledged is found after the restart (LI-1).

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use kernel::SystemClock;
use lake::{Lake, Series};
use listener::{Hooks, Listener};
use mqtt::Version::V5;
use wal::disk::{Disk, Folder};

use crate::common::{directory, lake_options, local};
use crate::raw::*;

const FOLDER: &str = "YUNJIN_LISTENER_CRASH_FOLDER";
const NAME: &str = "crash::what_was_acknowledged_is_there_after_kill_9";

fn open(folder: &std::path::Path) -> Lake {
    let disk = |name: &str| -> Arc<dyn Disk> { Arc::new(Folder::open(folder.join(name)).unwrap()) };
    Lake::open(disk("log"), disk("table"), lake_options()).unwrap().0
}

/// The process that is to be killed: it serves until then.
fn serve(folder: &std::path::Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let lake = Arc::new(open(folder));
    let clock = Arc::new(SystemClock::default());
    let start = Listener::start(local(), directory(), lake.clone(), Hooks::none(), clock);
    let listener = runtime.block_on(start).unwrap();
    eprintln!("listening {}", listener.local_addr());
    for i in 0.. {
        std::thread::sleep(Duration::from_millis(40));
        lake.flush(1_700_000_000_000 + i).unwrap();
    }
}

/// A small generator of numbers, so that a failure comes again with its seed.
struct Seed(u64);

impl Seed {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

#[test]
fn what_was_acknowledged_is_there_after_kill_9() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return serve(std::path::Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut seed = Seed(20_261_128);
    let mut acked: Vec<i64> = Vec::new();
    let mut next = 1_700_000_000_000_i64;
    for _ in 0..6 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = said.map_while(Result::ok).find_map(|l| l.strip_prefix("listening ").map(str::to_owned));
        let mut raw = Raw::device(address.expect("it listens").parse().unwrap(), V5, "press-1");
        let mut reader = Raw { socket: raw.socket.try_clone().unwrap(), version: V5 };
        let first = next;
        let reads = std::thread::spawn(move || {
            // In order of sending, so that the count says which.
            let mut count = 0;
            while let Ok(Some((0x40, body))) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| reader.read()))
            {
                assert_eq!(body.len(), 2, "acknowledged with success");
                count += 1;
            }
            count
        });
        let kill_after = Duration::from_millis(50 + seed.below(400));
        let killer = std::thread::spawn(move || {
            std::thread::sleep(kill_after);
            child.kill().unwrap();
            child.wait().unwrap();
        });
        use std::io::Write;
        let mut waiting = 0;
        loop {
            let payload = format!("{{\"ts\":{next},\"values\":{{\"speed\":1.5,\"pressure\":2}}}}");
            let id = (next % 60_000) as u16 + 1;
            if raw.socket.write_all(&mqtt::publish_bytes(V5, UP, payload.as_bytes(), 1, id)).is_err() {
                break;
            }
            next += 1;
            waiting += 1;
            if waiting == 300 {
                // The client keeps to its window roughly: the machine's limit is a thousand.
                std::thread::sleep(Duration::from_millis(15));
                waiting = 0;
            }
        }
        killer.join().unwrap();
        let count: i64 = reads.join().unwrap();
        acked.extend(first..first + count);
    }
    assert!(acked.len() > 100, "{} were acknowledged", acked.len());
    let lake = open(folder.path());
    for property in ["speed", "pressure"] {
        let found = lake.range(&Series::new("press-1", property), 0, i64::MAX).unwrap();
        let found: std::collections::BTreeSet<i64> = found.iter().map(|p| p.at_us / 1000).collect();
        let missing = acked.iter().filter(|at| !found.contains(at)).count();
        assert_eq!(missing, 0, "of {} acknowledged messages", acked.len());
    }
}
