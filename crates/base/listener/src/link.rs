//! One connection: its socket, its machine, and what it has on its way to the disk. One task, one future, no buffer while idle.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use mqtt::{Connect, Connection, Event, Key, Offered, Reason, Session, Will};
use things::{Admitted, Taken};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::admit;
use crate::intake::{Gathered, Load};
use crate::options::Boxed;
use crate::registry::{Handle, Inbox};
use crate::server::Shared;
use crate::tls::Io;
use crate::topics::{Deferred, Outcome};

/// Bytes of one read at most.
const READ_BYTES: usize = 64 << 10;
/// When the lake is busy, it is asked again after so long.
const BUSY_MS: u64 = 5;
/// A client that was told goodbye has so long to take it.
const GOODBYE_MS: u64 = 1_000;

thread_local! {
    /// One read buffer for each thread, not for each connection.
    static SCRATCH: RefCell<(Vec<u8>, Vec<Taken>)> = RefCell::new((vec![0; READ_BYTES], Vec::new()));
}

/// What a connection waited for.
pub(crate) enum Woken {
    /// Who it is, if anybody.
    Admitted(Option<Admitted>),
    /// It is in the registry: its earlier session, and a will that fell due.
    Entered(Option<Session>, Option<Will>),
    /// Devices behind it were asked for.
    Children,
}

/// One connection.
pub(crate) struct Link {
    pub(crate) shared: Arc<Shared>,
    pub(crate) handle: Arc<Handle>,
    pub(crate) conn: Connection,
    pub(crate) admitted: Option<Admitted>,
    io: Io,
    key: Option<Key>,
    /// Bytes of a packet that is not whole.
    rest: Vec<u8>,
    /// It is looked at again when so many are there.
    need: usize,
    asked: Option<Box<Connect>>,
    pub(crate) pending: Option<Boxed<Woken>>,
    deferred: Option<Deferred>,
    /// The lake was busy.
    held: Option<Load>,
    flight_bytes: usize,
    began_ms: u64,
    stalled_ms: Option<u64>,
    /// It is over: why, and since when.
    ended: Option<(&'static str, u64)>,
    /// The socket takes and gives nothing more.
    broken: bool,
    /// The client said goodbye, or closed its side.
    client_left: bool,
    /// The program ends: nothing more is read, what is on its way is waited for.
    draining: bool,
    revision: u32,
    /// The time of the last message.
    message_us: i64,
    /// Readings that the last read brought.
    points_hint: usize,
    timer: Pin<Box<Sleep>>,
}

impl Link {
    pub(crate) fn new(shared: Arc<Shared>, io: Io) -> Link {
        let now_ms = shared.now_ms();
        Link {
            handle: Arc::new(Handle::default()),
            conn: Connection::new(shared.limits.clone(), now_ms),
            admitted: None,
            io,
            key: None,
            rest: Vec::new(),
            need: 0,
            asked: None,
            pending: None,
            deferred: None,
            held: None,
            flight_bytes: 0,
            began_ms: now_ms,
            stalled_ms: None,
            ended: None,
            broken: false,
            client_left: false,
            draining: false,
            revision: 0,
            message_us: 0,
            points_hint: 0,
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
            shared,
        }
    }

    /// Goes on until the connection is over.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.handle.register(cx.waker());
        let now_ms = self.shared.now_ms();
        self.hear(now_ms);
        loop {
            self.resolve(cx, now_ms);
            self.retry();
            if !self.broken && self.write(cx, now_ms).is_err() {
                self.broken = true;
                self.end("reset", now_ms);
            }
            if self.ended.is_some() {
                return self.say_goodbye(cx, now_ms);
            }
            if !self.may_read() || self.read(cx, now_ms).is_pending() {
                break;
            }
        }
        self.watch(cx, now_ms)
    }

