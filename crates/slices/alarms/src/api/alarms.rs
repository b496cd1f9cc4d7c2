//! Alarms, their history, what is done with them, their figures.

use axum::Json;
use axum::extract::{Path, Query};
use isa18::{Kpi, Priority};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::IntoParams;
use web::{ApiPost, AppError, Ctx, CursorPage, Problem};

use super::bounded;
use crate::comment::{self, Comment};
use crate::handle::{self, Handle, Handled};
use crate::model::{AlarmRow, EventRow};
use crate::read::{self, AlarmFilter};

/// Which alarms.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `open` (to be looked at; the default), `unacknowledged`, `aside`, `all`, or a state.
    show: String,
    /// `low`, `medium`, `high` or `critical`: at least.
    priority: String,
    /// One device.
    device: String,
    /// One rule.
    rule: String,
    /// The cursor of the page before.
    after: Option<String>,
    /// Items of a page.
    limit: Option<u32>,
}

/// Alarms, most urgent first.
#[utoipa::path(get, path = "/api/v1/alarms", tag = "alarms", params(Asked),
    responses((status = 200, body = Value), (status = 403, body = Problem)))]
pub(crate) async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Json<CursorPage<AlarmRow>>, AppError> {
    let limit = bounded(asked.limit);
    let offset = asked.after.as_deref().and_then(|a| a.parse().ok()).unwrap_or(0_u32);
    let filter = AlarmFilter {
        show: asked.show,
        priority: Priority::from_code(&asked.priority),
        device_id: asked.device,
        rule_id: asked.rule,
        offset,
        limit: limit + 1,
        ..AlarmFilter::default()
    };
    let mut items = ctx.read(|cx| Box::pin(async move { read::alarms(cx, filter).await })).await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = more.then(|| offset.saturating_add(limit).to_string());
    Ok(Json(CursorPage { items, next_cursor }))
}

/// An alarm with its rule's words and its history, newest first.
#[derive(Serialize)]
pub(crate) struct AlarmAnswer {
    #[serde(flatten)]
    alarm: AlarmRow,
    message: kernel::Text,
    response: kernel::Text,
    consequence: kernel::Text,
    history: Vec<EventRow>,
}

/// One alarm with its history (the latest 1,000 events).
#[utoipa::path(get, path = "/api/v1/alarms/{id}", tag = "alarms", params(("id" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Json<AlarmAnswer>, AppError> {
    let (alarm, history) = ctx.read(|cx| Box::pin(async move { read::alarm(cx, &id, i64::MAX, 1_000).await })).await?;
    let rule = alarm.rule.clone().ok_or_else(AppError::not_found)?;
    let (message, response, consequence) = (rule.message, rule.response, rule.consequence);
    Ok(Json(AlarmAnswer { alarm, message, response, consequence, history }))
}

/// Acknowledges, resets, shelves, unshelves, takes out of service, puts back; one or many.
#[utoipa::path(post, path = "/api/v1/alarms/actions", tag = "alarms", request_body = Value,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn act(ctx: Ctx, post: ApiPost<Handle>) -> Result<Json<Handled>, AppError> {
    let cmd = post.body;
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(handle::run(cx, cmd))).await?))
}

/// What is written into the history.
#[derive(Deserialize)]
pub(crate) struct Note {
    comment: String,
}

/// Writes a comment into an alarm's history.
#[utoipa::path(post, path = "/api/v1/alarms/{id}/comments", tag = "alarms", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 422, body = Problem)))]
pub(crate) async fn note(ctx: Ctx, Path(alarm_id): Path<String>, post: ApiPost<Note>) -> Result<Json<Value>, AppError> {
    let cmd = Comment { alarm_id, comment: post.body.comment };
    ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(comment::run(cx, cmd))).await?;
    Ok(Json(Value::Null))
}

/// Which span.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Span {
    /// RFC 3339.
    from: String,
    /// RFC 3339.
    to: String,
    /// Operators on duty; 1 by default.
    operators: Option<u32>,
}

/// Figures after ISA-18.2 and EEMUA 191 of at most 92 days.
#[utoipa::path(get, path = "/api/v1/alarm-report", tag = "alarms", params(Span),
    responses((status = 200, body = Value), (status = 400, body = Problem)))]
pub(crate) async fn report(ctx: Ctx, Query(asked): Query<Span>) -> Result<Json<Kpi>, AppError> {
    const SPAN_US_MAX: i64 = 92 * 86_400 * isa18::SECOND_US;
    let at = |text: &str| text.parse::<jiff::Timestamp>().ok().map(|t| t.as_microsecond());
    let span = at(&asked.from).zip(at(&asked.to)).filter(|(from, to)| from < to && to - from <= SPAN_US_MAX);
    let (from_us, to_us) = span.ok_or_else(|| {
        AppError::bad_request(
            "bad-span",
            "from 和 to 须为 RFC 3339 时间，from 早于 to，最长 92 天。",
            "from and to are RFC 3339 instants, from before to, at most 92 days apart.",
        )
    })?;
    let operators = asked.operators.unwrap_or(1).clamp(1, 1_000);
    let report = ctx.read(|cx| Box::pin(read::report(cx, from_us, to_us, operators, 10))).await?;
    Ok(Json(report.kpi))
}
