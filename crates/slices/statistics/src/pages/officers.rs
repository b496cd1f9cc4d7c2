//! GET /board/officers: every cell, by district, with exports.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use jiff::civil::Date;
use kernel::DISTRICTS;
use web::{AppError, Cell, Col, Ctx, Html, Page, Table};

use super::public::{level_bars, map, months, named_bars, stats};
use super::{
    Asked, CutOff, district_name, district_table, figure_table, industry_name, level_table, month_table, scope,
    size_name, sub_item_table, target_table, with_status_of,
};
use crate::board::{self, Board, BoardCache};

#[derive(Template)]
#[template(path = "board/officers.html")]
struct Show {
    p: Page,
    as_of: Date,
    /// What the figures cover, in words.
    scope: String,
    one_district: bool,
    cut_off: CutOff,
    district: String,
    options: Vec<(String, String)>,
    stats: Vec<Html>,
    cartogram: Html,
    levels: Html,
    months: Html,
    industries: Html,
    sizes: Html,
    targets: Table,
    districts: Table,
    sub_items: Table,
    cells: Table,
}

/// District × industry × size.
fn cell_table(ctx: &Ctx, b: &Board, href: &str) -> Table {
    let columns = vec![
        Col::text(ctx.t("区", "District")),
        Col::text(ctx.t("行业", "Industry")),
        Col::text(ctx.t("规模", "Size")),
        Col::num(ctx.t("上云企业（家）", "Enterprises on the cloud")),
    ];
    let mut table =
        Table::new(ctx.lang, "cells", ctx.t("区 × 行业 × 规模", "District × industry × size"), columns).exports(href);
    for c in &b.cells {
        table.row(vec![
            Cell::text(district_name(ctx.lang, &c.district)),
            Cell::text(industry_name(ctx.lang, &c.industry)),
            Cell::text(size_name(ctx.lang, &c.size)),
            Cell::Int(c.enterprises),
        ]);
    }
    table
}

/// GET /board/officers
pub async fn get(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let cache = ctx.app.part::<BoardCache>();
    let (filter, wrong) = asked.filter_or_today(ctx.today());
    let district = filter.district.clone().unwrap_or_default();
    let b = ctx.read(|cx| Box::pin(async move { board::run(cx, &cache, filter).await })).await?;
    let href = format!("/board/officers?as_of={}&district={district}", b.as_of);
    let cells = cell_table(&ctx, &b, &href);
    if let Some(export) = asked.format {
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        let (targets, districts) = (target_table(&ctx, &b.targets), district_table(&ctx, &b, false));
        let tables = [
            figure_table(&ctx, &b, false),
            level_table(&ctx, &b, false),
            month_table(&ctx, &b, false),
            targets,
            districts,
            sub_item_table(&ctx, &b, false),
            cells,
        ];
        let stem = if district.is_empty() { "board-officers".to_owned() } else { format!("board-officers-{district}") };
        return ctx.export_all(&tables, &stem, export, b.as_of);
    }
    let as_of = b.as_of;
    let show = Show {
        p: ctx.page(ctx.t("监管看板", "Officers' board")),
        as_of,
        scope: scope(&ctx, &b),
        one_district: b.district.is_some(),
        cut_off: CutOff::of(&ctx, &asked, as_of, wrong.as_ref()),
        options: DISTRICTS.iter().map(|d| (d.code.to_owned(), d.name(ctx.lang).to_owned())).collect(),
        district,
        stats: stats(&ctx, &b, false),
        cartogram: map(&ctx, &b, false, |code| format!("/board/officers?as_of={as_of}&district={code}")),
        levels: level_bars(&ctx, &b, false),
        months: months(&ctx, &b, false),
        industries: named_bars(&ctx, &b.by_industry, false, |c| industry_name(ctx.lang, c)),
        sizes: named_bars(&ctx, &b.by_size, false, |c| size_name(ctx.lang, c)),
        targets: target_table(&ctx, &b.targets),
        districts: district_table(&ctx, &b, false),
        sub_items: sub_item_table(&ctx, &b, false),
        cells,
    };
    Ok(with_status_of(wrong, ctx.render(&show)?))
}
