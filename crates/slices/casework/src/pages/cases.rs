//! `/cases`: an enterprise's own applications.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Page, Table};

use crate::view::{self, ViewError};

const ROWS: u32 = 30;

#[derive(Template)]
#[template(path = "casework/cases.html")]
struct Cases {
    p: Page,
    table: Table,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    before: Option<String>,
    format: Option<Export>,
}

pub(crate) async fn get(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let (before, rows) = (asked.before.clone(), if asked.format.is_some() { 2_000 } else { ROWS });
    let page = ctx
        .read::<_, ViewError, _>(move |cx| Box::pin(async move { view::own(cx, before.as_deref(), rows).await }))
        .await?;
    let t = |zh, en| ctx.t(zh, en);
    let columns = vec![
        Col::text(t("编号", "Number")),
        Col::text(t("申请内容", "Services")),
        Col::text(t("状态", "State")),
        Col::text(t("办理人", "Held by")),
        Col::text(t("时限", "Due")),
        Col::num(t("预计合同额（元）", "Contract (yuan)")),
    ];
    let mut table = Table::new(ctx.lang, "cases", t("我的申请", "My applications"), columns);
    let today = ctx.today();
    for c in &page.cases {
        let number = c.number.as_deref().unwrap_or(t("草稿", "Draft"));
        let due = match c.due {
            Some(d) if c.is_overdue(today) => Cell::tag("is-bad", format!("{} {}", d.on, t("已超期", "overdue"))),
            Some(d) => Cell::Date(Some(d.on)),
            None => Cell::Blank("–".to_owned()),
        };
        table.row(vec![
            Cell::link(format!("/cases/{}", c.id), number),
            Cell::text(super::services(c.form.sub_items.iter(), ctx.lang)),
            Cell::tag(super::tone(c.state), c.state.public(ctx.lang)),
            Cell::text(c.state.holder().label(ctx.lang)),
            due,
            c.form.contract_fen.map_or_else(|| Cell::Blank("–".to_owned()), Cell::Money),
        ]);
    }
    let first = asked.before.map(|_| "/cases".to_owned());
    let next = page.next.map(|id| format!("/cases?before={id}"));
    let nothing =
        t("还没有申请。可以从一个正在受理的批次开始。", "No applications yet. Begin with a batch that is open.");
    let table = table.pages(first, next).exports("/cases").when_empty(nothing);
    match asked.format {
        Some(format) => ctx.export(&table, "cases", format),
        None => ctx.render(&Cases { p: ctx.page(t("我的申请", "My applications")), table }),
    }
}
