//! The listener: its socket, what all connections share, and what the rest of the program asks of it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kernel::Clock;
use lake::{Batch, Lake, LakeError};
use mqtt::{Limits, Reason, Will};
use things::sparkplug;
use things::{DeviceEntry, Directory, Reason as Why};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::intake::{Gathered, Load};
use crate::link::Link;
use crate::options::{Boxed, Hooks, Options};
use crate::registry::{Done, Handle, Reached, Registry};
use crate::stats::Stats;
use crate::tls::{self, Io};
use crate::topics::down;

/// Told what became of a batch: nothing, or the disk's words.
type Fateful = dyn Fn(Option<String>) + Send + Sync;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) limits: Arc<Limits>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) lake: Arc<Lake>,
    pub(crate) hooks: Hooks,
    pub(crate) registry: Registry,
    pub(crate) nodes: crate::nodes::Nodes,
    pub(crate) stats: Arc<Stats>,
    pub(crate) flight_bytes: AtomicUsize,
    clock: Arc<dyn Clock>,
    began: Instant,
    connections: AtomicUsize,
    client_ids: AtomicU64,
    acceptor: Option<TlsAcceptor>,
    stop: Notify,
}

impl Shared {
    /// Milliseconds since the listener began: for waiting, whatever the clock on the wall does.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn instant(&self, at_ms: u64) -> tokio::time::Instant {
        (self.began + Duration::from_millis(at_ms)).into()
    }

    /// Microseconds since 1970: the server time of readings.
    pub(crate) fn now_us(&self) -> i64 {
        self.clock.now().as_microsecond()
    }

    pub(crate) fn next_client_id(&self) -> String {
        format!("auto-{:x}", self.client_ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Hands a batch to the lake. If that is busy, the load comes back, to be tried again.
    pub(crate) fn append(&self, load: Load, handle: &Arc<Handle>) -> Option<Load> {
        let Load { batch, fate, tickets, bytes, read_at } = load;
        // A refused batch is not given back.
        let again = batch.clone();
        let (told_handle, stats) = (handle.clone(), self.stats.clone());
        let (told_fate, told_tickets) = (fate.clone(), tickets.clone());
        let done: Arc<Fateful> = Arc::new(move |failed: Option<String>| {
            match &failed {
                None => stats.points.increment(told_fate.stored()),
                Some(_) => told_fate.rejected(Why::NotStored),
            }
            told_handle.done(Done { failed, ..Done::new(&told_tickets, bytes, read_at) });
        });
        let mut result = self.append_part(batch, Some(done.clone()));
        if matches!(&result, Err(LakeError::Log(wal::LogError::TooLarge { .. }))) {
            result = self.append_halves(again.clone(), done.clone());
        }
        match result {
            Ok(()) => None,
            Err(LakeError::MemoryFull { .. } | LakeError::Log(wal::LogError::Busy { .. })) => {
                self.stats.held.increment(1);
                Some(Load { batch: again, fate, tickets, bytes, read_at })
            }
            Err(LakeError::Log(wal::LogError::TooLarge { .. })) => {
                // Sent again it would be as large: the client is told that this message is not taken.
                fate.rejected(Why::TooLarge);
                self.stats.refuse(Why::TooLarge);
                handle.done(Done { refused: Some(Why::TooLarge), ..Done::new(&tickets, bytes, read_at) });
                None
            }
            Err(error) => {
                done(Some(error.to_string()));
                None
            }
        }
    }

    fn append_part(&self, batch: Batch, done: Option<Arc<Fateful>>) -> Result<(), LakeError> {
        self.lake.append(
            batch,
            Box::new(move |result| {
                if let Some(done) = done {
                    done(result.err().map(|e| e.to_string()));
                }
            }),
        )
    }

    /// A batch of more bytes than a record of the log may have goes in by parts. Records are stored in order, so that who
    /// hears of the last knows of all (LK-3). Tried again after a busy part, readings come twice and count once.
    fn append_halves(&self, mut first: Batch, done: Arc<Fateful>) -> Result<(), LakeError> {
        let middle = first.points.len() / 2;
        let second = Batch { server_at_us: first.server_at_us, points: first.points.split_off(middle) };
        let parts = [(first, None), (second, Some(done))];
        for (part, done) in parts {
            let points = part.points.len();
            let smaller = part.clone();
            match self.append_part(part, done.clone()) {
                Err(LakeError::Log(wal::LogError::TooLarge { .. })) if points > 1 => {
                    self.append_halves(smaller, done.unwrap_or_else(|| Arc::new(|_| {})))?;
                }
                result => result?,
            }
        }
        Ok(())
    }

    /// A future that asks the devices slice to register devices behind a gateway; what it says shows in the directory.
    pub(crate) fn register(&self, gateway: &Arc<DeviceEntry>, children: Vec<(String, Option<String>)>) -> Boxed<()> {
        let asked: Vec<_> = children
            .into_iter()
            .map(|(name, product)| (self.hooks.unknown_child)(gateway.clone(), name, product))
            .collect();
        Box::pin(async move {
            for child in asked {
                if let Err(why) = child.await {
                    tracing::debug!("a device behind a gateway is not registered: {}", why.code());
                }
            }
        })
    }

    /// A will: as if its device had published it now.
    pub(crate) fn say_will(&self, device: &Arc<DeviceEntry>, will: &Will) {
        let mut gathered = Gathered::new(self.now_us(), Vec::new(), 0);
        device.counters.count_received(gathered.now_us);
        let taken = match sparkplug::Topic::parse(&will.topic) {
            Some(topic) => match self.sparkplug(device, &will.topic, topic, &will.payload, false, &mut gathered) {
                crate::topics::Outcome::Refused(refused) => Err(refused),
                crate::topics::Outcome::Done => {
                    device.counters.count_stored(0);
                    Ok(())
                }
                _ => Ok(()),
            },
            None if will.topic == "v1/devices/me/telemetry" || will.topic == "v1/devices/me/attributes" => {
                gathered.telemetry(&self.lake, &self.options.times, device, &will.payload)
            }
            None => Err(things::Refused::new(Why::UnknownTopic, will.topic.clone())),
        };
        if let Err(refused) = taken {
            device.counters.count_refusal(&refused, gathered.now_us);
            self.stats.refuse(refused.reason);
        }
        if !gathered.is_empty() {
            let load = gathered.load(0..0, 0, Instant::now());
            if let Some(load) = self.append(load, &Arc::new(Handle::default())) {
                load.fate.rejected(Why::OverQuota);
            }
        }
    }

    fn state(&self, online: bool) -> mqtt::Message {
        let since_ms = u64::try_from(self.now_us() / 1000).unwrap_or(0);
        let payload = sparkplug::state_payload(online, since_ms).into_bytes();
        let topic = sparkplug::state_topic(&self.options.sparkplug_host);
        mqtt::Message { retain: true, ..down(&topic, payload, false) }
    }

    fn say_state(&self, online: bool) {
        let message = self.state(online);
        self.registry.keep(None, message.clone());
        self.registry.offer_all(&message, self.options.session_bytes_max);
    }
}

/// A running listener.
pub struct Listener {
    shared: Arc<Shared>,
    local_addr: SocketAddr,
    accepting: JoinHandle<()>,
    ticking: JoinHandle<()>,
}

impl Listener {
    /// Listens from now on.
    pub async fn start(
        options: Options,
        directory: Arc<Directory>,
        lake: Arc<Lake>,
        hooks: Hooks,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Listener> {
        let acceptor = options.tls.as_ref().map(tls::acceptor).transpose()?;
        let socket = TcpListener::bind(options.listen).await?;
        let local_addr = socket.local_addr()?;
        let limits = Limits {
            packet_bytes_max: options.packet_bytes_max,
            session_bytes_max: options.session_bytes_max,
            receive_max: options.receive_max,
            ..Limits::default()
        };
        let client_ids = u64::try_from(clock.now().as_microsecond()).unwrap_or(0);
        let shared = Arc::new(Shared {
            limits: Arc::new(limits),
            directory,
            lake,
            hooks,
            registry: Registry::new(options.sessions_max),
            nodes: crate::nodes::Nodes::default(),
            stats: Arc::new(Stats::new()),
            flight_bytes: AtomicUsize::new(0),
            clock,
            began: Instant::now(),
            connections: AtomicUsize::new(0),
            client_ids: AtomicU64::new(client_ids),
            acceptor,
            stop: Notify::new(),
            options,
        });
        shared.say_state(true);
        let accepting = tokio::spawn(accept(shared.clone(), socket));
        let ticking = tokio::spawn(tick(shared.clone()));
        Ok(Listener { shared, local_addr, accepting, ticking })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Open connections.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Asks a device to do something: `v1/devices/me/rpc/request/{id}`, or through its gateway. `params` is JSON.
    pub fn send_command(&self, device_id: &str, request_id: u64, method: &str, params: &[u8]) -> Reached {
        let Some(device) = self.shared.directory.by_id(device_id) else { return Reached::NotConnected };
        let Ok(params) = serde_json::from_slice::<&serde_json::value::RawValue>(params) else {
            return Reached::NotSubscribed;
        };
        let facts = device.facts().clone();
        let (to, topic, body) = match &facts.gateway {
            None => {
                let body = serde_json::json!({ "method": method, "params": params });
                (device_id, format!("v1/devices/me/rpc/request/{request_id}"), body)
            }
            Some(gateway) => {
                let data = serde_json::json!({ "id": request_id, "method": method, "params": params });
                (&**gateway, "v1/gateway/rpc".to_owned(), serde_json::json!({ "device": &*facts.name, "data": data }))
            }
        };
        let message = down(&topic, body.to_string().into_bytes(), facts.gateway.is_some());
        self.shared.registry.offer(to, &message, self.shared.options.session_bytes_max, true)
    }

    /// Tells a device attributes that changed: `v1/devices/me/attributes`, or through its gateway. `attributes` is JSON.
    pub fn send_attributes(&self, device_id: &str, attributes: &[u8]) -> Reached {
        let Some(device) = self.shared.directory.by_id(device_id) else { return Reached::NotConnected };
        let facts = device.facts().clone();
        let (to, topic, body) = match &facts.gateway {
            None => (device_id, "v1/devices/me/attributes", attributes.to_vec()),
            Some(gateway) => {
                let Ok(data) = serde_json::from_slice::<&serde_json::value::RawValue>(attributes) else {
                    return Reached::NotSubscribed;
                };
                let body = serde_json::json!({ "device": &*facts.name, "data": data });
                (&**gateway, "v1/gateway/attributes", body.to_string().into_bytes())
            }
        };
        self.shared.registry.offer(to, &down(topic, body, true), self.shared.options.session_bytes_max, false)
    }

    /// Closes connections whose credential no longer holds. It happens by itself within a tenth of a second; who wants
    /// it done when a call returns calls this.
    pub fn sweep(&self) {
        self.shared.registry.sweep(self.shared.now_us());
    }

    /// Tells the clients that it ends, lets what is on its way be stored and acknowledged, and ends.
    pub async fn stop(self) {
        self.accepting.abort();
        self.ticking.abort();
        self.shared.say_state(false);
        self.shared.registry.close_all(Reason::ServerShuttingDown, "the server is shutting down");
        let until = Instant::now() + Duration::from_secs(5);
        while !self.shared.registry.is_empty() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Who has not said who it is, or does not end.
        while self.shared.connections.load(Ordering::Relaxed) > 0 && Instant::now() < until {
            self.shared.stop.notify_waiters();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// One place among `connections_max`, given back whatever happens.
struct Place(Arc<Shared>);

impl Place {
    fn take(shared: &Arc<Shared>) -> Option<Place> {
        let taken = shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
        shared.stats.connections.set(taken as f64);
        let place = Place(shared.clone());
        (taken <= shared.options.connections_max).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let before = self.0.connections.fetch_sub(1, Ordering::Relaxed);
        self.0.stats.connections.set((before - 1) as f64);
    }
}

async fn accept(shared: Arc<Shared>, socket: TcpListener) {
    loop {
        let stream = match socket.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // No descriptors left, most likely: those who are in go on; who waits is let in later.
                tracing::warn!("accepting: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        match Place::take(&shared) {
            None => shared.stats.ended("too-many-connections"),
            Some(place) => {
                shared.stats.accepted.increment(1);
                let serving = serve(place, stream);
                tokio::spawn(serving);
            }
        }
    }
}

/// One connection from its beginning to its end. A panic in it ends this task and nothing else.
async fn serve(place: Place, stream: TcpStream) {
    let shared = place.0.clone();
    stream.set_nodelay(true).ok();
    let io = match &shared.acceptor {
        None => Io::Plain(stream),
        Some(acceptor) => {
            let within = Duration::from_millis(shared.options.connect_ms_max);
            // Boxed: the handshake's state is large, and gone when the connection is idle.
            match Box::pin(tokio::time::timeout(within, acceptor.accept(stream))).await {
                Ok(Ok(stream)) => Io::Tls(Box::new(stream)),
                Ok(Err(error)) => {
                    tracing::debug!("TLS: {error}");
                    return shared.stats.ended("tls");
                }
                Err(_) => return shared.stats.ended("connect-timeout"),
            }
        }
    };
    let _panics = Panics(shared.stats.clone());
    let mut link = Box::new(Link::new(shared.clone(), io));
    tokio::select! {
        biased;
        () = std::future::poll_fn(|cx| link.poll(cx)) => {}
        () = shared.stop.notified() => {}
    }
}

/// Counts a panic on its way through.
struct Panics(Arc<Stats>);

impl Drop for Panics {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.panics.increment(1);
        }
    }
}

/// Credentials that no longer hold, sessions that expire, wills that fall due.
async fn tick(shared: Arc<Shared>) {
    let mut every = tokio::time::interval(Duration::from_millis(100));
    let (mut generation, mut rounds) = (shared.directory.generation(), 0_u32);
    loop {
        every.tick().await;
        rounds = rounds.wrapping_add(1);
        let now = shared.directory.generation();
        // A credential may also be over by time, which moves nothing.
        if now != generation || rounds % 10 == 0 {
            generation = now;
            shared.registry.sweep(shared.now_us());
        }
        if rounds % 10 == 0 {
            for (device, will) in shared.registry.tick(shared.now_ms()) {
                if let Some(device) = shared.directory.by_id(&device) {
                    shared.say_will(&device, &will);
                }
            }
        }
    }
}
