//! CONNECT, CONNACK, DISCONNECT, keep-alive.

use std::sync::Arc;

use mqtt::{Connection, Event, Limits, Reason};
use mqtt_protocol_core::mqtt::packet::{Property, v3_1_1, v5_0};
use mqtt_protocol_core::mqtt::result_code::ConnectReasonCode;

use crate::common::*;

fn refused(bytes: &[u8]) -> (Reason, Vec<u8>) {
    let mut machine = Connection::new(Arc::new(limits()), 0);
    let reason = closes(&mut machine, bytes);
    (reason, sent(&mut machine))
}

#[test]
fn the_first_packet_is_connect_and_there_is_one() {
    // [MQTT-3.1.0-1]
    for bytes in [packet(0xc0, &[]), publish(mqtt::Version::V5, 0, "a", None, &[], b""), packet(0xe0, &[])] {
        assert_eq!(refused(&bytes), (Reason::ProtocolError, vec![]));
    }
    // [MQTT-3.1.0-2]
    assert_eq!(closes(&mut open5(), &connect5(CLEAN, &[], "c", &[])), Reason::ProtocolError);
}

#[test]
fn a_version_that_is_not_spoken_is_said() {
    // [MQTT-3.1.2-2]: MQTT 3.1, and one of the future.
    let mut old = b"\0\x06MQIsdp\x03\x02\0\x3c".to_vec();
    text(&mut old, "c");
    assert_eq!(refused(&packet(0x10, &old)), (Reason::UnsupportedProtocolVersion, vec![0x20, 2, 0, 1]));
    let mut new = connect5(CLEAN, &[], "c", &[]);
    new[8] = 6;
    let (reason, said) = refused(&new);
    assert_eq!(reason, Reason::UnsupportedProtocolVersion);
    let (connack, _) = v5_0::Connack::parse(&said[2..]).unwrap();
    assert_eq!(connack.reason_code(), ConnectReasonCode::UnsupportedProtocolVersion);
}

#[test]
fn flags_that_contradict_each_other_are_malformed() {
    // [MQTT-3.1.2-3] reserved; [MQTT-3.1.2-11 … -13] QoS 3, or QoS or retain without a will.
    for flags in [CLEAN | 1, CLEAN | 4 | 0x18, CLEAN | 0x08, CLEAN | 0x20] {
        assert_eq!(refused(&connect5(flags, &[], "c", &[])).0, Reason::MalformedPacket, "{flags:08b}");
        assert_eq!(refused(&connect4(flags, "c", &[])).0, Reason::MalformedPacket, "{flags:08b}");
    }
}

#[test]
fn strings_are_utf_8_without_nul() {
    // [MQTT-1.5.4-1] [MQTT-1.5.4-2]
    let mut bytes = connect5(CLEAN, &[], "abc", &[]);
    let last = bytes.len() - 1;
    bytes[last] = 0xff;
    assert!(matches!(refused(&bytes).0, Reason::MalformedPacket | Reason::ClientIdNotValid));
    bytes[last] = 0;
    assert_eq!(refused(&bytes).0, Reason::MalformedPacket);
}

#[test]
fn enhanced_authentication_is_refused_by_name() {
    // [MQTT-4.12.0-1]
    let (reason, said) = refused(&connect5(CLEAN, &[0x15, 0, 1, b'x'], "c", &[]));
    assert_eq!(reason, Reason::BadAuthenticationMethod);
    let (connack, _) = v5_0::Connack::parse(&said[2..]).unwrap();
    assert_eq!(connack.reason_code(), ConnectReasonCode::BadAuthenticationMethod);
}

#[test]
fn a_3_1_1_client_without_an_identifier_starts_clean() {
    // [MQTT-3.1.3-8] of 3.1.1
    assert_eq!(refused(&connect4(0, "", &[])), (Reason::ClientIdNotValid, vec![0x20, 2, 0, 2]));
}

#[test]
fn connack_tells_what_is_expected_of_the_client() {
    let mut machine = Connection::new(Arc::new(limits()), 0);
    // Session expiry for ever, keep-alive 0.
    let mut bytes = connect5(CLEAN, &[0x11, 0xff, 0xff, 0xff, 0xff], "", &[]);
    bytes[10..12].copy_from_slice(&[0, 0]);
    let Some(Event::Connect(asked)) = machine.step(&bytes, 0).event else { panic!() };
    machine.accept(*asked, None, Some("given"), 0);
    let said = sent(&mut machine);
    let (connack, _) = v5_0::Connack::parse(&said[2..]).unwrap();
    assert!(!connack.session_present()); // [MQTT-3.2.2-2]
    let has = |f: &dyn Fn(&Property) -> bool| connack.props().iter().any(f);
    assert!(has(&|p| matches!(p, Property::AssignedClientIdentifier(p) if p.val() == "given"))); // [MQTT-3.2.2-16]
    assert!(has(&|p| matches!(p, Property::ServerKeepAlive(p) if p.val() == 600))); // [MQTT-3.2.2-21]
    assert!(has(&|p| matches!(p, Property::SessionExpiryInterval(p) if p.val() == 7 * 86_400)));
    assert!(has(&|p| matches!(p, Property::ReceiveMaximum(p) if p.val() == 4)));
    assert!(has(&|p| matches!(p, Property::TopicAliasMaximum(p) if p.val() == 3)));
    assert!(has(&|p| matches!(p, Property::SharedSubscriptionAvailable(p) if p.val() == 0)));
    let mut old = opened(&connect4(CLEAN, "c", &[]), None);
    let (connack, _) = v3_1_1::Connack::parse(&sent(&mut old)[2..]).unwrap();
    assert!(!connack.session_present());
}

