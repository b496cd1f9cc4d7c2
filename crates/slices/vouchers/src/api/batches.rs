//! `/api/v1/batches`

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use jiff::civil::Date;
use kernel::{Fen, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiPost, AppError, Ctx, CursorPage, Problem};

use crate::assign_quota::{self, AssignQuota};
use crate::close_batch::{self, CloseBatch};
use crate::open_batch::{self, OpenBatch};
use crate::{BatchLine, BatchView, read};

/// A batch of vouchers. Amounts are whole fen, shares are basis points.
#[derive(Serialize, ToSchema)]
pub struct BatchBody {
    /// `bat_…`
    id: String,
    /// The programme whose money it is.
    programme_id: String,
    /// The programme's instrument.
    instrument_id: String,
    /// 中文名称
    title_zh: String,
    /// English name.
    title_en: String,
    /// `planned`, `open`, `exhausted` or `closed`.
    state: String,
    /// What the public pays of a contract.
    rate_bp: i64,
    /// What the enterprise pays itself at least.
    own_share_bp: i64,
    /// What each voucher is worth.
    face_value_fen: i64,
    /// Days in which a voucher can be spent.
    validity_days: i64,
    /// Days for which an order keeps money held.
    hold_days: i64,
    /// First day of applying.
    #[schema(value_type = String, format = Date)]
    opens_on: Date,
    /// Last day of applying; who applied by then is still issued a voucher.
    #[schema(value_type = String, format = Date)]
    closes_on: Date,
    /// All its money.
    budget_fen: i64,
    /// Limit of one provider.
    provider_quota_fen: Option<i64>,
    /// Limit of one enterprise in a calendar year.
    enterprise_year_quota_fen: Option<i64>,
    /// Vouchers issued.
    vouchers: i64,
    /// Their face values, less what came back.
    issued_fen: i64,
    /// What can still be issued.
    left_fen: i64,
}

impl From<BatchLine> for BatchBody {
    fn from(line: BatchLine) -> BatchBody {
        let b = line.batch;
        BatchBody {
            id: b.id,
            programme_id: b.programme_id,
            instrument_id: b.instrument_id,
            title_zh: b.title.zh,
            title_en: b.title.en,
            state: b.state.code().to_owned(),
            rate_bp: b.rate_bp,
            own_share_bp: b.own_share_bp,
            face_value_fen: b.face_value_fen.0,
            validity_days: b.validity_days,
            hold_days: b.hold_days,
            opens_on: b.opens_on,
            closes_on: b.closes_on,
            budget_fen: b.budget_fen.0,
            provider_quota_fen: b.provider_quota_fen.map(|f| f.0),
            enterprise_year_quota_fen: b.enterprise_year_quota_fen.map(|f| f.0),
            vouchers: line.vouchers,
            issued_fen: line.issued_fen.0,
            left_fen: line.left_fen.0,
        }
    }
}

/// A district's use of a batch.
#[derive(Serialize, ToSchema)]
pub struct DistrictUseBody {
    /// GB/T 2260 code.
    district: String,
    /// Its quota.
    quota_fen: i64,
    /// What it can still issue.
    left_fen: i64,
    /// Vouchers issued.
    vouchers: i64,
    /// Held by orders.
    held_fen: i64,
    /// Settled.
    settled_fen: i64,
}

/// A batch with its districts and how long its money lasts.
#[derive(Serialize, ToSchema)]
pub struct BatchViewBody {
    /// The batch.
    batch: BatchBody,
    /// What no district has.
    reserve_fen: i64,
    /// Each district that has a quota.
    districts: Vec<DistrictUseBody>,
    /// The day on which nothing is left at the pace of the last 30 days; absent if it cannot be told.
    #[schema(value_type = Option<String>, format = Date)]
    lasts_until: Option<Date>,
}

impl From<BatchView> for BatchViewBody {
    fn from(view: BatchView) -> BatchViewBody {
        let districts = view.districts.into_iter().map(|d| DistrictUseBody {
            district: d.district,
            quota_fen: d.quota_fen.0,
            left_fen: d.left_fen.0,
            vouchers: d.vouchers,
            held_fen: d.held_fen.0,
            settled_fen: d.settled_fen.0,
        });
        BatchViewBody {
            districts: districts.collect(),
            reserve_fen: view.reserve_fen.0,
            lasts_until: view.forecast.lasts_until,
            batch: view.line.into(),
        }
    }
}

/// All batches, newest first. There are few: one page holds them all.
#[utoipa::path(get, path = "/api/v1/batches", tag = "vouchers",
    responses((status = 200, body = CursorPage<BatchBody>), (status = 403, body = Problem)))]
