//! Arbitrary bytes, arbitrary cuts, and the crate's codec as judge.

use std::sync::Arc;

use mqtt::{Connection, Event, Reason, Version, publish_bytes};
use mqtt_protocol_core::mqtt::packet::{v3_1_1, v5_0};
use proptest::prelude::*;

use crate::common::*;

/// What came of the bytes, read in pieces that end at `cuts`.
fn run(bytes: &[u8], cuts: &[usize]) -> (Vec<String>, Vec<u8>) {
    let mut machine = Connection::new(Arc::new(limits()), 0);
    let (mut events, mut said, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    let mut ends: Vec<usize> = cuts.iter().map(|c| c % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut from = 0;
    for end in ends {
        rest.extend_from_slice(&bytes[from..end]);
        from = end;
        let mut at = 0;
        loop {
            let step = machine.step(&rest[at..], 0);
            at += step.consumed;
            match step.event {
                None => break,
                Some(Event::Connect(asked)) => {
                    events.push(format!("{asked:?}"));
                    machine.accept(*asked, None, None, 0);
                }
                Some(Event::Publish(publish)) => {
                    events.push(format!("{publish:?}"));
                    if let Some(ticket) = publish.ticket {
                        machine.answer(ticket, Reason::Success, None);
                    }
                }
                Some(Event::Subscribe(asked)) => {
                    machine.subscribe(asked, |_| Ok(()));
                    events.push(format!("{:?}", machine.session().subscriptions()));
                }
                Some(Event::Closed(closing)) => events.push(format!("{closing:?}")),
            }
        }
        rest.drain(..at);
        // MQ-5: never more than one packet is held back.
        assert!(machine.is_closed() || rest.len() < (1 << 20) + 5);
        said.append(machine.output());
    }
    (events, said)
}

fn whole_packet() -> impl Strategy<Value = Vec<u8>> {
    let topic = prop_oneof![Just("v1/devices/me/telemetry"), Just("a"), Just(""), Just("a/#")];
    let publishes = (topic, 0..3_u8, any::<u16>(), prop::collection::vec(any::<u8>(), 0..40), 0..5_u8).prop_map(
        |(topic, qos, id, payload, alias)| {
            let properties = if alias > 0 { vec![0x23, 0, alias] } else { vec![] };
            publish(Version::V5, qos << 1, topic, (qos > 0).then_some(id), &properties, &payload)
        },
    );
    prop_oneof![
        4 => publishes,
        1 => (any::<u16>(), 0..64_u8).prop_map(|(id, options)| subscribe(Version::V5, id, "a/+", options)),
        1 => (prop::sample::select(vec![0x40, 0x50, 0x62, 0x70]), any::<u16>()).prop_map(|(k, id)| packet(k, &id.to_be_bytes())),
        1 => Just(packet(0xc0, &[])),
        1 => (any::<u8>(), prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(first, body)| packet(first, &body)),
    ]
}

fn conversation() -> impl Strategy<Value = Vec<u8>> {
    let connects = prop_oneof![
        5 => Just(connect5(CLEAN, &[], "c", &[])),
        1 => Just(connect4(CLEAN, "c", &[])),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(|b| packet(0x10, &b)),
    ];
    (connects, prop::collection::vec(whole_packet(), 0..12)).prop_map(|(c, rest)| [vec![c], rest].concat().concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// MQ-3
    #[test]
    fn cutting_the_bytes_anywhere_changes_nothing(bytes in conversation(), cuts: Vec<usize>) {
        prop_assert_eq!(run(&bytes, &cuts), run(&bytes, &[]));
    }

    /// MQ-4
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), connected: bool, cuts: Vec<usize>) {
        let all = if connected { [connect5(CLEAN, &[], "c", &[]), bytes].concat() } else { bytes };
        run(&all, &cuts);
    }

    /// One byte of a conversation is another: it goes on or ends, and says so.
    #[test]
    fn a_flipped_byte_does_not_make_it_panic(bytes in conversation(), at: prop::sample::Index, with: u8) {
        let mut bytes = bytes;
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        run(&bytes, &[]);
    }

    /// What the crate reads of a PUBLISH, we read; what it refuses, we refuse.
    #[test]
    fn our_publish_agrees_with_the_crates(first in 0..16_u8, body in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        whole_packet().prop_map(|p| p[2..].to_vec()),
    ]) {
        let bytes = packet(0x30 | first, &body);
        let mut machine = open5();
        let step = machine.step(&bytes, 0);
        let theirs = v5_0::Publish::parse(first, Arc::from(body.as_slice()));
        match (step.event, theirs) {
            (Some(Event::Publish(ours)), Ok((theirs, _))) => {
                if !theirs.topic_name().is_empty() {
                    prop_assert_eq!(ours.topic.as_str(), theirs.topic_name());
                }
                prop_assert_eq!(ours.payload, theirs.payload().as_slice());
                prop_assert_eq!(ours.qos, theirs.qos() as u8);
                prop_assert_eq!((ours.retain, ours.dup), (theirs.retain(), theirs.dup()));
            }
            (Some(Event::Publish(ours)), Err(e)) => prop_assert!(false, "we took {:?}, the crate said {:?}", ours, e),
            // We check more than it does: aliases, identifiers, flags, wildcards.
            (_, _) => {}
        }
    }

    /// What we write, the crate reads the same.
    #[test]
    fn the_crate_reads_what_we_write(topic in "[a-z/]{1,40}", payload: Vec<u8>, qos in 0..3_u8, id in 1..u16::MAX) {
        for version in [Version::V5, Version::V311] {
            let bytes = publish_bytes(version, &topic, &payload, qos, id);
            let start = 1 + bytes[1..].iter().position(|b| b & 0x80 == 0).unwrap() + 1;
            let body: Arc<[u8]> = Arc::from(&bytes[start..]);
            let (name, got, packet_id) = match version {
                Version::V5 => {
                    let (p, _) = v5_0::Publish::parse(bytes[0] & 15, body).unwrap();
                    (p.topic_name().to_owned(), p.payload().as_slice().to_vec(), p.packet_id())
                }
                Version::V311 => {
                    let (p, _) = v3_1_1::Publish::parse(bytes[0] & 15, body).unwrap();
                    (p.topic_name().to_owned(), p.payload().as_slice().to_vec(), p.packet_id())
                }
            };
            prop_assert_eq!((name, got), (topic.clone(), payload.clone()));
            prop_assert_eq!(packet_id, (qos > 0).then_some(id));
        }
    }
}
