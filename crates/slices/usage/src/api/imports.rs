//! `/api/v1/usage/imports`

use axum::Json;
use axum::extract::{Path, Query};
use kernel::{Lang, Role};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{AppError, Ctx, CursorPage, Problem};

use super::bounded;
use super::raw_upload::RawUpload;
use crate::model::{BillImport, ImportState};
use crate::pages::imports::begin_upload;
use crate::{ImportFilter, read};

/// An import of a bill file.
#[derive(Serialize, ToSchema)]
pub struct ImportBody {
    /// `imp_…`
    id: String,
    /// ZD-2019-000001
    number: String,
    /// Whose bill it is.
    provider_id: String,
    /// Declared source profile.
    profile: String,
    /// As it was sent.
    file_name: String,
    /// SHA-256, hex.
    file_sha256: String,
    /// Size.
    size_bytes: i64,
    /// `running`, `done`, `failed`.
    state: &'static str,
    /// Bytes read so far.
    bytes_read: i64,
    /// Data rows read so far.
    rows_read: i64,
    /// Rows that count.
    rows_accepted: i64,
    /// Rows that do not.
    rows_rejected: i64,
    /// New statements, versions in place of older ones, statements that stood already, corrections raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<ResultBody>,
    /// Stable name of the reason why the file was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_code: Option<String>,
    /// That reason in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_detail: Option<String>,
    /// RFC 3339.
    uploaded_at: String,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
}

/// What became of the statements of a file.
#[derive(Serialize, ToSchema)]
pub struct ResultBody {
    /// New statements where none stood.
    made: u64,
    /// New versions.
    superseded: u64,
    /// The same figures stand already.
    unchanged: u64,
    /// Corrections raised under settlements.
    corrections: u64,
    /// New less old net cost, in fen.
    difference_fen: i64,
}

fn body(i: BillImport, lang: Lang) -> ImportBody {
    ImportBody {
        state: i.state.code(),
        result: i.result.map(|r| ResultBody {
            made: r.made,
            superseded: r.superseded,
            unchanged: r.unchanged,
            corrections: r.corrections,
            difference_fen: r.difference_fen.0,
        }),
        refused_code: i.refusal.as_ref().map(|r| r.code.clone()),
        refused_detail: i.refusal.map(|r| r.text.get(lang).to_owned()),
        id: i.id,
        number: i.number,
        provider_id: i.provider_id,
        profile: i.profile,
        file_name: i.file_name,
        file_sha256: i.file_sha256,
        size_bytes: i.size_bytes,
        bytes_read: i.bytes_read,
        rows_read: i.rows_read,
        rows_accepted: i.rows_accepted,
        rows_rejected: i.rows_rejected,
        uploaded_at: i.uploaded_at.to_string(),
        finished_at: i.finished_at.map(|t| t.to_string()),
    }
}

/// Which imports.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportParams {
    /// Only in this state: `running`, `done`, `failed`.
    state: Option<String>,
    /// The cursor of the page before.
    after: Option<String>,
    /// Items of a page.
    limit: Option<u32>,
}

/// Imports, newest first.
#[utoipa::path(get, path = "/api/v1/usage/imports", tag = "usage", params(ImportParams),
    responses((status = 200, body = CursorPage<ImportBody>), (status = 403, body = Problem)))]
pub async fn list(ctx: Ctx, Query(q): Query<ImportParams>) -> Result<Json<CursorPage<ImportBody>>, AppError> {
    let state = q.state.as_deref().and_then(ImportState::from_code);
    let filter = ImportFilter { state, after: q.after, limit: bounded(q.limit), ..ImportFilter::default() };
    let found = ctx.read(|cx| Box::pin(read::imports(cx, filter))).await?;
    let items = found.items.into_iter().map(|r| body(r.import, ctx.lang)).collect();
    Ok(Json(CursorPage { items, next_cursor: found.next }))
}

