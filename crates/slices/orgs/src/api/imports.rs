//! `/api/v1/orgs/imports`: enterprises from a spreadsheet, XLSX or CSV.

use axum::Json;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use kernel::Lang;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiPost, AppError, Ctx, FieldError, Problem};

use crate::import_orgs::{self, ImportOrgs, ImportOrgsError, ImportReport, RowFault};
use crate::pages::import::read_rows;

/// A spreadsheet with the heads of the template (`/orgs/import/template`).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrgsImportBody)]
pub struct ImportBody {
    /// The file's name, for the journal.
    file_name: String,
    /// The file: XLSX, or CSV in UTF-8, up to 3 MiB.
    content_base64: String,
    /// From which day the facts hold; today unless said.
    #[schema(value_type = Option<String>, format = Date)]
    facts_from: Option<Date>,
    /// Only looks at every row and changes nothing.
    #[serde(default)]
    trial: bool,
}

/// Something wrong in one cell.
#[derive(Serialize, ToSchema)]
#[schema(as = OrgsImportFault)]
pub struct FaultBody {
    /// As the spreadsheet numbers it; the heads are row 1.
    row: usize,
    /// The column's key.
    column: String,
    /// The column's head.
    head: String,
    /// What stands there.
    found: String,
    /// Stable name.
    code: String,
    /// What is wrong and what to do, in the language asked for.
    message: String,
}

/// What came of it: all rows, or none with everything that is wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = OrgsImported)]
pub struct ImportedBody {
    /// Rows read.
    rows: usize,
    /// Enterprises entered: all rows, or none.
    imported: usize,
    /// Everything that is wrong, in order of rows.
    faults: Vec<FaultBody>,
}

fn body(report: ImportReport, lang: Lang) -> ImportedBody {
    let fault = |f: RowFault| FaultBody {
        row: f.row,
        column: f.column.to_owned(),
        head: f.heading(lang).to_owned(),
        code: f.problem.code.to_owned(),
        message: f.problem.message(lang).to_owned(),
        found: f.value,
    };
    let ImportReport { rows, faults, imported } = report;
    ImportedBody { rows, imported, faults: faults.into_iter().map(fault).collect() }
}

fn wrong_file(message: String) -> AppError {
    AppError::invalid(vec![FieldError { field: "content_base64".to_owned(), message }])
}

/// Imports enterprises: every row, or none with a report of every wrong cell.
#[utoipa::path(post, path = "/api/v1/orgs/imports", tag = "orgs", request_body = ImportBody,
    params(("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = ImportedBody), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn create(ctx: Ctx, post: ApiPost<ImportBody>) -> Result<Json<ImportedBody>, AppError> {
    let ImportBody { file_name, content_base64, facts_from, trial } = post.body;
    let bytes = STANDARD.decode(content_base64).map_err(|e| wrong_file(e.to_string()))?;
    let rows = read_rows(&file_name, &bytes).map_err(|e| wrong_file(e.message(ctx.lang)))?;
    let read = rows.len();
    let cmd = ImportOrgs { rows, facts_from: facts_from.unwrap_or_else(|| ctx.today()), file_name };
    if trial {
        let report = ctx.read(|cx| Box::pin(async move { import_orgs::check(cx, &cmd).await })).await?;
        return Ok(Json(body(report, ctx.lang)));
    }
    let run = ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(import_orgs::run_whole(cx, cmd)));
    match run.await {
        Ok(imported) => Ok(Json(ImportedBody { rows: read, imported, faults: Vec::new() })),
        Err(ImportOrgsError::Faults { report, .. }) => Ok(Json(body(*report, ctx.lang))),
        Err(e) => Err(e.into()),
    }
}
