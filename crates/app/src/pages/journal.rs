//! GET /journal and /api/v1/journal: who did what to what, newest first.

use axum::Json;
use axum::extract::Query;
use axum::response::Response;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};
use store::{JournalEntry, JournalFilter, StoreError};
use utoipa::{IntoParams, ToSchema};
use web::{AppError, Cell, Col, Ctx, CursorPage, Export, Page, Problem, Table};

/// What to list.
#[derive(Deserialize)]
pub struct Asked {
    object: Option<String>,
    actor: Option<String>,
    before: Option<i64>,
    format: Option<Export>,
}

#[derive(askama::Template)]
#[template(path = "journal.html")]
struct Show {
    p: Page,
    table: Table,
    object: String,
    actor: String,
}

/// GET /journal
pub async fn get(ctx: Ctx, Query(q): Query<Asked>) -> Result<Response, AppError> {
    let limit: u32 = if q.format.is_some() { 50_000 } else { 50 };
    let some = |v: &Option<String>| v.clone().filter(|s| !s.trim().is_empty());
    let filter = JournalFilter { object: some(&q.object), actor_id: some(&q.actor), before_seq: q.before, limit };
    let rows =
        ctx.read::<_, StoreError, _>(|cx| Box::pin(async move { store::list_journal(cx, &filter).await })).await?;
    let columns = vec![
        Col::num(ctx.t("序号", "No.")),
        Col::text(ctx.t("时间", "When")),
        Col::text(ctx.t("何人", "Who")),
        Col::text(ctx.t("身份", "Role")),
        Col::text(ctx.t("事项", "What")),
        Col::text(ctx.t("对象", "On what")),
        Col::text(ctx.t("之前", "Before")),
        Col::text(ctx.t("之后", "After")),
    ];
    let mut table = Table::new(ctx.lang, "journal", ctx.t("操作日志", "Journal"), columns).exports("/journal");
    let next = if rows.len() as u32 == limit { rows.last().map(|r| r.seq) } else { None };
    for r in rows {
        let at = r.at.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%Y-%m-%d %H:%M:%S").to_string();
        let role = r.role.parse::<kernel::Role>().map_or(r.role.clone(), |x| x.label(ctx.lang).to_owned());
        table.row(vec![
            Cell::Int(r.seq),
            Cell::text(at),
            Cell::text(r.actor_name),
            Cell::text(role),
            Cell::text(r.verb),
            Cell::text(r.object),
            Cell::text(r.before.to_string()),
            Cell::text(r.after.to_string()),
        ]);
    }
    if let Some(export) = q.format {
        return ctx.export(&table, "journal", export);
    }
    let first = q.before.map(|_| "/journal".to_owned());
    let table = table.pages(first, next.map(|n| format!("/journal?before={n}")));
    let page = ctx.page(ctx.t("操作日志", "Journal"));
    ctx.render(&Show { p: page, table, object: q.object.unwrap_or_default(), actor: q.actor.unwrap_or_default() })
}

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
    let filter = JournalFilter { object: q.object, actor_id: q.actor, before_seq, limit };
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
