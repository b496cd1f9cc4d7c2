//! The configuration: one TOML whose every key stands in `yunjin-edge.example.toml`. A key that is not known is refused by
//! its name and its place.

mod check;
mod load;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

pub use check::check;
pub use load::{load, parse};

use crate::connectors::modbus::map::PointConfig;
use crate::rules::RuleConfig;

/// All of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of this gateway: its health is the device `edge-<name>`.
    pub name: String,
    /// Folder of the queue, dead letters, certificates and the status file.
    #[serde(default = "default_data")]
    pub data: PathBuf,
    /// How much is kept while the platform cannot be reached.
    #[serde(default)]
    pub queue: QueueConfig,
    /// Where to.
    pub platform: PlatformConfig,
    /// The gateway's own state.
    #[serde(default)]
    pub health: HealthConfig,
    /// Product of each device, for platforms that register devices by it.
    #[serde(default)]
    pub products: BTreeMap<String, String>,
    /// Modbus connections.
    #[serde(default)]
    pub modbus: Vec<ModbusConfig>,
    /// OPC UA servers.
    #[serde(default)]
    pub opcua: Vec<OpcUaConfig>,
    /// MQTT brokers whose messages are readings.
    #[serde(default)]
    pub mqtt: Vec<MqttConfig>,
    /// What happens to readings on their way.
    #[serde(default)]
    pub rule: Vec<RuleConfig>,
}

fn default_data() -> PathBuf {
    "edge-data".into()
}

fn yes() -> bool {
    true
}

/// The queue on disk.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueueConfig {
    /// Most that the queue takes, in MiB. When it is full its oldest file goes.
    pub budget_mib: u64,
    /// Size of its files, in KiB: what goes at once when it is full.
    pub file_kib: u64,
    /// Most that readings which the platform refused take, in MiB.
    pub dead_letters_mib: u64,
}

impl Default for QueueConfig {
    fn default() -> Self {
        QueueConfig { budget_mib: 1024, file_kib: 4096, dead_letters_mib: 16 }
    }
}

/// The platform's MQTT listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformConfig {
    /// Host name or address.
    pub host: String,
    /// Port; 1883, or 8883 with TLS, if not said.
    pub port: Option<u16>,
    /// The gateway's access token (sent as user name, as ThingsBoard does).
    pub token: Option<String>,
    /// A file that holds the token, instead.
    pub token_file: Option<PathBuf>,
    /// User name, instead of a token.
    pub user: Option<String>,
    /// Password of the user.
    pub password: Option<String>,
    /// TLS; without this section, plain.
    pub tls: Option<TlsConfig>,
    /// Messages that may wait for their acknowledgement.
    #[serde(default = "default_window")]
    pub window: u16,
    /// Readings in one message at most.
    #[serde(default = "default_message_readings")]
    pub message_readings: usize,
    /// Bytes in one message at most.
    #[serde(default = "default_message_bytes")]
    pub message_bytes: usize,
    /// An acknowledgement that takes longer means that the connection is dead, in seconds.
    #[serde(default = "default_ack_timeout_s")]
    pub ack_timeout_s: u64,
    /// Longest pause between attempts to connect, in seconds.
    #[serde(default = "default_retry_max_s")]
    pub retry_max_s: u64,
}

fn default_window() -> u16 {
    16
}
fn default_message_readings() -> usize {
    500
}
fn default_message_bytes() -> usize {
    256 << 10
}
fn default_ack_timeout_s() -> u64 {
    30
}
fn default_retry_max_s() -> u64 {
    30
}

/// How the connection is kept secret and whom it trusts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    /// Certificates (PEM) of who may vouch for the platform; the system's if not said.
    pub ca_file: Option<PathBuf>,
    /// The gateway's own certificate (PEM), if the platform asks for one.
    pub cert_file: Option<PathBuf>,
    /// Its key (PEM).
    pub key_file: Option<PathBuf>,
}

/// The gateway's own state, sent as a device and written to the status file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthConfig {
    /// How often it is sent, in seconds.
    pub every_s: u64,
}

impl Default for HealthConfig {
    fn default() -> Self {
        HealthConfig { every_s: 30 }
    }
}

