//! Records that the treasury has granted money to a programme (资金下达), by the document that says so.

use jiff::civil::Date;
use kernel::{Action, Fen, Subject};
use ledger::{AccountKind, Code, Transfer, TransferKind};
use serde::{Deserialize, Serialize};
use store::{Cx, params};

use crate::{ids, open_account, post};

/// What the document says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Appropriate {
    /// For which programme.
    pub programme_id: String,
    /// How much.
    pub amount: Fen,
    /// The document's number (文号).
    pub document_number: String,
    /// Its title.
    pub document_title: String,
    /// Its date.
    pub document_on: Date,
}

store::refusals! {
    /// Why an appropriation is not recorded.
    pub enum AppropriateError {
        /// Nothing granted.
        AmountNotPositive { amount: Fen } = 422, "amount-not-positive", field "amount",
            zh "下达金额必须大于零，填写的是{amount}。", en "The amount must be above zero, not {amount}.";
        /// An appropriation rests on a document.
        DocumentMissing {} = 422, "document-missing", field "document_number",
            zh "请填写下达文件的文号和标题。", en "Give the number and the title of the document that grants the money.";
        /// A document grants once.
        DocumentUsed { document_number: String } = 409, "document-used", field "document_number",
            zh "文号“{document_number}”已登记过一次资金下达。",
            en "The document {document_number} has already been recorded as an appropriation.";
        /// A document cannot come from tomorrow.
        DocumentInFuture { document_on: Date } = 422, "document-in-future", field "document_on",
            zh "文件日期{document_on}晚于今天。", en "The document is dated {document_on}, which is after today.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
crate::money_refusal!(AppropriateError);

/// Debits the bank, credits the programme's appropriation. Answers the transfer's id.
pub async fn run(cx: &mut Cx, cmd: Appropriate) -> Result<String, AppropriateError> {
    if !cx.permits(Action::ManageFunds, &Subject::none()) {
        return Err(AppropriateError::Forbidden);
    }
    let number = cmd.document_number.trim().to_owned();
    if cmd.amount <= Fen::ZERO {
        return Err(AppropriateError::AmountNotPositive { amount: cmd.amount });
    }
    if number.is_empty() || cmd.document_title.trim().is_empty() || cmd.programme_id.trim().is_empty() {
        return Err(AppropriateError::DocumentMissing {});
    }
    if cmd.document_on > cx.today() {
        return Err(AppropriateError::DocumentInFuture { document_on: cmd.document_on });
    }
    let id = cx.new_id("apr");
    let sql = "INSERT INTO funds_appropriation (transfer_id, programme_id, document_number, document_title, \
               document_on) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (document_number) DO NOTHING";
    let values = params![&id, &cmd.programme_id, &number, cmd.document_title.trim(), cmd.document_on];
    if cx.execute(sql, values).await? == 0 {
        return Err(AppropriateError::DocumentUsed { document_number: number });
    }
    let account = ids::appropriation(&cmd.programme_id);
    open_account(cx, ids::BANK, AccountKind::Bank, AccountKind::Bank.usual_limit()).await?;
    open_account(cx, &account, AccountKind::Appropriation, AccountKind::Appropriation.usual_limit()).await?;
    let transfer = Transfer {
        id: id.clone(),
        debit: ids::BANK.to_owned(),
        credit: account.clone(),
        amount: cmd.amount,
        code: Code::Appropriate,
        kind: TransferKind::Posted,
        linked: false,
        reference: number,
        at: cx.now,
    };
    post(cx, &[transfer]).await?;
    cx.journal("funds.appropriate", &format!("account/{account}"), &(), &cmd).await?;
    Ok(id)
}
