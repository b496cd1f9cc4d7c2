//! For machines: is it alive, is it ready, what does it measure, what does its API look like.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use web::Ctx;

/// The process answers.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The records can be read and are of this program's version.
pub async fn ready(ctx: Ctx) -> Response {
    match ctx.app.db.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(e) => {
            tracing::error!(error = %e, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
        }
    }
}

/// Prometheus text format.
pub async fn metrics() -> Response {
    let text = crate::metrics::start().render();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// The OpenAPI description, as committed in `docs/openapi.json`.
pub async fn openapi() -> Response {
    Json(crate::server::openapi()).into_response()
}
