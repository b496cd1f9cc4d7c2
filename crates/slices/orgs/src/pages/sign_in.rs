//! `/sign-in`: login name and password.

use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use web::{AppError, Ctx, Form, FormData, Page};

use super::{cookies, mendable, with_status, without_secrets};
use crate::accounts::sign_in::{self, SignIn};
use crate::{Password, Passwords};

#[derive(Template)]
#[template(path = "orgs/sign_in.html")]
struct SignInPage {
    p: Page,
    f: Form,
}

/// Where to go on to.
#[derive(Deserialize)]
pub struct Next {
    next: Option<String>,
}

fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    ctx.render(&SignInPage { p: ctx.page(ctx.t("登录", "Sign in")), f })
}

/// The form.
pub async fn get(ctx: Ctx, Query(q): Query<Next>) -> Result<Response, AppError> {
    let f = Form::new(&ctx).with("next", q.next.unwrap_or_default());
    page(&ctx, f)
}

/// Signs in, or leads to the code.
pub async fn post(ctx: Ctx, headers: HeaderMap, data: FormData) -> Result<Response, AppError> {
    let cmd = SignIn {
        login: data.get("login").to_owned(),
        password: Password::new(data.all("password").first().cloned().unwrap_or_default()),
        replaces: cookies::token(&headers),
    };
    let passwords = ctx.app.part::<Passwords>();
    match sign_in::run(&ctx.app.db, &passwords, &ctx.visitor().request_id, cmd).await {
        Ok(session) => {
            let next = cookies::local(data.get("next"));
            let to = match (session.code_needed, session.account.must_change_password) {
                (true, _) => match serde_urlencoded::to_string([("next", next)]) {
                    Ok(query) => format!("/sign-in/code?{query}"),
                    Err(_) => "/sign-in/code".to_owned(),
                },
                (false, true) => "/account".to_owned(),
                (false, false) => next.to_owned(),
            };
            Ok(cookies::begin(&ctx, ctx.redirect(&to), &session))
        }
        Err(e) => refused(&ctx, &data, e),
    }
}

/// A wrong password is answered on the form itself, not by sending the person away.
fn refused(ctx: &Ctx, data: &FormData, e: sign_in::SignInError) -> Result<Response, AppError> {
    let (errors, status) = mendable(e, ctx.lang, &[StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN])?;
    let open = without_secrets(data, &["password"]);
    Ok(with_status(page(ctx, Form::again(ctx, &open, errors))?, status))
}
