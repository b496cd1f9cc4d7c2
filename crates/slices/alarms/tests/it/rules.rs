//! Writing, publishing and retiring rules.

use alarms::model::{RuleRow, RuleState};
use alarms::save_rule::SaveRuleError;
use alarms::{read, retire_rule};
use isa18::{Condition, Leaf, Suppression, Test, Watch};
use kernel::{Role, Text};
use store::Refusal;

use crate::fixture::{ORG, OTHER, World, hot, leaf, owner, person, rule, world};

async fn versions(w: &World, id: &str) -> Vec<RuleRow> {
    let id = id.to_owned();
    w.bed.read(&owner(), |cx| Box::pin(async move { read::rule(cx, &id).await })).await.unwrap()
}

async fn retire(w: &World, id: &str) -> Result<RuleRow, retire_rule::RetireRuleError> {
    let id = id.to_owned();
    w.bed.write(&owner(), |cx| Box::pin(retire_rule::run(cx, id))).await
}

testkit::on_both!(a_published_version_stays_as_it_is_and_a_change_makes_the_next, |bed| async move {
    let w = world(bed).await;
    let first = w.save_as(&owner(), None, rule(leaf(hot()))).await.unwrap();
    assert_eq!((first.state, first.version, first.published_version), (RuleState::Draft, 1, None));
    let mut changed = rule(leaf(hot()));
    changed.response = Text::new("停机", "Stop");
    let again = w.save_as(&owner(), Some(first.id.clone()), changed.clone()).await.unwrap();
    assert_eq!(again.version, 1, "a draft is written over");
    assert_eq!(w.publish(&first.id, 2).await.unwrap_err().code(), "rule-changed");
    w.publish(&first.id, 1).await.unwrap();
    assert_eq!(w.publish(&first.id, 1).await.unwrap_err().code(), "nothing-to-publish");
    changed.latched = true;
    let second = w.save_as(&owner(), Some(first.id.clone()), changed).await.unwrap();
    assert_eq!((second.version, second.published_version), (2, Some(1)));
    let all = versions(&w, &first.id).await;
    assert_eq!(all.iter().map(|v| (v.version, v.rule.latched)).collect::<Vec<_>>(), [(2, true), (1, false)]);
    retire(&w, &first.id).await.unwrap();
    assert_eq!(retire(&w, &first.id).await.unwrap_err().code(), "rule-retired-already");
    let refused = w.save_as(&owner(), Some(first.id.clone()), rule(leaf(hot()))).await.unwrap_err();
    assert_eq!(refused.code(), "rule-retired");
});

testkit::on_both!(all_that_is_wrong_is_told_at_once_by_name, |bed| async move {
    let w = world(bed).await;
    let cel = |text: &str| Test::Expression { cel: text.into() };
    let mut bad = rule(Condition::All(vec![
        Condition::Leaf(Leaf {
            test: Test::Band { property: "pressure".into(), low: 1.0, high: 2.0, inside: false, dead_band: 3.0 },
            on_delay_s: -5,
            off_delay_s: 0,
        }),
        leaf(cel("temp >")),
        leaf(Test::Flag { property: "pump".into(), is: true }),
    ]));
    bad.watch = Watch::Product("prd_pump".into());
    bad.notify = vec!["con_none".into()];
    bad.suppression = Some(Suppression::Rule("alr_none".into()));
    let SaveRuleError::Defective { defects, count } = w.save_as(&owner(), None, bad.clone()).await.unwrap_err() else {
        panic!("is refused for its defects")
    };
    let codes: Vec<_> = defects.iter().map(|d| d.code.as_str()).collect();
    let expected = [
        "negative-delay",
        "dead-band-larger-than-band",
        "cel-does-not-parse",
        "unknown-property",
        "unknown-contact",
        "unknown-rule",
    ];
    assert_eq!((codes.as_slice(), count), (expected.as_slice(), 6));
    bad.watch = Watch::Device("dev_9".into());
    let refused = w.save_as(&owner(), None, bad).await.unwrap_err();
    let SaveRuleError::Defective { defects, .. } = refused else { panic!("is refused for its defects") };
    assert_eq!(defects[0].code, "unknown-device", "another organisation's device does not exist for it");
});

testkit::on_both!(rules_that_would_silence_each_other_are_refused, |bed| async move {
    let w = world(bed).await;
    let a = w.save_as(&owner(), None, rule(leaf(hot()))).await.unwrap();
    w.publish(&a.id, 1).await.unwrap();
    let mut by_a = rule(leaf(hot()));
    by_a.suppression = Some(Suppression::Rule(a.id.clone()));
    let b = w.save_as(&owner(), None, by_a).await.unwrap();
    w.publish(&b.id, 1).await.unwrap();
    let mut by_b = rule(leaf(hot()));
    by_b.suppression = Some(Suppression::Rule(b.id.clone()));
    let refused = w.save_as(&owner(), Some(a.id), by_b).await.unwrap_err();
    let SaveRuleError::Defective { defects, .. } = refused else { panic!("is refused for its defects") };
    assert_eq!(defects[0].code, "suppression-cycle");
});

testkit::on_both!(only_its_own_enterprise_sees_or_writes_a_rule, |bed| async move {
    let w = world(bed).await;
    let saved = w.save_as(&person(Role::EnterpriseMember, Some(ORG)), None, rule(leaf(hot()))).await.unwrap();
    for role in
        [Role::DistrictOfficer, Role::CityOfficer, Role::Auditor, Role::Administrator, Role::Provider, Role::Expert]
    {
        let refused = w.save_as(&person(role, Some(ORG)), None, rule(leaf(hot()))).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden", "{role}");
        let id = saved.id.clone();
        let seen = w.bed.read(&person(role, Some(ORG)), |cx| Box::pin(async move { read::rule(cx, &id).await })).await;
        assert_eq!(seen.unwrap_err().code(), "not-found", "{role}");
        let list = w.bed.read(&person(role, None), |cx| Box::pin(read::counts(cx))).await;
        assert_eq!(list.unwrap_err().code(), "forbidden", "{role}: officers do not see a plant's alarms");
    }
    let stranger = person(Role::EnterpriseOwner, Some(OTHER));
    let mut theirs = rule(leaf(hot()));
    theirs.watch = Watch::Device("dev_9".into());
    let stolen = w.save_as(&stranger, Some(saved.id.clone()), theirs).await.unwrap_err();
    assert_eq!(stolen.code(), "not-found");
});

testkit::on_both!(retiring_a_rule_ends_its_alarms_and_keeps_their_history, |bed| async move {
    let w = world(bed).await;
    let id = w.published(rule(leaf(hot()))).await;
    w.read("dev_1", "temp", 90.0).await;
    assert_eq!(w.states().await, ["unacknowledged"]);
    retire(&w, &id).await.unwrap();
    assert_eq!(w.states().await, ["normal"]);
    let alarm = &w.alarms("all").await[0];
    let causes: Vec<_> = w.history(&alarm.id).await.into_iter().map(|e| e.cause).collect();
    assert_eq!(causes, ["occurs", "retire"]);
    w.advance_s(2);
    w.work().await;
    w.read("dev_1", "temp", 70.0).await;
    w.read("dev_1", "temp", 99.0).await;
    assert_eq!(w.states().await, ["normal"], "it watches no longer");
});
