//! A paper's document, to those who may see its order.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use store::{DocumentKind, StoreError};
use web::{AppError, Ctx};

use crate::model::Document;
use crate::read;

/// What the browser is told it gets. A ZIP package is named by what its file name says it is.
fn mime(d: &Document) -> &'static str {
    let extension = d.file_name.rsplit('.').next().unwrap_or("").to_ascii_lowercase();
    match (d.kind, extension.as_str()) {
        (DocumentKind::Zip, "ofd") => "application/ofd",
        (DocumentKind::Zip, "xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        (kind, _) => kind.mime(),
    }
}

/// RFC 6266: a plain name for old programs, the true one in UTF-8 beside it.
fn disposition(file_name: &str) -> String {
    let plain: String = file_name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' })
        .collect();
    let mut encoded = String::new();
    for b in file_name.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => encoded.push(b as char),
            b => encoded.push_str(&format!("%{b:02X}")),
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// GET /orders/{id}/documents/{sha256}
pub async fn get(ctx: Ctx, Path((id, sha256)): Path<(String, String)>) -> Result<Response, AppError> {
    let document = ctx.read(|cx| Box::pin(async move { read::document(cx, &id, &sha256).await })).await?;
    let (blobs, wanted) = (ctx.app.blobs.clone(), document.sha256.clone());
    let read = tokio::task::spawn_blocking(move || blobs.get(&wanted)).await.map_err(|_| StoreError::Panicked)?;
    let bytes = read.map_err(|e| StoreError::io("reading a document", e))?;
    let bytes = bytes.ok_or_else(|| StoreError::Missing(format!("document {} on disk", document.sha256)))?;
    let heads = [
        (header::CONTENT_TYPE, mime(&document).to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&document.file_name)),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((heads, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        let d = disposition("合同\"\r\nX: y.pdf");
        assert!(!d.contains(['\r', '\n']) && d.matches('"').count() == 2, "{d}");
        assert!(d.contains("filename*=UTF-8''%E5%90%88%E5%90%8C%22%0D%0AX%3A%20y.pdf"), "{d}");
    }
}
