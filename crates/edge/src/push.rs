//! From the queue to the platform: MQTT 5, QoS 1, the queue's position moving only by what was acknowledged.
//!
//! Every connection starts at the position with a clean session and a client of its own; what was in flight when the last
//! one ended is sent again. A message that the platform refuses (reason code ≥ 0x80) is halved until the reading that it
//! cannot take is alone; that one is set aside with the reason. "Quota exceeded" and "packet identifier in use" are not
//! about the message: it waits and is sent again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use kernel::{Clock, IdSource};
use rumqttc::{
    AsyncClient, Broker, ConnectionError, Event, EventLoop, MqttOptions, Packet, PubAckReason, PublishNoticeError,
    PublishOptions, PublishResult, QoS, TlsConfiguration, Transport,
};
use tokio::sync::{mpsc, watch};

use crate::config::{PlatformConfig, TlsConfig};
use crate::connectors::backoff;
use crate::dead::DeadLetters;
use crate::dialect;
use crate::health::PushHealth;
use crate::queue::Queue;
use crate::reading::Reading;

/// How often the position is put on disk.
const SAVE_EVERY: Duration = Duration::from_millis(250);
/// First and longest pause after "quota exceeded".
const QUOTA_PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// Bytes of an MQTT packet around its payload.
const HEAD_BYTES: usize = 64;

/// What the push needs.
pub struct Push {
    /// Where to.
    pub platform: PlatformConfig,
    /// Under which client id.
    pub client_id: String,
    /// Product of each device.
    pub products: BTreeMap<String, String>,
    /// From where.
    pub queue: Arc<Queue>,
    /// Refused readings.
    pub dead: DeadLetters,
    /// How it stands.
    pub health: Arc<PushHealth>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For the jitter of pauses.
    pub random: IdSource,
}

/// Readings that travel together; `first` is the number of the record that the oldest of them lies in.
struct Piece {
    first: u64,
    readings: Vec<Reading>,
}

type Answer = (u64, Result<PublishResult, PublishNoticeError>);

/// What one connection holds.
struct Session {
    client: AsyncClient,
    waiting: FuturesUnordered<BoxFuture<'static, Answer>>,
    in_flight: BTreeMap<u64, (Piece, Instant)>,
    /// To be sent before anything new: halves of refused messages, and what the platform had no room for.
    again: VecDeque<Piece>,
    next_id: u64,
    /// Number of the last record taken from the queue.
    taken: u64,
    announced: BTreeSet<Arc<str>>,
    paused_until: Option<Instant>,
    pause: Duration,
    payload_bytes_max: usize,
}

