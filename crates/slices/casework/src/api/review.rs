//! `/api/v1/work` and the steps of review.

use axum::Json;
use axum::extract::{Path, Query};
use serde::Deserialize;
use store::{BoxFuture, Cx, Refusal, StoreError};
use utoipa::{IntoParams, ToSchema};
use web::{ApiPost, AppError, Ctx, CursorPage, FieldError, Problem};

use super::bodies::CaseBody;
use crate::approve::{self, ApproveError};
use crate::check::{self, CheckError};
use crate::decide_objection::{self, DecideObjectionError};
use crate::model::{Answer, State};
use crate::publish_notice::{self, PublishError};
use crate::recommend::{self, RecommendError};
use crate::reject::{self, RejectError};
use crate::return_for_correction::{self, ReturnError};
use crate::send_back::{self, SendBackError};
use crate::store::{Case, Defect, WorkFilter};
use crate::view::{self, ViewError};

/// What the work list is narrowed to.
#[derive(Deserialize, IntoParams)]
pub struct WorkParams {
    /// A state's code; without one, every case that is open and handed in.
    state: Option<String>,
    /// Only cases past their deadline.
    #[serde(default)]
    overdue: bool,
    /// District code; a district officer's own holds whatever is asked.
    district: Option<String>,
    /// Instrument.
    instrument_id: Option<String>,
    /// `next_cursor` of the page before.
    after: Option<String>,
    /// At most so many, up to 200; 50 unless said.
    limit: Option<u32>,
}

/// The work list, soonest deadline first.
#[utoipa::path(get, path = "/api/v1/work", tag = "review", params(WorkParams),
    responses((status = 200, body = CursorPage<CaseBody>), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn work(ctx: Ctx, Query(q): Query<WorkParams>) -> Result<Json<CursorPage<CaseBody>>, AppError> {
    let state = match q.state.as_deref().filter(|s| !s.is_empty()) {
        Some(code) => Some(
            code.parse::<State>()
                .map_err(|message| AppError::invalid(vec![FieldError { field: "state".to_owned(), message }]))?,
        ),
        None => None,
    };
    let after = q.after.as_deref().and_then(|a| a.split_once('~')).map(|(day, id)| (day.to_owned(), id.to_owned()));
    let filter = WorkFilter { state, overdue: q.overdue, district: q.district, instrument_id: q.instrument_id, after };
    let limit = q.limit.unwrap_or(50).clamp(1, 200);
    let list = ctx
        .read::<_, ViewError, _>(move |cx| Box::pin(async move { view::work_list(cx, &filter, limit).await }))
        .await?;
    let next_cursor = list.next.map(|(day, id)| format!("{day}~{id}"));
    Ok(Json(CursorPage { items: list.cases.into_iter().map(CaseBody::from).collect(), next_cursor }))
}

/// Runs a step once for its key.
async fn step<E, B, F>(ctx: &Ctx, post: &ApiPost<B>, run: F) -> Result<Json<CaseBody>, AppError>
where
    F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<Case, E>> + Send + 'static,
    E: Refusal + From<StoreError>,
{
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, run).await?.into()))
}

/// A finding on one item of the checklist.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// The item's code.
    item: String,
    /// Does it hold?
    passed: bool,
    /// What is wrong; needed when it does not.
    #[serde(default)]
    remark: String,
}

/// The findings on the whole checklist.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckBody {
    /// The version that was read.
    version: i64,
    /// One for every item.
    answers: Vec<AnswerBody>,
    /// Said among officers.
    #[serde(default)]
    staff_note: String,
}

/// Formal check: accepts the case, or states all defects at once and returns it.
#[utoipa::path(post, path = "/api/v1/cases/{id}/formal-check", tag = "review", request_body = CheckBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn formal_check(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<CheckBody>,
) -> Result<Json<CaseBody>, AppError> {
    let answer = |a: &AnswerBody| Answer { item: a.item.clone(), passed: a.passed, remark: a.remark.clone() };
    let (version, staff_note) = (post.body.version, post.body.staff_note.clone());
    let cmd =
        check::Check { case_id: id, version, answers: post.body.answers.iter().map(answer).collect(), staff_note };
    step::<CheckError, _, _>(&ctx, &post, |cx| Box::pin(async move { check::run(cx, cmd).await })).await
}

/// An opinion or a reason on a version that was read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpinionBody {
    /// The version that was read.
    version: i64,
    /// The opinion or reason.
    text: String,
    /// Said among officers.
    #[serde(default)]
    staff_note: String,
}

/// Recommends a case to the city.
#[utoipa::path(post, path = "/api/v1/cases/{id}/recommend", tag = "review", request_body = OpinionBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn recommend_case(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<OpinionBody>,
) -> Result<Json<CaseBody>, AppError> {
    let cmd = recommend::Recommend { case_id: id, version: post.body.version, opinion: post.body.text.clone() };
    step::<RecommendError, _, _>(&ctx, &post, |cx| Box::pin(async move { recommend::run(cx, cmd).await })).await
}

