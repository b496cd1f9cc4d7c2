//! `/accounts/{id}`: one account before the administrator: disable, enable, reset.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use web::{AppError, Ctx, FieldError, Form, FormData, Html, Page, esc};

use super::{accounts_title, blank, mendable, when, with_status, without_secrets};
use crate::accounts::Account;
use crate::accounts::manage::{self, ManageAccountError};
use crate::{Password, Passwords};

#[derive(Template)]
#[template(path = "orgs/account_show.html")]
struct AccountPage {
    p: Page,
    account: Account,
    facts: Html,
    f: Form,
    switch: Html,
    reset_href: String,
}

async fn page(ctx: &Ctx, id: String, f: Form) -> Result<Response, AppError> {
    let (account, org) = ctx.read(move |cx| Box::pin(manage::view_with_org(cx, id))).await?;
    let yes = |b: bool| Html(ctx.t(if b { "是" } else { "否" }, if b { "yes" } else { "no" }).to_owned());
    let mut facts = vec![
        (ctx.t("登录名", "Login name").to_owned(), Html(esc(&account.login))),
        (ctx.t("身份", "Role").to_owned(), Html(account.role.label(ctx.lang).to_owned())),
        (ctx.t("建立时间", "Made at").to_owned(), Html(when(account.created_at))),
        (ctx.t("已停用", "Disabled").to_owned(), yes(account.disabled)),
        (ctx.t("两步验证", "Two-step sign-in").to_owned(), yes(account.has_totp)),
        (ctx.t("须更改密码", "Must change password").to_owned(), yes(account.must_change_password)),
    ];
    if let Some(org) = org {
        facts.push((ctx.t("所属单位", "Organisation").to_owned(), Html(esc(&org.name))));
    }
    if let Some(d) = account.district.as_deref().and_then(kernel::district) {
        facts.push((ctx.t("所在区", "District").to_owned(), Html(d.name(ctx.lang).to_owned())));
    }
    let action = format!("/accounts/{}/switch", account.id);
    let (to, label, class) = match account.disabled {
        true => ("0", ctx.t("启用账号", "Enable"), "btn"),
        false => ("1", ctx.t("停用账号", "Disable"), "btn btn-danger"),
    };
    let button = format!("<button class=\"{class}\" type=\"submit\">{label}</button>");
    let switch = Html(format!("{}{}{button}</form>", f.open(&action), f.hidden("disabled", to)));
    let p = ctx.page(&account.person_name).crumb("/accounts", accounts_title(ctx));
    let reset_href = format!("/accounts/{}/reset", account.id);
    ctx.render(&AccountPage { p, account, reset_href, facts: web::summary_list(&facts), f, switch })
}

/// The page.
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    page(&ctx, id, blank(&ctx)).await
}

async fn refused(ctx: &Ctx, id: String, data: &FormData, e: ManageAccountError) -> Result<Response, AppError> {
    let (errors, status) = mendable(e, ctx.lang, &[])?;
    Ok(with_status(page(ctx, id, Form::again(ctx, data, errors)).await?, status))
}

/// Disables or enables.
pub async fn switch(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let (disabled, target) = (data.get("disabled") == "1", id.clone());
    match ctx.submit(&data, move |cx| Box::pin(manage::set_disabled(cx, target, disabled))).await {
        Ok(()) => {
            let line = match disabled {
                true => ctx.t("账号已停用，登录立即失效。", "The account is disabled; its sign-ins have ended."),
                false => ctx.t("账号已启用。", "The account is enabled."),
            };
            Ok(ctx.redirect_saying(&format!("/accounts/{id}"), line))
        }
        Err(e) => refused(&ctx, id, &data, e).await,
    }
}

/// Gives a new first password.
pub async fn reset(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let target = id.clone();
    let account = ctx.read(move |cx| Box::pin(manage::view(cx, target))).await?;
    let open = without_secrets(&data, &["password"]);
    let password = Password::new(data.all("password").first().cloned().unwrap_or_default());
    let hash = match ctx.app.part::<Passwords>().hash(&account.login, &password).await {
        Ok(hash) => hash,
        Err(p) => {
            let error = FieldError { field: "password".into(), message: p.message(ctx.lang).to_owned() };
            return page(&ctx, id, Form::again(&ctx, &open, vec![error])).await;
        }
    };
    let (drop_totp, target) = (data.get("drop_totp") == "1", id.clone());
    match ctx.submit(&open, move |cx| Box::pin(manage::reset(cx, target, hash, drop_totp))).await {
        Ok(()) => {
            let line = ctx.t(
                "已重置：锁定解除，原登录和令牌全部失效。",
                "Reset: the lock is lifted, sign-ins and tokens have ended.",
            );
            Ok(ctx.redirect_saying(&format!("/accounts/{id}"), line))
        }
        Err(e) => refused(&ctx, id, &open, e).await,
    }
}
