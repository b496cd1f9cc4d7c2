//! Cookies: which there are, how they are set and read.

use axum::http::{HeaderMap, HeaderValue, header};

/// The session's token.
pub const SESSION_COOKIE: &str = "yj_session";
/// What a visitor who is not signed in must send back with a form.
pub const CSRF_COOKIE: &str = "yj_csrf";
/// A line said once on the next page.
pub const FLASH_COOKIE: &str = "yj_flash";

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, v)| v)
}

/// A cookie that scripts cannot read and other sites cannot send. `max_age_s` of zero deletes it.
pub fn set_cookie(name: &str, value: &str, max_age_s: i64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}");
    HeaderValue::from_str(&text).expect("tokens and encoded words are header-safe")
}

/// A preference of the page, which the page's scripts may change too.
pub fn preference_cookie(name: &str, value: &str) -> HeaderValue {
    let age = if value.is_empty() { 0 } else { 365 * 86_400 };
    let text = format!("{name}={value}; Path=/; SameSite=Lax; Max-Age={age}");
    HeaderValue::from_str(&text).expect("preferences are header-safe")
}

/// Decodes a percent-encoded value, such as a flash line.
pub fn decode_query_value(value: &str) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&format!("v={value}")).ok()?;
    pairs.into_iter().next().map(|(_, v)| v)
}
