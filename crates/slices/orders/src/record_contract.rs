//! Records the signed contract of an order, as structured facts with its document.

use jiff::civil::Date;
use kernel::{Fen, Uscc};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Contract, Document, Order, OrderVerb};
use crate::paper::{self, Parties};
use crate::store as rows;
use crate::store::papers;

/// What the contract says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordContract {
    /// Of which order.
    pub order_id: String,
    /// The number that stands on it.
    pub number: String,
    /// Signed.
    pub signed_on: Date,
    /// First day.
    pub starts_on: Date,
    /// Last day.
    pub ends_on: Date,
    /// Amount, tax included.
    pub amount_fen: Fen,
    /// Party A's credit code.
    pub buyer_uscc: String,
    /// Party B's credit code.
    pub seller_uscc: String,
    /// The signed document.
    pub document: Document,
}

store::refusals! {
    /// Why a contract is not recorded.
    pub enum RecordContractError {
        /// Not from this state.
        WrongState { state: &'static str } = 409, "order-wrong-state",
            zh "订单当前状态（{state}）不能登记合同：须先由双方确认，且只登记一份。",
            en "A contract cannot be recorded for an order in state {state}: both sides confirm first, and there is one contract.";
        /// No number.
        NumberMissing {} = 422, "contract-number-missing", field "number", zh "请填写合同编号。",
            en "State the contract's number.";
        /// The same contract twice.
        Duplicate { number: String, order_zh: String, order_en: String } = 409, "contract-duplicate", field "number",
            zh "合同编号 {number} 已登记在{order_zh}，同一份合同不能用于两个订单。",
            en "Contract {number} is already recorded on {order_en}; one contract cannot serve two orders.";
        /// Not yet signed.
        SignedInFuture { signed_on: Date, today: Date } = 422, "contract-signed-in-future", field "signed_on",
            zh "签订日期 {signed_on} 晚于今天（{today}）。", en "It is signed on {signed_on}, after today ({today}).";
        /// Outside the voucher's days.
        OutsideVoucher { signed_on: Date, issued_on: Date, expires_on: Date } = 422, "contract-outside-voucher", field "signed_on",
            zh "签订日期 {signed_on} 不在云惠券有效期内（{issued_on} 至 {expires_on}）。",
            en "It is signed on {signed_on}, outside the voucher's days ({issued_on} to {expires_on}).";
        /// Ends before it begins.
        PeriodReversed { starts_on: Date, ends_on: Date } = 422, "contract-period-reversed", field "ends_on",
            zh "合同止期 {ends_on} 早于起期 {starts_on}。", en "It ends on {ends_on}, before it begins on {starts_on}.";
        /// Has nothing to do with the ordered time.
        PeriodApart { starts_on: Date, ends_on: Date, order_starts_on: Date, order_ends_on: Date } = 422, "contract-period-apart",
            field "starts_on", zh "合同期（{starts_on} 至 {ends_on}）与订单使用期（{order_starts_on} 至 {order_ends_on}）没有重叠。",
            en "The contract's time ({starts_on} to {ends_on}) does not touch the ordered time ({order_starts_on} to {order_ends_on}).";
        /// Dearer than ordered.
        AboveOrder { amount: Fen, ordered: Fen } = 422, "contract-above-order", field "amount_fen",
            zh "合同金额 {amount} 高于订单应付金额 {ordered}：服务商须兑现目录价优惠。如确实变更，请取消后重新下单。",
            en "The contract's amount {amount} is above the order's {ordered}: the provider keeps its promised discount. If the order changed, call it off and order again.";
        /// Not an amount.
        AmountNotPositive { amount: Fen } = 422, "amount-not-positive", field "amount_fen",
            zh "金额须大于 0，所填为 {amount}。", en "The amount must be above zero; {amount} was stated.";
        /// Party A is another.
        BuyerNotEnterprise { stated: String, enterprise: Uscc } = 422, "buyer-not-enterprise", field "buyer_uscc",
            zh "甲方统一社会信用代码 {stated} 与下单企业（{enterprise}）不符。",
            en "Party A's credit code {stated} is not the ordering enterprise's ({enterprise}).";
        /// Party B is another.
        SellerNotProvider { stated: String, provider: Uscc } = 422, "seller-not-provider", field "seller_uscc",
            zh "乙方统一社会信用代码 {stated} 与服务商（{provider}）不符。",
            en "Party B's credit code {stated} is not the provider's ({provider}).";
    }
}

/// What the records know when the contract arrives.
struct Known {
    today: Date,
    order: Order,
    parties: Parties,
    voucher_days: Option<(Date, Date)>,
}

/// Are these facts acceptable for this order? Pure.
fn check(cmd: &RecordContract, k: &Known) -> Result<(), RecordContractError> {
    use RecordContractError as E;
    if cmd.number.trim().is_empty() {
        return Err(E::NumberMissing {});
    }
    if cmd.amount_fen <= Fen::ZERO {
        return Err(E::AmountNotPositive { amount: cmd.amount_fen });
    }
    if cmd.signed_on > k.today {
        return Err(E::SignedInFuture { signed_on: cmd.signed_on, today: k.today });
    }
    if let Some((issued_on, expires_on)) = k.voucher_days.filter(|(a, b)| !(*a..=*b).contains(&cmd.signed_on)) {
        return Err(E::OutsideVoucher { signed_on: cmd.signed_on, issued_on, expires_on });
    }
    if cmd.ends_on < cmd.starts_on {
        return Err(E::PeriodReversed { starts_on: cmd.starts_on, ends_on: cmd.ends_on });
    }
    let (order_starts_on, order_ends_on) = (k.order.starts_on, k.order.ends_on);
    if cmd.ends_on < order_starts_on || cmd.starts_on > order_ends_on {
        let (starts_on, ends_on) = (cmd.starts_on, cmd.ends_on);
        return Err(E::PeriodApart { starts_on, ends_on, order_starts_on, order_ends_on });
    }
    if cmd.amount_fen > k.order.contract_fen() {
        return Err(E::AboveOrder { amount: cmd.amount_fen, ordered: k.order.contract_fen() });
    }
    if !k.parties.is_enterprise(&cmd.buyer_uscc) {
        return Err(E::BuyerNotEnterprise { stated: cmd.buyer_uscc.clone(), enterprise: k.parties.enterprise.clone() });
    }
    if !k.parties.is_provider(&cmd.seller_uscc) {
        return Err(E::SellerNotProvider { stated: cmd.seller_uscc.clone(), provider: k.parties.provider.clone() });
    }
    Ok(())
}

/// Records the contract; the order is then under contract.
pub async fn run(cx: &mut Cx, cmd: RecordContract) -> Result<Contract, RecordContractError> {
    let before = rows::order(cx, &cmd.order_id).await?.ok_or(RecordContractError::NotFound)?;
    if !paper::may_record(cx, &before) {
        return Err(RecordContractError::Forbidden);
    }
    let Some(state) = before.state.after(OrderVerb::RecordContract) else {
        return Err(RecordContractError::WrongState { state: before.state.code() });
    };
    let parties = paper::parties(cx, &before).await?;
    let voucher_days = paper::voucher_days(cx, &before).await?;
    let known = Known { today: cx.today(), order: before.clone(), parties, voucher_days };
    check(&cmd, &known)?;
    let number = cmd.number.trim().to_owned();
    if let Some(other) = papers::order_of_contract(cx, &before.provider_id, &number).await? {
        let (order_zh, order_en) = paper::whose(cx, &other).await?;
        return Err(RecordContractError::Duplicate { number, order_zh, order_en });
    }
    let contract = Contract {
        meta: paper::meta(cx, "con", &before.id, cmd.document),
        number,
        signed_on: cmd.signed_on,
        starts_on: cmd.starts_on,
        ends_on: cmd.ends_on,
        amount_fen: cmd.amount_fen,
        buyer_uscc: known.parties.enterprise,
        seller_uscc: known.parties.provider,
    };
    papers::insert_contract(cx, &before.provider_id, &contract).await?;
    let after = Order { state, ..before.clone() };
    rows::put(cx, &after).await?;
    cx.journal("orders.record_contract", &format!("order/{}", after.id), &before, &(&after, &contract)).await?;
    Ok(contract)
}
