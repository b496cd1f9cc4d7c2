//! One error for all handlers: a refusal in both languages, shown as a page or as problem details.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Lang, Text};
use store::Refusal;

use crate::{AppState, Ctx, Page, Problem, Visitor};

/// One wrong field.
#[derive(Clone, Debug, serde::Serialize)]
pub struct FieldError {
    /// The field's name; empty for the form as a whole; on a page also an address (`/…`) where it can be mended.
    pub field: String,
    /// What is wrong and what to do, in the reader's language.
    pub message: String,
}

/// What a handler answers when it cannot do what was asked.
#[derive(Clone, Debug)]
pub struct AppError {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable name.
    pub code: String,
    /// Words in both languages.
    pub text: Text,
    /// The form field it is about.
    pub field: Option<&'static str>,
    /// Wrong fields, for the API.
    pub fields: Vec<FieldError>,
}

impl<E: Refusal> From<E> for AppError {
    fn from(e: E) -> AppError {
        let status = StatusCode::from_u16(e.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::error!(code = e.code(), error = %chain(&e), "a use case failed");
        }
        let text = Text::new(e.message(Lang::Zh), e.message(Lang::En));
        AppError { status, code: e.code().to_owned(), text, field: e.field(), fields: Vec::new() }
    }
}

fn chain(e: &dyn std::error::Error) -> String {
    let mut out = format!("{e:?}");
    let mut at = e.source();
    while let Some(s) = at {
        out.push_str(" <- ");
        out.push_str(&s.to_string());
        at = s.source();
    }
    out
}

impl AppError {
    /// With its words.
    pub fn new(status: StatusCode, code: &str, zh: impl Into<String>, en: impl Into<String>) -> AppError {
        AppError { status, code: code.to_owned(), text: Text::new(zh, en), field: None, fields: Vec::new() }
    }
    /// 404
    pub fn not_found() -> AppError {
        let (zh, en) = ("没有找到您要的页面或记录。", "There is no such page or record.");
        AppError::new(StatusCode::NOT_FOUND, "not-found", zh, en)
    }
    /// 403
    pub fn forbidden() -> AppError {
        let (zh, en) = ("您的身份无权进行此操作。", "Your role does not allow this.");
        AppError::new(StatusCode::FORBIDDEN, "forbidden", zh, en)
    }
    /// 401
    pub fn sign_in_first() -> AppError {
        AppError::new(StatusCode::UNAUTHORIZED, "sign-in-first", "请先登录。", "Please sign in first.")
    }
    /// 400 with words.
    pub fn bad_request(code: &str, zh: impl Into<String>, en: impl Into<String>) -> AppError {
        AppError::new(StatusCode::BAD_REQUEST, code, zh, en)
    }
    /// 422 with every wrong field, for the API.
    pub fn invalid(fields: Vec<FieldError>) -> AppError {
        let (zh, en) = ("有字段不符合要求，已逐项列出。", "Some fields are not acceptable; each is listed.");
        let error = AppError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-fields", zh, en);
        AppError { fields, ..error }
    }
    /// As the errors of a form: on its field if it has one, else on the form as a whole.
    pub fn as_field_errors(&self, lang: Lang) -> Vec<FieldError> {
        vec![FieldError { field: self.field.unwrap_or("").to_owned(), message: self.text.get(lang).to_owned() }]
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// For POST handlers: a refusal that the person can mend (4xx but sign-in and not-found) shows the form again, anything
/// else is an error page.
pub fn again_or_fail(
    error: impl Into<AppError>,
    lang: Lang,
    again: impl FnOnce(Vec<FieldError>) -> Result<Response, AppError>,
) -> Result<Response, AppError> {
    let error = error.into();
    let mendable = error.status.is_client_error()
        && !matches!(error.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND);
    if !mendable {
        return Err(error);
    }
    let status = error.status;
    let mut response = again(error.as_field_errors(lang))?;
    *response.status_mut() = status;
    Ok(response)
}

#[derive(askama::Template)]
#[template(path = "error.html")]
struct ErrorPage {
    p: Page,
    error: AppError,
    /// The page of ours that the reader came from.
    back: Option<String>,
}

/// Middleware: turns an [`AppError`] into a page or into problem details, in the reader's language.
pub async fn render_errors(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let visitor = request.extensions().get::<Visitor>().cloned().unwrap_or_default();
    let uri = request.uri().clone();
    let back = came_from(&request);
    let response = next.run(request).await;
    let found = response.extensions().get::<AppError>().cloned();
    let error = match (found, response.status()) {
        (Some(e), _) => e,
        (None, StatusCode::NOT_FOUND) if response.headers().get(header::CONTENT_TYPE).is_none() => {
            AppError::not_found()
        }
        (None, StatusCode::METHOD_NOT_ALLOWED) => AppError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "此地址不接受这种请求。",
            "This address does not take that method.",
        ),
        _ => return response,
    };
    if uri.path().starts_with("/api/") {
        let problem = Problem::from_error(&error, visitor.lang, uri.path(), &visitor.request_id);
        let mut response = (error.status, Json(problem)).into_response();
        let json = "application/problem+json".parse().expect("a header value");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        return response;
    }
    if error.status == StatusCode::UNAUTHORIZED {
        let next = uri.path_and_query().map_or("/", |p| p.as_str());
        let query = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
        return Redirect::to(&format!("/sign-in?{query}")).into_response();
    }
    let status = error.status;
    let ctx = Ctx::of(app, visitor, uri);
    let title = if status == StatusCode::NOT_FOUND {
        ctx.t("没有找到", "Not found")
    } else {
        ctx.t("未能完成", "Not done")
    };
    let page = ErrorPage { p: ctx.page(title), error, back };
    match ctx.render(&page) {
        Ok(mut r) => {
            *r.status_mut() = status;
            r
        }
        Err(_) => status.into_response(),
    }
}

/// The address on this site that the request was sent from, unless it is the same one again.
fn came_from(request: &Request) -> Option<String> {
    let header = |name| request.headers().get(name).and_then(|v| v.to_str().ok());
    let referer: axum::http::Uri = header(header::REFERER)?.parse().ok()?;
    let host = header(header::HOST)?;
    let path = referer.path_and_query()?.as_str();
    let same = *request.method() == axum::http::Method::GET && request.uri().path() == referer.path();
    (referer.authority()?.as_str() == host && path.starts_with('/') && !path.starts_with("//") && !same)
        .then(|| path.to_owned())
}
