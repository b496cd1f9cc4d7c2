//! `/org`: one's own organisation: what holds, the history, and stating facts.

use askama::Template;
use axum::response::Response;
use web::{AppError, Ctx, Form, FormData, Html, Page, Table};

use super::{blank, facts_form, facts_list, history_table, mendable, with_status};
use crate::state_facts::{self, StateFacts};
use crate::view::{self, OrgView};

#[derive(Template)]
#[template(path = "orgs/org.html")]
struct OwnOrgPage {
    p: Page,
    seen: OrgView,
    facts: Html,
    history: Table,
    f: Form,
    fields: Html,
}

async fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    let org_id = ctx.actor.org().to_owned();
    let seen = ctx.read(move |cx| Box::pin(view::run(cx, org_id))).await?;
    let facts = facts_list(&seen.facts, ctx.lang);
    let history = history_table(&seen.history, ctx.lang);
    let fields = facts_form::fields(&f, ctx.lang, true);
    ctx.render(&OwnOrgPage { p: ctx.page(ctx.t("单位信息", "Organisation")), seen, facts, history, f, fields })
}

/// The page.
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    let today = ctx.today().to_string();
    page(&ctx, blank(&ctx).with("valid_from", today)).await
}

/// States facts.
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let facts = facts_form::read(&mut check, &data);
    let valid_from = check.date("valid_from");
    for p in facts.problems(ctx.today()) {
        check.refuse_with(facts_form::field_name(p.field), p.message(ctx.lang).to_owned());
    }
    let errors = check.errors();
    let (Some(valid_from), true) = (valid_from, errors.is_empty()) else {
        return page(&ctx, Form::again(&ctx, &data, errors)).await;
    };
    let cmd = StateFacts { org_id: ctx.actor.org().to_owned(), valid_from, facts };
    match ctx.submit(&data, move |cx| Box::pin(async move { state_facts::run(cx, cmd).await.map(|_| ()) })).await {
        Ok(()) => Ok(ctx.redirect_saying("/org", ctx.t("单位信息已更新。", "The facts are stated."))),
        Err(e) => {
            let (errors, status) = mendable(e, ctx.lang, &[])?;
            Ok(with_status(page(&ctx, Form::again(&ctx, &data, errors)).await?, status))
        }
    }
}
