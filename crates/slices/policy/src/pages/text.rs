//! A programme's text as a file: what was published, byte for byte.

use axum::extract::{Path, Query};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use web::{AppError, Ctx};

use crate::pages::show::AskedVersion;
use crate::read;

/// GET /programmes/{id}/programme.toml
pub async fn get(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<AskedVersion>) -> Result<Response, AppError> {
    let stem = id.clone();
    let (version, toml) =
        ctx.read(|cx| Box::pin(async move { read::text(cx, &id, asked.version.as_deref()).await })).await?;
    let name = format!(
        "attachment; filename=\"{stem}-{}.toml\"",
        version.version.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "_")
    );
    Ok((
        [(header::CONTENT_TYPE, "application/toml; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)],
        toml,
    )
        .into_response())
}
