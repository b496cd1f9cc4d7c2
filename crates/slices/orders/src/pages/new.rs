//! Ordering: what and how much, then the three shares to check, then the order.

use askama::Template;
use axum::response::Response;
use kernel::Fen;
use web::{AppError, Ctx, FieldError, Form, FormData, Html, Page, again_or_fail, esc, shares_bar, summary_list};

use super::{percent, words};
use crate::place::{self, MONTHS_MAX, Place, QUANTITY_MAX, Quote};
use crate::read;

#[derive(Template)]
#[template(path = "orders/new.html")]
struct New {
    p: Page,
    f: Form,
    service_id: String,
    service_name: String,
    provider_name: String,
    price: String,
    discount: String,
    unit: String,
    vouchers: Vec<(String, String)>,
}

/// The form, for the service that is named in it.
async fn page(ctx: &Ctx, service_id: String, f: Form) -> Result<Response, AppError> {
    let (enterprise, id) = (ctx.actor.org().to_owned(), service_id.clone());
    let (found, spendable) = ctx
        .read(|cx| {
            Box::pin(async move {
                let found = catalogue::read::service_page(cx, &id).await.map_err(AppError::from)?;
                let provider = found.service.provider_id.clone();
                let spendable = read::spendable(cx, &enterprise, &provider).await.map_err(AppError::from)?;
                Ok::<_, AppError>((found, spendable))
            })
        })
        .await?;
    let offer = &found.service.offer;
    let voucher = |v: &read::Spendable| {
        let text = match ctx.lang {
            kernel::Lang::Zh => format!("{}，可用 {} 元，{} 到期", v.number, v.left_fen.yuan(), v.expires_on),
            kernel::Lang::En => format!("{}: {} yuan left, until {}", v.number, v.left_fen.yuan(), v.expires_on),
        };
        (v.id.clone(), text)
    };
    let mut vouchers: Vec<(String, String)> = spendable.iter().map(voucher).collect();
    vouchers.push(("none".into(), ctx.t("不用券，全部自付", "No voucher: pay all of it").to_owned()));
    ctx.render(&New {
        p: ctx.page(ctx.t("下单", "Order")).crumb("/catalogue", ctx.t("服务商名录", "Cloud services")),
        f,
        service_id,
        service_name: words(ctx.lang, &offer.name).to_owned(),
        provider_name: found.provider_name.clone(),
        price: offer.price_fen().yuan(),
        discount: percent(offer.discount_bp),
        unit: words(ctx.lang, &offer.unit).to_owned(),
        vouchers,
    })
}

/// GET /orders/new?service=…: empty, or with what was typed before the shares were looked at.
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    let asked = ctx.asked();
    let service_id = asked.get("service");
    if service_id.is_empty() {
        return Ok(ctx.redirect("/catalogue"));
    }
    let mut f = Form::new(&ctx).with("quantity", "1").with("months", "12").with("starts_on", ctx.today().to_string());
    for name in ["quantity", "months", "starts_on", "voucher_id", "public_max_fen"] {
        if !asked.get(name).is_empty() {
            f = f.with(name, asked.get(name));
        }
    }
    page(&ctx, service_id.to_owned(), f).await
}

/// Reads what is ordered; every wrong field is said at once.
fn read_form(ctx: &Ctx, data: &FormData) -> Result<Place, Vec<FieldError>> {
    let mut check = data.check(ctx.lang);
    let quantity = check.int("quantity", 1, QUANTITY_MAX);
    let months = check.int("months", 1, MONTHS_MAX);
    let starts_on = check.date("starts_on");
    if data.get("voucher_id").is_empty() {
        check.refuse("voucher_id", "请选择一张云惠券，或选择不用券", "Choose a voucher, or choose none");
    }
    let public_max = if data.get("public_max_fen").is_empty() { None } else { Some(check.yuan("public_max_fen")) };
    let errors = check.errors();
    let (Some(starts_on), true) = (starts_on, errors.is_empty()) else { return Err(errors) };
    let voucher_id = Some(data.get("voucher_id").to_owned()).filter(|v| v != "none");
    Ok(Place {
        enterprise_id: ctx.actor.org().to_owned(),
        service_id: data.get("service").to_owned(),
        service_version: data.get("service_version").parse().ok(),
        public_max_fen: public_max.filter(|_| voucher_id.is_some()),
        voucher_id,
        public_seen_fen: data.get("public_seen_fen").parse().ok().map(Fen),
        quantity,
        months,
        starts_on,
    })
}

