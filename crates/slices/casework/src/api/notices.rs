//! `/api/v1/notices`: what is on public notice, and objecting to it.

use axum::Json;
use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiPost, AppError, Ctx, CursorPage, Problem};

use crate::object::{self, ObjectError};
use crate::view::{self, ViewError};

/// Paging.
#[derive(Deserialize, IntoParams)]
pub struct NoticeParams {
    /// `next_cursor` of the page before.
    after: Option<String>,
    /// At most so many, up to 100; 30 unless said.
    limit: Option<u32>,
}

/// A public notice.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct NoticeBody {
    /// `ntc_…`
    id: String,
    /// The case's number.
    number: String,
    /// The enterprise.
    org_name: String,
    /// Its credit code.
    uscc: String,
    /// Its district.
    district: String,
    /// Codes of the services applied for.
    sub_items: Vec<String>,
    /// What it is to get, in fen.
    amount_fen: Option<i64>,
    /// `running`, `paused`, `over` or `stopped`.
    state: String,
    /// First day.
    published_on: String,
    /// Last day; an objection on it is in time.
    ends_on: String,
}

impl From<crate::PublicNotice> for NoticeBody {
    fn from(n: crate::PublicNotice) -> NoticeBody {
        NoticeBody {
            id: n.notice.id,
            number: n.number,
            org_name: n.org_name,
            uscc: n.uscc,
            district: n.district,
            sub_items: n.sub_items,
            amount_fen: n.notice.amount_fen.map(|f| f.0),
            state: n.notice.state.code().to_owned(),
            published_on: n.notice.published_on.to_string(),
            ends_on: n.notice.ends_on.to_string(),
        }
    }
}

/// One public notice.
#[utoipa::path(get, path = "/api/v1/notices/{id}", tag = "notices",
    params(("id" = String, Path, description = "`ntc_…`")),
    responses((status = 200, body = NoticeBody), (status = 404, body = Problem)))]
pub async fn show(ctx: Ctx, Path(id): Path<String>) -> Result<Json<NoticeBody>, AppError> {
    let found = ctx.read::<_, ViewError, _>(|cx| Box::pin(async move { view::notice(cx, &id).await })).await?;
    Ok(Json(found.into()))
}

/// Public notices, newest first.
#[utoipa::path(get, path = "/api/v1/notices", tag = "notices", params(NoticeParams),
    responses((status = 200, body = CursorPage<NoticeBody>)))]
pub async fn list(ctx: Ctx, Query(q): Query<NoticeParams>) -> Result<Json<CursorPage<NoticeBody>>, AppError> {
    let before = q.after.as_deref().and_then(|a| a.split_once('~')).map(|(day, id)| (day.to_owned(), id.to_owned()));
    let limit = q.limit.unwrap_or(30).clamp(1, 100);
    let page =
        ctx.read::<_, ViewError, _>(move |cx| Box::pin(async move { view::notices(cx, before, limit).await })).await?;
    let next_cursor = page.next.map(|(day, id)| format!("{day}~{id}"));
    Ok(Json(CursorPage { items: page.notices.into_iter().map(NoticeBody::from).collect(), next_cursor }))
}

/// A real-name objection; who raises it is kept confidential.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectBody {
    /// Name of the person or unit.
    name: String,
    /// Phone.
    phone: String,
    /// Number of an identity card, or a unit's credit code.
    identity: String,
    /// What is objected to, facts and ground.
    statement: String,
}

/// What the objector takes away.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ObjectionReceiptBody {
    /// Number of the objection.
    number: String,
    /// By when it is decided.
    decided_by: Option<String>,
}

/// Objects to a notice, which then stands still until the objection is decided.
#[utoipa::path(post, path = "/api/v1/notices/{id}/objections", tag = "notices", request_body = ObjectBody,
    params(("id" = String, Path, description = "`ntc_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = ObjectionReceiptBody), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn raise(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<ObjectBody>,
) -> Result<Json<ObjectionReceiptBody>, AppError> {
    let ObjectBody { name, phone, identity, statement } = post.body;
    let cmd = object::Object { notice_id: id, name, phone, identity, statement };
    let receipt = ctx
        .submit_keyed::<_, ObjectError, _>(&post.key, &post.content, |cx| {
            Box::pin(async move { object::run(cx, cmd).await })
        })
        .await?;
    Ok(Json(ObjectionReceiptBody { number: receipt.number, decided_by: receipt.decided_by.map(|d| d.to_string()) }))
}
