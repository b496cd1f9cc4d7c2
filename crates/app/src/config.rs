//! One TOML file; every key stands in `yunjin.example.toml` with its meaning; unknown keys are refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use kernel::Text;
use serde::{Deserialize, Serialize};
use store::DbConfig;
use web::Site;

/// The whole configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder of everything that is kept: records, documents, bills, the two keys.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Records elsewhere than in the data folder.
    pub records: Records,
    /// Limits of what is taken.
    pub limits: Limits,
    /// Where machines connect.
    pub machines: Machines,
    /// Where readings are kept.
    pub lake: LakeKept,
    /// How notices of alarms leave.
    pub notices: Notices,
    /// Costs of a password's hash.
    pub passwords: PasswordCost,
    /// The site's words.
    pub site: Site,
    /// Logs.
    pub log: Log,
}

/// Where records are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Records {
    /// `postgres://user@host/database`; SQLite in the data folder when left out.
    pub postgres: Option<String>,
    /// Connections for reading.
    pub readers_max: u32,
}

/// Limits of what is taken.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// A document, in MiB.
    pub document_mib: u64,
    /// A bill or any other upload, in MiB.
    pub upload_mib: u64,
}

/// Where machines connect.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Machines {
    /// MQTT in the clear: on the loopback or a plant's own network.
    pub mqtt: Option<SocketAddr>,
    /// MQTT over TLS; needs certificate and key.
    pub mqtts: Option<SocketAddr>,
    /// PEM of the certificate and those between it and the root.
    pub certificate: Option<PathBuf>,
    /// PEM of its private key.
    pub key: Option<PathBuf>,
    /// Asks clients for a certificate; one that is registered for a device admits it.
    pub client_certificates: bool,
    /// Connections at once.
    pub connections_max: usize,
}

/// Where readings are kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LakeKept {
    /// Readings gather in memory up to so many MiB before they become a file; they are on disk in the log from the first.
    pub flush_mib: usize,
    /// Beyond so many MiB in memory no more are taken until a file is written.
    pub memory_mib: usize,
    /// A file is written after so many seconds at the latest, so that other programs see what came.
    pub flush_s: u64,
    /// Readings older than so many days are let go; kept for good when left out.
    pub keep_days: Option<u32>,
}

/// How notices of alarms leave.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notices {
    /// The mail server; without one mails are given up with that reason.
    pub mail_host: Option<String>,
    /// Its port.
    pub mail_port: u16,
    /// `tls`, `start-tls` or `none`.
    pub mail_security: alarms::MailSecurity,
    /// Its user; the password comes from `YUNJIN_MAIL_PASSWORD`.
    pub mail_user: Option<String>,
    /// From whom mails are.
    pub mail_from: Option<String>,
    /// May webhooks go to addresses of the own network? A site of one plant says yes, a service for many says no.
    pub private_addresses: bool,
}

/// Argon2id's parameters (RFC 9106; the defaults follow OWASP's password storage guidance).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

/// Logs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// As `RUST_LOG`, such as `info` or `yunjin=debug,info`.
    pub filter: String,
    /// One JSON object a line; plain text otherwise.
    pub json: bool,
}

impl Default for Config {
    fn default() -> Self {
        let name =
            Text::new("云津 · 工业企业上云上平台公共服务平台", "Yunjin · cloud adoption service for manufacturers");
        Config {
            data: PathBuf::from("data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8018)),
            records: Records::default(),
            limits: Limits::default(),
            machines: Machines::default(),
            lake: LakeKept::default(),
            notices: Notices::default(),
            passwords: PasswordCost::default(),
            site: Site { name, ..Site::default() },
            log: Log::default(),
        }
    }
}

impl Default for Records {
    fn default() -> Self {
        Records { postgres: None, readers_max: 4 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits { document_mib: 20, upload_mib: 1024 }
    }
}

impl Default for Machines {
    fn default() -> Self {
        Machines {
            mqtt: Some(SocketAddr::from(([127, 0, 0, 1], 1883))),
            mqtts: None,
            certificate: None,
            key: None,
            client_certificates: false,
            connections_max: 10_000,
        }
    }
}

impl Default for LakeKept {
    fn default() -> Self {
        LakeKept { flush_mib: 128, memory_mib: 512, flush_s: 60, keep_days: None }
    }
}

impl Default for Notices {
    fn default() -> Self {
        Notices {
            mail_host: None,
            mail_port: 465,
            mail_security: alarms::MailSecurity::default(),
            mail_user: None,
            mail_from: None,
            private_addresses: false,
        }
    }
}

impl Default for PasswordCost {
    fn default() -> Self {
        PasswordCost { memory_kib: 19_456, passes: 2 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log { filter: "info".into(), json: false }
    }
}

impl Config {
    /// Reads a file. A key that does not exist is refused with its place: a typing error must not pass for a setting.
    pub fn read(path: &Path) -> Result<Config> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading the configuration {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("in the configuration {}", path.display()))
    }

