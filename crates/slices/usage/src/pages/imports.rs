//! `/usage/imports`: the list of bill imports and the upload form, with each source's profile explained.

use std::sync::Arc;

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use focus::Profile;
use kernel::{Action, Lang, Role, Subject};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, FieldError, Form, FormData, Page, Table, Upload, again_or_fail};

use super::{size, when};
use crate::import::begin::{self, Begin, Begun};
use crate::model::ImportState;
use crate::read::{self, EXPORT_MAX, ReadError};
use crate::{ImportFilter, ImportRow, Importing};

const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "usage/imports.html")]
struct ImportsPage {
    p: Page,
    f: Form,
    may_import: bool,
    providers: Vec<(String, String)>,
    profiles: Vec<(String, String)>,
    upload_bytes_max: u64,
    upload_mib_max: u64,
    sources: Table,
    table: Table,
}

/// Query of the page.
#[derive(Deserialize, Default)]
pub struct ImportsQuery {
    after: Option<String>,
    state: Option<String>,
    format: Option<Export>,
}

/// The page, or its list as a file.
pub async fn get(ctx: Ctx, Query(q): Query<ImportsQuery>) -> Result<Response, AppError> {
    let form = Form::new(&ctx);
    page(&ctx, q, form).await
}

async fn page(ctx: &Ctx, q: ImportsQuery, f: Form) -> Result<Response, AppError> {
    let limit = if q.format.is_some() { EXPORT_MAX } else { ROWS };
    let state = q.state.as_deref().and_then(ImportState::from_code);
    let filter = ImportFilter { after: q.after.clone(), state, limit, ..ImportFilter::default() };
    let chooses = chooses_provider(ctx);
    let (found, providers) = ctx
        .read(|cx| {
            Box::pin(async move {
                let providers = if chooses { read::providers(cx).await? } else { Vec::new() };
                Ok::<_, ReadError>((read::imports(cx, filter).await?, providers))
            })
        })
        .await?;
    let table = table(ctx.lang, &found.items);
    if let Some(format) = q.format {
        return ctx.export(&table, "bill-imports", format);
    }
    let next = found.next.map(|n| format!("/usage/imports?after={n}"));
    let first = q.after.map(|_| "/usage/imports".to_owned());
    let bundled: Vec<Profile> = Profile::ids().filter_map(|id| Profile::bundled(id).ok()).collect();
    ctx.render(&ImportsPage {
        p: ctx.page(ctx.t("账单导入", "Bill imports")).crumb("/usage", ctx.t("用云情况", "Use")),
        f,
        may_import: ctx.may(Action::ImportBills, &Subject::none()),
        providers,
        profiles: bundled.iter().map(|p| (p.id.clone(), p.title.get(ctx.lang).to_owned())).collect(),
        upload_bytes_max: ctx.app.upload_bytes_max,
        upload_mib_max: ctx.app.upload_bytes_max >> 20,
        sources: sources(ctx.lang, &bundled),
        table: table.pages(first, next).exports("/usage/imports"),
    })
}

/// An officer of the city imports for a provider; a provider for itself.
fn chooses_provider(ctx: &Ctx) -> bool {
    ctx.actor.role == Role::CityOfficer
}

fn table(lang: Lang, rows: &[ImportRow]) -> Table {
    let columns = vec![
        Col::text(lang.t("编号", "Number")),
        Col::text(lang.t("文件", "File")),
        Col::text(lang.t("服务商", "Provider")),
        Col::text(lang.t("来源", "Source")),
        Col::text(lang.t("状态", "State")),
        Col::num(lang.t("数据行", "Rows")),
        Col::num(lang.t("不合格行", "Rejected rows")),
        Col::text(lang.t("大小", "Size")),
        Col::text(lang.t("上传时间", "Uploaded at")),
    ];
    let mut table = Table::new(lang, "imports", lang.t("账单导入", "Bill imports"), columns)
        .when_empty(lang.t("还没有导入过账单。", "No bill has been imported yet."));
    for r in rows {
        let i = &r.import;
        table.row(vec![
            Cell::link(format!("/usage/imports/{}", i.id), &i.number),
            Cell::text(&i.file_name),
            Cell::text(&r.provider_name),
            Cell::text(source(&i.profile, lang)),
            Cell::tag(i.state.tone(), i.state.label(lang)),
            Cell::Int(i.rows_read),
            Cell::Int(i.rows_rejected),
            Cell::text(size(i.size_bytes)),
            Cell::text(when(i.uploaded_at)),
        ]);
    }
    table
}

