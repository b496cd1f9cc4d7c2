//! Recovers what was paid too much (追回): a receivable with a code and a reason, never an edit.

use kernel::{Action, Fen, Lang, Subject, Text};
use ledger::{AccountKind, Code, Transfer, TransferKind};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Claim, Recovery, RecoveryCode};
use crate::store::{claims, money};

/// Longest reason, in characters.
const REASON_CHARS_MAX: usize = 1_000;

/// How much of which claim, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recover {
    /// The claim.
    pub claim_id: String,
    /// How much.
    pub amount: Fen,
    /// On which ground.
    pub code: RecoveryCode,
    /// The findings, in words.
    pub reason: String,
}

store::refusals! {
    /// Why nothing is recovered.
    pub enum RecoverError {
        /// Nothing was paid on it.
        NothingPaid { number: String, state_zh: &'static str, state_en: &'static str } = 409, "nothing-paid",
            zh "兑付申请 {number} 当前状态为“{state_zh}”，没有可追回的金额。", en "Claim {number} is “{state_en}”; there is nothing to recover.";
        /// Nothing asked.
        AmountNotPositive { amount: Fen } = 422, "amount-not-positive", field "amount",
            zh "追回金额必须大于零，填写的是{amount}。", en "The amount must be above zero, not {amount}.";
        /// More than is left of it.
        MoreThanPaid { left: Fen, asked: Fen } = 409, "more-than-paid", field "amount",
            zh "该申请尚未追回的兑付额为{left}，不足{asked}。", en "{left} of the claim has not been recovered yet, less than {asked}.";
        /// An officer's decision has a ground of its own.
        CodeReserved {} = 422, "recovery-code-reserved", field "code",
            zh "“账单更正”由系统根据更正后的账单核算，请选择其他追回事由。", en "“Bill corrected” is what the system finds by itself; choose another ground.";
        /// The findings are part of the record.
        ReasonMissing {} = 422, "reason-missing", field "reason", zh "请写明追回的事实和依据。", en "State the findings and the ground.";
        /// Too long.
        ReasonTooLong { chars_max: usize } = 422, "reason-too-long", field "reason",
            zh "事由最多 {chars_max} 字。", en "The reason may have {chars_max} characters at most.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
funds::money_refusal!(RecoverError);

/// Recovers by an officer's decision.
pub async fn run(cx: &mut Cx, cmd: Recover) -> Result<Recovery, RecoverError> {
    if !cx.permits(Action::DecideSettlement, &Subject::none()) {
        return Err(RecoverError::Forbidden);
    }
    let claim = claims::claim(cx, &cmd.claim_id).await?.ok_or(RecoverError::NotFound)?;
    let reason = cmd.reason.trim();
    if cmd.code == RecoveryCode::Correction {
        return Err(RecoverError::CodeReserved {});
    }
    if reason.is_empty() {
        return Err(RecoverError::ReasonMissing {});
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(RecoverError::ReasonTooLong { chars_max: REASON_CHARS_MAX });
    }
    // An officer writes in one language; the record shows the same words to every reader.
    book(cx, &claim, cmd.amount, cmd.code, Text::new(reason, reason), None).await
}

/// What of a claim's amount has been recovered so far.
pub(crate) async fn recovered(cx: &mut Cx, claim_id: &str) -> Result<Fen, store::StoreError> {
    Ok(money::recoveries_of_claim(cx, claim_id).await?.iter().map(|r| r.amount_fen).sum())
}

/// Makes the receivable and the record.
pub(crate) async fn book(
    cx: &mut Cx,
    claim: &Claim,
    amount: Fen,
    code: RecoveryCode,
    reason: Text,
    decision_id: Option<String>,
) -> Result<Recovery, RecoverError> {
    if !claim.state.carries_money() {
        let (state_zh, state_en) = (claim.state.label(Lang::Zh), claim.state.label(Lang::En));
        return Err(RecoverError::NothingPaid { number: claim.number.clone(), state_zh, state_en });
    }
    if amount <= Fen::ZERO {
        return Err(RecoverError::AmountNotPositive { amount });
    }
    let left = claim.amount_fen() - recovered(cx, &claim.id).await?;
    if amount > left {
        return Err(RecoverError::MoreThanPaid { left, asked: amount });
    }
    let (receivable, recovered) = (funds::ids::receivable(&claim.provider_id), funds::ids::recovered(&claim.batch_id));
    funds::open_account(cx, &receivable, AccountKind::Receivable, AccountKind::Receivable.usual_limit()).await?;
    funds::open_account(cx, &recovered, AccountKind::Recovered, AccountKind::Recovered.usual_limit()).await?;
    let id = cx.new_id("str");
    let recovery = Recovery {
        transfer_id: format!("{id}/recover"),
        number: claims::next_number(cx, "ZH").await?,
        claim_id: claim.id.clone(),
        provider_id: claim.provider_id.clone(),
        batch_id: claim.batch_id.clone(),
        amount_fen: amount,
        code,
        reason,
        decision_id,
        made_by: cx.actor.user_id.clone(),
        made_on: cx.today(),
        returned_fen: Fen::ZERO,
        id,
    };
    let transfer = Transfer {
        id: recovery.transfer_id.clone(),
        debit: receivable,
        credit: recovered,
        amount,
        code: Code::Recover,
        kind: TransferKind::Posted,
        linked: false,
        reference: recovery.number.clone(),
        at: cx.now,
    };
    funds::post(cx, &[transfer]).await?;
    money::insert_recovery(cx, &recovery).await?;
    cx.journal("settlement.recover", &format!("settlement/{}", claim.id), &left, &recovery).await?;
    Ok(recovery)
}
