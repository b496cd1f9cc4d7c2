//! A listed provider: who it is, what it promises, what it offers.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kernel::beijing_date;
use web::{AppError, Cell, Col, Ctx, Html, Page, Table, esc, summary_list};

use super::percent;
use super::search::words;
use crate::model::Service;
use crate::read;

#[derive(Template)]
#[template(path = "catalogue/provider.html")]
struct Show {
    p: Page,
    name: String,
    intro: String,
    facts: Html,
    services: Table,
}

/// The services of a provider as a list.
pub(crate) fn services(ctx: &Ctx, all: &[Service]) -> Table {
    let columns = vec![
        Col::text(ctx.t("服务", "Service")),
        Col::text(ctx.t("上云子项", "Sub-item")),
        Col::text(ctx.t("部署方式", "Deployment")),
        Col::text(ctx.t("单位", "Unit")),
        Col::num(ctx.t("目录价（元/月）", "List price (yuan a month)")),
        Col::num(ctx.t("优惠", "Discount")),
        Col::num(ctx.t("优惠后（元/月）", "After discount (yuan a month)")),
    ];
    let mut table = Table::new(ctx.lang, "services", ctx.t("服务", "Services"), columns);
    for s in all {
        table.row(vec![
            Cell::link(format!("/catalogue/services/{}", s.id), words(ctx.lang, &s.offer.name)),
            Cell::text(s.offer.sub_item().name(ctx.lang)),
            Cell::text(s.offer.deployment.label(ctx.lang)),
            Cell::text(words(ctx.lang, &s.offer.unit)),
            Cell::Money(s.offer.list_price_fen),
            Cell::text(percent(s.offer.discount_bp)),
            Cell::Money(s.offer.price_fen()),
        ]);
    }
    table
}

/// GET /catalogue/providers/{id}
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let found = ctx.read(|cx| Box::pin(async move { read::provider_page(cx, &id).await })).await?;
    let l = &found.listing;
    let text = |t: String| Html(esc(&t));
    let facts = summary_list(&[
        (ctx.t("承诺优惠", "Promised discount").to_owned(), text(percent(l.discount_bp))),
        (ctx.t("联系方式", "Contact").to_owned(), text(l.contact.clone())),
        (ctx.t("资料更新", "Updated").to_owned(), text(beijing_date(l.updated_at).to_string())),
    ]);
    ctx.render(&Show {
        p: ctx.page(&found.name).crumb("/catalogue", ctx.t("服务商名录", "Cloud services")),
        intro: words(ctx.lang, &l.intro).to_owned(),
        facts,
        services: services(&ctx, &found.services),
        name: found.name,
    })
}
