//! Readings in: one device by its token, or many of an organisation with an API token. Answered only when everything is on disk
//! and can be queried.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use things::{Directory, Reason, Refused};
use web::{AppError, AppState, Ctx};

use crate::ingest::{self, BODY_BYTES_MAX, Outcome};

/// How many readings are on disk.
#[derive(Serialize)]
pub(crate) struct Stored {
    stored: usize,
}

/// What became of each device's part.
#[derive(Serialize)]
pub(crate) struct Many {
    stored: usize,
    refused: usize,
    devices: Vec<Outcome>,
}

fn status(reason: Reason) -> StatusCode {
    match reason {
        Reason::NotStored => StatusCode::SERVICE_UNAVAILABLE,
        Reason::OverQuota => StatusCode::TOO_MANY_REQUESTS,
        Reason::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::UnknownDevice => StatusCode::NOT_FOUND,
        Reason::NotAllowed => StatusCode::CONFLICT,
        Reason::NotUtf8 | Reason::NotJson => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn problem(refused: &Refused) -> AppError {
    let words = |lang: kernel::Lang| {
        let words = refused.reason.words(lang);
        if refused.detail.is_empty() { words.to_owned() } else { lang.aside(words, &refused.detail) }
    };
    AppError::new(status(refused.reason), refused.reason.code(), words(kernel::Lang::Zh), words(kernel::Lang::En))
}

async fn body(request: Request) -> Result<axum::body::Bytes, Refused> {
    let bytes = axum::body::to_bytes(request.into_body(), BODY_BYTES_MAX).await;
    bytes.map_err(|_| Refused::new(Reason::TooLarge, format!("> {BODY_BYTES_MAX} bytes")))
}

async fn take(app: &AppState, token: &str, request: Request) -> Result<Json<Stored>, AppError> {
    let now_us = app.db.clock().now().as_microsecond();
    let admitted = app.part::<Directory>().by_token(token, now_us);
    // Whether a token was never made or was revoked is nobody's business but its owner's.
    let admitted = admitted.ok_or_else(|| problem(&Refused::new(Reason::UnknownDevice, "")))?;
    let payload = match body(request).await {
        Ok(payload) => payload,
        Err(refused) => {
            admitted.device.counters.count_received(now_us);
            admitted.device.counters.count_refusal(&refused, now_us);
            return Err(problem(&refused));
        }
    };
    let stored = ingest::one(app, &admitted.device, &payload).await.map_err(|refused| problem(&refused))?;
    Ok(Json(Stored { stored }))
}

/// Readings of one device: `{"a":1}`, `{"ts":ms,"values":{…}}` or a list of either. The address is ThingsBoard's.
#[utoipa::path(
    post, path = "/api/v1/{token}/telemetry", tag = "telemetry", request_body = Value, params(("token" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = web::Problem), (status = 422, body = web::Problem),
              (status = 503, body = web::Problem))
)]
pub(crate) async fn one(
    State(app): State<AppState>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Json<Stored>, AppError> {
    take(&app, &token, request).await
}

/// The same under an address of our own.
#[utoipa::path(
    post, path = "/api/v1/telemetry/{token}", tag = "telemetry", request_body = Value, params(("token" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = web::Problem), (status = 422, body = web::Problem),
              (status = 503, body = web::Problem))
)]
pub(crate) async fn one_by_path(
    State(app): State<AppState>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Json<Stored>, AppError> {
    take(&app, &token, request).await
}

/// Attributes of one device: kept as readings.
#[utoipa::path(
    post, path = "/api/v1/{token}/attributes", tag = "telemetry", request_body = Value, params(("token" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = web::Problem), (status = 422, body = web::Problem),
              (status = 503, body = web::Problem))
)]
pub(crate) async fn attributes(
    State(app): State<AppState>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Json<Stored>, AppError> {
    take(&app, &token, request).await
}

/// Readings of many devices of the organisation: `{"device name or id": readings, …}`. 200 when all is stored, 207 when some
/// is, 422 when nothing is; each device's outcome is named.
#[utoipa::path(
    post, path = "/api/v1/telemetry", tag = "telemetry", request_body = Value,
    responses((status = 200, body = Value), (status = 207, body = Value), (status = 422, body = Value),
              (status = 503, body = Value))
)]
pub(crate) async fn many(ctx: Ctx, headers: HeaderMap, request: Request) -> Result<Response, AppError> {
    let sent = headers.get("x-csrf-token").and_then(|v| v.to_str().ok()).unwrap_or("");
    if !ctx.visitor().by_token && (ctx.visitor().csrf.is_empty() || sent != ctx.visitor().csrf) {
        let (zh, en) =
            ("以 Cookie 登录的 API 写操作须带 X-CSRF-Token。", "An API write signed in by cookie needs X-CSRF-Token.");
        return Err(AppError::new(StatusCode::FORBIDDEN, "csrf", zh, en));
    }
    let org = ctx.actor.org_id.clone().ok_or_else(AppError::forbidden)?;
    let payload = body(request).await.map_err(|refused| problem(&refused))?;
    let devices = ingest::many(&ctx.app, &org, &payload).await.map_err(|refused| problem(&refused))?;
    let stored = devices.iter().map(|d| d.stored).sum();
    let refused = devices.iter().filter(|d| d.reason.is_some()).count();
    let status = match (stored, refused) {
        (_, 0) => StatusCode::OK,
        (0, _) if devices.iter().any(|d| d.reason == Some(Reason::NotStored.code())) => StatusCode::SERVICE_UNAVAILABLE,
        (0, _) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::MULTI_STATUS,
    };
    Ok((status, Json(Many { stored, refused, devices })).into_response())
}
