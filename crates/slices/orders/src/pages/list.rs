//! Orders, for the enterprise, the provider and the officers: each sees its own.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::{Action, Fen, Role, Subject, Text, beijing_date};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Page, Table};

use super::{tone, words};
use crate::model::OrderState;
use crate::read;
use crate::store::{OrderFilter, OrderRow};

const PAGE_SIZE: u32 = 30;
const EXPORT_MAX: u32 = 50_000;

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Params {
    state: String,
    number: String,
    after: String,
    format: Option<Export>,
}

struct Chip {
    href: String,
    label: String,
    orders: i64,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "orders/list.html")]
struct List {
    p: Page,
    number: String,
    state: String,
    chips: Vec<Chip>,
    public_sum: String,
    table: Table,
    may_import: bool,
    is_enterprise: bool,
}

fn columns(ctx: &Ctx) -> Vec<Col> {
    vec![
        Col::text(ctx.t("订单编号", "Order")),
        Col::text(ctx.t("企业", "Enterprise")),
        Col::text(ctx.t("服务商", "Provider")),
        Col::text(ctx.t("服务", "Service")),
        Col::num(ctx.t("目录金额（元）", "List amount (yuan)")),
        Col::num(ctx.t("平台降（元）", "Platform takes off (yuan)")),
        Col::num(ctx.t("政府补（元）", "Public pays (yuan)")),
        Col::num(ctx.t("企业出（元）", "Enterprise pays (yuan)")),
        Col::text(ctx.t("状态", "State")),
        Col::text(ctx.t("下单日期", "Placed")),
    ]
}

fn cells(ctx: &Ctx, row: &OrderRow) -> Vec<Cell> {
    let o = &row.order;
    let service = Text::new(row.service_zh.clone(), row.service_en.clone());
    vec![
        Cell::link(format!("/orders/{}", o.id), o.number.clone()),
        Cell::text(row.enterprise_name.clone()),
        Cell::text(row.provider_name.clone()),
        Cell::text(words(ctx.lang, &service)),
        Cell::Money(o.list_fen),
        Cell::Money(o.platform_share_fen),
        Cell::Money(o.public_share_fen),
        Cell::Money(o.own_share_fen),
        Cell::tag(tone(o.state), o.state.label(ctx.lang)),
        Cell::Date(Some(beijing_date(o.placed_at))),
    ]
}

/// What will be here, for who sees the list for the first time.
fn nothing_yet(ctx: &Ctx) -> &'static str {
    match ctx.actor.role {
        Role::EnterpriseOwner | Role::EnterpriseMember => ctx.lang.t(
            "还没有订单。在服务商名录选定服务并下单后，订单的进展、合同、发票和付款都在这里。",
            "No orders yet. Once you have chosen a service and ordered it, its progress and its papers will be here.",
        ),
        Role::Provider => ctx.lang.t(
            "还没有订单。企业向贵单位下单后，在这里确认订单并登记合同、发票和付款。",
            "No orders yet. When an enterprise orders from you, you confirm it here and record its papers.",
        ),
        _ => ctx
            .lang
            .t("还没有订单。企业下单后会列在这里。", "No orders yet. They will be listed here as enterprises order."),
    }
}

fn address(asked: &Params) -> String {
    let mut pairs = Vec::new();
    for (name, value) in [("state", &asked.state), ("number", &asked.number)] {
        if !value.is_empty() {
            pairs.push((name, value.as_str()));
        }
    }
    match serde_urlencoded::to_string(&pairs) {
        Ok(q) if !q.is_empty() => format!("/orders?{q}"),
        _ => "/orders".to_owned(),
    }
}

/// GET /orders
pub async fn get(ctx: Ctx, Query(asked): Query<Params>) -> Result<Response, AppError> {
    let some = |t: &str| (!t.trim().is_empty()).then(|| t.trim().to_owned());
    let filter = OrderFilter {
        state: OrderState::from_code(&asked.state),
        number: some(&asked.number),
        after: some(&asked.after),
        limit: if asked.format.is_some() { EXPORT_MAX } else { PAGE_SIZE + 1 },
        ..OrderFilter::default()
    };
    let totals_of = OrderFilter { number: None, ..filter.clone() };
    let (mut rows, totals) = ctx
        .read(|cx| {
            Box::pin(async move {
                let rows = read::list(cx, filter).await?;
                Ok::<_, read::ReadError>((rows, read::totals(cx, totals_of).await?))
            })
        })
        .await?;
    let more = asked.format.is_none() && rows.len() > PAGE_SIZE as usize;
    if asked.format.is_none() {
        rows.truncate(PAGE_SIZE as usize);
    }
    let here = address(&asked);
    let join = if here.contains('?') { '&' } else { '?' };
    let next = more.then(|| rows.last().map(|r| format!("{here}{join}after={}", r.order.id))).flatten();
    let first = (!asked.after.is_empty()).then(|| here.clone());
    let mut table =
        Table::new(ctx.lang, "orders", ctx.t("订单", "Orders"), columns(&ctx)).exports(&here).pages(first, next);
    if totals.iter().all(|t| t.orders == 0) && asked.number.is_empty() && asked.state.is_empty() {
        table = table.when_empty(nothing_yet(&ctx));
    }
    rows.iter().for_each(|r| table.row(cells(&ctx, r)));
    if let Some(format) = asked.format {
        return ctx.export(&table, "orders", format);
    }
    let live = totals.iter().filter(|t| !t.state.is_off() && t.state != OrderState::Proposed);
    let public: Fen = live.map(|t| t.public_share_fen).sum();
    let chips = totals.iter().map(|t| {
        let chosen = asked.state == t.state.code();
        let href = if chosen { "/orders".into() } else { format!("/orders?state={}", t.state.code()) };
        Chip { href, label: t.state.label(ctx.lang).to_owned(), orders: t.orders, chosen }
    });
    ctx.render(&List {
        p: ctx.page(ctx.t("订单", "Orders")),
        chips: chips.collect(),
        public_sum: public.yuan(),
        table,
        may_import: ctx.may(Action::ImportOrders, &Subject::none()) && ctx.actor.role == Role::Provider,
        is_enterprise: ctx.may(Action::PlaceOrder, &Subject::none()),
        number: asked.number,
        state: asked.state,
    })
}