#[test]
fn who_is_silent_for_one_and_a_half_of_its_keep_alive_is_late() {
    // [MQTT-3.1.2-22]
    let mut machine = open5();
    assert_eq!(machine.deadline_ms(), Some(90_000));
    machine.step(&packet(0xc0, &[]), 5_000);
    assert_eq!(machine.deadline_ms(), Some(95_000));
    assert_eq!(sent(&mut machine), [0xd0, 0]); // [MQTT-3.12.4-1]
}

#[test]
fn a_stranger_gets_less_room_and_an_announced_size_is_enough_to_refuse() {
    let limits = Limits { packet_bytes_max: 1000, connect_bytes_max: 100, ..Limits::default() };
    let mut machine = Connection::new(Arc::new(limits.clone()), 0);
    assert_eq!(closes(&mut machine, &[0x10, 0x80, 1]), Reason::PacketTooLarge);
    let mut machine = Connection::new(Arc::new(limits), 0);
    let Some(Event::Connect(asked)) = machine.step(&connect5(CLEAN, &[], "c", &[]), 0).event else { panic!() };
    machine.accept(*asked, None, None, 0);
    machine.output().clear();
    // 256 MiB less one byte, of which nothing is there yet.
    assert_eq!(closes(&mut machine, &[0x30, 0xff, 0xff, 0xff, 0x7f]), Reason::PacketTooLarge);
    let said = sent(&mut machine);
    let (goodbye, _) = v5_0::Disconnect::parse(&said[2..]).unwrap();
    assert_eq!(goodbye.reason_code().map(|r| r as u8), Some(0x95));
}

#[test]
fn a_length_is_at_most_four_bytes_and_not_longer_than_it_needs() {
    // [MQTT-1.5.5-1]
    assert_eq!(closes(&mut open5(), &[0x30, 0xff, 0xff, 0xff, 0xff, 1]), Reason::MalformedPacket);
    assert_eq!(closes(&mut open5(), &[0xc0, 0x80, 0]), Reason::MalformedPacket);
}

#[test]
fn flags_of_the_fixed_header_are_as_they_must_be() {
    // [MQTT-2.1.3-1]
    for first in [0x01, 0x00, 0x11, 0x80, 0xa0, 0x60, 0xc1, 0xe1, 0x41, 0x36, 0x37, 0x38] {
        assert_eq!(closes(&mut open5(), &[first, 0]), Reason::MalformedPacket, "{first:#x}");
    }
}

#[test]
fn what_is_the_servers_to_send_is_a_protocol_error() {
    for first in [0x20, 0x90, 0xb0, 0xd0, 0xf0] {
        assert_eq!(closes(&mut open5(), &[first, 0]), Reason::ProtocolError, "{first:#x}");
    }
    assert_eq!(closes(&mut open4(), &[0xf0, 0]), Reason::MalformedPacket);
}

#[test]
fn each_packet_type_with_a_broken_body_closes_the_connection() {
    for (first, body) in [
        (0x30, &[0_u8, 9, b'a'][..]),         // PUBLISH: a topic longer than the packet
        (0x40, &[0]),                         // PUBACK: half an identifier
        (0x50, &[0, 0]),                      // PUBREC: identifier 0
        (0x62, &[0, 1, 0, 5, 1]),             // PUBREL: properties longer than the packet
        (0x70, &[0, 1, 0, 2, 0x21, 0]),       // PUBCOMP: another packet's property
        (0x82, &[0, 1, 0]),                   // SUBSCRIBE: no filter
        (0x82, &[0, 0, 0, 0, 1, b'a', 0]),    // SUBSCRIBE: identifier 0
        (0x82, &[0, 1, 0, 0, 1, b'a', 0x03]), // SUBSCRIBE: QoS 3
        (0xa2, &[0, 1, 0]),                   // UNSUBSCRIBE: no filter
        (0xc0, &[1]),                         // PINGREQ: a body
        (0xe0, &[0x04, 1, 0x21]),             // DISCONNECT: another packet's property
    ] {
        let mut machine = open5();
        let reason = closes(&mut machine, &packet(first, body));
        assert!(matches!(reason, Reason::MalformedPacket | Reason::ProtocolError), "{first:#x}: {reason:?}");
        assert_eq!(sent(&mut machine)[0], 0xe0, "version 5 is told"); // [MQTT-4.13.1-1]
        // MQ-4: nothing is taken after an error.
        let ping = packet(0xc0, &[]);
        let step = machine.step(&ping, 0);
        assert!(step.consumed == 0 && step.event.is_none());
    }
}

#[test]
fn a_will_is_said_unless_the_client_takes_leave() {
    let will = {
        let mut rest = vec![0]; // will properties
        text(&mut rest, "v1/devices/me/telemetry");
        text(&mut rest, "{\"running\":false}");
        rest
    };
    let connect = connect5(CLEAN | 4 | 0x08, &[], "c", &will);
    let gone = opened(&connect, None);
    let said = gone.finish().2.unwrap();
    assert_eq!((said.qos, said.topic.as_str()), (1, "v1/devices/me/telemetry")); // [MQTT-3.1.2-8]
    for (goodbye, stays) in [(packet(0xe0, &[]), false), (packet(0xe0, &[0x04]), true)] {
        // [MQTT-3.14.4-3]; 0x04: disconnect with will
        let mut machine = opened(&connect, None);
        assert!(matches!(machine.step(&goodbye, 0).event, Some(Event::Closed(c)) if c.by_client));
        assert_eq!(machine.finish().2.is_some(), stays);
    }
}

#[test]
fn a_session_that_was_to_end_cannot_be_made_to_live_on() {
    // 3.14.2.2.2
    assert_eq!(closes(&mut open5(), &packet(0xe0, &[0, 5, 0x11, 0, 0, 0, 9])), Reason::ProtocolError);
}
