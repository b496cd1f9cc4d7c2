//! The figures of a history, counted by hand.

use isa18::{Cause, Event, FLOOD_WINDOW_US, Kpi, Priority, SECOND_US, STANDING_US, State, kpi};

const HOUR_US: i64 = 3_600 * SECOND_US;

fn event(alarm: &str, at_s: i64, cause: Cause) -> Event {
    let (from, to) = match cause {
        Cause::Occurs => (State::Normal, State::Unacknowledged),
        Cause::Returns => (State::Unacknowledged, State::ReturnedUnacknowledged),
        _ => (State::Unacknowledged, State::Acknowledged),
    };
    Event { alarm_id: alarm.into(), at_us: at_s * SECOND_US, cause, from, to, priority: Priority::High }
}

fn of(events: &[Event], hours: i64) -> Kpi {
    kpi(events, 0, hours * HOUR_US, 2, 10)
}

#[test]
fn rates_are_per_operator() {
    let events: Vec<_> = (0..24).map(|i| event(&format!("a{i}"), i * 300, Cause::Occurs)).collect();
    let k = of(&events, 2);
    assert_eq!((k.annunciated, k.per_operator_hour, k.per_operator_10min), (24, 6.0, 1.0));
    assert_eq!(k.peak_10min, 2);
    assert!(k.floods.is_empty());
    assert_eq!(k.by_priority, [0, 0, 24, 0]);
}

#[test]
fn a_flood_begins_over_ten_and_ends_under_five_in_ten_minutes() {
    // 11 alarms, one a second; then one every 100 s, six in ten minutes: still a flood. Then silence.
    let mut at: Vec<i64> = (0..11).collect();
    at.extend((1..=10).map(|i| 10 + i * 100));
    let events: Vec<_> = at.iter().map(|s| event(&format!("a{s}"), *s, Cause::Occurs)).collect();
    let k = of(&events, 2);
    assert_eq!(k.floods.len(), 1);
    let flood = k.floods[0];
    assert_eq!((flood.from_us, flood.count), (0, 21));
    // The fifth last came at 610 s; when it leaves the window four remain.
    assert_eq!(flood.to_us, 610 * SECOND_US + FLOOD_WINDOW_US);
    assert_eq!(k.peak_10min, 16);
    let ten: Vec<_> = (0..10).map(|s| event("a", s, Cause::Occurs)).collect();
    assert!(of(&ten, 1).floods.is_empty(), "ten are not more than ten");
}

#[test]
fn chattering_fleeting_and_standing_alarms_are_told_apart() {
    let mut events = Vec::new();
    for i in 0..3 {
        events.push(event("chatter", i * 25, Cause::Occurs));
        events.push(event("chatter", i * 25 + 5, Cause::Returns));
    }
    events.push(event("slow", 100, Cause::Occurs));
    events.push(event("slow", 111, Cause::Returns));
    events.push(event("stands", 200, Cause::Occurs));
    let k = of(&events, 24 + 1);
    assert_eq!((k.chattering, k.fleeting), (1, 3));
    assert_eq!(k.standing, ["stands"]);
    assert!(k.standing.len() == 1 && 25 * HOUR_US - 200 * SECOND_US > STANDING_US);
    let first = &k.bad_actors[0];
    assert_eq!((first.alarm_id.as_str(), first.count, first.chattering, first.fleeting), ("chatter", 3, 1, 3));
    assert_eq!(k.bad_actor_share, 1.0);
}

#[test]
fn the_time_to_acknowledge_is_measured_and_the_never_seen_are_counted() {
    let mut events = Vec::new();
    for i in 1..=10 {
        events.push(event(&format!("a{i}"), i, Cause::Occurs));
        events.push(event(&format!("a{i}"), i + i * 10, Cause::Acknowledge));
    }
    events.push(event("unseen", 500, Cause::Occurs));
    events.sort_by_key(|e| e.at_us);
    let k = of(&events, 1);
    assert_eq!(k.acknowledge_p50_us, Some(50 * SECOND_US));
    assert_eq!(k.acknowledge_p90_us, Some(90 * SECOND_US));
    assert_eq!(k.acknowledge_max_us, Some(100 * SECOND_US));
    assert_eq!(k.never_acknowledged, 1);
    assert_eq!(of(&[], 1), Kpi::default());
}
