//! A client that can say anything, right or wrong.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use mqtt::{Version, publish_bytes};

pub const UP: &str = "v1/devices/me/telemetry";

pub struct Raw {
    pub socket: TcpStream,
    pub version: Version,
}

pub fn text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text);
}

pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    let mut left = body.len();
    loop {
        let byte = (left % 128) as u8;
        left /= 128;
        out.push(if left > 0 { byte | 0x80 } else { byte });
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(body);
    out
}

/// What a CONNECT says beside the version.
#[derive(Default)]
pub struct Hello<'a> {
    pub client_id: &'a str,
    pub user: &'a str,
    pub password: &'a str,
    /// Seconds; version 5.
    pub session_expiry_s: u32,
    pub keeps_session: bool,
    pub will: Option<(&'a str, &'a [u8])>,
}

pub fn connect_bytes(version: Version, hello: &Hello<'_>) -> Vec<u8> {
    let mut flags = if hello.keeps_session { 0 } else { 2 };
    flags |= if hello.user.is_empty() { 0 } else { 0x80 };
    flags |= if hello.password.is_empty() { 0 } else { 0x40 };
    flags |= if hello.will.is_some() { 4 | 8 } else { 0 };
    let mut body = b"\0\x04MQTT".to_vec();
    body.extend_from_slice(&[if version == Version::V5 { 5 } else { 4 }, flags, 0, 60]);
    if version == Version::V5 {
        body.extend_from_slice(&[5, 0x11]);
        body.extend_from_slice(&hello.session_expiry_s.to_be_bytes());
    }
    text(&mut body, hello.client_id.as_bytes());
    if let Some((topic, payload)) = hello.will {
        body.extend((version == Version::V5).then_some(0));
        text(&mut body, topic.as_bytes());
        text(&mut body, payload);
    }
    for part in [hello.user, hello.password] {
        if !part.is_empty() {
            text(&mut body, part.as_bytes());
        }
    }
    packet(0x10, &body)
}

impl Raw {
    /// A socket, and nothing said.
    pub fn open(to: SocketAddr, version: Version) -> Raw {
        let socket = TcpStream::connect(to).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket.set_nodelay(true).unwrap();
        Raw { socket, version }
    }

    /// Says hello; returns CONNACK's body too.
    pub fn hello(to: SocketAddr, version: Version, hello: &Hello<'_>) -> (Raw, Vec<u8>) {
        let mut raw = Raw::open(to, version);
        raw.send(&connect_bytes(version, hello));
        let (first, body) = raw.read().expect("a CONNACK");
        assert_eq!(first, 0x20);
        (raw, body)
    }

    /// A device with its token, let in.
    pub fn device(to: SocketAddr, version: Version, device: &str) -> Raw {
        let user = format!("token-{device}");
        let (raw, connack) = Raw::hello(to, version, &Hello { client_id: device, user: &user, ..Hello::default() });
        assert_eq!(connack[1], 0, "let in");
        raw
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    pub fn publish(&mut self, topic: &str, payload: &[u8], qos: u8, id: u16) {
        let bytes = publish_bytes(self.version, topic, payload, qos, id);
        self.send(&bytes);
    }

    pub fn subscribe(&mut self, filter: &str) -> u8 {
        let mut body = vec![0, 77];
        body.extend((self.version == Version::V5).then_some(0));
        text(&mut body, filter.as_bytes());
        body.push(1);
        self.send(&packet(0x82, &body));
        let (first, body) = self.read().expect("a SUBACK");
        assert_eq!(first, 0x90);
        *body.last().unwrap()
    }

    /// The next packet; `None` when the server closed.
    pub fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut first = [0];
        match self.socket.read(&mut first) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => return None,
            Err(e) => panic!("{e}"),
        }
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let mut byte = [0];
            self.socket.read_exact(&mut byte).unwrap();
            length |= usize::from(byte[0] & 0x7f) << shift;
            shift += 7;
            if byte[0] & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.socket.read_exact(&mut body).unwrap();
        Some((first[0], body))
    }

    /// The reason code of the acknowledgement that comes next; its string too.
    pub fn ack(&mut self) -> (u8, String) {
        let (first, body) = self.read().expect("an acknowledgement");
        assert!(matches!(first, 0x40 | 0x50), "{first:#x} {body:?}");
        (body.get(2).copied().unwrap_or(0), String::from_utf8_lossy(body.get(7..).unwrap_or_default()).into_owned())
    }

    /// A message for this client: topic and payload. It is acknowledged.
    pub fn message(&mut self) -> (String, Vec<u8>) {
        let (first, body) = self.read().expect("a PUBLISH");
        assert_eq!(first >> 4, 3, "{body:?}");
        let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let topic = String::from_utf8(body[2..2 + length].to_vec()).unwrap();
        let mut at = 2 + length;
        if first & 6 > 0 {
            let id = [body[at], body[at + 1]];
            at += 2;
            self.send(&packet(0x40, &id));
        }
        if self.version == Version::V5 {
            at += 1 + usize::from(body[at]);
        }
        (topic, body[at..].to_vec())
    }

    /// Server's DISCONNECT: its reason code and string; then the socket closes.
    pub fn goodbye(&mut self) -> (u8, String) {
        let (first, body) = self.read().expect("a DISCONNECT");
        assert_eq!(first, 0xe0, "{body:?}");
        assert!(self.read().is_none(), "and nothing after it");
        (body[0], String::from_utf8_lossy(body.get(5..).unwrap_or_default()).into_owned())
    }

    pub fn ping(&mut self) {
        self.send(&[0xc0, 0]);
        assert_eq!(self.read(), Some((0xd0, vec![])));
    }
}