/// An approval of a round that was read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveBody {
    /// The round that was read.
    round: i64,
    /// This person's opinion.
    #[serde(default)]
    opinion: String,
}

/// Approves for the city; several different people must.
#[utoipa::path(post, path = "/api/v1/cases/{id}/approve", tag = "review", request_body = ApproveBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn approve_case(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<ApproveBody>,
) -> Result<Json<CaseBody>, AppError> {
    let cmd = approve::Approve { case_id: id, round: post.body.round, opinion: post.body.opinion.clone() };
    step::<ApproveError, _, _>(&ctx, &post, |cx| Box::pin(async move { approve::run(cx, cmd).await })).await
}

/// Sends a case back to the district; earlier approvals become void.
#[utoipa::path(post, path = "/api/v1/cases/{id}/send-back", tag = "review", request_body = OpinionBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn send_back_case(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<OpinionBody>,
) -> Result<Json<CaseBody>, AppError> {
    let cmd = send_back::SendBack { case_id: id, version: post.body.version, reason: post.body.text.clone() };
    step::<SendBackError, _, _>(&ctx, &post, |cx| Box::pin(async move { send_back::run(cx, cmd).await })).await
}

/// Everything that must be corrected, at once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnBody {
    /// The version that was read.
    version: i64,
    /// The points.
    defects: Vec<String>,
    /// Said among officers.
    #[serde(default)]
    staff_note: String,
}

async fn returned(ctx: Ctx, id: String, post: ApiPost<ReturnBody>) -> Result<Json<CaseBody>, AppError> {
    let point = |remark: &String| Defect { item: String::new(), remark: remark.clone() };
    let cmd = return_for_correction::ReturnForCorrection {
        case_id: id,
        version: post.body.version,
        defects: post.body.defects.iter().map(point).collect(),
        staff_note: post.body.staff_note.clone(),
    };
    step::<ReturnError, _, _>(&ctx, &post, |cx| Box::pin(async move { return_for_correction::run(cx, cmd).await }))
        .await
}

/// The district returns a case for correction.
#[utoipa::path(post, path = "/api/v1/cases/{id}/return-by-district", tag = "review", request_body = ReturnBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn return_by_district(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<ReturnBody>,
) -> Result<Json<CaseBody>, AppError> {
    returned(ctx, id, post).await
}

/// The city returns a case for correction; earlier approvals become void.
#[utoipa::path(post, path = "/api/v1/cases/{id}/return-by-city", tag = "review", request_body = ReturnBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn return_by_city(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<ReturnBody>,
) -> Result<Json<CaseBody>, AppError> {
    returned(ctx, id, post).await
}

async fn rejected(ctx: Ctx, id: String, post: ApiPost<OpinionBody>) -> Result<Json<CaseBody>, AppError> {
    let (reason, staff_note) = (post.body.text.clone(), post.body.staff_note.clone());
    let cmd = reject::Reject { case_id: id, version: post.body.version, reason, staff_note };
    step::<RejectError, _, _>(&ctx, &post, |cx| Box::pin(async move { reject::run(cx, cmd).await })).await
}

/// The district decides against a case.
#[utoipa::path(post, path = "/api/v1/cases/{id}/reject-by-district", tag = "review", request_body = OpinionBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn reject_by_district(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<OpinionBody>,
) -> Result<Json<CaseBody>, AppError> {
    rejected(ctx, id, post).await
}

/// The city decides against a case.
#[utoipa::path(post, path = "/api/v1/cases/{id}/reject-by-city", tag = "review", request_body = OpinionBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn reject_by_city(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<OpinionBody>,
) -> Result<Json<CaseBody>, AppError> {
    rejected(ctx, id, post).await
}

/// Which version is put on notice.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishBody {
    /// The version that was read.
    version: i64,
}

/// Puts an approved case on public notice.
#[utoipa::path(post, path = "/api/v1/cases/{id}/publish-notice", tag = "review", request_body = PublishBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn publish(ctx: Ctx, Path(id): Path<String>, post: ApiPost<PublishBody>) -> Result<Json<CaseBody>, AppError> {
    let cmd = publish_notice::PublishNotice { case_id: id, version: post.body.version };
    step::<PublishError, _, _>(&ctx, &post, |cx| {
        Box::pin(async move { publish_notice::run(cx, cmd).await.map(|(case, _)| case) })
    })
    .await
}

/// A decision on an objection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideBody {
    /// Does it have ground?
    upheld: bool,
    /// Why; must not name the objector.
    reason: String,
}

/// Decides an objection.
#[utoipa::path(post, path = "/api/v1/objections/{id}/decide", tag = "review", request_body = DecideBody,
    params(("id" = String, Path, description = "`obj_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn decide(ctx: Ctx, Path(id): Path<String>, post: ApiPost<DecideBody>) -> Result<Json<CaseBody>, AppError> {
    let (upheld, reason) = (post.body.upheld, post.body.reason.clone());
    let cmd = decide_objection::DecideObjection { objection_id: id, upheld, reason };
    step::<DecideObjectionError, _, _>(&ctx, &post, |cx| Box::pin(async move { decide_objection::run(cx, cmd).await }))
        .await
}
