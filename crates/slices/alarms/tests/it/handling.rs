//! What operators do, and what the clock does.

use alarms::comment::{self, Comment};
use alarms::model::Verb;
use isa18::{Escalation, Rule};
use kernel::{Actor, Role};
use store::{JournalFilter, Refusal};

use crate::fixture::{ORG, OTHER, World, hot, leaf, owner, person, rule, world};

async fn one_alarm(w: &World, rule: Rule) -> String {
    w.published(rule).await;
    w.read("dev_1", "temp", 90.0).await;
    w.alarms("open").await[0].id.clone()
}

testkit::on_both!(one_or_many_are_acknowledged_and_what_changed_meanwhile_is_named, |bed| async move {
    let w = world(bed).await;
    let a = one_alarm(&w, rule(leaf(hot()))).await;
    w.read("dev_2", "temp", 90.0).await;
    let ids: Vec<String> = w.alarms("open").await.into_iter().map(|a| a.id).collect();
    let b = ids.iter().find(|id| **id != a).unwrap().clone();
    w.handle(&[&a], Verb::Acknowledge, None, "看到了").await.unwrap();
    let both = w.handle(&[&a, &b, &b], Verb::Acknowledge, None, "").await.unwrap();
    assert_eq!((both.done, both.skipped), (vec![b.clone()], vec![a.clone()]));
    let refused = w.handle(&[&a], Verb::Acknowledge, None, "").await.unwrap_err();
    assert_eq!(refused.code(), "alarm-wrong-state");
    let events = w.history(&a).await;
    let last = events.last().unwrap();
    assert_eq!(
        (last.cause.as_str(), last.comment.as_str(), last.by_name.as_str()),
        ("acknowledge", "看到了", "enterprise-owner acc_owner_org_a")
    );
    assert_eq!(w.handle(&[], Verb::Acknowledge, None, "").await.unwrap_err().code(), "none-chosen");
    let rows = w
        .bed
        .read::<_, store::StoreError, _>(&Actor::system(), |cx| {
            Box::pin(
                async move { store::list_journal(cx, &JournalFilter { limit: 100, ..JournalFilter::default() }).await },
            )
        })
        .await
        .unwrap();
    assert!(rows.iter().any(|r| r.verb == "alarms.acknowledge" && r.object == format!("alarm/{a}")));
});

testkit::on_both!(shelving_needs_a_reason_and_a_time_within_the_rules_limit_and_ends_by_the_clock, |bed| async move {
    let w = world(bed).await;
    let a = one_alarm(&w, rule(leaf(hot()))).await;
    let code = |r: Result<_, alarms::handle::HandleError>| r.unwrap_err().code();
    assert_eq!(code(w.handle(&[&a], Verb::Shelve, Some(10), " ").await), "reason-missing");
    assert_eq!(code(w.handle(&[&a], Verb::Shelve, None, "换轴承").await), "minutes-missing");
    assert_eq!(code(w.handle(&[&a], Verb::Shelve, Some(-5), "换轴承").await), "minutes-missing");
    assert_eq!(code(w.handle(&[&a], Verb::Shelve, Some(61), "换轴承").await), "shelved-too-long");
    w.handle(&[&a], Verb::Shelve, Some(60), "换轴承").await.unwrap();
    assert!(w.alarms("open").await.is_empty());
    assert_eq!(w.alarms("aside").await.len(), 1);
    w.advance_s(3_599);
    w.work().await;
    assert_eq!(w.states().await, ["shelved"]);
    w.advance_s(2);
    w.work().await;
    assert_eq!(w.states().await, ["unacknowledged"], "still hot, so it must be seen again");
    w.handle(&[&a], Verb::Shelve, Some(1), "再看").await.unwrap();
    w.read("dev_1", "temp", 20.0).await;
    assert_eq!(w.states().await, ["shelved"]);
    w.handle(&[&a], Verb::Unshelve, None, "").await.unwrap();
    assert_eq!(w.states().await, ["normal"]);
});

