//! A load generator for any MQTT server: QoS 1, messages encoded beforehand, a window of unacknowledged ones on each connection.
//!
//! It must cost little beside what it measures: plain threads and sockets, and nothing is decoded but acknowledgements.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use mqtt::{Version, publish_bytes};

/// What is sent.
#[derive(Clone, Debug)]
pub struct Load {
    /// To where.
    pub server: SocketAddr,
    /// The protocol's version.
    pub version: Version,
    /// Each connection's user name (a device token), and whether a password goes with it.
    pub tokens: Vec<String>,
    /// To which topic.
    pub topic: String,
    /// Unacknowledged messages on each connection at most.
    pub window: usize,
    /// Readings in a message; 3 gives a temperature, a pressure and a speed.
    pub readings: usize,
    /// For so long, after the connections are there.
    pub lasts: Duration,
    /// Threads; connections are shared out among them.
    pub threads: usize,
    /// Device time of the first message: milliseconds since 1970. Each message is one millisecond later.
    pub from_ms: i64,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Messages acknowledged with success.
    pub acked: u64,
    /// Messages acknowledged with an error.
    pub refused: u64,
    /// Readings in the acknowledged messages.
    pub points: u64,
    /// From the first byte sent to the last acknowledgement.
    pub seconds: f64,
    /// Microseconds from a message's write to its acknowledgement, in order; a sample of them.
    pub ack_us: Vec<u32>,
}

impl Measured {
    /// Acknowledged messages a second.
    pub fn messages_per_s(&self) -> f64 {
        self.acked as f64 / self.seconds
    }

    /// Acknowledged readings a second.
    pub fn points_per_s(&self) -> f64 {
        self.points as f64 / self.seconds
    }

    /// The time within which this part of the acknowledgements came: microseconds.
    pub fn ack_us(&self, part: f64) -> u32 {
        let last = self.ack_us.len().saturating_sub(1);
        self.ack_us.get((last as f64 * part) as usize).copied().unwrap_or(0)
    }
}

const NAMES: [&str; 3] = ["temperature", "pressure", "speed"];

/// A ThingsBoard telemetry message of so many readings.
pub fn payload(at_ms: i64, readings: usize, seed: u64) -> String {
    let mut values = String::new();
    for (i, name) in NAMES.iter().take(readings).enumerate() {
        let value = (seed.wrapping_mul(2_654_435_761) >> (8 * i)) % 4000;
        let comma = if i > 0 { "," } else { "" };
        values.push_str(&format!("{comma}\"{name}\":{}.{}", value / 10, value % 10));
    }
    format!("{{\"ts\":{at_ms},\"values\":{{{values}}}}}")
}

/// Sends until the time is over, then waits for what is owed.
pub fn run(load: &Load) -> io::Result<Measured> {
    let barrier = Arc::new(Barrier::new(load.threads));
    let over = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..load.threads)
        .map(|thread| {
            let (load, barrier, over) = (load.clone(), barrier.clone(), over.clone());
            std::thread::spawn(move || one_thread(&load, thread, &barrier, &over))
        })
        .collect();
    let mut all = Measured::default();
    for thread in threads {
        let one = thread.join().map_err(|_| io::Error::other("a generator thread panicked"))??;
        all.acked += one.acked;
        all.refused += one.refused;
        all.points += one.points;
        all.seconds = all.seconds.max(one.seconds);
        all.ack_us.extend(one.ack_us);
    }
    all.ack_us.sort_unstable();
    Ok(all)
}

struct Client {
    socket: TcpStream,
    /// Whole messages one after the other, to be patched with packet identifiers and times.
    block: Vec<u8>,
    message_bytes: usize,
    id_at: usize,
    ts_at: usize,
    next_id: u16,
    next_ms: i64,
    in_flight: usize,
    unsent: usize,
    sent_at: std::collections::VecDeque<(u32, Instant)>,
    half: Vec<u8>,
}

/// So many messages are written at once.
const BLOCK: usize = 100;

fn connect(load: &Load, token: &str, at: usize) -> io::Result<Client> {
    let mut socket = TcpStream::connect(load.server)?;
    socket.set_nodelay(true)?;
    let level = if load.version == Version::V5 { 5 } else { 4 };
    let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', level, 0x82, 0, 60];
    if load.version == Version::V5 {
        body.push(0);
    }
    for text in [format!("load-{at}"), token.to_owned()] {
        body.extend_from_slice(&(text.len() as u16).to_be_bytes());
        body.extend_from_slice(text.as_bytes());
    }
    let mut packet = vec![0x10, body.len() as u8];
    if body.len() > 127 {
        packet = vec![0x10, body.len() as u8 & 0x7f | 0x80, (body.len() >> 7) as u8];
    }
    packet.extend_from_slice(&body);
    socket.write_all(&packet)?;
    let mut head = [0; 2];
    socket.read_exact(&mut head)?;
    let mut rest = vec![0; usize::from(head[1])];
    socket.read_exact(&mut rest)?;
    if head[0] != 0x20 || rest[1] != 0 {
        return Err(io::Error::other(format!("CONNACK {head:?} {rest:?}")));
    }
    let mut block = Vec::new();
    let mut message_bytes = 0;
    for i in 0..BLOCK {
        // Times and values have the same number of digits in every message.
        let text = payload(load.from_ms, load.readings, 0x9e37_79b9 + (at * BLOCK + i) as u64);
        let text = format!("{text:<110}");
        let one = publish_bytes(load.version, &load.topic, text.as_bytes(), 1, 1);
        message_bytes = one.len();
        block.extend(one);
    }
    let find = |what: &[u8]| block.windows(what.len()).position(|w| w == what).expect("it was written there");
    let ts_at = find(b"{\"ts\":") + 6;
    let id_at = find(load.topic.as_bytes()) + load.topic.len();
    let socket_client = Client {
        socket,
        block,
        message_bytes,
        id_at,
        ts_at,
        next_id: 1,
        next_ms: load.from_ms,
        in_flight: 0,
        unsent: 0,
        sent_at: Default::default(),
        half: Vec::new(),
    };
    socket_client.socket.set_nonblocking(true)?;
    Ok(socket_client)
}

