//! `/accounts`: the administrator's list, or an organisation's of its own people.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Form, Page, Table};

use super::{accounts_title, when};
use crate::accounts::manage;

const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "orgs/accounts.html")]
struct AccountsPage {
    p: Page,
    f: Form,
    table: Table,
}

/// The filter as it stands in the address.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct ListQuery {
    login: String,
    after: String,
}

/// The list.
pub async fn get(ctx: Ctx, Query(q): Query<ListQuery>) -> Result<Response, AppError> {
    let after = Some(q.after.clone()).filter(|a| !a.is_empty());
    let prefix = q.login.clone();
    let mut accounts = ctx.read(move |cx| Box::pin(manage::list(cx, after, prefix, ROWS + 1))).await?;
    let more = accounts.len() > ROWS as usize;
    accounts.truncate(ROWS as usize);
    let columns = vec![
        Col::text(ctx.t("登录名", "Login name")),
        Col::text(ctx.t("姓名", "Name")),
        Col::text(ctx.t("身份", "Role")),
        Col::text(ctx.t("所在区", "District")),
        Col::text(ctx.t("建立时间", "Made at")),
        Col::text(ctx.t("状态", "State")),
    ];
    let mut table = Table::new(ctx.lang, "accounts", ctx.t("账号", "Accounts"), columns);
    for a in &accounts {
        let district = a.district.as_deref().and_then(kernel::district);
        let state = match (a.disabled, a.has_totp) {
            (true, _) => Cell::tag("is-bad", ctx.t("已停用", "disabled")),
            (false, true) => Cell::tag("is-ok", ctx.t("启用，两步验证", "enabled, two-step")),
            (false, false) => Cell::tag("is-outline", ctx.t("启用", "enabled")),
        };
        table.row(vec![
            Cell::link(format!("/accounts/{}", a.id), &a.login),
            Cell::text(&a.person_name),
            Cell::text(a.role.label(ctx.lang)),
            district.map_or_else(|| Cell::Blank("—".into()), |d| Cell::text(d.name(ctx.lang))),
            Cell::text(when(a.created_at)),
            state,
        ]);
    }
    let href = |after: &str| {
        let query = serde_urlencoded::to_string([("login", q.login.as_str()), ("after", after)]).unwrap_or_default();
        format!("/accounts?{query}")
    };
    let next = accounts.last().filter(|_| more).map(|a| href(&a.login));
    let table = table.pages((!q.after.is_empty()).then(|| href("")), next);
    let f = Form::new(&ctx).with("login", &q.login);
    ctx.render(&AccountsPage { p: ctx.page(accounts_title(&ctx)), f, table })
}
