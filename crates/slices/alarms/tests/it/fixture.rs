//! A plant of two organisations, its readings, and rules to watch it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use alarms::handle::{self, Handle, HandleError, Handled};
use alarms::model::{AlarmRow, EventRow, RuleRow, Verb};
use alarms::publish_rule::{self, PublishRule, PublishRuleError};
use alarms::read::{self, AlarmFilter};
use alarms::save_rule::{self, SaveRule, SaveRuleError};
use alarms::{Engine, Last, Notifier, Outgoing, Sources};
use isa18::{Condition, KnownProperty, Leaf, Past, Priority, PropertyKind, Rule, Shelving, Side, Test, Watch};
use kernel::{Actor, Calendar, Quality, Role, Text, Value};
use store::{StoreError, params};
use testkit::{TestBed, enterprise_owner};
use web::{App, AppState, Site};

pub const ORG: &str = "org_a";
pub const OTHER: &str = "org_b";

/// A stand-in for the lake: numbered series and everything they said.
#[derive(Default)]
pub struct Readings {
    names: Vec<(String, String)>,
    said: HashMap<(String, String), Vec<Past>>,
}

pub struct World {
    pub bed: TestBed,
    pub app: AppState,
    pub engine: Arc<Engine>,
    pub readings: Arc<Mutex<Readings>>,
}

fn number(name: &str, min: Option<f64>, max: Option<f64>) -> KnownProperty {
    KnownProperty { name: name.into(), kind: PropertyKind::Number { min, max } }
}

pub fn model() -> Vec<KnownProperty> {
    vec![
        number("temp", Some(-40.0), Some(150.0)),
        number("pressure", None, None),
        KnownProperty { name: "running".into(), kind: PropertyKind::Flag },
        KnownProperty { name: "mode".into(), kind: PropertyKind::Text },
    ]
}

pub fn sources(readings: &Arc<Mutex<Readings>>) -> Sources {
    let (a, b, c) = (readings.clone(), readings.clone(), readings.clone());
    let key = |device: &str, property: &str| (device.to_owned(), property.to_owned());
    Sources {
        name: Arc::new(move |n| a.lock().unwrap().names.get(n as usize).cloned()),
        last: Arc::new(move |device, property| {
            let r = b.lock().unwrap();
            let last = r.said.get(&key(device, property))?.iter().max_by_key(|p| p.at_us)?;
            Some(Last { at_us: last.at_us, value: last.value.clone(), quality: last.quality })
        }),
        history: Arc::new(move |device, property, from, to| {
            let r = c.lock().unwrap();
            let all = r.said.get(&key(device, property)).cloned().unwrap_or_default();
            Ok(all.into_iter().filter(|p| (from..to).contains(&p.at_us)).collect())
        }),
        properties: Arc::new(|product| (product == "prd_pump").then(model)),
    }
}

/// A device. The slice of devices owns the records; where this program has it, its tables are filled as it would, else a
/// table stands in for its view.
pub async fn device(bed: &TestBed, id: &str, org: &str, product: &str, name: &str) {
    let there = bed
        .read::<_, StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move { cx.all("SELECT device_id FROM pub_devices_device LIMIT 1", vec![]).await })
        })
        .await
        .is_ok();
    let real = bed
        .read::<_, StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move { cx.all("SELECT id FROM devices_product LIMIT 1", vec![]).await })
        })
        .await
        .is_ok();
    let [id, org, product, name] = [id, org, product, name].map(str::to_owned);
    bed.write::<_, StoreError, _>(&Actor::system(), move |cx| {
        Box::pin(async move {
            if !there {
                let sql = "CREATE TABLE pub_devices_device (device_id TEXT PRIMARY KEY, org_id TEXT NOT NULL, \
                           product_id TEXT NOT NULL, name TEXT NOT NULL)";
                cx.execute(sql, vec![]).await?;
            }
            if real {
                let sql = "INSERT INTO devices_product (id, org_id, name, intro, version, created_at_us, updated_at_us) \
                           VALUES ($1, $2, $1, '', 1, 0, 0) ON CONFLICT (id) DO NOTHING";
                cx.execute(sql, params![&product, &org]).await?;
                let sql = "INSERT INTO devices_device (id, org_id, product_id, model_version, name, serial, note, place, \
                           is_gateway, state, created_at_us, updated_at_us, change_number) \
                           VALUES ($1, $2, $3, 1, $4, '', '', '', $5, 'active', 0, 0, 0)";
                cx.execute(sql, params![&id, &org, &product, &name, false]).await?;
            } else {
                let sql = "INSERT INTO pub_devices_device (device_id, org_id, product_id, name) VALUES ($1, $2, $3, $4)";
                cx.execute(sql, params![&id, &org, &product, &name]).await?;
            }
            cx.journal("test.device", &id, &(), &()).await
        })
    })
    .await
    .unwrap();
}

pub fn app(bed: &TestBed, engine: Arc<Engine>) -> AppState {
    let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
    let app = App::new(bed.db.clone(), bed.blobs.clone(), bed.folder().join("uploads"), site, Calendar::default());
    let notifier = Notifier::new(Outgoing { mail: None, private_addresses: true });
    Arc::new(app.with(engine).with(Arc::new(notifier)))
}

/// Two pumps of one organisation and one of another.
pub async fn world(bed: TestBed) -> World {
    device(&bed, "dev_1", ORG, "prd_pump", "一号泵").await;
    device(&bed, "dev_2", ORG, "prd_pump", "二号泵").await;
    device(&bed, "dev_9", OTHER, "prd_pump", "别家的泵").await;
    let readings = Arc::new(Mutex::new(Readings::default()));
    let engine = Arc::new(Engine::new(sources(&readings)));
    let app = app(&bed, engine.clone());
    World { bed, app, engine, readings }
}

