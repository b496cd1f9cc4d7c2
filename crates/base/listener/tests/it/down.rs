//! Messages for devices, sessions, gateways, Sparkplug.

use std::sync::{Arc, Mutex, OnceLock};

use kernel::Quality;
use listener::{Hooks, Listener, Reached};
use mqtt::Version::{V5, V311};
use things::Directory;
use things::sparkplug::{DataType, Payload, encode, metric};

use crate::common::*;
use crate::raw::*;

const RPC: &str = "v1/devices/me/rpc/request/+";

/// Hooks that keep replies and register what is unknown behind a gateway, but for names that begin with `bad`.
#[derive(Clone, Default)]
struct Slice {
    replies: Arc<Mutex<Vec<(String, u64, String)>>>,
    directory: Arc<OnceLock<Arc<Directory>>>,
}

impl Slice {
    fn hooks(&self) -> Hooks {
        let (replies, directory) = (self.replies.clone(), self.directory.clone());
        Hooks {
            command_reply: Box::new(move |device, id, payload| {
                replies.lock().unwrap().push((device.into(), id, String::from_utf8(payload).unwrap()));
            }),
            unknown_child: Box::new(move |gateway, name, _| {
                let directory = directory.get().unwrap().clone();
                Box::pin(async move {
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                    match name.starts_with("bad") {
                        true => Err(things::Reason::UnknownDevice),
                        false => Ok(directory.put(device(&name, Some(&gateway.id), false))),
                    }
                })
            }),
            attributes: Box::new(|_, _| b"{\"shared\":{\"target\":7}}".to_vec()),
        }
    }
}