/// A profile's title.
pub(crate) fn source(profile: &str, lang: Lang) -> String {
    Profile::bundled(profile).map_or_else(|_| profile.to_owned(), |p| p.title.get(lang).to_owned())
}

/// What is known of each source, from its profile.
fn sources(lang: Lang, profiles: &[Profile]) -> Table {
    let columns = vec![
        Col::text(lang.t("来源", "Source")),
        Col::text("FOCUS"),
        Col::text(lang.t("币种", "Currencies")),
        Col::text(lang.t("时段结束", "Period ends")),
        Col::text(lang.t("最高证据等级", "Proves at most")),
        Col::text(lang.t("已知的差异", "Known differences")),
    ];
    let mut table = Table::new(lang, "sources", lang.t("账单来源说明", "Sources explained"), columns);
    for p in profiles {
        let ends = match p.period_end {
            focus::PeriodEnd::Exclusive => lang.t("不含（按规范）", "exclusive, as specified"),
            focus::PeriodEnd::InclusiveSecond => lang.t("含最后一秒（:59）", "inclusive, at :59"),
        };
        let mut known: Vec<&str> = p.allow.iter().map(|a| a.reason.get(lang)).collect();
        known.push(p.evidence.reason.get(lang));
        table.row(vec![
            Cell::text(p.title.get(lang)),
            Cell::text(&p.focus_version),
            Cell::text(p.currencies.join(", ")),
            Cell::text(ends),
            Cell::text(p.evidence.cap.code()),
            Cell::text(known.join(" ")),
        ]);
    }
    table
}

/// Takes an upload over and begins to read it.
pub async fn post(ctx: Ctx, mut data: FormData) -> Result<Response, AppError> {
    let (key, content) = (data.key(), data.fingerprint());
    let mut check = data.check(ctx.lang);
    let provider_id = if chooses_provider(&ctx) { check.text("provider_id") } else { ctx.actor.org().to_owned() };
    let profiles: Vec<&str> = Profile::ids().collect();
    let profile = check.one_of("profile", &profiles);
    check.file("file");
    let errors = check.errors();
    if !errors.is_empty() {
        return again(&ctx, &data, errors).await;
    }
    let upload = data.take_upload("file").expect("checked above");
    match begin_upload(&ctx, upload, provider_id, profile, &key, &content).await {
        Ok(begun) => Ok(ctx.redirect(&format!("/usage/imports/{}", begun.import_id))),
        Err(e) => {
            let mut errors = Vec::new();
            let shown = again_or_fail(e, ctx.lang, |found| {
                errors = found;
                Ok(Response::default())
            })?;
            let mut response = again(&ctx, &data, errors).await?;
            *response.status_mut() = shown.status();
            Ok(response)
        }
    }
}

async fn again(ctx: &Ctx, data: &FormData, errors: Vec<FieldError>) -> Result<Response, AppError> {
    page(ctx, ImportsQuery::default(), Form::again(ctx, data, errors)).await
}

/// Keeps an upload as evidence, enters it and begins to read it: for the page and the API.
pub(crate) async fn begin_upload(
    ctx: &Ctx,
    upload: Upload,
    provider_id: String,
    profile: String,
    key: &str,
    content: &str,
) -> Result<Begun, AppError> {
    // Asked before the file is taken over, so that a stranger leaves nothing on the disk.
    if !ctx.may(Action::ImportBills, &Subject::org(&provider_id)) {
        return Err(AppError::forbidden());
    }
    let importing: Arc<Importing> = ctx.app.part::<Importing>();
    let cmd = Begin {
        provider_id,
        profile,
        file_name: upload.file_name.clone(),
        file_sha256: upload.sha256.clone(),
        size_bytes: upload.size_bytes,
    };
    let keeper = importing.clone();
    let kept = tokio::task::spawn_blocking(move || keeper.keep(upload.path, &upload.sha256)).await;
    kept.map_err(|_| store::StoreError::Panicked)?
        .map_err(|e| store::StoreError::io("keeping a bill as evidence", e))?;
    let begun = ctx.submit_keyed(key, content, move |cx| Box::pin(async move { begin::run(cx, cmd).await })).await?;
    importing.spawn(&ctx.app.db, &begun.import_id);
    Ok(begun)
}
