//! Records that the bank has paid a provider what it was owed (拨付).

use jiff::civil::Date;
use kernel::{Action, Fen, Subject};
use ledger::{AccountKind, Code, Transfer, TransferKind};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::store::{BankMovement, insert_bank_movement};
use crate::{balance, ids, open_account, post};

/// A payment that the bank has made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayOut {
    /// Whom.
    pub provider_id: String,
    /// How much.
    pub amount: Fen,
    /// The bank's own reference: it names one movement, once.
    pub bank_reference: String,
    /// When the bank paid.
    pub paid_on: Date,
    /// What is paid: a settlement, a statement.
    pub reference: String,
}

store::refusals! {
    /// Why a payment is not recorded.
    pub enum PayOutError {
        /// Nothing paid.
        AmountNotPositive { amount: Fen } = 422, "amount-not-positive", field "amount",
            zh "拨付金额必须大于零，填写的是{amount}。", en "The amount must be above zero, not {amount}.";
        /// The bank's reference is the evidence.
        BankReferenceMissing {} = 422, "bank-reference-missing", field "bank_reference",
            zh "请填写银行流水号。", en "Give the bank's reference.";
        /// One movement, one record.
        BankReferenceUsed { bank_reference: String } = 409, "bank-reference-used", field "bank_reference",
            zh "银行流水号“{bank_reference}”已登记过，同一笔银行收付只能登记一次。",
            en "The bank reference {bank_reference} is recorded already; a bank movement is recorded once.";
        /// A payment cannot come from tomorrow.
        PaidInFuture { paid_on: Date } = 422, "paid-in-future", field "paid_on",
            zh "拨付日期{paid_on}晚于今天。", en "The payment is dated {paid_on}, which is after today.";
        /// More than is owed.
        MoreThanOwed { owed: Fen, asked: Fen } = 409, "more-than-owed", field "amount",
            zh "应付该服务商{owed}，不足{asked}。", en "The provider is owed {owed}, less than {asked}.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
crate::money_refusal!(PayOutError);

/// Debits the payable, credits the bank; answers the transfer's id.
pub async fn run(cx: &mut Cx, cmd: PayOut) -> Result<String, PayOutError> {
    if !cx.permits(Action::DecideSettlement, &Subject::none()) {
        return Err(PayOutError::Forbidden);
    }
    let bank_reference = cmd.bank_reference.trim().to_owned();
    if cmd.amount <= Fen::ZERO {
        return Err(PayOutError::AmountNotPositive { amount: cmd.amount });
    }
    if bank_reference.is_empty() {
        return Err(PayOutError::BankReferenceMissing {});
    }
    if cmd.paid_on > cx.today() {
        return Err(PayOutError::PaidInFuture { paid_on: cmd.paid_on });
    }
    let payable = ids::payable(&cmd.provider_id);
    let before = balance(cx, &payable).await?;
    let owed = before.as_ref().map_or(Fen::ZERO, |b| b.available);
    if owed < cmd.amount {
        return Err(PayOutError::MoreThanOwed { owed, asked: cmd.amount });
    }
    open_account(cx, ids::BANK, AccountKind::Bank, AccountKind::Bank.usual_limit()).await?;
    let id = cx.new_id("pay");
    let movement = BankMovement {
        bank_reference: &bank_reference,
        transfer_id: &id,
        direction: "out",
        provider_id: &cmd.provider_id,
        amount: cmd.amount,
        moved_on: cmd.paid_on,
    };
    if !insert_bank_movement(cx, &movement).await? {
        return Err(PayOutError::BankReferenceUsed { bank_reference });
    }
    let transfer = Transfer {
        id: id.clone(),
        debit: payable.clone(),
        credit: ids::BANK.to_owned(),
        amount: cmd.amount,
        code: Code::Pay,
        kind: TransferKind::Posted,
        linked: false,
        reference: cmd.reference.clone(),
        at: cx.now,
    };
    post(cx, &[transfer]).await?;
    cx.journal("funds.pay-out", &format!("account/{payable}"), &before, &cmd).await?;
    Ok(id)
}
