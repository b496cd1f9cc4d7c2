//! Looks at a late correction of a bill: what would have been due on the corrected figures, and if it is less than what
//! was paid, the difference is recovered. The claim and its decision stay as they are.

use kernel::{Action, Fen, Subject, Text};
use policy::{Decide as AskRules, Kind};
use store::{Cx, StoreError};

use crate::model::{Claim, EvidenceKind, Recovery, RecoveryCode};
use crate::recover::{self, RecoverError};
use crate::rules::eligible_paid::{Parts, eligible_paid};
use crate::store::usage_rows::{self, CorrectionOfClaim};
use crate::store::{claims, money};

store::refusals! {
    /// Why a correction is not reviewed.
    pub enum ReviewError {
        /// The programme's text is not there to decide by.
        NotDecided { zh: String, en: String } = 409, "not-decided", zh "{zh}", en "{en}";
    }
}

fn refused(e: impl store::Refusal) -> ReviewError {
    ReviewError::NotDecided { zh: e.message(kernel::Lang::Zh), en: e.message(kernel::Lang::En) }
}

impl From<RecoverError> for ReviewError {
    fn from(e: RecoverError) -> ReviewError {
        match e {
            RecoverError::Store(e) => ReviewError::Store(e),
            other => refused(other),
        }
    }
}

impl From<policy::decide::DecideError> for ReviewError {
    fn from(e: policy::decide::DecideError) -> ReviewError {
        match e {
            policy::decide::DecideError::Store(e) => ReviewError::Store(e),
            other => refused(other),
        }
    }
}

/// Reviews one correction for every claim that rests on what it changed; answers the recoveries it led to. A correction
/// that was reviewed is not reviewed again.
pub async fn run(cx: &mut Cx, correction_id: String) -> Result<Vec<Recovery>, ReviewError> {
    if !cx.permits(Action::DecideSettlement, &Subject::none()) {
        return Err(ReviewError::Forbidden);
    }
    let concerned = usage_rows::claims_corrected(cx, &correction_id).await?;
    if !usage::corrections::handle(cx, &correction_id, "settlement.review-correction").await? {
        return Ok(Vec::new());
    }
    let mut recoveries = Vec::new();
    for one in &concerned {
        recoveries.extend(review(cx, one).await?);
    }
    let after: Vec<&str> = recoveries.iter().map(|r: &Recovery| r.number.as_str()).collect();
    let claims: Vec<&str> = concerned.iter().map(|c| c.claim_id.as_str()).collect();
    cx.journal("settlement.review-correction", &format!("correction/{correction_id}"), &claims, &after).await?;
    Ok(recoveries)
}

async fn review(cx: &mut Cx, one: &CorrectionOfClaim) -> Result<Option<Recovery>, ReviewError> {
    let claim = claims::claim(cx, &one.claim_id).await?;
    let claim = claim.ok_or_else(|| StoreError::Missing(format!("claim {}", one.claim_id)))?;
    if !claim.state.carries_money() {
        return Ok(None);
    }
    let (decision_id, due) = due_now(cx, &claim, &one.correction_id).await?;
    let standing = claim.amount_fen() - recover::recovered(cx, &claim.id).await?;
    let over = standing - due;
    let recovery = if over > Fen::ZERO {
        let reason = reason(one.difference_fen, (standing, due, over));
        Some(recover::book(cx, &claim, over, RecoveryCode::Correction, reason, Some(decision_id.clone())).await?)
    } else {
        None
    };
    let key = (one.correction_id.as_str(), claim.id.as_str());
    money::insert_review(cx, key, &decision_id, (standing, due), recovery.as_ref().map(|r| r.id.as_str())).await?;
    Ok(recovery)
}

/// What the rules give as at the day of the settlement, everything as it was but for the metered cost.
async fn due_now(cx: &mut Cx, claim: &Claim, correction_id: &str) -> Result<(String, Fen), ReviewError> {
    let missing = || StoreError::Missing(format!("how claim {} was decided", claim.number));
    let decided = claim.decided.as_ref().ok_or_else(missing)?;
    let was = &decided.gathered;
    let corrected = usage_rows::corrected_so_far(cx, &claim.id, correction_id).await?;
    let eligible = eligible_paid(&Parts {
        contract_fen: was.sum_of(EvidenceKind::Contract),
        invoiced_fen: was.sum_of(EvidenceKind::Invoice),
        metered_fen: was.sum_of(EvidenceKind::Statement) + corrected,
        paid_fen: was.sum_of(EvidenceKind::Payment),
        rate_bp: was.inputs["rate_bp"].as_i64().ok_or_else(missing)?,
    });
    let mut inputs = was.inputs.clone();
    inputs["eligible_paid_fen"] = eligible.amount_fen.0.into();
    let ask = AskRules {
        programme_id: claim.programme_id.clone(),
        instrument_id: claim.instrument_id.clone(),
        org_id: claim.enterprise_id.clone(),
        inputs,
        as_of: decided.on,
        kind: Kind::Settlement,
    };
    let stored = policy::decide::run(cx, ask).await?;
    Ok((stored.id, stored.decision.amount_fen.map_or(Fen::ZERO, Fen)))
}

fn reason(difference: Fen, (standing, due, over): (Fen, Fen, Fen)) -> Text {
    Text::new(
        format!(
            "服务商账单更正 {difference}；按更正后的用量应兑付 {due}，已兑付（扣除此前追回）{standing}，追回差额 {over}。"
        ),
        format!(
            "The bill was corrected by {difference}: {due} was due on the corrected use, {standing} stands as paid, {over} is recovered."
        ),
    )
}
