//! One client's connection: what it may say when, what is owed to it, and what it is sent.

use std::ops::Range;
use std::sync::Arc;

use crate::acks::{Acks, Ticket};
use crate::decode::{self, Connect, Version, Wanted, Will};
use crate::filter;
use crate::frame::{self, Broken, Framed, kind};
use crate::publish::{self, Publish, Topic};
use crate::reason::Reason;
use crate::session::{Message, Offered, Session, Subscription, Window};
use crate::write::{self, Connack};

/// How large things get on one connection (MQ-5).
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest packet; it is told to clients of version 5.
    pub packet_bytes_max: u32,
    /// The largest packet before CONNECT was accepted: strangers get less room.
    pub connect_bytes_max: u32,
    /// So many messages of QoS 1 and 2 may wait for their acknowledgement (version 5), or be received and not released.
    pub receive_max: u16,
    /// So many topic aliases a client may set, and so many are set towards it.
    pub topic_alias_max: u16,
    /// The longest topic.
    pub topic_bytes_max: usize,
    /// A client of version 5 is heard from at least so often; seconds.
    pub keep_alive_s_max: u16,
    /// Who promised nothing is given up after so many seconds of silence: its network may be gone without a word.
    pub silence_s_max: u32,
    /// A session outlives its connection by at most so many seconds.
    pub session_expiry_s_max: u32,
    /// So many subscriptions a session has.
    pub subscriptions_max: usize,
    /// So many bytes wait for one client.
    pub session_bytes_max: usize,
    /// No further messages are put into the output beyond so many bytes; acknowledgements are.
    pub output_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            packet_bytes_max: 1 << 20,
            connect_bytes_max: 128 << 10,
            receive_max: 1024,
            topic_alias_max: 16,
            topic_bytes_max: 1024,
            keep_alive_s_max: 600,
            silence_s_max: 86_400,
            session_expiry_s_max: 7 * 86_400,
            subscriptions_max: 64,
            session_bytes_max: 256 << 10,
            output_bytes_max: 64 << 10,
        }
    }
}

/// What a step brought.
#[derive(Debug)]
pub struct Step<'a> {
    /// So many bytes of the input are done with.
    pub consumed: usize,
    /// What the host must act on; `None`: more bytes are needed, or the host owes an answer to CONNECT, or it is over.
    pub event: Option<Event<'a>>,
    /// The packet in front is so long in all, if its header is there.
    pub packet_bytes: Option<usize>,
}

/// What the host must act on.
#[derive(Debug)]
pub enum Event<'a> {
    /// To be answered by [`Connection::accept`] or [`Connection::refuse`]; until then nothing more is read.
    Connect(Box<Connect>),
    /// A message; with a ticket, it is to be answered by [`Connection::answer`].
    Publish(Publish<'a>),
    /// To be answered by [`Connection::subscribe`].
    Subscribe(Asked),
    /// It is over: send the output, then close.
    Closed(Closing),
}

/// A SUBSCRIBE that waits for its answer.
#[derive(Debug)]
pub struct Asked {
    packet_id: u16,
    wanted: Vec<Wanted>,
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// As it was said or would be.
    pub reason: Reason,
    /// In words, for the log.
    pub detail: String,
    /// The client said goodbye.
    pub by_client: bool,
}

/// A granted filter, for the host to look for retained messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The filter.
    pub filter: String,
    /// At most.
    pub qos: u8,
    /// Retained messages are wanted [3.8.3.1].
    pub wants_retained: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    Asked,
    Open,
    Closed,
}

/// The server's side of a connection.
#[derive(Debug)]
pub struct Connection {
    limits: Arc<Limits>,
    stage: Stage,
    window: Window,
    problem_information: bool,
    silence_ms_max: u64,
    heard_at_ms: u64,
    session_expiry_s: u32,
    will: Option<Box<Will>>,
    acks: Acks,
    session: Session,
    aliases_in: Vec<Option<Arc<str>>>,
    aliases_out: Vec<Arc<str>>,
    alias_out_max: usize,
    out: Vec<u8>,
}

impl Connection {
    /// Nothing was said yet.
    pub fn new(limits: Arc<Limits>, now_ms: u64) -> Connection {
        Connection {
            limits,
            stage: Stage::New,
            window: Window { version: Version::V5, receive_max: 0, packet_bytes_max: u32::MAX },
            problem_information: true,
            silence_ms_max: 0,
            heard_at_ms: now_ms,
            session_expiry_s: 0,
            will: None,
            acks: Acks::default(),
            session: Session::default(),
            aliases_in: Vec::new(),
            aliases_out: Vec::new(),
            alias_out_max: 0,
            out: Vec::new(),
        }
    }

