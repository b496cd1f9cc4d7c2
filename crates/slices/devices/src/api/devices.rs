//! Devices, their commands, desired values and counters.

use axum::Json;
use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use things::Directory;
use web::{ApiPost, AppError, Ctx, CursorPage};

use crate::model::{CommandRow, Device, DeviceState};
use crate::read::{self, DeviceFilter, DeviceRow};
use crate::register_device::{self, RegisterDevice};
use crate::send_command::{self, SendCommand};
use crate::store::commands::Desired;
use crate::{edit_device, set_desired, set_device_state, sync_directory};

const LIMIT: u32 = 200;

/// Which devices. `after` is a cursor of an earlier answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    q: String,
    place: String,
    product: String,
    gateway: String,
    state: String,
    after: String,
}

/// The organisation's devices, in order of their names.
#[utoipa::path(
    get, path = "/api/v1/devices", tag = "devices",
    params(("q" = Option<String>, Query), ("place" = Option<String>, Query), ("product" = Option<String>, Query),
           ("gateway" = Option<String>, Query), ("state" = Option<String>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Value))
)]
pub(crate) async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Json<CursorPage<DeviceRow>>, AppError> {
    let some = |t: String| Some(t).filter(|t| !t.is_empty());
    let filter = DeviceFilter {
        words: some(asked.q),
        place: some(asked.place),
        product_id: some(asked.product),
        gateway_id: some(asked.gateway),
        state: DeviceState::from_code(&asked.state),
        // The id stands first: it holds no blank, a name may.
        after: asked.after.split_once(' ').map(|(id, name)| (name.to_owned(), id.to_owned())),
        limit: LIMIT,
        ..DeviceFilter::default()
    };
    let items = ctx.read(|cx| Box::pin(async move { read::list(cx, filter).await })).await?;
    let full = items.len() == LIMIT as usize;
    let next_cursor = items.last().filter(|_| full).map(|r| format!("{} {}", r.device.id, r.device.name));
    Ok(Json(CursorPage { items, next_cursor }))
}

/// A device's record.
#[utoipa::path(
    get, path = "/api/v1/devices/{id}", tag = "devices", params(("id" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = web::Problem))
)]
pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Json<Device>, AppError> {
    Ok(Json(ctx.read(|cx| Box::pin(async move { read::device(cx, &id).await })).await?))
}

/// What is stated of a device.
#[derive(Debug, Deserialize)]
pub(crate) struct Stated {
    name: String,
    product_id: String,
    #[serde(default)]
    model_version: Option<u32>,
    #[serde(default)]
    serial: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    gateway_id: Option<String>,
    #[serde(default)]
    is_gateway: bool,
    #[serde(default)]
    children_product_id: Option<String>,
    #[serde(default)]
    silent_after_s: Option<u32>,
}

impl Stated {
    fn of(self, org_id: String) -> RegisterDevice {
        RegisterDevice {
            org_id,
            product_id: self.product_id,
            model_version: self.model_version,
            name: self.name,
            serial: self.serial,
            note: self.note,
            place: self.place,
            gateway_id: self.gateway_id,
            is_gateway: self.is_gateway,
            children_product_id: self.children_product_id,
            silent_after_s: self.silent_after_s,
        }
    }
}

/// Registers a device.
#[utoipa::path(
    post, path = "/api/v1/devices", tag = "devices", request_body = Value, params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem), (status = 422, body = web::Problem))
)]
pub(crate) async fn register(ctx: Ctx, post: ApiPost<Stated>) -> Result<Json<Device>, AppError> {
    let cmd = post.body.of(ctx.actor.org_id.clone().ok_or_else(AppError::forbidden)?);
    let run = ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(register_device::run(cx, cmd)));
    let done = run.await?;
    sync_directory(&ctx.app).await?;
    Ok(Json(done))
}

/// Changes what is stated of a device; what is left out is emptied.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}", tag = "devices", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem), (status = 422, body = web::Problem))
)]
pub(crate) async fn edit(ctx: Ctx, Path(id): Path<String>, post: ApiPost<Stated>) -> Result<Json<Device>, AppError> {
    let cmd = post.body.of(String::new());
    let run = ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(edit_device::run(cx, id, cmd)));
    let done = run.await?;
    sync_directory(&ctx.app).await?;
    Ok(Json(done))
}

/// The state it should have.
#[derive(Debug, Deserialize)]
pub(crate) struct State {
    state: DeviceState,
}

