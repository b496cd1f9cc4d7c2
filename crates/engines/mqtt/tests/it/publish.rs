//! PUBLISH from the client and what it is owed.

use mqtt::{Connection, Event, Publish, Reason, Ticket, Version};
use mqtt_protocol_core::mqtt::packet::{Property, v5_0};

use crate::common::*;

const UP: &str = "v1/devices/me/telemetry";

fn taken<'a>(machine: &mut Connection, bytes: &'a [u8]) -> Publish<'a> {
    let step = machine.step(bytes, 0);
    assert_eq!(step.consumed, bytes.len());
    match step.event {
        Some(Event::Publish(publish)) => publish,
        other => panic!("{other:?}"),
    }
}

fn qos(version: Version, qos: u8, id: u16) -> Vec<u8> {
    publish(version, qos << 1, UP, Some(id), &[], b"{}")
}

#[test]
fn nothing_is_acknowledged_before_the_host_answers_and_then_in_order() {
    // MQ-1, MQ-2; [MQTT-4.6.0-2]
    let mut machine = open5();
    let tickets: Vec<Ticket> =
        [7, 5, 6].map(|id| taken(&mut machine, &qos(Version::V5, 1, id)).ticket.unwrap()).to_vec();
    assert!(sent(&mut machine).is_empty());
    machine.answer(tickets[2], Reason::Success, None);
    machine.answer(tickets[1], Reason::Success, None);
    assert!(sent(&mut machine).is_empty(), "the first is not answered");
    machine.answer(tickets[0], Reason::Success, None);
    assert_eq!(sent(&mut machine), [0x40, 2, 0, 7, 0x40, 2, 0, 5, 0x40, 2, 0, 6]);
}

#[test]
fn of_two_answers_the_first_counts() {
    let mut machine = open5();
    let first = taken(&mut machine, &qos(Version::V5, 1, 1)).ticket.unwrap();
    let second = taken(&mut machine, &qos(Version::V5, 1, 2)).ticket.unwrap();
    machine.answer(second, Reason::PayloadFormatInvalid, None);
    machine.answer_all(first.0..second.0 + 1, Reason::Success);
    assert_eq!(sent(&mut machine), [0x40, 2, 0, 1, 0x40, 3, 0, 2, 0x99]);
}

#[test]
fn qos_0_has_no_ticket() {
    let bytes = publish(Version::V5, 0, UP, None, &[], b"{}");
    assert_eq!(taken(&mut open5(), &bytes).ticket, None);
}

#[test]
fn a_refusal_has_its_reason_unless_the_client_wants_none() {
    // [MQTT-3.1.2-29]: request problem information 0.
    for (properties, has_string) in [(&[][..], true), (&[0x17, 0], false)] {
        let mut machine = opened(&connect5(CLEAN, properties, "c", &[]), None);
        machine.output().clear();
        let ticket = taken(&mut machine, &qos(Version::V5, 1, 300)).ticket.unwrap();
        machine.answer(ticket, Reason::QuotaExceeded, Some("slow down"));
        let said = sent(&mut machine);
        let (ack, _) = v5_0::Puback::parse(&said[2..]).unwrap();
        assert_eq!((ack.packet_id(), ack.reason_code().map(|r| r as u8)), (300, Some(0x97)));
        let string =
            ack.props().iter().flatten().any(|p| matches!(p, Property::ReasonString(s) if s.val() == "slow down"));
        assert_eq!(string, has_string);
    }
    // 3.1.1 has no other word.
    let mut machine = open4();
    let ticket = taken(&mut machine, &qos(Version::V311, 1, 3)).ticket.unwrap();
    machine.answer(ticket, Reason::QuotaExceeded, Some("slow down"));
    assert_eq!(sent(&mut machine), [0x40, 2, 0, 3]);
}

#[test]
fn qos_2_is_handed_on_once_until_it_is_released() {
    // [MQTT-4.3.3-8 … -13]
    for version in [Version::V5, Version::V311] {
        let mut machine = if version == Version::V5 { open5() } else { open4() };
        let ticket = taken(&mut machine, &qos(version, 2, 8)).ticket.unwrap();
        let again = publish(version, 0b1100, UP, Some(8), &[], b"{}");
        assert!(machine.step(&again, 0).event.is_none(), "it is on its way");
        machine.answer(ticket, Reason::Success, None);
        assert_eq!(sent(&mut machine), [0x50, 2, 0, 8]);
        assert!(machine.step(&again, 0).event.is_none(), "it was received");
        assert_eq!(sent(&mut machine), [0x50, 2, 0, 8]);
        assert!(machine.step(&packet(0x62, &[0, 8]), 0).event.is_none());
        assert_eq!(sent(&mut machine), [0x70, 2, 0, 8]);
        assert!(taken(&mut machine, &qos(version, 2, 8)).ticket.is_some(), "the identifier is free again");
    }
}

