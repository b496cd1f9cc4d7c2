//! What casework asks of policy: does a programme offer this, how long may each step take, who is eligible.

use kernel::{Fen, Text};
use policy::decide::DecideError;
use store::{Cx, StoreError};

use crate::batch::Batch;
use crate::model::Clocks;
use crate::store::Case;
use crate::submit::Against;

/// Does a published programme have this instrument?
pub(crate) async fn offers(cx: &mut Cx, programme_id: &str, instrument_id: &str) -> Result<bool, StoreError> {
    let programme = policy::list_published(cx).await?.into_iter().find(|(v, _)| v.id == programme_id);
    Ok(programme.is_some_and(|(_, p)| p.instrument(instrument_id).is_some()))
}

/// The clocks of a case; a programme that has ended still says them.
pub(crate) async fn clocks(cx: &mut Cx, case: &Case) -> Result<Clocks, StoreError> {
    let programme = policy::published(cx, &case.programme_id).await?;
    Ok(programme.map_or_else(Clocks::default, |p| Clocks::of(&p, &case.instrument_id)))
}

/// A decision that was stored.
pub(crate) struct Answer {
    pub decision_id: String,
    pub eligible: bool,
    pub amount_fen: Option<Fen>,
    pub against: Vec<Against>,
    /// How long each step may take, by the version it was decided under.
    pub clocks: Clocks,
}

/// Asks the rules about these facts as at today; policy stores the decision with its trace.
pub(crate) async fn decide(
    cx: &mut Cx,
    case: &Case,
    facts: &orgs::Facts,
    batch: &Batch,
) -> Result<Answer, DecideError> {
    let mut inputs = serde_json::to_value(facts).map_err(|source| StoreError::Json { what: "facts".into(), source })?;
    inputs["batch"] = batch.rule_inputs();
    let cmd = policy::Decide {
        programme_id: case.programme_id.clone(),
        instrument_id: case.instrument_id.clone(),
        org_id: case.org_id.clone(),
        inputs,
        as_of: cx.today(),
        kind: policy::Kind::Eligibility,
    };
    let stored = policy::decide::run(cx, cmd).await?;
    let decision = stored.decision;
    let mut against = Vec::new();
    let programme = policy::by_sha256(cx, &decision.programme_sha256).await?;
    if !decision.eligible {
        let place = |id: &str| programme.clause(id).map_or_else(|| Text::new(id, id), |c| c.locator.clone());
        against.extend(decision.failures().map(|r| Against {
            condition: r.condition.clone(),
            clause: place(&r.clause),
            text: r.text.clone(),
        }));
    }
    Ok(Answer {
        decision_id: stored.id,
        eligible: decision.eligible,
        amount_fen: decision.amount_fen.map(Fen),
        against,
        clocks: Clocks::of(&programme, &case.instrument_id),
    })
}

/// One line of a decision's trace.
#[derive(Clone, Debug)]
pub struct TraceLine {
    /// What was asked, or what the number is.
    pub title: Text,
    /// The number with its unit; empty for a condition.
    pub shown: String,
    /// How it came about; empty for a condition.
    pub from: Text,
    /// Where it is said.
    pub clause: Text,
    /// Did the condition hold, or is this the number that decided?
    pub decisive: bool,
}

/// A stored decision with its clauses in words.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Its id.
    pub decision_id: String,
    /// The programme's version it was made under.
    pub version: String,
    /// As at which day.
    pub as_of: jiff::civil::Date,
    /// Does everything hold?
    pub eligible: bool,
    /// The conditions.
    pub reasons: Vec<TraceLine>,
    /// The numbers.
    pub steps: Vec<TraceLine>,
}

/// The trace of a stored decision.
pub(crate) async fn trace(cx: &mut Cx, decision_id: &str) -> Result<Option<Trace>, StoreError> {
    let Some(stored) = policy::decision(cx, decision_id).await? else { return Ok(None) };
    let decision = stored.decision;
    let programme = policy::by_sha256(cx, &decision.programme_sha256).await?;
    let place = |id: &str| programme.clause(id).map_or_else(|| Text::new(id, id), |c| c.locator.clone());
    let reason = |r: &rules::Reason| TraceLine {
        title: r.text.clone(),
        shown: String::new(),
        from: Text::default(),
        clause: place(&r.clause),
        decisive: r.passed,
    };
    let words = |s: &rules::Step, lang| rules::step_in_words(&programme, &decision.steps, s, lang);
    let step = |s: &rules::Step| TraceLine {
        title: s.title.clone(),
        shown: s.shown(),
        from: Text::new(words(s, kernel::Lang::Zh), words(s, kernel::Lang::En)),
        clause: place(&s.clause),
        decisive: s.binding,
    };
    Ok(Some(Trace {
        decision_id: stored.id,
        version: decision.programme_version.clone(),
        as_of: decision.as_of,
        eligible: decision.eligible,
        reasons: decision.reasons.iter().map(reason).collect(),
        steps: decision.steps.iter().map(step).collect(),
    }))
}

/// The names of a programme and of one of its instruments.
pub(crate) async fn names(cx: &mut Cx, programme_id: &str, instrument_id: &str) -> Result<(Text, Text), StoreError> {
    let programme = policy::published(cx, programme_id).await?;
    let unknown = |id: &str| Text::new(id, id);
    Ok(match programme {
        None => (unknown(programme_id), unknown(instrument_id)),
        Some(p) => {
            let instrument = p.instrument(instrument_id).map_or_else(|| unknown(instrument_id), |i| i.title.clone());
            (p.title.clone(), instrument)
        }
    })
}

/// The instruments of every published programme, for filters: id and name.
pub(crate) async fn instruments(cx: &mut Cx) -> Result<Vec<(String, Text)>, StoreError> {
    let mut out: Vec<(String, Text)> = Vec::new();
    for (_, programme) in policy::list_published(cx).await? {
        for i in &programme.instruments {
            if out.iter().all(|o| o.0 != i.id) {
                out.push((i.id.clone(), i.title.clone()));
            }
        }
    }
    Ok(out)
}
