//! A product: its thing model, every version of it, and publishing the next.

use askama::Template;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::{Action, Lang, Subject};
use things::{EventLevel, Kind, Model};
use web::{AppError, Cell, Col, Ctx, Form, FormData, Page, Table, again_or_fail};

use super::{own_org, submit, when};
use crate::publish_model::{self, PublishModel};
use crate::read::{self, ProductPage};

#[derive(Template)]
#[template(path = "devices/product.html")]
struct Show {
    p: Page,
    f: Form,
    action: String,
    id: String,
    name: String,
    intro: String,
    version: u32,
    keeps: bool,
    properties: Table,
    others: Table,
    versions: Table,
    may_manage: bool,
}

#[derive(Template)]
#[template(path = "devices/product_new.html")]
struct New {
    p: Page,
    f: Form,
}

/// What a person begins with.
const EXAMPLE: &str = r#"{
  "format": "yunjin-thing-model/1",
  "undeclared": "refuse",
  "properties": [
    {"name": "temperature", "label": {"zh": "温度", "en": "Temperature"}, "type": "number", "unit": "°C", "min": -40, "max": 200, "report_every_s": 10},
    {"name": "running", "label": {"zh": "运行", "en": "Running"}, "type": "flag"}
  ],
  "commands": []
}"#;

fn new_page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    let p = ctx.page(ctx.t("新建产品", "New product")).crumb("/products", ctx.t("产品", "Products"));
    ctx.render(&New { p, f })
}

/// GET /products/new
pub async fn get_new(ctx: Ctx) -> Result<Response, AppError> {
    own_org(&ctx)?;
    new_page(&ctx, Form::new(&ctx).with("model_json", EXAMPLE))
}

fn typed(data: &FormData, product_id: Option<String>, org_id: String) -> PublishModel {
    PublishModel {
        product_id,
        org_id,
        name: data.get("name").to_owned(),
        intro: data.get("intro").to_owned(),
        model_json: data.get("model_json").to_owned(),
        note: data.get("note").to_owned(),
        move_devices: data.get("move_devices") == "1",
    }
}

/// POST /products/new
pub async fn post_new(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let cmd = typed(&data, None, own_org(&ctx)?);
    match submit(&ctx, &data, |cx| Box::pin(publish_model::run(cx, cmd))).await {
        Ok(done) => Ok(ctx.redirect_saying(&format!("/products/{}", done.product.id), ctx.t("已建立", "Made"))),
        Err(e) => again_or_fail(e, ctx.lang, |errors| new_page(&ctx, Form::again(&ctx, &data, errors))),
    }
}

async fn found(ctx: &Ctx, id: &str) -> Result<ProductPage, AppError> {
    let id = id.to_owned();
    Ok(ctx.read(|cx| Box::pin(async move { read::product_page(cx, &id).await })).await?)
}

fn kind_words(lang: Lang, kind: &Kind) -> String {
    let bound = |b: &Option<f64>| b.map_or("…".to_owned(), |b| b.to_string());
    match kind {
        Kind::Number { min: None, max: None, .. } => lang.t("数值", "number").to_owned(),
        Kind::Number { min, max, .. } => format!("{} {}–{}", lang.t("数值", "number"), bound(min), bound(max)),
        Kind::Flag => lang.t("开关", "flag").to_owned(),
        Kind::Text { bytes_max } => format!("{} ≤ {bytes_max} B", lang.t("文本", "text")),
    }
}

fn properties(ctx: &Ctx, model: &Model) -> Table {
    let columns = vec![
        Col::text(ctx.t("标识", "Name")),
        Col::text(ctx.t("名称", "Label")),
        Col::text(ctx.t("类型与范围", "Type and range")),
        Col::text(ctx.t("单位", "Unit")),
        Col::text(ctx.t("上报周期", "Reported every")),
        Col::text(ctx.t("可设置", "Can be set")),
    ];
    let mut table = Table::new(ctx.lang, "properties", ctx.t("属性", "Properties"), columns)
        .when_empty(ctx.t("没有声明属性。", "No property is declared."));
    for p in model.properties() {
        table.row(vec![
            Cell::text(p.name.clone()),
            Cell::text(p.label.get(ctx.lang)),
            Cell::text(kind_words(ctx.lang, &p.kind)),
            Cell::text(p.kind.unit()),
            p.report_every_s
                .map_or_else(|| Cell::Blank("–".into()), |s| Cell::text(format!("{s} {}", ctx.t("秒", "s")))),
            if p.writable { Cell::tag("is-info", ctx.t("可写", "Yes")) } else { Cell::Blank("–".into()) },
        ]);
    }
    table
}

