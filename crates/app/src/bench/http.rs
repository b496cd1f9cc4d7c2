//! A load generator: HTTP/1.1 over kept connections on loopback, on a runtime of its own.
//!
//! Written out since a general client costs more than the pages it would measure: on two cores the generator and the
//! server share the processor.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Body.
    pub body: Vec<u8>,
}

/// One kept connection.
pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(to: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect(to).await.context("connecting")?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, read: Vec::with_capacity(1 << 16) })
    }

    /// What is under it.
    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    async fn more(&mut self) -> Result<()> {
        let n = self.stream.read_buf(&mut self.read).await.context("reading an answer")?;
        ensure!(n > 0, "the server closed the connection");
        Ok(())
    }

    /// Sends a request that was written out and reads its answer.
    pub async fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await.context("sending a request")?;
        let head = loop {
            match self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.more().await?,
            }
        };
        let text = String::from_utf8_lossy(&self.read[..head]).to_ascii_lowercase();
        let status = text.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(|| anyhow!("no status"))?;
        let length = text.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        let (body, end) = match length {
            Some(length) => {
                while self.read.len() < head + length {
                    self.more().await?;
                }
                (self.read[head..head + length].to_vec(), head + length)
            }
            None if text.contains("transfer-encoding: chunked") => self.chunks(head).await?,
            None => bail!("an answer of unknown length: {text}"),
        };
        self.read.drain(..end);
        Ok(Answer { status, body })
    }

    /// A chunked body that begins at `at`; the body and where it ends.
    async fn chunks(&mut self, mut at: usize) -> Result<(Vec<u8>, usize)> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                match self.read[at..].windows(2).position(|w| w == b"\r\n") {
                    Some(n) => break at + n,
                    None => self.more().await?,
                }
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.read[at..line])?.trim(), 16)?;
            let (from, to) = (line + 2, line + 2 + size);
            while self.read.len() < to + 2 {
                self.more().await?;
            }
            body.extend_from_slice(&self.read[from..to]);
            at = to + 2;
            if size == 0 {
                return Ok((body, at));
            }
        }
    }
}

/// A GET with a cookie header, written out.
pub fn get(path: &str, cookie: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\nAccept-Language: zh\r\n\r\n").into_bytes()
}

/// What a load came to.
#[derive(Debug, Default)]
pub struct Load {
    /// Milliseconds in thousandths, sorted: each request's time.
    pub micros: Vec<u32>,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// Bytes of the last body.
    pub body_bytes: usize,
}

/// When requests are sent.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// Each connection sends the next request when the last is answered, for so long.
    Closed(Duration),
    /// So many a second for so long, whether or not earlier ones are answered; a request's time counts from when it
    /// was due, so that waiting for a free connection is part of it.
    Open(u32, Duration),
}

/// Sends `requests` in turn from `connections` to `to`. Any answer but 200 ends it.
pub async fn load(to: SocketAddr, requests: Arc<Vec<Vec<u8>>>, connections: usize, pace: Pace) -> Result<Load> {
    let next = Arc::new(AtomicUsize::new(0));
    let (send, mut gathered) = tokio::sync::mpsc::unbounded_channel();
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(to).await?);
    }
    let begun = Instant::now();
    for c in open {
        tokio::spawn(one(c, requests.clone(), next.clone(), pace, begun, send.clone()));
    }
    drop(send);
    let mut all = Load::default();
    while let Some(part) = gathered.recv().await {
        let (micros, body_bytes) = part?;
        all.micros.extend(micros);
        all.body_bytes = all.body_bytes.max(body_bytes);
    }
    all.seconds = begun.elapsed().as_secs_f64();
    all.micros.sort_unstable();
    Ok(all)
}

type Part = Result<(Vec<u32>, usize)>;

async fn one(
    mut c: Connection,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    pace: Pace,
    begun: Instant,
    send: UnboundedSender<Part>,
) {
    let work = async {
        let (mut micros, mut bytes) = (Vec::new(), 0);
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let due = match pace {
                Pace::Closed(span) if begun.elapsed() >= span => break,
                Pace::Closed(_) => Instant::now(),
                Pace::Open(rate, span) => {
                    let after = Duration::from_secs_f64(n as f64 / f64::from(rate));
                    if after >= span {
                        break;
                    }
                    tokio::time::sleep_until((begun + after).into()).await;
                    begun + after
                }
            };
            let answer = c.send(&requests[n % requests.len()]).await?;
            ensure!(answer.status == 200, "status {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
            micros.push(u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX));
            bytes = answer.body.len();
        }
        Ok((micros, bytes))
    };
    // Nobody listens any more only when another connection has failed already.
    let _ = send.send(work.await);
}

/// Runs the generator on a runtime and thread of its own, apart from the server's.
pub async fn apart<T, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let (send, answer) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let done = runtime.map_err(anyhow::Error::from).and_then(|r| r.block_on(work));
        // The bench that asked may be gone after a failure elsewhere.
        let _ = send.send(done);
    });
    answer.await.context("the load generator ended early")?
}
