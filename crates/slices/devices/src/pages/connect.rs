//! The guided page: name a machine, get its token and the exact command, and see the first message arrive.

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderMap, header};
use axum::response::{Html as HtmlResponse, IntoResponse, Response};
use kernel::Lang;
use lake::Lake;
use things::{Directory, Kind, Model};
use web::{AppError, Ctx, Form, FormData, Html, Page, Step, Table, again_or_fail, esc, progress_steps};

use super::actions::not_kept;
use super::{own_org, parts, when_us, write};
use crate::connect::{self, Connect};
use crate::live::Live;
use crate::read;
use crate::readings;

#[derive(Template)]
#[template(path = "devices/connect.html")]
struct Start {
    p: Page,
    f: Form,
    steps: Html,
    products: Vec<(String, String)>,
    general: String,
}

#[derive(Template)]
#[template(path = "devices/first.html")]
struct First {
    p: Page,
    steps: Html,
    /// Shown once, right after it was made.
    token: Option<String>,
    id: String,
    commands: Vec<Said>,
    waiting: Html,
}

/// A command to copy.
struct Said {
    title: String,
    text: String,
}

fn steps(ctx: &Ctx, at: usize) -> Html {
    let names = [ctx.t("说明设备", "Name it"), ctx.t("发出第一条数据", "Send a reading"), ctx.t("看到数据", "See it")];
    progress_steps(ctx.lang, &names.map(Step), at)
}

fn general_name(lang: Lang) -> &'static str {
    lang.t("通用设备", "General device")
}

async fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    let products = ctx.read(|cx| Box::pin(async move { read::product_list(cx, "", 500).await })).await?;
    ctx.render(&Start {
        p: ctx.page(ctx.t("接入第一台设备", "Connect your first machine")).crumb("/devices", ctx.t("设备", "Devices")),
        f,
        steps: steps(ctx, 0),
        products: products.into_iter().map(|p| (p.product.id, p.product.name)).collect(),
        general: general_name(ctx.lang).to_owned(),
    })
}

/// GET /devices/connect
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    own_org(&ctx)?;
    page(&ctx, Form::new(&ctx)).await
}

/// POST /devices/connect
pub async fn post(ctx: Ctx, headers: HeaderMap, data: FormData) -> Result<Response, AppError> {
    let cmd = Connect {
        org_id: own_org(&ctx)?,
        name: data.get("name").to_owned(),
        place: data.get("place").to_owned(),
        product_id: data.get("product_id").to_owned(),
        general_name: general_name(ctx.lang).to_owned(),
    };
    // Not through the idempotent path: that would keep the token. A second click finds the name taken.
    match write(&ctx, move |cx| Box::pin(connect::run(cx, cmd))).await {
        Ok(done) => {
            let shown = first_page(&ctx, &headers, &done.device.id, &done.device.name, Some(done.token))?;
            Ok(not_kept(shown))
        }
        Err(e) => {
            let error = AppError::from(e);
            let shown = page(&ctx, Form::again(&ctx, &data, error.as_field_errors(ctx.lang))).await;
            again_or_fail(error, ctx.lang, |_| shown)
        }
    }
}

