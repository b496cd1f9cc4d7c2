//! Records a payment of an order, as structured facts with its document. One bank reference serves one order, ever.

use jiff::civil::Date;
use kernel::{Fen, Uscc};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Contract, Document, OrderState, Payment};
use crate::paper::{self, Parties};
use crate::store as rows;
use crate::store::papers::{self, Which};

/// What the bank's slip says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordPayment {
    /// Of which order.
    pub order_id: String,
    /// The bank's serial number of the transfer.
    pub bank_reference: String,
    /// Paid.
    pub paid_on: Date,
    /// Amount.
    pub amount_fen: Fen,
    /// Who paid.
    pub payer_uscc: String,
    /// Who was paid.
    pub payee_uscc: String,
    /// The slip.
    pub document: Document,
}

store::refusals! {
    /// Why a payment is not recorded.
    pub enum RecordPaymentError {
        /// The contract comes first.
        NoContract { state: &'static str } = 409, "no-contract",
            zh "请先登记合同（订单当前状态：{state}）。兑付完成后不再接受新付款凭证。",
            en "Record the contract first (the order is {state}). After settlement no payment is added.";
        /// No reference.
        ReferenceMissing {} = 422, "bank-reference-missing", field "bank_reference", zh "请填写银行流水号。",
            en "State the bank's reference of the transfer.";
        /// The same payment twice.
        Duplicate { bank_reference: String, order_zh: String, order_en: String } = 409, "payment-duplicate", field "bank_reference",
            zh "银行流水号 {bank_reference} 已登记在{order_zh}。一笔付款只能使用一次。",
            en "Bank reference {bank_reference} is already recorded on {order_en}. A payment is used once.";
        /// Not yet paid.
        PaidInFuture { paid_on: Date, today: Date } = 422, "paid-in-future", field "paid_on",
            zh "付款日期 {paid_on} 晚于今天（{today}）。", en "It is paid on {paid_on}, after today ({today}).";
        /// Before there was a contract.
        BeforeContract { paid_on: Date, signed_on: Date } = 422, "payment-before-contract", field "paid_on",
            zh "付款日期 {paid_on} 早于合同签订日期 {signed_on}。",
            en "It is paid on {paid_on}, before the contract was signed on {signed_on}.";
        /// Not an amount.
        AmountNotPositive { amount: Fen } = 422, "amount-not-positive", field "amount_fen",
            zh "金额须大于 0，所填为 {amount}。", en "The amount must be above zero; {amount} was stated.";
        /// More than the contract.
        OverContract { amount: Fen, paid: Fen, contract: Fen } = 422, "paid-over-contract", field "amount_fen",
            zh "已付 {paid}，加上本笔 {amount} 超过合同金额 {contract}。",
            en "{paid} is paid; with this one of {amount} it would exceed the contract's {contract}.";
        /// Somebody else paid.
        PayerNotEnterprise { stated: String, enterprise: Uscc } = 422, "payer-not-enterprise", field "payer_uscc",
            zh "付款方统一社会信用代码 {stated} 与下单企业（{enterprise}）不符：须由企业本单位付款。",
            en "The payer's credit code {stated} is not the ordering enterprise's ({enterprise}): the enterprise itself must pay.";
        /// Somebody else was paid.
        PayeeNotProvider { stated: String, provider: Uscc } = 422, "payee-not-provider", field "payee_uscc",
            zh "收款方统一社会信用代码 {stated} 与服务商（{provider}）不符。",
            en "The payee's credit code {stated} is not the provider's ({provider}).";
    }
}

/// Are these facts acceptable beside what is recorded? Pure.
fn check(
    cmd: &RecordPayment,
    contract: &Contract,
    paid: Fen,
    parties: &Parties,
    today: Date,
) -> Result<(), RecordPaymentError> {
    use RecordPaymentError as E;
    if cmd.bank_reference.trim().is_empty() {
        return Err(E::ReferenceMissing {});
    }
    if cmd.amount_fen <= Fen::ZERO {
        return Err(E::AmountNotPositive { amount: cmd.amount_fen });
    }
    if cmd.paid_on > today {
        return Err(E::PaidInFuture { paid_on: cmd.paid_on, today });
    }
    if cmd.paid_on < contract.signed_on {
        return Err(E::BeforeContract { paid_on: cmd.paid_on, signed_on: contract.signed_on });
    }
    if paid.checked_add(cmd.amount_fen).is_none_or(|sum| sum > contract.amount_fen) {
        return Err(E::OverContract { amount: cmd.amount_fen, paid, contract: contract.amount_fen });
    }
    if !parties.is_enterprise(&cmd.payer_uscc) {
        return Err(E::PayerNotEnterprise { stated: cmd.payer_uscc.clone(), enterprise: parties.enterprise.clone() });
    }
    if !parties.is_provider(&cmd.payee_uscc) {
        return Err(E::PayeeNotProvider { stated: cmd.payee_uscc.clone(), provider: parties.provider.clone() });
    }
    Ok(())
}

/// Records the payment.
pub async fn run(cx: &mut Cx, cmd: RecordPayment) -> Result<Payment, RecordPaymentError> {
    let order = rows::order(cx, &cmd.order_id).await?.ok_or(RecordPaymentError::NotFound)?;
    if !paper::may_record(cx, &order) {
        return Err(RecordPaymentError::Forbidden);
    }
    let known = papers::papers(cx, &order.id, Which::Standing).await?;
    let open = order.state == OrderState::Contracted;
    let no_contract = RecordPaymentError::NoContract { state: order.state.code() };
    let contract = known.contract.as_ref().filter(|_| open).ok_or(no_contract)?;
    let parties = paper::parties(cx, &order).await?;
    check(&cmd, contract, known.paid_fen(), &parties, cx.today())?;
    let bank_reference = cmd.bank_reference.trim().to_owned();
    if let Some(other) = papers::order_of_payment(cx, &bank_reference).await? {
        let (order_zh, order_en) = paper::whose(cx, &other).await?;
        return Err(RecordPaymentError::Duplicate { bank_reference, order_zh, order_en });
    }
    let payment = Payment {
        meta: paper::meta(cx, "pay", &order.id, cmd.document),
        bank_reference,
        paid_on: cmd.paid_on,
        amount_fen: cmd.amount_fen,
        payer_uscc: parties.enterprise,
        payee_uscc: parties.provider,
    };
    papers::insert_payment(cx, &payment).await?;
    cx.journal("orders.record_payment", &format!("order/{}", order.id), &(), &payment).await?;
    Ok(payment)
}
