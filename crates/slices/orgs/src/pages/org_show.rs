//! `/orgs/{id}`: one organisation, and the officers' record of it.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kernel::{Action, Subject};
use web::{AppError, Cell, Col, Ctx, Form, FormData, Html, Page, Table};

use super::{blank, facts_list, history_table, mendable, with_status, yes_no};
use crate::StatedFacts;
use crate::state_facts::{self, StateFacts};
use crate::view::{self, OrgView};

#[derive(Template)]
#[template(path = "orgs/show.html")]
struct OrgPage {
    p: Page,
    seen: OrgView,
    facts: Html,
    history: Table,
    accounts: Table,
    f: Form,
    fields: Vec<web::Field>,
    may_record: bool,
    record_href: String,
}

async fn page(ctx: &Ctx, id: String, f: Form) -> Result<Response, AppError> {
    let seen = ctx.read(move |cx| Box::pin(view::run(cx, id))).await?;
    let subject = Subject { orgs: [Some(&seen.org.id), None], district: seen.org.district.as_deref() };
    let may_record = ctx.may(Action::ImportOrgs, &subject);
    let columns = vec![Col::text(ctx.t("姓名", "Name")), Col::text(ctx.t("身份", "Role"))];
    let mut accounts = Table::new(ctx.lang, "people", ctx.t("账号", "Accounts"), columns)
        .when_empty(ctx.t("还没有账号。", "No accounts yet."));
    for a in &seen.accounts {
        accounts.row(vec![Cell::text(&a.person_name), Cell::text(a.role.label(ctx.lang))]);
    }
    let fields = vec![
        f.radios("dishonest", yes_no(ctx.lang))
            .label(ctx.t("列入严重失信主体名单", "Listed as seriously dishonest"))
            .optional(),
        f.radios("is_provider", yes_no(ctx.lang)).label(ctx.t("云平台服务商", "Cloud service provider")).optional(),
        f.date("valid_from").label(ctx.t("自何日起", "Holds from")),
    ];
    let facts = facts_list(&seen.facts, ctx.lang);
    let history = history_table(&seen.history, ctx.lang);
    let p = ctx.page(&seen.org.name).crumb("/orgs", ctx.t("企业名录", "Organisations"));
    let record_href = format!("/orgs/{}/record", seen.org.id);
    ctx.render(&OrgPage { p, record_href, seen, facts, history, accounts, f, fields, may_record })
}

/// The page.
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let today = ctx.today().to_string();
    page(&ctx, id, blank(&ctx).with("valid_from", today)).await
}

/// Records what only officers may.
pub async fn record(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let said = |name: &str| match data.get(name) {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let facts =
        StatedFacts { dishonest: said("dishonest"), is_provider: said("is_provider"), ..StatedFacts::default() };
    let mut check = data.check(ctx.lang);
    let valid_from = check.date("valid_from");
    let errors = check.errors();
    let Some(valid_from) = valid_from else { return page(&ctx, id, Form::again(&ctx, &data, errors)).await };
    let cmd = StateFacts { org_id: id.clone(), valid_from, facts };
    let done = ctx.submit(&data, move |cx| Box::pin(async move { state_facts::run(cx, cmd).await.map(|_| ()) })).await;
    match done {
        Ok(()) => Ok(ctx.redirect_saying(&format!("/orgs/{id}"), ctx.t("已登记。", "Recorded."))),
        Err(e) => {
            let (errors, status) = mendable(e, ctx.lang, &[])?;
            Ok(with_status(page(&ctx, id, Form::again(&ctx, &data, errors)).await?, status))
        }
    }
}
