//! What readings and time make of a rule.

use isa18::SignalKind::{Falls, Occurs, Returns, Rises, Suppress, Unsuppress};
use isa18::{Condition, Priority, Restored, SECOND_US, Side, Step, StepWhen, Suppression, Test};
use kernel::{Quality, Value};

use crate::fixture::{Bench, above, delayed, leaf, rule};

#[test]
fn a_threshold_returns_only_beyond_its_dead_band() {
    let mut b = Bench::one(rule(leaf(above("temp", 80.0, 5.0))));
    for (s, x) in [(1, 80.0), (2, 80.1), (3, 79.0), (4, 75.1), (5, 81.0), (6, 75.0), (7, 79.9)] {
        b.read(s, "temp", x);
    }
    assert_eq!(b.said(), [(Occurs, 2), (Returns, 6)]);
    let below = Test::Threshold { property: "level".into(), side: Side::Below, limit: 10.0, dead_band: 2.0 };
    let mut b = Bench::one(rule(leaf(below)));
    for (s, x) in [(1, 10.0), (2, 9.9), (3, 11.9), (4, 12.0)] {
        b.read(s, "level", x);
    }
    assert_eq!(b.said(), [(Occurs, 2), (Returns, 4)]);
}

#[test]
fn delays_hold_back_both_ways_and_fire_at_their_own_time() {
    let mut b = Bench::one(rule(delayed(above("temp", 80.0, 0.0), 10, 5)));
    b.read(0, "temp", 90.0);
    b.read(5, "temp", 70.0);
    b.read(6, "temp", 90.0);
    b.tick(15);
    assert_eq!(b.said(), [], "the first spell lasted 5 s, the second 9 so far");
    b.tick(30);
    assert_eq!(b.said(), [(Occurs, 16)], "told late, but at the time it became due");
    b.read(31, "temp", 70.0);
    b.read(33, "temp", 90.0);
    b.read(40, "temp", 70.0);
    b.read(46, "temp", 71.0);
    assert_eq!(b.said(), [(Returns, 45)], "a reading tells what became due before it");
}

#[test]
fn a_band_is_left_or_entered() {
    let outside = |inside| Test::Band { property: "rpm".into(), low: 10.0, high: 20.0, inside, dead_band: 1.0 };
    let mut b = Bench::one(rule(leaf(outside(false))));
    for (s, x) in [(1, 20.0), (2, 20.5), (3, 19.5), (4, 19.0), (5, 9.9), (6, 10.9), (7, 11.0)] {
        b.read(s, "rpm", x);
    }
    assert_eq!(b.said(), [(Occurs, 2), (Returns, 4), (Occurs, 5), (Returns, 7)]);
    let mut b = Bench::one(rule(leaf(outside(true))));
    for (s, x) in [(1, 9.0), (2, 10.0), (3, 9.5), (4, 21.0), (5, 21.1)] {
        b.read(s, "rpm", x);
    }
    assert_eq!(b.said(), [(Occurs, 2), (Returns, 5)]);
}

#[test]
fn a_rate_is_measured_over_its_span_not_between_noisy_neighbours() {
    let test =
        Test::Rate { property: "temp".into(), side: Side::Above, limit: 5.0, per_s: 60, over_s: 30, dead_band: 1.0 };
    let mut b = Bench::one(rule(leaf(test)));
    // A spike of one second is 60 a minute between neighbours, but nothing over half a minute.
    for s in 0..120 {
        b.read(s, "temp", if s == 45 { 21.0 } else { 20.0 });
    }
    assert_eq!(b.said(), []);
    // 0.1 a second: 6 a minute.
    for s in 120..200 {
        b.read(s, "temp", 20.0 + 0.1 * (s - 119) as f64);
    }
    let said = b.said();
    assert_eq!(said.len(), 1);
    assert!(said[0].0 == Occurs && (140..=185).contains(&said[0].1), "{said:?}");
    for s in 200..300 {
        b.read(s, "temp", 28.0);
    }
    assert_eq!(b.said().iter().map(|s| s.0).collect::<Vec<_>>(), [Returns]);
}

#[test]
fn silence_of_a_property_or_of_the_device_is_an_alarm() {
    let of = |property: Option<&str>| Test::NoData { property: property.map(Into::into), for_s: 60 };
    let mut b = Bench::one(rule(leaf(of(Some("temp")))));
    b.tick(59);
    assert_eq!(b.said(), []);
    b.read(59, "temp", 1.0);
    b.tick(200);
    assert_eq!(b.said(), [(Occurs, 119)], "told at the time it became due, however rare the ticks");
    b.read(201, "temp", 1.0);
    assert_eq!(b.said(), [(Returns, 201)]);
    let mut b = Bench::one(rule(leaf(of(None))));
    b.read(10, "anything", "x");
    b.read(50, "else", 1.0);
    b.tick(109);
    assert_eq!(b.said(), []);
    b.tick(111);
    assert_eq!(b.said(), [(Occurs, 110)]);
    b.read(112, "anything", true);
    assert_eq!(b.said(), [(Returns, 112)]);
}