impl Push {
    /// Pushes until told to stop.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut attempt = 0;
        while !*stop.borrow() {
            let connections = self.health.connections.load(Ordering::Relaxed);
            let why = tokio::select! {
                why = self.session() => why,
                _ = stop.changed() => break,
            };
            self.health.connected.store(0, Ordering::Relaxed);
            tracing::warn!("platform {}: {why}", self.platform.host);
            *self.health.reason.lock().expect("no panic while held") = why;
            self.save();
            attempt = if self.health.connections.load(Ordering::Relaxed) > connections { 0 } else { attempt + 1 };
            let pause = backoff(attempt, 500, self.platform.retry_max_s * 1000, self.random.below(1 << 32));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => break,
            }
        }
        self.health.connected.store(0, Ordering::Relaxed);
        self.save();
    }

    fn save(&self) {
        if let Err(e) = self.queue.save() {
            tracing::warn!("the queue's position is not on disk: {e}");
        }
    }

    /// One connection, until it ends; says why it did.
    async fn session(&mut self) -> String {
        let options = match options(&self.platform, &self.client_id) {
            Ok(options) => options,
            Err(why) => return why,
        };
        let (client, event_loop) =
            AsyncClient::builder(options).capacity(usize::from(self.platform.window) + 8).build();
        let (tell, mut hear) = mpsc::channel(4);
        let driver = tokio::spawn(drive(event_loop, tell));
        let why = self.exchange(client, &mut hear).await;
        driver.abort();
        why
    }

    async fn exchange(&mut self, client: AsyncClient, hear: &mut mpsc::Receiver<Heard>) -> String {
        let packet_bytes_max = match hear.recv().await {
            Some(Heard::Connected { packet_bytes_max }) => packet_bytes_max,
            Some(Heard::Ended(why)) => return why,
            None => return "the connection's task ended".into(),
        };
        self.health.connections.fetch_add(1, Ordering::Relaxed);
        self.health.connected.store(1, Ordering::Relaxed);
        let most = packet_bytes_max.unwrap_or(u32::MAX) as usize;
        let mut s = Session {
            client,
            waiting: FuturesUnordered::new(),
            in_flight: BTreeMap::new(),
            again: VecDeque::new(),
            next_id: 0,
            taken: self.queue.figures().settled,
            announced: BTreeSet::new(),
            paused_until: None,
            pause: QUOTA_PAUSE.0,
            payload_bytes_max: self.platform.message_bytes.min(most.saturating_sub(HEAD_BYTES)),
        };
        let mut every = tokio::time::interval(SAVE_EVERY);
        loop {
            if let Err(why) = self.fill(&mut s).await {
                return why;
            }
            tokio::select! {
                Some(answer) = s.waiting.next(), if !s.waiting.is_empty() => {
                    if let Err(why) = self.answered(&mut s, answer, hear).await {
                        return why;
                    }
                }
                () = self.queue.news(), if s.in_flight.len() < usize::from(self.platform.window) => {}
                heard = hear.recv() => match heard {
                    Some(Heard::Ended(why)) => return why,
                    Some(Heard::Connected { .. }) => {}
                    None => return "the connection's task ended".into(),
                },
                _ = every.tick() => {
                    self.save();
                    let timeout = Duration::from_secs(self.platform.ack_timeout_s);
                    if s.in_flight.values().any(|(_, sent)| sent.elapsed() > timeout) {
                        return format!("no acknowledgement for {} s", self.platform.ack_timeout_s);
                    }
                }
            }
        }
    }

    /// Sends as long as there is something and the window is open.
    async fn fill(&mut self, s: &mut Session) -> Result<(), String> {
        if s.paused_until.is_some_and(|until| Instant::now() < until) {
            return Ok(());
        }
        s.paused_until = None;
        while s.in_flight.len() < usize::from(self.platform.window) {
            let piece = match s.again.pop_front() {
                Some(piece) => piece,
                None => {
                    let records = self
                        .queue
                        .after(s.taken, self.platform.message_readings)
                        .map_err(|e| format!("the queue cannot be read: {e}"))?;
                    let Some((first, _)) = records.first() else { return Ok(()) };
                    let first = *first;
                    s.taken = records.last().map_or(s.taken, |(n, _)| *n);
                    Piece { first, readings: records.into_iter().flat_map(|(_, r)| r).collect() }
                }
            };
            self.send(s, piece).await?;
        }
        Ok(())
    }

    async fn send(&mut self, s: &mut Session, piece: Piece) -> Result<(), String> {
        if piece.readings.is_empty() {
            self.settle(s);
            return Ok(());
        }
        let payload = dialect::telemetry(&piece.readings);
        if payload.len() > s.payload_bytes_max {
            return self.halve(s, piece, "larger than the platform takes");
        }
        for r in &piece.readings {
            if s.announced.insert(r.device.clone()) {
                let message = dialect::connect(&r.device, self.products.get(&*r.device).map(String::as_str));
                let sent = s.client.publish(dialect::CONNECT, message, PublishOptions::new(QoS::AtLeastOnce)).await;
                sent.map_err(|e| e.to_string())?;
            }
        }
        let sent = s.client.publish_tracked(dialect::TELEMETRY, payload, PublishOptions::new(QoS::AtLeastOnce)).await;
        let notice = sent.map_err(|e| e.to_string())?;
        let id = s.next_id;
        s.next_id += 1;
        s.in_flight.insert(id, (piece, Instant::now()));
        s.waiting.push(Box::pin(async move { (id, notice.wait_async().await) }));
        Ok(())
    }

    async fn answered(
        &mut self,
        s: &mut Session,
        (id, answer): Answer,
        hear: &mut mpsc::Receiver<Heard>,
    ) -> Result<(), String> {
        let Some((piece, _)) = s.in_flight.remove(&id) else { return Ok(()) };
        match answer {
            Ok(PublishResult::Qos1(ack)) => match ack.reason {
                PubAckReason::Success | PubAckReason::NoMatchingSubscribers => {
                    self.health.acknowledged.fetch_add(piece.readings.len() as u64, Ordering::Relaxed);
                    self.health.last_ack_us.store(self.clock.now().as_microsecond(), Ordering::Relaxed);
                    s.pause = QUOTA_PAUSE.0;
                }
                PubAckReason::QuotaExceeded | PubAckReason::PacketIdentifierInUse => {
                    s.again.push_front(piece);
                    s.paused_until = Some(Instant::now() + s.pause);
                    s.pause = (s.pause * 2).min(QUOTA_PAUSE.1);
                }
                refused => {
                    let words = ack.properties.and_then(|p| p.reason_string).unwrap_or_default();
                    self.halve(s, piece, format!("{refused:?} (0x{:02x}) {words}", refused as u8).trim_end())?;
                }
            },
            Ok(other) => return Err(format!("the platform answered a QoS 1 message by {other:?}")),
            Err(e) => {
                // The connection ended; its task knows better why.
                return Err(match hear.recv().await {
                    Some(Heard::Ended(why)) => why,
                    _ => e.to_string(),
                });
            }
        }
        self.settle(s);
        Ok(())
    }

    /// Two messages of a refused one; a single reading is set aside.
    fn halve(&mut self, s: &mut Session, mut piece: Piece, reason: &str) -> Result<(), String> {
        if piece.readings.len() > 1 {
            let rest = piece.readings.split_off(piece.readings.len() / 2);
            s.again.push_front(Piece { first: piece.first, readings: rest });
            s.again.push_front(piece);
            return Ok(());
        }
        for r in &piece.readings {
            let set_aside = self.dead.put(r, reason, self.clock.now().as_microsecond());
            set_aside.map_err(|e| format!("a refused reading cannot be set aside: {e}"))?;
            self.health.refused.fetch_add(1, Ordering::Relaxed);
        }
        self.settle(s);
        Ok(())
    }

    /// EG-2: the position stands before the oldest record of which something is under way.
    fn settle(&self, s: &Session) {
        let under_way = s.in_flight.values().map(|(p, _)| p).chain(&s.again).map(|p| p.first).min();
        self.queue.settle(under_way.map_or(s.taken, |first| first - 1));
    }
}

