//! `/usage`: evidence levels of orders with their reasons, and monthly statements. An enterprise sees its own with the
//! ladder drawn; a provider its customers'; officers their district's or all.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::{EvidenceLevel, Lang, Role};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Html, Page, Table, evidence_ladder};

use super::{statement_table, sub_item};
use crate::read::{self, EXPORT_MAX, ReadError};
use crate::record_device_days::DeviceDay;
use crate::{LevelFilter, LevelRow, StatementFilter};

const ROWS: u32 = 50;
/// Days of devices on the page.
const DAYS: u32 = 14;
/// Days of devices in a file at most.
const DAYS_MAX: u32 = 10_000;

/// One order's evidence, drawn.
struct OrderCard {
    order_id: String,
    title: String,
    ladder: Html,
    reason: String,
    facts: String,
}

#[derive(Template)]
#[template(path = "usage/usage.html")]
struct UsagePage {
    p: Page,
    cards: Vec<OrderCard>,
    levels: Option<Table>,
    statements: Table,
    device_days: Option<Table>,
    months: String,
    enterprise: bool,
}

/// Query of the page.
#[derive(Deserialize)]
pub struct UsageQuery {
    /// Cursor of the levels.
    after: Option<String>,
    /// Cursor of the statements.
    stm: Option<String>,
    /// Only statements of this month.
    month: Option<String>,
    /// What a file holds: `levels`, `devices`, else statements.
    list: Option<String>,
    format: Option<Export>,
}

/// The page, or one of its lists as a file.
pub async fn get(ctx: Ctx, Query(q): Query<UsageQuery>) -> Result<Response, AppError> {
    let (limit, days_max) = if q.format.is_some() { (EXPORT_MAX, DAYS_MAX) } else { (ROWS, DAYS) };
    let month = q.month.as_deref().map(str::trim).filter(|m| !m.is_empty()).map(str::to_owned);
    let levels = LevelFilter { after: q.after.clone(), limit, ..LevelFilter::default() };
    let statements =
        StatementFilter { after: q.stm.clone(), month: month.clone(), limit, ..StatementFilter::default() };
    let (levels, statements, days) = ctx
        .read(|cx| {
            Box::pin(async move {
                let levels = read::levels(cx, levels).await?;
                let statements = read::statements(cx, statements).await?;
                Ok::<_, ReadError>((levels, statements, read::device_days(cx, days_max).await?))
            })
        })
        .await?;
    let enterprise = matches!(ctx.actor.role, Role::EnterpriseOwner | Role::EnterpriseMember);
    let may_import = ctx.may(kernel::Action::ViewImports, &kernel::Subject::none());
    let level_list = level_table(ctx.lang, &levels.items);
    let statement_list = statement_table(ctx.lang, &statements.items, !enterprise, may_import);
    match (q.format, q.list.as_deref()) {
        (Some(format), Some("levels")) => return ctx.export(&level_list, "evidence-levels", format),
        (Some(format), Some("devices")) => {
            return ctx.export(&device_table(ctx.lang, &days, !enterprise), "device-days", format);
        }
        (Some(format), _) => return ctx.export(&statement_list, "usage-statements", format),
        (None, _) => {}
    }
    let month_query = month.as_deref().map_or(String::new(), |m| format!("&month={m}"));
    let next = statements.next.map(|n| format!("/usage?stm={n}{month_query}"));
    let first = q.stm.map(|_| format!("/usage?{}", month_query.trim_start_matches('&')));
    let levels_next = levels.next.map(|n| format!("/usage?after={n}"));
    let cards = match enterprise {
        true => levels.items.iter().map(|l| card(l, ctx.lang)).collect(),
        false => Vec::new(),
    };
    let level_list = level_list.pages(q.after.map(|_| "/usage".to_owned()), levels_next).exports("/usage?list=levels");
    ctx.render(&UsagePage {
        p: ctx.page(ctx.t("用云情况", "Use of cloud services")),
        cards,
        levels: (!enterprise).then_some(level_list),
        statements: statement_list.pages(first, next).exports(&format!("/usage?list=statements{month_query}")),
        device_days: (!days.is_empty())
            .then(|| device_table(ctx.lang, &days, !enterprise).exports("/usage?list=devices")),
        months: month.unwrap_or_default(),
        enterprise,
    })
}

