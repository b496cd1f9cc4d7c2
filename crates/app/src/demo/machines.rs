//! One firm's machines: in the replay their days come in as a gateway would bring them after an outage; once the
//! demonstration is served they are real MQTT clients of the listener, a reading a second.

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use devices::issue_credential::{IssueCredential, Proof};
use devices::publish_model::PublishModel;
use devices::register_device::RegisterDevice;
use devices::{ingest, issue_credential, publish_model, register_device, sync_directory};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use kernel::{Actor, Clock, Role, beijing_midnight};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::json;
use store::StoreError;
use things::Directory;
use tokio::task::JoinHandle;
use web::AppState;

use super::scenario::Persona;
use super::world::{Bought, World};
use crate::cli::serve::create_account;
use crate::flows::device_activity_is_usage;

const MODEL: &str = include_str!("../../../../scenarios/machine-tool.json");
const ALARMS: &str = include_str!("../../../../scenarios/machine-alarms.json");
/// Name and place of each machine.
const MACHINES: &[(&str, &str)] = &[
    ("1号加工中心", "一厂/机加一线"),
    ("2号加工中心", "一厂/机加一线"),
    ("3号加工中心", "一厂/机加一线"),
    ("4号数控车床", "一厂/机加二线"),
    ("5号数控车床", "一厂/机加二线"),
    ("6号磨床", "二厂/精加工"),
];
/// Who looks after them.
pub const LOGIN: &str = "plant1";
/// Days before the story's end on which they are connected: two whole months of evidence.
const CONNECTED_DAYS: i64 = 75;
/// Seconds between two readings of the replayed days, as the model asks for.
const EVERY_S: i64 = 300;

/// The first day on which they report.
fn first_day(ends: Date) -> Date {
    ends.saturating_sub(Span::new().days(CONNECTED_DAYS))
}

/// Lives through a day of the machines: on the first they are registered, on each later one the day before comes in.
pub async fn day(w: &World, today: Date) -> Result<()> {
    let first = first_day(w.story.ends);
    if today < first {
        return Ok(());
    }
    let entries = w.app.part::<Directory>().all();
    if entries.is_empty() {
        let Some(owner) = connects(w) else { return Ok(()) };
        return register(w, &owner).await;
    }
    let yesterday = today.yesterday()?;
    for (n, (name, _)) in MACHINES.iter().enumerate() {
        let entry = entries.iter().find(|e| &*e.facts().name == *name).ok_or_else(|| anyhow!("{name} is gone"))?;
        let from_s = beijing_midnight(yesterday).as_second();
        let message = |i: i64| {
            let at_s = from_s + i * EVERY_S;
            json!({ "ts": at_s * 1000, "values": values(n, at_s) })
        };
        let payload = json!((0..86_400 / EVERY_S).map(message).collect::<Vec<_>>()).to_string();
        let stored = ingest::one(&w.app, entry, payload.as_bytes()).await;
        stored.map_err(|refused| anyhow!("{name} on {yesterday}: {refused:?}"))?;
    }
    devices::jobs::persist_counters(&w.app).await?;
    device_activity_is_usage::run(&w.app).await.context("devices as evidence")?;
    Ok(())
}

/// The firm that connects its machines: of those that do all as it should be, and whose order runs on beyond the story, the
/// one whose use began first, so that what the machines prove comes on top of what its bills prove.
fn connects(w: &World) -> Option<Actor> {
    let steady = w.firms.iter().filter(|f| f.persona == Persona::Steady);
    let bought = steady.filter_map(|f| Some((f.order.as_ref()?, f.actor.clone()?)));
    let runs_on = |o: &Bought| o.starts_on.saturating_add(Span::new().months(o.months)) > w.story.ends;
    bought.filter(|(o, _)| runs_on(o)).min_by_key(|(o, _)| o.starts_on).map(|(_, owner)| owner)
}

