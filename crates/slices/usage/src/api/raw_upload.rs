//! A bill as a raw request body, streamed to the uploads folder: for machines that send files of gigabytes.
//!
//! Headers: `Idempotency-Key`, `X-File-Name` (percent-encoded UTF-8), `X-Bill-Profile`, and for an officer
//! `X-Provider-Id`.

use std::io::Write;

use axum::extract::{FromRequest, Request};
use axum::http::header;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use web::{AppError, AppState, Upload, Visitor, too_large, write_key};

/// A file that was sent with what its headers say.
pub struct RawUpload {
    /// `Idempotency-Key`
    pub key: String,
    /// SHA-256 of what the headers declare and of the content, so that one key cannot carry two.
    pub content: String,
    /// `X-Bill-Profile`
    pub profile: String,
    /// `X-Provider-Id`, empty when not sent.
    pub provider_id: String,
    /// The file.
    pub upload: Upload,
}

fn missing(name: &str) -> AppError {
    AppError::bad_request(
        "header-missing",
        format!("请求须带 {name}。"),
        format!("The request needs the header {name}."),
    )
}

impl FromRequest<AppState> for RawUpload {
    type Rejection = AppError;

    async fn from_request(request: Request, app: &AppState) -> Result<RawUpload, AppError> {
        let visitor = request.extensions().get::<Visitor>().cloned().unwrap_or_default();
        let headers = request.headers().clone();
        let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        let key = write_key(&visitor, &headers)?;
        let (profile, provider_id) = (header("x-bill-profile"), header("x-provider-id"));
        let file_name = decoded(&header("x-file-name"));
        for (name, value) in [("X-Bill-Profile", &profile), ("X-File-Name", &file_name)] {
            if value.is_empty() || value.len() > 600 {
                return Err(missing(name));
            }
        }
        let length = header(header::CONTENT_LENGTH.as_str()).parse::<u64>().ok();
        if length.is_some_and(|l| l > app.upload_bytes_max) {
            return Err(too_large(app.upload_bytes_max));
        }
        let upload = receive(request, app, file_name).await?;
        let mut hash = Sha256::new();
        hash.update(format!("{profile}\n{provider_id}\n{}\n{}", upload.file_name, upload.sha256));
        Ok(RawUpload { key, content: hex::encode(hash.finalize()), profile, provider_id, upload })
    }
}

/// `%E8%B4%A6%E5%8D%95.csv` as text; a name without escapes is itself.
fn decoded(name: &str) -> String {
    let query = format!("n={}", name.replace('+', "%2B").replace('&', "%26"));
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&query).unwrap_or_default();
    pairs.into_iter().next().map(|(_, v)| v).unwrap_or_default()
}

async fn receive(request: Request, app: &AppState, file_name: String) -> Result<Upload, AppError> {
    let io = |e| AppError::from(store::StoreError::io("keeping an upload", e));
    std::fs::create_dir_all(&app.uploads).map_err(io)?;
    let mut file = tempfile::NamedTempFile::new_in(&app.uploads).map_err(io)?;
    let (mut hash, mut size_bytes) = (Sha256::new(), 0_u64);
    let mut body = request.into_body().into_data_stream();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|e| {
            AppError::bad_request(
                "upload-broken-off",
                format!("文件未能完整接收：{e}。请重新上传。"),
                format!("The file did not arrive whole: {e}. Please send it again."),
            )
        })?;
        size_bytes += chunk.len() as u64;
        if size_bytes > app.upload_bytes_max {
            return Err(too_large(app.upload_bytes_max));
        }
        hash.update(&chunk);
        file.write_all(&chunk).map_err(io)?;
    }
    Ok(Upload { file_name, path: file.into_temp_path(), size_bytes, sha256: hex::encode(hash.finalize()) })
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn names_are_read_with_and_without_escapes() {
        assert_eq!(decoded("%E8%B4%A6%E5%8D%95+1&2.csv"), "账单+1&2.csv");
        assert_eq!(decoded("june.csv.gz"), "june.csv.gz");
    }
}
