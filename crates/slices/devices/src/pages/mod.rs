//! The pages of this slice.

mod actions;
mod chart;
mod connect;
mod export;
mod form;
mod import;
mod list;
mod parts;
mod product;
mod products;
mod show;

use jiff::Timestamp;
use kernel::{Action, Lang};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{BoxFuture, Cx, Refusal, StoreError};
use web::{AppError, Ctx, FormData, Route};

use crate::model::{CommandState, DeviceState};
use crate::sync_directory;

/// All pages, with their actions.
pub(crate) fn routes() -> Vec<Route> {
    use Action::{CommandDevice, ManageDevices, ViewDevices, ViewReadings};
    vec![
        Route::get("/devices", ViewDevices, list::get),
        Route::get("/devices/new", ManageDevices, form::get_new),
        Route::post("/devices/new", ManageDevices, form::post_new),
        Route::get("/devices/connect", ManageDevices, connect::get),
        Route::post("/devices/connect", ManageDevices, connect::post),
        Route::get("/devices/import", ManageDevices, import::get),
        Route::post("/devices/import", ManageDevices, import::post),
        Route::get("/devices/import/template", ManageDevices, import::template),
        Route::get("/devices/{id}", ViewDevices, show::get),
        Route::get("/devices/{id}/live", ViewReadings, show::live),
        Route::get("/devices/{id}/first", ViewReadings, connect::first),
        Route::get("/devices/{id}/readings", ViewReadings, export::get),
        Route::get("/devices/{id}/edit", ManageDevices, form::get_edit),
        Route::post("/devices/{id}/edit", ManageDevices, form::post_edit),
        Route::post("/devices/{id}/state", ManageDevices, actions::state),
        Route::post("/devices/{id}/credentials", ManageDevices, actions::issue),
        Route::post("/devices/{id}/credentials/{credential}/revoke", ManageDevices, actions::revoke),
        Route::post("/devices/{id}/commands", CommandDevice, actions::command),
        Route::post("/devices/{id}/commands/{number}/cancel", CommandDevice, actions::cancel),
        Route::post("/devices/{id}/desired", CommandDevice, actions::desired),
        Route::get("/products", ViewDevices, products::get),
        Route::get("/products/new", ManageDevices, product::get_new),
        Route::post("/products/new", ManageDevices, product::post_new),
        Route::get("/products/{id}", ViewDevices, product::get),
        Route::post("/products/{id}", ManageDevices, product::post),
        Route::get("/products/{id}/models/{version}", ViewDevices, product::model),
    ]
}

/// Runs a use case for a posted form and takes the change over into the directory before it is answered (DV-5).
pub(crate) async fn submit<T, E, F>(ctx: &Ctx, data: &FormData, f: F) -> Result<T, E>
where
    F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    T: Serialize + DeserializeOwned + Send + 'static,
    E: Refusal + From<StoreError>,
{
    let done = ctx.submit(data, f).await?;
    sync_directory(&ctx.app).await?;
    Ok(done)
}

/// The same for what must not be kept for a repetition: an answer with a secret.
pub(crate) async fn write<T, E, F>(ctx: &Ctx, f: F) -> Result<T, E>
where
    F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Refusal + From<StoreError>,
{
    let done = ctx.write(f).await?;
    sync_directory(&ctx.app).await?;
    Ok(done)
}

/// The organisation whose devices the person keeps.
pub(crate) fn own_org(ctx: &Ctx) -> Result<String, AppError> {
    ctx.actor.org_id.clone().ok_or_else(AppError::forbidden)
}

/// An instant as people in China read it, to the second.
pub(crate) fn when(at: Timestamp) -> String {
    let beijing = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(8));
    at.to_zoned(beijing).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The same of microseconds; out of range is no time.
pub(crate) fn when_us(at_us: i64) -> String {
    Timestamp::from_microsecond(at_us).map_or_else(|_| "–".to_owned(), when)
}

/// The colour of a device's state.
pub(crate) fn device_tone(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Active => "is-ok",
        DeviceState::Disabled => "is-warn",
        DeviceState::Retired => "is-outline",
    }
}

/// The colour of a command's state.
pub(crate) fn command_tone(state: CommandState) -> &'static str {
    match state {
        CommandState::Queued | CommandState::Sent => "is-info",
        CommandState::Acknowledged => "is-ok",
        CommandState::Failed => "is-bad",
        CommandState::TimedOut => "is-warn",
        CommandState::Cancelled => "is-outline",
    }
}

/// How far a reading can be trusted, in words and colour.
pub(crate) fn quality(lang: Lang, quality: things::Quality) -> (&'static str, &'static str) {
    match quality {
        things::Quality::Good => ("is-ok", lang.t("可信", "Good")),
        things::Quality::Uncertain => ("is-warn", lang.t("存疑", "Uncertain")),
        things::Quality::Bad => ("is-bad", lang.t("不可用", "Bad")),
    }
}

/// A value in a table: a number is one in the spreadsheet too.
pub(crate) fn value_cell(value: &lake::Value) -> web::Cell {
    match value {
        lake::Value::Number(n) => web::Cell::Number(*n),
        other => web::Cell::text(crate::readings::value_text(other)),
    }
}

/// A query value, escaped.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let some: Vec<_> = pairs.iter().filter(|(_, v)| !v.is_empty()).collect();
    serde_urlencoded::to_string(&some).unwrap_or_default()
}