    /// Takes what others have for it.
    fn hear(&mut self, now_ms: u64) {
        let Inbox { done, messages, close, .. } = self.handle.take();
        for done in done {
            self.flight_bytes -= done.bytes;
            self.shared.flight_bytes.fetch_sub(done.bytes, Ordering::Relaxed);
            self.shared.stats.ack_seconds.record(done.read_at.elapsed().as_secs_f64());
            let reason = done.refused.map_or(Reason::Success, crate::topics::reason_code);
            match done.failed {
                None => self.conn.answer_all(done.first..done.end, reason),
                // Not acknowledged, so that the client sends it again; and told, so that it knows why.
                Some(words) => {
                    self.close(Reason::ServerUnavailable, &format!("not stored: {words}"), "not-stored", now_ms)
                }
            }
        }
        for message in messages {
            let offered = self.conn.offer(&message, false, now_ms);
            if let Offered::Dropped(why) = offered {
                self.shared.stats.dropped(why.name());
            }
        }
        if let Some((reason, why)) = close {
            self.draining = true;
            let on_its_way = self.flight_bytes > 0 || self.held.is_some();
            if reason != Reason::ServerShuttingDown || !on_its_way {
                self.close(reason, why, reason.name(), now_ms);
            }
        }
    }

    pub(crate) fn close(&mut self, reason: Reason, detail: &str, why: &'static str, now_ms: u64) {
        if self.ended.is_none() {
            self.conn.close(reason, Some(detail));
            self.end(why, now_ms);
        }
    }

    fn end(&mut self, why: &'static str, now_ms: u64) {
        if self.ended.is_none() {
            self.ended = Some((why, now_ms));
            self.pending = None;
            self.shared.stats.ended(why);
        }
    }

    /// Goes on with what a future brought.
    fn resolve(&mut self, cx: &mut Context<'_>, now_ms: u64) {
        while let Some(pending) = &mut self.pending {
            let Poll::Ready(woken) = pending.as_mut().poll(cx) else { return };
            self.pending = None;
            match woken {
                Woken::Admitted(found) => self.admit(found, now_ms),
                Woken::Entered(session, due) => self.enter(session, due, now_ms),
                Woken::Children => self.digest_rest(now_ms),
            }
        }
    }

    /// CONNECT came: who is it?
    fn ask(&mut self, connect: Box<Connect>) {
        let now_us = self.shared.now_us();
        let found = admit::who(&self.shared, &connect, self.io.certificate(), now_us);
        self.asked = Some(connect);
        self.pending = Some(found);
    }

    fn admit(&mut self, found: Option<Admitted>, now_ms: u64) {
        let Some(connect) = self.asked.as_deref_mut() else { return };
        let Some(admitted) = found else {
            let closing = self.conn.refuse(Reason::BadUserNameOrPassword, "no device has this credential");
            return self.end(closing.reason.name(), now_ms);
        };
        let facts = admitted.device.facts();
        let who = mqtt::access::Who { is_gateway: facts.is_gateway, node: &facts.name };
        if let Some(will) = connect.will.as_ref().filter(|w| !mqtt::access::may_publish(who, &w.topic)) {
            let detail = format!("the will's topic {:?} is not this device's", will.topic);
            let closing = self.conn.refuse(Reason::NotAuthorized, &detail);
            return self.end(closing.reason.name(), now_ms);
        }
        drop(facts);
        let mut client_id = connect.client_id.clone();
        if client_id.is_empty() {
            client_id = self.shared.next_client_id(); // [MQTT-3.1.3-6] [MQTT-3.1.3-7]
        }
        let key = Key { device: admitted.device.id.to_string(), client_id };
        self.handle.admit(&admitted);
        self.key = Some(key.clone());
        let (shared, device, handle) = (self.shared.clone(), admitted.device.clone(), self.handle.clone());
        let clean_start = connect.clean_start;
        self.admitted = Some(admitted);
        self.pending = Some(Box::pin(async move {
            let (session, due) = shared.registry.enter(&key, &device, &handle, clean_start, now_ms).await;
            Woken::Entered(session, due)
        }));
    }

