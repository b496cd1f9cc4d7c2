//! Getting a notice to where it goes: a webhook or a mail. Nothing here runs inside a transaction.

mod mail;
mod webhook;

use std::time::Duration;

use jiff::Timestamp;

pub use mail::{MailSecurity, MailServer};
pub use webhook::{secret_text, webhook_url};

use crate::model::{Channel, Contact, Notice};

/// A delivery that takes longer has failed.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// How notices leave. Configuration.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// The mail server; without one mails are given up with that reason.
    pub mail: Option<MailServer>,
    /// May webhooks go to addresses of the own network (loopback, private, link-local)? An operator of one plant says
    /// yes; a service for many says no, since any customer could reach into its network.
    pub private_addresses: bool,
}

/// Sends notices. Cheap to share; the application keeps one as a part.
pub struct Notifier {
    outgoing: Outgoing,
}

impl Notifier {
    /// By this configuration.
    pub fn new(outgoing: Outgoing) -> Notifier {
        // The first provider of a process stays; ours is the one that every crate here is built with.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Notifier { outgoing }
    }

    /// Delivers one notice; an error is words for the person who looks why it did not arrive.
    pub(crate) async fn deliver(
        &self,
        notice: &Notice,
        contact: &Contact,
        secret: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        let sent = async {
            match contact.channel {
                Channel::Webhook => webhook::post(&self.outgoing, notice, &contact.address, secret, now).await,
                Channel::Mail => match &self.outgoing.mail {
                    Some(server) => mail::send(server, notice, contact).await,
                    None => Err("no mail server is configured".to_owned()),
                },
            }
        };
        tokio::time::timeout(DELIVERY_TIMEOUT, sent)
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", DELIVERY_TIMEOUT.as_secs())))
    }
}
