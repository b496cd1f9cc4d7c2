//! Messages a second, ours and another server's, by the same generator in the same run.
//!
//! `ingest [seconds] [host:port of another server]…`

use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, SystemClock};
use lake::{Lake, LakeOptions};
use listener::load::{Load, Measured, run};
use listener::{Hooks, Listener, Options};
use mqtt::Version;
use things::directory::token_digest;
use things::{Credential, CredentialRecord, DeviceRecord, Directory, Model};
use wal::LogOptions;
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

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|s| s.parse().ok()).unwrap_or(3.0);
    let others: Vec<std::net::SocketAddr> = arguments.map(|a| a.parse().expect("host:port")).collect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let folder = std::env::temp_dir().join(format!("yunjin-ingest-{}", std::process::id()));
    let disk = |name: &str| Arc::new(Folder::open(folder.join(name)).expect("a folder"));
    let options = LakeOptions {
        log: LogOptions::default(),
        flush_bytes: 256 << 20,
        memory_bytes_max: 2 << 30,
        table_id: "0d6f4d4e-6f0c-4f0a-9b1e-3a5d0c8b7e21".into(),
    };
    let (lake, _) = Lake::open(disk("log"), disk("table"), options).expect("a lake");
    let lake = Arc::new(lake);
    let clock = Arc::new(SystemClock::default());
    let local = Options::new("127.0.0.1:0".parse().expect("an address"));
    let listener = runtime
        .block_on(Listener::start(local, Arc::new(directory()), lake, Hooks::none(), clock.clone()))
        .expect("it listens");
    let load = |server, round: i64| Load {
        server,
        version: Version::V5,
        tokens: (0..CONNECTIONS).map(|i| format!("token-{i}")).collect(),
        topic: "v1/devices/me/telemetry".into(),
        window: 200,
        readings: 3,
        lasts: Duration::from_secs_f64(seconds),
        threads: 1,
        from_ms: clock.now().as_millisecond() - 600_000_000 + round * 60_000_000,
    };
    for round in 0..3 {
        say("yunjin (durable)", &run(&load(listener.local_addr(), round)).expect("it ran"));
        for other in &others {
            say(&other.to_string(), &run(&load(*other, round)).expect("it ran"));
        }
    }
    runtime.block_on(listener.stop());
    std::fs::remove_dir_all(&folder).ok();
}