/// Events and commands.
fn others(ctx: &Ctx, model: &Model) -> Table {
    let columns = vec![
        Col::text(ctx.t("种类", "Kind")),
        Col::text(ctx.t("标识", "Name")),
        Col::text(ctx.t("名称", "Label")),
        Col::text(ctx.t("参数", "Fields")),
    ];
    let mut table = Table::new(ctx.lang, "others", ctx.t("事件与命令", "Events and commands"), columns)
        .when_empty(ctx.t("没有声明事件或命令。", "No event and no command is declared."));
    let fields = |all: &[things::Field]| all.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", ");
    for e in model.events() {
        let tone = match e.level {
            EventLevel::Info => "is-info",
            EventLevel::Warning => "is-warn",
            EventLevel::Error => "is-bad",
        };
        let (label, given) = (Cell::text(e.label.get(ctx.lang)), Cell::text(fields(&e.fields)));
        table.row(vec![Cell::tag(tone, ctx.t("事件", "Event")), Cell::text(e.name.clone()), label, given]);
    }
    for c in model.commands() {
        let (label, given) = (Cell::text(c.label.get(ctx.lang)), Cell::text(fields(&c.inputs)));
        table.row(vec![Cell::text(ctx.t("命令", "Command")), Cell::text(c.name.clone()), label, given]);
    }
    table
}

fn versions(ctx: &Ctx, page: &ProductPage) -> Table {
    let columns = vec![
        Col::num(ctx.t("版本", "Version")),
        Col::text(ctx.t("发布时间", "Published")),
        Col::text(ctx.t("发布人", "By")),
        Col::text(ctx.t("说明", "What is new")),
        Col::num(ctx.t("设备数", "Devices")),
        Col::actions(ctx.t("文件", "File")),
    ];
    let mut table = Table::new(ctx.lang, "versions", ctx.t("物模型版本", "Versions of the model"), columns);
    for v in &page.versions {
        let devices = page.devices.iter().find(|(version, _)| *version == v.version).map_or(0, |(_, n)| *n);
        table.row(vec![
            Cell::Int(i64::from(v.version)),
            Cell::text(when(v.at)),
            Cell::text(v.by_name.clone()),
            Cell::text(v.note.clone()),
            Cell::Int(devices),
            Cell::link(format!("/products/{}/models/{}", v.product_id, v.version), ctx.t("下载 JSON", "Download JSON")),
        ]);
    }
    table
}

fn page(ctx: &Ctx, found: &ProductPage, f: Form) -> Result<Response, AppError> {
    let latest = found.versions.first().and_then(|v| Model::from_json(&v.model_json).ok());
    let model = latest.unwrap_or_else(Model::keep_all);
    let product = &found.product;
    ctx.render(&Show {
        p: ctx.page(&product.name).crumb("/products", ctx.t("产品", "Products")),
        f,
        action: format!("/products/{}", product.id),
        id: product.id.clone(),
        name: product.name.clone(),
        intro: product.intro.clone(),
        version: product.version,
        keeps: model.keeps_undeclared(),
        properties: properties(ctx, &model),
        others: others(ctx, &model),
        versions: versions(ctx, found),
        may_manage: ctx.may(Action::ManageDevices, &Subject::org(&product.org_id)),
    })
}

/// GET /products/{id}
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let found = found(&ctx, &id).await?;
    let latest = found.versions.first().map_or("", |v| v.model_json.as_str());
    let f = Form::new(&ctx)
        .with("name", &*found.product.name)
        .with("intro", &*found.product.intro)
        .with("model_json", latest)
        .with("move_devices", "1");
    page(&ctx, &found, f)
}

/// POST /products/{id}
pub async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let cmd = typed(&data, Some(id.clone()), own_org(&ctx)?);
    match submit(&ctx, &data, |cx| Box::pin(publish_model::run(cx, cmd))).await {
        Ok(done) => {
            let line = match ctx.lang {
                Lang::Zh => format!("已发布第 {} 版，{} 台设备改用新版", done.product.version, done.moved),
                Lang::En => {
                    format!("Version {} is published; {} devices moved to it", done.product.version, done.moved)
                }
            };
            Ok(ctx.redirect_saying(&format!("/products/{id}"), &line))
        }
        Err(e) => {
            let found = found(&ctx, &id).await?;
            again_or_fail(e, ctx.lang, |errors| page(&ctx, &found, Form::again(&ctx, &data, errors)))
        }
    }
}

/// GET /products/{id}/models/{version}: the model as a file.
pub async fn model(ctx: Ctx, Path((id, version)): Path<(String, u32)>) -> Result<Response, AppError> {
    let found = found(&ctx, &id).await?;
    let row = found.versions.into_iter().find(|v| v.version == version).ok_or_else(AppError::not_found)?;
    let disposition = format!("attachment; filename=\"{id}-v{version}.json\"");
    let heads = [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((heads, row.model_json).into_response())
}
