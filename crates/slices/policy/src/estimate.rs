//! "What can I get?": every instrument of every programme in force, for stated facts. Nothing is stored.

use std::sync::Arc;

use jiff::civil::Date;
use kernel::{Action, Subject};
use rules::{Act, Decision, Instrument, Overrides, Programme};
use serde_json::{Map, Value, json};
use store::Cx;

use crate::model::OpenBatch;
use crate::{library, store as sql};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Estimate {
    /// Facts by the engine's names. What a batch fixes may stand under `batch`; without it, the batches that take
    /// applications on the day are asked about, one by one.
    pub facts: Map<String, Value>,
    /// As at which day.
    pub as_of: Date,
    /// Numbers supposed otherwise, for officers: `migration_rate_bp` → 1500.
    pub overrides: Overrides,
    /// Only this programme.
    pub programme_id: Option<String>,
}

/// One instrument's answer.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Of which programme.
    pub programme: Arc<Programme>,
    /// Its place among the programme's instruments.
    pub position: usize,
    /// From which batch, where the instrument is given out in batches and one is open.
    pub batch: Option<OpenBatch>,
    /// The answer with its trace.
    pub decision: Decision,
}

impl Offer {
    /// The instrument.
    pub fn instrument(&self) -> &Instrument {
        &self.programme.instruments[self.position]
    }
}

store::refusals! {
    /// Why there is no answer.
    pub enum EstimateError {}
}

/// Answers for all programmes published now whose period holds `as_of` (or the one asked for, whatever the day).
pub async fn run(cx: &mut Cx, cmd: Estimate) -> Result<Vec<Offer>, EstimateError> {
    if !cx.permits(Action::Estimate, &Subject::none()) {
        return Err(EstimateError::Forbidden);
    }
    // Supposing numbers otherwise is for those who may draft them.
    if !cmd.overrides.is_empty() && !cx.permits(Action::DraftProgramme, &Subject::none()) {
        return Err(EstimateError::Forbidden);
    }
    let published = library::list_published(cx).await?;
    if let Some(id) = &cmd.programme_id
        && !published.iter().any(|(version, _)| version.id == *id)
    {
        return Err(EstimateError::NotFound);
    }
    let asked = published.into_iter().filter(|(version, _)| match &cmd.programme_id {
        Some(id) => version.id == *id,
        None => (version.starts_on..=version.ends_on).contains(&cmd.as_of),
    });
    let programmes: Vec<Arc<Programme>> = asked.map(|(_, programme)| programme).collect();
    let district = cmd.facts.get("district").and_then(Value::as_str);
    let batches = sql::open_batches(cx, cmd.as_of, district).await?;
    Ok(offers(&programmes, &batches, &cmd.facts, cmd.as_of, &cmd.overrides))
}

/// The same for programmes and batches at hand. Pure.
pub fn offers(
    programmes: &[Arc<Programme>],
    batches: &[OpenBatch],
    facts: &Map<String, Value>,
    as_of: Date,
    overrides: &Overrides,
) -> Vec<Offer> {
    let mut out = Vec::new();
    for programme in programmes {
        for (position, instrument) in programme.instruments.iter().enumerate() {
            let of_this = |b: &&OpenBatch| b.programme_id == programme.id && b.instrument_id == instrument.id;
            let mut open: Vec<Option<&OpenBatch>> = Vec::new();
            if !instrument.batch_fields.is_empty() && !facts.contains_key("batch") {
                open.extend(batches.iter().filter(of_this).map(Some));
            }
            if open.is_empty() {
                open.push(None);
            }
            let overrides = relevant(programme, instrument, overrides);
            for batch in open {
                let facts = with_batch(facts, batch);
                let decision = rules::forecast(programme, Act::Award, &instrument.id, &facts, as_of, &overrides);
                out.push(Offer { programme: programme.clone(), position, batch: batch.cloned(), decision });
            }
        }
    }
    out
}

/// The facts with what a batch fixes and has left.
fn with_batch(facts: &Map<String, Value>, batch: Option<&OpenBatch>) -> Value {
    let mut facts = facts.clone();
    if let Some(batch) = batch {
        facts.insert("batch".into(), batch.fixes.clone());
        if let Some(left) = batch.district_remaining_fen {
            facts.entry("district_remaining_fen").or_insert(json!(left));
        }
    }
    Value::Object(facts)
}

/// Those that name a number of this programme: another programme's rate is no error here.
fn relevant(programme: &Programme, instrument: &Instrument, overrides: &Overrides) -> Overrides {
    let known = |name: &str| match name.strip_prefix("batch.") {
        Some(field) => instrument.batch_field(field).is_some(),
        None => programme.values.iter().any(|v| v.name == name) || programme.fact(name).is_some(),
    };
    overrides.iter().filter(|(name, _)| known(name)).map(|(name, value)| (name.clone(), *value)).collect()
}
