//! A site of this slice's routes, and a browser that keeps cookies in mind only when it is told to.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use kernel::{Actor, Calendar, Text};
use testkit::TestBed;
use tower::ServiceExt;
use web::{App, AppState, Site, test_router};

use crate::help::passwords;

pub struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub cookies: Vec<String>,
    pub mime: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).expect("JSON")
    }
    /// The session token that was set.
    pub fn token(&self) -> Option<String> {
        let set = self.cookies.iter().find_map(|c| c.strip_prefix("yj_session="))?;
        set.split(';').next().map(str::to_owned).filter(|t| !t.is_empty())
    }
}

pub fn app(bed: &TestBed) -> AppState {
    let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
    let uploads = bed.folder().join("uploads");
    let app = App::new(bed.db.clone(), bed.blobs.clone(), uploads, site, Calendar::default());
    Arc::new(app.with(Arc::new(passwords())))
}

pub async fn send(app: &AppState, actor: &Actor, request: Request<Body>) -> Answer {
    let response = test_router(orgs::routes(), app.clone(), actor.clone()).oneshot(request).await.expect("answers");
    let of = |name| response.headers().get_all(name).iter().map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
    let cookies: Vec<String> = of(header::SET_COOKIE).collect();
    let location = of(header::LOCATION).next().unwrap_or_default();
    let mime = of(header::CONTENT_TYPE).next().unwrap_or_default();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 8 << 20).await.expect("a body").to_vec();
    Answer { status, location, cookies, mime, bytes }
}

pub async fn get(app: &AppState, actor: &Actor, path: &str) -> Answer {
    send(app, actor, Request::get(path).body(Body::empty()).unwrap()).await
}

pub async fn get_english(app: &AppState, actor: &Actor, path: &str) -> Answer {
    send(app, actor, Request::get(path).header("accept-language", "en").body(Body::empty()).unwrap()).await
}

/// Posts a form; a token is sent as the session's cookie.
pub async fn post(app: &AppState, actor: &Actor, path: &str, fields: &[(&str, &str)], token: Option<&str>) -> Answer {
    let mut all = vec![("_csrf", "test")];
    all.extend_from_slice(fields);
    let body = serde_urlencoded::to_string(all).unwrap();
    let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    if let Some(token) = token {
        request = request.header("cookie", format!("yj_session={token}"));
    }
    send(app, actor, request.body(Body::from(body)).unwrap()).await
}

pub async fn post_json(app: &AppState, actor: &Actor, path: &str, key: &str, body: &serde_json::Value) -> Answer {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("accept-language", "en")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()))
        .unwrap();
    send(app, actor, request).await
}

/// Posts a form with one file.
pub async fn post_file(app: &AppState, actor: &Actor, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Answer {
    let mut body = Vec::new();
    let mut all = vec![("_csrf", "test")];
    all.extend_from_slice(fields);
    for (name, value) in all {
        body.extend(format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    body.extend(b"--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"orgs.csv\"\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--XX--\r\n");
    let request = Request::post(path).header("content-type", "multipart/form-data; boundary=XX");
    send(app, actor, request.body(Body::from(body)).unwrap()).await
}
