//! `/notices`: what is or was on public notice, newest first.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Page, Table};

use crate::view::{self, ViewError};

#[derive(Template)]
#[template(path = "casework/notices.html")]
struct Notices {
    p: Page,
    table: Table,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    before: String,
    format: Option<web::Export>,
}

pub(crate) async fn get(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let before = asked.before.split_once('~').map(|(day, id)| (day.to_owned(), id.to_owned()));
    let rows = if asked.format.is_some() { 5_000 } else { 30 };
    let page =
        ctx.read::<_, ViewError, _>(move |cx| Box::pin(async move { view::notices(cx, before, rows).await })).await?;
    let t = |zh, en| ctx.t(zh, en);
    let columns = vec![
        Col::text(t("企业", "Enterprise")),
        Col::text(t("统一社会信用代码", "Credit code")),
        Col::text(t("区", "District")),
        Col::text(t("拟购云服务", "Services")),
        Col::num(t("拟发券面额（元）", "Face value (yuan)")),
        Col::text(t("公示起", "From")),
        Col::text(t("公示止", "Until")),
        Col::text(t("状态", "State")),
    ];
    let mut table = Table::new(ctx.lang, "notices", t("公示", "Public notices"), columns);
    for n in &page.notices {
        let (tone, words) = n.notice.standing(page.today, ctx.lang);
        table.row(vec![
            Cell::link(format!("/notices/{}", n.notice.id), &n.org_name),
            Cell::text(&n.uscc),
            Cell::text(super::district_name(&n.district, ctx.lang)),
            Cell::text(super::services(n.sub_items.iter(), ctx.lang)),
            n.notice.amount_fen.map_or_else(|| Cell::Blank("–".to_owned()), Cell::Money),
            Cell::Date(Some(n.notice.published_on)),
            Cell::Date(Some(n.notice.ends_on)),
            Cell::tag(tone, words),
        ]);
    }
    let first = Some("/notices".to_owned()).filter(|_| !asked.before.is_empty());
    let next = page.next.map(|(day, id)| format!("/notices?before={day}~{id}"));
    let table = table.pages(first, next).exports("/notices").when_empty(t("目前没有公示。", "Nothing is on notice."));
    match asked.format {
        Some(format) => ctx.export(&table, "notices", format),
        None => ctx.render(&Notices { p: ctx.page(t("公示公告", "Public notices")), table }),
    }
}
