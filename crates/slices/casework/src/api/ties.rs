//! `/api/v1/ties` and stepping back: who must not handle an enterprise's cases.

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiPost, AppError, Ctx, Problem};

use crate::store::Tie;
use crate::tie::{self, RecordTie, TieError};
use crate::view::{self, ViewError};

/// A tie between a person who reviews and an enterprise.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TieBody {
    /// `tie_…`
    id: String,
    /// The person's account.
    account_id: String,
    /// The enterprise.
    org_id: String,
    /// `family`, `employment`, `interest` or `other`.
    kind: String,
    /// What it is.
    remark: String,
    /// Since when.
    recorded_at: String,
    /// Until when; absent while it stands.
    ended_at: Option<String>,
}

impl From<Tie> for TieBody {
    fn from(t: Tie) -> TieBody {
        let (recorded_at, ended_at) = (t.recorded_at.to_string(), t.ended_at.map(|at| at.to_string()));
        let Tie { id, account_id, org_id, kind, remark, .. } = t;
        TieBody { id, account_id, org_id, kind, remark, recorded_at, ended_at }
    }
}

/// A tie to be put on record by the city.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordTieBody {
    /// The person's account.
    account_id: String,
    /// The enterprise.
    org_id: String,
    /// `family`, `employment`, `interest` or `other`.
    kind: String,
    /// What it is.
    #[serde(default)]
    remark: String,
}

/// Puts anybody's tie on record; that person then handles no case of the enterprise.
#[utoipa::path(post, path = "/api/v1/ties", tag = "review", request_body = RecordTieBody,
    params(("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = TieBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn record(ctx: Ctx, post: ApiPost<RecordTieBody>) -> Result<Json<TieBody>, AppError> {
    let RecordTieBody { account_id, org_id, kind, remark } = post.body;
    let cmd = RecordTie { account_id, org_id, kind, remark };
    let run = ctx.submit_keyed::<_, TieError, _>(&post.key, &post.content, |cx| {
        Box::pin(async move { tie::record(cx, cmd).await })
    });
    Ok(Json(run.await?.into()))
}

/// Why a tie ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndTieBody {
    /// Why.
    reason: String,
}

/// Ends a tie: the city does, but not the person it is about.
#[utoipa::path(post, path = "/api/v1/ties/{id}/end", tag = "review", request_body = EndTieBody,
    params(("id" = String, Path, description = "`tie_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = TieBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn end(ctx: Ctx, Path(id): Path<String>, post: ApiPost<EndTieBody>) -> Result<Json<TieBody>, AppError> {
    let reason = post.body.reason;
    let run = ctx.submit_keyed::<_, TieError, _>(&post.key, &post.content, |cx| {
        Box::pin(async move { tie::end(cx, &id, &reason).await })
    });
    Ok(Json(run.await?.into()))
}

/// The caller's own tie.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepBackBody {
    /// `family`, `employment`, `interest` or `other`.
    kind: String,
    /// What it is.
    #[serde(default)]
    remark: String,
}

async fn step_back(ctx: Ctx, id: String, post: ApiPost<StepBackBody>) -> Result<Json<TieBody>, AppError> {
    let seen = ctx.read::<_, ViewError, _>(|cx| Box::pin(async move { view::review(cx, &id).await })).await?;
    let (account_id, org_id) = (ctx.actor.user_id.clone(), seen.case.org_id);
    let cmd = RecordTie { account_id, org_id, kind: post.body.kind, remark: post.body.remark };
    let run = ctx.submit_keyed::<_, TieError, _>(&post.key, &post.content, |cx| {
        Box::pin(async move { tie::record(cx, cmd).await })
    });
    Ok(Json(run.await?.into()))
}

/// An officer of the district steps back from the case's enterprise.
#[utoipa::path(post, path = "/api/v1/cases/{id}/step-back-by-district", tag = "review", request_body = StepBackBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = TieBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn step_back_by_district(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<StepBackBody>,
) -> Result<Json<TieBody>, AppError> {
    step_back(ctx, id, post).await
}

/// An officer of the city steps back from the case's enterprise.
#[utoipa::path(post, path = "/api/v1/cases/{id}/step-back-by-city", tag = "review", request_body = StepBackBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = TieBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn step_back_by_city(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<StepBackBody>,
) -> Result<Json<TieBody>, AppError> {
    step_back(ctx, id, post).await
}
