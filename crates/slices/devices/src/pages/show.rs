//! `/devices/{id}`: what a device is, says, said, is told and shows; for an auditor without what it says.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::response::{Html as HtmlResponse, IntoResponse, Response};
use jiff::Timestamp;
use kernel::{Action, Subject};
use lake::Lake;
use serde::Deserialize;
use things::{Counted, Directory, Model};
use web::{AppError, Ctx, FieldError, Form, Html, Page, Table, esc, qr, stat, summary_list, tag};

use super::{chart, device_tone, parts, when, when_us};
use crate::model::{CredentialKind, DeviceState};
use crate::read::{self, DevicePage};
use crate::readings::{self, LastValue};

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Params {
    /// Of which property the history is drawn.
    property: String,
    /// `1h`, `6h`, `24h`, `7d` or `30d`, up to now.
    span: String,
}

/// Stretches of time for the chart: code, words, hours.
pub(super) const SPANS: &[(&str, &str, &str, i64)] = &[
    ("1h", "最近 1 小时", "Last hour", 1),
    ("6h", "最近 6 小时", "Last 6 hours", 6),
    ("24h", "最近 24 小时", "Last 24 hours", 24),
    ("7d", "最近 7 天", "Last 7 days", 168),
    ("30d", "最近 30 天", "Last 30 days", 720),
];

/// Buckets of the chart: one for about three pixels.
const BUCKETS: u32 = 200;

#[derive(Template)]
#[template(path = "devices/show.html")]
struct Show {
    p: Page,
    f: Form,
    id: String,
    name: String,
    marks: Vec<Html>,
    stats: Vec<Html>,
    facts: Html,
    qr: Html,
    /// What only the enterprise sees.
    own: Option<Own>,
    rejected: Table,
    refusal: Html,
    credentials: Table,
    commands: Table,
    silences: Table,
    methods: Vec<(String, String)>,
    writables: Vec<(String, String)>,
    kinds: Vec<(String, String)>,
    verbs: Vec<(String, String)>,
    free_method: bool,
    may_manage: bool,
    may_command: bool,
    made: Option<String>,
    to_credentials: String,
    to_commands: String,
    to_desired: String,
    to_state: String,
}

struct Own {
    live: Html,
    properties: Vec<(String, String)>,
    spans: Vec<(String, String)>,
    property: String,
    span: String,
    chart: Html,
    buckets: Table,
    desired: Table,
}

/// The device's own page again, after something on it was refused or made.
pub(super) struct Again {
    pub f: Form,
    pub made: Option<String>,
}

/// GET /devices/{id}
pub async fn get(
    ctx: Ctx,
    Path(id): Path<String>,
    Query(asked): Query<Params>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let again = Again { f: Form::new(&ctx), made: None };
    page(&ctx, &id, &asked, &headers, again).await
}

/// The model by which a device is read now, from the directory; a retired device is not in it.
fn model_of(ctx: &Ctx, id: &str) -> Model {
    let entry = ctx.app.part::<Directory>().by_id(id);
    entry.map_or_else(Model::keep_all, |e| Model::clone(&e.facts().model))
}

