//! `/api/v1/vouchers`

use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiPost, AppError, Ctx, CursorPage, FieldError, Problem};

use crate::cancel::{self, Cancel};
use crate::freeze::{self, Freeze};
use crate::read::{self, VoucherFilter};
use crate::{VoucherLine, VoucherState};

/// A voucher. Amounts are whole fen.
#[derive(Serialize, ToSchema)]
pub struct VoucherBody {
    /// `vch_…`
    id: String,
    /// The number that people read.
    number: String,
    /// Its batch.
    batch_id: String,
    /// Its programme.
    programme_id: String,
    /// Its instrument.
    instrument_id: String,
    /// Its owner.
    org_id: String,
    /// Out of which district's quota (GB/T 2260).
    district: String,
    /// For which case.
    case_id: String,
    /// `issued`, `reserved`, `used`, `expired`, `cancelled` or `frozen`.
    state: String,
    /// What it was worth when issued.
    face_fen: i64,
    /// Neither spent nor held.
    spendable_fen: i64,
    /// Held by orders.
    held_fen: i64,
    /// Gone back to the quota.
    returned_fen: i64,
    /// Day of issue.
    #[schema(value_type = String, format = Date)]
    issued_on: Date,
    /// The last day on which it can be spent.
    #[schema(value_type = String, format = Date)]
    expires_on: Date,
}

impl From<VoucherLine> for VoucherBody {
    fn from(line: VoucherLine) -> VoucherBody {
        let v = line.voucher;
        VoucherBody {
            id: v.id,
            number: v.number,
            batch_id: v.batch_id,
            programme_id: v.programme_id,
            instrument_id: v.instrument_id,
            org_id: v.org_id,
            district: v.district,
            case_id: v.case_id,
            state: v.state.code().to_owned(),
            face_fen: v.face_fen.0,
            spendable_fen: line.standing.spendable.0,
            held_fen: line.standing.held.0,
            returned_fen: v.returned_fen.0,
            issued_on: v.issued_on,
            expires_on: v.expires_on,
        }
    }
}

/// Which vouchers.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// `issued`, `reserved`, `used`, `expired`, `cancelled` or `frozen`.
    state: Option<String>,
    /// `bat_…`
    batch: Option<String>,
    /// GB/T 2260 code. A district officer always gets their own.
    district: Option<String>,
    /// The cursor of the page before.
    after: Option<String>,
    /// Items of a page, 1 to 1,000; 100 unless said.
    limit: Option<i64>,
}

/// Vouchers, newest first. An enterprise gets its own.
#[utoipa::path(get, path = "/api/v1/vouchers", tag = "vouchers", params(ListParams),
    responses((status = 200, body = CursorPage<VoucherBody>), (status = 403, body = Problem)))]
pub async fn list(ctx: Ctx, Query(q): Query<ListParams>) -> Result<Json<CursorPage<VoucherBody>>, AppError> {
    let state = match q.state.as_deref().filter(|s| !s.is_empty()) {
        None => None,
        Some(code) => match VoucherState::from_code(code) {
            Some(state) => Some(state),
            None => {
                let codes: Vec<&str> = VoucherState::ALL.iter().map(|s| s.code()).collect();
                let message = format!("{} {}", ctx.t("只能是", "must be one of"), codes.join(", "));
                return Err(AppError::invalid(vec![FieldError { field: "state".to_owned(), message }]));
            }
        },
    };
    let limit = q.limit.unwrap_or(100).clamp(1, 1_000);
    let filter = VoucherFilter { state, batch_id: q.batch, district: q.district, after: q.after, limit: limit + 1 };
    let mut found = ctx.read(move |cx| Box::pin(read::list_vouchers(cx, filter))).await?;
    let more = found.len() as i64 > limit;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|v| v.voucher.id.clone());
    Ok(Json(CursorPage { items: found.into_iter().map(VoucherBody::from).collect(), next_cursor }))
}

/// One voucher.
#[utoipa::path(get, path = "/api/v1/vouchers/{id}", tag = "vouchers", params(("id" = String, Path)),
    responses((status = 200, body = VoucherBody), (status = 404, body = Problem)))]
pub async fn show(ctx: Ctx, Path(id): Path<String>) -> Result<Json<VoucherBody>, AppError> {
    let view = ctx.read(move |cx| Box::pin(async move { read::see_voucher(cx, &id).await })).await?;
    Ok(Json(view.line.into()))
}

/// Why a voucher is taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelBody {
    /// Its owner reads it.
    reason: String,
}

/// What went back.
#[derive(Serialize, ToSchema)]
pub struct CancelledBody {
    /// To the district's quota, in fen.
    returned_fen: i64,
}

/// Takes a voucher back; what is left of it goes back to its district's quota.
#[utoipa::path(post, path = "/api/v1/vouchers/{id}/cancel", tag = "vouchers", request_body = CancelBody,
    params(("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = CancelledBody), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn cancel(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<CancelBody>,
) -> Result<Json<CancelledBody>, AppError> {
    let cmd = Cancel { voucher_id: id, reason: post.body.reason };
    let back = ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(cancel::run(cx, cmd))).await?;
    Ok(Json(CancelledBody { returned_fen: back.0 }))
}

/// Which way, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeBody {
    /// `true` stops it, `false` lets it go.
    frozen: bool,
    /// On what ground.
    reason: String,
}

/// Stops a voucher while something is looked into, or lets it go again.
#[utoipa::path(post, path = "/api/v1/vouchers/{id}/freeze", tag = "vouchers", request_body = FreezeBody,
    params(("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 204), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn freeze(ctx: Ctx, Path(id): Path<String>, post: ApiPost<FreezeBody>) -> Result<StatusCode, AppError> {
    let cmd = Freeze { voucher_id: id, frozen: post.body.frozen, reason: post.body.reason };
    ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(freeze::run(cx, cmd))).await?;
    Ok(StatusCode::NO_CONTENT)
}
