//! Rules as versioned objects.

use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use web::{ApiPost, AppError, Ctx, CursorPage, FieldError, Problem};

use super::bounded;
use crate::engine::Engine;
use crate::model::{RuleRow, RuleState};
use crate::publish_rule::{self, PublishRule};
use crate::save_rule::{self, SaveRule, SaveRuleError};
use crate::{read, retire_rule};

/// Which rules.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `draft`, `published` or `retired`.
    state: String,
    /// The cursor of the page before.
    after: String,
    /// Items of a page.
    limit: Option<u32>,
}

/// Rules at their latest version.
#[utoipa::path(get, path = "/api/v1/alarm-rules", tag = "alarms", params(Asked),
    responses((status = 200, body = Value)))]
pub(crate) async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Json<CursorPage<RuleRow>>, AppError> {
    let (state, limit) = (RuleState::from_code(&asked.state), bounded(asked.limit));
    let mut items =
        ctx.read(|cx| Box::pin(async move { read::rules(cx, state, &asked.after, limit + 1).await })).await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|r| r.id.clone());
    Ok(Json(CursorPage { items, next_cursor }))
}

/// All versions of a rule, newest first.
#[utoipa::path(get, path = "/api/v1/alarm-rules/{id}", tag = "alarms", params(("id" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Json<Vec<RuleRow>>, AppError> {
    Ok(Json(ctx.read(|cx| Box::pin(async move { read::rule(cx, &id).await })).await?))
}

/// Every defect as a field of the problem; its name stands at the end of its words.
fn defective(error: SaveRuleError, lang: kernel::Lang) -> AppError {
    let SaveRuleError::Defective { defects, .. } = &error else { return error.into() };
    let field = |d: &isa18::Defect| FieldError {
        field: d.field.clone(),
        message: format!("{} [{}]", d.text.get(lang), d.code),
    };
    let fields = defects.iter().map(field).collect();
    AppError { fields, ..error.into() }
}

/// Saves a rule as a draft: a new one, or the next version of one.
#[utoipa::path(post, path = "/api/v1/alarm-rules", tag = "alarms", request_body = Value,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 422, body = Problem)))]
pub(crate) async fn save(ctx: Ctx, post: ApiPost<SaveRule>) -> Result<Json<RuleRow>, AppError> {
    let properties = ctx.app.part::<Engine>().sources().properties.clone();
    let cmd = SaveRule { org_id: ctx.actor.org().to_owned(), ..post.body };
    let saved = ctx
        .submit_keyed(&post.key, &post.content, move |cx| {
            Box::pin(async move { save_rule::run(cx, cmd, &properties).await })
        })
        .await;
    saved.map(Json).map_err(|e| defective(e, ctx.lang))
}

/// Which version was looked at.
#[derive(Deserialize)]
pub(crate) struct Version {
    version: i64,
}

/// Publishes the draft; it is evaluated at once.
#[utoipa::path(post, path = "/api/v1/alarm-rules/{id}/publication", tag = "alarms", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = Problem)))]
pub(crate) async fn publish(
    ctx: Ctx,
    Path(rule_id): Path<String>,
    post: ApiPost<Version>,
) -> Result<Json<RuleRow>, AppError> {
    let properties = ctx.app.part::<Engine>().sources().properties.clone();
    let cmd = PublishRule { rule_id, version: post.body.version };
    let run = ctx.submit_keyed(&post.key, &post.content, move |cx| {
        Box::pin(async move { publish_rule::run(cx, cmd, &properties).await })
    });
    Ok(Json(run.await?))
}

/// Retires a rule; the body is `{}`.
#[utoipa::path(post, path = "/api/v1/alarm-rules/{id}/retirement", tag = "alarms", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = Problem)))]
pub(crate) async fn retire(ctx: Ctx, Path(id): Path<String>, post: ApiPost<Value>) -> Result<Json<RuleRow>, AppError> {
    if !post.body.is_object() {
        let (zh, en) = ("请求体应为 {}。", "The body is {}.");
        return Err(AppError::new(StatusCode::UNPROCESSABLE_ENTITY, "body-not-empty", zh, en));
    }
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(retire_rule::run(cx, id))).await?))
}
