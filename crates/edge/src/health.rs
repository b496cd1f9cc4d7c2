//! How each part stands: what connectors want and are, what was counted, when the platform last acknowledged. Sent upstream
//! as a device of its own, `edge-<name>`, and written to the status file.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use kernel::{Lang, Value};
use serde::{Deserialize, Serialize};

use crate::queue::Figures;
use crate::reading::Reading;

/// How a connector is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actual {
    /// It was not started, or ended because it should.
    #[default]
    Stopped,
    /// It tries to connect.
    Starting,
    /// It reads.
    Up,
    /// It failed and waits to try again.
    Down,
}

impl Actual {
    /// For people.
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Actual::Stopped => lang.t("已停", "stopped"),
            Actual::Starting => lang.t("启动中", "starting"),
            Actual::Up => lang.t("正常", "up"),
            Actual::Down => lang.t("中断", "down"),
        }
    }
}

/// How one connector stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorHealth {
    /// `modbus`, `opcua`, `mqtt`.
    pub kind: String,
    /// Whether it should run.
    pub wanted: bool,
    /// How it is.
    pub actual: Actual,
    /// Why it is down, or what went wrong last.
    pub reason: String,
    /// How often it was started.
    pub starts: u64,
    /// How often it panicked.
    pub panics: u64,
    /// Readings of quality good or uncertain.
    pub good: u64,
    /// What could not be read, by reason.
    pub bad: BTreeMap<String, u64>,
    /// Readings that the queue did not take.
    pub not_queued: u64,
    /// When the last reading came, µs since 1970.
    pub last_reading_us: Option<i64>,
}

/// A connector's health as it is shared between its thread and who looks.
#[derive(Debug, Default)]
pub struct Watched(Mutex<ConnectorHealth>);

impl Watched {
    /// Of a connector of that kind.
    pub fn new(kind: &str, wanted: bool) -> Arc<Watched> {
        Arc::new(Watched(Mutex::new(ConnectorHealth { kind: kind.into(), wanted, ..ConnectorHealth::default() })))
    }

    fn lock(&self) -> MutexGuard<'_, ConnectorHealth> {
        self.0.lock().expect("no panic while held")
    }

    /// As it is now.
    pub fn get(&self) -> ConnectorHealth {
        self.lock().clone()
    }

    /// Changes it.
    pub fn set(&self, change: impl FnOnce(&mut ConnectorHealth)) {
        change(&mut self.lock());
    }

    /// It reads.
    pub fn up(&self) {
        self.set(|h| h.actual = Actual::Up);
    }

    /// Something could not be read.
    pub fn bad(&self, reason: &str, count: u64) {
        self.set(|h| {
            let known = h.bad.contains_key(reason) || h.bad.len() < REASONS_MAX;
            *h.bad.entry(if known { reason } else { "other" }.to_owned()).or_default() += count;
        });
    }
}

/// Reasons counted apart; a device that makes up new ones does not make us grow.
const REASONS_MAX: usize = 64;

/// How the way to the platform stands.
#[derive(Debug, Default)]
pub struct PushHealth {
    /// When the platform last acknowledged, µs since 1970; 0 never.
    pub last_ack_us: AtomicI64,
    /// Readings acknowledged since the start.
    pub acknowledged: AtomicU64,
    /// Readings refused and set aside since the start.
    pub refused: AtomicU64,
    /// Connections made since the start.
    pub connections: AtomicU64,
    /// Whether one is open now.
    pub connected: AtomicU64,
    /// Why the last one ended.
    pub reason: Mutex<String>,
}

/// The status file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Name of the gateway.
    pub name: String,
    /// When this was written, µs since 1970.
    pub at_us: i64,
    /// Number of the process.
    pub pid: u32,
    /// Whether the platform is connected.
    pub connected: bool,
    /// Why not.
    pub platform_reason: String,
    /// When the platform last acknowledged, µs; `None` never since the start.
    pub last_ack_us: Option<i64>,
    /// Readings acknowledged since the start.
    pub acknowledged: u64,
    /// Readings refused since the start.
    pub refused: u64,
    /// Bytes of the queue.
    pub queue_bytes: u64,
    /// Records that wait.
    pub queue_records: u64,
    /// Readings dropped since the queue was made.
    pub dropped_readings: u64,
    /// Records lost to damage since the start.
    pub damaged_records: u64,
    /// Connectors by name.
    pub connectors: BTreeMap<String, ConnectorHealth>,
}

