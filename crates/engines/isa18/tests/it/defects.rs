//! Bad rules, refused by name, all defects at once.

use std::collections::BTreeMap;

use isa18::{
    Condition, Escalation, Expression, KnownProperty, PropertyKind, Rule, Shelving, Side, Step, StepWhen, Suppression,
    Test, cyclic,
};
use kernel::Text;

use crate::fixture::{above, delayed, leaf, rule};

fn known() -> Vec<KnownProperty> {
    let number = |name: &str, min, max| KnownProperty { name: name.into(), kind: PropertyKind::Number { min, max } };
    vec![
        number("temp", Some(-40.0), Some(150.0)),
        number("pressure", None, None),
        KnownProperty { name: "running".into(), kind: PropertyKind::Flag },
        KnownProperty { name: "mode".into(), kind: PropertyKind::Text },
    ]
}

fn codes(r: &Rule) -> Vec<(String, String)> {
    r.defects(Some(&known())).into_iter().map(|d| (d.field, d.code)).collect()
}

fn one(condition: Condition) -> String {
    let found = codes(&rule(condition));
    assert_eq!(found.len(), 1, "{found:?}");
    format!("{} {}", found[0].0, found[0].1)
}

fn band(low: f64, high: f64, inside: bool, dead_band: f64) -> Condition {
    leaf(Test::Band { property: "pressure".into(), low, high, inside, dead_band })
}

#[test]
fn a_good_rule_has_none() {
    assert_eq!(codes(&rule(leaf(above("temp", 80.0, 5.0)))), []);
    let cel = Test::Expression { cel: "temp > 80 && mode == \"auto\"".into() };
    assert_eq!(codes(&rule(Condition::All(vec![leaf(cel), band(1.0, 9.0, false, 3.9)]))), []);
}

#[test]
fn each_defect_has_its_name_and_its_field() {
    assert_eq!(one(leaf(above("tmep", 80.0, 0.0))), "condition.0.property unknown-property");
    assert_eq!(one(leaf(above("mode", 80.0, 0.0))), "condition.0.property wrong-type");
    assert_eq!(one(leaf(above("", 80.0, 0.0))), "condition.0.property property-missing");
    assert_eq!(one(leaf(above("temp", 150.0, 0.0))), "condition.0.limit never-true");
    assert_eq!(one(leaf(above("temp", 80.0, 121.0))), "condition.0.dead_band dead-band-too-large");
    assert_eq!(one(leaf(above("temp", 80.0, -1.0))), "condition.0.dead_band negative-dead-band");
    assert_eq!(one(leaf(above("pressure", f64::NAN, 0.0))), "condition.0.limit not-a-number");
    assert_eq!(one(delayed(above("temp", 80.0, 0.0), -5, 0)), "condition.0.on_delay_s negative-delay");
    assert_eq!(one(delayed(above("temp", 80.0, 0.0), 0, 1 << 40)), "condition.0.off_delay_s delay-too-long");
    assert_eq!(one(band(1.0, 3.0, false, 1.0)), "condition.0.dead_band dead-band-larger-than-band");
    assert_eq!(one(band(3.0, 1.0, false, 0.0)), "condition.0.high band-upside-down");
    assert_eq!(one(leaf(Test::NoData { property: None, for_s: 0 })), "condition.0.for_s delay-too-short");
    assert_eq!(one(leaf(Test::Flag { property: "temp".into(), is: true })), "condition.0.property wrong-type");
    assert_eq!(one(Condition::Any(Vec::new())), "condition empty-group");
    let cel = |text: &str| leaf(Test::Expression { cel: text.into() });
    assert_eq!(one(cel("temp >")), "condition.0.cel cel-does-not-parse");
    assert_eq!(one(cel("pump > 1")), "condition.0.cel unknown-property");
    assert_eq!(one(cel("sqrt(temp) > 1")), "condition.0.cel cel-unknown-function");
    assert_eq!(one(cel("[temp].exists(x, x > 1)")), "condition.0.cel cel-not-allowed");
    assert_eq!(one(cel("1 > 2")), "condition.0.cel never-true");
    assert_eq!(one(cel("1 < 2")), "condition.0.cel always-true");
    assert_eq!(one(cel("temp + 1")), "condition.0.cel cel-types");
    let rate = |limit, dead_band| {
        leaf(Test::Rate { property: "temp".into(), side: Side::Either, limit, per_s: 60, over_s: 10, dead_band })
    };
    assert_eq!(one(rate(0.0, 0.0)), "condition.0.limit rate-not-positive");
    assert_eq!(one(rate(5.0, 5.0)), "condition.0.dead_band dead-band-too-large");
}

#[test]
fn a_rule_that_can_never_be_true_is_refused() {
    let below = |limit| leaf(Test::Threshold { property: "pressure".into(), side: Side::Below, limit, dead_band: 0.0 });
    let both = Condition::All(vec![leaf(above("pressure", 9.0, 0.0)), below(9.0)]);
    assert_eq!(one(both), "condition never-true");
    assert_eq!(codes(&rule(Condition::Any(vec![leaf(above("pressure", 9.0, 0.0)), below(9.0)]))), []);
    let flag = |is| leaf(Test::Flag { property: "running".into(), is });
    assert_eq!(one(Condition::All(vec![flag(true), flag(false)])), "condition never-true");
    let all = leaf(Test::Band { property: "temp".into(), low: -40.0, high: 150.0, inside: false, dead_band: 0.0 });
    assert_eq!(one(all), "condition.0.low never-true");
    let mut r = rule(flag(true));
    r.suppression = Some(Suppression::State(flag(true)));
    assert_eq!(codes(&r), [("suppression".to_owned(), "never-true".to_owned())]);
}

#[test]
fn all_defects_come_at_once() {
    let mut r = rule(Condition::All(vec![
        delayed(above("tmep", 80.0, -1.0), -5, 0),
        leaf(Test::Expression { cel: "(".into() }),
    ]));
    r.message = Text::new("", "x".repeat(501));
    r.steps = vec![Step { when: StepWhen::After { s: -1 }, priority: isa18::Priority::Low }];
    r.escalations = vec![
        Escalation { after_s: 600, contact_id: "con_1".into() },
        Escalation { after_s: 600, contact_id: String::new() },
    ];
    r.shelving = Shelving { minutes_max: -1 };
    let found: Vec<_> = codes(&r).into_iter().map(|(_, code)| code).collect();
    let expected = [
        "text-missing",
        "text-too-long",
        "negative-delay",
        "unknown-property",
        "negative-dead-band",
        "cel-does-not-parse",
        "negative-delay",
        "shelving-out-of-range",
        "escalation-not-later",
        "contact-missing",
    ];
    assert_eq!(found, expected);
    let texts = r.defects(Some(&known()));
    assert!(texts.iter().all(|d| !d.text.zh.is_empty() && !d.text.en.is_empty()));
}

#[test]
fn rules_that_silence_each_other_are_found() {
    let by =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect::<BTreeMap<_, _>>();
    assert_eq!(cyclic(&by(&[("a", "b"), ("b", "c")])), None);
    assert_eq!(cyclic(&by(&[("a", "b"), ("b", "c"), ("c", "b")])), Some("b".into()));
    assert_eq!(cyclic(&by(&[("a", "a")])), Some("a".into()));
}

#[test]
fn hostile_texts_end_soon() {
    for text in ["(".repeat(600), "!".repeat(600), "a?".repeat(300), "a.b.c.d".into(), "\u{0}".into()] {
        assert!(Expression::references(&text).is_err(), "{text:.20}");
    }
}