/// Switches a device off (`disabled`), on (`active`) or retires it for good (`retired`).
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/state", tag = "devices", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem))
)]
pub(crate) async fn state(ctx: Ctx, Path(id): Path<String>, post: ApiPost<State>) -> Result<Json<Device>, AppError> {
    let to = post.body.state;
    let run = ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(set_device_state::run(cx, id, to)));
    let done = run.await?;
    sync_directory(&ctx.app).await?;
    Ok(Json(done))
}

/// What was counted of a device since it was registered.
#[derive(Serialize)]
pub(crate) struct Counters {
    received: u64,
    stored: u64,
    points: u64,
    rejected: Map<String, Value>,
    last_seen_us: Option<i64>,
    connections: u32,
}

/// Messages received, stored and rejected by reason, readings stored, when it was last heard.
#[utoipa::path(
    get, path = "/api/v1/devices/{id}/counters", tag = "devices", params(("id" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = web::Problem))
)]
pub(crate) async fn counters(ctx: Ctx, Path(id): Path<String>) -> Result<Json<Counters>, AppError> {
    let wanted = id.clone();
    let written = ctx.read(|cx| Box::pin(async move { read::counted(cx, &wanted).await })).await?;
    let live = ctx.app.part::<Directory>().by_id(&id).map(|e| e.counters.read()).unwrap_or_default();
    let all = read::together(&written, &live);
    Ok(Json(Counters {
        received: all.received,
        stored: all.stored,
        points: all.points,
        rejected: all.rejected.iter().map(|(r, n)| (r.code().to_owned(), Value::from(*n))).collect(),
        last_seen_us: all.last_seen_us,
        connections: all.connected,
    }))
}

/// Which page of commands.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Before {
    after: Option<i64>,
}

/// A device's commands, newest first.
#[utoipa::path(
    get, path = "/api/v1/devices/{id}/commands", tag = "devices",
    params(("id" = String, Path), ("after" = Option<i64>, Query)),
    responses((status = 200, body = Value), (status = 404, body = web::Problem))
)]
pub(crate) async fn commands(
    ctx: Ctx,
    Path(id): Path<String>,
    Query(asked): Query<Before>,
) -> Result<Json<CursorPage<CommandRow>>, AppError> {
    let before = asked.after.unwrap_or(i64::MAX);
    let items = ctx.read(|cx| Box::pin(async move { read::command_list(cx, &id, before, LIMIT).await })).await?;
    let full = items.len() == LIMIT as usize;
    let next_cursor = items.last().filter(|_| full).map(|c| c.number.to_string());
    Ok(Json(CursorPage { items, next_cursor }))
}

/// A command.
#[derive(Debug, Deserialize)]
pub(crate) struct Give {
    method: String,
    #[serde(default)]
    params: Value,
    #[serde(default)]
    timeout_s: Option<u32>,
}

/// Gives a command; it leaves when the device is connected, and its answer is found under its number.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/commands", tag = "devices", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem), (status = 422, body = web::Problem))
)]
pub(crate) async fn command(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<Give>,
) -> Result<Json<CommandRow>, AppError> {
    let b = post.body;
    let params = if b.params.is_null() { String::new() } else { b.params.to_string() };
    let cmd = SendCommand { device_id: id, method: b.method, params, timeout_s: b.timeout_s };
    let run = ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(send_command::run(cx, cmd)));
    Ok(Json(run.await?))
}

/// Takes back a command that waits; the body is `{}`.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/commands/{number}/cancellation", tag = "devices", request_body = Value,
    params(("id" = String, Path), ("number" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem))
)]
pub(crate) async fn cancel(
    ctx: Ctx,
    Path((id, number)): Path<(String, String)>,
    post: ApiPost<Value>,
) -> Result<Json<CommandRow>, AppError> {
    let number: i64 = number.parse().map_err(|_| AppError::not_found())?;
    let run = ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(send_command::cancel(cx, id, number)));
    Ok(Json(run.await?))
}

/// A desired value; `null` takes it back.
#[derive(Debug, Deserialize)]
pub(crate) struct Set {
    property: String,
    value: Value,
}

/// Sets what a property should be.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/desired", tag = "devices", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 422, body = web::Problem))
)]
pub(crate) async fn desired(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<Set>,
) -> Result<Json<Vec<Desired>>, AppError> {
    let Set { property, value } = post.body;
    let run = ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(set_desired::run(cx, id, property, value)));
    Ok(Json(run.await?))
}
