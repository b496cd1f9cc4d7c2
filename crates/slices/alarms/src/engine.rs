//! Evaluation beside the stream: collects what is read, evaluates a few times a second, writes what came of it.
//!
//! [`Engine::on_batch`] is called where readings are stored and must be quick: it looks whether anybody listens to a
//! series and puts the reading into a bounded queue. [`Engine::work`] does the rest on a task of its own. What the queue
//! could not hold is counted, and the last values are read again instead: a state may be seen late, but is not missed.
//! What could not be written stays, and is written by a later round (AR-5).

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use isa18::{Moment, Plant, Restored, RuleOn, Signal, Watch};
use kernel::{Actor, Quality, Value};
use serde::Serialize;
use web::AppState;

use crate::lapse;
use crate::model::RuleRow;
use crate::record::{self, RecordError};
use crate::sources::Sources;
use crate::store::rules::Device;
use crate::store::{alarms, rules};

/// Readings that wait for the next round at most: some 20 MB.
pub const QUEUE_MAX: usize = 200_000;
/// Signals that wait to be written at most; beyond it they are forgotten and told anew.
const SIGNALS_MAX: usize = 20_000;
/// Signals written in one transaction.
const CHUNK: usize = 500;
/// How often the records are asked whether rules changed, and whether something lapsed.
const ASK_US: i64 = 1_000_000;
/// How soon after one load the next may come for the sake of unknown devices.
const LOAD_AGAIN_US: i64 = 5_000_000;
/// How often everything is loaded anew, for devices that came, went or changed product.
const LOAD_EVERY_US: i64 = 60_000_000;

/// A reading that waits.
struct Heard {
    series: u32,
    at_us: i64,
    value: Value,
    quality: Quality,
}

/// What the evaluation did since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EngineCounts {
    /// Readings collected.
    pub collected: u64,
    /// Readings that the queue could not hold.
    pub overflowed: u64,
    /// Times that last values were read again because of that.
    pub reread: u64,
    /// Signals written.
    pub written: u64,
    /// Signals that the records could not follow.
    pub out_of_step: u64,
    /// Rounds in which writing failed; their signals were kept.
    pub failed: u64,
    /// Times rules and devices were loaded.
    pub loaded: u64,
    /// Alarms watched: rules times devices.
    pub watched: u64,
    /// What was done with readings.
    pub readings: isa18::Counts,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Interest {
    Unknown,
    Listened(u32),
    Ignored,
}

#[derive(Default)]
struct Inbox {
    readings: Vec<(i64, Heard)>,
    overflowed: bool,
}

#[derive(Default)]
struct Core {
    plant: Option<Plant>,
    version: i64,
    asked_us: i64,
    loaded_us: i64,
    /// Written to the records by no round yet.
    pending: Vec<Signal>,
    must_load: bool,
    devices: HashSet<Arc<str>>,
    /// What [`Engine::interest`] is a copy of.
    interest: Vec<Interest>,
}

/// The evaluation. The application keeps one as a part.
///
/// [`Engine::on_batch`] looks into a copy of what [`Engine::work`] has learnt of series, so that the two do not wait for
/// each other.
pub struct Engine {
    sources: Sources,
    queue_max: usize,
    inbox: Mutex<Inbox>,
    /// By series: does anybody listen, and as which series of the plant.
    interest: RwLock<Vec<Interest>>,
    core: tokio::sync::Mutex<Core>,
    collected: AtomicU64,
    overflowed: AtomicU64,
    counts: Mutex<EngineCounts>,
}

impl Engine {
    /// Nothing loaded; the first [`Engine::work`] loads.
    pub fn new(sources: Sources) -> Engine {
        Engine::with_queue(sources, QUEUE_MAX)
    }

    /// The same with another limit of waiting readings.
    pub fn with_queue(sources: Sources, queue_max: usize) -> Engine {
        Engine {
            sources,
            queue_max,
            inbox: Mutex::default(),
            interest: RwLock::default(),
            core: tokio::sync::Mutex::new(Core { must_load: true, asked_us: i64::MIN, ..Core::default() }),
            collected: AtomicU64::new(0),
            overflowed: AtomicU64::new(0),
            counts: Mutex::default(),
        }
    }

    /// Where readings and models come from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// What was done.
    pub fn counts(&self) -> EngineCounts {
        let counts = *self.counts.lock().expect("no panic while held");
        EngineCounts {
            collected: self.collected.load(Ordering::Relaxed),
            overflowed: self.overflowed.load(Ordering::Relaxed),
            ..counts
        }
    }

