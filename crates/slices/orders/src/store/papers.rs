//! Every SQL statement about contracts, invoices and payments.

use store::{Cx, Row, StoreError, params};

use crate::model::{Contract, Document, Invoice, PaperMeta, Papers, Payment};

fn meta(r: &Row) -> Result<PaperMeta, StoreError> {
    let text: String = r.get("document_json")?;
    let document: Document = serde_json::from_str(&text)
        .map_err(|source| StoreError::Json { what: "a paper's document_json".into(), source })?;
    Ok(PaperMeta {
        id: r.get("id")?,
        order_id: r.get("order_id")?,
        document,
        recorded_by: r.get("recorded_by")?,
        recorded_at: r.get("recorded_at_us")?,
        voided_at: r.get("voided_at_us")?,
        void_reason: r.get("void_reason")?,
    })
}

fn read_contract(r: &Row) -> Result<Contract, StoreError> {
    Ok(Contract {
        meta: meta(r)?,
        number: r.get("number")?,
        signed_on: r.get("signed_on")?,
        starts_on: r.get("starts_on")?,
        ends_on: r.get("ends_on")?,
        amount_fen: r.get("amount_fen")?,
        buyer_uscc: r.get("buyer_uscc")?,
        seller_uscc: r.get("seller_uscc")?,
    })
}

fn read_invoice(r: &Row) -> Result<Invoice, StoreError> {
    Ok(Invoice {
        meta: meta(r)?,
        code: r.get("code")?,
        number: r.get("number")?,
        issued_on: r.get("issued_on")?,
        amount_fen: r.get("amount_fen")?,
        buyer_uscc: r.get("buyer_uscc")?,
        seller_uscc: r.get("seller_uscc")?,
    })
}

fn read_payment(r: &Row) -> Result<Payment, StoreError> {
    Ok(Payment {
        meta: meta(r)?,
        bank_reference: r.get("bank_reference")?,
        paid_on: r.get("paid_on")?,
        amount_fen: r.get("amount_fen")?,
        payer_uscc: r.get("payer_uscc")?,
        payee_uscc: r.get("payee_uscc")?,
    })
}

/// Which papers of an order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that stand.
    Standing,
    /// Those that were voided.
    Voided,
}

/// The papers of an order.
pub(crate) async fn papers(cx: &mut Cx, order_id: &str, which: Which) -> Result<Papers, StoreError> {
    let is = if which == Which::Standing { "IS NULL" } else { "IS NOT NULL" };
    let contract = format!("SELECT * FROM orders_contract WHERE order_id = $1 AND voided_at_us {is} ORDER BY id DESC");
    let invoices =
        format!("SELECT * FROM orders_invoice WHERE order_id = $1 AND voided_at_us {is} ORDER BY issued_on, id");
    let payments =
        format!("SELECT * FROM orders_payment WHERE order_id = $1 AND voided_at_us {is} ORDER BY paid_on, id");
    Ok(Papers {
        contract: cx.opt(contract, params![order_id]).await?.as_ref().map(read_contract).transpose()?,
        invoices: cx.all(invoices, params![order_id]).await?.iter().map(read_invoice).collect::<Result<_, _>>()?,
        payments: cx.all(payments, params![order_id]).await?.iter().map(read_payment).collect::<Result<_, _>>()?,
    })
}

