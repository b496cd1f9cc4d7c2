//! Contacts, and what they were sent.

use axum::Json;
use axum::extract::Query;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiPost, AppError, Ctx, CursorPage, Problem};

use super::bounded;
use crate::model::{Notice, NoticeState};
use crate::read;
use crate::save_contact::{self, SaveContact, SavedContact};

/// Adds a contact. The answer carries a webhook's signing secret, this once; so it is not kept for a retry, and a retry
/// adds another contact.
#[utoipa::path(post, path = "/api/v1/alarm-contacts", tag = "alarms", request_body = serde_json::Value,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = serde_json::Value), (status = 422, body = Problem)))]
pub(crate) async fn add(ctx: Ctx, post: ApiPost<SaveContact>) -> Result<Json<SavedContact>, AppError> {
    let cmd = SaveContact { org_id: ctx.actor.org().to_owned(), ..post.body };
    Ok(Json(ctx.write(|cx| Box::pin(save_contact::run(cx, cmd))).await?))
}

/// Which notices.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `waiting`, `sent` or `dead`.
    state: String,
    /// The cursor of the page before.
    after: String,
    /// Items of a page.
    limit: Option<u32>,
}

/// What contacts were sent, newest first.
#[utoipa::path(get, path = "/api/v1/alarm-notices", tag = "alarms", params(Asked),
    responses((status = 200, body = serde_json::Value)))]
pub(crate) async fn notices(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Json<CursorPage<Notice>>, AppError> {
    let (state, limit) = (NoticeState::from_code(&asked.state), bounded(asked.limit));
    let mut items =
        ctx.read(|cx| Box::pin(async move { read::notices(cx, state, &asked.after, limit + 1).await })).await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|n| n.id.clone());
    Ok(Json(CursorPage { items, next_cursor }))
}
