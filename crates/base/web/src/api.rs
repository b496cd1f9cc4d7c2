//! The API's conventions: problem details (RFC 9457), cursor pages, idempotency keys.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use kernel::Lang;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::{AppError, AppState, FieldError, Visitor};

const BODY_BYTES_MAX: usize = 4 << 20;

/// A refusal as RFC 9457 problem details.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:yunjin:problem:<code>`
    #[serde(rename = "type")]
    pub kind: String,
    /// The stable name.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What, where, why and what to do, in the language asked for by `Accept-Language`.
    pub detail: String,
    /// The path that was called.
    pub instance: String,
    /// To quote when asking for help.
    pub request_id: String,
    /// Every wrong field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
}

/// A wrong field.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemField {
    /// Its name.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    pub(crate) fn from_error(e: &AppError, lang: Lang, instance: &str, request_id: &str) -> Problem {
        let mut errors: Vec<ProblemField> =
            e.fields.iter().map(|f| ProblemField { field: f.field.clone(), message: f.message.clone() }).collect();
        if let (true, Some(field)) = (errors.is_empty(), e.field) {
            errors.push(ProblemField { field: field.to_owned(), message: e.text.get(lang).to_owned() });
        }
        Problem {
            kind: format!("urn:yunjin:problem:{}", e.code),
            title: e.code.clone(),
            status: e.status.as_u16(),
            detail: e.text.get(lang).to_owned(),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            errors,
        }
    }
}

/// The same words in both languages, as schemas describe [`kernel::Text`].
#[derive(ToSchema)]
#[schema(as = Text)]
pub struct TextBody {
    /// 中文
    pub zh: String,
    /// English
    pub en: String,
}

/// A body without fields: `{}`.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

/// A page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CursorPage<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Give it as `after` to get the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A posted JSON body with its idempotency key. Signed in by bearer token, or by cookie with the CSRF token in
/// `X-CSRF-Token`.
#[derive(Debug)]
pub struct ApiPost<T> {
    /// `Idempotency-Key`
    pub key: String,
    /// SHA-256 of the method, path and body, so that one key cannot carry two contents.
    pub content: String,
    /// The body.
    pub body: T,
}

/// What every write through the API must carry: the CSRF token where a cookie signs in, and the `Idempotency-Key`, which
/// is answered.
pub fn write_key(visitor: &Visitor, headers: &HeaderMap) -> Result<String, AppError> {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let signed_in = visitor.actor.role != kernel::Role::Public;
    if signed_in && !visitor.by_token && (visitor.csrf.is_empty() || header("x-csrf-token") != visitor.csrf) {
        let (zh, en) =
            ("以 Cookie 登录的 API 写操作须带 X-CSRF-Token。", "An API write signed in by cookie needs X-CSRF-Token.");
        return Err(AppError::new(StatusCode::FORBIDDEN, "csrf", zh, en));
    }
    let key = header("idempotency-key");
    if key.is_empty() || key.len() > 100 {
        let (zh, en) = (
            "请求须带 Idempotency-Key（1 至 100 个字符，每次新操作用新值，重试用原值）。",
            "The request needs an Idempotency-Key (1 to 100 characters: a new one for a new operation, the same for a retry).",
        );
        return Err(AppError::bad_request("idempotency-key-missing", zh, en));
    }
    Ok(key)
}

impl<T: DeserializeOwned> FromRequest<AppState> for ApiPost<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, _app: &AppState) -> Result<ApiPost<T>, AppError> {
        let visitor = request.extensions().get::<Visitor>().cloned().unwrap_or_default();
        let (parts, body) = request.into_parts();
        let key = write_key(&visitor, &parts.headers)?;
        let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        if !header(header::CONTENT_TYPE.as_str()).starts_with("application/json") {
            let (zh, en) = ("请求体须为 application/json。", "The body must be application/json.");
            return Err(AppError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", zh, en));
        }
        let place = format!("{} {}", parts.method, parts.uri.path());
        let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
            let (zh, en) = (
                "请求体过大（上限 4 MiB）或未完整到达。",
                "The body is too large (4 MiB at most) or did not arrive whole.",
            );
            AppError::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", zh, en)
        })?;
        let body = serde_json::from_slice(&bytes).map_err(|e| {
            let message = e.to_string();
            let error = AppError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-body",
                format!("请求体第 {} 行第 {} 列不符合要求：{message}", e.line(), e.column()),
                format!("The body is not acceptable at line {} column {}: {message}", e.line(), e.column()),
            );
            AppError { fields: vec![FieldError { field: "body".into(), message }], ..error }
        })?;
        let mut hash = Sha256::new();
        hash.update(place.as_bytes());
        hash.update(&bytes);
        Ok(ApiPost { key, content: hex::encode(hash.finalize()), body })
    }
}