/// GET /devices/{id}/first: the whole page, or for htmx what has arrived.
pub async fn first(ctx: Ctx, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, AppError> {
    let wanted = id.clone();
    let device = ctx.read(|cx| Box::pin(async move { read::device_to_read(cx, &wanted).await })).await?;
    if headers.contains_key("hx-request") {
        return Ok(HtmlResponse(waiting(&ctx, &id).0).into_response());
    }
    first_page(&ctx, &headers, &id, &device.name, None)
}

fn first_page(
    ctx: &Ctx,
    headers: &HeaderMap,
    id: &str,
    name: &str,
    token: Option<String>,
) -> Result<Response, AppError> {
    let entry = ctx.app.part::<Directory>().by_id(id);
    let model = entry.map_or_else(Model::keep_all, |e| Model::clone(&e.facts().model));
    let arrived = first_arrived(ctx, id).is_some();
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("localhost");
    let shown = token.clone().unwrap_or_else(|| ctx.t("<令牌>", "<token>").to_owned());
    ctx.render(&First {
        p: ctx.page(name).crumb("/devices", ctx.t("设备", "Devices")).crumb(&format!("/devices/{id}"), name),
        steps: steps(ctx, if arrived { 2 } else { 1 }),
        commands: commands(ctx, host, &shown, &example(&model)),
        waiting: waiting(ctx, id),
        id: id.to_owned(),
        token,
    })
}

/// A payload that the model takes.
pub(super) fn example(model: &Model) -> String {
    let value = |kind: &Kind| match kind {
        Kind::Number { min, max, .. } => {
            let middle = match (min, max) {
                (Some(min), Some(max)) => (min + max) / 2.0,
                (Some(min), None) => *min + 1.0,
                (None, Some(max)) => *max - 1.0,
                (None, None) => 21.5,
            };
            serde_json::json!(middle)
        }
        Kind::Flag => serde_json::json!(true),
        Kind::Text { .. } => serde_json::json!("A"),
    };
    let named = model.properties().iter().take(3).map(|p| (p.name.clone(), value(&p.kind)));
    let mut object: serde_json::Map<String, serde_json::Value> = named.collect();
    if object.is_empty() {
        object.insert("temperature".to_owned(), serde_json::json!(21.5));
    }
    serde_json::Value::Object(object).to_string()
}

fn commands(ctx: &Ctx, host: &str, token: &str, payload: &str) -> Vec<Said> {
    let scheme = if ctx.app.site.secure_cookies { "https" } else { "http" };
    // An IPv6 address keeps its brackets; what follows the last colon outside them is the port.
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    // A single quote cannot stand inside single quotes of a shell.
    let quoted = payload.replace('\'', "'\\''");
    let mut out = Vec::new();
    if let Some(port) = ctx.app.part::<Live>().mqtt_port() {
        out.push(Said {
            title: ctx
                .t("用 MQTT 发送（QoS 1，落盘后才确认）", "By MQTT (QoS 1, acknowledged when it is on disk)")
                .to_owned(),
            text: format!(
                "mosquitto_pub -h {name} -p {port} -q 1 -t v1/devices/me/telemetry -u '{token}' -m '{quoted}'"
            ),
        });
    }
    out.push(Said {
        title: ctx.t("用 HTTP 发送（落盘后才应答）", "By HTTP (answered when it is on disk)").to_owned(),
        text: format!(
            "curl -X POST '{scheme}://{host}/api/v1/{token}/telemetry' -H 'Content-Type: application/json' -d '{quoted}'"
        ),
    });
    out
}

/// What has arrived, if anything.
fn first_arrived(ctx: &Ctx, id: &str) -> Option<Table> {
    let entry = ctx.app.part::<Directory>().by_id(id)?;
    let mut values = readings::last_values(&ctx.app.part::<Lake>(), &entry);
    values.retain(|v| v.point.is_some());
    (!values.is_empty()).then(|| parts::values(ctx, &values, id))
}

/// The part that waits: asked for anew every two seconds until something is there.
fn waiting(ctx: &Ctx, id: &str) -> Html {
    let id_shown = esc(id);
    if let Some(table) = first_arrived(ctx, id) {
        let (title, more) =
            (ctx.t("收到了，已落盘", "It has arrived and is on disk"), ctx.t("打开设备页", "Open the device's page"));
        return Html(format!(
            "<div id=\"first\" class=\"stack\"><div class=\"notice is-ok\" role=\"status\"><strong>{title}</strong></div>{table}\
             <p><a class=\"btn\" href=\"/devices/{id_shown}\">{more}</a></p></div>"
        ));
    }
    let entry = ctx.app.part::<Directory>().by_id(id);
    let refusal = parts::last_refusal(ctx, entry.and_then(|e| e.counters.last_refusal()));
    let now = when_us(ctx.app.db.clock().now().as_microsecond());
    Html(format!(
        "<div id=\"first\" class=\"stack\" hx-get=\"/devices/{id_shown}/first\" hx-trigger=\"every 2s\" hx-swap=\"outerHTML\">\
         {refusal}<div class=\"notice\"><strong>{}</strong><p>{} {now} <a href=\"/devices/{id_shown}/first\">{}</a></p></div></div>",
        ctx.t("正在等待第一条数据……", "Waiting for the first reading …"),
        ctx.t("截至", "As of"),
        ctx.t("刷新", "Refresh"),
    ))
}
