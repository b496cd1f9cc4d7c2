//! A service on offer: what it is, what it costs, what it cost before, how to order.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kernel::{Action, Fen, Subject, beijing_date};
use web::{AppError, Cell, Col, Ctx, Html, Page, Table, esc, summary_list};

use super::percent;
use super::search::words;
use crate::model::Service;
use crate::read::{self, ServicePage};
use crate::store;

#[derive(Template)]
#[template(path = "catalogue/service.html")]
struct Show {
    p: Page,
    id: String,
    name: String,
    text: String,
    facts: Html,
    versions: Table,
    may_order: bool,
    signed_in: bool,
}

fn facts(ctx: &Ctx, page: &ServicePage, span: Option<(Fen, Fen)>) -> Html {
    let offer = &page.service.offer;
    let sub_item = offer.sub_item();
    let per = format!("{}/{}·{}", ctx.t("元", "yuan"), words(ctx.lang, &offer.unit), ctx.t("月", "month"));
    let money = |f: Fen| Html(format!("<b class=\"num\">{}</b> {}", f.yuan(), esc(&per)));
    let text = |t: String| Html(esc(&t));
    let provider = &page.service.provider_id;
    let mut facts = vec![
        (
            ctx.t("服务商", "Provider").to_owned(),
            Html(format!("<a href=\"/catalogue/providers/{}\">{}</a>", esc(provider), esc(&page.provider_name))),
        ),
        (ctx.t("优惠后价格", "Price after discount").to_owned(), money(offer.price_fen())),
        (ctx.t("目录价", "List price").to_owned(), money(offer.list_price_fen)),
        (ctx.t("平台优惠", "The provider takes off").to_owned(), text(percent(offer.discount_bp))),
        (
            ctx.t("上云子项", "Sub-item").to_owned(),
            text(format!(
                "{} · {}",
                kernel::family(sub_item.family).map_or("", |f| f.name(ctx.lang)),
                sub_item.name(ctx.lang)
            )),
        ),
        (ctx.t("部署方式", "Deployment").to_owned(), text(offer.deployment.label(ctx.lang).to_owned())),
        (ctx.t("联系方式", "Contact").to_owned(), text(page.contact.clone())),
        (
            ctx.t("服务编号", "Service id").to_owned(),
            Html(format!("<span class=\"code\">{}</span>", esc(&page.service.id))),
        ),
    ];
    if let Some((low, high)) = span.filter(|(low, high)| low < high) {
        let words = ctx.t("同一子项的目录价", "List prices under this sub-item").to_owned();
        facts.push((words, text(format!("{} – {} {}", low.yuan(), high.yuan(), ctx.t("元", "yuan")))));
    }
    summary_list(&facts)
}

fn versions(ctx: &Ctx, all: &[Service]) -> Table {
    let columns = vec![
        Col::num(ctx.t("版本", "Version")),
        Col::text(ctx.t("自", "From")),
        Col::num(ctx.t("目录价（元）", "List price (yuan)")),
        Col::num(ctx.t("优惠", "Discount")),
        Col::num(ctx.t("优惠后（元）", "After discount (yuan)")),
    ];
    let mut table = Table::new(ctx.lang, "versions", ctx.t("价格变动", "Price changes"), columns);
    for s in all {
        table.row(vec![
            Cell::Int(s.version),
            Cell::Date(Some(beijing_date(s.at))),
            Cell::Money(s.offer.list_price_fen),
            Cell::text(percent(s.offer.discount_bp)),
            Cell::Money(s.offer.price_fen()),
        ]);
    }
    table
}

/// GET /catalogue/services/{id}
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let (page, span) = ctx
        .read(|cx| {
            Box::pin(async move {
                let page = read::service_page(cx, &id).await?;
                let span = store::price_span(cx, &page.service.offer.sub_item).await?;
                Ok::<_, read::ReadError>((page, span))
            })
        })
        .await?;
    let name = words(ctx.lang, &page.service.offer.name).to_owned();
    ctx.render(&Show {
        p: ctx.page(&name).crumb("/catalogue", ctx.t("服务商名录", "Cloud services")),
        id: page.service.id.clone(),
        text: words(ctx.lang, &page.service.offer.description).to_owned(),
        facts: facts(&ctx, &page, span),
        versions: versions(&ctx, &page.versions),
        may_order: ctx.may(Action::PlaceOrder, &Subject::none()),
        signed_in: ctx.actor.role != kernel::Role::Public,
        name,
    })
}