    /// Bytes for the client; the host takes from the front what it could send.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// The client's version, once it said so.
    pub fn version(&self) -> Version {
        self.window.version
    }

    /// CONNECT was accepted and it is not over.
    pub fn is_open(&self) -> bool {
        self.stage == Stage::Open
    }

    /// Nothing more is taken.
    pub fn is_closed(&self) -> bool {
        self.stage == Stage::Closed
    }

    /// Its session as it is.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Messages that wait for the host's answer.
    pub fn unanswered(&self) -> usize {
        self.acks.len()
    }

    /// The ticket that the next message of QoS 1 or 2 gets.
    pub fn next_ticket(&self) -> Ticket {
        self.acks.next()
    }

    /// When the client will have been silent for one and a half of its keep-alive [MQTT-3.1.2-22], or for as long as one
    /// that promised nothing may; `None` before it is let in.
    pub fn deadline_ms(&self) -> Option<u64> {
        (self.stage == Stage::Open).then(|| self.heard_at_ms + self.silence_ms_max)
    }

    /// Takes the next packet from the input, and the ones before it that need nothing from the host.
    pub fn step<'a>(&mut self, input: &'a [u8], now_ms: u64) -> Step<'a> {
        let mut consumed = 0;
        loop {
            if matches!(self.stage, Stage::Asked | Stage::Closed) {
                return Step { consumed, event: None, packet_bytes: None };
            }
            let bytes_max = match self.stage {
                Stage::Open => self.limits.packet_bytes_max,
                _ => self.limits.connect_bytes_max.min(self.limits.packet_bytes_max),
            };
            let done = match frame::next(&input[consumed..], bytes_max as usize) {
                Ok(Framed::More { bytes }) => return Step { consumed, event: None, packet_bytes: bytes },
                Ok(Framed::Packet { first, body, bytes }) => {
                    consumed += bytes;
                    self.heard_at_ms = now_ms;
                    self.packet(first, body, now_ms)
                }
                Err(broken) => Err(broken),
            };
            match done {
                Ok(None) => {}
                Ok(event) => return Step { consumed, event, packet_bytes: None },
                Err(Broken(reason, detail)) => {
                    let closing = self.close(reason, Some(&detail));
                    return Step { consumed, event: Some(Event::Closed(closing)), packet_bytes: None };
                }
            }
        }
    }

    fn packet<'a>(&mut self, first: u8, body: &'a [u8], now_ms: u64) -> Result<Option<Event<'a>>, Broken> {
        let kind = first >> 4;
        if self.stage == Stage::New {
            return match kind {
                kind::CONNECT => self.connect(body).map(Some),
                _ => Err(Broken::protocol("the first packet is not CONNECT")), // [MQTT-3.1.0-1]
            };
        }
        let version = self.window.version;
        match kind {
            kind::PUBLISH => self.publish(first, body),
            kind::PUBACK | kind::PUBREC | kind::PUBREL | kind::PUBCOMP => {
                let (id, failed) = decode::acknowledgement(body, version)?;
                self.acknowledged(kind, id, failed);
                self.pump(now_ms);
                Ok(None)
            }
            kind::SUBSCRIBE => {
                let (packet_id, wanted) = decode::subscribe(body, version)?;
                Ok(Some(Event::Subscribe(Asked { packet_id, wanted })))
            }
            kind::UNSUBSCRIBE => {
                let (id, filters) = decode::unsubscribe(body, version)?;
                let gone = |f: &String| match self.session.unsubscribe(f) {
                    true => Reason::Success.code(),
                    false => Reason::NoSubscriptionExisted.code(),
                };
                let codes: Vec<u8> = filters.iter().map(gone).collect();
                write::suback(&mut self.out, version, kind::UNSUBACK, id, &codes); // [MQTT-3.10.4-4]
                Ok(None)
            }
            kind::PINGREQ if body.is_empty() => {
                write::pingresp(&mut self.out); // [MQTT-3.12.4-1]
                Ok(None)
            }
            kind::PINGREQ => Err(Broken::malformed("PINGREQ: bytes after its end")),
            kind::DISCONNECT => self.disconnected(body).map(|c| Some(Event::Closed(c))),
            kind::CONNECT => Err(Broken::protocol("a second CONNECT")), // [MQTT-3.1.0-2]
            kind::AUTH if version == Version::V5 => {
                Err(Broken::protocol("AUTH without an authentication method in CONNECT")) // [MQTT-4.12.0-6]
            }
            kind::CONNACK | kind::SUBACK | kind::UNSUBACK | kind::PINGRESP => {
                Err(Broken::protocol(format!("packet type {kind} is the server's to send")))
            }
            _ => Err(Broken::malformed(format!("packet type {kind} is not known"))),
        }
    }

    fn connect<'a>(&mut self, body: &'a [u8]) -> Result<Event<'a>, Broken> {
        // How a refusal is written depends on the version, which stands at a fixed place.
        let is_old = body.get(..6) == Some(b"\0\x04MQTT") && body.get(6).is_some_and(|level| *level < 5);
        if is_old || body.get(..8) == Some(b"\0\x06MQIsdp") {
            self.window.version = Version::V311;
        }
        let connect = decode::connect(body)?;
        self.window.version = connect.version;
        self.problem_information = connect.problem_information;
        self.stage = Stage::Asked;
        Ok(Event::Connect(Box::new(connect)))
    }

    /// The host lets the client in: with the session it had, or without, and with an identifier if it brought none.
    pub fn accept(
        &mut self,
        connect: Connect,
        session: Option<Session>,
        assigned_client_id: Option<&str>,
        now_ms: u64,
    ) {
        debug_assert_eq!(self.stage, Stage::Asked, "accept answers CONNECT");
        let limits = self.limits.clone();
        self.stage = Stage::Open;
        self.heard_at_ms = now_ms;
        self.window.receive_max = connect.receive_max;
        self.window.packet_bytes_max = connect.packet_bytes_max;
        self.alias_out_max = usize::from(connect.topic_alias_max.min(limits.topic_alias_max));
        self.session_expiry_s = connect.session_expiry_s.min(limits.session_expiry_s_max);
        // A client of version 5 can be told what is expected of it [MQTT-3.1.2-21]; one of 3.1.1 is taken at its word.
        let told_keep_alive = (connect.version == Version::V5
            && (connect.keep_alive_s == 0 || connect.keep_alive_s > limits.keep_alive_s_max))
            .then_some(limits.keep_alive_s_max);
        // One and a half of it [MQTT-3.1.2-22].
        self.silence_ms_max = match told_keep_alive.unwrap_or(connect.keep_alive_s) {
            0 => u64::from(limits.silence_s_max) * 1000,
            seconds => u64::from(seconds) * 1500,
        };
        self.will = connect.will.map(Box::new);
        let said = Connack {
            session_present: session.is_some(), // [MQTT-3.2.2-2] [MQTT-3.2.2-3]
            session_expiry_s: (self.session_expiry_s != connect.session_expiry_s).then_some(self.session_expiry_s),
            receive_max: limits.receive_max,
            packet_bytes_max: limits.packet_bytes_max,
            assigned_client_id, // [MQTT-3.2.2-16]
            topic_alias_max: limits.topic_alias_max,
            keep_alive_s: told_keep_alive,
        };
        write::connack(&mut self.out, connect.version, &said);
        if let Some(session) = session {
            self.session = session;
            let (out, version) = (&mut self.out, connect.version);
            let release = |id| write::acknowledgement(out, version, kind::PUBREL, id, Reason::Success, None);
            self.session.resume(release);
        }
        self.pump(now_ms);
    }

    /// The host does not let the client in.
    pub fn refuse(&mut self, reason: Reason, why: &str) -> Closing {
        self.close(reason, Some(why))
    }

    fn publish<'a>(&mut self, first: u8, body: &'a [u8]) -> Result<Option<Event<'a>>, Broken> {
        let raw = publish::read(first, body, self.window.version)?;
        if raw.topic.len() > self.limits.topic_bytes_max {
            return Err(Broken(Reason::TopicNameInvalid, format!("a topic of {} bytes", raw.topic.len())));
        }
        let topic = match raw.alias {
            None => Topic::Named(raw.topic),
            Some(alias) => self.aliased(alias, raw.topic)?,
        };
        let (qos, dup) = ((first >> 1) & 3, first & 8 != 0);
        let mut ticket = None;
        if qos > 0 {
            let held = self.acks.len() + self.session.received.len();
            let receive_max = usize::from(self.limits.receive_max);
            // [MQTT-3.3.4-7]; 3.1.1 knows no such number, but what is never released must not pile up.
            let over = match self.window.version {
                Version::V5 => held >= receive_max,
                Version::V311 => qos == 2 && held >= 8 * receive_max,
            };
            let known = qos == 2 && self.session.received.contains(&raw.packet_id);
            if over && !known {
                let what = format!("{held} messages wait for their end; {receive_max} may");
                return Err(Broken(Reason::ReceiveMaximumExceeded, what));
            }
            if qos == 2 && dup && self.acks.holds_qos2(raw.packet_id) {
                return Ok(None); // its PUBREC is on the way
            }
            let given = self.acks.hand_out(raw.packet_id, qos == 2);
            if known {
                // [MQTT-4.3.3-10] Acknowledged before and not released: it must not be handed on again.
                self.answer(given, Reason::Success, None);
                return Ok(None);
            }
            ticket = Some(given);
        }
        let (retain, is_text) = (first & 1 != 0, raw.is_text);
        Ok(Some(Event::Publish(Publish { topic, payload: raw.payload, qos, retain, dup, is_text, ticket })))
    }

    /// Sets or looks up a topic alias [MQTT-3.3.2-7 … -12].
    fn aliased<'a>(&mut self, alias: u16, topic: &'a str) -> Result<Topic<'a>, Broken> {
        if alias > self.limits.topic_alias_max {
            let what = format!("topic alias {alias}; {} is the highest", self.limits.topic_alias_max);
            return Err(Broken(Reason::TopicAliasInvalid, what));
        }
        let at = usize::from(alias) - 1;
        if topic.is_empty() {
            return match self.aliases_in.get(at) {
                Some(Some(known)) => Ok(Topic::Aliased(known.clone())),
                _ => Err(Broken::protocol(format!("topic alias {alias} was never set"))),
            };
        }
        if self.aliases_in.len() <= at {
            self.aliases_in.resize(at + 1, None);
        }
        if self.aliases_in[at].as_deref() != Some(topic) {
            self.aliases_in[at] = Some(topic.into());
        }
        Ok(Topic::Named(topic))
    }

    /// The host's answer to one message; of two answers the first counts. Sent once all before it are answered (MQ-2).
    pub fn answer(&mut self, ticket: Ticket, reason: Reason, why: Option<&str>) {
        let why = why.filter(|_| self.problem_information && self.window.version == Version::V5); // [MQTT-3.1.2-29]
        self.acks.answer(ticket, reason, why);
        self.send_acks();
    }

    /// The same answer to all of a range that have none yet.
    pub fn answer_all(&mut self, tickets: Range<u64>, reason: Reason) {
        self.acks.answer_all(tickets, reason);
        self.send_acks();
    }

    fn send_acks(&mut self) {
        if self.stage != Stage::Open {
            return;
        }
        while let Some(due) = self.acks.due() {
            let kind = if due.qos2 { kind::PUBREC } else { kind::PUBACK };
            // A 3.1.1 acknowledgement can only say yes; what was refused is not to come again either.
            if due.qos2 && (!due.reason.is_error() || self.window.version == Version::V311) {
                self.session.received.insert(due.packet_id);
            }
            let version = self.window.version;
            write::acknowledgement(&mut self.out, version, kind, due.packet_id, due.reason, due.text.as_deref());
        }
    }

    fn acknowledged(&mut self, kind: u8, id: u16, failed: bool) {
        let answer = match kind {
            kind::PUBACK => {
                self.session.puback(id);
                None
            }
            kind::PUBREC if self.session.pubrec(id, failed) => Some((kind::PUBREL, Reason::Success)),
            kind::PUBREC if failed => None,
            kind::PUBREC => Some((kind::PUBREL, Reason::PacketIdNotFound)),
            kind::PUBREL => {
                let known = self.session.received.remove(&id);
                Some((kind::PUBCOMP, if known { Reason::Success } else { Reason::PacketIdNotFound }))
            }
            _ => {
                self.session.pubcomp(id);
                None
            }
        };
        if let Some((kind, reason)) = answer {
            write::acknowledgement(&mut self.out, self.window.version, kind, id, reason, None);
        }
    }

    /// Answers a SUBSCRIBE: `may` says for each filter whether this client may hear it. Returns what was granted.
    pub fn subscribe(&mut self, asked: Asked, mut may: impl FnMut(&str) -> Result<(), Reason>) -> Vec<Accepted> {
        let mut codes = Vec::with_capacity(asked.wanted.len());
        let mut granted = Vec::new();
        for wanted in asked.wanted {
            let known = self.session.subscriptions().iter().any(|s| s.filter == wanted.filter);
            let room = known || self.session.subscriptions().len() < self.limits.subscriptions_max;
            let allowed = match filter::filter_problem(&wanted.filter) {
                Some(reason) => Err(reason),
                None if !room => Err(Reason::QuotaExceeded),
                None => may(&wanted.filter),
            };
            if let Err(reason) = allowed {
                // [MQTT-3.8.4-7]; 3.1.1 knows one failure.
                codes.push(if self.window.version == Version::V5 { reason.code() } else { 0x80 });
                continue;
            }
            codes.push(wanted.qos);
            let (filter, qos) = (wanted.filter, wanted.qos);
            let is_new = self.session.subscribe(Subscription {
                filter: filter.clone(),
                qos,
                no_local: wanted.no_local,
                retain_as_published: wanted.retain_as_published,
            });
            let wants_retained = wanted.retain_handling == 0 || (wanted.retain_handling == 1 && is_new);
            granted.push(Accepted { filter, qos, wants_retained });
        }
        self.session.rest();
        write::suback(&mut self.out, self.window.version, kind::SUBACK, asked.packet_id, &codes); // [MQTT-3.8.4-1]
        granted
    }

    /// A message for this client, if it wants it. `is_own`: it sent it.
    pub fn offer(&mut self, message: &Message, is_own: bool, now_ms: u64) -> Offered {
        if self.stage != Stage::Open {
            return Offered::NotSubscribed;
        }
        let offered = self.session.offer(message, is_own, true, self.limits.session_bytes_max);
        self.pump(now_ms);
        offered
    }

    /// A retained message for a filter just granted.
    pub fn offer_retained(&mut self, message: &Message, qos: u8, now_ms: u64) -> Offered {
        let offered = self.session.offer_retained(message, qos, self.limits.session_bytes_max);
        self.pump(now_ms);
        offered
    }

    /// Puts waiting messages into the output as far as the client's window and the output's bound let it; to be called
    /// after output was sent.
    pub fn pump(&mut self, now_ms: u64) {
        if self.stage != Stage::Open || !self.session.has_waiting() {
            return;
        }
        let (aliases, alias_max) = (&mut self.aliases_out, self.alias_out_max);
        let alias = |message: &Message| {
            let known = aliases.iter().position(|t| *t == message.topic);
            match known {
                Some(at) => (true, Some(at as u16 + 1)),
                None if message.repeats && aliases.len() < alias_max => {
                    aliases.push(message.topic.clone());
                    (false, Some(aliases.len() as u16))
                }
                None => (false, None),
            }
        };
        self.session.send(&mut self.out, self.limits.output_bytes_max, self.window, now_ms, alias);
    }

    fn disconnected(&mut self, body: &[u8]) -> Result<Closing, Broken> {
        let (with_will, expiry) = decode::disconnect(body, self.window.version)?;
        if let Some(expiry) = expiry {
            // [MQTT-3.1.2-… 3.14.2.2.2] A session that was to end cannot be made to live on.
            if self.session_expiry_s == 0 && expiry != 0 {
                return Err(Broken::protocol("DISCONNECT: the session expiry was 0 and cannot be raised"));
            }
            self.session_expiry_s = expiry.min(self.limits.session_expiry_s_max);
        }
        if !with_will {
            self.will = None; // [MQTT-3.14.4-3]
        }
        self.stage = Stage::Closed;
        let reason = if with_will { Reason::DisconnectWithWill } else { Reason::Success };
        Ok(Closing { reason, detail: "the client disconnected".to_owned(), by_client: true })
    }

    /// Ends the connection from this side, with the words that the version has for it.
    pub fn close(&mut self, reason: Reason, why: Option<&str>) -> Closing {
        let version = self.window.version;
        let said = why.filter(|_| self.problem_information);
        match self.stage {
            Stage::Closed => {}
            Stage::Open if version == Version::V5 => write::disconnect(&mut self.out, reason, said),
            Stage::Open => {}
            // Before CONNECT nothing is known of the client, not even that it speaks MQTT; silence is safest.
            Stage::New if !self.was_greeted(reason) => {}
            Stage::New | Stage::Asked => write::connack_refused(&mut self.out, version, reason, said),
        }
        self.stage = Stage::Closed;
        Closing { reason, detail: why.unwrap_or(reason.name()).to_owned(), by_client: false }
    }

    /// A broken CONNECT is answered if it could be read far enough to know what is wrong with it (4.13).
    fn was_greeted(&self, reason: Reason) -> bool {
        matches!(
            reason,
            Reason::UnsupportedProtocolVersion | Reason::ClientIdNotValid | Reason::BadAuthenticationMethod
        )
    }

    /// The connection is gone: the session with the seconds that it is to be kept, and the will if it is to be said.
    pub fn finish(self) -> (Session, u32, Option<Will>) {
        (self.session, self.session_expiry_s, self.will.map(|w| *w))
    }
}
