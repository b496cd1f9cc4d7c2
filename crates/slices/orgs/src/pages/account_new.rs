//! `/accounts/new`: the administrator makes an account, or an organisation one of its people's.

use askama::Template;
use axum::response::Response;
use kernel::{Actor, Lang, Role};
use web::{AppError, Ctx, Form, FormData, Page, again_or_fail};

use super::{accounts_title, blank, facts_form::districts, without_secrets};
use crate::accounts::create::{self, NewAccount};
use crate::accounts::login_key;
use crate::{Password, Passwords};

#[derive(Template)]
#[template(path = "orgs/account_new.html")]
struct NewPage {
    p: Page,
    f: Form,
    roles: web::Field,
    district: web::Field,
    /// The administrator also says where the account belongs.
    any_org: bool,
}

/// The roles that the actor may give: an organisation those that act for it.
fn roles(actor: &Actor, lang: Lang) -> Vec<(String, String)> {
    let gives = |role: &Role| match actor.role {
        Role::EnterpriseOwner => matches!(role, Role::EnterpriseOwner | Role::EnterpriseMember),
        Role::Provider => *role == Role::Provider,
        _ => *role != Role::Public,
    };
    let people = Role::PEOPLE.into_iter().filter(gives);
    people.map(|r| (r.code().to_owned(), r.label(lang).to_owned())).collect()
}

fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    let p = ctx.page(ctx.t("新建账号", "New account")).crumb("/accounts", accounts_title(ctx));
    let roles = f.select("role", roles(&ctx.actor, ctx.lang)).label(ctx.t("身份", "Role"));
    let district = f
        .select("district", districts(ctx.lang))
        .label(ctx.t("所在区", "District"))
        .hint(ctx.t("只有区级经办需要", "Only a district officer has one"))
        .optional();
    ctx.render(&NewPage { p, f, roles, district, any_org: ctx.actor.org_id.is_none() })
}

/// The form.
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    page(&ctx, blank(&ctx))
}

/// Makes it.
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let open = without_secrets(&data, &["password"]);
    let login = login_key(data.get("login"));
    let password = Password::new(data.all("password").first().cloned().unwrap_or_default());
    let mut check = data.check(ctx.lang);
    let person_name = check.text("person_name");
    let role = data.get("role").parse::<Role>();
    if role.is_err() {
        check.refuse("role", "请选择身份", "Choose a role");
    }
    if let Some(p) = Passwords::problem(&login, &password) {
        check.refuse_with("password", p.message(ctx.lang).to_owned());
    }
    let errors = check.errors();
    let (Ok(role), true) = (role, errors.is_empty()) else { return page(&ctx, Form::again(&ctx, &open, errors)) };
    let Ok(hash) = ctx.app.part::<Passwords>().hash(&login, &password).await else {
        return page(&ctx, Form::again(&ctx, &open, Vec::new()));
    };
    let filled = |name: &str| Some(data.get(name).to_owned()).filter(|v| !v.is_empty());
    let (org_id, district) = (ctx.actor.org_id.clone().or_else(|| filled("org_id")), filled("district"));
    // Whose account it is chooses a language; until then the browser's is used.
    let cmd = NewAccount {
        login,
        person_name,
        role,
        org_id,
        district,
        password: hash,
        lang: None,
        must_change_password: true,
    };
    match ctx.submit(&open, move |cx| Box::pin(create::run(cx, cmd))).await {
        Ok(id) => {
            let line = ctx.t(
                "账号已建立。首次登录后需更改密码。",
                "The account is made; its password must be changed at first sign-in.",
            );
            Ok(ctx.redirect_saying(&format!("/accounts/{id}"), line))
        }
        Err(e) => again_or_fail(e, ctx.lang, |errors| page(&ctx, Form::again(&ctx, &open, errors))),
    }
}
