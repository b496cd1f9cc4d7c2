//! A provider's own listing: its state, its history, its facts, its services.

use std::collections::HashMap;

use askama::Template;
use axum::response::Response;
use kernel::Text;
use web::{AppError, Cell, Col, Ctx, Form, FormData, Html, Page, Table, again_or_fail, notice};

use super::search::words;
use super::{percent, read_percent, steps, tone};
use crate::model::{ListingState, ListingVerb, ServiceState};
use crate::read::{self, OwnListing};
use crate::save_listing::{self, SaveListing};
use crate::submit_listing;

#[derive(Template)]
#[template(path = "catalogue/listing.html")]
struct Show {
    p: Page,
    f: Form,
    name: String,
    begun: bool,
    state: Html,
    advice: Html,
    history: Html,
    services: Table,
    may_submit: bool,
}

async fn own(ctx: &Ctx) -> Result<OwnListing, AppError> {
    let id = ctx.actor.org().to_owned();
    Ok(ctx.read(|cx| Box::pin(async move { read::own_listing(cx, &id).await })).await?)
}

fn services(ctx: &Ctx, own: &OwnListing) -> Table {
    let columns = vec![
        Col::text(ctx.t("服务", "Service")),
        Col::text(ctx.t("上云子项", "Sub-item")),
        Col::num(ctx.t("目录价（元/月）", "List price (yuan a month)")),
        Col::num(ctx.t("优惠", "Discount")),
        Col::num(ctx.t("版本", "Version")),
        Col::text(ctx.t("状态", "State")),
    ];
    let empty = ctx.t("还没有服务。添加后即可提交入驻申请。", "No services yet. Add one, then submit.");
    let mut table = Table::new(ctx.lang, "services", ctx.t("本单位的服务", "Your services"), columns).when_empty(empty);
    for s in &own.services {
        let tone = if s.state == ServiceState::Active { "is-ok" } else { "" };
        table.row(vec![
            Cell::link(format!("/listing/services/{}", s.id), words(ctx.lang, &s.offer.name)),
            Cell::text(s.offer.sub_item().name(ctx.lang)),
            Cell::Money(s.offer.list_price_fen),
            Cell::text(percent(s.offer.discount_bp)),
            Cell::Int(s.version),
            Cell::tag(tone, s.state.label(ctx.lang)),
        ]);
    }
    table
}

fn advice(ctx: &Ctx, own: &OwnListing) -> Html {
    let Some(l) = &own.listing else {
        let words = ctx.t(
            "填写入驻资料并添加服务后，提交市级审核。",
            "Fill in the listing, add services, then submit for review.",
        );
        return notice("", ctx.t("尚未入驻", "Not listed yet"), words);
    };
    let reason = own.steps.last().map_or("", |s| s.reason.as_str());
    match l.state {
        ListingState::Draft if !reason.is_empty() => {
            notice("is-warn", ctx.t("已退回补正", "Returned for correction"), reason)
        }
        ListingState::Draft => Html::default(),
        ListingState::Submitted => notice(
            "",
            ctx.t("已提交，等待市级审核", "Submitted; awaiting review"),
            ctx.t("审核期间可以继续修改服务。", "You may go on editing your services meanwhile."),
        ),
        ListingState::Listed => {
            notice("is-ok", ctx.t("已入驻，服务可被检索和下单", "Listed; services can be found and ordered"), "")
        }
        ListingState::Suspended | ListingState::Delisted => notice("is-bad", l.state.label(ctx.lang), reason),
    }
}

/// What is saved, as the form would send it.
fn saved(own: &OwnListing) -> FormData {
    let Some(l) = &own.listing else { return FormData::of(HashMap::new()) };
    let discount = percent(l.discount_bp);
    let values = [
        ("intro_zh", l.intro.zh.as_str()),
        ("intro_en", l.intro.en.as_str()),
        ("contact", l.contact.as_str()),
        ("discount_bp", discount.trim_end_matches('%')),
    ];
    FormData::of(values.map(|(name, value)| (name.to_owned(), vec![value.to_owned()])).into())
}

async fn page(ctx: &Ctx, f: Option<Form>) -> Result<Response, AppError> {
    let own = own(ctx).await?;
    let f = f.unwrap_or_else(|| Form::again(ctx, &saved(&own), Vec::new()));
    let state = own.listing.as_ref().map(|l| l.state);
    ctx.render(&Show {
        p: ctx.page(ctx.t("服务与价格", "Listing")),
        f,
        begun: own.listing.is_some(),
        state: state.map_or_else(Html::default, |s| web::tag(tone(s), s.label(ctx.lang))),
        advice: advice(ctx, &own),
        history: steps(ctx.lang, &own.steps),
        services: services(ctx, &own),
        may_submit: state.is_some_and(|s| s.after(ListingVerb::Submit).is_some()) && !own.services.is_empty(),
        name: own.name,
    })
}

/// GET /listing
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    page(&ctx, None).await
}

/// POST /listing
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let discount_bp = read_percent(data.get("discount_bp"));
    if discount_bp.is_none() {
        check.refuse("discount_bp", "请填写百分比，如 15 或 12.5", "Enter per cent, such as 15 or 12.5");
    }
    let errors = check.errors();
    if !errors.is_empty() {
        return page(&ctx, Some(Form::again(&ctx, &data, errors))).await;
    }
    let cmd = SaveListing {
        provider_id: ctx.actor.org().to_owned(),
        intro: Text::new(data.get("intro_zh"), data.get("intro_en")),
        contact: data.get("contact").to_owned(),
        discount_bp: discount_bp.unwrap_or_default(),
    };
    match ctx.submit(&data, |cx| Box::pin(save_listing::run(cx, cmd))).await {
        Ok(_) => Ok(ctx.redirect_saying("/listing", ctx.t("已保存", "Saved"))),
        Err(e) => refused(&ctx, &data, e).await,
    }
}

/// POST /listing/submit
pub async fn submit(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let id = ctx.actor.org().to_owned();
    match ctx.submit(&data, |cx| Box::pin(submit_listing::run(cx, id))).await {
        Ok(_) => Ok(ctx.redirect_saying("/listing", ctx.t("已提交，等待审核", "Submitted for review"))),
        Err(e) => refused(&ctx, &saved(&own(&ctx).await?), e).await,
    }
}

/// Shows the page again with what is wrong; the page is drawn first because drawing it reads records.
async fn refused(ctx: &Ctx, data: &FormData, e: impl Into<AppError>) -> Result<Response, AppError> {
    let error = e.into();
    let again = page(ctx, Some(Form::again(ctx, data, error.as_field_errors(ctx.lang)))).await;
    again_or_fail(error, ctx.lang, |_| again)
}
