//! Messages for the client: windows, order, budgets, what survives a connection.

use std::sync::Arc;

use mqtt::{Dropped, Key, Message, Offered, Session, Sessions, Version, Will};
use mqtt_protocol_core::mqtt::packet::{Property, v5_0};

use crate::common::*;

fn message(topic: &str, payload: &[u8], qos: u8) -> Message {
    let (topic, payload) = (topic.into(), payload.into());
    Message { topic, payload, qos, retain: false, repeats: false, expires_at_ms: None }
}

/// Topic, alias and packet identifier of each PUBLISH in the bytes, read by the crate.
fn published(bytes: &[u8]) -> Vec<(String, Option<u16>, Option<u16>, bool)> {
    let (mut at, mut found) = (0, Vec::new());
    while at < bytes.len() {
        let (first, length) = (bytes[at], usize::from(bytes[at + 1]));
        let body = &bytes[at + 2..at + 2 + length];
        at += 2 + length;
        if first >> 4 == 3 {
            let (packet, _) = v5_0::Publish::parse(first & 15, Arc::from(body)).unwrap();
            let alias = packet.props().iter().find_map(|p| match p {
                Property::TopicAlias(a) => Some(a.val()),
                _ => None,
            });
            found.push((packet.topic_name().to_owned(), alias, packet.packet_id(), packet.dup()));
        }
    }
    found
}

fn ids(bytes: &[u8]) -> Vec<u16> {
    published(bytes).into_iter().filter_map(|p| p.2).collect()
}

#[test]
fn no_more_are_on_their_way_than_the_client_takes() {
    // [MQTT-3.3.4-9] receive maximum 2; [MQTT-4.6.0-5] in order
    let mut machine = opened(&connect5(CLEAN, &[0x21, 0, 2], "c", &[]), None);
    subscribed(&mut machine, Version::V5, "a", 1);
    sent(&mut machine);
    for i in 0..4_u8 {
        assert_eq!(machine.offer(&message("a", &[i], 1), false, 0), Offered::Queued);
    }
    assert_eq!(ids(&sent(&mut machine)), [1, 2]);
    machine.step(&packet(0x40, &[0, 2]), 0);
    assert_eq!(ids(&sent(&mut machine)), [3]);
    machine.step(&packet(0x40, &[0, 1]), 0);
    machine.step(&packet(0x40, &[0, 3]), 0);
    assert_eq!(ids(&sent(&mut machine)), [4]);
    machine.step(&packet(0x40, &[0, 4]), 0);
    assert_eq!(machine.session().queued_bytes(), 0);
}

#[test]
fn qos_2_goes_out_release_and_all() {
    // [MQTT-4.3.3-1 … -6]
    let mut machine = open5();
    subscribed(&mut machine, Version::V5, "a", 2);
    sent(&mut machine);
    machine.offer(&message("a", b"x", 2), false, 0);
    assert_eq!(ids(&sent(&mut machine)), [1]);
    machine.step(&packet(0x50, &[0, 1]), 0);
    assert_eq!(sent(&mut machine), [0x62, 2, 0, 1]);
    machine.step(&packet(0x70, &[0, 1]), 0);
    assert_eq!(machine.session().queued_bytes(), 0);
    // A PUBREC for what was never sent.
    machine.step(&packet(0x50, &[0, 9]), 0);
    assert_eq!(sent(&mut machine), [0x62, 3, 0, 9, 0x92]);
}

