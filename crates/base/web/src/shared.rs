//! Pages that look the same to every visitor who is not signed in, kept for some seconds: what many read at once is
//! drawn once.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Mutex;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use kernel::Role;

use crate::{AppError, Ctx};

/// All kept pages together. When that is full, keeping begins anew.
const BYTES_MAX: usize = 32 << 20;

#[derive(Default)]
pub(crate) struct SharedPages(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    pages: HashMap<String, (Timestamp, Bytes)>,
    bytes: usize,
}

impl SharedPages {
    fn get(&self, key: &str, now: Timestamp, keep: SignedDuration) -> Option<Bytes> {
        let kept = self.0.lock().expect("no panic while held");
        let (at, page) = kept.pages.get(key)?;
        (SignedDuration::ZERO..keep).contains(&now.duration_since(*at)).then(|| page.clone())
    }

    fn put(&self, key: String, now: Timestamp, page: Bytes) {
        let mut kept = self.0.lock().expect("no panic while held");
        if kept.bytes + page.len() > BYTES_MAX {
            *kept = Kept::default();
        }
        kept.bytes += page.len();
        if let Some((_, old)) = kept.pages.insert(key, (now, page)) {
            kept.bytes -= old.len();
        }
    }
}

fn html(page: Bytes) -> Response {
    let mime = HeaderValue::from_static("text/html; charset=utf-8");
    ([(header::CONTENT_TYPE, mime)], page).into_response()
}

impl Ctx {
    /// Draws a page, or answers with what was drawn for another visitor up to `keep` ago. Only for pages that show
    /// nothing of who asks; who is signed in, or is to be told something once, always gets a fresh one.
    pub async fn shared(
        &self,
        keep: SignedDuration,
        draw: impl Future<Output = Result<Response, AppError>>,
    ) -> Result<Response, AppError> {
        let visitor = self.visitor();
        if self.actor.role != Role::Public || visitor.flash.is_some() {
            return draw.await;
        }
        let address = self.uri.path_and_query().map_or("/", |p| p.as_str());
        let key = format!("{}{}{} {address}", self.lang.code(), u8::from(visitor.elder), u8::from(visitor.contrast));
        let now = self.app.db.clock().now();
        if let Some(page) = self.app.shared.get(&key, now, keep) {
            return Ok(html(page));
        }
        let response = draw.await?;
        let is_page =
            response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
        if response.status() != StatusCode::OK || !is_page {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let Ok(page) = to_bytes(body, BYTES_MAX).await else {
            return Ok(Response::from_parts(parts, Body::empty()));
        };
        self.app.shared.put(key, now, page.clone());
        Ok(html(page))
    }
}
