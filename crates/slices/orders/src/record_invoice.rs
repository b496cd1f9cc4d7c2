//! Records an invoice of an order, as structured facts with its document. One invoice serves one order, ever.

use jiff::civil::Date;
use kernel::{Fen, Uscc};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Contract, Document, Invoice, OrderState};
use crate::paper::{self, Parties};
use crate::rules::invoice_number::{self, WrongNumber};
use crate::store as rows;
use crate::store::papers::{self, Which};

/// What the invoice says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordInvoice {
    /// Of which order.
    pub order_id: String,
    /// 发票代码; empty for a fully digital invoice.
    pub code: String,
    /// 发票号码.
    pub number: String,
    /// Issued.
    pub issued_on: Date,
    /// Amount, tax included.
    pub amount_fen: Fen,
    /// Who it is made out to.
    pub buyer_uscc: String,
    /// Who made it out.
    pub seller_uscc: String,
    /// The invoice itself.
    pub document: Document,
}

store::refusals! {
    /// Why an invoice is not recorded.
    pub enum RecordInvoiceError {
        /// The contract comes first.
        NoContract { state: &'static str } = 409, "no-contract",
            zh "请先登记合同（订单当前状态：{state}）。兑付完成后不再接受新发票。",
            en "Record the contract first (the order is {state}). After settlement no invoice is added.";
        /// Not an invoice code.
        CodeWrong { code: String } = 422, "invoice-code-wrong", field "code",
            zh "发票代码应为 10 或 12 位数字；数电票没有代码，请留空。所填为 {code}。",
            en "An invoice code has 10 or 12 digits; a fully digital invoice has none, leave it empty. {code} was stated.";
        /// Not an invoice number.
        NumberWrong { number: String, digits: usize } = 422, "invoice-number-wrong", field "number",
            zh "发票号码应为 {digits} 位数字，所填为 {number}。",
            en "The invoice number must have {digits} digits; {number} was stated.";
        /// The same invoice twice.
        Duplicate { code: String, number: String, order_zh: String, order_en: String } = 409, "invoice-duplicate", field "number",
            zh "发票 {code} {number} 已登记在{order_zh}。一张发票只能使用一次。",
            en "Invoice {code} {number} is already recorded on {order_en}. An invoice is used once.";
        /// Not yet issued.
        IssuedInFuture { issued_on: Date, today: Date } = 422, "invoice-issued-in-future", field "issued_on",
            zh "开票日期 {issued_on} 晚于今天（{today}）。", en "It is issued on {issued_on}, after today ({today}).";
        /// Before there was a contract.
        BeforeContract { issued_on: Date, signed_on: Date } = 422, "invoice-before-contract", field "issued_on",
            zh "开票日期 {issued_on} 早于合同签订日期 {signed_on}。",
            en "It is issued on {issued_on}, before the contract was signed on {signed_on}.";
        /// Not an amount.
        AmountNotPositive { amount: Fen } = 422, "amount-not-positive", field "amount_fen",
            zh "金额须大于 0，所填为 {amount}。", en "The amount must be above zero; {amount} was stated.";
        /// More than the contract.
        OverContract { amount: Fen, invoiced: Fen, contract: Fen } = 422, "invoiced-over-contract", field "amount_fen",
            zh "已开票 {invoiced}，加上本张 {amount} 超过合同金额 {contract}。",
            en "{invoiced} is invoiced; with this one of {amount} it would exceed the contract's {contract}.";
        /// Made out to another.
        BuyerNotEnterprise { stated: String, enterprise: Uscc } = 422, "buyer-not-enterprise", field "buyer_uscc",
            zh "购买方统一社会信用代码 {stated} 与下单企业（{enterprise}）不符。",
            en "The buyer's credit code {stated} is not the ordering enterprise's ({enterprise}).";
        /// Made out by another.
        SellerNotProvider { stated: String, provider: Uscc } = 422, "seller-not-provider", field "seller_uscc",
            zh "销售方统一社会信用代码 {stated} 与服务商（{provider}）不符。",
            en "The seller's credit code {stated} is not the provider's ({provider}).";
    }
}

/// Are these facts acceptable beside what is recorded? Pure.
fn check(
    cmd: &RecordInvoice,
    contract: &Contract,
    invoiced: Fen,
    parties: &Parties,
    today: Date,
) -> Result<(), RecordInvoiceError> {
    use RecordInvoiceError as E;
    let (code, number) = (cmd.code.trim(), cmd.number.trim());
    match invoice_number::check(code, number) {
        Err(WrongNumber::Code) => return Err(E::CodeWrong { code: code.to_owned() }),
        Err(WrongNumber::Number { digits }) => return Err(E::NumberWrong { number: number.to_owned(), digits }),
        Ok(()) => {}
    }
    if cmd.amount_fen <= Fen::ZERO {
        return Err(E::AmountNotPositive { amount: cmd.amount_fen });
    }
    if cmd.issued_on > today {
        return Err(E::IssuedInFuture { issued_on: cmd.issued_on, today });
    }
    if cmd.issued_on < contract.signed_on {
        return Err(E::BeforeContract { issued_on: cmd.issued_on, signed_on: contract.signed_on });
    }
    if invoiced.checked_add(cmd.amount_fen).is_none_or(|sum| sum > contract.amount_fen) {
        return Err(E::OverContract { amount: cmd.amount_fen, invoiced, contract: contract.amount_fen });
    }
    if !parties.is_enterprise(&cmd.buyer_uscc) {
        return Err(E::BuyerNotEnterprise { stated: cmd.buyer_uscc.clone(), enterprise: parties.enterprise.clone() });
    }
    if !parties.is_provider(&cmd.seller_uscc) {
        return Err(E::SellerNotProvider { stated: cmd.seller_uscc.clone(), provider: parties.provider.clone() });
    }
    Ok(())
}

/// Records the invoice.
pub async fn run(cx: &mut Cx, cmd: RecordInvoice) -> Result<Invoice, RecordInvoiceError> {
    let order = rows::order(cx, &cmd.order_id).await?.ok_or(RecordInvoiceError::NotFound)?;
    if !paper::may_record(cx, &order) {
        return Err(RecordInvoiceError::Forbidden);
    }
    let known = papers::papers(cx, &order.id, Which::Standing).await?;
    let open = order.state == OrderState::Contracted;
    let no_contract = RecordInvoiceError::NoContract { state: order.state.code() };
    let contract = known.contract.as_ref().filter(|_| open).ok_or(no_contract)?;
    let parties = paper::parties(cx, &order).await?;
    check(&cmd, contract, known.invoiced_fen(), &parties, cx.today())?;
    let (code, number) = (cmd.code.trim().to_owned(), cmd.number.trim().to_owned());
    if let Some(other) = papers::order_of_invoice(cx, &code, &number).await? {
        let (order_zh, order_en) = paper::whose(cx, &other).await?;
        return Err(RecordInvoiceError::Duplicate { code, number, order_zh, order_en });
    }
    let invoice = Invoice {
        meta: paper::meta(cx, "inv", &order.id, cmd.document),
        code,
        number,
        issued_on: cmd.issued_on,
        amount_fen: cmd.amount_fen,
        buyer_uscc: parties.enterprise,
        seller_uscc: parties.provider,
    };
    papers::insert_invoice(cx, &invoice).await?;
    cx.journal("orders.record_invoice", &format!("order/{}", order.id), &(), &invoice).await?;
    Ok(invoice)
}