    /// Takes what one read of one connection brought, at `server_at_us`: series, when it was taken, value, quality. Only
    /// collects, and copies only what somebody listens to; called from the log's thread.
    pub fn on_batch<'v>(&self, server_at_us: i64, readings: impl IntoIterator<Item = (u32, i64, &'v Value, Quality)>) {
        let interest = self.interest.read().expect("no panic while held");
        let mut inbox = None;
        let (mut kept, mut lost) = (0, 0);
        for (series, at_us, value, quality) in readings {
            if interest.get(series as usize) == Some(&Interest::Ignored) {
                continue;
            }
            let inbox = inbox.get_or_insert_with(|| self.inbox.lock().expect("no panic while held"));
            if inbox.readings.len() < self.queue_max {
                inbox.readings.push((server_at_us, Heard { series, at_us, value: value.clone(), quality }));
                kept += 1;
            } else {
                inbox.overflowed = true;
                lost += 1;
            }
        }
        drop(inbox);
        if kept + lost > 0 {
            self.collected.fetch_add(kept, Ordering::Relaxed);
            self.overflowed.fetch_add(lost, Ordering::Relaxed);
        }
    }

    /// Evaluates what was collected and writes what came of it; called every 200 ms or so, by one task.
    pub async fn work(&self, app: &AppState) -> Result<(), RecordError> {
        let mut core = self.core.lock().await;
        let now_us = app.db.clock().now().as_microsecond();
        let asks = now_us.saturating_sub(core.asked_us) >= ASK_US || core.must_load;
        if asks {
            core.asked_us = now_us;
            let version = app
                .db
                .read::<_, RecordError, _>(&Actor::system(), |cx| {
                    Box::pin(async move { Ok(rules::version(cx).await?) })
                })
                .await?;
            let old = now_us.saturating_sub(core.loaded_us) >= LOAD_EVERY_US;
            if core.must_load || old || version != core.version {
                self.load(app, &mut core, version, now_us).await?;
            }
        }
        self.evaluate(&mut core, now_us);
        let written = self.write(app, &mut core).await;
        if asks {
            self.lapse(app).await?;
        }
        self.note(&core);
        written
    }

    fn note(&self, core: &Core) {
        let mut counts = self.counts.lock().expect("no panic while held");
        if let Some(plant) = &core.plant {
            counts.watched = plant.len() as u64;
            counts.readings = plant.counts();
        }
    }

    /// Loads rules, devices and what the records say of alarms; goes on with what the evaluation remembers.
    async fn load(&self, app: &AppState, core: &mut Core, version: i64, now_us: i64) -> Result<(), RecordError> {
        let (published, devices, mut restored) = app
            .db
            .read(&Actor::system(), |cx| {
                Box::pin(async move {
                    let published = rules::published(cx).await?;
                    // Without a rule there may be no devices either, nor their view.
                    let devices = if published.is_empty() { Vec::new() } else { rules::watched_devices(cx).await? };
                    Ok::<_, RecordError>((published, devices, alarms::restored(cx).await?))
                })
            })
            .await?;
        if let Some(plant) = &core.plant {
            go_on(&mut restored, plant);
        }
        let known: Vec<(Arc<str>, Arc<str>)> =
            devices.iter().map(|d| (d.id.as_str().into(), scoped(&d.org_id, &d.product_id).into())).collect();
        core.devices = known.iter().map(|(id, _)| id.clone()).collect();
        let on = published.iter().filter_map(|r| scoped_rule(r, &devices)).collect();
        let plant = Plant::new(on, &known, restored, now_us);
        let mut plant = match plant {
            Ok(plant) => plant,
            Err((rule, error)) => {
                // Defects are refused before publishing, so this is a fault of ours: what was loaded before goes on.
                tracing::error!(%rule, %error, "a published rule does not compile");
                core.version = version;
                core.must_load = false;
                return Ok(());
            }
        };
        self.reread(&mut plant, now_us, &mut Vec::new());
        // What was told and not written is told again from here.
        core.pending.clear();
        plant.reconcile(now_us, &mut core.pending);
        core.plant = Some(plant);
        (core.version, core.loaded_us, core.must_load) = (version, now_us, false);
        core.interest.clear();
        self.interest.write().expect("no panic while held").clear();
        self.counts.lock().expect("no panic while held").loaded += 1;
        Ok(())
    }

    /// Takes the last values of everything that is watched.
    fn reread(&self, plant: &mut Plant, now_us: i64, out: &mut Vec<Signal>) {
        for (device, property, series) in plant.watched() {
            if let Some(last) = (self.sources.last)(&device, &property) {
                let moment = Moment { series, at_us: last.at_us, value: last.value, quality: last.quality };
                plant.take(now_us, &moment, out);
            }
        }
    }

    fn evaluate(&self, core: &mut Core, now_us: i64) {
        let inbox = std::mem::take(&mut *self.inbox.lock().expect("no panic while held"));
        let Core { plant: Some(plant), pending, devices, loaded_us, must_load, interest, .. } = core else { return };
        let mut learnt = false;
        for (server_at_us, heard) in inbox.readings {
            let at = heard.series as usize;
            if at >= interest.len() {
                interest.resize(at + 1, Interest::Unknown);
            }
            if interest[at] == Interest::Unknown {
                learnt = true;
                interest[at] = self.interest_in(plant, heard.series, devices, now_us - *loaded_us, must_load);
            }
            if let Interest::Listened(series) = interest[at] {
                let moment = Moment { series, at_us: heard.at_us, value: heard.value, quality: heard.quality };
                plant.take(server_at_us.min(now_us), &moment, pending);
            }
        }
        if inbox.overflowed {
            self.reread(plant, now_us, pending);
            self.counts.lock().expect("no panic while held").reread += 1;
        }
        plant.tick(now_us, pending);
        if learnt {
            self.interest.write().expect("no panic while held").clone_from(interest);
        }
    }

    /// Does anybody listen to a series? Of a device that is not known yet nobody can say: it may just have been added.
    fn interest_in(
        &self,
        plant: &mut Plant,
        series: u32,
        devices: &HashSet<Arc<str>>,
        since_load_us: i64,
        must_load: &mut bool,
    ) -> Interest {
        let Some((device, property)) = (self.sources.name)(series) else { return Interest::Unknown };
        match plant.series(&device, &property) {
            Some(series) => Interest::Listened(series),
            None if devices.contains(device.as_str()) || plant.is_empty() => Interest::Ignored,
            None => {
                *must_load |= since_load_us >= LOAD_AGAIN_US;
                Interest::Ignored
            }
        }
    }

    /// Writes what waits. What fails stays for the next round.
    async fn write(&self, app: &AppState, core: &mut Core) -> Result<(), RecordError> {
        while !core.pending.is_empty() {
            let chunk: Vec<Signal> = core.pending.iter().take(CHUNK).cloned().collect();
            let many = chunk.len();
            let written = app
                .db
                .write(&Actor::system(), "alarms", move |cx| Box::pin(async move { record::run(cx, chunk).await }))
                .await;
            let mut counts = self.counts.lock().expect("no panic while held");
            match written {
                Ok(done) => {
                    counts.written += done.written;
                    counts.out_of_step += done.out_of_step;
                    core.must_load |= done.out_of_step > 0;
                    core.pending.drain(..many);
                }
                Err(e) => {
                    counts.failed += 1;
                    if core.pending.len() > SIGNALS_MAX {
                        core.pending.clear();
                        core.must_load = true;
                    }
                    return Err(e);
                }
            }
        }
        Ok(())
    }

    async fn lapse(&self, app: &AppState) -> Result<(), RecordError> {
        let system = Actor::system();
        let into = |e: lapse::LapseError| match e {
            lapse::LapseError::Store(e) => RecordError::Store(e),
            lapse::LapseError::Forbidden => RecordError::Forbidden,
            lapse::LapseError::NotFound => RecordError::NotFound,
        };
        if app.db.read(&system, |cx| Box::pin(lapse::is_due(cx))).await.map_err(into)? {
            app.db.write(&system, "alarms", |cx| Box::pin(lapse::run(cx))).await.map_err(into)?;
        }
        Ok(())
    }
}

