//! `/register`: an enterprise or a provider, with the person who speaks for it.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use web::{AppError, Ctx, FieldError, Form, FormData, Html, Page, again_or_fail};

use super::{facts_form, without_secrets};
use crate::accounts::{create, login_key};
use crate::register::{self, Owner, Register};
use crate::{OrgKind, Password, Passwords};

#[derive(Template)]
#[template(path = "orgs/register.html")]
struct RegisterPage {
    p: Page,
    f: Form,
    is_provider: bool,
    facts: Html,
}

/// Which of the two.
#[derive(Deserialize)]
pub struct Which {
    kind: Option<String>,
}

fn page(ctx: &Ctx, f: Form, is_provider: bool) -> Result<Response, AppError> {
    let title = if is_provider {
        ctx.t("服务商注册", "Register a provider")
    } else {
        ctx.t("企业注册", "Register an enterprise")
    };
    let facts = facts_form::fields(&f, ctx.lang, is_provider);
    ctx.render(&RegisterPage { p: ctx.page(title), f, is_provider, facts })
}

/// The form.
pub async fn get(ctx: Ctx, Query(which): Query<Which>) -> Result<Response, AppError> {
    page(&ctx, Form::new(&ctx), which.kind.as_deref() == Some("provider"))
}

/// Registers and leads to signing in.
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let is_provider = data.get("kind") == "provider";
    let (cmd, login, password, errors) = read(&ctx, &data, is_provider);
    let open = without_secrets(&data, &["password", "password_again"]);
    if !errors.is_empty() {
        return page(&ctx, Form::again(&ctx, &open, errors), is_provider);
    }
    let hash = match ctx.app.part::<Passwords>().hash(&login, &password).await {
        Ok(hash) => hash,
        Err(p) => {
            let error = FieldError { field: p.field.into(), message: p.message(ctx.lang).to_owned() };
            return page(&ctx, Form::again(&ctx, &open, vec![error]), is_provider);
        }
    };
    let owner = Owner { login, person_name: data.get("person_name").to_owned(), password: hash, lang: Some(ctx.lang) };
    let cmd = Register { owner: Some(owner), ..cmd };
    match ctx.submit(&open, move |cx| Box::pin(register::run(cx, cmd))).await {
        Ok(_) => {
            let line = ctx.t(
                "注册成功。请用刚才设置的登录名和密码登录。",
                "Registered. Sign in with the login name and password you just chose.",
            );
            Ok(ctx.redirect_saying("/sign-in", line))
        }
        Err(e) => again_or_fail(e, ctx.lang, |errors| page(&ctx, Form::again(&ctx, &open, errors), is_provider)),
    }
}

/// Everything that can be checked without the records, all at once.
fn read(ctx: &Ctx, data: &FormData, is_provider: bool) -> (Register, String, Password, Vec<FieldError>) {
    let mut check = data.check(ctx.lang);
    let facts = facts_form::read(&mut check, data);
    let cmd = Register {
        kind: if is_provider { OrgKind::Provider } else { OrgKind::Enterprise },
        uscc: data.get("uscc").to_owned(),
        name: data.get("name").to_owned(),
        simulated: false,
        facts,
        facts_from: ctx.today(),
        owner: None,
    };
    for p in register::problems(&cmd, ctx.today()) {
        check.refuse_with(facts_form::field_name(p.field), p.message(ctx.lang).to_owned());
    }
    if data.get("person_name").is_empty() {
        check.refuse("person_name", "请填写负责人姓名", "Give the person's name");
    }
    let login = login_key(data.get("login"));
    if !create::is_login(&login) {
        check.refuse("login", "请用 3 至 64 个字母、数字或 . _ - @ +", "Use 3 to 64 of a–z, 0–9 and . _ - @ +");
    }
    // A password is taken as typed: spaces at its ends belong to it.
    let typed = data.all("password").first().cloned().unwrap_or_default();
    let password = Password::new(typed.clone());
    if let Some(p) = Passwords::problem(&login, &password) {
        check.refuse_with("password", p.message(ctx.lang).to_owned());
    }
    if data.all("password_again").first() != Some(&typed) {
        check.refuse("password_again", "两次输入的密码不一致，请重新输入", "The two passwords differ; type them again");
    }
    check.consent("truthful");
    let mut errors = check.errors();
    let order = ["uscc", "name", "district", "industry", "staff", "revenue", "established_on", "person_name"];
    errors.sort_by_key(|e| order.iter().position(|o| *o == e.field).unwrap_or(order.len()));
    (cmd, login, password, errors)
}
