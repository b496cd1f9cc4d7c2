//! Orders and their steps.

use axum::Json;
use axum::extract::{Path, Query};
use serde::Deserialize;
use web::{ApiPost, AppError, Ctx, CursorPage, NoFields};

use crate::accept::{self, Accept};
use crate::decline::{self, End};
use crate::import::{self, Imported, SheetRows};
use crate::model::{Order, OrderState};
use crate::place::{self, Place, Quote};
use crate::read::{self, OrderView};
use crate::store::{OrderFilter, OrderRow};
use crate::{cancel, confirm};

const LIMIT: u32 = 100;

/// Which orders.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    state: String,
    number: Option<String>,
    after: Option<String>,
}

/// Orders that the caller may see, newest first.
#[utoipa::path(
    get, path = "/api/v1/orders", tag = "orders",
    params(("state" = Option<String>, Query), ("number" = Option<String>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = CursorPage<OrderRow>))
)]
pub(crate) async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Json<CursorPage<OrderRow>>, AppError> {
    let filter = OrderFilter {
        state: OrderState::from_code(&asked.state),
        number: asked.number,
        after: asked.after,
        limit: LIMIT,
        ..OrderFilter::default()
    };
    let items = ctx.read(|cx| Box::pin(async move { read::list(cx, filter).await })).await?;
    let next_cursor = items.last().filter(|_| items.len() == LIMIT as usize).map(|r| r.order.id.clone());
    Ok(Json(CursorPage { items, next_cursor }))
}

/// One order with its papers.
#[utoipa::path(
    get, path = "/api/v1/orders/{id}", tag = "orders", params(("id" = String, Path)),
    responses((status = 200, body = OrderView), (status = 404, body = web::Problem))
)]
pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Json<OrderView>, AppError> {
    Ok(Json(ctx.read(|cx| Box::pin(async move { read::view(cx, &id).await })).await?))
}

/// Places an order and holds the public share on its voucher.
#[utoipa::path(
    post, path = "/api/v1/orders", tag = "orders", request_body = Place,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Order), (status = 409, body = web::Problem), (status = 422, body = web::Problem))
)]
pub(crate) async fn place(ctx: Ctx, post: ApiPost<Place>) -> Result<Json<Order>, AppError> {
    let cmd = post.body;
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(place::run(cx, cmd))).await?))
}

/// Works out an order and its three shares without placing it.
#[utoipa::path(
    post, path = "/api/v1/orders/quotes", tag = "orders", request_body = Place,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Quote), (status = 409, body = web::Problem))
)]
pub(crate) async fn quote(ctx: Ctx, post: ApiPost<Place>) -> Result<Json<Quote>, AppError> {
    Ok(Json(ctx.read(|cx| Box::pin(async move { place::quote(cx, &post.body).await })).await?))
}

/// The provider confirms; the body is `{}`.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/confirmation", tag = "orders", request_body = NoFields,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Order), (status = 409, body = web::Problem))
)]
pub(crate) async fn confirm(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<NoFields>,
) -> Result<Json<Order>, AppError> {
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(confirm::run(cx, id))).await?))
}

/// The enterprise accepts a proposal: `{"voucher_id": …, "public_max_fen": …}`, both optional.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/acceptance", tag = "orders", request_body = Acceptance,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Order), (status = 409, body = web::Problem))
)]
pub(crate) async fn accept(
    ctx: Ctx,
    Path(order_id): Path<String>,
    post: ApiPost<Acceptance>,
) -> Result<Json<Order>, AppError> {
    let Acceptance { voucher_id, public_max_fen } = post.body;
    let cmd = Accept { order_id, voucher_id, public_max_fen };
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(accept::run(cx, cmd))).await?))
}

/// What an acceptance says.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Acceptance {
    voucher_id: Option<String>,
    #[schema(value_type = Option<i64>)]
    public_max_fen: Option<kernel::Fen>,
}

/// Why an order ends.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderEndReason)]
pub(crate) struct Reason {
    reason: String,
}

/// The other side declines.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/refusal", tag = "orders", request_body = Reason,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Order), (status = 409, body = web::Problem))
)]
pub(crate) async fn decline(
    ctx: Ctx,
    Path(order_id): Path<String>,
    post: ApiPost<Reason>,
) -> Result<Json<Order>, AppError> {
    let cmd = End { order_id, reason: post.body.reason };
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(decline::run(cx, cmd))).await?))
}

/// The side that began the order calls it off.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/cancellation", tag = "orders", request_body = Reason,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Order), (status = 409, body = web::Problem))
)]
pub(crate) async fn cancel(
    ctx: Ctx,
    Path(order_id): Path<String>,
    post: ApiPost<Reason>,
) -> Result<Json<Order>, AppError> {
    let cmd = End { order_id, reason: post.body.reason };
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(cancel::run(cx, cmd))).await?))
}

/// Orders as rows of cells, in the order of the spreadsheet's columns.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderRows)]
pub(crate) struct Rows {
    provider_id: String,
    rows: Vec<Vec<String>>,
}

/// Brings in orders as proposals: all rows or none, with every wrong cell named.
#[utoipa::path(
    post, path = "/api/v1/orders/imports", tag = "orders", request_body = Rows,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Imported), (status = 422, body = web::Problem))
)]
pub(crate) async fn import(ctx: Ctx, post: ApiPost<Rows>) -> Result<Json<Imported>, AppError> {
    let Rows { provider_id, rows } = post.body;
    // Rows are numbered as in a spreadsheet, whose heads are row 1.
    let sheet: SheetRows = (2..).zip(rows).collect();
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(import::run(cx, provider_id, sheet))).await?))
}
