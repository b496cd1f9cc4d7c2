//! `/usage/imports/{id}`: a bar while the file is read, then the report: rule, row, column, citation, and statements.

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query};
use axum::response::Response;
use kernel::{Lang, Text};
use serde::{Deserialize, Serialize};
use web::{AppError, Ctx, Export, Html, Page, Table, esc, notice, summary_list, tag};

use super::{import_tables, imports::source, plain, size, when};
use crate::Importing;
use crate::model::{BillImport, ImportResult, ImportState};
use crate::read;

/// Findings shown at a time; the file has all that are kept.
const FINDINGS_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "usage/import.html")]
struct ImportPage {
    p: Page,
    id: String,
    number: String,
    progress: Option<Progress>,
    refusal: Option<Html>,
    warning: Option<Html>,
    facts: Html,
    result: Option<Html>,
    breaches: Option<Table>,
    findings: Option<Table>,
    made: Option<Table>,
    corrections: Option<Table>,
    unknown_columns: String,
}

/// What the page's bar asks for every second.
#[derive(Serialize)]
pub struct Progress {
    state: &'static str,
    done: i64,
    total: i64,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

fn progress_of(ctx: &Ctx, i: &BillImport) -> Progress {
    let live = ctx.app.part::<Importing>().reached(&i.id);
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let (bytes, rows) = live.map_or((i.bytes_read, i.rows_read), |r| (count(r.bytes), count(r.rows)));
    let text = match ctx.lang {
        Lang::Zh => format!("已读 {} / {}，{rows} 行", size(bytes), size(i.size_bytes)),
        Lang::En => format!("{} of {} read, {rows} rows", size(bytes), size(i.size_bytes)),
    };
    let next = (i.state != ImportState::Running).then(|| format!("/usage/imports/{}", i.id));
    Progress { state: i.state.code(), done: bytes, total: i.size_bytes, text, next }
}

/// Query of the page.
#[derive(Deserialize)]
pub struct ImportQuery {
    after: Option<String>,
    /// How many findings come before those shown.
    findings_from: Option<usize>,
}

/// The import.
pub async fn get(ctx: Ctx, Path(id): Path<String>, Query(q): Query<ImportQuery>) -> Result<Response, AppError> {
    let (asked, after) = (id.clone(), q.after.clone());
    let view = ctx.read(|cx| Box::pin(async move { read::import_view(cx, &asked, after).await })).await?;
    let (lang, i) = (ctx.lang, &view.import);
    let here = format!("/usage/imports/{id}");
    let running = i.state == ImportState::Running;
    let done = i.state == ImportState::Done;
    let report = view.report.as_ref();
    let refusal = i.refusal.as_ref().map(|r| {
        let title = match lang {
            Lang::Zh => format!("文件未接收（{}），其中的数据均未计入", r.code),
            Lang::En => format!("The file was refused ({}); nothing of it counts", r.code),
        };
        notice("is-bad", &title, r.text.get(lang))
    });
    let hint: Option<&Text> = report.and_then(|r| r.hint.as_ref()).filter(|_| done);
    let made = done.then(|| {
        let next = view.statements.next.as_ref().map(|n| format!("{here}?after={n}"));
        import_tables::made(lang, &view.statements.items, &view.before).pages(q.after.map(|_| here.clone()), next)
    });
    let corrections = (!view.corrections.is_empty()).then(|| import_tables::corrections(lang, &view.corrections));
    ctx.render(&ImportPage {
        p: ctx
            .page(&i.number)
            .crumb("/usage", ctx.t("用云情况", "Use"))
            .crumb("/usage/imports", ctx.t("账单导入", "Bill imports")),
        number: i.number.clone(),
        progress: running.then(|| progress_of(&ctx, i)),
        refusal,
        warning: hint.map(|h| notice("is-warn", ctx.t("请留意", "Please note"), h.get(lang))),
        facts: facts(i, lang),
        result: i.result.as_ref().map(|r| result(r, lang)),
        breaches: report.map(|r| import_tables::breaches(lang, r)),
        findings: report.map(|r| {
            let from = q.findings_from.unwrap_or(0);
            let next = from.saturating_add(FINDINGS_SHOWN);
            let more = import_tables::findings_kept(r) > next;
            let at = |from: usize| format!("{here}?findings_from={from}#findings-title");
            import_tables::findings(lang, r, from, FINDINGS_SHOWN)
                .pages((from > 0).then(|| at(0)), more.then(|| at(next)))
                .exports(&format!("{here}/findings"))
        }),
        made,
        corrections,
        unknown_columns: report.map_or(String::new(), |r| r.unknown_columns.join(", ")),
        id,
    })
}

fn facts(i: &BillImport, lang: Lang) -> Html {
    let rows = match lang {
        Lang::Zh => format!("{} 行，计入 {} 行，不合格 {} 行", i.rows_read, i.rows_accepted, i.rows_rejected),
        Lang::En => format!("{} read, {} count, {} rejected", i.rows_read, i.rows_accepted, i.rows_rejected),
    };
    let mut facts = vec![
        (
            lang.t("文件", "File").to_owned(),
            plain(format!("{}{}{}", i.file_name, lang.t("，", ", "), size(i.size_bytes))),
        ),
        (lang.t("来源", "Source").to_owned(), plain(source(&i.profile, lang))),
        (lang.t("状态", "State").to_owned(), tag(i.state.tone(), i.state.label(lang))),
        (lang.t("数据行", "Rows").to_owned(), plain(rows)),
        (lang.t("上传时间", "Uploaded at").to_owned(), plain(when(i.uploaded_at))),
        (
            lang.t("文件摘要", "Digest").to_owned(),
            Html(format!("<span class=\"hash\">sha256 {}</span>", esc(&i.file_sha256))),
        ),
    ];
    if let Some(at) = i.finished_at {
        facts.insert(5, (lang.t("完成时间", "Finished at").to_owned(), plain(when(at))));
    }
    summary_list(&facts)
}

fn result(r: &ImportResult, lang: Lang) -> Html {
    let item = |label: &str, n: String, unit: &str| web::stat(label, &n, unit, None).0;
    let pieces = lang.t("条", "");
    let mut out = String::from("<ul class=\"stats\">");
    out += &item(lang.t("新账目", "New statements"), r.made.to_string(), pieces);
    out += &item(lang.t("取代旧账目", "In place of older ones"), r.superseded.to_string(), pieces);
    out += &item(lang.t("与已有相同", "Unchanged"), r.unchanged.to_string(), pieces);
    out += &item(lang.t("净额变化", "Change of net cost"), r.difference_fen.yuan(), lang.t("元", "yuan"));
    out += &item(lang.t("影响已兑付", "Under settlements"), r.corrections.to_string(), pieces);
    Html(out + "</ul>")
}

/// Where it stands, for the page's bar.
pub async fn progress(ctx: Ctx, Path(id): Path<String>) -> Result<Json<Progress>, AppError> {
    let import = ctx.read(|cx| Box::pin(async move { read::import(cx, &id).await })).await?;
    Ok(Json(progress_of(&ctx, &import)))
}

/// Query of the findings' file.
#[derive(Deserialize)]
pub struct FindingsQuery {
    format: Option<Export>,
}

/// All findings that are kept, as a file.
pub async fn findings(ctx: Ctx, Path(id): Path<String>, Query(q): Query<FindingsQuery>) -> Result<Response, AppError> {
    let view = ctx.read(|cx| Box::pin(async move { read::import_view(cx, &id, None).await })).await?;
    let report = view.report.ok_or(read::ReadError::NotFound)?;
    let table = import_tables::findings(ctx.lang, &report, 0, usize::MAX);
    ctx.export(&table, &format!("{}-findings", view.import.number), q.format.unwrap_or(Export::Xlsx))
}
