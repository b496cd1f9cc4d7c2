//! `/api/v1/cases`: the enterprise's side.

use axum::Json;
use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiPost, AppError, Ctx, CursorPage, FieldError, Problem};

use super::bodies::{CaseBody, EventBody, FormBody, with_gaps};
use crate::draft::{self, DraftError};
use crate::save::{self, SaveError};
use crate::submit::{self, SubmitError};
use crate::view::{self, ViewError};
use crate::withdraw::{self, WithdrawError};

/// Paging.
#[derive(Deserialize, IntoParams)]
pub struct ListParams {
    /// `next_cursor` of the page before.
    after: Option<String>,
    /// At most so many, up to 100; 30 unless said.
    limit: Option<u32>,
}

/// The applications of the caller's own enterprise, newest first.
#[utoipa::path(get, path = "/api/v1/cases", tag = "cases", params(ListParams),
    responses((status = 200, body = CursorPage<CaseBody>), (status = 403, body = Problem)))]
pub async fn list(ctx: Ctx, Query(q): Query<ListParams>) -> Result<Json<CursorPage<CaseBody>>, AppError> {
    let limit = q.limit.unwrap_or(30).clamp(1, 100);
    let page = ctx
        .read::<_, ViewError, _>(move |cx| Box::pin(async move { view::own(cx, q.after.as_deref(), limit).await }))
        .await?;
    Ok(Json(CursorPage { items: page.cases.into_iter().map(CaseBody::from).collect(), next_cursor: page.next }))
}

/// A new application.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateBody {
    /// Under which programme.
    programme_id: String,
    /// For which of its instruments.
    instrument_id: String,
    /// What is known already.
    #[serde(default)]
    form: FormBody,
}

/// Begins a draft.
#[utoipa::path(post, path = "/api/v1/cases", tag = "cases", request_body = CreateBody,
    params(("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(ctx: Ctx, post: ApiPost<CreateBody>) -> Result<Json<CaseBody>, AppError> {
    let CreateBody { programme_id, instrument_id, form } = post.body;
    let cmd = draft::Draft { programme_id, instrument_id, form: form.into() };
    let done = ctx
        .submit_keyed::<_, DraftError, _>(&post.key, &post.content, |cx| {
            Box::pin(async move { draft::run(cx, cmd).await })
        })
        .await;
    match done {
        Ok(case) => Ok(Json(case.into())),
        Err(DraftError::FormFaults { zh, en, gaps }) => {
            let listed = gaps.clone();
            Err(with_gaps(DraftError::FormFaults { zh, en, gaps }, &listed, ctx.lang))
        }
        Err(e) => Err(e.into()),
    }
}

/// A case with what happened to it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ProgressBody {
    /// The case.
    case: CaseBody,
    /// Its moves, in order.
    events: Vec<EventBody>,
    /// What is to be corrected, when it was returned: all of it.
    defects: Vec<String>,
}

/// One case.
#[utoipa::path(get, path = "/api/v1/cases/{id}", tag = "cases",
    params(("id" = String, Path, description = "`case_…`")),
    responses((status = 200, body = ProgressBody), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn show(ctx: Ctx, Path(id): Path<String>) -> Result<Json<ProgressBody>, AppError> {
    let seen = ctx.read::<_, ViewError, _>(move |cx| Box::pin(async move { view::progress(cx, &id).await })).await?;
    Ok(Json(ProgressBody {
        case: seen.case.into(),
        events: seen.events.into_iter().map(EventBody::from).collect(),
        defects: seen.defects.into_iter().map(|d| d.remark).collect(),
    }))
}

/// The whole form as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveBody {
    /// The version that was read.
    version: i64,
    /// The form.
    form: FormBody,
}

/// Saves the form of a draft or of a returned case.
#[utoipa::path(post, path = "/api/v1/cases/{id}/form", tag = "cases", request_body = SaveBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn save_form(ctx: Ctx, Path(id): Path<String>, post: ApiPost<SaveBody>) -> Result<Json<CaseBody>, AppError> {
    let cmd = save::Save { case_id: id, version: post.body.version, form: post.body.form.into() };
    let done = ctx
        .submit_keyed::<_, SaveError, _>(&post.key, &post.content, |cx| {
            Box::pin(async move { save::run(cx, cmd).await })
        })
        .await;
    match done {
        Ok(case) => Ok(Json(case.into())),
        Err(SaveError::FormFaults { zh, en, gaps }) => {
            let listed = gaps.clone();
            Err(with_gaps(SaveError::FormFaults { zh, en, gaps }, &listed, ctx.lang))
        }
        Err(e) => Err(e.into()),
    }
}

/// Which version is meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionBody {
    /// The version that was read.
    version: i64,
}

/// What the enterprise takes away.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ReceiptBody {
    /// The case.
    case_id: String,
    /// Its number.
    number: String,
    /// When.
    submitted_at: String,
    /// By when the formal check is done.
    due_on: Option<String>,
    /// The stored decision on eligibility.
    decision_id: String,
    /// What it grants if everything is confirmed, in fen.
    amount_fen: Option<i64>,
}

/// Hands in: commits the enterprise.
#[utoipa::path(post, path = "/api/v1/cases/{id}/submit", tag = "cases", request_body = VersionBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = ReceiptBody), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn hand_in(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<VersionBody>,
) -> Result<Json<ReceiptBody>, AppError> {
    let cmd = submit::Submit { case_id: id, version: post.body.version };
    let again = cmd.clone();
    let done = ctx
        .submit_keyed::<_, SubmitError, _>(&post.key, &post.content, |cx| {
            Box::pin(async move { submit::run(cx, cmd).await })
        })
        .await;
    match done {
        Ok(r) => Ok(Json(ReceiptBody {
            case_id: r.case_id,
            number: r.number,
            submitted_at: r.submitted_at.to_string(),
            due_on: r.due_on.map(|d| d.to_string()),
            decision_id: r.decision_id,
            amount_fen: r.amount_fen.map(|f| f.0),
        })),
        Err(SubmitError::FormIncomplete { zh, en, gaps }) => {
            let listed = gaps.clone();
            Err(with_gaps(SubmitError::FormIncomplete { zh, en, gaps }, &listed, ctx.lang))
        }
        Err(SubmitError::Ineligible { zh, en, against }) => {
            let field = |a: &submit::Against| FieldError {
                field: a.condition.clone(),
                message: format!("{} [{}]", a.text.get(ctx.lang), a.clause.get(ctx.lang)),
            };
            let fields = against.iter().map(field).collect();
            ctx.write(move |cx| Box::pin(async move { submit::keep_refused(cx, again).await })).await?;
            Err(AppError { fields, ..SubmitError::Ineligible { zh, en, against }.into() })
        }
        Err(e) => Err(e.into()),
    }
}

/// What is taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawBody {
    /// The version that was read.
    version: i64,
    /// Why, if the enterprise says so.
    #[serde(default)]
    reason: String,
}

/// Withdraws an application or discards a draft.
#[utoipa::path(post, path = "/api/v1/cases/{id}/withdraw", tag = "cases", request_body = WithdrawBody,
    params(("id" = String, Path, description = "`case_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CaseBody), (status = 409, body = Problem)))]
pub async fn take_back(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<WithdrawBody>,
) -> Result<Json<CaseBody>, AppError> {
    let cmd = withdraw::Withdraw { case_id: id, version: post.body.version, reason: post.body.reason };
    let case = ctx
        .submit_keyed::<_, WithdrawError, _>(&post.key, &post.content, |cx| {
            Box::pin(async move { withdraw::run(cx, cmd).await })
        })
        .await?;
    Ok(Json(case.into()))
}
