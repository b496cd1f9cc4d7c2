//! `/orgs/import`: enterprises from a spreadsheet, with a report of every wrong cell and nothing half-done.

use askama::Template;
use axum::response::Response;
use store::Refusal;
use web::{AppError, Cell, Col, Ctx, Export, FieldError, Form, FormData, Page, SheetError, Table, read_sheet};

use super::blank;
use crate::import_orgs::{self, COLUMNS, ImportOrgs, ImportOrgsError, ImportReport, ImportRow, ROWS_MAX};

/// A spreadsheet of 20,000 rows is far smaller.
const FILE_BYTES_MAX: u64 = 16 << 20;

#[derive(Template)]
#[template(path = "orgs/import.html")]
struct ImportPage {
    p: Page,
    f: Form,
    file_field: web::Field,
    rows_max: usize,
    report: Option<(ImportReport, Table)>,
}

fn page(ctx: &Ctx, f: Form, report: Option<ImportReport>) -> Result<Response, AppError> {
    let p = ctx.page(ctx.t("导入企业", "Import enterprises")).crumb("/orgs", ctx.t("企业名录", "Organisations"));
    let file_field = f.file("file", ".xlsx,.csv", FILE_BYTES_MAX).label(ctx.t("表格文件", "Spreadsheet")).hint(
        ctx.t("XLSX 或 UTF-8 编码的 CSV，表头与模板一致", "XLSX, or CSV in UTF-8, with the heads of the template"),
    );
    let report = report.map(|r| {
        let table = faults_table(ctx, &r);
        (r, table)
    });
    ctx.render(&ImportPage { p, f, file_field, rows_max: ROWS_MAX, report })
}

fn faults_table(ctx: &Ctx, report: &ImportReport) -> Table {
    let columns = vec![
        Col::num(ctx.t("行", "Row")),
        Col::text(ctx.t("列", "Column")),
        Col::text(ctx.t("单元格内容", "Content")),
        Col::text(ctx.t("问题与处理办法", "What is wrong and what to do")),
    ];
    let mut table = Table::new(ctx.lang, "faults", ctx.t("导入问题清单", "What is wrong"), columns);
    for fault in &report.faults {
        table.row(vec![
            Cell::Int(i64::try_from(fault.row).unwrap_or(0)),
            Cell::text(fault.heading(ctx.lang)),
            Cell::text(&fault.value),
            Cell::text(fault.problem.message(ctx.lang)),
        ]);
    }
    table
}

/// The form.
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    let today = ctx.today().to_string();
    page(&ctx, blank(&ctx).with("facts_from", today).with("trial", "1"), None)
}

/// The template: heads and one example row.
pub async fn template(ctx: Ctx) -> Result<Response, AppError> {
    let columns = COLUMNS.iter().map(|c| Col::text(ctx.t(c.zh, c.en))).collect();
    let mut table = Table::new(ctx.lang, "template", ctx.t("导入模板", "Template"), columns);
    table.row(COLUMNS.iter().map(|c| Cell::text(ctx.t(c.example.0, c.example.1))).collect());
    ctx.export(&table, "orgs-template", Export::Xlsx)
}

/// The rows of a spreadsheet, by the heads of the template.
pub(crate) fn read_rows(file_name: &str, bytes: &[u8]) -> Result<Vec<ImportRow>, SheetError> {
    let heads: Vec<(&str, &str)> = COLUMNS.iter().map(|c| (c.zh, c.en)).collect();
    let sheet = read_sheet(file_name, bytes, &heads)?;
    Ok(sheet.rows.iter().map(|(row, cells)| ImportRow::from_cells(*row, cells)).collect())
}

/// Tries or imports.
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let facts_from = check.date("facts_from");
    let upload = check.file("file");
    let mut errors = check.errors();
    let (Some(facts_from), Some(upload)) = (facts_from, upload) else {
        return page(&ctx, Form::again(&ctx, &data, errors), None);
    };
    let wrong_file = |message: String| vec![FieldError { field: "file".to_owned(), message }];
    if upload.size_bytes > FILE_BYTES_MAX {
        let message = ctx.t("文件超过 16 MiB，请拆分后再上传。", "The file is over 16 MiB; split it.").to_owned();
        return page(&ctx, Form::again(&ctx, &data, wrong_file(message)), None);
    }
    let bytes = upload.read().map_err(|e| AppError::from(store::StoreError::io("reading an upload", e)))?;
    let rows = match read_rows(&upload.file_name, &bytes) {
        Ok(rows) => rows,
        Err(e) => {
            errors = wrong_file(e.message(ctx.lang));
            return page(&ctx, Form::again(&ctx, &data, errors), None);
        }
    };
    let cmd = ImportOrgs { rows, facts_from, file_name: upload.file_name.clone() };
    if data.get("trial") == "1" {
        let tried = ctx.read(move |cx| Box::pin(async move { import_orgs::check(cx, &cmd).await })).await;
        return match tried {
            Ok(report) => page(&ctx, Form::again(&ctx, &data, Vec::new()), Some(report)),
            Err(e) => refused(&ctx, &data, e),
        };
    }
    match ctx.submit(&data, move |cx| Box::pin(import_orgs::run_whole(cx, cmd))).await {
        Ok(n) => {
            let line = match ctx.lang {
                kernel::Lang::Zh => format!("已导入 {n} 家企业。"),
                kernel::Lang::En if n == 1 => "1 enterprise is imported.".to_owned(),
                kernel::Lang::En => format!("{n} enterprises are imported."),
            };
            Ok(ctx.redirect_saying("/orgs", &line))
        }
        Err(e) => refused(&ctx, &data, e),
    }
}

fn refused(ctx: &Ctx, data: &FormData, e: ImportOrgsError) -> Result<Response, AppError> {
    match e {
        ImportOrgsError::Faults { report, .. } => page(ctx, Form::again(ctx, data, Vec::new()), Some(*report)),
        e if e.field().is_some() => {
            page(ctx, Form::again(ctx, data, AppError::from(e).as_field_errors(ctx.lang)), None)
        }
        e => Err(e.into()),
    }
}