async fn register(w: &World, owner: &Actor) -> Result<()> {
    let org_id = owner.org().to_owned();
    let name = "设备工程师 冯某（模拟）";
    create_account(&w.app, LOGIN, &w.story.password, name, Role::EnterpriseOwner, Some(&org_id), None).await?;
    let product = PublishModel {
        product_id: None,
        org_id: org_id.clone(),
        name: "数控机床（模拟）".into(),
        intro: "主轴转速、温度、振动与功率".into(),
        model_json: MODEL.into(),
        note: String::new(),
        move_devices: false,
    };
    let made = w.must(owner, move |cx| Box::pin(publish_model::run(cx, product))).await?;
    for (name, place) in MACHINES {
        let cmd = RegisterDevice {
            org_id: org_id.clone(),
            product_id: made.product.id.clone(),
            name: (*name).into(),
            place: (*place).into(),
            ..RegisterDevice::default()
        };
        w.must(owner, move |cx| Box::pin(register_device::run(cx, cmd))).await?;
    }
    sync_directory(&w.app).await?;
    alarm_rules(w, owner, &made.product.id).await
}

/// The rules of the machines' product, as their owner writes and publishes them.
async fn alarm_rules(w: &World, owner: &Actor, product_id: &str) -> Result<()> {
    let rules: Vec<isa18::Rule> = serde_json::from_str(ALARMS).context("scenarios/machine-alarms.json")?;
    let properties = w.app.part::<alarms::Engine>().sources().properties.clone();
    for rule in rules {
        let rule = isa18::Rule { watch: isa18::Watch::Product(product_id.to_owned()), ..rule };
        let cmd = alarms::save_rule::SaveRule { rule_id: None, org_id: owner.org().to_owned(), rule };
        let known = properties.clone();
        let saved =
            w.must(owner, move |cx| Box::pin(async move { alarms::save_rule::run(cx, cmd, &known).await })).await?;
        let cmd = alarms::publish_rule::PublishRule { rule_id: saved.id, version: saved.version };
        let known = properties.clone();
        w.must(owner, move |cx| Box::pin(async move { alarms::publish_rule::run(cx, cmd, &known).await })).await?;
    }
    Ok(())
}

