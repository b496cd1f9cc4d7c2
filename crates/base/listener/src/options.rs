//! What the listener is told at its start, and what it asks of others.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use things::{DeviceEntry, Reason, TimeLimits};

/// Where the listener's certificate is, and whose client certificates it asks for.
#[derive(Clone, Debug)]
pub struct Tls {
    /// PEM: its certificate and those between it and the root.
    pub certificate: PathBuf,
    /// PEM: its private key.
    pub key: PathBuf,
    /// Clients may show a certificate, which is found in the directory by its SHA-256 fingerprint. Who signed it does not
    /// matter, since the directory lists each; that the client holds its key is proven by the handshake.
    pub client_certificates: bool,
}

/// How the listener listens, and how large things get.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Encrypted, or not at all.
    pub tls: Option<Tls>,
    /// So many connections at once; who comes beyond is closed at once and counted.
    pub connections_max: usize,
    /// The largest packet.
    pub packet_bytes_max: u32,
    /// So many bytes wait for one client, connected or not.
    pub session_bytes_max: usize,
    /// So many sessions are kept for clients that are away.
    pub sessions_max: usize,
    /// So many bytes of one connection may be on their way to the disk; beyond that its socket is not read.
    pub flight_bytes_max: usize,
    /// The same for all connections together.
    pub flight_bytes_max_all: usize,
    /// So many bytes wait for a client's socket; beyond that it is not read either.
    pub output_bytes_max: usize,
    /// TCP, TLS and CONNECT must be done after so many milliseconds.
    pub connect_ms_max: u64,
    /// A client that takes nothing for so many milliseconds while something waits for it is cut.
    pub stall_ms_max: u64,
    /// Messages of QoS 1 and 2 that a client of version 5 may have waiting.
    pub receive_max: u16,
    /// Which device times are believed.
    pub times: TimeLimits,
    /// This platform's name as a Sparkplug host application.
    pub sparkplug_host: String,
}

impl Options {
    /// The usual, listening there.
    pub fn new(listen: SocketAddr) -> Options {
        Options {
            listen,
            tls: None,
            connections_max: 10_000,
            packet_bytes_max: 1 << 20,
            session_bytes_max: 256 << 10,
            sessions_max: 20_000,
            flight_bytes_max: 256 << 10,
            flight_bytes_max_all: 64 << 20,
            output_bytes_max: 64 << 10,
            connect_ms_max: 10_000,
            stall_ms_max: 30_000,
            receive_max: 1024,
            times: TimeLimits::default(),
            sparkplug_host: "yunjin".to_owned(),
        }
    }
}

/// A future that somebody else's function returns.
pub type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Called for a device behind a gateway (or a Sparkplug node) that nobody registered: gateway, its name, its product.
pub type UnknownChild =
    Box<dyn Fn(Arc<DeviceEntry>, String, Option<String>) -> Boxed<Result<Arc<DeviceEntry>, Reason>> + Send + Sync>;

/// Called when a device answered a command: its id, the command's number, the answer.
pub type CommandReply = Box<dyn Fn(&str, u64, Vec<u8>) + Send + Sync>;

/// Called when a device asks for attributes: what it asked, as it came; the answer's JSON.
pub type Attributes = Box<dyn Fn(&Arc<DeviceEntry>, &[u8]) -> Vec<u8> + Send + Sync>;

/// What the listener asks of the devices slice. The functions must be quick.
pub struct Hooks {
    /// Registers a device that stands behind a gateway, or says why not.
    pub unknown_child: UnknownChild,
    /// A device answered a command.
    pub command_reply: CommandReply,
    /// A device asks for attributes.
    pub attributes: Attributes,
}

impl Hooks {
    /// Unknown devices are refused, replies go nowhere, attributes are none.
    pub fn none() -> Hooks {
        Hooks {
            unknown_child: Box::new(|_, _, _| Box::pin(async { Err(Reason::UnknownDevice) })),
            command_reply: Box::new(|_, _, _| {}),
            attributes: Box::new(|_, _| b"{}".to_vec()),
        }
    }
}