/// Sends a bill file as the raw request body; it is read in the background. Poll the import until it is not `running`.
#[utoipa::path(post, path = "/api/v1/usage/imports", tag = "usage",
    params(
        ("Idempotency-Key" = String, Header, description = "new for a new upload, the same for a retry"),
        ("X-File-Name" = String, Header, description = "percent-encoded UTF-8; its ending must tell the truth"),
        ("X-Bill-Profile" = String, Header, description = "declared source, such as `focus-1.2` or `huawei-1.0`"),
        ("X-Provider-Id" = Option<String>, Header, description = "whose bill it is; a provider leaves it out"),
    ),
    request_body(content_type = "application/octet-stream", description = "CSV, gzip CSV or Parquet"),
    responses((status = 200, body = ImportBody), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
pub async fn upload(ctx: Ctx, raw: RawUpload) -> Result<Json<ImportBody>, AppError> {
    let provider_id = match ctx.actor.role {
        Role::CityOfficer => raw.provider_id,
        _ => ctx.actor.org().to_owned(),
    };
    let begun = begin_upload(&ctx, raw.upload, provider_id, raw.profile, &raw.key, &raw.content).await?;
    show(ctx, Path(begun.import_id)).await
}

/// One import.
#[utoipa::path(get, path = "/api/v1/usage/imports/{id}", tag = "usage", params(("id" = String, Path)),
    responses((status = 200, body = ImportBody), (status = 404, body = Problem)))]
pub async fn show(ctx: Ctx, Path(id): Path<String>) -> Result<Json<ImportBody>, AppError> {
    let found = ctx.read(|cx| Box::pin(async move { read::import(cx, &id).await })).await?;
    Ok(Json(body(found, ctx.lang)))
}

/// A breached rule with the first rows that breach it.
#[derive(Serialize, ToSchema)]
pub struct BreachBody {
    /// The rule's id.
    rule: String,
    /// The column it is about.
    column: String,
    /// `rejected`, `warning`, `allowed-by-profile`.
    severity: &'static str,
    /// Rows that breach it, all of them.
    rows: u64,
    /// What the rule asks.
    message: String,
    /// Why the profile allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_because: Option<String>,
    /// Where the specification asks for it.
    citation: String,
    /// The first of the rows.
    first: Vec<FindingBody>,
}

/// One row that breaches a rule.
#[derive(Serialize, ToSchema)]
pub struct FindingBody {
    /// Data row from 1; absent: about the file.
    row: Option<u64>,
    /// Line of a CSV file, from 1.
    line: Option<u64>,
    /// The column.
    column: String,
    /// The value found, shortened.
    excerpt: String,
}

/// What was found in the file, by rule; empty while it is read and where it could not be read.
#[utoipa::path(get, path = "/api/v1/usage/imports/{id}/findings", tag = "usage", params(("id" = String, Path)),
    responses((status = 200, body = [BreachBody]), (status = 404, body = Problem)))]
pub async fn findings(ctx: Ctx, Path(id): Path<String>) -> Result<Json<Vec<BreachBody>>, AppError> {
    let report = ctx.read(|cx| Box::pin(async move { read::report(cx, &id).await })).await?;
    let lang = ctx.lang;
    let breach = |b: focus::Breach| BreachBody {
        rule: b.rule,
        column: b.column,
        severity: severity(b.severity),
        rows: b.rows,
        message: b.message.get(lang).to_owned(),
        allowed_because: b.allowed_because.map(|t| t.get(lang).to_owned()),
        citation: b.citation,
        first: b
            .first
            .into_iter()
            .map(|f| FindingBody { row: f.row, line: f.line, column: f.column, excerpt: f.excerpt })
            .collect(),
    };
    Ok(Json(report.map_or_else(Vec::new, |r| r.breaches.into_iter().map(breach).collect())))
}

fn severity(s: focus::Severity) -> &'static str {
    match s {
        focus::Severity::Rejected => "rejected",
        focus::Severity::Warning => "warning",
        focus::Severity::AllowedByProfile => "allowed-by-profile",
    }
}
