//! A posted form: its fields and files, after the CSRF check.

use std::collections::HashMap;
use std::io::Write;

use axum::body::Body;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use http_body_util::{LengthLimitError, Limited};
use kernel::{IdSource, Lang};
use sha2::{Digest, Sha256};
use tempfile::TempPath;

use crate::{AppError, AppState, Check, Visitor};

/// Fields of a form without files are never this large.
const FIELDS_BYTES_MAX: usize = 2 << 20;

/// A file that was sent. It waits in the uploads folder and vanishes unless it is taken.
#[derive(Debug)]
pub struct Upload {
    /// As the sender named it.
    pub file_name: String,
    /// Where it waits.
    pub path: TempPath,
    /// Size.
    pub size_bytes: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

impl Upload {
    /// The whole content; for documents, whose size the caller limits.
    pub fn read(&self) -> std::io::Result<Vec<u8>> {
        std::fs::read(&self.path)
    }
}

/// A posted form whose `_csrf` was right.
#[derive(Debug)]
pub struct FormData {
    values: HashMap<String, Vec<String>>,
    uploads: HashMap<String, Upload>,
}

impl FormData {
    /// For tests and for forms put together by hand.
    pub fn of(values: HashMap<String, Vec<String>>) -> FormData {
        FormData { values, uploads: HashMap::new() }
    }

    /// From an address's query: for pages that only look.
    pub fn of_query(query: &str) -> FormData {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        let mut values: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in pairs {
            values.entry(name).or_default().push(value);
        }
        FormData::of(values)
    }

    /// What was filled in, as an address's query, in the order of the fields' names; hidden fields (`_csrf`, `_key`)
    /// stay out of addresses.
    pub fn as_query(&self) -> String {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for (name, values) in self.values.iter().filter(|(name, _)| !name.starts_with('_')) {
            pairs.extend(values.iter().map(|v| (name.as_str(), v.trim())).filter(|(_, v)| !v.is_empty()));
        }
        pairs.sort_unstable();
        serde_urlencoded::to_string(pairs).unwrap_or_default()
    }

    /// A field, trimmed; empty when it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.values.get(name).and_then(|v| v.first()).map_or("", |s| s.trim())
    }

    /// All values of a field (checkboxes).
    pub fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Everything but the hidden fields.
    pub fn values(&self) -> &HashMap<String, Vec<String>> {
        &self.values
    }

    /// A file, if one was chosen.
    pub fn upload(&self, name: &str) -> Option<&Upload> {
        self.uploads.get(name)
    }

    /// Takes a file out, to keep it.
    pub fn take_upload(&mut self, name: &str) -> Option<Upload> {
        self.uploads.remove(name)
    }

    /// Begins checking fields, collecting everything that is wrong.
    pub fn check(&self, lang: Lang) -> Check<'_> {
        Check::new(self, lang)
    }

    /// The key under which this rendering of the form may be submitted once.
    pub fn key(&self) -> String {
        match self.get("_key") {
            // A form put together by hand has no key; it is then a submission of its own.
            "" => IdSource::from_os().token(),
            key => key.chars().take(100).collect(),
        }
    }

    /// SHA-256 of all that was sent, so that one key cannot carry two contents.
    pub fn fingerprint(&self) -> String {
        let mut names: Vec<_> = self.values.iter().filter(|(n, _)| !n.starts_with('_')).collect();
        names.sort();
        let mut h = Sha256::new();
        for (name, values) in names {
            h.update(format!("{name}={values:?};"));
        }
        let mut files: Vec<_> = self.uploads.iter().map(|(n, u)| format!("{n}={};", u.sha256)).collect();
        files.sort();
        files.iter().for_each(|f| h.update(f));
        hex::encode(h.finalize())
    }
}

impl FromRequest<AppState> for FormData {
    type Rejection = AppError;

