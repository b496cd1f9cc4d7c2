//! The evaluation beside the stream: what it writes, and that it misses no state.

use std::sync::Arc;

use alarms::model::Verb;
use alarms::{Engine, EngineCounts};
use isa18::{Condition, Leaf, Priority, Side, Step, StepWhen, Suppression, Test};
use kernel::{Actor, Value};
use store::StoreError;

use crate::fixture::{ORG, OTHER, World, app, device, hot, leaf, owner, person, rule, sources, world};

testkit::on_both!(an_alarm_lives_from_the_stream_to_the_records, |bed| async move {
    let w = world(bed).await;
    let mut r = rule(leaf(hot()));
    r.steps = vec![Step {
        when: StepWhen::Value { property: "temp".into(), side: Side::Above, limit: 100.0, dead_band: 2.0 },
        priority: Priority::Critical,
    }];
    w.published(r).await;
    for x in [70.0, 81.5, 105.0, 90.0, 60.0] {
        w.read("dev_1", "temp", x).await;
    }
    let all = w.alarms("open").await;
    assert_eq!(all.len(), 1);
    let a = &all[0];
    assert_eq!((a.alarm.state.code(), a.device_name.as_str()), ("returned-unacknowledged", "一号泵"));
    assert_eq!(a.value_words(), "temp = 60");
    let told: Vec<_> = w.history(&a.id).await.into_iter().map(|e| (e.cause, e.priority.code(), e.value_text)).collect();
    let of = |c: &str, p, v: &str| (c.to_owned(), p, v.to_owned());
    assert_eq!(
        told,
        [
            of("occurs", "high", "81.5"),
            of("rises", "critical", "105"),
            of("falls", "high", "90"),
            of("returns", "high", "60")
        ]
    );
    let counts = w.engine.counts();
    assert_eq!((counts.written, counts.watched, counts.out_of_step), (4, 2, 0));
});

testkit::on_both!(a_rule_watches_its_own_organisations_devices_only, |bed| async move {
    let w = world(bed).await;
    w.published(rule(leaf(hot()))).await;
    w.read("dev_9", "temp", 120.0).await;
    assert!(w.states().await.is_empty());
    let stranger = person(kernel::Role::EnterpriseOwner, Some(OTHER));
    let theirs = w.save_as(&stranger, None, rule(leaf(hot()))).await.unwrap();
    assert_eq!(theirs.org_id, OTHER);
    assert_eq!(w.engine.counts().watched, 2);
    let _ = ORG;
});

testkit::on_both!(after_a_restart_states_are_as_before_and_what_happened_meanwhile_is_told, |bed| async move {
    let w = world(bed).await;
    w.published(rule(leaf(hot()))).await;
    w.read("dev_1", "temp", 90.0).await;
    w.read("dev_2", "temp", 90.0).await;
    // While nobody evaluates: one falls into the dead-band, the other comes back.
    w.advance_s(1);
    w.say_to(None, "dev_1", "temp", Value::Number(78.0));
    w.say_to(None, "dev_2", "temp", Value::Number(20.0));
    let second = Arc::new(Engine::new(sources(&w.readings)));
    let app = app(&w.bed, second.clone());
    second.work(&app).await.unwrap();
    let states: Vec<_> = w.alarms("all").await.into_iter().map(|a| (a.device_id, a.alarm.state.code())).collect();
    let mut states = states;
    states.sort();
    let of = |d: &str, s| (d.to_owned(), s);
    assert_eq!(states, [of("dev_1", "unacknowledged"), of("dev_2", "returned-unacknowledged")]);
    w.advance_s(1);
    w.say_to(Some(&second), "dev_1", "temp", Value::Number(74.0));
    second.work(&app).await.unwrap();
    assert!(w.states().await.iter().all(|s| *s == "returned-unacknowledged"), "it knew that it was in the dead-band");
});

testkit::on_both!(what_the_queue_cannot_hold_is_counted_and_its_state_is_not_missed, |bed| async move {
    let w = world(bed).await;
    w.published(rule(leaf(hot()))).await;
    let small = Arc::new(Engine::with_queue(sources(&w.readings), 3));
    let app = app(&w.bed, small.clone());
    small.work(&app).await.unwrap();
    w.advance_s(1);
    for _ in 0..3 {
        w.say_to(Some(&small), "dev_1", "temp", Value::Number(20.0));
    }
    w.advance_s(1);
    w.say_to(Some(&small), "dev_2", "temp", Value::Number(95.0));
    small.work(&app).await.unwrap();
    let counts = small.counts();
    assert_eq!((counts.collected, counts.overflowed, counts.reread), (3, 1, 1));
    assert_eq!(w.alarms("open").await[0].device_id, "dev_2");
});