/// One Modbus connection and what is read over it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModbusConfig {
    /// Its name in messages and health.
    pub name: String,
    /// Off, it stays configured and is not started.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Modbus TCP: `host:port`.
    pub address: Option<String>,
    /// Modbus RTU: the serial port, such as `/dev/ttyUSB0`.
    pub serial: Option<String>,
    /// Bits a second of the serial port.
    #[serde(default = "default_baud")]
    pub baud: u32,
    /// `none`, `even` or `odd`.
    #[serde(default)]
    pub parity: Parity,
    /// 1 or 2.
    #[serde(default = "default_stop_bits")]
    pub stop_bits: u8,
    /// The device that the points belong to, if they do not name one.
    pub device: Option<String>,
    /// How long an answer may take, in ms.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// Registers in between that are read along to save a request.
    #[serde(default = "default_gap_max")]
    pub gap_max: u16,
    /// The register map, in the file.
    #[serde(default)]
    pub point: Vec<PointConfig>,
    /// The register map, as a CSV file with the same columns.
    pub points_file: Option<PathBuf>,
}

fn default_baud() -> u32 {
    9600
}
fn default_stop_bits() -> u8 {
    1
}
fn default_timeout_ms() -> u64 {
    1000
}
fn default_gap_max() -> u16 {
    8
}

/// Parity of a serial line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parity {
    /// No parity bit.
    #[default]
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// One OPC UA server and what is watched on it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpcUaConfig {
    /// Its name in messages and health.
    pub name: String,
    /// Off, it stays configured and is not started.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// `opc.tcp://host:4840/path`.
    pub endpoint: String,
    /// `none`, `sign` or `sign-and-encrypt` (both with Basic256Sha256).
    #[serde(default)]
    pub security: Security,
    /// Take the server's certificate unseen. Otherwise it is put into `rejected` of the certificate folder and must be
    /// moved to `trusted` by hand.
    #[serde(default)]
    pub trust_any_server: bool,
    /// User name; anonymous if not said.
    pub user: Option<String>,
    /// Password of the user.
    #[serde(default)]
    pub password: String,
    /// The device that the items belong to, if they do not name one.
    pub device: Option<String>,
    /// How often the server sends what changed, in ms.
    #[serde(default = "default_publishing_ms")]
    pub publishing_ms: u64,
    /// What is watched.
    #[serde(default)]
    pub item: Vec<ItemConfig>,
    /// Folders whose variables are all watched.
    #[serde(default)]
    pub folder: Vec<FolderConfig>,
}

fn default_publishing_ms() -> u64 {
    1000
}

/// How an OPC UA connection is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Security {
    /// Not.
    #[default]
    None,
    /// Signed, Basic256Sha256.
    Sign,
    /// Signed and encrypted, Basic256Sha256.
    SignAndEncrypt,
}

/// A variable to watch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemConfig {
    /// `ns=2;s=Press.Temperature`, `i=2258` …
    pub node: String,
    /// The property's name.
    pub name: String,
    /// The device, if not the connector's.
    pub device: Option<String>,
    /// How often the server looks, in ms.
    #[serde(default = "default_sampling_ms")]
    pub sampling_ms: f64,
    /// Changes that the server keeps between two messages.
    #[serde(default = "default_queue_size")]
    pub queue_size: u32,
}

fn default_sampling_ms() -> f64 {
    500.0
}
fn default_queue_size() -> u32 {
    10
}

/// A folder to watch all variables of, each under its browse name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// The folder's node.
    pub node: String,
    /// The device, if not the connector's.
    pub device: Option<String>,
    /// Most variables taken.
    #[serde(default = "default_items_max")]
    pub items_max: usize,
    /// How often the server looks, in ms.
    #[serde(default = "default_sampling_ms")]
    pub sampling_ms: f64,
}

fn default_items_max() -> usize {
    10_000
}

/// One MQTT broker whose messages are readings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttConfig {
    /// Its name in messages and health.
    pub name: String,
    /// Off, it stays configured and is not started.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: Option<u16>,
    /// User name.
    pub user: Option<String>,
    /// Password of the user.
    pub password: Option<String>,
    /// TLS; without this section, plain.
    pub tls: Option<TlsConfig>,
    /// Name under which the broker keeps our session; `yunjin-edge-<name>-<connector>` if not said.
    pub client_id: Option<String>,
    /// What to take and whose it is.
    pub topic: Vec<TopicConfig>,
}

/// Which messages are whose readings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicConfig {
    /// Filter; what `+` stands for is `{1}`, `{2}` … below.
    pub filter: String,
    /// The device: a name, or a pattern such as `line-{1}`.
    pub device: String,
    /// The property, for messages that are one value; without it the message is a JSON object of values.
    pub property: Option<String>,
    /// Key of the object that holds the device time, in ms since 1970; the time of arrival if there is none.
    pub time_key: Option<String>,
}
