//! The form of a device: to register one and to change one.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use store::Cx;
use web::{AppError, Ctx, Form, FormData, Page, again_or_fail};

use super::{own_org, submit};
use crate::model::Device;
use crate::read::{self, DeviceFilter};
use crate::register_device::{RegisterDevice, SILENT_AFTER_S_MAX};
use crate::{edit_device, register_device};

#[derive(Template)]
#[template(path = "devices/form.html")]
struct Edit {
    p: Page,
    f: Form,
    action: String,
    products: Vec<(String, String)>,
    gateways: Vec<(String, String)>,
    is_new: bool,
    version: Option<u32>,
}

/// Gateways that a select can hold; more are chosen by import or API.
const GATEWAYS_MAX: u32 = 500;

/// Products and gateways to choose from.
pub(super) async fn choices(cx: &mut Cx) -> Result<(Vec<(String, String)>, Vec<(String, String)>), read::ReadError> {
    let products = read::product_list(cx, "", 500).await?;
    let products = products.into_iter().map(|p| (p.product.id, p.product.name)).collect();
    let all =
        read::list(cx, DeviceFilter { gateways_only: true, limit: GATEWAYS_MAX, ..DeviceFilter::default() }).await?;
    let gateways = all.into_iter();
    Ok((products, gateways.map(|d| (d.device.id, d.device.name)).collect()))
}

async fn page(ctx: &Ctx, device: Option<&Device>, f: Form) -> Result<Response, AppError> {
    let (products, gateways) = ctx.read(|cx| Box::pin(choices(cx))).await?;
    let title = if device.is_some() {
        ctx.t("修改设备", "Change a device")
    } else {
        ctx.t("登记设备", "Register a device")
    };
    let mut p = ctx.page(title).crumb("/devices", ctx.t("设备", "Devices"));
    if let Some(d) = device {
        p = p.crumb(&format!("/devices/{}", d.id), &d.name);
    }
    ctx.render(&Edit {
        p,
        f,
        action: device.map_or("/devices/new".to_owned(), |d| format!("/devices/{}/edit", d.id)),
        products,
        gateways: gateways.into_iter().filter(|(id, _)| device.is_none_or(|d| d.id != *id)).collect(),
        is_new: device.is_none(),
        version: device.map(|d| d.model_version),
    })
}

fn filled(ctx: &Ctx, d: &Device) -> Form {
    Form::new(ctx)
        .with("name", &*d.name)
        .with("product_id", &*d.product_id)
        .with("place", &*d.place)
        .with("serial", &*d.serial)
        .with("note", &*d.note)
        .with("gateway_id", d.gateway_id.clone().unwrap_or_default())
        .with("is_gateway", if d.is_gateway { "1" } else { "" })
        .with("children_product_id", d.children_product_id.clone().unwrap_or_default())
        .with("silent_after_s", d.silent_after_s.map_or(String::new(), |s| s.to_string()))
        .with("latest_model", "")
}

/// What was typed; a number that is none is an error on its field.
fn typed(
    ctx: &Ctx,
    data: &FormData,
    org_id: String,
    keep_version: Option<&Device>,
) -> Result<RegisterDevice, Vec<web::FieldError>> {
    let mut check = data.check(ctx.lang);
    let silent_after_s = match data.get("silent_after_s") {
        "" => None,
        _ => u32::try_from(check.int("silent_after_s", 1, i64::from(SILENT_AFTER_S_MAX))).ok(),
    };
    let some = |name: &str| Some(data.get(name).to_owned()).filter(|t| !t.is_empty());
    let same_product =
        keep_version.filter(|d| d.product_id == data.get("product_id") && data.get("latest_model") != "1");
    let errors = check.errors();
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(RegisterDevice {
        org_id,
        product_id: data.get("product_id").to_owned(),
        model_version: same_product.map(|d| d.model_version),
        name: data.get("name").to_owned(),
        serial: data.get("serial").to_owned(),
        note: data.get("note").to_owned(),
        place: data.get("place").to_owned(),
        gateway_id: some("gateway_id"),
        is_gateway: data.get("is_gateway") == "1",
        children_product_id: some("children_product_id"),
        silent_after_s,
    })
}

/// GET /devices/new
pub async fn get_new(ctx: Ctx) -> Result<Response, AppError> {
    own_org(&ctx)?;
    page(&ctx, None, Form::new(&ctx)).await
}

/// POST /devices/new
pub async fn post_new(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let cmd = match typed(&ctx, &data, own_org(&ctx)?, None) {
        Ok(cmd) => cmd,
        Err(errors) => return page(&ctx, None, Form::again(&ctx, &data, errors)).await,
    };
    match submit(&ctx, &data, |cx| Box::pin(register_device::run(cx, cmd))).await {
        Ok(d) => Ok(ctx.redirect_saying(
            &format!("/devices/{}", d.id),
            ctx.t("已登记。请为它生成凭证。", "Registered. Now make a credential for it."),
        )),
        Err(e) => again(&ctx, None, &data, e).await,
    }
}

async fn again(
    ctx: &Ctx,
    device: Option<&Device>,
    data: &FormData,
    e: register_device::RegisterDeviceError,
) -> Result<Response, AppError> {
    let error = AppError::from(e);
    let shown = page(ctx, device, Form::again(ctx, data, error.as_field_errors(ctx.lang))).await;
    // Drawn already, since drawing it waits for the records.
    again_or_fail(error, ctx.lang, |_| shown)
}

async fn found(ctx: &Ctx, id: &str) -> Result<Device, AppError> {
    let id = id.to_owned();
    ctx.read(|cx| Box::pin(async move { read::device(cx, &id).await })).await.map_err(|e: read::ReadError| e.into())
}

/// GET /devices/{id}/edit
pub async fn get_edit(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let device = found(&ctx, &id).await?;
    let f = filled(&ctx, &device);
    page(&ctx, Some(&device), f).await
}

/// POST /devices/{id}/edit
pub async fn post_edit(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let device = found(&ctx, &id).await?;
    let cmd = match typed(&ctx, &data, device.org_id.clone(), Some(&device)) {
        Ok(cmd) => cmd,
        Err(errors) => return page(&ctx, Some(&device), Form::again(&ctx, &data, errors)).await,
    };
    let to = format!("/devices/{id}");
    match submit(&ctx, &data, |cx| Box::pin(edit_device::run(cx, id, cmd))).await {
        Ok(_) => Ok(ctx.redirect_saying(&to, ctx.t("已保存", "Saved"))),
        Err(e) => again(&ctx, Some(&device), &data, e).await,
    }
}
