//! A provider adds a service or changes one.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kernel::Text;
use web::{AppError, Ctx, Form, FormData, Page, again_or_fail};

use super::{filled, percent, read_percent, sub_item_options};
use crate::model::{Deployment, Offer, Service, ServiceState};
use crate::read;
use crate::save_service::{self, SaveService};
use crate::withdraw_service;

#[derive(Template)]
#[template(path = "catalogue/service_form.html")]
struct Edit {
    p: Page,
    f: Form,
    action: String,
    state_action: String,
    service: Option<Service>,
    sub_items: Vec<(String, String)>,
    deployments: Vec<(String, String)>,
    promised: String,
}

struct Known {
    service: Option<Service>,
    promised_bp: i64,
}

/// The provider's own service, or nothing where a new one is added.
async fn known(ctx: &Ctx, id: Option<&str>) -> Result<Known, AppError> {
    let provider = ctx.actor.org().to_owned();
    let own = ctx.read(|cx| Box::pin(async move { read::own_listing(cx, &provider).await })).await?;
    let promised_bp = own.listing.as_ref().map_or(0, |l| l.discount_bp);
    let service = match id {
        None => None,
        Some(id) => Some(own.services.into_iter().find(|s| s.id == id).ok_or_else(AppError::not_found)?),
    };
    Ok(Known { service, promised_bp })
}

fn page(ctx: &Ctx, known: Known, f: Form) -> Result<Response, AppError> {
    let title = match known.service {
        Some(_) => ctx.t("修改服务", "Change a service"),
        None => ctx.t("添加服务", "Add a service"),
    };
    let id = known.service.as_ref().map_or("new", |s| s.id.as_str());
    ctx.render(&Edit {
        p: ctx.page(title).crumb("/listing", ctx.t("服务与价格", "Listing")),
        f,
        action: format!("/listing/services/{id}"),
        state_action: format!("/listing/services/{id}/state"),
        sub_items: sub_item_options(ctx.lang),
        deployments: Deployment::ALL.iter().map(|d| (d.code().into(), d.label(ctx.lang).into())).collect(),
        promised: percent(known.promised_bp),
        service: known.service,
    })
}

fn filled_with(ctx: &Ctx, known: &Known) -> Form {
    let form = Form::new(ctx);
    let Some(s) = &known.service else {
        return form.with("discount_bp", percent(known.promised_bp).trim_end_matches('%'));
    };
    let o = &s.offer;
    let (price, discount) = (o.list_price_fen.yuan(), percent(o.discount_bp));
    let values = [
        ("sub_item", o.sub_item.as_str()),
        ("name_zh", &o.name.zh),
        ("name_en", &o.name.en),
        ("description_zh", &o.description.zh),
        ("description_en", &o.description.en),
        ("unit_zh", &o.unit.zh),
        ("unit_en", &o.unit.en),
        ("list_price_fen", &price),
        ("discount_bp", discount.trim_end_matches('%')),
        ("deployment", o.deployment.code()),
    ];
    filled(form, &values)
}

/// GET /listing/services/new
pub async fn get_new(ctx: Ctx) -> Result<Response, AppError> {
    let known = known(&ctx, None).await?;
    let f = filled_with(&ctx, &known);
    page(&ctx, known, f)
}

/// GET /listing/services/{id}
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let known = known(&ctx, Some(&id)).await?;
    let f = filled_with(&ctx, &known);
    page(&ctx, known, f)
}

/// POST /listing/services/new
pub async fn post_new(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    save(ctx, None, data).await
}

/// POST /listing/services/{id}
pub async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    save(ctx, Some(id), data).await
}

async fn save(ctx: Ctx, id: Option<String>, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let list_price_fen = check.yuan("list_price_fen");
    let discount_bp = read_percent(data.get("discount_bp"));
    if discount_bp.is_none() {
        check.refuse("discount_bp", "请填写百分比，如 15 或 12.5", "Enter per cent, such as 15 or 12.5");
    }
    let deployment = Deployment::from_code(data.get("deployment"));
    if deployment.is_none() {
        check.refuse("deployment", "请选择部署方式", "Choose where it runs");
    }
    let errors = check.errors();
    let (Some(deployment), Some(discount_bp), true) = (deployment, discount_bp, errors.is_empty()) else {
        return page(&ctx, known(&ctx, id.as_deref()).await?, Form::again(&ctx, &data, errors));
    };
    let text = |name: &str| Text::new(data.get(&format!("{name}_zh")), data.get(&format!("{name}_en")));
    let offer = Offer {
        sub_item: data.get("sub_item").to_owned(),
        name: text("name"),
        description: text("description"),
        unit: text("unit"),
        list_price_fen,
        discount_bp,
        deployment,
    };
    let cmd = SaveService { service_id: id.clone(), provider_id: ctx.actor.org().to_owned(), offer };
    match ctx.submit(&data, |cx| Box::pin(save_service::run(cx, cmd))).await {
        Ok(_) => Ok(ctx.redirect_saying("/listing", ctx.t("已保存", "Saved"))),
        Err(e) => {
            let known = known(&ctx, id.as_deref()).await?;
            again_or_fail(e, ctx.lang, |errors| page(&ctx, known, Form::again(&ctx, &data, errors)))
        }
    }
}

/// POST /listing/services/{id}/state
pub async fn post_state(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let state = ServiceState::from_code(data.get("state")).ok_or_else(AppError::not_found)?;
    ctx.submit(&data, move |cx| Box::pin(withdraw_service::run(cx, id, state))).await?;
    Ok(ctx.redirect_saying("/listing", ctx.t("已更新", "Updated")))
}