#[derive(Template)]
#[template(path = "orders/check.html")]
struct Check {
    p: Page,
    f: Form,
    facts: Html,
    shares: Html,
    hidden: Vec<(&'static str, String)>,
    back: String,
    with_voucher: bool,
}

fn facts(ctx: &Ctx, q: &Quote, cmd: &Place, provider_name: &str) -> Html {
    let text = |t: &str| Html(esc(t));
    let yuan = |f: Fen| Html(format!("<span class=\"num\">{} {}</span>", f.yuan(), ctx.t("元", "yuan")));
    let mut facts = vec![
        (ctx.t("服务", "Service").to_owned(), text(words(ctx.lang, &q.service_name))),
        (ctx.t("服务商", "Provider").to_owned(), text(provider_name)),
        (
            ctx.t("数量", "Quantity").to_owned(),
            text(&super::of_units(ctx.lang, cmd.quantity, words(ctx.lang, &q.unit))),
        ),
        (
            ctx.t("使用期", "Time of use").to_owned(),
            text(&format!("{} – {} ({} {})", q.starts_on, q.ends_on, cmd.months, ctx.t("个月", "months"))),
        ),
        (ctx.t("目录价", "List price").to_owned(), yuan(q.list_price_fen)),
        (ctx.t("平台优惠", "The provider takes off").to_owned(), text(&percent(q.discount_bp))),
        (ctx.t("合同金额", "Contract amount").to_owned(), yuan(q.shares.contract_fen())),
    ];
    if let Some(v) = &q.voucher {
        facts.push((ctx.t("云惠券", "Voucher").to_owned(), text(&v.number)));
        facts.push((ctx.t("补贴比例", "Public rate").to_owned(), text(&percent(q.rate_bp))));
        facts.push((
            ctx.t("下单后券内余额", "Left on the voucher").to_owned(),
            yuan(v.remaining_fen - q.shares.public_fen),
        ));
    }
    summary_list(&facts)
}

/// POST /orders/new: leads to the three shares. They stand at an address of their own, so that one can go back to the
/// form and to them.
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    Ok(ctx.redirect(&format!("/orders/check?{}", data.as_query())))
}

/// GET /orders/check: shows the three shares to check, or what is wrong. Nobody is bound yet.
pub async fn check(ctx: Ctx) -> Result<Response, AppError> {
    let data = ctx.asked();
    let service_id = data.get("service").to_owned();
    if service_id.is_empty() {
        return Ok(ctx.redirect("/catalogue"));
    }
    let cmd = match read_form(&ctx, &data) {
        Ok(cmd) => Place { public_seen_fen: None, service_version: None, ..cmd },
        Err(errors) => return page(&ctx, service_id, Form::again(&ctx, &data, errors)).await,
    };
    let asked = cmd.clone();
    let quoted = ctx
        .read(|cx| {
            Box::pin(async move {
                let quote = place::quote(cx, &asked).await?;
                let provider = orgs::find(cx, &quote.provider_id).await?;
                Ok::<_, place::PlaceError>((quote, provider.map_or(String::new(), |o| o.name)))
            })
        })
        .await;
    let (quote, provider_name) = match quoted {
        Ok(found) => found,
        Err(e) => return refused(&ctx, &data, service_id, e).await,
    };
    let s = &quote.shares;
    let hidden = vec![
        ("service", cmd.service_id.clone()),
        ("service_version", quote.service_version.to_string()),
        ("voucher_id", data.get("voucher_id").to_owned()),
        ("public_max_fen", data.get("public_max_fen").to_owned()),
        ("public_seen_fen", s.public_fen.0.to_string()),
        ("quantity", cmd.quantity.to_string()),
        ("months", cmd.months.to_string()),
        ("starts_on", cmd.starts_on.to_string()),
    ];
    ctx.render(&Check {
        p: ctx.page(ctx.t("核对订单", "Check your order")).crumb("/catalogue", ctx.t("服务商名录", "Cloud services")),
        f: Form::new(&ctx),
        facts: facts(&ctx, &quote, &cmd, &provider_name),
        shares: shares_bar(ctx.lang, s.platform_fen, s.public_fen, s.own_fen),
        hidden,
        back: format!("/orders/new?{}", data.as_query()),
        with_voucher: quote.voucher.is_some(),
    })
}

/// Shows the form again with what is wrong; drawing it reads records, so it is drawn before the answer is made.
async fn refused(ctx: &Ctx, data: &FormData, service_id: String, e: place::PlaceError) -> Result<Response, AppError> {
    let error = AppError::from(e);
    let again = page(ctx, service_id, Form::again(ctx, data, error.as_field_errors(ctx.lang))).await;
    again_or_fail(error, ctx.lang, |_| again)
}

/// POST /orders: places it.
pub async fn place(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let service_id = data.get("service").to_owned();
    let cmd = match read_form(&ctx, &data) {
        Ok(cmd) => cmd,
        Err(errors) => return page(&ctx, service_id, Form::again(&ctx, &data, errors)).await,
    };
    match ctx.submit(&data, |cx| Box::pin(place::run(cx, cmd))).await {
        Ok(order) => {
            let said = match ctx.lang {
                kernel::Lang::Zh => format!("已下单，编号 {}，等待服务商确认", order.number),
                kernel::Lang::En => format!("Placed as {}; the provider will confirm", order.number),
            };
            Ok(ctx.redirect_saying(&format!("/orders/{}", order.id), &said))
        }
        Err(e) => refused(&ctx, &data, service_id, e).await,
    }
}
