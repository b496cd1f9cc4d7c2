//! Headers that every answer carries.

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use web::AppError;

/// Only our own scripts, styles and pictures; nothing inline; no frames.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; object-src 'none'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Middleware: the security headers, and a first refusal of requests that a browser says come from another site.
pub async fn headers(request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let from_elsewhere = request.headers().get("sec-fetch-site").is_some_and(|v| v == "cross-site");
    let personal =
        request.headers().contains_key(header::COOKIE) || request.headers().contains_key(header::AUTHORIZATION);
    let mut response = if changes && from_elsewhere {
        let (zh, en) = ("请求来自其他网站，已拒绝。", "The request came from another site and was refused.");
        AppError::new(StatusCode::FORBIDDEN, "cross-site", zh, en).into_response()
    } else {
        next.run(request).await
    };
    let h = response.headers_mut();
    let fixed = [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ];
    for (name, value) in fixed {
        h.insert(name, HeaderValue::from_static(value));
    }
    if personal && !h.contains_key(header::CACHE_CONTROL) {
        h.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
