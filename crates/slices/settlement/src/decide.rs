//! Decides a claim: gathers the evidence, asks the rules, keeps their decision, and posts the hold with what it grants.

use kernel::{Action, Fen, Lang, Subject};
use orders::Order;
use policy::{Decide as AskRules, Kind, StoredDecision};
use store::Cx;
use vouchers::settle_hold::{self, SettleHold, SettleHoldError};

use crate::gather;
use crate::model::{Claim, ClaimState, ClaimVerb, Decided, Gathered, Refused};
use crate::rules::refusal;
use crate::store::claims;

store::refusals! {
    /// Why a claim is not decided. That nothing is paid is no refusal here: it is a decision, with its reasons.
    pub enum DecideError {
        /// Once only.
        AlreadyDecided { number: String, state_zh: &'static str, state_en: &'static str } = 409, "already-decided",
            zh "兑付申请 {number} 已有结论（{state_zh}），不能重复核定。", en "Claim {number} has been decided already: {state_en}.";
        /// The programme's text is not there to decide by.
        NoProgramme { programme_id: String } = 409, "programme-not-published",
            zh "方案“{programme_id}”尚未发布，无法据以核定。", en "Programme {programme_id} is not published; nothing can be decided under it.";
        /// Frozen while something is looked into: the claim waits.
        VoucherNotUsable { zh: String, en: String } = 409, "voucher-not-usable",
            zh "云惠券当前状态（{zh}）不允许核销，申请保留待处理。", en "The voucher is {en}; the claim waits until that is cleared.";
        /// The hold or the order does not allow it.
        NotSettled { zh: String, en: String } = 409, "hold-not-settled", zh "{zh}", en "{en}";
    }
}

impl From<SettleHoldError> for DecideError {
    fn from(e: SettleHoldError) -> DecideError {
        use store::Refusal;
        match e {
            SettleHoldError::Store(e) => DecideError::Store(e),
            SettleHoldError::VoucherNotUsable { zh, en } => DecideError::VoucherNotUsable { zh, en },
            other => DecideError::NotSettled { zh: other.message(Lang::Zh), en: other.message(Lang::En) },
        }
    }
}

impl From<orders::mark_settled::MarkSettledError> for DecideError {
    fn from(e: orders::mark_settled::MarkSettledError) -> DecideError {
        use store::Refusal;
        match e {
            orders::mark_settled::MarkSettledError::Store(e) => DecideError::Store(e),
            other => DecideError::NotSettled { zh: other.message(Lang::Zh), en: other.message(Lang::En) },
        }
    }
}

impl From<usage::assess::AssessError> for DecideError {
    fn from(e: usage::assess::AssessError) -> DecideError {
        match e {
            usage::assess::AssessError::Store(e) => DecideError::Store(e),
            usage::assess::AssessError::Forbidden => DecideError::Forbidden,
            usage::assess::AssessError::NotFound => DecideError::NotFound,
        }
    }
}

impl From<policy::decide::DecideError> for DecideError {
    fn from(e: policy::decide::DecideError) -> DecideError {
        use policy::decide::DecideError as E;
        match e {
            E::Store(e) => DecideError::Store(e),
            E::NoProgramme { programme_id } => DecideError::NoProgramme { programme_id },
            E::Forbidden => DecideError::Forbidden,
            // A programme that has ended is still settled; the engine says when that is over.
            E::ProgrammeEnded { .. } | E::NotFound => DecideError::NotFound,
        }
    }
}

/// Decides the claim with this id. The stored decision, the evidence, the posted hold and the order's state are written
/// together or not at all.
pub async fn run(cx: &mut Cx, claim_id: String) -> Result<Claim, DecideError> {
    if !cx.permits(Action::DecideSettlement, &Subject::none()) {
        return Err(DecideError::Forbidden);
    }
    let before = claims::claim(cx, &claim_id).await?.ok_or(DecideError::NotFound)?;
    if before.state != ClaimState::Claimed {
        let (state_zh, state_en) = (before.state.label(Lang::Zh), before.state.label(Lang::En));
        return Err(DecideError::AlreadyDecided { number: before.number, state_zh, state_en });
    }
    let order = orders::order(cx, &before.order_id).await?.ok_or(DecideError::NotFound)?;
    let assessed = gather::assess(cx, &order).await?;
    let gathered = gather::gather(cx, &order, assessed).await?;
    let stored = ask_rules(cx, &before, &gathered).await?;
    let used = gather::used(cx, &gathered.evidence).await?;
    let amount = stored.decision.amount_fen.map(Fen).filter(|_| used.is_empty());
    let (state, refused) = match amount {
        Some(_) => (before.state.after(ClaimVerb::Settle), None),
        None if stored.decision.eligible => {
            (before.state.after(ClaimVerb::Refuse), Some(refusal::of_used_evidence(&used)))
        }
        None => {
            let refused = refusal::of_decision(&stored.decision, &gathered.level_reason);
            (before.state.after(ClaimVerb::Refuse), Some(refused))
        }
    };
    let state = state.expect("a claim that waits can be settled and refused: the table of transitions says so");
    if let Some(amount) = amount {
        settle(cx, &before, &order, &gathered, amount).await?;
    }
    let after = conclude(cx, &before, state, stored, gathered, (amount, refused)).await?;
    Ok(after)
}

async fn ask_rules(cx: &mut Cx, claim: &Claim, gathered: &Gathered) -> Result<StoredDecision, DecideError> {
    let ask = AskRules {
        programme_id: claim.programme_id.clone(),
        instrument_id: claim.instrument_id.clone(),
        org_id: claim.enterprise_id.clone(),
        inputs: gathered.inputs.clone(),
        as_of: cx.today(),
        kind: Kind::Settlement,
    };
    Ok(policy::decide::run(cx, ask).await?)
}

/// Posts the hold, keeps the evidence under this claim, and marks the order.
async fn settle(
    cx: &mut Cx,
    claim: &Claim,
    order: &Order,
    gathered: &Gathered,
    amount: Fen,
) -> Result<(), DecideError> {
    settle_hold::run(cx, SettleHold { order_id: order.id.clone(), amount }).await?;
    let mut statement_ids = Vec::new();
    for e in &gathered.evidence {
        claims::insert_evidence(cx, &claim.id, e).await?;
        if e.kind == crate::EvidenceKind::Statement {
            statement_ids.push(e.record_id.clone());
        }
    }
    usage::corrections::rest_on(cx, &claim.id, &statement_ids).await?;
    orders::mark_settled::run(cx, &order.id).await?;
    Ok(())
}

async fn conclude(
    cx: &mut Cx,
    before: &Claim,
    state: ClaimState,
    stored: StoredDecision,
    gathered: Gathered,
    (amount_fen, refused): (Option<Fen>, Option<Refused>),
) -> Result<Claim, DecideError> {
    let (by, on) = (cx.actor.user_id.clone(), cx.today());
    let decided = Decided { decision_id: stored.id, gathered, amount_fen, refused, by, on };
    let after = Claim { state, decided: Some(decided.clone()), ..before.clone() };
    claims::decide(cx, &after, &decided).await?;
    cx.journal("settlement.decide", &format!("settlement/{}", after.id), &before.state, &after).await?;
    Ok(after)
}