pub fn owner() -> Actor {
    enterprise_owner(ORG)
}

pub fn person(role: Role, org: Option<&str>) -> Actor {
    Actor {
        user_id: format!("acc_{role}"),
        name: format!("{role}"),
        role,
        org_id: org.map(Into::into),
        district: Some("120101".into()),
    }
}

pub fn leaf(test: Test) -> Condition {
    Condition::Leaf(Leaf { test, on_delay_s: 0, off_delay_s: 0 })
}

pub fn hot() -> Test {
    Test::Threshold { property: "temp".into(), side: Side::Above, limit: 80.0, dead_band: 5.0 }
}

pub fn rule(condition: Condition) -> Rule {
    Rule {
        name: Text::new("轴承过热", "Bearing too hot"),
        watch: Watch::Product("prd_pump".into()),
        condition,
        priority: Priority::High,
        steps: Vec::new(),
        message: Text::new("轴承温度过高", "The bearing is too hot"),
        consequence: Text::new("轴承损坏", "The bearing fails"),
        response: Text::new("降速并检查润滑", "Slow down, look at the lubrication"),
        latched: false,
        notify: Vec::new(),
        escalations: Vec::new(),
        shelving: Shelving { minutes_max: 60 },
        suppression: None,
        late_after_s: 300,
    }
}

impl World {
    pub fn now_us(&self) -> i64 {
        self.bed.db.clock().now().as_microsecond()
    }

    pub fn advance_s(&self, s: i64) {
        self.bed.clock.advance(jiff::Span::new().seconds(s));
    }

    /// The number of a series; a new one for a new name.
    pub fn series(&self, device: &str, property: &str) -> u32 {
        let mut r = self.readings.lock().unwrap();
        let name = (device.to_owned(), property.to_owned());
        let known = r.names.iter().position(|n| *n == name);
        let at = known.unwrap_or_else(|| {
            r.names.push(name);
            r.names.len() - 1
        });
        u32::try_from(at).unwrap()
    }

    /// A machine says something now; it is stored, as by the lake, and told to the engine if `told`.
    pub fn say_to(&self, engine: Option<&Engine>, device: &str, property: &str, value: Value) {
        let (series, at_us, quality) = (self.series(device, property), self.now_us(), Quality::Good);
        let past = Past { property: property.into(), at_us, value: value.clone(), quality };
        let key = (device.to_owned(), property.to_owned());
        self.readings.lock().unwrap().said.entry(key).or_default().push(past);
        if let Some(engine) = engine {
            engine.on_batch(at_us, [(series, at_us, &value, quality)]);
        }
    }

    /// A machine says a number, a second later, and the engine works.
    pub async fn read(&self, device: &str, property: &str, x: f64) {
        self.advance_s(1);
        self.say_to(Some(&self.engine), device, property, Value::Number(x));
        self.work().await;
    }

    pub async fn work(&self) {
        self.engine.work(&self.app).await.unwrap();
    }

    pub async fn save_as(&self, actor: &Actor, rule_id: Option<String>, rule: Rule) -> Result<RuleRow, SaveRuleError> {
        let cmd = SaveRule { rule_id, org_id: actor.org().to_owned(), rule };
        let properties = sources(&self.readings).properties;
        self.bed.write(actor, move |cx| Box::pin(async move { save_rule::run(cx, cmd, &properties).await })).await
    }

    pub async fn publish(&self, rule_id: &str, version: i64) -> Result<RuleRow, PublishRuleError> {
        let cmd = PublishRule { rule_id: rule_id.into(), version };
        let properties = sources(&self.readings).properties;
        self.bed.write(&owner(), move |cx| Box::pin(async move { publish_rule::run(cx, cmd, &properties).await })).await
    }

    /// A published rule that the engine has loaded.
    pub async fn published(&self, rule: Rule) -> String {
        let saved = self.save_as(&owner(), None, rule).await.unwrap();
        self.publish(&saved.id, 1).await.unwrap();
        self.advance_s(2);
        self.work().await;
        saved.id
    }

    pub async fn alarms(&self, show: &str) -> Vec<AlarmRow> {
        let filter = AlarmFilter { show: show.into(), limit: 100, ..AlarmFilter::default() };
        self.bed.read(&owner(), |cx| Box::pin(async move { read::alarms(cx, filter).await })).await.unwrap()
    }

    /// State codes of all alarms, most urgent first.
    pub async fn states(&self) -> Vec<&'static str> {
        self.alarms("all").await.iter().map(|a| a.alarm.state.code()).collect()
    }

    pub async fn history(&self, id: &str) -> Vec<EventRow> {
        let id = id.to_owned();
        self.bed.read(&owner(), |cx| Box::pin(history(cx, id))).await.unwrap()
    }

    pub async fn handle(
        &self,
        ids: &[&str],
        verb: Verb,
        minutes: Option<i64>,
        comment: &str,
    ) -> Result<Handled, HandleError> {
        self.handle_as(&owner(), ids, verb, minutes, comment).await
    }

    pub async fn handle_as(
        &self,
        actor: &Actor,
        ids: &[&str],
        verb: Verb,
        minutes: Option<i64>,
        comment: &str,
    ) -> Result<Handled, HandleError> {
        let alarm_ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let cmd = Handle { alarm_ids, verb, minutes, comment: comment.into() };
        self.bed.write(actor, |cx| Box::pin(handle::run(cx, cmd))).await
    }
}

async fn history(cx: &mut store::Cx, id: String) -> Result<Vec<EventRow>, read::ReadError> {
    let (_, mut events) = read::alarm(cx, &id, i64::MAX, 1_000).await?;
    events.reverse();
    Ok(events)
}
