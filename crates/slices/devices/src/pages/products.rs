//! `/products`: what devices of one make have in common.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::{Action, Subject};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Page, Table};

use super::when;
use crate::read;

const PAGE_SIZE: u32 = 100;

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Params {
    after: String,
    format: Option<Export>,
}

#[derive(Template)]
#[template(path = "devices/products.html")]
struct List {
    p: Page,
    table: Table,
    may_manage: bool,
}

/// GET /products
pub async fn get(ctx: Ctx, Query(asked): Query<Params>) -> Result<Response, AppError> {
    let (after, limit) = (asked.after.clone(), if asked.format.is_some() { 10_000 } else { PAGE_SIZE + 1 });
    let mut rows = ctx.read(|cx| Box::pin(async move { read::product_list(cx, &after, limit).await })).await?;
    let more = asked.format.is_none() && rows.len() > PAGE_SIZE as usize;
    if asked.format.is_none() {
        rows.truncate(PAGE_SIZE as usize);
    }
    let next = rows.last().filter(|_| more).map(|r| format!("/products?after={}", r.product.id));
    let first = (!asked.after.is_empty()).then(|| "/products".to_owned());
    let columns = vec![
        Col::text(ctx.t("产品", "Product")),
        Col::num(ctx.t("物模型版本", "Model version")),
        Col::num(ctx.t("设备数", "Devices")),
        Col::text(ctx.t("说明", "What it is")),
        Col::text(ctx.t("更新时间", "Changed")),
    ];
    let mut table = Table::new(ctx.lang, "products", ctx.t("产品", "Products"), columns)
        .exports("/products")
        .pages(first, next)
        .when_empty(ctx.t("还没有产品。", "There is no product yet."));
    for r in rows {
        table.row(vec![
            Cell::link(format!("/products/{}", r.product.id), r.product.name),
            Cell::Int(i64::from(r.product.version)),
            Cell::Int(r.devices),
            Cell::text(r.product.intro),
            Cell::text(when(r.product.updated_at)),
        ]);
    }
    if let Some(format) = asked.format {
        return ctx.export(&table, "products", format);
    }
    let may_manage = ctx.may(Action::ManageDevices, &Subject::none());
    ctx.render(&List { p: ctx.page(ctx.t("产品", "Products")), table, may_manage })
}