testkit::on_both!(what_could_not_be_written_is_written_later, |bed| async move {
    let w = world(bed).await;
    w.published(rule(leaf(hot()))).await;
    w.read("dev_1", "temp", 20.0).await;
    rename(&w, "ALTER TABLE alarms_event RENAME TO alarms_event_gone").await;
    w.advance_s(1);
    w.say_to(Some(&w.engine), "dev_1", "temp", Value::Number(90.0));
    assert!(w.engine.work(&w.app).await.is_err());
    rename(&w, "ALTER TABLE alarms_event_gone RENAME TO alarms_event").await;
    assert!(w.states().await.is_empty(), "nothing was half-written");
    w.work().await;
    assert_eq!(w.states().await, ["unacknowledged"]);
    assert_eq!(w.engine.counts().failed, 1);
});

async fn rename(w: &World, sql: &'static str) {
    let system = Actor::system();
    let done = w.bed.write::<_, StoreError, _>(&system, move |cx| {
        Box::pin(async move {
            cx.execute(sql, vec![]).await?;
            cx.journal("test.rename", "x", &(), &()).await
        })
    });
    done.await.unwrap();
}

testkit::on_both!(a_new_device_is_watched_as_soon_as_it_speaks, |bed| async move {
    let w = world(bed).await;
    w.published(rule(leaf(hot()))).await;
    device(&w.bed, "dev_3", ORG, "prd_pump", "三号泵").await;
    w.advance_s(10);
    w.read("dev_3", "temp", 95.0).await;
    assert!(w.states().await.is_empty(), "it was not known yet");
    w.advance_s(1);
    w.work().await;
    assert_eq!(w.alarms("open").await[0].device_name, "三号泵");
});

testkit::on_both!(time_alone_raises_an_alarm_and_a_group_waits_for_its_delay, |bed| async move {
    let w = world(bed).await;
    w.published(rule(leaf(Test::NoData { property: None, for_s: 60 }))).await;
    w.read("dev_1", "temp", 1.0).await;
    w.advance_s(61);
    w.work().await;
    assert_eq!(w.alarms("open").await.len(), 2, "one fell silent, the other never spoke");
    w.read("dev_1", "mode", 1.0).await;
    let open: Vec<_> = w.alarms("open").await.into_iter().map(|a| a.alarm.state.code()).collect();
    assert!(open.contains(&"returned-unacknowledged"), "anything that is said ends the silence: {open:?}");
    let delayed = |test| Condition::Leaf(Leaf { test, on_delay_s: 30, off_delay_s: 0 });
    let mut r = rule(Condition::All(vec![delayed(hot()), leaf(Test::Flag { property: "running".into(), is: true })]));
    r.suppression = Some(Suppression::State(leaf(Test::Expression { cel: "mode == \"test\"".into() })));
    let id = w.published(r).await;
    w.advance_s(1);
    w.say_to(Some(&w.engine), "dev_1", "running", Value::Flag(true));
    w.read("dev_1", "temp", 99.0).await;
    let of_rule =
        |all: Vec<alarms::model::AlarmRow>| all.into_iter().find(|a| a.rule_id == id).map(|a| a.alarm.state.code());
    assert_eq!(of_rule(w.alarms("all").await), None);
    w.advance_s(31);
    w.work().await;
    assert_eq!(of_rule(w.alarms("all").await), Some("unacknowledged"));
    w.advance_s(1);
    w.say_to(Some(&w.engine), "dev_1", "mode", Value::Text("test".into()));
    w.work().await;
    assert_eq!(of_rule(w.alarms("all").await), Some("suppressed"));
    w.advance_s(1);
    w.say_to(Some(&w.engine), "dev_1", "mode", Value::Text("\u{0}'; DROP TABLE alarms_alarm; --".into()));
    w.work().await;
    assert_eq!(of_rule(w.alarms("all").await), Some("unacknowledged"), "a hostile text is stored like any other");
});

testkit::on_both!(a_new_version_takes_over_without_a_false_return, |bed| async move {
    let w = world(bed).await;
    let id = w.published(rule(leaf(hot()))).await;
    w.read("dev_1", "temp", 90.0).await;
    let alarm = w.alarms("open").await[0].id.clone();
    w.handle(&[&alarm], Verb::Acknowledge, None, "").await.unwrap();
    let mut slower = rule(Condition::Leaf(Leaf { test: hot(), on_delay_s: 600, off_delay_s: 0 }));
    slower.priority = Priority::High;
    w.save_as(&owner(), Some(id.clone()), slower).await.unwrap();
    w.publish(&id, 2).await.unwrap();
    w.advance_s(2);
    w.work().await;
    assert_eq!(w.states().await, ["acknowledged"], "what is still hot needs no second delay");
    w.read("dev_1", "temp", 60.0).await;
    assert_eq!(w.states().await, ["normal"]);
    assert_ne!(w.engine.counts(), EngineCounts::default());
});
