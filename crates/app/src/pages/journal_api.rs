//! GET /api/v1/journal: who did what to what, newest first, for programs.

use axum::Json;
use axum::extract::Query;
use serde::{Deserialize, Serialize};
use store::{JournalEntry, JournalFilter, StoreError};
use utoipa::{IntoParams, ToSchema};
use web::{AppError, Ctx, CursorPage, Problem};

/// What to list, over the API.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ApiAsked {
    /// Only rows about this object, such as `voucher/vch_…`.
    object: Option<String>,
    /// Only rows by this account.
    actor: Option<String>,
    /// The cursor of the page before.
    after: Option<String>,
    /// Rows of a page, 1 to 1,000; 100 unless said.
    limit: Option<u32>,
}

/// One row of the journal.
#[derive(Serialize, ToSchema)]
pub struct JournalBody {
    /// Numbered from 1 without gaps.
    seq: i64,
    /// When, RFC 3339.
    at: String,
    /// Who: the account.
    actor_id: String,
    /// Who, by name.
    actor_name: String,
    /// In which role.
    role: String,
    /// The use case.
    verb: String,
    /// On what.
    object: String,
    /// What it was before.
    #[schema(value_type = Object)]
    before: serde_json::Value,
    /// What it is after.
    #[schema(value_type = Object)]
    after: serde_json::Value,
    /// The request that caused it.
    request_id: String,
}

/// Who did what to what, newest first.
#[utoipa::path(get, path = "/api/v1/journal", tag = "journal", params(ApiAsked),
    responses((status = 200, body = CursorPage<JournalBody>), (status = 403, body = Problem)))]
pub async fn list(ctx: Ctx, Query(q): Query<ApiAsked>) -> Result<Json<CursorPage<JournalBody>>, AppError> {
    let limit = q.limit.unwrap_or(100).clamp(1, 1_000);
    let before_seq = q.after.and_then(|a| a.parse().ok());
    let filter = JournalFilter { object: q.object, actor_id: q.actor, before_seq, limit, ..JournalFilter::default() };
    let rows =
        ctx.read::<_, StoreError, _>(|cx| Box::pin(async move { store::list_journal(cx, &filter).await })).await?;
    let next_cursor = rows.last().filter(|_| rows.len() == limit as usize).map(|r| r.seq.to_string());
    let body = |r: JournalEntry| JournalBody {
        seq: r.seq,
        at: r.at.to_string(),
        actor_id: r.actor_id,
        actor_name: r.actor_name,
        role: r.role,
        verb: r.verb,
        object: r.object,
        before: r.before,
        after: r.after,
        request_id: r.request_id,
    };
    Ok(Json(CursorPage { items: rows.into_iter().map(body).collect(), next_cursor }))
}
