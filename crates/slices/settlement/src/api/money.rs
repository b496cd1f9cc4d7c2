//! What is owed, payments, repayments, statements.

use axum::Json;
use axum::extract::Query;
use jiff::civil::Date;
use kernel::Fen;
use serde::Deserialize;
use web::{ApiPost, AppError, Ctx, CursorPage};

use crate::model::{Payment, Return};
use crate::pay::{self, Pay};
use crate::read;
use crate::repay::{self, RepayRecovery};
use crate::statement::Statement;
use crate::store::money::Owed;

/// Every provider that is owed something, with what is kept for what it has to pay back.
#[utoipa::path(
    get, path = "/api/v1/settlement-payments/due", tag = "settlement", responses((status = 200, body = CursorPage<Owed>))
)]
pub(crate) async fn owed(ctx: Ctx) -> Result<Json<CursorPage<Owed>>, AppError> {
    let items = ctx.read(|cx| Box::pin(read::owed(cx))).await?;
    Ok(Json(CursorPage { items, next_cursor: None }))
}

/// A payment that the bank has made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct PayBody {
    provider_id: String,
    #[schema(value_type = i64)]
    amount_fen: Fen,
    #[serde(default)]
    bank_reference: String,
    #[schema(value_type = String, format = Date)]
    paid_on: Date,
}

/// Records the payment of everything that a provider is owed.
#[utoipa::path(
    post, path = "/api/v1/settlement-payments", tag = "settlement", request_body = PayBody,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Payment), (status = 409, body = web::Problem))
)]
pub(crate) async fn pay(ctx: Ctx, post: ApiPost<PayBody>) -> Result<Json<Payment>, AppError> {
    let b = post.body;
    let cmd =
        Pay { provider_id: b.provider_id, amount: b.amount_fen, bank_reference: b.bank_reference, paid_on: b.paid_on };
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(pay::run(cx, cmd))).await?))
}

/// A repayment that the bank has received.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct RepayBody {
    provider_id: String,
    #[schema(value_type = i64)]
    amount_fen: Fen,
    bank_reference: String,
    #[schema(value_type = String, format = Date)]
    received_on: Date,
}

/// Records what a provider has paid back; it answers the oldest recoveries first.
#[utoipa::path(
    post, path = "/api/v1/settlement-repayments", tag = "settlement", request_body = RepayBody,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Vec<Return>), (status = 409, body = web::Problem))
)]
pub(crate) async fn repay(ctx: Ctx, post: ApiPost<RepayBody>) -> Result<Json<Vec<Return>>, AppError> {
    let b = post.body;
    let cmd = RepayRecovery {
        provider_id: b.provider_id,
        amount: b.amount_fen,
        bank_reference: b.bank_reference,
        received_on: b.received_on,
    };
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(repay::run(cx, cmd))).await?))
}

/// Whose statement, and of which days.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    provider: String,
    from: Date,
    to: Date,
}

/// The statement of a provider; its own where none is named.
#[utoipa::path(
    get, path = "/api/v1/settlement-statements", tag = "settlement",
    params(("provider" = Option<String>, Query), ("from" = String, Query), ("to" = String, Query)),
    responses((status = 200, body = Statement), (status = 422, body = web::Problem))
)]
pub(crate) async fn statement(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Json<Statement>, AppError> {
    let id = if asked.provider.is_empty() { ctx.actor.org().to_owned() } else { asked.provider };
    let (from, to) = (asked.from, asked.to);
    let found = ctx.read(|cx| Box::pin(async move { crate::statement(cx, &id, from, to).await })).await?;
    Ok(Json(found))
}