#[test]
fn a_qos_2_message_that_was_refused_needs_no_release() {
    let mut machine = open5();
    let ticket = taken(&mut machine, &qos(Version::V5, 2, 8)).ticket.unwrap();
    machine.answer(ticket, Reason::PayloadFormatInvalid, None);
    assert_eq!(sent(&mut machine), [0x50, 3, 0, 8, 0x99]);
    assert!(taken(&mut machine, &qos(Version::V5, 2, 8)).ticket.is_some());
}

#[test]
fn a_release_of_what_was_never_sent_is_named() {
    let mut machine = open5();
    machine.step(&packet(0x62, &[0, 8]), 0);
    assert_eq!(sent(&mut machine), [0x70, 3, 0, 8, 0x92]); // packet identifier not found
}

#[test]
fn more_than_the_receive_maximum_ends_the_connection() {
    // [MQTT-3.3.4-7] the limits here say 4.
    let mut machine = open5();
    let tickets: Vec<Ticket> =
        (1..=4).map(|id| taken(&mut machine, &qos(Version::V5, 1, id)).ticket.unwrap()).collect();
    machine.answer(tickets[0], Reason::Success, None);
    taken(&mut machine, &qos(Version::V5, 1, 5));
    assert_eq!(closes(&mut machine, &qos(Version::V5, 1, 6)), Reason::ReceiveMaximumExceeded);
}

#[test]
fn identifiers_and_topics_are_checked() {
    // [MQTT-2.2.1-3] [MQTT-3.3.2-2] [MQTT-4.7.3-1] [MQTT-1.5.4-1] [MQTT-1.5.4-2]
    for (bytes, reason) in [
        (qos(Version::V5, 1, 0), Reason::ProtocolError),
        (publish(Version::V5, 0, "a/+", None, &[], b""), Reason::TopicNameInvalid),
        (publish(Version::V5, 0, "a/#", None, &[], b""), Reason::TopicNameInvalid),
        (publish(Version::V5, 0, "", None, &[], b""), Reason::ProtocolError),
        (publish(Version::V5, 0, "a\0b", None, &[], b""), Reason::MalformedPacket),
        (packet(0x30, &[0, 2, 0xc3, 0x28, 0]), Reason::MalformedPacket),
        (publish(Version::V5, 0, &"t".repeat(2000), None, &[], b""), Reason::TopicNameInvalid),
    ] {
        assert_eq!(closes(&mut open5(), &bytes), reason);
    }
}

#[test]
fn properties_of_publish_are_checked() {
    for (properties, reason) in [
        (&[0x01, 2][..], Reason::ProtocolError),
        (&[0x01, 0, 0x01, 0], Reason::ProtocolError),   // twice
        (&[0x0b, 1], Reason::ProtocolError),            // [MQTT-3.3.4-6]
        (&[0x08, 0, 1, b'#'], Reason::ProtocolError),   // [MQTT-3.3.2-14]
        (&[0x11, 0, 0, 0, 0], Reason::MalformedPacket), // another packet's
        (&[0x23, 0, 0], Reason::TopicAliasInvalid),     // [MQTT-3.3.2-8]
        (&[0x23, 0, 4], Reason::TopicAliasInvalid),     // [MQTT-3.3.2-9] the limits here say 3
        (&[0x02, 0], Reason::MalformedPacket),          // cut off
    ] {
        let bytes = publish(Version::V5, 0, "a", None, properties, b"");
        assert_eq!(closes(&mut open5(), &bytes), reason, "{properties:?}");
    }
    let whole =
        [0x01, 1, 0x02, 0, 0, 0, 9, 0x03, 0, 1, b't', 0x08, 0, 1, b'r', 0x09, 0, 1, 1, 0x26, 0, 1, b'k', 0, 1, b'v'];
    let bytes = publish(Version::V5, 0, "a", None, &whole, b"p");
    let mut machine = open5();
    let taken = taken(&mut machine, &bytes);
    assert!(taken.is_text && taken.payload == b"p");
}

#[test]
fn an_alias_stands_for_its_topic_until_it_is_set_anew() {
    // [MQTT-3.3.2-7] [MQTT-3.3.2-12]
    let mut machine = open5();
    let alias = [0x23, 0, 2];
    let topic = |machine: &mut Connection, name: &str| {
        let bytes = publish(Version::V5, 0, name, None, &alias, b"");
        taken(machine, &bytes).topic.as_str().to_owned()
    };
    assert_eq!(topic(&mut machine, "a"), "a");
    assert_eq!(topic(&mut machine, ""), "a");
    assert_eq!(topic(&mut machine, "b"), "b");
    assert_eq!(topic(&mut machine, ""), "b");
    let unknown = publish(Version::V5, 0, "", None, &[0x23, 0, 1], b"");
    assert_eq!(closes(&mut machine, &unknown), Reason::ProtocolError);
}
