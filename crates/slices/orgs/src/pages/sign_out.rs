//! `/sign-out`: the button in the head.

use axum::http::HeaderMap;
use axum::response::Response;
use web::{AppError, Ctx, FormData};

use super::cookies;
use crate::accounts::sign_out;

/// Ends the session and leads home.
pub async fn post(ctx: Ctx, headers: HeaderMap, _data: FormData) -> Result<Response, AppError> {
    if let Some(token) = cookies::token(&headers) {
        ctx.write(move |cx| Box::pin(sign_out::run(cx, token))).await?;
    }
    let response = ctx.redirect_saying("/", ctx.t("已退出登录。", "You are signed out."));
    Ok(cookies::end(&ctx, response))
}