#[test]
fn a_session_that_comes_back_gets_what_was_not_settled_again_in_order() {
    // [MQTT-4.4.0-1] [MQTT-3.3.1-1] DUP, the same identifiers, in the same order
    let mut machine = opened(&connect5(CLEAN, &[0x11, 0, 0, 0, 60], "c", &[]), None);
    subscribed(&mut machine, Version::V5, "a", 2);
    sent(&mut machine);
    machine.offer(&message("a", b"1", 2), false, 0);
    machine.offer(&message("a", b"2", 1), false, 0);
    machine.offer(&message("a", b"3", 1), false, 0);
    machine.step(&packet(0x50, &[0, 1]), 0);
    machine.step(&packet(0x40, &[0, 2]), 0);
    let (session, expiry_s, _) = machine.finish();
    assert_eq!(expiry_s, 60);
    let mut back = opened(&connect5(0, &[0x11, 0, 0, 0, 60], "c", &[]), Some(session));
    let said = sent(&mut back);
    assert_eq!(said[2], 1, "session present [MQTT-3.2.2-3]");
    let after = &said[2 + usize::from(said[1])..];
    assert_eq!(&after[..4], [0x62, 2, 0, 1], "PUBREL first");
    assert_eq!(published(&after[4..]), [("a".to_owned(), None, Some(3), true)]);
    // A new message does not take an identifier that is in use [MQTT-2.2.1-4].
    back.offer(&message("a", b"4", 1), false, 0);
    assert_eq!(ids(&sent(&mut back)), [4]);
}

#[test]
fn what_is_dropped_is_counted_by_name() {
    // MQ-5: the limits here say 1000 bytes.
    let mut machine = opened(&connect5(CLEAN, &[0x21, 0, 1, 0x27, 0, 0, 0, 60], "c", &[]), None);
    subscribed(&mut machine, Version::V5, "a", 1);
    sent(&mut machine);
    assert_eq!(machine.offer(&message("b", b"", 1), false, 0), Offered::NotSubscribed);
    machine.offer(&message("a", b"1", 1), false, 0);
    let expiring = Message { expires_at_ms: Some(50), ..message("a", b"2", 1) };
    machine.offer(&expiring, false, 0);
    machine.offer(&message("a", &[0; 100], 1), false, 0); // [MQTT-3.1.2-24] larger than 60
    assert_eq!(machine.offer(&message("a", &[0; 700], 1), false, 0), Offered::Dropped(Dropped::Budget));
    machine.step(&packet(0x40, &[0, 1]), 100);
    let session = machine.session();
    assert_eq!(Dropped::ALL.map(|why| session.dropped(why)), [1, 0, 1, 1]);
    assert_eq!(session.queued_bytes(), 0);
}

#[test]
fn what_is_left_of_an_expiry_goes_with_the_message() {
    // [MQTT-3.3.2-6]
    let mut machine = open5();
    subscribed(&mut machine, Version::V5, "a", 0);
    sent(&mut machine);
    machine.offer(&Message { expires_at_ms: Some(9_500), ..message("a", b"", 0) }, false, 1_000);
    let said = sent(&mut machine);
    let (packet, _) = v5_0::Publish::parse(said[0] & 15, Arc::from(&said[2..])).unwrap();
    assert!(packet.props().iter().any(|p| matches!(p, Property::MessageExpiryInterval(e) if e.val() == 9)));
}

#[test]
fn a_topic_that_repeats_gets_an_alias_if_the_client_takes_some() {
    // [MQTT-3.1.2-26]
    let mut machine = opened(&connect5(CLEAN, &[0x22, 0, 1], "c", &[]), None);
    subscribed(&mut machine, Version::V5, "#", 0);
    sent(&mut machine);
    let repeats = |topic: &str| Message { repeats: true, ..message(topic, b"x", 0) };
    for topic in ["long/topic", "long/topic", "other"] {
        machine.offer(&repeats(topic), false, 0);
    }
    let topics: Vec<_> = published(&sent(&mut machine)).into_iter().map(|p| (p.0, p.1)).collect();
    assert_eq!(topics, [("long/topic".to_owned(), Some(1)), (String::new(), Some(1)), ("other".to_owned(), None)]);
}