#[test]
fn bad_quality_holds_a_value_alarm_and_may_be_one_itself() {
    let both = vec![
        ("hot", rule(leaf(above("temp", 80.0, 0.0)))),
        ("bad", rule(leaf(Test::BadQuality { property: "temp".into() }))),
    ];
    let mut b = Bench::of(both).started();
    b.read_with(1, 1, "temp", 999.0, Quality::Bad);
    let told: Vec<_> = b.told.drain(..).map(|s| (s.rule_id.to_string(), s.kind)).collect();
    assert_eq!(told, [("bad".to_owned(), Occurs)]);
    b.read_with(2, 2, "temp", 90.0, Quality::Uncertain);
    let told: Vec<_> = b.told.drain(..).map(|s| (s.rule_id.to_string(), s.kind)).collect();
    assert_eq!(told, [("hot".to_owned(), Occurs), ("bad".to_owned(), Returns)]);
    b.read_with(3, 3, "temp", 20.0, Quality::Bad);
    assert_eq!(b.said(), [(Occurs, 3)], "a bad 20 does not clear what a good 90 raised");
    b.read(4, "temp", f64::NAN);
    b.read(5, "temp", "warm");
    assert_eq!(b.plant.counts().unusable, 7, "three for both rules, and a word for the one that wants a number");
}

#[test]
fn late_and_early_readings_change_nothing_and_are_counted() {
    let mut b = Bench::one(rule(leaf(above("temp", 80.0, 0.0))));
    b.read(1_000, "temp", 20.0);
    b.read_with(1_001, 999, "temp", 99.0, Quality::Good);
    b.read_with(1_400, 1_099, "temp", 99.0, Quality::Good);
    assert_eq!(b.said(), []);
    let counts = b.plant.counts();
    assert_eq!((counts.out_of_order, counts.late), (1, 1));
    // A clock in 2099 does not make every later reading an old one.
    b.read_with(1_401, 4_000_000_000, "temp", 99.0, Quality::Good);
    b.read(1_402, "temp", 20.0);
    assert_eq!(b.said(), [(Occurs, 1_401), (Returns, 1_402)]);
}

#[test]
fn groups_join_tests_and_expressions_read_several_properties() {
    let any = Condition::Any(vec![
        Condition::All(vec![leaf(above("temp", 80.0, 0.0)), leaf(Test::Flag { property: "running".into(), is: true })]),
        leaf(Test::Expression { cel: "pressure > 4 && temp / 2 > 30".into() }),
    ]);
    let mut b = Bench::one(rule(any));
    b.read(1, "temp", 90.0);
    b.read(2, "running", true);
    b.read(3, "running", false);
    b.read(4, "pressure", 5.0);
    b.read(5, "temp", 59.0);
    assert_eq!(b.said(), [(Occurs, 2), (Returns, 3), (Occurs, 4), (Returns, 5)]);
}

#[test]
fn priority_rises_and_falls_with_the_value_and_with_time() {
    let step = |limit, priority| Step {
        when: StepWhen::Value { property: "temp".into(), side: Side::Above, limit, dead_band: 2.0 },
        priority,
    };
    let mut r = rule(leaf(above("temp", 80.0, 0.0)));
    r.steps = vec![
        Step { when: StepWhen::After { s: 600 }, priority: Priority::Low },
        step(90.0, Priority::High),
        step(100.0, Priority::Critical),
    ];
    let mut b = Bench::one(r);
    for (s, x) in [(1, 85.0), (2, 91.0), (3, 101.0), (4, 99.0), (5, 97.0), (6, 87.0)] {
        b.read(s, "temp", x);
    }
    let told: Vec<_> = b.told.iter().map(|s| (s.kind, s.priority)).collect();
    let expected = [
        (Occurs, Priority::Medium),
        (Rises, Priority::High),
        (Rises, Priority::Critical),
        (Falls, Priority::High),
        (Falls, Priority::Medium),
    ];
    assert_eq!(told, expected, "99 is within the dead-band of 100");
    b.told.clear();
    b.tick(700);
    assert_eq!(b.said(), [(Falls, 601)], "after ten minutes it is known");
}