/// Draws the page.
pub(super) async fn page(
    ctx: &Ctx,
    id: &str,
    asked: &Params,
    headers: &HeaderMap,
    again: Again,
) -> Result<Response, AppError> {
    let wanted = id.to_owned();
    let found = ctx.read(|cx| Box::pin(async move { read::device_page(cx, &wanted).await })).await?;
    let (device, now) = (&found.device, ctx.app.db.clock().now());
    let subject = Subject::org(&device.org_id);
    let active = device.state != DeviceState::Retired;
    let may_manage = active && ctx.may(Action::ManageDevices, &subject);
    let may_command = active && ctx.may(Action::CommandDevice, &subject);
    let entry = ctx.app.part::<Directory>().by_id(id);
    let live = entry.as_ref().map(|e| e.counters.read()).unwrap_or_default();
    let counted = read::together(&found.counted, &live);
    let model = model_of(ctx, id);
    let own = match ctx.may(Action::ViewReadings, &subject) {
        true => Some(own(ctx, &found, asked, &model, now).await?),
        false => None,
    };
    let f = again.f;
    let pair = |name: &str, label: &kernel::Text| (name.to_owned(), label.get(ctx.lang).to_owned());
    let to = |s: &DeviceState| device.state.may_become(*s);
    ctx.render(&Show {
        p: ctx.page(&device.name).crumb("/devices", ctx.t("设备", "Devices")),
        id: device.id.clone(),
        name: device.name.clone(),
        marks: marks(ctx, &found, &live),
        stats: stats(ctx, &counted),
        facts: facts(ctx, &found),
        qr: qr(
            &address(ctx, headers, id),
            ctx.t("设备页地址和编号的二维码", "QR code of this page's address and the device's id"),
        ),
        own,
        rejected: parts::rejected(ctx, &counted),
        refusal: parts::last_refusal(ctx, entry.and_then(|e| e.counters.last_refusal())),
        credentials: parts::credentials(ctx, &f, &found.credentials, may_manage, now),
        commands: parts::commands(ctx, &f, &found.commands, may_command),
        silences: parts::silences(ctx, &found.silences),
        methods: model.commands().iter().map(|c| pair(&c.name, &c.label)).collect(),
        writables: model.properties().iter().filter(|p| p.writable).map(|p| pair(&p.name, &p.label)).collect(),
        kinds: CredentialKind::ALL.iter().map(|k| (k.code().to_owned(), k.label(ctx.lang).to_owned())).collect(),
        verbs: DeviceState::ALL.iter().filter(|s| to(s)).map(|s| (s.code().to_owned(), verb(ctx, *s))).collect(),
        free_method: model.keeps_undeclared(),
        may_manage,
        may_command,
        made: again.made,
        to_credentials: format!("/devices/{id}/credentials"),
        to_commands: format!("/devices/{id}/commands"),
        to_desired: format!("/devices/{id}/desired"),
        to_state: format!("/devices/{id}/state"),
        f,
    })
}

fn verb(ctx: &Ctx, to: DeviceState) -> String {
    match to {
        DeviceState::Active => ctx.t("启用", "Switch on"),
        DeviceState::Disabled => ctx.t("停用", "Switch off"),
        DeviceState::Retired => ctx.t("退役（不可恢复）", "Retire for good"),
    }
    .to_owned()
}