    fn enter(&mut self, session: Option<Session>, due: Option<Will>, now_ms: u64) {
        let (Some(connect), Some(admitted)) = (self.asked.take(), &self.admitted) else { return };
        admitted.device.counters.connected.fetch_add(1, Ordering::Relaxed);
        if let Some(will) = due {
            self.shared.say_will(&admitted.device, &will);
        }
        let assigned = connect.client_id.is_empty().then(|| self.key.as_ref().map(|k| k.client_id.clone())).flatten();
        self.conn.accept(*connect, session, assigned.as_deref(), now_ms);
        self.note_subscriptions();
        self.digest_rest(now_ms);
    }

    /// May its socket be read? If not, TCP holds the sender back.
    fn may_read(&mut self) -> bool {
        let options = &self.shared.options;
        self.pending.is_none()
            && !self.draining
            && self.held.is_none()
            && self.flight_bytes < options.flight_bytes_max
            && self.conn.output().len() < options.output_bytes_max
            && self.shared.flight_bytes.load(Ordering::Relaxed) < options.flight_bytes_max_all
    }

    /// Reads once and works it off.
    fn read(&mut self, cx: &mut Context<'_>, now_ms: u64) -> Poll<()> {
        SCRATCH.with_borrow_mut(|(buffer, taken)| {
            let mut buffer = ReadBuf::new(buffer);
            let read = ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                self.broken = read.is_err();
                self.client_left = true;
                self.end(if read.is_err() { "reset" } else { "eof" }, now_ms);
                return Poll::Ready(());
            }
            self.shared.stats.bytes_in.increment(buffer.filled().len() as u64);
            self.feed(buffer.filled(), taken, now_ms);
            Poll::Ready(())
        })
    }

    fn feed(&mut self, bytes: &[u8], taken: &mut Vec<Taken>, now_ms: u64) {
        if self.rest.is_empty() {
            let consumed = self.digest(bytes, taken, now_ms);
            self.rest = bytes[consumed..].to_vec();
            return;
        }
        let mut rest = std::mem::take(&mut self.rest);
        rest.extend_from_slice(bytes);
        if rest.len() >= self.need {
            let consumed = self.digest(&rest, taken, now_ms);
            self.rest = rest[consumed..].to_vec();
        } else {
            self.rest = rest;
        }
    }

    /// Goes on with what was read before it had to wait.
    fn digest_rest(&mut self, now_ms: u64) {
        let rest = std::mem::take(&mut self.rest);
        let mut taken = Vec::new();
        let consumed = self.digest(&rest, &mut taken, now_ms);
        self.rest = rest[consumed..].to_vec();
    }

    /// Works off what was read, up to where it must wait; what gathered goes to the lake as one batch.
    fn digest(&mut self, input: &[u8], taken: &mut Vec<Taken>, now_ms: u64) -> usize {
        let now_us = self.shared.now_us();
        if self.admitted.as_ref().is_some_and(|a| !a.holds(now_us)) {
            self.close(Reason::NotAuthorized, "the credential no longer holds", "revoked", now_ms);
            return input.len();
        }
        let read_at = Instant::now();
        // Later than every message before, so that readings without a time of their own do not fall on one instant.
        let mut gathered = Gathered::new(now_us.max(self.message_us), std::mem::take(taken), self.points_hint);
        let first = self.deferred_ticket().unwrap_or(self.conn.next_ticket().0);
        if let Some(deferred) = self.deferred.take() {
            let ticket = deferred.ticket;
            let outcome = self.again(&deferred, &mut gathered);
            self.settle(ticket, outcome, &mut gathered);
        }
        let mut at = 0;
        while self.ended.is_none() && self.pending.is_none() {
            let step = self.conn.step(&input[at..], now_ms);
            at += step.consumed;
            match step.event {
                None => {
                    self.need = step.packet_bytes.unwrap_or(0);
                    break;
                }
                Some(Event::Publish(publish)) => {
                    let outcome = self.message(&publish, &mut gathered);
                    match outcome {
                        Outcome::Wait(children) => {
                            self.defer(&publish, children);
                            break;
                        }
                        outcome => self.settle(publish.ticket, outcome, &mut gathered),
                    }
                }
                Some(Event::Connect(connect)) => self.ask(connect),
                Some(Event::Subscribe(asked)) => self.subscribe(asked, now_ms),
                Some(Event::Closed(closing)) => {
                    tracing::debug!(reason = closing.reason.name(), "{}", closing.detail);
                    self.client_left = closing.by_client;
                    self.end(closing.reason.name(), now_ms);
                }
            }
        }
        self.note_subscriptions();
        self.points_hint = gathered.points();
        if !gathered.is_empty() {
            let end = self.deferred_ticket().unwrap_or(self.conn.next_ticket().0);
            self.submit(gathered.load(first..end, at.max(1), read_at), false);
        }
        self.message_us = gathered.now_us;
        *taken = gathered.into_parts();
        at
    }

    fn submit(&mut self, load: Load, again: bool) {
        if !again {
            self.flight_bytes += load.bytes;
            self.shared.flight_bytes.fetch_add(load.bytes, Ordering::Relaxed);
        }
        self.held = self.shared.append(load, &self.handle);
    }

    /// Asks the lake again.
    fn retry(&mut self) {
        if let Some(load) = self.held.take() {
            self.submit(load, true);
        }
    }

    fn note_subscriptions(&mut self) {
        let revision = self.conn.session().revision();
        if self.revision != revision {
            self.revision = revision;
            let session = self.conn.session();
            let wants = session.wants("v1/devices/me/rpc/request/1") || session.wants("v1/gateway/rpc");
            self.handle.wants_commands.store(wants, Ordering::Release);
        }
    }

    /// Writes what is owed. `Err`: the socket is gone.
    fn write(&mut self, cx: &mut Context<'_>, now_ms: u64) -> Result<(), ()> {
        loop {
            let out = self.conn.output();
            if out.is_empty() {
                if out.capacity() > 512 {
                    *out = Vec::new();
                }
                self.stalled_ms = None;
                return match Pin::new(&mut self.io).poll_flush(cx) {
                    Poll::Ready(Err(_)) => Err(()),
                    _ => Ok(()),
                };
            }
            match Pin::new(&mut self.io).poll_write(cx, out) {
                Poll::Ready(Ok(0) | Err(_)) => return Err(()),
                Poll::Ready(Ok(written)) => {
                    out.drain(..written);
                    self.stalled_ms = None;
                    self.conn.pump(now_ms);
                }
                Poll::Pending => {
                    self.stalled_ms.get_or_insert(now_ms);
                    return Ok(());
                }
            }
        }
    }

    /// What was said last goes out, and the client may read it: closing a socket with unread bytes would tear it away.
    fn say_goodbye(&mut self, cx: &mut Context<'_>, now_ms: u64) -> Poll<()> {
        let since_ms = self.ended.map_or(now_ms, |(_, at)| at);
        let over_ms = since_ms + GOODBYE_MS;
        // What it sent before it left is still stored, as long as that takes.
        if self.held.is_some() {
            self.wake_at(cx, now_ms + BUSY_MS);
            return Poll::Pending;
        }
        if self.broken || now_ms >= over_ms {
            return Poll::Ready(());
        }
        self.wake_at(cx, over_ms);
        if self.client_left {
            return Poll::Ready(());
        }
        if !self.conn.output().is_empty() || Pin::new(&mut self.io).poll_shutdown(cx).is_pending() {
            return Poll::Pending;
        }
        SCRATCH.with_borrow_mut(|(buffer, _)| {
            loop {
                let mut buffer = ReadBuf::new(buffer);
                match ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer)) {
                    Ok(()) if !buffer.filled().is_empty() => {}
                    _ => return Poll::Ready(()),
                }
            }
        })
    }

    fn wake_at(&mut self, cx: &mut Context<'_>, at_ms: u64) {
        self.timer.as_mut().reset(self.shared.instant(at_ms));
        if self.timer.as_mut().poll(cx).is_ready() {
            // Due while it was being set: once more around.
            cx.waker().wake_by_ref();
        }
    }

    /// Sets the timer for whatever is due next, and acts on what is.
    fn watch(&mut self, cx: &mut Context<'_>, now_ms: u64) -> Poll<()> {
        let reads = self.may_read();
        let options = &self.shared.options;
        let stall = self.stalled_ms.map(|at| at + options.stall_ms_max);
        let connect = (!self.conn.is_open()).then_some(self.began_ms + options.connect_ms_max);
        let all_busy = self.shared.flight_bytes.load(Ordering::Relaxed) >= options.flight_bytes_max_all;
        let again = (self.held.is_some() || all_busy).then_some(now_ms + BUSY_MS);
        if stall.is_some_and(|at| at <= now_ms) {
            // Nothing reaches it, so there is nothing to say.
            self.end("never-reads", now_ms);
            return Poll::Ready(());
        }
        if connect.is_some_and(|at| at <= now_ms) {
            self.end("connect-timeout", now_ms);
            return Poll::Ready(());
        }
        // Whom we do not read cannot be heard.
        let keep_alive = self.conn.deadline_ms().filter(|_| reads);
        if keep_alive.is_some_and(|at| at <= now_ms) {
            self.close(Reason::KeepAliveTimeout, "silent for one and a half of its keep-alive", "keep-alive", now_ms);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(next_ms) = [stall, connect, again, keep_alive].into_iter().flatten().min() {
            self.wake_at(cx, next_ms);
        }
        Poll::Pending
    }

    fn deferred_ticket(&self) -> Option<u64> {
        self.deferred.as_ref().and_then(|d| d.ticket).map(|t| t.0)
    }

    fn defer(&mut self, publish: &mqtt::Publish<'_>, children: Boxed<()>) {
        self.deferred = Some(Deferred::of(publish));
        self.pending = Some(Box::pin(async move {
            children.await;
            Woken::Children
        }));
    }
}