testkit::on_both!(a_rule_may_forbid_shelving_and_latch_until_reset, |bed| async move {
    let w = world(bed).await;
    let mut r = rule(leaf(hot()));
    (r.shelving.minutes_max, r.latched) = (0, true);
    let a = one_alarm(&w, r).await;
    let refused = w.handle(&[&a], Verb::Shelve, Some(1), "x").await.unwrap_err();
    assert_eq!(refused.code(), "shelving-forbidden");
    w.handle(&[&a], Verb::Acknowledge, None, "").await.unwrap();
    w.read("dev_1", "temp", 20.0).await;
    assert_eq!(w.states().await, ["latched-acknowledged"]);
    w.handle(&[&a], Verb::Reset, None, "").await.unwrap();
    assert_eq!(w.states().await, ["normal"]);
    w.handle(&[&a], Verb::TakeOut, None, "年检").await.unwrap();
    w.read("dev_1", "temp", 90.0).await;
    assert_eq!(w.states().await, ["out-of-service"]);
    w.handle(&[&a], Verb::PutBack, None, "").await.unwrap();
    assert_eq!(w.states().await, ["unacknowledged"]);
});

testkit::on_both!(comments_stay_in_the_history_and_change_nothing, |bed| async move {
    let w = world(bed).await;
    let a = one_alarm(&w, rule(leaf(hot()))).await;
    let say = |alarm_id: String, comment: &str, actor: Actor| {
        let (db, cmd) = (w.bed.db.clone(), Comment { alarm_id, comment: comment.into() });
        async move { db.write(&actor, "test", |cx| Box::pin(comment::run(cx, cmd))).await }
    };
    say(a.clone(), "已通知\u{0}检修班", owner()).await.unwrap();
    assert_eq!(say("alm_\u{0}".into(), "x", owner()).await.unwrap_err().code(), "not-found");
    assert_eq!(say(a.clone(), "  ", owner()).await.unwrap_err().code(), "comment-missing");
    assert_eq!(say(a.clone(), &"x".repeat(501), owner()).await.unwrap_err().code(), "comment-too-long");
    let stranger = person(Role::EnterpriseOwner, Some(OTHER));
    assert_eq!(say(a.clone(), "x", stranger.clone()).await.unwrap_err().code(), "not-found");
    assert_eq!(w.handle_as(&stranger, &[&a], Verb::Acknowledge, None, "").await.unwrap_err().code(), "not-found");
    let officer = person(Role::CityOfficer, Some(ORG));
    assert_eq!(w.handle_as(&officer, &[&a], Verb::Acknowledge, None, "").await.unwrap_err().code(), "not-found");
    let events = w.history(&a).await;
    assert_eq!(events.last().unwrap().comment, "已通知检修班");
    assert_eq!(w.states().await, ["unacknowledged"]);
});

testkit::on_both!(what_nobody_acknowledges_goes_to_the_next_contact, |bed| async move {
    let w = world(bed).await;
    let first = crate::notices::contact(&w, "班长", "https://a.example/hook").await;
    let second = crate::notices::contact(&w, "主任", "https://b.example/hook").await;
    let mut r = rule(leaf(hot()));
    let of = |after_s, id: &str| Escalation { after_s, contact_id: id.into() };
    r.escalations = vec![of(300, &first.id), of(900, &second.id)];
    let a = one_alarm(&w, r).await;
    w.advance_s(299);
    w.work().await;
    assert!(crate::notices::names(&w).await.is_empty());
    w.advance_s(2);
    w.work().await;
    assert_eq!(crate::notices::names(&w).await, ["班长"]);
    w.advance_s(598);
    w.work().await;
    assert_eq!(
        crate::notices::names(&w).await,
        ["班长"],
        "the second is due 900 s after the alarm, not after the first"
    );
    w.advance_s(3);
    w.work().await;
    assert_eq!(crate::notices::names(&w).await, ["主任", "班长"]);
    w.advance_s(10_000);
    w.work().await;
    assert_eq!(crate::notices::names(&w).await.len(), 2);
    let causes: Vec<_> = w.history(&a).await.into_iter().map(|e| e.cause).collect();
    assert_eq!(causes, ["occurs", "escalated", "escalated"]);
    // Once acknowledged nobody else is told.
    w.read("dev_2", "temp", 90.0).await;
    let b = w.alarms("unacknowledged").await.into_iter().find(|x| x.device_id == "dev_2").unwrap().id;
    w.handle(&[&b], Verb::Acknowledge, None, "").await.unwrap();
    w.advance_s(10_000);
    w.work().await;
    assert_eq!(crate::notices::names(&w).await.len(), 2);
});