/// What the records believe, with what the evaluation remembers of it; and what never came into the records.
fn go_on(restored: &mut Vec<Restored>, plant: &Plant) {
    let mut remembered: HashMap<(String, String), Restored> =
        plant.remember_all().map(|r| ((r.rule_id.clone(), r.device_id.clone()), r)).collect();
    for r in restored.iter_mut() {
        if let Some(m) = remembered.remove(&(r.rule_id.clone(), r.device_id.clone())) {
            (r.version, r.memory) = (m.version, m.memory);
        }
    }
    // Of these the records have no row, so they believe nothing.
    restored.extend(remembered.into_values().map(|r| Restored { active: false, suppressed: false, ..r }));
}

/// A product within one organisation: two may use the same product, and neither's rules watch the other's devices (AR-4).
fn scoped(org_id: &str, product_id: &str) -> String {
    format!("{org_id}\u{1f}{product_id}")
}

fn scoped_rule(r: &RuleRow, devices: &[Device]) -> Option<RuleOn> {
    let mut rule = r.rule.clone();
    rule.watch = match rule.watch {
        Watch::Product(id) => Watch::Product(scoped(&r.org_id, &id)),
        Watch::Device(id) => {
            devices.iter().find(|d| d.id == id && d.org_id == r.org_id)?;
            Watch::Device(id)
        }
    };
    Some(RuleOn { id: r.id.as_str().into(), version: r.version, rule: Arc::new(rule) })
}
