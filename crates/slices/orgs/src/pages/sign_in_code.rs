//! `/sign-in/code`: the second step.

use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use store::StoreError;
use web::{AppError, Ctx, Form, FormData, Page};

use super::{cookies, mendable, with_status, without_secrets};
use crate::accounts::code_pending;
use crate::accounts::verify_totp::{self, VerifyTotp, VerifyTotpError};

#[derive(Template)]
#[template(path = "orgs/sign_in_code.html")]
struct CodePage {
    p: Page,
    f: Form,
}

/// Where to go on to.
#[derive(Deserialize)]
pub struct Next {
    next: Option<String>,
}

fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    ctx.render(&CodePage { p: ctx.page(ctx.t("输入验证码", "Enter the code")), f })
}

/// The form, if a first step was taken.
pub async fn get(ctx: Ctx, headers: HeaderMap, Query(q): Query<Next>) -> Result<Response, AppError> {
    let Some(token) = cookies::token(&headers) else { return Ok(ctx.redirect("/sign-in")) };
    let pending = ctx.read::<_, StoreError, _>(|cx| Box::pin(async move { code_pending(cx, &token).await })).await?;
    if pending.is_none() {
        return Ok(ctx.redirect("/sign-in"));
    }
    let f = Form::new(&ctx).with("next", q.next.unwrap_or_default());
    page(&ctx, f)
}

/// Completes the sign-in.
pub async fn post(ctx: Ctx, headers: HeaderMap, data: FormData) -> Result<Response, AppError> {
    let Some(token) = cookies::token(&headers) else { return Ok(ctx.redirect("/sign-in")) };
    let cmd = VerifyTotp { token, code: data.get("code").to_owned() };
    match verify_totp::run(&ctx.app.db, &ctx.visitor().request_id, cmd).await {
        Ok(session) => {
            let to = match session.account.must_change_password {
                true => "/account",
                false => cookies::local(data.get("next")),
            };
            Ok(cookies::begin(&ctx, ctx.redirect(to), &session))
        }
        Err(VerifyTotpError::StepExpired {}) => {
            let line = ctx.t("登录步骤已过期，请重新登录。", "That sign-in took too long; please begin again.");
            Ok(ctx.redirect_saying("/sign-in", line))
        }
        Err(e) => {
            let (errors, status) = mendable(e, ctx.lang, &[StatusCode::UNAUTHORIZED])?;
            let open = without_secrets(&data, &["code"]);
            Ok(with_status(page(&ctx, Form::again(&ctx, &open, errors))?, status))
        }
    }
}