async fn start_with_slice() -> (Bench, Slice) {
    let slice = Slice::default();
    let bench = start_with(local(), slice.hooks()).await;
    slice.directory.set(bench.directory.clone()).ok();
    (bench, slice)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_reaches_the_device_and_its_reply_the_slice() {
    for version in [V5, V311] {
        let (bench, slice) = start_with_slice().await;
        let mut raw = Raw::device(bench.listener.local_addr(), version, "press-1");
        assert_eq!(bench.listener.send_command("press-1", 1, "stop", b"{}"), Reached::NotSubscribed);
        raw.subscribe(RPC);
        assert_eq!(bench.listener.send_command("press-1", 42, "setSpeed", b"{\"rpm\":900}"), Reached::Sent);
        let (topic, payload) = raw.message();
        assert_eq!(topic, "v1/devices/me/rpc/request/42");
        assert_eq!(String::from_utf8(payload).unwrap(), "{\"method\":\"setSpeed\",\"params\":{\"rpm\":900}}");
        raw.publish("v1/devices/me/rpc/response/42", b"{\"ok\":true}", 1, 1);
        assert_eq!(raw.ack().0, 0);
        assert_eq!(slice.replies.lock().unwrap()[..], [("press-1".into(), 42, "{\"ok\":true}".into())]);
        assert_eq!(bench.listener.send_command("press-2", 1, "stop", b"{}"), Reached::NotConnected);
        raw.publish("v1/devices/me/attributes/request/3", b"{\"sharedKeys\":\"target\"}", 0, 0);
        // It subscribed to commands alone, so that the answer does not reach it; now it does.
        raw.subscribe("v1/devices/me/attributes/response/+");
        raw.publish("v1/devices/me/attributes/request/4", b"{\"sharedKeys\":\"target\"}", 0, 0);
        let (topic, payload) = raw.message();
        assert_eq!(
            (topic.as_str(), &payload[..]),
            ("v1/devices/me/attributes/response/4", &b"{\"shared\":{\"target\":7}}"[..])
        );
        bench.listener.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_waits_in_the_session_of_a_device_that_is_away() {
    let bench = start().await;
    let to = bench.listener.local_addr();
    let hello = || Hello {
        client_id: "c",
        user: "token-press-1",
        session_expiry_s: 60,
        keeps_session: true,
        ..Hello::default()
    };
    let (mut raw, connack) = Raw::hello(to, V5, &hello());
    assert_eq!(connack[0], 0, "no session yet");
    raw.subscribe(RPC);
    drop(raw);
    until("it is away", || bench.counted("press-1").connected == 0).await;
    assert_eq!(bench.listener.send_command("press-1", 7, "stop", b"null"), Reached::Queued);
    let (mut raw, connack) = Raw::hello(to, V5, &hello());
    assert_eq!(connack[0], 1, "session present");
    assert_eq!(raw.message().0, "v1/devices/me/rpc/request/7");
    // As many bytes wait as may: then it is said.
    drop(raw);
    until("it is away", || bench.counted("press-1").connected == 0).await;
    let params = format!("\"{}\"", "x".repeat(100 << 10));
    let reached: Vec<_> = (0..3).map(|i| bench.listener.send_command("press-1", i, "m", params.as_bytes())).collect();
    assert_eq!(reached, [Reached::Queued, Reached::Queued, Reached::Dropped]);
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_with_the_same_client_id_takes_over_and_another_devices_id_is_no_matter() {
    // [MQTT-3.1.4-3]
    let bench = start().await;
    let to = bench.listener.local_addr();
    let hello = |user| Hello { client_id: "same", user, session_expiry_s: 60, keeps_session: true, ..Hello::default() };
    let (mut other, _) = Raw::hello(to, V5, &hello("token-press-2"));
    let (mut first, _) = Raw::hello(to, V5, &hello("token-press-1"));
    first.subscribe(RPC);
    let (mut second, connack) = Raw::hello(to, V5, &hello("token-press-1"));
    assert_eq!(connack[..2], [1, 0], "with the session of the first");
    assert_eq!(first.goodbye().0, 0x8e);
    bench.listener.send_command("press-1", 7, "stop", b"1");
    assert_eq!(second.message().0, "v1/devices/me/rpc/request/7");
    other.ping();
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_speaks_for_known_and_new_devices_and_passes_commands_on() {
    let (bench, slice) = start_with_slice().await;
    let mut raw = Raw::device(bench.listener.local_addr(), V5, "gateway-1");
    // One known, one new, one that is refused: the refusal does not keep the others out.
    let payload =
        br#"{"robot-a":[{"ts":1700000000000,"values":{"speed":1}}],"robot-new":[{"speed":2}],"bad-1":[{"speed":3}]}"#;
    let mut bytes = mqtt::publish_bytes(V5, "v1/gateway/telemetry", payload, 1, 1);
    bytes.extend(mqtt::publish_bytes(V5, "v1/devices/me/telemetry", b"{\"speed\":9}", 1, 2));
    raw.send(&bytes);
    assert_eq!((raw.ack().0, raw.ack().0), (0, 0));
    assert_eq!(bench.readings("robot-a", "speed").len(), 1);
    assert_eq!(bench.readings("robot-new", "speed").len(), 1);
    assert_eq!(bench.readings("gateway-1", "speed").len(), 1);
    let child = bench.counted("robot-new");
    assert_eq!((child.received, child.stored, child.points), (1, 1, 1));
    raw.publish("v1/gateway/telemetry", br#"{"bad-1":[{"speed":3}]}"#, 1, 3);
    let (code, words) = raw.ack();
    assert_eq!((code, words.as_str()), (0x87, "unknown-device: bad-1: bad-1"));
    raw.publish("v1/gateway/telemetry", br#"{"robot-a":[{"colour":3}],"robot-new":[{"speed":4}]}"#, 1, 4);
    assert_eq!(raw.ack().0, 0);
    assert_eq!(bench.counted("robot-a").rejected, [(things::Reason::UnknownProperty, 1)]);
    raw.publish("v1/gateway/connect", br#"{"device":"robot-b","type":"press"}"#, 1, 5);
    assert_eq!(raw.ack().0, 0);
    assert!(bench.directory.child("gateway-1", "robot-b").is_some());
    // A command to a device behind it, and the answer.
    raw.subscribe("v1/gateway/rpc");
    assert_eq!(bench.listener.send_command("robot-b", 5, "home", b"{}"), Reached::Sent);
    let (topic, payload) = raw.message();
    assert_eq!(topic, "v1/gateway/rpc");
    let said: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(said, serde_json::json!({"device":"robot-b","data":{"id":5,"method":"home","params":{}}}));
    raw.publish("v1/gateway/rpc", br#"{"device":"robot-b","id":5,"data":{"ok":true}}"#, 1, 6);
    assert_eq!(raw.ack().0, 0);
    assert_eq!(slice.replies.lock().unwrap()[..], [("robot-b".into(), 5, "{\"ok\":true}".into())]);
    bench.listener.stop().await;
}

fn birth(bd_seq: u64) -> Vec<u8> {
    let mut bd = metric("bdSeq", &kernel::Value::Number(bd_seq as f64), DataType::UInt64, 1_700_000_000_000);
    bd.alias = None;
    let mut speed = metric("speed", &kernel::Value::Number(5.0), DataType::Double, 1_700_000_000_000);
    speed.alias = Some(3);
    encode(&Payload { timestamp: Some(1_700_000_000_000), metrics: vec![bd, speed], seq: Some(0) })
}

fn data(seq: u64, value: f64, at_ms: u64) -> Vec<u8> {
    let mut speed = metric("speed", &kernel::Value::Number(value), DataType::Double, at_ms);
    (speed.alias, speed.name) = (Some(3), None);
    encode(&Payload { timestamp: Some(at_ms), metrics: vec![speed], seq: Some(seq) })
}

fn death(bd_seq: u64) -> Vec<u8> {
    let bd = metric("bdSeq", &kernel::Value::Number(bd_seq as f64), DataType::UInt64, 1_700_000_000_000);
    encode(&Payload { timestamp: Some(1_700_000_000_000), metrics: vec![bd], seq: None })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sparkplug_node_is_born_speaks_by_alias_misses_a_message_and_dies() {
    let (bench, _) = start_with_slice().await;
    let to = bench.listener.local_addr();
    let will = death(1);
    let hello = Hello {
        client_id: "n",
        user: "token-press-1",
        will: Some(("spBv1.0/plant/NDEATH/press-1", &will)),
        ..Hello::default()
    };
    let (mut raw, _) = Raw::hello(to, V311, &hello);
    raw.subscribe("spBv1.0/STATE/yunjin");
    let (topic, state) = raw.message();
    assert_eq!(topic, "spBv1.0/STATE/yunjin");
    assert!(String::from_utf8(state).unwrap().starts_with("{\"online\":true"), "retained STATE");
    raw.subscribe("spBv1.0/plant/NCMD/press-1");
    // SB-1: before its birth it is not understood, and asked to be born.
    raw.publish("spBv1.0/plant/NDATA/press-1", &data(1, 1.0, 1_700_000_000_001), 0, 0);
    assert_eq!(raw.message().0, "spBv1.0/plant/NCMD/press-1");
    raw.publish("spBv1.0/plant/NBIRTH/press-1", &birth(1), 0, 0);
    raw.publish("spBv1.0/plant/NDATA/press-1", &data(1, 6.0, 1_700_000_000_010), 0, 0);
    raw.publish("spBv1.0/plant/NDATA/press-1", &data(5, 7.0, 1_700_000_000_020), 0, 0);
    until("three readings", || bench.readings("press-1", "speed").len() == 3).await;
    let readings = bench.readings("press-1", "speed");
    assert_eq!(readings[1].quality, Quality::Good);
    assert_eq!(readings[2].quality, Quality::Uncertain, "a message was missed");
    // A device behind the node that nobody registered is.
    raw.publish("spBv1.0/plant/NBIRTH/press-1", &birth(1), 0, 0);
    drop(raw);
    until("dead", || bench.readings("press-1", "speed").last().is_some_and(|p| p.quality == Quality::Bad)).await;
    let stopping: Listener = bench.listener;
    stopping.stop().await;
}
