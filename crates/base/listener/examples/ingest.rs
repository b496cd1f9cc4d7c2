//! Messages a second, ours and another server's, by the same generator in the same run.
//!
//! `ingest [seconds] [host:port of another server]…`, or `ingest idle 5000` for the memory of so many idle connections.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, SystemClock};
use lake::{Lake, LakeOptions};
use listener::load::{Load, Measured, run};
use listener::{Hooks, Listener, Options};
use mqtt::Version;
use things::directory::token_digest;
use things::{Credential, CredentialRecord, DeviceRecord, Directory, Model};
use wal::disk::Folder;

const CONNECTIONS: usize = 50;

fn directory() -> Directory {
    let json = r#"{"properties":[{"name":"temperature","type":"number"},{"name":"pressure","type":"number"},{"name":"speed","type":"number"}]}"#;
    let model = Arc::new(Model::from_json(json).expect("it is a model").published("load", 1));
    let directory = Directory::new();
    for i in 0..CONNECTIONS {
        directory.put(DeviceRecord {
            id: format!("load-{i}"),
            org_id: "org".into(),
            name: format!("load-{i}"),
            model: model.clone(),
            gateway: None,
            is_gateway: false,
            disabled: false,
            credentials: vec![CredentialRecord {
                id: format!("c-{i}"),
                credential: Credential::Token(token_digest(&format!("token-{i}"))),
                until_us: None,
            }],
        });
    }
    directory
}

fn say(what: &str, m: &Measured) {
    eprintln!(
        "{what:<28} {:>9.0} msg/s {:>10.0} points/s  ack p50 {:>6} µs p99 {:>7} µs  refused {}",
        m.messages_per_s(),
        m.points_per_s(),
        m.ack_us(0.5),
        m.ack_us(0.99),
        m.refused
    );
}

/// Resident memory of this process: bytes.
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok()).unwrap_or(0) << 10
}

/// The other process: opens connections, and keeps them until it is killed.
fn hold(server: std::net::SocketAddr, count: usize) {
    use std::io::{Read, Write};
    let mut all = Vec::with_capacity(count);
    for i in 0..count {
        let mut socket = std::net::TcpStream::connect(server).expect("a connection");
        let id = format!("idle-{i:08}");
        let mut packet = vec![0x10, 0, 0, 4, b'M', b'Q', b'T', b'T', 5, 0x82, 0, 0, 0, 0, id.len() as u8];
        packet.extend_from_slice(id.as_bytes());
        packet.extend_from_slice(b"\0\x07token-1");
        packet[1] = packet.len() as u8 - 2;
        socket.write_all(&packet).expect("CONNECT");
        let mut head = [0; 4];
        socket.read_exact(&mut head).expect("CONNACK");
        assert_eq!(head[3], 0);
        all.push(socket);
    }
    eprintln!("{count} are connected");
    std::thread::sleep(Duration::from_secs(600));
}

/// Memory that an idle connection takes in this process.
fn idle(count: usize, listener: &Listener) {
    let mut child = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["hold", &listener.local_addr().to_string(), &count.to_string()])
        .spawn()
        .expect("it starts");
    let before = resident_bytes();
    while listener.connections() < count {
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_secs(1));
    let each = resident_bytes().saturating_sub(before) / count;
    eprintln!("{count} idle connections: {each} bytes each, resident {} KiB in all", resident_bytes() >> 10);
    child.kill().expect("it runs");
    child.wait().expect("it ran");
}

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if_eq("hold").is_some() {
        let server = arguments.next().and_then(|a| a.parse().ok()).expect("host:port");
        return hold(server, arguments.next().and_then(|n| n.parse().ok()).expect("how many"));
    }
    let idles = arguments.next_if_eq("idle").is_some();
    let seconds = arguments.next().and_then(|s| s.parse().ok()).unwrap_or(3.0);
    // `4@host:port` speaks 3.1.1 to it.
    let others: Vec<(Version, std::net::SocketAddr)> = arguments
        .map(|a| match a.strip_prefix("4@") {
            Some(old) => (Version::V311, old.parse().expect("host:port")),
            None => (Version::V5, a.parse().expect("host:port")),
        })
        .collect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let folder = std::env::temp_dir().join(format!("yunjin-ingest-{}", std::process::id()));
    let disk = |name: &str| Arc::new(Folder::open(folder.join(name)).expect("a folder"));
    let options = LakeOptions {
        flush_bytes: 256 << 20,
        memory_bytes_max: 2 << 30,
        ..LakeOptions::new("0d6f4d4e-6f0c-4f0a-9b1e-3a5d0c8b7e21")
    };
    let (lake, _) = Lake::open(disk("log"), disk("table"), options).expect("a lake");
    let lake = Arc::new(lake);
    let clock = Arc::new(SystemClock::default());
    let local = Options::new("127.0.0.1:0".parse().expect("an address"));
    let listener = runtime
        .block_on(Listener::start(local, Arc::new(directory()), lake, Hooks::none(), clock.clone()))
        .expect("it listens");
    if idles {
        idle(seconds as usize, &listener);
        runtime.block_on(listener.stop());
        std::fs::remove_dir_all(&folder).ok();
        return;
    }
    let load = |version, server, round: i64| Load {
        server,
        version,
        tokens: (0..CONNECTIONS).map(|i| format!("token-{i}")).collect(),
        topic: "v1/devices/me/telemetry".into(),
        window: 200,
        readings: 3,
        lasts: Duration::from_secs_f64(seconds),
        threads: 1,
        from_ms: clock.now().as_millisecond() - 600_000_000 + round * 60_000_000,
    };
    for round in 0..3 {
        say("yunjin (durable)", &run(&load(Version::V5, listener.local_addr(), round)).expect("it ran"));
        for (version, other) in &others {
            say(&other.to_string(), &run(&load(*version, *other, round)).expect("it ran"));
        }
    }
    runtime.block_on(listener.stop());
    std::fs::remove_dir_all(&folder).ok();
}
