//! The session's cookie: set at sign-in, replaced at each step, deleted at the end.

use axum::http::{HeaderMap, header};
use axum::response::Response;
use jiff::Timestamp;
use web::{Ctx, SESSION_COOKIE, cookie, set_cookie};

use crate::accounts::NewSession;

/// The token the browser holds.
pub fn token(headers: &HeaderMap) -> Option<String> {
    cookie(headers, SESSION_COOKIE).filter(|t| !t.is_empty()).map(str::to_owned)
}

/// Gives the browser its new token.
pub fn begin(ctx: &Ctx, mut response: Response, session: &NewSession) -> Response {
    let now: Timestamp = ctx.app.db.clock().now();
    let seconds = session.expires_at.duration_since(now).as_secs().max(1);
    let value = set_cookie(SESSION_COOKIE, &session.token, seconds, ctx.app.site.secure_cookies);
    response.headers_mut().append(header::SET_COOKIE, value);
    response
}

/// Takes the token away.
pub fn end(ctx: &Ctx, mut response: Response) -> Response {
    let value = set_cookie(SESSION_COOKIE, "", 0, ctx.app.site.secure_cookies);
    response.headers_mut().append(header::SET_COOKIE, value);
    response
}

/// An address to go on to after signing in: within this site, nothing else.
pub fn local(next: &str) -> &str {
    let within = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if within && !next.starts_with("/sign-") { next } else { "/dashboard" }
}

/// An answer that shows a secret once must not be kept by any cache.
pub fn not_kept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_addresses_of_this_site_are_followed() {
        assert_eq!(local("/cases/new?x=1"), "/cases/new?x=1");
        for bad in ["", "https://evil.example/", "//evil.example", "/\\evil.example", "/sign-in?next=/x"] {
            assert_eq!(local(bad), "/dashboard", "{bad}");
        }
    }
}
