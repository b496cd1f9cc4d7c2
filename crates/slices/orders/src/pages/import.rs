//! Orders from a spreadsheet, with the row-by-row report.

use askama::Template;
use axum::response::Response;
use web::{AppError, Cell, Col, Ctx, Export, FieldError, Form, FormData, Page, Table, again_or_fail, read_sheet};

use crate::import::{self, COLUMNS, Imported};

#[derive(Template)]
#[template(path = "orders/import.html")]
struct ImportPage {
    p: Page,
    f: Form,
    columns: Vec<&'static str>,
    report: Option<Table>,
    wrong: usize,
    rows: usize,
    max_bytes: u64,
}

/// A spreadsheet of orders is never larger.
const SHEET_BYTES_MAX: u64 = 8 << 20;

fn page(ctx: &Ctx, f: Form, report: Option<&Imported>) -> Result<Response, AppError> {
    let table = report.map(|r| {
        let columns = vec![
            Col::num(ctx.t("行", "Row")),
            Col::text(ctx.t("列", "Column")),
            Col::text(ctx.t("所填", "Found")),
            Col::text(ctx.t("原因", "What is wrong")),
        ];
        let mut table = Table::new(ctx.lang, "report", ctx.t("未导入原因", "Why nothing was imported"), columns);
        for p in &r.problems {
            table.row(vec![
                Cell::Int(p.row as i64),
                Cell::text(p.column_name(ctx.lang)),
                Cell::text(p.found.clone()),
                Cell::text(p.why.get(ctx.lang)),
            ]);
        }
        table
    });
    ctx.render(&ImportPage {
        p: ctx.page(ctx.t("批量导入订单", "Import orders")).crumb("/orders", ctx.t("订单", "Orders")),
        f,
        columns: COLUMNS.iter().map(|c| ctx.lang.t(c.0, c.1)).collect(),
        report: table,
        wrong: report.map_or(0, |r| r.problems.len()),
        rows: report.map_or(0, |r| r.rows),
        max_bytes: SHEET_BYTES_MAX,
    })
}

/// GET /orders/import
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    page(&ctx, Form::new(&ctx), None)
}

/// GET /orders/import/template: the heads, and one line that shows how.
pub async fn template(ctx: Ctx) -> Result<Response, AppError> {
    let columns = COLUMNS.iter().map(|c| Col::text(ctx.lang.t(c.0, c.1))).collect();
    let mut table = Table::new(ctx.lang, "template", "", columns);
    let example = ["", "svc_", "1", "12", &ctx.today().to_string()].map(Cell::text);
    table.row(example.into());
    ctx.export(&table, "orders-template", Export::Xlsx)
}

/// POST /orders/import
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let again = |message: String| {
        let errors = vec![FieldError { field: "file".into(), message }];
        page(&ctx, Form::again(&ctx, &data, errors), None)
    };
    let Some(upload) = data.upload("file") else {
        return again(ctx.t("请选择文件", "Choose a file").to_owned());
    };
    if upload.size_bytes > SHEET_BYTES_MAX {
        let (found_bytes, max_bytes) = (upload.size_bytes, SHEET_BYTES_MAX);
        return again(store::BlobError::TooLarge { found_bytes, max_bytes }.message(ctx.lang));
    }
    let (path, name) = (upload.path.to_path_buf(), upload.file_name.clone());
    let read = tokio::task::spawn_blocking(move || {
        let bytes = std::fs::read(path)?;
        Ok::<_, std::io::Error>(read_sheet(&name, &bytes, &COLUMNS))
    });
    let sheet = read.await.map_err(|_| store::StoreError::Panicked)?;
    let sheet = match sheet.map_err(|e| store::StoreError::io("reading an upload", e))? {
        Ok(sheet) => sheet,
        Err(e) => return again(e.message(ctx.lang)),
    };
    let provider_id = ctx.actor.org().to_owned();
    match ctx.submit(&data, |cx| Box::pin(import::run(cx, provider_id, sheet.rows))).await {
        Ok(report) if report.problems.is_empty() => {
            let n = report.orders.len();
            let said = match ctx.lang {
                kernel::Lang::Zh => format!("已导入 {n} 个订单，等待企业同意"),
                kernel::Lang::En if n == 1 => "1 order imported; the enterprise will accept it".to_owned(),
                kernel::Lang::En => format!("{n} orders imported; the enterprises will accept them"),
            };
            Ok(ctx.redirect_saying("/orders", &said))
        }
        Ok(report) => page(&ctx, Form::new(&ctx), Some(&report)),
        Err(e) => again_or_fail(e, ctx.lang, |errors| page(&ctx, Form::again(&ctx, &data, errors), None)),
    }
}
