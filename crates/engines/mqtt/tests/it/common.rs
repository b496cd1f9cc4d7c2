//! A machine that stands behind CONNECT, and the packets that go in.

use std::sync::Arc;

use mqtt::{Connection, Event, Limits, Reason, Session, Version};

pub fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
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

/// CONNECT of version 5 with these properties, flags beside clean start, and payload after the client id.
pub fn connect5(flags: u8, properties: &[u8], client_id: &str, rest: &[u8]) -> Vec<u8> {
    let mut body = b"\0\x04MQTT\x05".to_vec();
    body.extend_from_slice(&[flags, 0, 60, properties.len() as u8]);
    body.extend_from_slice(properties);
    text(&mut body, client_id);
    body.extend_from_slice(rest);
    packet(0x10, &body)
}

pub fn connect4(flags: u8, client_id: &str, rest: &[u8]) -> Vec<u8> {
    let mut body = b"\0\x04MQTT\x04".to_vec();
    body.extend_from_slice(&[flags, 0, 60]);
    text(&mut body, client_id);
    body.extend_from_slice(rest);
    packet(0x10, &body)
}

pub const CLEAN: u8 = 2;

pub fn publish(
    version: Version,
    flags: u8,
    topic: &str,
    id: Option<u16>,
    properties: &[u8],
    payload: &[u8],
) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, topic);
    body.extend(id.into_iter().flat_map(u16::to_be_bytes));
    if version == Version::V5 {
        body.push(properties.len() as u8);
        body.extend_from_slice(properties);
    }
    body.extend_from_slice(payload);
    packet(0x30 | flags, &body)
}

pub fn limits() -> Limits {
    Limits { receive_max: 4, topic_alias_max: 3, subscriptions_max: 3, session_bytes_max: 1000, ..Limits::default() }
}

/// A machine that took this CONNECT; its CONNACK is in `output`.
pub fn opened(connect: &[u8], session: Option<Session>) -> Connection {
    let mut machine = Connection::new(Arc::new(limits()), 0);
    let step = machine.step(connect, 0);
    let Some(Event::Connect(asked)) = step.event else { panic!("{:?}", step.event) };
    machine.accept(*asked, session, None, 0);
    machine
}

pub fn open5() -> Connection {
    let mut machine = opened(&connect5(CLEAN, &[], "c", &[]), None);
    machine.output().clear();
    machine
}

pub fn open4() -> Connection {
    let mut machine = opened(&connect4(CLEAN, "c", &[]), None);
    machine.output().clear();
    machine
}

/// Why the machine closes on these bytes.
pub fn closes(machine: &mut Connection, bytes: &[u8]) -> Reason {
    match machine.step(bytes, 0).event {
        Some(Event::Closed(closing)) => {
            assert!(!closing.by_client);
            closing.reason
        }
        other => panic!("{other:?}"),
    }
}

/// What is to be sent, taken out.
pub fn sent(machine: &mut Connection) -> Vec<u8> {
    std::mem::take(machine.output())
}

/// SUBSCRIBE to one filter.
pub fn subscribe(version: Version, id: u16, filter: &str, options: u8) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    if version == Version::V5 {
        body.push(0);
    }
    text(&mut body, filter);
    body.push(options);
    packet(0x82, &body)
}

/// Subscribes with everything allowed; the SUBACK is left in the output.
pub fn subscribed(machine: &mut Connection, version: Version, filter: &str, options: u8) {
    let bytes = subscribe(version, 9, filter, options);
    let Some(Event::Subscribe(asked)) = machine.step(&bytes, 0).event else { panic!("no SUBSCRIBE") };
    machine.subscribe(asked, |_| Ok(()));
}
