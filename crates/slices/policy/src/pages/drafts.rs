//! Drafts of programmes, for those who draft.

use askama::Template;
use axum::response::Response;
use web::{AppError, Cell, Col, Ctx, Page, Table};

use crate::read;

#[derive(Template)]
#[template(path = "policy/drafts.html")]
struct Drafts {
    p: Page,
    table: Table,
}

/// GET /programmes/drafts
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    let drafts = ctx.read(|cx| Box::pin(read::drafts(cx))).await?;
    let columns = vec![
        Col::text(ctx.t("方案", "Programme")),
        Col::text(ctx.t("版本", "Version")),
        Col::text(ctx.t("实施期", "Period")),
        Col::text(ctx.t("起草", "Drafted")),
        Col::actions(ctx.t("操作", "What to do")),
    ];
    let none = ctx.t("没有草稿。", "There are no drafts.");
    let mut table = Table::new(ctx.lang, "drafts", ctx.t("方案草稿", "Drafts of programmes"), columns).when_empty(none);
    for d in drafts {
        let version = serde_urlencoded::to_string([("version", &d.version)]).unwrap_or_default();
        let links = format!(
            "<a class=\"btn btn-small\" href=\"/programmes/{id}/publish?{version}\">{}</a> \
             <a class=\"btn btn-quiet btn-small\" href=\"/programmes/new?from={id}&amp;{version}\">{}</a> \
             <a class=\"btn btn-quiet btn-small\" href=\"/programmes/{id}/discard?{version}\">{}</a>",
            ctx.t("核对并发布", "Check and publish"),
            ctx.t("修改", "Change"),
            ctx.t("废弃", "Discard"),
            id = web::esc(&d.id),
        );
        table.row(vec![
            Cell::link(format!("/programmes/{}?{version}", d.id), d.title.get(ctx.lang)),
            Cell::text(&d.version),
            Cell::text(format!("{} – {}", d.starts_on, d.ends_on)),
            Cell::Date(Some(kernel::beijing_date(d.drafted_at))),
            Cell::Html(web::Html(links)),
        ]);
    }
    let p = ctx.page(ctx.t("方案草稿", "Drafts")).crumb("/programmes", ctx.t("政策库", "Policies"));
    ctx.render(&Drafts { p, table })
}