impl Client {
    /// Writes as many as the window lets.
    fn send(&mut self, window: usize) -> io::Result<bool> {
        if self.unsent == 0 {
            let count = window.saturating_sub(self.in_flight).min(BLOCK);
            // Whole blocks: a few messages at a time cost a system call each.
            if count < BLOCK.min(window) && self.in_flight > window / 2 {
                return Ok(false);
            }
            for i in 0..count {
                let start = i * self.message_bytes;
                self.block[start + self.id_at..start + self.id_at + 2].copy_from_slice(&self.next_id.to_be_bytes());
                let ts = self.next_ms.to_string();
                self.block[start + self.ts_at..start + self.ts_at + ts.len()].copy_from_slice(ts.as_bytes());
                self.next_id = self.next_id.checked_add(1).unwrap_or(1);
                self.next_ms += 1;
            }
            self.unsent = count * self.message_bytes;
            self.in_flight += count;
            self.sent_at.push_back((count as u32, Instant::now()));
            self.half.clear();
            self.half.extend_from_slice(&self.block[..self.unsent]);
        }
        let from = self.half.len() - self.unsent;
        match self.socket.write(&self.half[from..]) {
            Ok(written) => {
                self.unsent -= written;
                Ok(written > 0)
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(e) => Err(e),
        }
    }
}

/// Reads acknowledgements; those of an error are longer.
#[derive(Default)]
struct Acks {
    pending: Vec<u8>,
}

impl Acks {
    fn read(&mut self, client: &mut Client, buffer: &mut [u8], measured: &mut Measured) -> io::Result<bool> {
        let read = match client.socket.read(buffer) {
            Ok(0) => return Err(io::Error::other("the server closed the connection")),
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(e) => return Err(e),
        };
        self.pending.extend_from_slice(&buffer[..read]);
        let (mut at, mut count) = (0, 0);
        while let Some([kind, length]) = self.pending.get(at..at + 2) {
            let end = at + 2 + usize::from(*length);
            if self.pending.len() < end {
                break;
            }
            if *kind == 0x40 {
                count += 1;
                let is_error = *length > 2 && self.pending[at + 4] >= 0x80;
                measured.refused += u64::from(is_error);
                measured.acked += u64::from(!is_error);
            } else if *kind == 0xe0 {
                return Err(io::Error::other(format!("DISCONNECT {:?}", &self.pending[at..end])));
            }
            at = end;
        }
        self.pending.drain(..at);
        client.in_flight -= count as usize;
        while count > 0 {
            let Some((left, sent_at)) = client.sent_at.front_mut() else { break };
            let part = count.min(*left);
            measured.ack_us.push(u32::try_from(sent_at.elapsed().as_micros()).unwrap_or(u32::MAX));
            *left -= part;
            count -= part;
            if *left == 0 {
                client.sent_at.pop_front();
            }
        }
        Ok(true)
    }
}

fn one_thread(load: &Load, thread: usize, barrier: &Barrier, over: &AtomicBool) -> io::Result<Measured> {
    let mine = load.tokens.iter().enumerate().filter(|(at, _)| at % load.threads == thread);
    let clients: io::Result<Vec<_>> =
        mine.map(|(at, token)| Ok((connect(load, token, at)?, Acks::default()))).collect();
    barrier.wait();
    let mut clients = clients?;
    let mut measured = Measured::default();
    let mut buffer = vec![0; 64 << 10];
    let began = Instant::now();
    loop {
        if began.elapsed() > load.lasts {
            over.store(true, Ordering::Relaxed);
        }
        let ends = over.load(Ordering::Relaxed);
        let mut moved = false;
        for (client, acks) in &mut clients {
            if !ends || client.unsent > 0 {
                moved |= client.send(load.window)?;
            }
            if client.in_flight > 0 {
                moved |= acks.read(client, &mut buffer, &mut measured)?;
            }
        }
        if ends && clients.iter().all(|(c, _)| c.in_flight == 0) {
            break;
        }
        if began.elapsed() > load.lasts + Duration::from_secs(30) {
            return Err(io::Error::other("acknowledgements are missing after thirty seconds"));
        }
        if !moved {
            // Nothing to do: leave the core to the server.
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    measured.seconds = began.elapsed().as_secs_f64();
    measured.points = measured.acked * load.readings as u64;
    Ok(measured)
}