fn card(l: &LevelRow, lang: Lang) -> OrderCard {
    let a = &l.assessed;
    let day = a.assessed_on.map_or(String::new(), |d| d.to_string());
    let facts = match lang {
        Lang::Zh => format!("计量使用 {} 个月，净额 {} 元；{day} 评定。", a.months_metered, a.net_fen.yuan()),
        Lang::En => {
            format!("Metered for {} months, net cost {} yuan; assessed on {day}.", a.months_metered, a.net_fen.yuan())
        }
    };
    OrderCard {
        order_id: a.order_id.clone(),
        title: format!("{} · {} · {}", l.order_number, sub_item(&l.sub_item, lang), l.provider_name),
        ladder: evidence_ladder(lang, a.level, EvidenceLevel::L2, EvidenceLevel::L3),
        reason: a.reason.get(lang).to_owned(),
        facts,
    }
}

fn tone(level: EvidenceLevel) -> &'static str {
    match level {
        EvidenceLevel::L0 | EvidenceLevel::L1 => "is-warn",
        EvidenceLevel::L2 => "is-info",
        _ => "is-ok",
    }
}

fn level_table(lang: Lang, rows: &[LevelRow]) -> Table {
    let columns = vec![
        Col::text(lang.t("订单", "Order")),
        Col::text(lang.t("企业", "Enterprise")),
        Col::text(lang.t("服务商", "Provider")),
        Col::text(lang.t("上云子项", "Sub-item")),
        Col::text(lang.t("所在区", "District")),
        Col::text(lang.t("等级", "Level")),
        Col::text(lang.t("理由", "Reason")),
        Col::num(lang.t("计量月数", "Months metered")),
        Col::num(lang.t("净额（元）", "Net cost (yuan)")),
        Col::text(lang.t("评定日期", "Assessed on")),
    ];
    let mut table = Table::new(lang, "levels", lang.t("订单的用云证据等级", "Evidence of use by order"), columns)
        .when_empty(lang.t("还没有评定过的订单。", "No order has been assessed yet."));
    for l in rows {
        let a = &l.assessed;
        let district = l.district.as_deref().and_then(kernel::district).map_or("", |d| d.name(lang));
        table.row(vec![
            Cell::link(format!("/orders/{}", a.order_id), &l.order_number),
            Cell::text(&l.enterprise_name),
            Cell::text(&l.provider_name),
            Cell::text(sub_item(&l.sub_item, lang)),
            Cell::text(district),
            Cell::tag(tone(a.level), format!("{} {}", a.level.code(), a.level.label(lang))),
            Cell::text(a.reason.get(lang)),
            Cell::Int(i64::from(a.months_metered)),
            Cell::Money(a.net_fen),
            Cell::Date(a.assessed_on),
        ]);
    }
    table
}

fn device_table(lang: Lang, days: &[(DeviceDay, String)], whose: bool) -> Table {
    let mut columns = vec![Col::text(lang.t("日期", "Day"))];
    if whose {
        columns.push(Col::text(lang.t("企业", "Enterprise")));
    }
    columns.extend([
        Col::num(lang.t("上报设备", "Devices reporting")),
        Col::num(lang.t("登记设备", "Devices registered")),
        Col::num(lang.t("活跃设备小时", "Active device-hours")),
        Col::num(lang.t("数据点", "Readings")),
        Col::num(lang.t("占应报数据点", "Share of those expected")),
    ]);
    let mut table = Table::new(lang, "device-days", lang.t("设备每日上报", "Devices by day"), columns);
    for (d, name) in days {
        let mut cells = vec![Cell::Date(Some(d.day))];
        if whose {
            cells.push(Cell::text(name));
        }
        let share = d.share_bp().map(|bp| Cell::Percent(bp as f64 / 10_000.0));
        cells.extend([
            Cell::Int(d.devices_reporting),
            Cell::Int(d.devices_registered),
            Cell::Int(d.active_hours),
            Cell::Int(d.readings),
            share.unwrap_or_else(|| Cell::Blank(lang.t("未约定频率", "no rate agreed").to_owned())),
        ]);
        table.row(cells);
    }
    table
}
