//! The whole program at work: queue, connectors, push, health.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use kernel::{Clock, IdSource, SystemClock, Value};
use tokio::sync::watch;
use wal::disk::Folder;

use crate::config::Config;
use crate::connectors::{Attempt, modbus, mqtt_in, opcua, supervise};
use crate::dead::DeadLetters;
use crate::health::{PushHealth, Status, Watched};
use crate::intake::Intake;
use crate::push::Push;
use crate::queue::{Queue, QueueOptions};
use crate::reading::Reading;
use crate::words::{Complaint, both};

/// How often the status file is written.
const STATUS_EVERY: Duration = Duration::from_secs(2);
/// A connector that does not end when told to is left behind after so long.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Where `yunjin-edge status` reads.
pub fn status_file(data: &Path) -> PathBuf {
    data.join("status.json")
}

fn attempts(config: &Config) -> Vec<(String, &'static str, bool, Attempt)> {
    let mut out = Vec::new();
    for m in &config.modbus {
        out.push((m.name.clone(), "modbus", m.enabled, modbus::attempt(m.clone())));
    }
    for o in &config.opcua {
        out.push((o.name.clone(), "opcua", o.enabled, opcua::attempt(o.clone(), &config.name, &config.data)));
    }
    for m in &config.mqtt {
        out.push((m.name.clone(), "mqtt", m.enabled, mqtt_in::attempt(m.clone(), &config.name)));
    }
    out
}

/// Runs until `stop` says so.
pub async fn run(config: Config, mut stop: watch::Receiver<bool>) -> Result<(), Complaint> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let mut random = IdSource::from_os();
    let cannot = |what: &str, e: std::io::Error| {
        Complaint::new(
            config.data.join(what).display().to_string(),
            both(format!("打不开：{e}"), format!("it cannot be opened: {e}")),
            both(
                "检查磁盘、权限，以及是否已有一个网关在用这个文件夹",
                "check the disk, the rights, and whether another gateway uses this folder",
            ),
        )
    };
    let queue_folder = config.data.join("queue");
    let disk = Folder::open(&queue_folder).map_err(|e| cannot("queue", e))?;
    let _only_one = only_one(&config.data).map_err(|e| cannot("lock", e))?;
    let options = QueueOptions {
        budget_bytes: config.queue.budget_mib << 20,
        file_bytes: config.queue.file_kib << 10,
        ahead_bytes: (config.queue.file_kib as usize) << 10,
    };
    let queue = Arc::new(Queue::open(Arc::new(disk), options).map_err(|e| cannot("queue", e))?);
    let dead = DeadLetters::open(&config.data, config.queue.dead_letters_mib << 20)
        .map_err(|e| cannot("dead-letters.jsonl", e))?;

    let mut watched = Vec::new();
    let mut threads = BTreeMap::new();
    for (name, kind, wanted, attempt) in attempts(&config) {
        let health = Watched::new(kind, wanted);
        watched.push((name.clone(), health.clone()));
        if wanted {
            let intake = Arc::new(Intake::new(queue.clone(), config.rule.clone(), health, clock.clone()));
            let thread = supervise(name.clone(), attempt, intake, random.fork(), stop.clone());
            threads.insert(name, thread.map_err(|e| cannot("", e))?);
        }
    }
    let push_health = Arc::new(PushHealth::default());
    let push = Push {
        platform: config.platform.clone(),
        client_id: format!("yunjin-edge-{}", config.name),
        products: config.products.clone(),
        queue: queue.clone(),
        dead,
        health: push_health.clone(),
        clock: clock.clone(),
        random: random.fork(),
    };
    let push = tokio::spawn(push.run(stop.clone()));
    tracing::info!("{} runs: {} connectors", config.name, threads.len());

    let report = Report { config: &config, queue: &queue, push: &push_health, watched: &watched, clock: &*clock };
    report.until(&mut stop).await;
    join(threads).await;
    let _ = push.await;
    report.write_status();
    Ok(())
}

/// Two programs on one queue would write over each other. The lock is the system's and ends with the process.
fn only_one(data: &Path) -> std::io::Result<std::fs::File> {
    let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(data.join("lock"))?;
    file.try_lock().map_err(|e| std::io::Error::new(std::io::ErrorKind::AddrInUse, e.to_string()))?;
    Ok(file)
}

async fn join(threads: BTreeMap<String, JoinHandle<()>>) {
    let end = tokio::time::Instant::now() + STOP_WITHIN;
    for (name, thread) in threads {
        while !thread.is_finished() && tokio::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if !thread.is_finished() {
            tracing::warn!("connector {name} does not end; it is left behind");
        }
    }
}

struct Report<'a> {
    config: &'a Config,
    queue: &'a Arc<Queue>,
    push: &'a PushHealth,
    watched: &'a [(String, Arc<Watched>)],
    clock: &'a dyn Clock,
}

impl Report<'_> {
    fn status(&self) -> Status {
        let now_us = self.clock.now().as_microsecond();
        Status::gather(&self.config.name, now_us, self.queue.figures(), self.push, self.watched)
    }

    fn write_status(&self) {
        let path = status_file(&self.config.data);
        let text = serde_json::to_vec_pretty(&self.status()).expect("a plain structure can be written");
        let unfinished = path.with_extension("unfinished");
        let written = std::fs::write(&unfinished, text).and_then(|()| std::fs::rename(&unfinished, &path));
        if let Err(e) = written {
            tracing::warn!("{}: {e}", path.display());
        }
    }

    async fn until(&self, stop: &mut watch::Receiver<bool>) {
        let mut status = tokio::time::interval(STATUS_EVERY);
        let mut health = tokio::time::interval(Duration::from_secs(self.config.health.every_s.max(1)));
        loop {
            if *stop.borrow() {
                return;
            }
            tokio::select! {
                _ = status.tick() => {
                    self.write_status();
                    self.report_dropped();
                }
                _ = health.tick() => self.queue_own(self.status().readings(), || {}),
                _ = stop.changed() => return,
            }
        }
    }

    fn queue_own(&self, readings: Vec<Reading>, stored: impl FnOnce() + Send + 'static) {
        let told = Box::new(move |result: Result<u64, wal::LogError>| {
            if result.is_ok() {
                stored();
            }
        });
        if let Err(e) = self.queue.append(&readings, told) {
            tracing::warn!("the gateway's own state was not queued: {e}");
        }
    }

    /// EG-3: what was dropped is told upstream by name; once that is queued, it is told.
    fn report_dropped(&self) {
        let Some(dropped) = self.queue.unreported() else { return };
        let now_us = self.clock.now().as_microsecond();
        let device: Arc<str> = format!("edge-{}", self.config.name).into();
        let at = |us: i64| jiff::Timestamp::from_microsecond(us).map(|t| t.to_string()).unwrap_or_default();
        let (from, to) = dropped.span_us.unwrap_or_default();
        let words: Vec<String> = dropped.by_device.iter().map(|(d, n)| format!("{d}: {n}")).collect();
        let text = format!("{} - {}: {}", at(from), at(to), words.join(", "));
        tracing::warn!("dropped for lack of room: {text}");
        let readings = vec![
            Reading::good(&device, &"dropped_now".into(), now_us, Value::Number(dropped.readings as f64)),
            Reading::good(&device, &"dropped_by_device".into(), now_us, Value::Text(text)),
        ];
        let queue = self.queue.clone();
        self.queue_own(readings, move || {
            if let Err(e) = queue.reported(&dropped) {
                tracing::warn!("the report of what was dropped may come twice: {e}");
            }
        });
    }
}