/// Noise between -1 and 1 that is the same for the same place: a replay draws the same curves.
fn noise(n: usize, at_s: i64, which: u64) -> f64 {
    let mut x = (n as u64) << 40 ^ (at_s as u64) << 4 ^ which;
    for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9_u64), (27, 0x94d0_49bb_1331_11eb)] {
        x = (x ^ x >> shift).wrapping_mul(factor);
    }
    ((x ^ x >> 31) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// What machine `n` measures at an instant: it runs in cycles from eight to twenty, and cools in between. The third one's
/// bearing wears: its vibration grows through the last two weeks of each quarter.
fn values(n: usize, at_s: i64) -> serde_json::Value {
    let day_s = (at_s + 8 * 3_600).rem_euclid(86_400);
    let cycle_s = 240 + 60 * n as i64;
    let phase = (at_s.rem_euclid(cycle_s)) as f64 / cycle_s as f64;
    let shift = (8 * 3_600..20 * 3_600).contains(&day_s);
    let load = if shift && phase < 0.82 { 0.55 + 0.35 * (TAU * phase).sin().abs() } else { 0.0 };
    let rpm = if load > 0.0 { 6_000.0 + 400.0 * n as f64 + 40.0 * noise(n, at_s, 1) } else { 0.0 };
    let warm = if shift { 1.0 - (-((day_s - 8 * 3_600) as f64) / 5_400.0).exp() } else { 0.15 };
    let quarter_day = (at_s / 86_400 + 40).rem_euclid(91);
    let wear = if n == 2 && quarter_day > 77 { (quarter_day - 77) as f64 * 0.28 } else { 0.0 };
    let vibration = if load > 0.0 { 1.1 + 0.25 * load + wear + 0.12 * noise(n, at_s, 3) } else { 0.08 };
    let round = |v: f64, digits: f64| (v * digits).round() / digits;
    json!({
        "spindle_rpm": round(rpm, 1.0),
        "spindle_temp": round(22.0 + 24.0 * warm + 3.0 * load + 0.3 * noise(n, at_s, 2), 10.0),
        "vibration_rms": round(vibration.max(0.0), 100.0),
        "power_kw": round(0.8 + 11.0 * load + 0.2 * noise(n, at_s, 4).abs(), 100.0),
    })
}

/// Connects the machines to the listener and keeps them reporting until aborted. Each gets a new token; what it showed in an
/// earlier run ends.
pub async fn connect(app: &AppState, port: u16) -> Result<Vec<JoinHandle<()>>> {
    let directory = app.part::<Directory>();
    let mut running = Vec::new();
    for (n, (name, _)) in MACHINES.iter().enumerate() {
        let Some(entry) = directory.all().into_iter().find(|e| &*e.facts().name == *name) else { continue };
        let owner = Actor {
            user_id: "demo".into(),
            name: "演示设备 / demonstration".into(),
            role: Role::EnterpriseOwner,
            org_id: Some(entry.org_id.to_string()),
            district: None,
        };
        let cmd = IssueCredential { device_id: entry.id.to_string(), proof: Proof::Token, others_end_after_s: Some(0) };
        let issued = app
            .db
            .write(&owner, "demo", move |cx| Box::pin(issue_credential::run(cx, cmd)))
            .await
            .map_err(|e| anyhow!("a token for {name}: {e}"))?;
        let token = issued.token.ok_or_else(|| anyhow!("{name} got no token"))?;
        running.push((n, entry.id.to_string(), token));
    }
    sync_directory(app).await?;
    let clock = app.db.clock().clone();
    let start = |(n, id, token)| tokio::spawn(report(n, id, token, port, clock.clone()));
    Ok(running.into_iter().map(start).collect())
}

/// One machine: a reading a second, an answer to each command. The client connects again by itself.
async fn report(n: usize, id: String, token: String, port: u16, clock: Arc<dyn Clock>) {
    let mut options = MqttOptions::new(format!("demo-{id}"), "127.0.0.1", port);
    options.set_credentials(token, "").set_keep_alive(Duration::from_secs(30));
    let (client, mut events) = AsyncClient::new(options, 64);
    let publisher = client.clone();
    let publishing = tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tick.tick().await;
            let now: Timestamp = clock.now();
            let payload = json!({ "ts": now.as_millisecond(), "values": values(n, now.as_second()) }).to_string();
            // Full while the listener is away: the reading is left out, as a simple machine does.
            let _ = publisher.try_publish("v1/devices/me/telemetry", QoS::AtLeastOnce, false, payload);
        }
    });
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                let _ = client.try_subscribe("v1/devices/me/rpc/request/+", QoS::AtLeastOnce);
            }
            Ok(Event::Incoming(Packet::Publish(asked))) => {
                if let Some(number) = asked.topic.rsplit('/').next() {
                    let topic = format!("v1/devices/me/rpc/response/{number}");
                    let _ = client.try_publish(topic, QoS::AtLeastOnce, false, r#"{"done":true}"#);
                }
            }
            Ok(_) => {}
            Err(e) => {
                tracing::debug!(error = %e, id, "a demonstration machine lost its connection");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
        if publishing.is_finished() {
            return;
        }
    }
}

/// How many devices there are and how many readings they have in all, for the summary.
pub async fn counted(app: &AppState) -> Result<(i64, i64), StoreError> {
    let sql = "SELECT COUNT(*) AS n, CAST(COALESCE(SUM(points), 0) AS BIGINT) AS points FROM pub_devices_counter";
    app.db
        .read(&Actor::system(), |cx| {
            Box::pin(async move {
                let row = cx.one(sql, vec![]).await?;
                Ok((row.get("n")?, row.get("points")?))
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machines_measure_is_what_their_model_takes() {
        let model = things::Model::from_json(MODEL).unwrap();
        for n in 0..MACHINES.len() {
            for i in 0..2_000 {
                let at_s = 1_562_000_000 + i * 4_321;
                let payload = json!({ "ts": at_s * 1000, "values": values(n, at_s) }).to_string();
                let mut out = Vec::new();
                let now_us = (at_s + 1) * 1_000_000;
                let limits = things::TimeLimits::default();
                things::decode::thingsboard_telemetry(payload.as_bytes(), &model, now_us, &limits, &mut out).unwrap();
                assert_eq!(out.len(), 4);
            }
        }
    }
}