/// Keeps a contract.
pub(crate) async fn insert_contract(cx: &mut Cx, provider_id: &str, c: &Contract) -> Result<(), StoreError> {
    let sql = "INSERT INTO orders_contract (id, order_id, provider_id, number, signed_on, starts_on, ends_on, amount_fen, \
               buyer_uscc, seller_uscc, document_sha256, document_json, recorded_by, recorded_at_us, void_reason) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '')";
    let values = params![
        &c.meta.id,
        &c.meta.order_id,
        provider_id,
        &c.number,
        c.signed_on,
        c.starts_on,
        c.ends_on,
        c.amount_fen,
        &c.buyer_uscc,
        &c.seller_uscc,
        &c.meta.document.sha256,
        document_json(&c.meta.document)?,
        &c.meta.recorded_by,
        c.meta.recorded_at,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// Keeps an invoice.
pub(crate) async fn insert_invoice(cx: &mut Cx, i: &Invoice) -> Result<(), StoreError> {
    let sql = "INSERT INTO orders_invoice (id, order_id, code, number, issued_on, amount_fen, buyer_uscc, seller_uscc, \
               document_sha256, document_json, recorded_by, recorded_at_us, void_reason) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '')";
    let values = params![
        &i.meta.id,
        &i.meta.order_id,
        &i.code,
        &i.number,
        i.issued_on,
        i.amount_fen,
        &i.buyer_uscc,
        &i.seller_uscc,
        &i.meta.document.sha256,
        document_json(&i.meta.document)?,
        &i.meta.recorded_by,
        i.meta.recorded_at,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// Keeps a payment.
pub(crate) async fn insert_payment(cx: &mut Cx, p: &Payment) -> Result<(), StoreError> {
    let sql = "INSERT INTO orders_payment (id, order_id, bank_reference, paid_on, amount_fen, payer_uscc, payee_uscc, \
               document_sha256, document_json, recorded_by, recorded_at_us, void_reason) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '')";
    let values = params![
        &p.meta.id,
        &p.meta.order_id,
        &p.bank_reference,
        p.paid_on,
        p.amount_fen,
        &p.payer_uscc,
        &p.payee_uscc,
        &p.meta.document.sha256,
        document_json(&p.meta.document)?,
        &p.meta.recorded_by,
        p.meta.recorded_at,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

fn document_json(d: &Document) -> Result<String, StoreError> {
    serde_json::to_string(d).map_err(|source| StoreError::Json { what: "a document".into(), source })
}

async fn order_id_of(cx: &mut Cx, sql: &'static str, values: Vec<store::Param>) -> Result<Option<String>, StoreError> {
    cx.opt(sql, values).await?.map(|r| r.get("order_id")).transpose()
}

/// Which order's standing contract has this number of this provider?
pub(crate) async fn order_of_contract(cx: &mut Cx, provider: &str, number: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT order_id FROM orders_contract WHERE provider_id = $1 AND number = $2 AND voided_at_us IS NULL";
    order_id_of(cx, sql, params![provider, number]).await
}

/// Which order has this invoice?
pub(crate) async fn order_of_invoice(cx: &mut Cx, code: &str, number: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT order_id FROM orders_invoice WHERE code = $1 AND number = $2 AND voided_at_us IS NULL";
    order_id_of(cx, sql, params![code, number]).await
}

/// Which order has the payment with this bank reference?
pub(crate) async fn order_of_payment(cx: &mut Cx, bank_reference: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT order_id FROM orders_payment WHERE bank_reference = $1 AND voided_at_us IS NULL";
    order_id_of(cx, sql, params![bank_reference]).await
}

/// Marks a paper as wrong. How many were marked: one, or none if it does not stand.
pub(crate) async fn void(cx: &mut Cx, kind: PaperKind, paper_id: &str, reason: &str) -> Result<u64, StoreError> {
    let sql = match kind {
        PaperKind::Contract => {
            "UPDATE orders_contract SET voided_at_us = $1, void_reason = $2 WHERE id = $3 AND voided_at_us IS NULL"
        }
        PaperKind::Invoice => {
            "UPDATE orders_invoice SET voided_at_us = $1, void_reason = $2 WHERE id = $3 AND voided_at_us IS NULL"
        }
        PaperKind::Payment => {
            "UPDATE orders_payment SET voided_at_us = $1, void_reason = $2 WHERE id = $3 AND voided_at_us IS NULL"
        }
    };
    let now = cx.now;
    cx.execute(sql, params![now, reason, paper_id]).await
}

/// The three kinds of paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaperKind {
    /// Contract.
    Contract,
    /// Invoice.
    Invoice,
    /// Payment.
    Payment,
}

impl PaperKind {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Invoice => "invoice",
            Self::Payment => "payment",
        }
    }
    /// By its code.
    pub fn from_code(code: &str) -> Option<PaperKind> {
        [Self::Contract, Self::Invoice, Self::Payment].into_iter().find(|k| k.code() == code)
    }
    /// For a reader.
    pub fn label(self, lang: kernel::Lang) -> &'static str {
        match self {
            Self::Contract => lang.t("合同", "Contract"),
            Self::Invoice => lang.t("发票", "Invoice"),
            Self::Payment => lang.t("付款凭证", "Payment"),
        }
    }
}
