//! `/account/totp`: one-time codes: set up, confirm, switch off.

use askama::Template;
use axum::response::Response;
use web::{AppError, Ctx, Form, FormData, Html, Page};

use super::{blank, cookies, mendable, with_status, without_secrets};
use crate::accounts::own_account;
use crate::accounts::totp::{self, Offer};

#[derive(Template)]
#[template(path = "orgs/totp.html")]
struct TotpPage {
    p: Page,
    f: Form,
    is_on: bool,
    codes_left: i64,
    offer: Option<Offer>,
    picture: Html,
}

#[derive(Template)]
#[template(path = "orgs/recovery_codes.html")]
struct CodesPage {
    p: Page,
    codes: Vec<String>,
}

async fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    let account = ctx.read(|cx| Box::pin(own_account::run(cx))).await?;
    let offer = ctx.read(|cx| Box::pin(totp::offered(cx))).await?;
    let codes_left = ctx.read(|cx| Box::pin(totp::recovery_codes_left(cx))).await?;
    let label = ctx.t("两步验证二维码", "QR code for two-step sign-in");
    let picture = offer.as_ref().map_or_else(Html::default, |o| sized(web::qr(&o.address, label)));
    let p = ctx.page(ctx.t("两步验证", "Two-step sign-in")).crumb("/account", ctx.t("我的账号", "My account"));
    let shown = TotpPage { p, f, is_on: account.has_totp, codes_left, offer, picture };
    Ok(cookies::not_kept(ctx.render(&shown)?))
}

/// The page: on, offered, or off.
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    page(&ctx, blank(&ctx)).await
}

/// Makes a secret and shows it.
pub async fn offer(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    // Not through the idempotent path: that would keep the answer, which is a secret.
    match ctx.write(|cx| Box::pin(totp::offer(cx))).await {
        Ok(_) => Ok(ctx.redirect("/account/totp")),
        Err(e) => refused(&ctx, &data, e).await,
    }
}

/// Switches on; shows the recovery codes once.
pub async fn confirm(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let code = data.get("code").to_owned();
    match ctx.write(move |cx| Box::pin(totp::confirm(cx, code))).await {
        Ok(codes) => {
            let p = ctx.page(ctx.t("恢复码", "Recovery codes")).crumb("/account", ctx.t("我的账号", "My account"));
            Ok(cookies::not_kept(ctx.render(&CodesPage { p, codes })?))
        }
        Err(e) => refused(&ctx, &data, e).await,
    }
}

/// Switches off.
pub async fn remove(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let code = data.get("code").to_owned();
    match ctx.write(move |cx| Box::pin(totp::remove(cx, code))).await {
        Ok(()) => Ok(ctx.redirect_saying("/account", ctx.t("两步验证已关闭。", "Two-step sign-in is off."))),
        Err(e) => refused(&ctx, &data, e).await,
    }
}

async fn refused(ctx: &Ctx, data: &FormData, e: totp::TotpError) -> Result<Response, AppError> {
    let (errors, status) = mendable(e, ctx.lang, &[])?;
    let open = without_secrets(data, &["code"]);
    Ok(with_status(page(ctx, Form::again(ctx, &open, errors)).await?, status))
}

/// As large as a phone needs it, not as wide as the page.
fn sized(picture: Html) -> Html {
    Html(picture.0.replacen("<svg ", "<svg width=\"220\" height=\"220\" ", 1))
}