pub async fn list(ctx: Ctx) -> Result<Json<CursorPage<BatchBody>>, AppError> {
    let all = ctx.read(|cx| Box::pin(read::list_batches(cx))).await?;
    Ok(Json(CursorPage { items: all.into_iter().map(BatchBody::from).collect(), next_cursor: None }))
}

/// One batch.
#[utoipa::path(get, path = "/api/v1/batches/{id}", tag = "vouchers", params(("id" = String, Path)),
    responses((status = 200, body = BatchViewBody), (status = 404, body = Problem)))]
pub async fn show(ctx: Ctx, Path(id): Path<String>) -> Result<Json<BatchViewBody>, AppError> {
    let view = ctx.read(move |cx| Box::pin(async move { read::see_batch(cx, &id).await })).await?;
    Ok(Json(view.into()))
}

/// A district's quota.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaBody {
    /// GB/T 2260 code.
    district: String,
    /// Above zero.
    amount_fen: i64,
}

/// The terms of a new batch.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenBatchBody {
    programme_id: String,
    instrument_id: String,
    title_zh: String,
    title_en: String,
    rate_bp: i64,
    own_share_bp: i64,
    face_value_fen: i64,
    validity_days: i64,
    hold_days: i64,
    #[schema(value_type = String, format = Date)]
    opens_on: Date,
    #[schema(value_type = String, format = Date)]
    closes_on: Date,
    budget_fen: i64,
    provider_quota_fen: Option<i64>,
    enterprise_year_quota_fen: Option<i64>,
    quotas: Vec<QuotaBody>,
}

/// The batch that was opened.
#[derive(Serialize, ToSchema)]
pub struct OpenedBody {
    /// `bat_…`
    batch_id: String,
}

/// Opens a batch with its money and its quotas.
#[utoipa::path(post, path = "/api/v1/batches", tag = "vouchers", request_body = OpenBatchBody,
    params(("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 201, body = OpenedBody), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn open(ctx: Ctx, post: ApiPost<OpenBatchBody>) -> Result<(StatusCode, Json<OpenedBody>), AppError> {
    let b = post.body;
    let cmd = OpenBatch {
        programme_id: b.programme_id,
        instrument_id: b.instrument_id,
        title: Text::new(b.title_zh, b.title_en),
        rate_bp: b.rate_bp,
        own_share_bp: b.own_share_bp,
        face_value: Fen(b.face_value_fen),
        validity_days: b.validity_days,
        hold_days: b.hold_days,
        opens_on: b.opens_on,
        closes_on: b.closes_on,
        budget: Fen(b.budget_fen),
        provider_quota: b.provider_quota_fen.map(Fen),
        enterprise_year_quota: b.enterprise_year_quota_fen.map(Fen),
        quotas: b.quotas.into_iter().map(|q| (q.district, Fen(q.amount_fen))).collect(),
    };
    let batch_id = ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(open_batch::run(cx, cmd))).await?;
    Ok((StatusCode::CREATED, Json(OpenedBody { batch_id })))
}

/// More of the reserve for a district.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignQuotaBody {
    /// GB/T 2260 code.
    district: String,
    /// Above zero, at most the reserve.
    amount_fen: i64,
    /// On what ground.
    reason: String,
}

/// Gives a district more of the batch's reserve.
#[utoipa::path(post, path = "/api/v1/batches/{id}/quotas", tag = "vouchers", request_body = AssignQuotaBody,
    params(("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 204), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn assign(ctx: Ctx, Path(id): Path<String>, post: ApiPost<AssignQuotaBody>) -> Result<StatusCode, AppError> {
    let AssignQuotaBody { district, amount_fen, reason } = post.body;
    let cmd = AssignQuota { batch_id: id, district, amount: Fen(amount_fen), reason };
    ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(assign_quota::run(cx, cmd))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why a batch is closed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseBody {
    /// On what ground.
    reason: String,
}

/// What went back to the programme.
#[derive(Serialize, ToSchema)]
pub struct ClosedBody {
    /// What reserve and quotas still had.
    returned_fen: i64,
}

/// Closes a batch: no more vouchers; what is left goes back to the programme. Vouchers that are out stay good.
#[utoipa::path(post, path = "/api/v1/batches/{id}/close", tag = "vouchers", request_body = CloseBody,
    params(("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = ClosedBody), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn close(ctx: Ctx, Path(id): Path<String>, post: ApiPost<CloseBody>) -> Result<Json<ClosedBody>, AppError> {
    let cmd = CloseBatch { batch_id: id, reason: post.body.reason };
    let back = ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(close_batch::run(cx, cmd))).await?;
    Ok(Json(ClosedBody { returned_fen: back.0 }))
}
