//! A listener over a lake in a folder or on a faulty disk, with some devices.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::SystemClock;
use lake::{Lake, LakeOptions, Point, Series};
use listener::{Hooks, Listener, Options};
use things::directory::token_digest;
use things::{Counted, Credential, CredentialRecord, DeviceRecord, Directory, Model, hash_password};
use wal::LogOptions;
use wal::disk::{Disk, FaultyDisk};

/// A thing model with a property of each kind; others are refused.
pub const MODEL: &str = r#"{"properties":[
    {"name":"temperature","label":{"zh":"温度","en":"Temperature"},"type":"number","min":-50,"max":500},
    {"name":"pressure","label":{"zh":"压力","en":"Pressure"},"type":"number"},
    {"name":"speed","label":{"zh":"转速","en":"Speed"},"type":"number"},
    {"name":"running","label":{"zh":"运行","en":"Running"},"type":"flag"}
]}"#;

pub fn lake_options() -> LakeOptions {
    LakeOptions {
        log: LogOptions::default(),
        flush_bytes: 64 << 20,
        memory_bytes_max: 256 << 20,
        table_id: "0d6f4d4e-6f0c-4f0a-9b1e-3a5d0c8b7e21".into(),
    }
}

pub struct Bench {
    pub listener: Listener,
    pub directory: Arc<Directory>,
    pub lake: Arc<Lake>,
    pub disk: FaultyDisk,
}

pub fn model() -> Arc<Model> {
    Arc::new(Model::from_json(MODEL).expect("the model is one").published("press", 1))
}

pub fn device(id: &str, gateway: Option<&str>, is_gateway: bool) -> DeviceRecord {
    DeviceRecord {
        id: id.into(),
        org_id: "org".into(),
        name: id.into(),
        model: model(),
        gateway: gateway.map(str::to_owned),
        is_gateway,
        disabled: false,
        credentials: vec![CredentialRecord {
            id: format!("{id}-token"),
            credential: Credential::Token(token_digest(&format!("token-{id}"))),
            until_us: None,
        }],
    }
}

pub fn directory() -> Arc<Directory> {
    let directory = Directory::new();
    directory.put(device("press-1", None, false));
    directory.put(device("press-2", None, false));
    directory.put(device("gateway-1", None, true));
    directory.put(device("robot-a", Some("gateway-1"), false));
    let mut with_password = device("mill-1", None, false);
    with_password.credentials.push(CredentialRecord {
        id: "mill-1-password".into(),
        credential: Credential::Password { user: "mill".into(), hash: hash_password("right", &[7; 16]) },
        until_us: None,
    });
    directory.put(with_password);
    Arc::new(directory)
}

pub fn local() -> Options {
    Options::new("127.0.0.1:0".parse().unwrap())
}

pub async fn start_with(options: Options, hooks: Hooks) -> Bench {
    start_on(lake_options(), options, hooks).await
}

pub async fn start_on(lake_options: LakeOptions, options: Options, hooks: Hooks) -> Bench {
    let disk = FaultyDisk::default();
    let folder: Arc<dyn Disk> = Arc::new(FaultyDisk::default());
    let (lake, _) = Lake::open(Arc::new(disk.clone()), folder, lake_options).unwrap();
    let (lake, directory) = (Arc::new(lake), directory());
    let clock = Arc::new(SystemClock::default());
    let listener = Listener::start(options, directory.clone(), lake.clone(), hooks, clock).await.unwrap();
    Bench { listener, directory, lake, disk }
}

pub async fn start() -> Bench {
    start_with(local(), Hooks::none()).await
}

impl Bench {
    pub fn readings(&self, device: &str, property: &str) -> Vec<Point> {
        let series = Series::new(device, property);
        self.lake.range(&series, 0, i64::MAX).unwrap()
    }

    pub fn counted(&self, device: &str) -> Counted {
        self.directory.by_id(device).unwrap().counters.read()
    }
}

/// Waits until it holds; fails after ten seconds.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < end, "not within ten seconds: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
