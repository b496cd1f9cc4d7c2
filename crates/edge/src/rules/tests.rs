//! What the rules promise.

use proptest::prelude::*;

use super::*;

fn rules(toml: &str) -> Rules {
    #[derive(Deserialize)]
    struct File {
        rule: Vec<RuleConfig>,
    }
    Rules::new(toml::from_str::<File>(toml).unwrap().rule, 1000)
}

fn at(seconds: f64, value: f64) -> Reading {
    Reading::good(&"d".into(), &"t".into(), (seconds * 1e6) as i64, Value::Number(value))
}

fn run(rules: &mut Rules, readings: impl IntoIterator<Item = Reading>) -> Vec<Reading> {
    let mut out = Vec::new();
    readings.into_iter().for_each(|r| rules.pass(r, &mut out));
    out
}

fn numbers(readings: &[Reading]) -> Vec<f64> {
    readings.iter().filter_map(|r| if let Value::Number(n) = r.value { Some(n) } else { None }).collect()
}

#[test]
fn a_dead_band_passes_what_moved_enough_and_one_in_a_while() {
    let mut r = rules("[[rule]]\ndeadband = { absolute = 1.0, max_silence_s = 10 }\n");
    let out = run(&mut r, [at(0.0, 5.0), at(1.0, 5.9), at(2.0, 6.1), at(3.0, 5.2), at(12.0, 6.1)]);
    assert_eq!(numbers(&out), [5.0, 6.1, 6.1]);
}

#[test]
fn a_change_of_quality_always_passes_a_dead_band() {
    let mut r = rules("[[rule]]\ndeadband = { absolute = 100.0 }\n");
    let mut bad = at(1.0, 5.0);
    bad.quality = Quality::Bad;
    let out = run(&mut r, [at(0.0, 5.0), bad.clone(), bad, at(2.0, 5.0)]);
    assert_eq!(out.iter().map(|r| r.quality).collect::<Vec<_>>(), [Quality::Good, Quality::Bad, Quality::Good]);
}

#[test]
fn a_band_in_per_cent_is_of_the_last_passed_value() {
    let mut r = rules("[[rule]]\ndeadband = { percent = 10.0 }\n");
    assert_eq!(numbers(&run(&mut r, [at(0.0, 100.0), at(1.0, 109.0), at(2.0, 111.0), at(3.0, 121.0)])), [100.0, 111.0]);
}

#[test]
fn a_window_becomes_its_last_mean_smallest_or_largest() {
    for (keep, expected) in [("last", 2.0), ("mean", 3.0), ("min", 1.0), ("max", 6.0)] {
        let mut r = rules(&format!("[[rule]]\ndownsample = {{ every_s = 10, keep = \"{keep}\" }}\n"));
        let out = run(&mut r, [at(0.0, 3.0), at(2.0, 6.0), at(4.0, 1.0), at(9.0, 2.0), at(10.0, 50.0)]);
        assert_eq!(numbers(&out), [expected], "{keep}");
    }
}

#[test]
fn a_window_closes_by_the_clock_when_nothing_more_comes() {
    let mut r = rules("[[rule]]\ndownsample = { every_s = 10 }\n");
    let mut out = run(&mut r, [at(1.0, 3.0)]);
    r.tick(19_999_999, &mut out);
    assert_eq!(out.len(), 0);
    r.tick(20_000_000, &mut out);
    assert_eq!(numbers(&out), [3.0]);
}

#[test]
fn bad_and_late_readings_pass_a_window_by() {
    let mut r = rules("[[rule]]\ndownsample = { every_s = 10, keep = \"mean\" }\n");
    let mut bad = at(12.0, 99.0);
    bad.quality = Quality::Bad;
    let out = run(&mut r, [at(11.0, 1.0), bad, at(3.0, 7.0), at(13.0, 3.0), at(20.0, 0.0)]);
    assert_eq!(numbers(&out), [99.0, 7.0, 2.0]);
}

#[test]
fn an_event_goes_up_once_and_comes_down_with_hysteresis() {
    let mut r = rules("[[rule]]\nproperty = \"t\"\nevent = { name = \"hot\", above = 80.0, return_by = 5.0 }\n");
    let out = run(&mut r, [at(0.0, 79.0), at(1.0, 81.0), at(2.0, 90.0), at(3.0, 76.0), at(4.0, 74.0), at(5.0, 70.0)]);
    let flags: Vec<_> = out.iter().filter(|r| &*r.property == "hot").map(|r| (r.at_us, r.value.clone())).collect();
    assert_eq!(flags, [(1_000_000, Value::Flag(true)), (4_000_000, Value::Flag(false))]);
    assert_eq!(numbers(&out).len(), 6, "the readings themselves go on");
}

#[test]
fn rules_are_for_those_whom_they_name() {
    let mut r = rules("[[rule]]\ndevice = \"press-*\"\nproperty = \"t\"\ndeadband = { absolute = 1e9 }\n");
    let named = |device: &str| Reading { device: device.into(), ..at(0.0, 1.0) };
    let out = run(&mut r, [named("press-1"), named("press-1"), named("oven"), named("oven")]);
    assert_eq!(out.len(), 3);
}

#[test]
fn memory_for_series_is_bounded_and_the_rest_passes() {
    let mut r = rules("[[rule]]\ndeadband = { absolute = 1e9 }\n");
    r.series_max = 2;
    let named = |i: i32| Reading { device: format!("d{i}").as_str().into(), ..at(0.0, 1.0) };
    assert_eq!(run(&mut r, (0..5).map(named)).len(), 5);
    assert_eq!((r.series.len(), r.beyond), (2, 3));
}

#[test]
fn a_rule_that_says_nothing_or_nonsense_is_refused() {
    let wrong = |toml: &str| rules(toml).rules[0].check("rule 1").len();
    assert_eq!(wrong("[[rule]]\n"), 1);
    assert_eq!(wrong("[[rule]]\ndownsample = { every_s = 0 }\n"), 1);
    assert_eq!(wrong("[[rule]]\nevent = { name = \"x\", above = 1.0, below = 2.0 }\n"), 1);
    assert_eq!(wrong("[[rule]]\ndeadband = { absolute = -1.0 }\n"), 1);
    assert_eq!(wrong("[[rule]]\nevent = { name = \"x\", above = 1.0 }\n"), 0);
}

proptest! {
    #[test]
    fn no_two_passed_numbers_in_a_row_are_within_the_band(values in proptest::collection::vec(-50.0f64..50.0, 1..100)) {
        let mut r = rules("[[rule]]\ndeadband = { absolute = 2.0, max_silence_s = 1000000 }\n");
        let out = numbers(&run(&mut r, values.iter().enumerate().map(|(i, v)| at(i as f64, *v))));
        prop_assert!(out.windows(2).all(|w| (w[1] - w[0]).abs() > 2.0));
    }

    #[test]
    fn windows_lose_no_extreme(values in proptest::collection::vec(-50.0f64..50.0, 1..100)) {
        let mut r = rules("[[rule]]\ndownsample = { every_s = 7, keep = \"max\" }\n");
        let mut out = run(&mut r, values.iter().enumerate().map(|(i, v)| at(i as f64, *v)));
        r.finish(&mut out);
        let largest = |v: &[f64]| v.iter().copied().fold(f64::MIN, f64::max);
        prop_assert_eq!(largest(&numbers(&out)), largest(&values));
    }
}
