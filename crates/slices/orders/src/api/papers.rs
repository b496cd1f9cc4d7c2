//! Papers of an order. A document travels as base64 beside the facts it proves.

use axum::Json;
use axum::extract::Path;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use web::{ApiPost, AppError, Ctx, FieldError};

use crate::model::{Contract, Document, Invoice, Order, Payment};
use crate::void_paper::{self, VoidPaper};
use crate::{PaperKind, read, record_contract, record_invoice, record_payment};

/// A paper: its facts, and its document.
#[derive(Debug, Deserialize)]
pub(crate) struct Paper {
    file_name: String,
    content_base64: String,
    #[serde(flatten)]
    facts: Map<String, Value>,
}

fn wrong(field: &str, message: String) -> AppError {
    AppError::invalid(vec![FieldError { field: field.to_owned(), message }])
}

/// Keeps the document and puts the command together from the facts.
async fn command<C: serde::de::DeserializeOwned>(ctx: &Ctx, order_id: &str, paper: Paper) -> Result<C, AppError> {
    // Nothing is kept on disk for somebody who may not record it.
    let wanted = order_id.to_owned();
    let order = ctx.read(|cx| Box::pin(async move { read::view(cx, &wanted).await })).await?.row.order;
    if !ctx.may(kernel::Action::RecordDocuments, &crate::paper::subject(&order)) {
        return Err(AppError::forbidden());
    }
    let bytes = STANDARD.decode(&paper.content_base64).map_err(|e| wrong("content_base64", e.to_string()))?;
    let (blobs, name) = (ctx.app.blobs.clone(), paper.file_name);
    let kept = tokio::task::spawn_blocking(move || blobs.put(&name, &bytes).map(|blob| Document::of(&name, blob)));
    let document = kept.await.map_err(|_| store::StoreError::Panicked)?;
    let document = document.map_err(|e| wrong("content_base64", format!("{}: {}", e.code(), e.message(ctx.lang))))?;
    let mut facts = paper.facts;
    facts.insert("order_id".into(), json!(order_id));
    facts.insert("document".into(), json!(document));
    serde_json::from_value(Value::Object(facts)).map_err(|e| wrong("body", e.to_string()))
}

/// Records the contract: number, signed_on, starts_on, ends_on, amount_fen, buyer_uscc, seller_uscc, file_name,
/// content_base64.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/contract", tag = "orders", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem), (status = 422, body = web::Problem))
)]
pub(crate) async fn contract(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<Paper>,
) -> Result<Json<Contract>, AppError> {
    let cmd = command(&ctx, &id, post.body).await?;
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(record_contract::run(cx, cmd))).await?))
}

/// Records an invoice: code, number, issued_on, amount_fen, buyer_uscc, seller_uscc, file_name, content_base64.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/invoices", tag = "orders", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem), (status = 422, body = web::Problem))
)]
pub(crate) async fn invoice(ctx: Ctx, Path(id): Path<String>, post: ApiPost<Paper>) -> Result<Json<Invoice>, AppError> {
    let cmd = command(&ctx, &id, post.body).await?;
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(record_invoice::run(cx, cmd))).await?))
}

/// Records a payment: bank_reference, paid_on, amount_fen, payer_uscc, payee_uscc, file_name, content_base64.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/payments", tag = "orders", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem), (status = 422, body = web::Problem))
)]
pub(crate) async fn payment(ctx: Ctx, Path(id): Path<String>, post: ApiPost<Paper>) -> Result<Json<Payment>, AppError> {
    let cmd = command(&ctx, &id, post.body).await?;
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(record_payment::run(cx, cmd))).await?))
}

/// Which paper is void, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Voiding {
    kind: PaperKind,
    paper_id: String,
    reason: String,
}

/// Voids a paper that was recorded wrongly.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/voidings", tag = "orders", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem))
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
