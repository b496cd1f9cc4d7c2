//! `/account`: one's own account: password, language, the way to codes and tokens.

use askama::Template;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use kernel::Lang;
use web::{AppError, Ctx, FieldError, Form, FormData, Html, Page, preference_cookie};

use super::{blank, cookies, mendable, with_status};
use crate::accounts::change_password::{self, ChangePassword};
use crate::accounts::{Account, own_account, set_lang};
use crate::{Password, Passwords};

#[derive(Template)]
#[template(path = "orgs/account.html")]
struct AccountPage {
    p: Page,
    account: Account,
    facts: Html,
    password: Form,
    language: Form,
    langs: web::Field,
}

async fn page(ctx: &Ctx, password: Form) -> Result<Response, AppError> {
    let account = ctx.read(|cx| Box::pin(own_account::run(cx))).await?;
    let facts = vec![
        (ctx.t("登录名", "Login name").to_owned(), Html(web::esc(&account.login))),
        (ctx.t("姓名", "Name").to_owned(), Html(web::esc(&account.person_name))),
        (ctx.t("身份", "Role").to_owned(), Html(account.role.label(ctx.lang).to_owned())),
        (
            ctx.t("两步验证", "Two-step sign-in").to_owned(),
            match account.has_totp {
                true => web::tag("is-ok", ctx.t("已开启", "on")),
                false => web::tag("is-outline", ctx.t("未开启", "off")),
            },
        ),
    ];
    let language = blank(ctx).with("lang", ctx.lang.code());
    let facts = web::summary_list(&facts);
    let langs = [Lang::Zh, Lang::En].map(|l| (l.code().to_owned(), l.t("中文", "English").to_owned()));
    let langs = language.radios("lang", langs.to_vec()).label(ctx.t("界面语言", "Language of the interface"));
    let p = ctx.page(ctx.t("我的账号", "My account"));
    ctx.render(&AccountPage { p, account, facts, password, language, langs })
}

/// The page.
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    page(&ctx, blank(&ctx)).await
}

/// Changes the password; the session goes on under a new token.
pub async fn password(ctx: Ctx, headers: HeaderMap, data: FormData) -> Result<Response, AppError> {
    let typed = |name: &str| data.all(name).first().cloned().unwrap_or_default();
    if typed("new") != typed("new_again") {
        let message = ctx.t("两次输入的新密码不一致", "The two new passwords differ").to_owned();
        let error = FieldError { field: "new_again".into(), message };
        return page(&ctx, Form::again(&ctx, &FormData::of(Default::default()), vec![error])).await;
    }
    let cmd = ChangePassword {
        current: Password::new(typed("current")),
        new: Password::new(typed("new")),
        token: cookies::token(&headers).unwrap_or_default(),
    };
    let passwords = ctx.app.part::<Passwords>();
    match change_password::run(&ctx.app.db, &passwords, &ctx.actor, &ctx.visitor().request_id, cmd).await {
        Ok(session) => {
            let line = ctx.t(
                "密码已更改，其他设备上的登录和 API 令牌已全部失效。",
                "The password is changed; sign-ins on other devices and API tokens have ended.",
            );
            Ok(cookies::begin(&ctx, ctx.redirect_saying("/account", line), &session))
        }
        Err(e) => {
            let (errors, status) = mendable(e, ctx.lang, &[])?;
            Ok(with_status(page(&ctx, Form::again(&ctx, &FormData::of(Default::default()), errors)).await?, status))
        }
    }
}

/// Keeps the language.
pub async fn language(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let lang = Lang::from_tag(data.get("lang")).unwrap_or(ctx.lang);
    ctx.write(move |cx| Box::pin(set_lang::run(cx, lang))).await?;
    let mut response = ctx.redirect_saying("/account", lang.t("语言已更改。", "The language is changed."));
    response.headers_mut().append(header::SET_COOKIE, preference_cookie("yj_lang", lang.code()));
    Ok(response)
}
