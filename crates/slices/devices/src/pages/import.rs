//! `/devices/import`: devices from a spreadsheet, with a report of every wrong cell and nothing half-done.

use askama::Template;
use axum::response::Response;
use web::{AppError, Cell, Col, Ctx, Export, FieldError, Form, FormData, Page, Table, again_or_fail, read_sheet};

use super::{own_org, write};
use crate::import_devices::{self, COLUMNS, ImportDevices, ImportReport, ImportRow, ROWS_MAX};

/// A spreadsheet of 20,000 rows is far smaller.
const FILE_BYTES_MAX: u64 = 16 << 20;

#[derive(Template)]
#[template(path = "devices/import.html")]
struct ImportPage {
    p: Page,
    f: Form,
    file_field: web::Field,
    rows_max: usize,
    report: Option<(ImportReport, Table)>,
}

fn page(ctx: &Ctx, f: Form, report: Option<ImportReport>) -> Result<Response, AppError> {
    let p = ctx.page(ctx.t("导入设备", "Import devices")).crumb("/devices", ctx.t("设备", "Devices"));
    let file_field = f.file("file", ".xlsx,.csv", FILE_BYTES_MAX).label(ctx.t("表格文件", "Spreadsheet")).hint(
        ctx.t("XLSX 或 UTF-8 编码的 CSV，表头与模板一致", "XLSX, or CSV in UTF-8, with the heads of the template"),
    );
    let report = report.map(|r| {
        let table = faults(ctx, &r);
        (r, table)
    });
    ctx.render(&ImportPage { p, f, file_field, rows_max: ROWS_MAX, report })
}

fn faults(ctx: &Ctx, report: &ImportReport) -> Table {
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
            Cell::text(fault.message.get(ctx.lang)),
        ]);
    }
    table
}

/// GET /devices/import
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    own_org(&ctx)?;
    page(&ctx, Form::new(&ctx).with("trial", "1"), None)
}

/// GET /devices/import/template: heads and one example row.
pub async fn template(ctx: Ctx) -> Result<Response, AppError> {
    let columns = COLUMNS.iter().map(|(zh, en, _)| Col::text(ctx.t(zh, en))).collect();
    let mut table = Table::new(ctx.lang, "template", ctx.t("导入模板", "Template"), columns);
    table.row(COLUMNS.iter().map(|(_, _, example)| Cell::text(*example)).collect());
    ctx.export(&table, "devices-template", Export::Xlsx)
}

/// POST /devices/import: tries or imports.
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let org_id = own_org(&ctx)?;
    let mut check = data.check(ctx.lang);
    let upload = check.file("file");
    let errors = check.errors();
    let Some(upload) = upload else { return page(&ctx, Form::again(&ctx, &data, errors), None) };
    let wrong_file = |message: String| {
        let errors = vec![FieldError { field: "file".to_owned(), message }];
        page(&ctx, Form::again(&ctx, &data, errors), None)
    };
    if upload.size_bytes > FILE_BYTES_MAX {
        return wrong_file(ctx.t("文件超过 16 MiB，请拆分后再上传。", "The file is over 16 MiB; split it.").to_owned());
    }
    let bytes = upload.read().map_err(|e| AppError::from(store::StoreError::io("reading an upload", e)))?;
    let heads: Vec<(&str, &str)> = COLUMNS.iter().map(|(zh, en, _)| (*zh, *en)).collect();
    let sheet = match read_sheet(&upload.file_name, &bytes, &heads) {
        Ok(sheet) => sheet,
        Err(e) => return wrong_file(e.message(ctx.lang)),
    };
    let rows = sheet.rows.into_iter().map(|(row, cells)| ImportRow { row, cells }).collect();
    let trial = data.get("trial") == "1";
    let cmd = ImportDevices { org_id, rows, file_name: upload.file_name.clone(), trial };
    let done = match trial {
        true => ctx.read(move |cx| Box::pin(async move { import_devices::run(cx, cmd).await })).await,
        false => write(&ctx, move |cx| Box::pin(import_devices::run(cx, cmd))).await,
    };
    match done {
        Ok(report) if report.imported > 0 => {
            let line = match ctx.lang {
                kernel::Lang::Zh => format!("已导入 {} 台设备。", report.imported),
                kernel::Lang::En => format!("{} devices are imported.", report.imported),
            };
            Ok(ctx.redirect_saying("/devices", &line))
        }
        Ok(report) => page(&ctx, Form::again(&ctx, &data, Vec::new()), Some(report)),
        Err(e) => again_or_fail(e, ctx.lang, |errors| page(&ctx, Form::again(&ctx, &data, errors), None)),
    }
}
