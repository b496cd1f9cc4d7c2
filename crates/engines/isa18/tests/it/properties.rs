//! What must hold for every history.

use std::sync::Arc;

use isa18::{
    Act, Alarm, Cause, Moment, Plant, Priority, Restored, Rule, RuleOn, SECOND_US, Side, Signal, SignalKind, Step,
    StepWhen, TRANSITIONS, Test,
};
use kernel::{Quality, Value};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixture::{Bench, above, delayed, leaf, rule};

fn any_cause() -> impl Strategy<Value = Cause> {
    (0..Cause::ALL.len()).prop_map(|i| Cause::ALL[i])
}

/// Seconds since the last, a value, a quality (0 good, 1 bad), seconds late.
fn readings() -> impl Strategy<Value = Vec<(i64, f64, u8, i64)>> {
    vec((0..20_i64, 60.0..110.0_f64, 0..5_u8, 0..4_i64), 1..80)
}

fn a_rule() -> Rule {
    let mut r = rule(isa18::Condition::Any(vec![
        delayed(above("temp", 80.0, 5.0), 3, 2),
        leaf(Test::NoData { property: None, for_s: 15 }),
        leaf(Test::Rate {
            property: "temp".into(),
            side: Side::Either,
            limit: 200.0,
            per_s: 60,
            over_s: 5,
            dead_band: 10.0,
        }),
    ]));
    r.steps = vec![
        Step {
            when: StepWhen::Value { property: "temp".into(), side: Side::Above, limit: 95.0, dead_band: 3.0 },
            priority: Priority::High,
        },
        Step { when: StepWhen::After { s: 30 }, priority: Priority::Low },
    ];
    r
}

fn plant(restored: Vec<Restored>, at_us: i64) -> Plant {
    let on = RuleOn { id: "r".into(), version: 1, rule: Arc::new(a_rule()) };
    Plant::new(vec![on], &[("p1".into(), "pump".into())], restored, at_us).unwrap()
}

fn feed(plant: &mut Plant, now_s: i64, (x, quality, late): (f64, u8, i64), out: &mut Vec<Signal>) {
    let series = plant.series("p1", "temp").unwrap();
    let quality = if quality == 0 { Quality::Bad } else { Quality::Good };
    let moment = Moment { series, at_us: (now_s - late) * SECOND_US, value: Value::Number(x), quality };
    plant.take(now_s * SECOND_US, &moment, out);
}

fn run(history: &[(i64, f64, u8, i64)], ticks: bool) -> Vec<Signal> {
    let (mut plant, mut out, mut now) = (plant(Vec::new(), 0), Vec::new(), 0);
    plant.reconcile(0, &mut out);
    for (step, x, quality, late) in history {
        now += step;
        if ticks {
            plant.tick(now * SECOND_US, &mut out);
        }
        feed(&mut plant, now, (*x, *quality, *late), &mut out);
    }
    out
}

proptest! {
    #[test]
    fn the_table_is_never_left(causes in vec((any_cause(), any::<bool>()), 0..60)) {
        let mut alarm = Alarm::new(Priority::Medium);
        for (i, (cause, latched)) in causes.into_iter().enumerate() {
            let act = Act { cause, at_us: i as i64, priority: Some(Priority::High), until_us: Some(99), latched };
            let before = alarm.clone();
            match alarm.apply(&act) {
                Ok(after) => {
                    let listed = TRANSITIONS.iter().any(|t| t.from == before.state && t.cause == cause && t.to == after.state);
                    prop_assert!(listed, "{before:?} {cause:?} {after:?}");
                    prop_assert_eq!(after.state == isa18::State::Shelved, after.shelved_until_us.is_some());
                    alarm = after;
                }
                Err(e) => {
                    prop_assert_eq!((e.state, e.cause), (before.state, cause));
                    prop_assert_eq!(&alarm, &before);
                }
            }
        }
    }

    #[test]
    fn within_the_dead_band_a_value_changes_nothing(values in vec(75.000_1..=80.0_f64, 1..50), hot: bool) {
        let mut b = Bench::one(rule(leaf(above("temp", 80.0, 5.0))));
        b.read(0, "temp", if hot { 90.0 } else { 20.0 });
        let before = b.said().len();
        prop_assert_eq!(before, usize::from(hot));
        for (s, x) in (1..).zip(values) {
            b.read(s, "temp", x);
        }
        prop_assert_eq!(b.said().len(), 0);
    }

    #[test]
    fn bad_quality_never_raises_or_clears(values in vec(-500.0..500.0_f64, 1..50), hot: bool) {
        let mut b = Bench::one(rule(leaf(above("temp", 80.0, 5.0))));
        b.read(0, "temp", if hot { 90.0 } else { 20.0 });
        b.said();
        for (s, x) in (1..).zip(values) {
            b.read_with(s, s, "temp", x, Quality::Bad);
        }
        prop_assert_eq!(b.said().len(), 0);
    }

    #[test]
    fn the_same_inputs_give_the_same_signals(history in readings()) {
        prop_assert_eq!(run(&history, true), run(&history, true));
    }

    #[test]
    fn ticks_before_readings_change_nothing(history in readings()) {
        // What became due is told at its own time, whoever notices it: the clock or the next reading.
        let on_time: Vec<_> = history.into_iter().map(|(s, x, q, _)| (s, x, q, 0)).collect();
        let told = |ticks| run(&on_time, ticks).into_iter().map(|s| (s.kind, s.at_us, s.priority)).collect::<Vec<_>>();
        prop_assert_eq!(told(true), told(false));
    }

    #[test]
    fn signals_alternate_and_every_state_takes_them(history in readings()) {
        let mut alarm = Alarm::new(Priority::Medium);
        let mut last_us = 0;
        for s in run(&history, true) {
            let act = Act { cause: s.kind.cause(), at_us: s.at_us, priority: Some(s.priority), until_us: None, latched: false };
            let after = alarm.apply(&act);
            prop_assert!(after.is_ok(), "{:?} in {:?}", s.kind, alarm.state);
            prop_assert!(s.at_us >= last_us);
            last_us = s.at_us;
            alarm = after.unwrap();
        }
    }

    #[test]
    fn a_restored_plant_goes_on_as_if_it_had_not_stopped(history in readings(), cut in 0..80_usize) {
        let whole = run(&history, true);
        let (mut first, mut out, mut now) = (plant(Vec::new(), 0), Vec::new(), 0);
        first.reconcile(0, &mut out);
        let cut = cut.min(history.len());
        for (step, x, quality, late) in &history[..cut] {
            now += step;
            first.tick(now * SECOND_US, &mut out);
            feed(&mut first, now, (*x, *quality, *late), &mut out);
        }
        let Some(saved) = first.remember("r", "p1") else { return Ok(()) };
        let mut second = plant(vec![saved], now * SECOND_US);
        second.reconcile(now * SECOND_US, &mut out);
        for (step, x, quality, late) in &history[cut..] {
            now += step;
            second.tick(now * SECOND_US, &mut out);
            feed(&mut second, now, (*x, *quality, *late), &mut out);
        }
        let kinds = |s: &[Signal]| s.iter().map(|s| (s.kind, s.at_us, s.priority)).collect::<Vec<(SignalKind, i64, Priority)>>();
        prop_assert_eq!(kinds(&out), kinds(&whole));
    }
}