    /// Where records are.
    pub fn database(&self) -> DbConfig {
        match &self.records.postgres {
            Some(url) => DbConfig::Postgres(url.clone()),
            None => DbConfig::Sqlite(self.data.join("yunjin.db")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../yunjin.example.toml");

    /// Every line of the example that is a commented-out key is read as if it were not.
    fn uncommented() -> String {
        let key = |l: &str| l.starts_with("#") && l[1..].split_once(" = ").is_some_and(|(k, _)| !k.contains(' '));
        EXAMPLE.lines().map(|l| if key(l) { &l[1..] } else { l }).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_example_names_every_key_and_its_default() {
        let plain: Config = toml::from_str(EXAMPLE).expect("the example reads");
        assert_eq!(toml::to_string(&plain).unwrap(), toml::to_string(&Config::default()).unwrap());
        let full: toml::Table = toml::from_str(&uncommented()).expect("the example reads with every key set");
        let parsed: Config = toml::from_str(&uncommented()).expect("every key is known");
        let again: toml::Table = toml::from_str(&toml::to_string(&parsed).unwrap()).unwrap();
        assert_eq!(keys(&full, ""), keys(&again, ""), "a key lacks its line in the example");
    }

    /// Every key with a value, the optional ones too. No `..`: a new key does not compile until it stands here.
    fn filled() -> Config {
        let text = || Text::new("文", "text");
        let some = || Some("x".to_owned());
        Config {
            data: PathBuf::from("data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 1)),
            records: Records { postgres: some(), readers_max: 1 },
            limits: Limits { document_mib: 1, upload_mib: 1 },
            machines: Machines {
                mqtt: Some(SocketAddr::from(([127, 0, 0, 1], 2))),
                mqtts: Some(SocketAddr::from(([127, 0, 0, 1], 3))),
                certificate: Some("c".into()),
                key: Some("k".into()),
                client_certificates: true,
                connections_max: 1,
            },
            lake: LakeKept { flush_mib: 1, memory_mib: 1, flush_s: 1, keep_days: Some(1) },
            notices: Notices {
                mail_host: some(),
                mail_port: 1,
                mail_security: alarms::MailSecurity::None,
                mail_user: some(),
                mail_from: some(),
                private_addresses: true,
            },
            passwords: PasswordCost { memory_kib: 1, passes: 1 },
            site: Site {
                name: text(),
                sponsor: Some(text()),
                contact: some(),
                icp: some(),
                police_record: some(),
                site_code: some(),
                demonstration: true,
                secure_cookies: true,
            },
            log: Log { filter: "info".into(), json: true },
        }
    }

    #[test]
    fn an_optional_key_stands_in_the_example_too() {
        let example: toml::Table = toml::from_str(&uncommented()).expect("the example reads with every key set");
        let all: toml::Table = toml::from_str(&toml::to_string(&filled()).unwrap()).unwrap();
        assert_eq!(keys(&example, ""), keys(&all, ""), "a key lacks its line in the example");
    }

    fn keys(table: &toml::Table, prefix: &str) -> Vec<String> {
        let mut out = Vec::new();
        for (k, v) in table {
            match v {
                toml::Value::Table(t) => out.extend(keys(t, &format!("{prefix}{k}."))),
                _ => out.push(format!("{prefix}{k}")),
            }
        }
        out.sort();
        out
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = toml::from_str::<Config>("[limits]\ndocument_mb = 3\n").unwrap_err().to_string();
        assert!(error.contains("document_mb") && error.contains("document_mib"), "{error}");
    }
}
