//! SUBSCRIBE and UNSUBSCRIBE.

use mqtt::retained::{NotKept, Retained, may_retain};
use mqtt::{Event, Message, Reason, Version};

use crate::common::*;

#[test]
fn each_filter_has_its_answer() {
    // [MQTT-3.8.4-1] [MQTT-3.8.4-6]
    for (version, refused) in [(Version::V5, [0x9e, 0x8f, 0x87, 0x97]), (Version::V311, [0x80; 4])] {
        let mut machine = if version == Version::V5 { open5() } else { open4() };
        let mut body = vec![0, 3];
        if version == Version::V5 {
            body.push(0);
        }
        for (filter, qos) in [("a", 1), ("b/#", 2), ("$share/g/x", 0), ("c#", 0), ("forbidden", 0), ("d", 0), ("e", 0)]
        {
            text(&mut body, filter);
            body.push(qos);
        }
        let Some(Event::Subscribe(asked)) = machine.step(&packet(0x82, &body), 0).event else { panic!() };
        let granted = machine.subscribe(asked, |f| if f == "forbidden" { Err(Reason::NotAuthorized) } else { Ok(()) });
        assert_eq!(granted.iter().map(|g| g.filter.as_str()).collect::<Vec<_>>(), ["a", "b/#", "d"]);
        let said = sent(&mut machine);
        let codes = &said[said.len() - 7..];
        assert_eq!(codes, [1, 2, refused[0], refused[1], refused[2], 0, refused[3]], "the fourth is over the limit");
    }
}

#[test]
fn unsubscribing_is_answered_for_each_filter() {
    // [MQTT-3.10.4-4] [MQTT-3.11.3-1]
    let mut machine = open5();
    subscribed(&mut machine, Version::V5, "a", 1);
    sent(&mut machine);
    let mut body = vec![0, 4, 0];
    text(&mut body, "a");
    text(&mut body, "b");
    machine.step(&packet(0xa2, &body), 0);
    assert_eq!(sent(&mut machine), [0xb0, 5, 0, 4, 0, 0x00, 0x11]);
    assert!(machine.session().subscriptions().is_empty());
    let mut machine = open4();
    machine.step(&packet(0xa2, &[0, 4, 0, 1, b'a']), 0);
    assert_eq!(sent(&mut machine), [0xb0, 2, 0, 4]);
}

#[test]
fn subscription_identifiers_are_refused_as_connack_said() {
    let mut body = vec![0, 3, 2, 0x0b, 1];
    text(&mut body, "a");
    body.push(0);
    assert_eq!(closes(&mut open5(), &packet(0x82, &body)), Reason::SubscriptionIdsNotSupported);
}

fn message(topic: &str, payload: &[u8]) -> Message {
    let (topic, payload) = (topic.into(), payload.into());
    Message { topic, payload, qos: 0, retain: true, repeats: false, expires_at_ms: None }
}

#[test]
fn only_sparkplugs_state_and_births_are_kept_and_births_for_their_own_device() {
    assert!(may_retain("spBv1.0/STATE/yunjin") && may_retain("$sparkplug/certificates/spBv1.0/g/DBIRTH/n/d"));
    assert!(!may_retain("v1/devices/me/telemetry") && !may_retain("spBv1.0/g/NDATA/n"));
    let mut kept = Retained::new(100);
    assert_eq!(kept.keep(None, message("a", b"x")), Err(NotKept::NotSparkplug));
    kept.keep(None, message("spBv1.0/STATE/y", b"on")).unwrap();
    kept.keep(Some("d1"), message("spBv1.0/g/NBIRTH/n", b"birth")).unwrap();
    assert_eq!(kept.keep(Some("d2"), message("spBv1.0/g/NBIRTH/m", &[0; 80])), Err(NotKept::Budget));
    assert_eq!(kept.matching("d1", "spBv1.0/#").count(), 2);
    assert_eq!(kept.matching("d2", "spBv1.0/#").count(), 1);
    // [MQTT-3.3.1-6] an empty payload removes.
    kept.keep(None, message("spBv1.0/STATE/y", b"")).unwrap();
    assert_eq!(kept.matching("d2", "spBv1.0/#").count(), 0);
}

#[test]
fn a_retained_message_goes_to_a_new_subscription_as_asked() {
    // [MQTT-3.3.1-8 … -11] retain handling 0, 1, 2
    for (handling, first, second) in [(0, true, true), (1, true, false), (2, false, false)] {
        let mut machine = open5();
        for wants in [first, second] {
            let bytes = subscribe(Version::V5, 9, "a", handling << 4);
            let Some(Event::Subscribe(asked)) = machine.step(&bytes, 0).event else { panic!() };
            assert_eq!(machine.subscribe(asked, |_| Ok(()))[0].wants_retained, wants, "handling {handling}");
        }
    }
    let mut machine = open5();
    subscribed(&mut machine, Version::V5, "a", 0);
    sent(&mut machine);
    machine.offer_retained(&message("a", b"x"), 0, 0);
    assert_eq!(sent(&mut machine)[0], 0x31, "with its flag");
    machine.offer(&message("a", b"x"), false, 0);
    assert_eq!(sent(&mut machine)[0], 0x30, "[MQTT-3.3.1-12] without, as it is passed on");
}
