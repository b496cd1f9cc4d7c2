//! Language, large text and contrast, for readers without scripts.

use axum::extract::Query;
use axum::http::header;
use axum::response::Response;
use serde::Deserialize;
use web::{Ctx, preference_cookie};

/// What to change, and where to come back to.
#[derive(Deserialize)]
pub struct Change {
    lang: Option<String>,
    elder: Option<String>,
    contrast: Option<String>,
    back: Option<String>,
}

/// GET /preferences
pub async fn get(ctx: Ctx, Query(change): Query<Change>) -> Response {
    // Only a path of our own: an address elsewhere would make this an open redirect.
    let back = change.back.filter(|b| b.starts_with('/') && !b.starts_with("//") && !b.contains('\\'));
    let mut response = ctx.redirect(back.as_deref().unwrap_or("/"));
    let mut set = |name: &str, value: &str| {
        response.headers_mut().append(header::SET_COOKIE, preference_cookie(name, value));
    };
    if let Some(lang) = change.lang.as_deref().and_then(kernel::Lang::from_tag) {
        set("yj_lang", lang.code());
    }
    if let Some(elder) = change.elder {
        set("yj_elder", if elder == "1" { "1" } else { "" });
    }
    if let Some(contrast) = change.contrast {
        set("yj_contrast", if contrast == "1" { "high" } else { "" });
    }
    response
}
