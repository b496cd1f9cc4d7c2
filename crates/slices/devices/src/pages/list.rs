//! `/devices`: the tree of places beside the list, searched and paged by the server, so that tens of thousands are one page each.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::{Action, Subject};
use serde::Deserialize;
use things::Directory;
use web::{AppError, Cell, Col, Ctx, Export, Html, Page, Table, esc};

use super::{device_tone, query, when_us};
use crate::model::{DeviceState, Place};
use crate::read::{self, DeviceFilter, DeviceRow};

const PAGE_SIZE: u32 = 50;
const EXPORT_MAX: u32 = 100_000;
/// Places shown at once; a tree of more is narrowed by choosing a branch.
const PLACES_MAX: usize = 400;

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Params {
    q: String,
    place: String,
    product: String,
    gateway: String,
    state: String,
    after: String,
    after_id: String,
    format: Option<Export>,
}

#[derive(Template)]
#[template(path = "devices/list.html")]
struct List {
    p: Page,
    q: String,
    place: String,
    state: String,
    states: Vec<(String, String)>,
    tree: Html,
    count: i64,
    table: Table,
    may_manage: bool,
}

fn filter(asked: &Params) -> DeviceFilter {
    let some = |t: &str| Some(t.trim().to_owned()).filter(|t| !t.is_empty());
    DeviceFilter {
        org_id: None,
        words: some(&asked.q),
        place: some(&asked.place),
        product_id: some(&asked.product),
        gateway_id: some(&asked.gateway),
        state: DeviceState::from_code(&asked.state),
        gateways_only: false,
        after: (!asked.after.is_empty()).then(|| (asked.after.clone(), asked.after_id.clone())),
        limit: if asked.format.is_some() { EXPORT_MAX } else { PAGE_SIZE + 1 },
    }
}

/// The address of this list without its page.
fn address(asked: &Params) -> String {
    let pairs = [
        ("q", asked.q.as_str()),
        ("place", &asked.place),
        ("product", &asked.product),
        ("gateway", &asked.gateway),
        ("state", &asked.state),
    ];
    format!("/devices?{}", query(&pairs))
}

/// GET /devices
pub async fn get(ctx: Ctx, Query(asked): Query<Params>) -> Result<Response, AppError> {
    let wanted = filter(&asked);
    let (mut rows, count, places) = ctx
        .read(|cx| {
            Box::pin(async move {
                let count = read::count(cx, wanted.clone()).await?;
                let rows = read::list(cx, wanted).await?;
                Ok::<_, read::ReadError>((rows, count, read::places(cx).await?))
            })
        })
        .await?;
    let more = asked.format.is_none() && rows.len() > PAGE_SIZE as usize;
    if asked.format.is_none() {
        rows.truncate(PAGE_SIZE as usize);
    }
    let here = address(&asked);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|r| format!("{here}&{}", query(&[("after", &r.device.name), ("after_id", &r.device.id)])));
    let first = (!asked.after.is_empty()).then(|| here.clone());
    let table = table(&ctx, &rows).exports(&here).pages(first, next);
    if let Some(format) = asked.format {
        return ctx.export(&table, "devices", format);
    }
    let states = DeviceState::ALL.iter().map(|s| (s.code().to_owned(), s.label(ctx.lang).to_owned()));
    ctx.render(&List {
        p: ctx.page(ctx.t("设备", "Devices")),
        tree: tree(&ctx, &places, &asked),
        states: states.collect(),
        q: asked.q,
        place: asked.place,
        state: asked.state,
        count,
        table,
        may_manage: ctx.may(Action::ManageDevices, &Subject::none()),
    })
}

fn table(ctx: &Ctx, rows: &[DeviceRow]) -> Table {
    let directory = ctx.app.part::<Directory>();
    // Who sees the devices of all must see whose each is.
    let of_all = ctx.actor.org_id.is_none();
    let mut columns = vec![
        Col::text(ctx.t("设备", "Device")),
        Col::text(ctx.t("产品", "Product")),
        Col::text(ctx.t("位置", "Place")),
        Col::text(ctx.t("状态", "State")),
        Col::text(ctx.t("连接", "Connection")),
        Col::text(ctx.t("最近收到", "Last heard")),
        Col::text(ctx.t("设备编号", "Device id")),
    ];
    if of_all {
        columns.push(Col::text(ctx.t("企业", "Enterprise")));
    }
    let mut table = Table::new(ctx.lang, "devices", ctx.t("设备", "Devices"), columns)
        .when_empty(ctx.t("没有符合条件的设备。", "No device matches."));
    for r in rows {
        let (d, live) = (&r.device, directory.by_id(&r.device.id).map(|e| e.counters.read()));
        let connected = live.as_ref().is_some_and(|l| l.connected > 0);
        let seen = live.and_then(|l| l.last_seen_us).max(r.last_seen_us);
        let mut cells = vec![
            Cell::link(format!("/devices/{}", d.id), d.name.clone()),
            Cell::link(format!("/products/{}", d.product_id), r.product_name.clone()),
            Cell::text(d.place.clone()),
            Cell::tag(device_tone(d.state), d.state.label(ctx.lang)),
            match connected {
                true => Cell::tag("is-ok", ctx.t("在线", "Connected")),
                false => Cell::Blank(ctx.t("未连接", "Not connected").to_owned()),
            },
            seen.map_or_else(|| Cell::Blank(ctx.t("从未", "Never").to_owned()), |at| Cell::text(when_us(at))),
            Cell::text(d.id.clone()),
        ];
        if of_all {
            cells.push(Cell::text(r.org_name.clone()));
        }
        table.row(cells);
    }
    table
}

/// Nested lists: the branch that is chosen is open, the others show their first level.
fn tree(ctx: &Ctx, places: &[Place], asked: &Params) -> Html {
    if places.is_empty() {
        return Html::default();
    }
    let open = |p: &&Place| {
        let parent = p.path.rsplit_once('/').map_or("", |(parent, _)| parent);
        parent.is_empty() || asked.place == parent || asked.place.starts_with(&format!("{parent}/"))
    };
    let label = ctx.t("按位置浏览", "By place");
    let mut out = format!("<nav aria-label=\"{label}\"><ul class=\"place-tree\">");
    let all = if asked.place.is_empty() { " aria-current=\"true\"" } else { "" };
    out.push_str(&format!("<li><a href=\"/devices\"{all}>{}</a></li>", ctx.t("全部位置", "All places")));
    for p in places.iter().filter(open).take(PLACES_MAX) {
        let current = if asked.place == p.path { " aria-current=\"true\"" } else { "" };
        out.push_str(&format!(
            "<li class=\"depth-{}\"><a href=\"/devices?{}\"{current}>{} <span class=\"num muted\">{}</span></a></li>",
            p.depth,
            esc(&query(&[("place", &p.path)])),
            esc(&p.name),
            p.devices
        ));
    }
    Html(out + "</ul></nav>")
}
