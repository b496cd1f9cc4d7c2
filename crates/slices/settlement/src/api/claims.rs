//! Claims.

use axum::Json;
use axum::extract::{Path, Query};
use kernel::Fen;
use serde::{Deserialize, Serialize};
use web::{ApiPost, AppError, Ctx, CursorPage, NoFields};

use crate::claim::{self, ClaimOrder};
use crate::model::{Claim, ClaimState, Evidence, Payment, Recovery, RecoveryCode};
use crate::read::{self, BookEntry};
use crate::recover::{self, Recover};
use crate::store::claims::{ClaimFilter, ClaimRow};

const LIMIT: u32 = 100;

/// Which claims.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    state: String,
    order: String,
    after: String,
}

/// Claims that the caller may see, newest first.
#[utoipa::path(
    get, path = "/api/v1/settlements", tag = "settlement",
    params(("state" = Option<String>, Query), ("order" = Option<String>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = CursorPage<ClaimRow>))
)]
pub(crate) async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Json<CursorPage<ClaimRow>>, AppError> {
    let some = |t: &str| (!t.is_empty()).then(|| t.to_owned());
    let filter = ClaimFilter {
        state: ClaimState::from_code(&asked.state),
        order_id: some(&asked.order),
        after: some(&asked.after),
        limit: LIMIT,
        ..ClaimFilter::default()
    };
    let page = ctx.read(|cx| Box::pin(read::list(cx, filter))).await?;
    Ok(Json(CursorPage { items: page.items, next_cursor: page.next }))
}

/// A claim with what stands behind it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = SettlementClaimView)]
pub(crate) struct ClaimAnswer {
    #[serde(flatten)]
    row: ClaimRow,
    evidence: Vec<Evidence>,
    #[schema(value_type = Option<Object>)]
    decision: Option<rules::Decision>,
    recoveries: Vec<Recovery>,
    payment: Option<Payment>,
    entries: Vec<BookEntry>,
}

/// One claim: evidence, decision with its trace, ledger entries, recoveries, payment.
#[utoipa::path(
    get, path = "/api/v1/settlements/{id}", tag = "settlement", params(("id" = String, Path)),
    responses((status = 200, body = ClaimAnswer), (status = 404, body = web::Problem))
)]
pub(crate) async fn show(ctx: Ctx, Path(id): Path<String>) -> Result<Json<ClaimAnswer>, AppError> {
    let v = ctx.read(|cx| Box::pin(async move { read::view(cx, &id).await })).await?;
    let decision = v.decision.map(|d| d.decision);
    let (row, evidence, recoveries, payment, entries) = (v.row, v.evidence, v.recoveries, v.payment, v.entries);
    Ok(Json(ClaimAnswer { row, evidence, decision, recoveries, payment, entries }))
}

/// Claims an order of the provider.
#[utoipa::path(
    post, path = "/api/v1/settlements", tag = "settlement", request_body = ClaimOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Claim), (status = 409, body = web::Problem))
)]
pub(crate) async fn create(ctx: Ctx, post: ApiPost<ClaimOrder>) -> Result<Json<Claim>, AppError> {
    let cmd = post.body;
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(claim::run(cx, cmd))).await?))
}

/// Decides a claim that waits; the body is `{}`.
#[utoipa::path(
    post, path = "/api/v1/settlements/{id}/decision", tag = "settlement", request_body = NoFields,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Claim), (status = 409, body = web::Problem))
)]
pub(crate) async fn decide(ctx: Ctx, Path(id): Path<String>, post: ApiPost<NoFields>) -> Result<Json<Claim>, AppError> {
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(crate::decide::run(cx, id))).await?))
}

/// A recovery to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct RecoveryBody {
    #[schema(value_type = i64)]
    amount_fen: Fen,
    code: RecoveryCode,
    reason: String,
}

/// Recovers part of what was paid on a claim, with a code and a reason.
#[utoipa::path(
    post, path = "/api/v1/settlements/{id}/recoveries", tag = "settlement", request_body = RecoveryBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Recovery), (status = 409, body = web::Problem))
)]
pub(crate) async fn recover(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<RecoveryBody>,
) -> Result<Json<Recovery>, AppError> {
    let b = post.body;
    let cmd = Recover { claim_id: id, amount: b.amount_fen, code: b.code, reason: b.reason };
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(recover::run(cx, cmd))).await?))
}