    async fn from_request(request: Request, app: &AppState) -> Result<FormData, AppError> {
        let visitor = request.extensions().get::<Visitor>().cloned().unwrap_or_default();
        let headers = request.headers();
        // A browser that says the form comes from another site is believed at once.
        let cross = headers.get("sec-fetch-site").is_some_and(|v| v == "cross-site");
        let length =
            headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
        let multipart = headers
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.starts_with("multipart/form-data"));
        if length.is_some_and(|l| l > app.upload_bytes_max + (1 << 20)) {
            return Err(too_large(app.upload_bytes_max));
        }
        let data = if multipart { read_multipart(request, app).await? } else { read_urlencoded(request, app).await? };
        let sent = data.get("_csrf");
        if cross || visitor.csrf.is_empty() || sent != visitor.csrf {
            let (zh, en) = (
                "表单已失效（可能登录已过期，或页面打开过久）。请返回、刷新页面后重新提交。",
                "The form is no longer valid (signed out, or open too long). Go back, reload the page and send it again.",
            );
            return Err(AppError::new(StatusCode::FORBIDDEN, "csrf", zh, en));
        }
        Ok(data)
    }
}

/// 413, for an upload of any kind over `max` bytes.
pub fn too_large(max: u64) -> AppError {
    let mib = max >> 20;
    AppError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "upload-too-large",
        format!("文件超过上限 {mib} MiB，未接收。请压缩（gzip 或 Parquet）或按月拆分后再上传。"),
        format!(
            "The file is over the limit of {mib} MiB and was not taken. Compress it (gzip or Parquet) or split it by month."
        ),
    )
}

fn broken(e: impl std::fmt::Display) -> AppError {
    AppError::bad_request(
        "broken-form",
        format!("表单未能完整接收：{e}。请重新提交。"),
        format!("The form did not arrive whole: {e}. Please send it again."),
    )
}

async fn read_urlencoded(request: Request, app: &AppState) -> Result<FormData, AppError> {
    let bytes = axum::body::to_bytes(request.into_body(), FIELDS_BYTES_MAX)
        .await
        .map_err(|_| too_large((FIELDS_BYTES_MAX as u64).min(app.upload_bytes_max)))?;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(&bytes).map_err(broken)?;
    let mut values: HashMap<String, Vec<String>> = HashMap::new();
    for (name, value) in pairs {
        values.entry(name).or_default().push(value);
    }
    Ok(FormData { values, uploads: HashMap::new() })
}

/// What a body in parts breaks off with: over the limit, or not whole.
fn broken_off(e: MultipartError, bytes_max: u64) -> AppError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&e);
    while let Some(c) = cause {
        if c.is::<LengthLimitError>() {
            return too_large(bytes_max);
        }
        cause = c.source();
    }
    broken(e)
}

async fn read_multipart(request: Request, app: &AppState) -> Result<FormData, AppError> {
    // The parser takes in whatever is ready before it hands any of it on, so the limit stands before it as well.
    let whole_max = usize::try_from(app.upload_bytes_max).unwrap_or(usize::MAX).saturating_add(FIELDS_BYTES_MAX);
    let request = request.map(|body| Body::new(Limited::new(body, whole_max)));
    let broken = |e| broken_off(e, app.upload_bytes_max);
    let mut multipart = Multipart::from_request(request, app).await.map_err(self::broken)?;
    let mut data = FormData { values: HashMap::new(), uploads: HashMap::new() };
    let (mut left, mut fields_left) = (app.upload_bytes_max, FIELDS_BYTES_MAX);
    while let Some(mut field) = multipart.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or("").to_owned();
        let Some(file_name) = field.file_name().map(str::to_owned) else {
            // Read piece by piece: a field that is gigabytes long must not be held whole before it is refused.
            let mut bytes = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(broken)? {
                bytes.extend_from_slice(&chunk);
                fields_left = fields_left.checked_sub(chunk.len()).ok_or_else(|| too_large(FIELDS_BYTES_MAX as u64))?;
            }
            data.values.entry(name).or_default().push(String::from_utf8(bytes).map_err(self::broken)?);
            continue;
        };
        if file_name.is_empty() {
            continue;
        }
        let io = |e| AppError::from(store::StoreError::io("keeping an upload", e));
        std::fs::create_dir_all(&app.uploads).map_err(io)?;
        let mut file = tempfile::NamedTempFile::new_in(&app.uploads).map_err(io)?;
        let (mut hash, mut size) = (Sha256::new(), 0_u64);
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            left = left.checked_sub(chunk.len() as u64).ok_or_else(|| too_large(app.upload_bytes_max))?;
            size += chunk.len() as u64;
            hash.update(&chunk);
            file.write_all(&chunk).map_err(io)?;
        }
        let upload =
            Upload { file_name, path: file.into_temp_path(), size_bytes: size, sha256: hex::encode(hash.finalize()) };
        data.uploads.insert(name, upload);
    }
    Ok(data)
}
