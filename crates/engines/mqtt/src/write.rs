//! Packets for the client.

use crate::decode::Version;
use crate::frame::kind;
use crate::reason::Reason;

fn variable(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}

fn variable_bytes(value: usize) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        _ => 4,
    }
}

fn header(out: &mut Vec<u8>, first: u8, body_bytes: usize) {
    out.push(first);
    variable(out, body_bytes);
}

/// At most so many bytes of a reason string are sent.
const REASON_STRING_BYTES_MAX: usize = 256;

fn cut(text: &str) -> &str {
    let end = text.floor_char_boundary(REASON_STRING_BYTES_MAX.min(text.len()));
    &text[..end]
}

fn text(out: &mut Vec<u8>, text: &str) {
    // Texts of ours are cut or were read from a packet: both fit.
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn reason_string(properties: &mut Vec<u8>, reason: Option<&str>) {
    if let Some(reason) = reason.map(cut).filter(|r| !r.is_empty()) {
        properties.push(0x1f);
        text(properties, reason);
    }
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP.
pub(crate) fn acknowledgement(
    out: &mut Vec<u8>,
    version: Version,
    kind: u8,
    id: u16,
    reason: Reason,
    why: Option<&str>,
) {
    let first = kind << 4 | if kind == kind::PUBREL { 0b0010 } else { 0 };
    let [high, low] = id.to_be_bytes();
    if version == Version::V311 || reason == Reason::Success {
        return out.extend_from_slice(&[first, 2, high, low]);
    }
    match why.map(cut).filter(|w| !w.is_empty()) {
        None => out.extend_from_slice(&[first, 3, high, low, reason.code()]),
        Some(why) => {
            let properties = 3 + why.len();
            header(out, first, 3 + variable_bytes(properties) + properties);
            out.extend_from_slice(&[high, low, reason.code()]);
            variable(out, properties);
            out.push(0x1f);
            text(out, why);
        }
    }
}

/// What a CONNACK tells a client of version 5.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connack<'a> {
    pub(crate) session_present: bool,
    pub(crate) session_expiry_s: Option<u32>,
    pub(crate) receive_max: u16,
    pub(crate) packet_bytes_max: u32,
    pub(crate) assigned_client_id: Option<&'a str>,
    pub(crate) topic_alias_max: u16,
    pub(crate) keep_alive_s: Option<u16>,
}

pub(crate) fn connack(out: &mut Vec<u8>, version: Version, said: &Connack<'_>) {
    let mut body = vec![u8::from(said.session_present), 0];
    if version == Version::V5 {
        let mut p = Vec::with_capacity(64);
        if let Some(expiry) = said.session_expiry_s {
            p.push(0x11);
            p.extend_from_slice(&expiry.to_be_bytes());
        }
        p.push(0x21);
        p.extend_from_slice(&said.receive_max.to_be_bytes());
        p.push(0x27);
        p.extend_from_slice(&said.packet_bytes_max.to_be_bytes());
        if let Some(id) = said.assigned_client_id {
            p.push(0x12);
            text(&mut p, id);
        }
        p.push(0x22);
        p.extend_from_slice(&said.topic_alias_max.to_be_bytes());
        // No subscription identifiers, no shared subscriptions.
        p.extend_from_slice(&[0x29, 0, 0x2a, 0]);
        if let Some(keep_alive) = said.keep_alive_s {
            p.push(0x13);
            p.extend_from_slice(&keep_alive.to_be_bytes());
        }
        variable(&mut body, p.len());
        body.extend_from_slice(&p);
    }
    header(out, kind::CONNACK << 4, body.len());
    out.extend_from_slice(&body);
}

pub(crate) fn connack_refused(out: &mut Vec<u8>, version: Version, reason: Reason, why: Option<&str>) {
    match version {
        Version::V311 => out.extend_from_slice(&[kind::CONNACK << 4, 2, 0, reason.connack_3_1_1()]),
        Version::V5 => {
            let mut properties = Vec::new();
            reason_string(&mut properties, why);
            header(out, kind::CONNACK << 4, 2 + variable_bytes(properties.len()) + properties.len());
            out.extend_from_slice(&[0, reason.code()]);
            variable(out, properties.len());
            out.extend_from_slice(&properties);
        }
    }
}

/// SUBACK or UNSUBACK with one code each.
pub(crate) fn suback(out: &mut Vec<u8>, version: Version, kind: u8, id: u16, codes: &[u8]) {
    let properties = usize::from(version == Version::V5);
    // A 3.1.1 UNSUBACK has no codes.
    let codes = if version == Version::V311 && kind == kind::UNSUBACK { &[] } else { codes };
    header(out, kind << 4, 2 + properties + codes.len());
    out.extend_from_slice(&id.to_be_bytes());
    if properties > 0 {
        out.push(0);
    }
    out.extend_from_slice(codes);
}

pub(crate) fn pingresp(out: &mut Vec<u8>) {
    out.extend_from_slice(&[kind::PINGRESP << 4, 0]);
}

/// Version 5 only: 3.1.1 has no word from the server.
pub(crate) fn disconnect(out: &mut Vec<u8>, reason: Reason, why: Option<&str>) {
    let mut properties = Vec::new();
    reason_string(&mut properties, why);
    header(out, kind::DISCONNECT << 4, 1 + variable_bytes(properties.len()) + properties.len());
    out.push(reason.code());
    variable(out, properties.len());
    out.extend_from_slice(&properties);
}

/// A PUBLISH's parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing<'a> {
    pub(crate) topic: &'a str,
    pub(crate) alias: Option<u16>,
    pub(crate) payload: &'a [u8],
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    pub(crate) dup: bool,
    pub(crate) packet_id: u16,
    pub(crate) expiry_s: Option<u32>,
}

impl Outgoing<'_> {
    fn property_bytes(&self) -> usize {
        self.alias.map_or(0, |_| 3) + self.expiry_s.map_or(0, |_| 5)
    }

    fn body_bytes(&self, version: Version) -> usize {
        let properties = if version == Version::V5 { 1 + self.property_bytes() } else { 0 };
        2 + self.topic.len() + if self.qos > 0 { 2 } else { 0 } + properties + self.payload.len()
    }

    /// Of the whole packet.
    pub(crate) fn bytes(&self, version: Version) -> usize {
        let body = self.body_bytes(version);
        1 + variable_bytes(body) + body
    }
}

pub(crate) fn publish(out: &mut Vec<u8>, version: Version, message: &Outgoing<'_>) {
    let m = message;
    out.reserve(m.bytes(version));
    let flags = u8::from(m.dup) << 3 | m.qos << 1 | u8::from(m.retain);
    header(out, kind::PUBLISH << 4 | flags, m.body_bytes(version));
    text(out, m.topic);
    if m.qos > 0 {
        out.extend_from_slice(&m.packet_id.to_be_bytes());
    }
    if version == Version::V5 {
        variable(out, m.property_bytes());
        if let Some(expiry) = m.expiry_s {
            out.push(0x02);
            out.extend_from_slice(&expiry.to_be_bytes());
        }
        if let Some(alias) = m.alias {
            out.push(0x23);
            out.extend_from_slice(&alias.to_be_bytes());
        }
    }
    out.extend_from_slice(m.payload);
}

/// A PUBLISH as a client sends it, for load generators and tests.
pub fn publish_bytes(version: Version, topic: &str, payload: &[u8], qos: u8, packet_id: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let (alias, expiry_s) = (None, None);
    publish(
        &mut out,
        version,
        &Outgoing { topic, alias, payload, qos, retain: false, dup: false, packet_id, expiry_s },
    );
    out
}
