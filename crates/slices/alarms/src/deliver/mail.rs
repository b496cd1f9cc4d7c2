//! A notice as a mail over SMTP.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde::{Deserialize, Serialize};

use super::DELIVERY_TIMEOUT;
use crate::model::{Contact, Notice};

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailSecurity {
    /// TLS from the first byte, port 465 as a rule.
    #[default]
    Tls,
    /// STARTTLS, required; port 587 as a rule.
    StartTls,
    /// None: only for a server on the same machine.
    None,
}

/// The server that takes our mails.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailServer {
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    #[serde(default)]
    pub security: MailSecurity,
    /// User, where it asks for one.
    #[serde(default)]
    pub user: Option<String>,
    /// Password.
    #[serde(default)]
    pub password: Option<String>,
    /// From whom: `云津 <alarms@example.cn>`.
    pub from: String,
}

impl std::fmt::Debug for MailServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailServer({}:{})", self.host, self.port)
    }
}

fn transport(server: &MailServer) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let tls = || TlsParameters::new(server.host.clone()).map_err(|e| format!("TLS cannot be used ({e})"));
    let tls = match server.security {
        MailSecurity::Tls => Tls::Wrapper(tls()?),
        MailSecurity::StartTls => Tls::Required(tls()?),
        MailSecurity::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
        .port(server.port)
        .tls(tls)
        .timeout(Some(DELIVERY_TIMEOUT));
    if let (Some(user), Some(password)) = (&server.user, &server.password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
    }
    Ok(builder.build())
}

fn text(notice: &Notice, of: &str) -> String {
    let words = &notice.body["data"][of];
    let one = |lang: &str| words[lang].as_str().unwrap_or("").trim().to_owned();
    match words.as_str() {
        Some(plain) => plain.to_owned(),
        None => [one("zh"), one("en")].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" / "),
    }
}

/// Subject and lines. Header lines cannot carry a line break: it would begin another header.
fn words(notice: &Notice) -> (String, String) {
    let subject = format!("[云津 {}] {}", notice.kind.code(), text(notice, "summary"));
    let lines = [
        ("报警 Alarm", text(notice, "message")),
        ("设备 Device", text(notice, "device_name")),
        ("级别 Priority", text(notice, "priority")),
        ("发生时间 Occurred (UTC)", text(notice, "occurred_at")),
        ("数值 Value", format!("{} {}", text(notice, "property"), text(notice, "value")).trim().to_owned()),
        ("处置 Response", text(notice, "response")),
        ("后果 Consequence", text(notice, "consequence")),
        ("编号 Id", notice.alarm_id.clone()),
    ];
    let shown = lines.into_iter().filter(|(_, t)| !t.is_empty()).map(|(label, t)| format!("{label}: {t}\r\n"));
    let body: String = shown.collect();
    let body = if body.is_empty() { text(notice, "summary") } else { body };
    (subject.replace(['\r', '\n'], " "), body)
}

/// Sends it; the server's acceptance is arrival.
pub(super) async fn send(server: &MailServer, notice: &Notice, contact: &Contact) -> Result<(), String> {
    let from: Mailbox = server.from.parse().map_err(|_| "the configured sender is no mail address".to_owned())?;
    let address = contact.address.parse().map_err(|_| "the contact has no mail address".to_owned())?;
    let (subject, body) = words(notice);
    let message = Message::builder()
        .from(from)
        .to(Mailbox::new(Some(contact.name.replace(['\r', '\n'], " ")), address))
        .subject(subject)
        // A receiver that gets it twice sees one mail.
        .message_id(Some(format!("<{}@yunjin>", notice.id)))
        .header(ContentType::TEXT_PLAIN)
        .body(body)
        .map_err(|e| format!("the mail cannot be written ({e})"))?;
    let sent = transport(server)?.send(message).await.map_err(|e| format!("the mail server refused it ({e})"))?;
    if sent.is_positive() { Ok(()) } else { Err(format!("the mail server answered {}", sent.code())) }
}