#[test]
fn one_message_comes_once_with_the_highest_quality_and_not_to_its_sender() {
    // [MQTT-3.3.5-1]; no local [MQTT-3.8.3-3]
    let mut machine = open5();
    subscribed(&mut machine, Version::V5, "a", 0);
    subscribed(&mut machine, Version::V5, "+", 1);
    sent(&mut machine);
    machine.offer(&message("a", b"", 2), false, 0);
    assert_eq!(ids(&sent(&mut machine)), [1]);
    let mut machine = open5();
    subscribed(&mut machine, Version::V5, "a", 0b101);
    assert_eq!(machine.offer(&message("a", b"", 1), true, 0), Offered::NotSubscribed);
    assert_eq!(machine.offer(&message("a", b"", 1), false, 0), Offered::Queued);
}

fn key(device: &str) -> Key {
    Key { device: device.into(), client_id: "c".into() }
}

fn session_on(filter: &str) -> Session {
    let mut machine = open5();
    subscribed(&mut machine, Version::V5, filter, 1);
    machine.finish().0
}

#[test]
fn a_session_waits_for_its_client_and_takes_messages_meanwhile() {
    let mut sessions = Sessions::new(10);
    assert_eq!(sessions.park(key("d"), session_on("a"), 60, None, 0), None);
    assert_eq!(sessions.offer("d", &message("a", b"x", 1), 1000), Offered::Queued);
    assert_eq!(sessions.offer("d", &message("a", b"x", 0), 1000), Offered::Dropped(Dropped::Offline));
    assert_eq!(sessions.offer("d", &message("a", &[0; 2000], 1), 1000), Offered::Dropped(Dropped::Budget));
    assert_eq!(sessions.offer("other", &message("a", b"x", 1), 1000), Offered::NotSubscribed);
    let (session, _) = sessions.take(&key("d"), false, 59_000);
    assert!(session.is_some_and(|s| s.queued_bytes() > 0));
    // [MQTT-3.1.2-4] clean start; and an expired one is gone.
    sessions.park(key("d"), session_on("a"), 60, None, 0);
    assert!(sessions.take(&key("d"), true, 0).0.is_none());
    sessions.park(key("d"), session_on("a"), 60, None, 0);
    assert!(sessions.take(&key("d"), false, 60_000).0.is_none());
    // [MQTT-3.1.2-23] expiry 0 ends with the connection.
    sessions.park(key("d"), session_on("a"), 0, None, 0);
    assert!(sessions.is_empty());
}

#[test]
fn a_will_waits_for_its_delay_or_the_end_of_its_session() {
    // [MQTT-3.1.3-9]
    let will = |delay_s| Some(Will { topic: "t".into(), payload: vec![], qos: 0, retain: false, delay_s });
    let mut sessions = Sessions::new(10);
    assert_eq!(sessions.park(key("a"), Session::default(), 60, will(0), 0), will(0), "at once");
    assert_eq!(sessions.park(key("b"), Session::default(), 60, will(5), 0), None);
    assert_eq!(sessions.park(key("c"), Session::default(), 3, will(100), 0), None);
    assert_eq!(sessions.park(key("d"), Session::default(), 60, will(5), 0), None);
    assert!(sessions.take(&key("d"), false, 1_000).1.is_none(), "it is back");
    let due = |sessions: &mut Sessions, at| sessions.tick(at).into_iter().map(|(k, _)| k.device).collect::<Vec<_>>();
    assert_eq!(due(&mut sessions, 2_999), Vec::<String>::new());
    assert_eq!(due(&mut sessions, 3_000), ["c"]);
    assert_eq!(due(&mut sessions, 5_000), ["b"]);
}

#[test]
fn sessions_are_bounded_and_the_one_that_ends_soonest_makes_room() {
    let mut sessions = Sessions::new(2);
    for (device, expiry_s) in [("a", 100), ("b", 50), ("c", u32::MAX)] {
        sessions.park(key(device), Session::default(), expiry_s, None, 0);
    }
    assert_eq!((sessions.len(), sessions.evicted()), (2, 1));
    assert!(sessions.take(&key("b"), false, 0).0.is_none());
    sessions.forget("a");
    assert_eq!(sessions.len(), 1);
}
