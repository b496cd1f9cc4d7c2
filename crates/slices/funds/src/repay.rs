//! Records that a provider has paid recovered money back into the bank (缴回).

use jiff::civil::Date;
use kernel::{Action, Fen, Subject};
use ledger::{AccountKind, Code, Transfer, TransferKind};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::store::{BankMovement, insert_bank_movement};
use crate::{balance, ids, open_account, post};

/// A repayment that the bank has received.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Repay {
    /// By whom.
    pub provider_id: String,
    /// How much.
    pub amount: Fen,
    /// The bank's own reference: it names one movement, once.
    pub bank_reference: String,
    /// When the bank received it.
    pub received_on: Date,
    /// Which recovery it answers.
    pub reference: String,
}

store::refusals! {
    /// Why a repayment is not recorded.
    pub enum RepayError {
        /// Nothing paid back.
        AmountNotPositive { amount: Fen } = 422, "amount-not-positive", field "amount",
            zh "缴回金额必须大于零，填写的是{amount}。", en "The amount must be above zero, not {amount}.";
        /// The bank's reference is the evidence.
        BankReferenceMissing {} = 422, "bank-reference-missing", field "bank_reference",
            zh "请填写银行流水号。", en "Give the bank's reference.";
        /// One movement, one record.
        BankReferenceUsed { bank_reference: String } = 409, "bank-reference-used", field "bank_reference",
            zh "银行流水号“{bank_reference}”已登记过，同一笔银行收付只能登记一次。",
            en "The bank reference {bank_reference} is recorded already; a bank movement is recorded once.";
        /// It cannot come from tomorrow.
        ReceivedInFuture { received_on: Date } = 422, "received-in-future", field "received_on",
            zh "到账日期{received_on}晚于今天。", en "The repayment is dated {received_on}, which is after today.";
        /// More than was to be paid back.
        MoreThanDue { due: Fen, asked: Fen } = 409, "more-than-due", field "amount",
            zh "该服务商应缴回{due}，少于{asked}。", en "{due} is due from the provider, less than {asked}.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
crate::money_refusal!(RepayError);

/// Debits the bank, credits the receivable; answers the transfer's id.
pub async fn run(cx: &mut Cx, cmd: Repay) -> Result<String, RepayError> {
    if !cx.permits(Action::DecideSettlement, &Subject::none()) {
        return Err(RepayError::Forbidden);
    }
    let bank_reference = cmd.bank_reference.trim().to_owned();
    if cmd.amount <= Fen::ZERO {
        return Err(RepayError::AmountNotPositive { amount: cmd.amount });
    }
    if bank_reference.is_empty() {
        return Err(RepayError::BankReferenceMissing {});
    }
    if cmd.received_on > cx.today() {
        return Err(RepayError::ReceivedInFuture { received_on: cmd.received_on });
    }
    let receivable = ids::receivable(&cmd.provider_id);
    let before = balance(cx, &receivable).await?;
    let due = before.as_ref().map_or(Fen::ZERO, |b| b.available);
    if due < cmd.amount {
        return Err(RepayError::MoreThanDue { due, asked: cmd.amount });
    }
    open_account(cx, ids::BANK, AccountKind::Bank, AccountKind::Bank.usual_limit()).await?;
    let id = cx.new_id("rep");
    let movement = BankMovement {
        bank_reference: &bank_reference,
        transfer_id: &id,
        direction: "in",
        provider_id: &cmd.provider_id,
        amount: cmd.amount,
        moved_on: cmd.received_on,
    };
    if !insert_bank_movement(cx, &movement).await? {
        return Err(RepayError::BankReferenceUsed { bank_reference });
    }
    let transfer = Transfer {
        id: id.clone(),
        debit: ids::BANK.to_owned(),
        credit: receivable.clone(),
        amount: cmd.amount,
        code: Code::Repay,
        kind: TransferKind::Posted,
        linked: false,
        reference: cmd.reference.clone(),
        at: cx.now,
    };
    post(cx, &[transfer]).await?;
    cx.journal("funds.repay", &format!("account/{receivable}"), &before, &cmd).await?;
    Ok(id)
}