/// What the connection's task tells.
enum Heard {
    Connected { packet_bytes_max: Option<u32> },
    Ended(String),
}

/// Runs the connection; it reconnects by itself never.
async fn drive(mut event_loop: EventLoop, tell: mpsc::Sender<Heard>) {
    loop {
        match event_loop.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(ack))) => {
                let packet_bytes_max = ack.properties.and_then(|p| p.max_packet_size);
                if tell.send(Heard::Connected { packet_bytes_max }).await.is_err() {
                    return;
                }
            }
            Ok(_) => {}
            Err(e) => {
                let _ = tell.send(Heard::Ended(why(&e))).await;
                return;
            }
        }
    }
}

/// A connection's end in plain words.
pub fn why(e: &ConnectionError) -> String {
    match e {
        ConnectionError::ConnectionRefused(code) => format!("the platform refused the connection: {code:?}"),
        ConnectionError::Timeout(_) => "no answer within the time to connect".into(),
        other => other.to_string(),
    }
}

fn options(platform: &PlatformConfig, client_id: &str) -> Result<MqttOptions, String> {
    let port = platform.port.unwrap_or(if platform.tls.is_some() { 8883 } else { 1883 });
    let mut options = MqttOptions::new(client_id, Broker::tcp(platform.host.clone(), port));
    options.set_keep_alive(20);
    options.set_clean_start(true);
    options.set_connect_timeout(Duration::from_secs(10));
    options.set_outgoing_inflight_upper_limit(1000);
    match (&platform.token, &platform.user) {
        (Some(token), _) => drop(options.set_username(token.clone())),
        (None, Some(user)) => {
            options.set_credentials(user.clone(), platform.password.clone().unwrap_or_default());
        }
        (None, None) => {}
    }
    if let Some(tls) = &platform.tls {
        options.set_transport(Transport::Tls(tls_configuration(tls)?));
    }
    Ok(options)
}

/// Whom to trust and who we are, from the files named.
pub fn tls_configuration(tls: &TlsConfig) -> Result<TlsConfiguration, String> {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    // The one provider of the process; whoever comes second finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(ca_file) = &tls.ca_file else {
        if tls.cert_file.is_some() {
            return Err("a certificate of our own needs ca_file too".into());
        }
        return TlsConfiguration::try_default_rustls().map_err(|e| format!("the system's certificates: {e}"));
    };
    let read = |path: &std::path::Path| -> Result<Vec<CertificateDer<'static>>, String> {
        let certs = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
        certs.map_err(|e| format!("{}: {e}", path.display()))
    };
    let mut roots = rustls::RootCertStore::empty();
    for cert in read(ca_file)? {
        roots.add(cert).map_err(|e| format!("{}: {e}", ca_file.display()))?;
    }
    let builder = rustls::ClientConfig::builder().with_root_certificates(roots);
    let config = match (&tls.cert_file, &tls.key_file) {
        (Some(cert), Some(key)) => {
            let key_der = PrivateKeyDer::from_pem_file(key).map_err(|e| format!("{}: {e}", key.display()))?;
            builder.with_client_auth_cert(read(cert)?, key_der).map_err(|e| format!("{}: {e}", cert.display()))?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(TlsConfiguration::from(config))
}