impl Status {
    /// Puts it together.
    pub fn gather(name: &str, at_us: i64, q: Figures, push: &PushHealth, all: &[(String, Arc<Watched>)]) -> Status {
        let last_ack_us = push.last_ack_us.load(Ordering::Relaxed);
        Status {
            name: name.into(),
            at_us,
            pid: std::process::id(),
            connected: push.connected.load(Ordering::Relaxed) > 0,
            platform_reason: push.reason.lock().expect("no panic while held").clone(),
            last_ack_us: (last_ack_us > 0).then_some(last_ack_us),
            acknowledged: push.acknowledged.load(Ordering::Relaxed),
            refused: push.refused.load(Ordering::Relaxed),
            queue_bytes: q.bytes,
            queue_records: q.waiting_records,
            dropped_readings: q.dropped_readings,
            damaged_records: q.damaged_records,
            connectors: all.iter().map(|(name, w)| (name.clone(), w.get())).collect(),
        }
    }

    /// As readings of the device `edge-<name>`.
    pub fn readings(&self) -> Vec<Reading> {
        let device: Arc<str> = format!("edge-{}", self.name).into();
        let mut out = Vec::new();
        let mut say =
            |property: &str, value: Value| out.push(Reading::good(&device, &property.into(), self.at_us, value));
        let (mut up, mut down) = (0.0, 0.0);
        for (name, c) in &self.connectors {
            if c.wanted {
                *if c.actual == Actual::Up { &mut up } else { &mut down } += 1.0;
            }
            let state = serde_json::to_value(c.actual).ok().and_then(|v| v.as_str().map(str::to_owned));
            say(&format!("connector.{name}"), Value::Text(state.unwrap_or_default()));
            say(&format!("connector.{name}.good"), Value::Number(c.good as f64));
            say(&format!("connector.{name}.not_queued"), Value::Number(c.not_queued as f64));
            for (reason, count) in &c.bad {
                say(&format!("connector.{name}.bad.{reason}"), Value::Number(*count as f64));
            }
        }
        say("connectors_up", Value::Number(up));
        say("connectors_down", Value::Number(down));
        say("queue_bytes", Value::Number(self.queue_bytes as f64));
        say("queue_records", Value::Number(self.queue_records as f64));
        say("dropped_readings", Value::Number(self.dropped_readings as f64));
        say("damaged_records", Value::Number(self.damaged_records as f64));
        say("refused_readings", Value::Number(self.refused as f64));
        if let Some(at) = self.last_ack_us {
            say("last_push_ms", Value::Number(at.div_euclid(1000) as f64));
        }
        out
    }

    /// For a person at the machine.
    pub fn say(&self, lang: Lang, now_us: i64) -> String {
        let ago = |at: Option<i64>| match at {
            Some(at) => format!("{} s", (now_us - at).max(0) / 1_000_000),
            None => lang.t("从未", "never").to_owned(),
        };
        let t = |zh: &str, en: &str| lang.t(zh, en).to_owned();
        let mut out = format!(
            "{} {}\n{}: {}{}\n{}: {}\n{}: {} ({})\n{}: {}  {}: {}  {}: {}\n",
            t("网关", "gateway"),
            self.name,
            t("平台", "platform"),
            if self.connected { t("已连接", "connected") } else { t("未连接", "not connected") },
            if self.connected || self.platform_reason.is_empty() {
                String::new()
            } else {
                format!(" - {}", self.platform_reason)
            },
            t("距上次确认", "since the last acknowledgement"),
            ago(self.last_ack_us),
            t("队列（字节，待发记录）", "queue (bytes, records waiting)"),
            self.queue_bytes,
            self.queue_records,
            t("已确认读数", "acknowledged"),
            self.acknowledged,
            t("被拒读数", "refused"),
            self.refused,
            t("因空间不足丢弃", "dropped for lack of room"),
            self.dropped_readings,
        );
        for (name, c) in &self.connectors {
            let reason =
                if c.actual == Actual::Up || c.reason.is_empty() { String::new() } else { format!(" - {}", c.reason) };
            let wanted = if c.wanted { "" } else { lang.t("（已停用）", " (disabled)") };
            out += &format!("{} {name}{wanted}: {}{reason}\n", c.kind, c.actual.word(lang));
            out += &format!(
                "  {}: {}  {}: {}  {}: {:?}\n",
                t("读数", "readings"),
                c.good,
                t("距上次", "since the last"),
                ago(c.last_reading_us),
                t("读不到", "not read"),
                c.bad
            );
        }
        out
    }
}
