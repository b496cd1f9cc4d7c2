//! A platform that refuses: by payload, for lack of room, by silence. It is ours, made for these answers; everything it
//! says is encoded by the client crate's own codec.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use rumqttc::mqttbytes::v5::{ConnAck, ConnectReturnCode, Packet, PubAck, PubAckProperties, PubAckReason};

use super::support::*;

/// What to answer to a telemetry message; `None` is silence.
type Judge = Box<dyn FnMut(&[Heard]) -> Option<PubAckReason> + Send>;

struct Platform {
    port: u16,
    taken: Arc<Mutex<Vec<Heard>>>,
    connections: Arc<Mutex<u32>>,
}

fn platform(judge: Judge) -> Platform {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let platform = Platform { port, taken: Arc::default(), connections: Arc::default() };
    let (taken, connections) = (platform.taken.clone(), platform.connections.clone());
    let judge = Arc::new(Mutex::new(judge));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            *connections.lock().unwrap() += 1;
            let (judge, taken) = (judge.clone(), taken.clone());
            std::thread::spawn(move || serve(stream.unwrap(), &judge, &taken));
        }
    });
    platform
}

fn serve(mut stream: TcpStream, judge: &Mutex<Judge>, taken: &Mutex<Vec<Heard>>) {
    let mut bytes = BytesMut::new();
    let mut some = [0; 4096];
    loop {
        while let Ok(packet) = Packet::read(&mut bytes, None) {
            let answer = match packet {
                Packet::Connect(..) => Packet::ConnAck(ConnAck {
                    session_present: false,
                    code: ConnectReturnCode::Success,
                    properties: None,
                }),
                Packet::Publish(p) if p.topic == "v1/gateway/telemetry" => {
                    let readings = heard(&p.payload);
                    let Some(reason) = judge.lock().unwrap()(&readings) else { continue };
                    if reason == PubAckReason::Success {
                        taken.lock().unwrap().extend(readings);
                    }
                    let properties =
                        PubAckProperties { reason_string: Some("because".into()), user_properties: Vec::new() };
                    Packet::PubAck(PubAck { pkid: p.pkid, reason, properties: Some(properties) })
                }
                Packet::Publish(p) => Packet::PubAck(PubAck::new(p.pkid, None)),
                Packet::PingReq => Packet::PingResp,
                _ => continue,
            };
            let mut out = BytesMut::new();
            answer.write(&mut out, None).unwrap();
            if stream.write_all(&out).is_err() {
                return;
            }
        }
        match stream.read(&mut some) {
            Ok(n) if n > 0 => bytes.extend_from_slice(&some[..n]),
            _ => return,
        }
    }
}

fn modbus(port: u16) -> String {
    format!(
        "[[modbus]]\nname = \"m\"\naddress = \"127.0.0.1:{port}\"\ndevice = \"d\"\npoint = [\n\
         {{ name = \"n\", address = 600, every_ms = 20 }}, {{ name = \"poison\", address = 2, every_ms = 200 }} ]\n"
    )
}

#[test]
fn one_reading_that_the_platform_refuses_is_set_aside_with_the_reason_and_all_others_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let Some(_peer) = python("modbus_peer.py", &[&port.to_string()]) else { return };
    let platform = platform(Box::new(|readings| {
        let bad = readings.iter().any(|h| h.property == "poison");
        Some(if bad { PubAckReason::PayloadFormatInvalid } else { PubAckReason::Success })
    }));
    let config = config(folder.path(), platform.port, &modbus(port));
    let mut edge = edge(&config);
    let of_n = || platform.taken.lock().unwrap().iter().filter(|h| h.property == "n").cloned().collect::<Vec<_>>();
    within(20, "readings", || of_n().len() > 100);
    edge.terminate();
    let mut numbers = numbers_once(&of_n());
    numbers.sort_unstable();
    assert!(numbers.windows(2).all(|w| w[1] == w[0] + 1), "no good one is missing");
    let dead = std::fs::read_to_string(folder.path().join("data/dead-letters.jsonl")).unwrap();
    assert!(dead.lines().count() > 3);
    for line in dead.lines() {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(json["payload"].as_str().unwrap().contains("poison"), "only the refused ones: {line}");
        assert_eq!(json["reason"], "PayloadFormatInvalid (0x99) because");
    }
    assert_eq!(status(&config).unwrap()["refused"].as_u64(), Some(dead.lines().count() as u64));
}

#[test]
fn quota_exceeded_is_waited_for_and_nothing_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let Some(_peer) = python("modbus_peer.py", &[&port.to_string()]) else { return };
    let mut count = 0;
    let platform = platform(Box::new(move |_| {
        count += 1;
        Some(if count % 3 == 0 { PubAckReason::QuotaExceeded } else { PubAckReason::Success })
    }));
    let config = config(folder.path(), platform.port, &modbus(port));
    let mut edge = edge(&config);
    within(30, "readings", || platform.taken.lock().unwrap().iter().filter(|h| h.property == "n").count() > 100);
    edge.terminate();
    let mut numbers =
        numbers_once(&platform.taken.lock().unwrap().iter().filter(|h| h.property == "n").cloned().collect::<Vec<_>>());
    numbers.sort_unstable();
    assert!(numbers.windows(2).all(|w| w[1] == w[0] + 1), "none is missing");
    assert_eq!(std::fs::read_to_string(folder.path().join("data/dead-letters.jsonl")).unwrap(), "");
}

#[test]
fn a_platform_that_falls_silent_is_connected_anew_and_gets_everything_again() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let Some(_peer) = python("modbus_peer.py", &[&port.to_string()]) else { return };
    let mut count = 0;
    let platform = platform(Box::new(move |_| {
        count += 1;
        (!(10..40).contains(&count)).then_some(PubAckReason::Success)
    }));
    let connections = platform.connections.clone();
    let path = config(folder.path(), platform.port, &modbus(port));
    let text =
        std::fs::read_to_string(&path).unwrap().replace("retry_max_s = 1\n", "retry_max_s = 1\nack_timeout_s = 1\n");
    std::fs::write(&path, text).unwrap();
    let mut edge = edge(&path);
    within(40, "readings", || platform.taken.lock().unwrap().iter().filter(|h| h.property == "n").count() > 150);
    edge.terminate();
    assert!(*connections.lock().unwrap() > 1);
    let taken = platform.taken.lock().unwrap().clone();
    // It acknowledged some and not what came before them, so order is its own doing; each must have come.
    let mut numbers = numbers_once(&taken.into_iter().filter(|h| h.property == "n").collect::<Vec<_>>());
    numbers.sort_unstable();
    assert!(numbers.windows(2).all(|w| w[1] == w[0] + 1), "none missing: {numbers:?}");
}