/// What a phone reads from the machine: this page's address, which names the device and no secret.
pub(super) fn address(ctx: &Ctx, headers: &HeaderMap, id: &str) -> String {
    let scheme = if ctx.app.site.secure_cookies { "https" } else { "http" };
    let host = headers.get(axum::http::header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("localhost");
    format!("{scheme}://{host}/devices/{id}")
}

fn marks(ctx: &Ctx, found: &DevicePage, live: &Counted) -> Vec<Html> {
    let device = &found.device;
    let mut out = vec![tag(device_tone(device.state), device.state.label(ctx.lang))];
    if live.connected > 0 {
        out.push(tag("is-ok", ctx.t("在线", "Connected")));
    }
    if found.silences.first().is_some_and(|s| s.until_us.is_none()) {
        out.push(tag("is-bad", ctx.t("失联", "Silent")));
    }
    if device.is_gateway {
        out.push(tag("is-info", ctx.t("网关", "Gateway")));
    }
    out
}

fn stats(ctx: &Ctx, counted: &Counted) -> Vec<Html> {
    let messages = ctx.t("条报文", "messages");
    vec![
        stat(ctx.t("收到", "Received"), &counted.received.to_string(), messages, None),
        stat(ctx.t("已落盘", "Stored"), &counted.stored.to_string(), messages, None),
        stat(ctx.t("其中读数", "Readings"), &counted.points.to_string(), ctx.t("个", ""), None),
        stat(ctx.t("拒收", "Refused"), &counted.rejected_total().to_string(), messages, None),
    ]
}

fn facts(ctx: &Ctx, found: &DevicePage) -> Html {
    let device = &found.device;
    let text = |t: &str| Html(if t.is_empty() { "–".to_owned() } else { esc(t) });
    let link = |href: String, words: &str| Html(format!("<a href=\"{}\">{}</a>", esc(&href), esc(words)));
    let version = format!("{} v{}", found.product.name, device.model_version);
    let mut facts = vec![
        (
            ctx.t("产品与物模型", "Product and model").to_owned(),
            link(format!("/products/{}", device.product_id), &version),
        ),
        (ctx.t("位置", "Place").to_owned(), text(&device.place)),
        (ctx.t("出厂编号", "Serial number").to_owned(), text(&device.serial)),
        (ctx.t("设备编号", "Device id").to_owned(), Html(format!("<span class=\"code\">{}</span>", esc(&device.id)))),
        (ctx.t("登记时间", "Registered").to_owned(), text(&when(device.created_at))),
    ];
    if let Some(gateway) = &found.gateway {
        let words = ctx.t("所在网关", "Gateway").to_owned();
        facts.push((words, link(format!("/devices/{}", gateway.id), &gateway.name)));
    }
    if device.is_gateway {
        let href = format!("/devices?{}", super::query(&[("gateway", &device.id)]));
        facts.push((ctx.t("后接设备", "Devices behind it").to_owned(), link(href, &found.children.to_string())));
    }
    if let Some(seconds) = device.silent_after_s {
        let words = ctx.t("超过多久算失联", "Silent after").to_owned();
        facts.push((words, text(&format!("{seconds} {}", ctx.t("秒", "s")))));
    }
    if !device.note.is_empty() {
        facts.push((ctx.t("备注", "Note").to_owned(), text(&device.note)));
    }
    summary_list(&facts)
}

async fn own(ctx: &Ctx, found: &DevicePage, asked: &Params, model: &Model, now: Timestamp) -> Result<Own, AppError> {
    let (id, values) = (&found.device.id, last_values(ctx, &found.device.id));
    let numeric: Vec<&LastValue> = values.iter().filter(|v| v.numeric).collect();
    let chosen = numeric.iter().find(|v| v.name == asked.property).or(numeric.first());
    let (code, zh, en, hours) = SPANS.iter().find(|s| s.0 == asked.span).unwrap_or(&SPANS[0]);
    // A whole second of grace, so that what arrived just now is inside.
    let to_us = now.as_microsecond() + 1_000_000;
    let stretch = (to_us - hours * 3_600_000_000, to_us);
    let buckets = match chosen {
        Some(v) => readings::downsample(&ctx.app, id, &v.name, stretch, BUCKETS).await?,
        None => Vec::new(),
    };
    let what = chosen.map_or(String::new(), |v| {
        let label = v.label.get(ctx.lang);
        let named = if v.unit.is_empty() { label.to_owned() } else { ctx.lang.aside(label, &v.unit) };
        format!("{named}, {}", ctx.t(zh, en))
    });
    Ok(Own {
        live: live_part(ctx, id, &values),
        properties: numeric.iter().map(|v| (v.name.clone(), v.label.get(ctx.lang).to_owned())).collect(),
        spans: SPANS.iter().map(|s| (s.0.to_owned(), ctx.t(s.1, s.2).to_owned())).collect(),
        property: chosen.map_or(String::new(), |v| v.name.clone()),
        span: (*code).to_owned(),
        chart: chart::history(ctx.lang, &what, &buckets, stretch),
        buckets: parts::buckets(ctx, &buckets),
        desired: parts::desired(ctx, model, &found.desired, &values),
    })
}

fn last_values(ctx: &Ctx, id: &str) -> Vec<LastValue> {
    let entry = ctx.app.part::<Directory>().by_id(id);
    entry.map(|e| readings::last_values(&ctx.app.part::<Lake>(), &e)).unwrap_or_default()
}

/// The table of last values, which htmx asks for anew every two seconds.
fn live_part(ctx: &Ctx, id: &str, values: &[LastValue]) -> Html {
    let table = parts::values(ctx, values, id);
    Html(format!(
        "<div id=\"live\" hx-get=\"/devices/{0}/live\" hx-trigger=\"every 2s\" hx-swap=\"outerHTML\">{table}\
         <p class=\"hint\">{1} <a href=\"/devices/{0}\">{2}</a></p></div>",
        esc(id),
        esc(&format!("{} {}", ctx.t("截至", "As of"), when_us(ctx.app.db.clock().now().as_microsecond()))),
        ctx.t("刷新", "Refresh")
    ))
}

/// GET /devices/{id}/live
pub async fn live(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let wanted = id.clone();
    ctx.read(|cx| Box::pin(async move { read::device_to_read(cx, &wanted).await })).await?;
    let values = last_values(&ctx, &id);
    Ok(HtmlResponse(live_part(&ctx, &id, &values).0).into_response())
}

/// The page again with what is wrong, after a form on it was refused.
pub(super) async fn refused(
    ctx: &Ctx,
    id: &str,
    headers: &HeaderMap,
    data: &web::FormData,
    errors: Vec<FieldError>,
) -> Result<Response, AppError> {
    let again = Again { f: Form::again(ctx, data, errors), made: None };
    page(ctx, id, &Params::default(), headers, again).await
}
