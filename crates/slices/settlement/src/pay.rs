//! Pays a provider everything it is owed in one bank transfer (拨付), less what it has to pay back.

use jiff::civil::Date;
use kernel::{Action, Fen, Lang, Subject};
use ledger::{Code, Transfer, TransferKind};
use serde::{Deserialize, Serialize};
use store::{Cx, Refusal};

use crate::model::{Payment, Return, ReturnWay};
use crate::rules::allocate::oldest_first;
use crate::store::money::Owed;
use crate::store::{claims, money};

/// A payment that the bank has made, or none where everything is set off.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pay {
    /// Whom.
    pub provider_id: String,
    /// What the bank paid: exactly what was owed less what is set off.
    pub amount: Fen,
    /// The bank's own reference; empty when the bank paid nothing.
    pub bank_reference: String,
    /// When.
    pub paid_on: Date,
}

store::refusals! {
    /// Why a payment is not recorded.
    pub enum PayError {
        /// No claim of this provider waits to be paid.
        NothingOwed {} = 409, "nothing-owed",
            zh "该服务商目前没有待拨付的兑付申请。", en "No claim of this provider waits to be paid.";
        /// Something was decided since the list was made.
        AmountDiffers { to_pay: Fen, gross: Fen, set_off: Fen, stated: Fen } = 409, "amount-differs", field "amount",
            zh "应拨付{to_pay}（待拨付{gross}，抵扣应缴回{set_off}），填写的是{stated}。请按最新金额办理。",
            en "{to_pay} is to be paid ({gross} owed, {set_off} kept for what must come back), not {stated}. Pay the current amount.";
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
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
funds::money_refusal!(PayError);

impl From<funds::pay_out::PayOutError> for PayError {
    fn from(e: funds::pay_out::PayOutError) -> PayError {
        use funds::pay_out::PayOutError as E;
        match e {
            E::Store(e) => PayError::Store(e),
            E::Forbidden => PayError::Forbidden,
            E::BankReferenceMissing {} => PayError::BankReferenceMissing {},
            E::BankReferenceUsed { bank_reference } => PayError::BankReferenceUsed { bank_reference },
            E::PaidInFuture { paid_on } => PayError::PaidInFuture { paid_on },
            other => PayError::Money { zh: other.message(Lang::Zh), en: other.message(Lang::En) },
        }
    }
}

/// Records the payment of all claims of the provider that wait for it.
pub async fn run(cx: &mut Cx, cmd: Pay) -> Result<Payment, PayError> {
    if !cx.permits(Action::DecideSettlement, &Subject::none()) {
        return Err(PayError::Forbidden);
    }
    if cmd.paid_on > cx.today() {
        return Err(PayError::PaidInFuture { paid_on: cmd.paid_on });
    }
    let owed = money::owed(cx, Some(&cmd.provider_id)).await?.pop().ok_or(PayError::NothingOwed {})?;
    let (to_pay, set_off) = (owed.to_pay_fen(), owed.set_off_fen());
    if cmd.amount != to_pay {
        return Err(PayError::AmountDiffers { to_pay, gross: owed.gross_fen, set_off, stated: cmd.amount });
    }
    let (id, number) = (cx.new_id("stp"), claims::next_number(cx, "BF").await?);
    set_off_against(cx, &owed, &id, cmd.paid_on).await?;
    let mut transfer_id = None;
    if to_pay > Fen::ZERO {
        let (provider_id, bank_reference) = (cmd.provider_id.clone(), cmd.bank_reference.clone());
        let pay = funds::pay_out::PayOut {
            provider_id,
            amount: to_pay,
            bank_reference,
            paid_on: cmd.paid_on,
            reference: number.clone(),
        };
        transfer_id = Some(funds::pay_out::run(cx, pay).await?);
    }
    let payment = Payment {
        bank_reference: transfer_id.is_some().then(|| cmd.bank_reference.trim().to_owned()),
        id,
        number,
        provider_id: cmd.provider_id,
        claims: owed.claims,
        gross_fen: owed.gross_fen,
        set_off_fen: set_off,
        paid_fen: to_pay,
        transfer_id,
        paid_on: cmd.paid_on,
        made_by: cx.actor.user_id.clone(),
    };
    money::insert_payment(cx, &payment).await?;
    claims::mark_paid(cx, &payment.id, &payment.provider_id, payment.paid_on).await?;
    cx.journal("settlement.pay", &format!("provider/{}", payment.provider_id), &owed, &payment).await?;
    Ok(payment)
}

/// Keeps what must come back from what is owed, and answers the oldest recoveries with it.
async fn set_off_against(cx: &mut Cx, owed: &Owed, payment_id: &str, on: Date) -> Result<(), PayError> {
    let amount = owed.set_off_fen();
    if amount == Fen::ZERO {
        return Ok(());
    }
    let transfer = Transfer {
        id: format!("{payment_id}/set-off"),
        debit: funds::ids::payable(&owed.provider_id),
        credit: funds::ids::receivable(&owed.provider_id),
        amount,
        code: Code::Repay,
        kind: TransferKind::Posted,
        linked: false,
        reference: payment_id.to_owned(),
        at: cx.now,
    };
    let transfer_id = transfer.id.clone();
    funds::post(cx, &[transfer]).await?;
    let open = money::open_recoveries(cx, &owed.provider_id).await?;
    for (recovery_id, amount_fen) in oldest_first(&open, amount).0 {
        let r = Return {
            id: cx.new_id("stb"),
            recovery_id,
            provider_id: owed.provider_id.clone(),
            amount_fen,
            way: ReturnWay::SetOff,
            bank_reference: None,
            payment_id: Some(payment_id.to_owned()),
            transfer_id: transfer_id.clone(),
            returned_on: on,
        };
        money::insert_return(cx, &r).await?;
    }
    Ok(())
}