#[test]
fn a_rule_or_a_state_suppresses_by_design() {
    let mut low_flow =
        rule(leaf(Test::Threshold { property: "flow".into(), side: Side::Below, limit: 1.0, dead_band: 0.0 }));
    low_flow.suppression = Some(Suppression::Rule("tripped".into()));
    let tripped = rule(leaf(Test::Flag { property: "tripped".into(), is: true }));
    let mut b = Bench::of(vec![("low", low_flow.clone()), ("tripped", tripped)]).started();
    b.read(1, "tripped", true);
    b.read(2, "flow", 0.0);
    b.read(3, "tripped", false);
    let told: Vec<_> = b.told.drain(..).map(|s| (s.rule_id.to_string(), s.kind)).collect();
    let of = |r: &str, k| (r.to_owned(), k);
    assert_eq!(
        told,
        [of("tripped", Occurs), of("low", Suppress), of("low", Occurs), of("tripped", Returns), of("low", Unsuppress)]
    );
    let stopped = leaf(Test::Flag { property: "running".into(), is: false });
    low_flow.suppression = Some(Suppression::State(stopped));
    let mut b = Bench::one(low_flow);
    b.read(1, "running", false);
    b.read(2, "flow", 0.0);
    b.read(3, "running", true);
    assert_eq!(b.said(), [(Suppress, 1), (Occurs, 2), (Unsuppress, 3)]);
}

#[test]
fn what_was_missed_is_told_when_the_last_values_are_read_again() {
    let r = rule(delayed(above("temp", 80.0, 5.0), 10, 0));
    let mut b = Bench::one(r.clone());
    b.read(0, "temp", 90.0);
    b.tick(10);
    let last = b.told.pop().unwrap();
    let restored = |memory| Restored {
        rule_id: "r".into(),
        device_id: "p1".into(),
        version: 1,
        active: true,
        suppressed: false,
        priority: Priority::Medium,
        occurred_us: Some(10 * SECOND_US),
        memory,
    };
    // Within the dead-band: only the memory knows that it is still in alarm.
    let mut again = Bench::restored(vec![("r", r.clone())], vec![restored(Some(last.memory.clone()))], 20);
    again.read(25, "temp", 78.0);
    again.plant.reconcile(26 * SECOND_US, &mut again.told);
    assert_eq!(again.said(), []);
    again.read(27, "temp", 74.0);
    assert_eq!(again.said(), [(Returns, 27)]);
    // A new version has no memory; what is still beyond needs no second delay.
    let mut newer = Bench::restored(vec![("r", r.clone())], vec![restored(None)], 20);
    newer.read(25, "temp", 90.0);
    newer.plant.reconcile(26 * SECOND_US, &mut newer.told);
    assert_eq!(newer.said(), []);
    // It came back while nobody looked.
    let mut back = Bench::restored(vec![("r", r)], vec![restored(Some(last.memory))], 20);
    back.read(25, "temp", 20.0);
    assert_eq!(back.said(), [], "nothing is told while loading");
    back.plant.reconcile(26 * SECOND_US, &mut back.told);
    assert_eq!(back.said(), [(Returns, 25)]);
}

#[test]
fn a_device_of_another_product_and_a_property_nobody_reads_cost_nothing() {
    let mut b = Bench::one(rule(leaf(above("temp", 80.0, 0.0))));
    assert_eq!(b.plant.series("f1", "temp"), None);
    assert_eq!(b.plant.series("p1", "colour"), None);
    assert_eq!(b.plant.len(), 1);
    b.read(1, "temp", 81.0);
    let told = b.told.pop().unwrap();
    assert_eq!(told.value, Some(("temp".into(), Value::Number(81.0))));
}

#[test]
fn a_last_value_read_again_is_taken_however_old_and_is_no_sign_of_life() {
    let both = vec![
        ("hot", rule(leaf(above("temp", 80.0, 0.0)))),
        ("quiet", rule(leaf(Test::NoData { property: Some("temp".into()), for_s: 60 }))),
    ];
    let mut b = Bench::restored(both, Vec::new(), 10_000);
    b.read_with(10_000, 5_000, "temp", 90.0, Quality::Good);
    b.plant.reconcile(10_000 * SECOND_US, &mut b.told);
    b.tick(10_001);
    let told: Vec<_> = b.told.drain(..).map(|s| (s.rule_id.to_string(), s.kind)).collect();
    assert_eq!(told, [("hot".to_owned(), Occurs), ("quiet".to_owned(), Occurs)], "nothing was heard for 5,000 s");
    b.read_with(10_002, 5_000, "temp", 90.0, Quality::Good);
    assert_eq!(b.said(), [], "late by now, and the same again");
}