impl Drop for Link {
    /// Also after a panic: the registry and the counters are right whatever happened.
    fn drop(&mut self) {
        self.shared.flight_bytes.fetch_sub(self.flight_bytes, Ordering::Relaxed);
        let (Some(key), Some(admitted)) = (self.key.take(), self.admitted.take()) else { return };
        let now_ms = self.shared.now_ms();
        let was_open = self.asked.is_none();
        if was_open {
            admitted.device.counters.connected.fetch_sub(1, Ordering::Relaxed);
        }
        let fresh = Connection::new(self.shared.limits.clone(), now_ms);
        let (mut session, expiry_s, will) = std::mem::replace(&mut self.conn, fresh).finish();
        for message in self.handle.take().messages {
            if let Offered::Dropped(why) = session.offer(&message, false, false, self.shared.options.session_bytes_max)
            {
                self.shared.stats.dropped(why.name());
            }
        }
        let holds = admitted.holds(self.shared.now_us());
        let kept = (was_open && holds && !std::thread::panicking()).then_some((session, expiry_s, will.clone()));
        let due = self.shared.registry.leave(&key, &self.handle, kept, now_ms);
        // A device whose credential was taken away says nothing more, not even its will.
        if let Some(will) = due.filter(|_| holds) {
            self.shared.say_will(&admitted.device, &will);
        }
        if let Some(load) = self.held.take() {
            load.fate.rejected(things::Reason::OverQuota);
        }
    }
}
