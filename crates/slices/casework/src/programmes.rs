//! What casework asks of policy: does a programme offer this, how long may each step take, who is eligible.

use kernel::Fen;
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
    if !decision.eligible {
        let programme = policy::by_sha256(cx, &decision.programme_sha256).await?;
        let place = |id: &str| programme.clause(id).map_or_else(|| id.to_owned(), |c| c.locator.clone());
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
    })
}
