//! Papers of an order. A document travels as base64 beside the facts it proves.

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use kernel::Fen;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiPost, AppError, Ctx, FieldError};

use crate::model::{Contract, Document, Invoice, Order, Payment};
use crate::record_contract::{self, RecordContract};
use crate::record_invoice::{self, RecordInvoice};
use crate::record_payment::{self, RecordPayment};
use crate::void_paper::{self, VoidPaper};
use crate::{PaperKind, read};

/// A contract with its document.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContractPaper {
    /// The number that stands on it.
    number: String,
    /// Signed.
    #[schema(value_type = String, format = Date)]
    signed_on: Date,
    /// First day.
    #[schema(value_type = String, format = Date)]
    starts_on: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    ends_on: Date,
    /// Amount, tax included.
    #[schema(value_type = i64)]
    amount_fen: Fen,
    /// Party A's credit code.
    buyer_uscc: String,
    /// Party B's credit code.
    seller_uscc: String,
    /// The document's name.
    file_name: String,
    /// The document.
    content_base64: String,
}

/// An invoice with its document.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvoicePaper {
    /// 发票代码; empty for a fully digital invoice.
    #[serde(default)]
    code: String,
    /// 发票号码.
    number: String,
    /// Issued.
    #[schema(value_type = String, format = Date)]
    issued_on: Date,
    /// Amount, tax included.
    #[schema(value_type = i64)]
    amount_fen: Fen,
    /// Who it is made out to.
    buyer_uscc: String,
    /// Who made it out.
    seller_uscc: String,
    /// The document's name.
    file_name: String,
    /// The document.
    content_base64: String,
}

/// A payment with its slip.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentPaper {
    /// The bank's serial number of the transfer.
    bank_reference: String,
    /// Paid.
    #[schema(value_type = String, format = Date)]
    paid_on: Date,
    /// Amount.
    #[schema(value_type = i64)]
    amount_fen: Fen,
    /// Who paid.
    payer_uscc: String,
    /// Who was paid.
    payee_uscc: String,
    /// The slip's name.
    file_name: String,
    /// The slip.
    content_base64: String,
}

fn wrong(field: &str, message: String) -> AppError {
    AppError::invalid(vec![FieldError { field: field.to_owned(), message }])
}

/// Keeps the document.
async fn kept(ctx: &Ctx, order_id: &str, file_name: String, content_base64: &str) -> Result<Document, AppError> {
    // Nothing is kept on disk for somebody who may not record it.
    let wanted = order_id.to_owned();
    let order = ctx.read(|cx| Box::pin(async move { read::view(cx, &wanted).await })).await?.row.order;
    if !ctx.may(kernel::Action::RecordDocuments, &crate::paper::subject(&order)) {
        return Err(AppError::forbidden());
    }
    let bytes = STANDARD.decode(content_base64).map_err(|e| wrong("content_base64", e.to_string()))?;
    let blobs = ctx.app.blobs.clone();
    let put = move || blobs.put(&file_name, &bytes).map(|blob| Document::of(&file_name, blob));
    let document = tokio::task::spawn_blocking(put).await.map_err(|_| store::StoreError::Panicked)?;
    document.map_err(|e| wrong("content_base64", format!("{}: {}", e.code(), e.message(ctx.lang))))
}

/// Records the contract.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/contract", tag = "orders", request_body = ContractPaper,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Contract), (status = 409, body = web::Problem), (status = 422, body = web::Problem))
)]
pub(crate) async fn contract(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<ContractPaper>,
) -> Result<Json<Contract>, AppError> {
    let p = post.body;
    let document = kept(&ctx, &id, p.file_name, &p.content_base64).await?;
    let cmd = RecordContract {
        order_id: id,
        document,
        number: p.number,
        signed_on: p.signed_on,
        starts_on: p.starts_on,
        ends_on: p.ends_on,
        amount_fen: p.amount_fen,
        buyer_uscc: p.buyer_uscc,
        seller_uscc: p.seller_uscc,
    };
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(record_contract::run(cx, cmd))).await?))
}

/// Records an invoice.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/invoices", tag = "orders", request_body = InvoicePaper,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Invoice), (status = 409, body = web::Problem), (status = 422, body = web::Problem))
)]
pub(crate) async fn invoice(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<InvoicePaper>,
) -> Result<Json<Invoice>, AppError> {
    let p = post.body;
    let document = kept(&ctx, &id, p.file_name, &p.content_base64).await?;
    let cmd = RecordInvoice {
        order_id: id,
        document,
        code: p.code,
        number: p.number,
        issued_on: p.issued_on,
        amount_fen: p.amount_fen,
        buyer_uscc: p.buyer_uscc,
        seller_uscc: p.seller_uscc,
    };
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(record_invoice::run(cx, cmd))).await?))
}

/// Records a payment.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/payments", tag = "orders", request_body = PaymentPaper,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Payment), (status = 409, body = web::Problem), (status = 422, body = web::Problem))
)]
pub(crate) async fn payment(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<PaymentPaper>,
) -> Result<Json<Payment>, AppError> {
    let p = post.body;
    let document = kept(&ctx, &id, p.file_name, &p.content_base64).await?;
    let cmd = RecordPayment {
        order_id: id,
        document,
        bank_reference: p.bank_reference,
        paid_on: p.paid_on,
        amount_fen: p.amount_fen,
        payer_uscc: p.payer_uscc,
        payee_uscc: p.payee_uscc,
    };
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(record_payment::run(cx, cmd))).await?))
}

/// Which paper is void, and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Voiding {
    kind: PaperKind,
    paper_id: String,
    reason: String,
}

/// Voids a paper that was recorded wrongly.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/voidings", tag = "orders", request_body = Voiding,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Order), (status = 409, body = web::Problem))
)]
pub(crate) async fn void(
    ctx: Ctx,
    Path(order_id): Path<String>,
    post: ApiPost<Voiding>,
) -> Result<Json<Order>, AppError> {
    let Voiding { kind, paper_id, reason } = post.body;
    let cmd = VoidPaper { order_id, kind, paper_id, reason };
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(void_paper::run(cx, cmd))).await?))
}

/// The document of a paper, as it was handed in.
#[utoipa::path(
    get, path = "/api/v1/orders/{id}/documents/{sha256}", tag = "orders",
    params(("id" = String, Path), ("sha256" = String, Path, description = "As the paper's `document` names it")),
    responses((status = 200, description = "The file, under its own type and name"), (status = 404, body = web::Problem))
)]
pub(crate) async fn document(ctx: Ctx, path: Path<(String, String)>) -> Result<Response, AppError> {
    crate::pages::documents::get(ctx, path).await
}
