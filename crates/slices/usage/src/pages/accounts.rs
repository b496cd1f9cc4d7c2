//! `/usage/accounts`: an enterprise claims its billing accounts; a provider sees what waits for it; others look.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::{Action, Role, Subject};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, FieldError, Form, FormData, Page, Table, again_or_fail};

use super::when;
use crate::claim_account::{self, ClaimAccount};
use crate::model::ClaimState;
use crate::read::{self, EXPORT_MAX, ReadError};
use crate::{AccountFilter, AccountRow};

const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "usage/accounts.html")]
struct AccountsPage {
    p: Page,
    f: Form,
    providers: Vec<(String, String)>,
    may_claim: bool,
    is_provider: bool,
    table: Table,
}

/// Query of the page.
#[derive(Deserialize, Default)]
pub struct AccountsQuery {
    after: Option<String>,
    state: Option<String>,
    format: Option<Export>,
}

/// The page, or its list as a file.
pub async fn get(ctx: Ctx, Query(q): Query<AccountsQuery>) -> Result<Response, AppError> {
    let form = Form::new(&ctx);
    page(&ctx, q, form).await
}

async fn page(ctx: &Ctx, q: AccountsQuery, f: Form) -> Result<Response, AppError> {
    let limit = if q.format.is_some() { EXPORT_MAX } else { ROWS };
    let state = q.state.as_deref().and_then(ClaimState::from_code);
    let filter = AccountFilter { after: q.after.clone(), state, limit, ..AccountFilter::default() };
    let (found, providers) = ctx
        .read(|cx| {
            Box::pin(async move {
                let found = read::accounts(cx, filter).await?;
                Ok::<_, ReadError>((found, read::providers(cx).await?))
            })
        })
        .await?;
    let table = table(ctx, &found.items);
    if let Some(format) = q.format {
        return ctx.export(&table, "billing-accounts", format);
    }
    let next = found.next.map(|n| format!("/usage/accounts?after={n}"));
    let first = q.after.map(|_| "/usage/accounts".to_owned());
    ctx.render(&AccountsPage {
        p: ctx.page(ctx.t("计费账号", "Billing accounts")).crumb("/usage", ctx.t("用云情况", "Use")),
        f,
        providers,
        may_claim: ctx.may(Action::ClaimBillingAccount, &Subject::none()),
        is_provider: ctx.actor.role == Role::Provider,
        table: table.pages(first, next).exports("/usage/accounts"),
    })
}

fn table(ctx: &Ctx, rows: &[AccountRow]) -> Table {
    let lang = ctx.lang;
    let columns = vec![
        Col::text(lang.t("计费账号", "Billing account")),
        Col::text(lang.t("企业", "Enterprise")),
        Col::text(lang.t("服务商", "Provider")),
        Col::text(lang.t("状态", "State")),
        Col::text(lang.t("认领时间", "Claimed at")),
        Col::text(lang.t("说明", "Note")),
        Col::actions(lang.t("操作", "Action")),
    ];
    let mut table = Table::new(lang, "accounts", lang.t("计费账号认领", "Claims of billing accounts"), columns)
        .when_empty(lang.t("还没有认领的账号。", "No account has been claimed yet."));
    for row in rows {
        let a = &row.account;
        let decides = ctx.may(Action::ConfirmBillingAccount, &Subject::org(&a.provider_id));
        let action = match (decides, a.state) {
            (true, ClaimState::Claimed) => Cell::link(format!("/usage/accounts/{}", a.id), lang.t("处理", "Decide")),
            (true, ClaimState::Confirmed) => Cell::link(format!("/usage/accounts/{}", a.id), lang.t("查看", "Open")),
            _ => Cell::text(""),
        };
        table.row(vec![
            Cell::text(a.shown()),
            Cell::text(&row.enterprise_name),
            Cell::text(&row.provider_name),
            Cell::tag(a.state.tone(), a.state.label(lang)),
            Cell::text(when(a.claimed_at)),
            Cell::text(&a.reason),
            action,
        ]);
    }
    table
}

/// Claims an account.
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let cmd = ClaimAccount {
        enterprise_id: ctx.actor.org().to_owned(),
        provider_id: check.text("provider_id"),
        billing_account_id: check.text("billing_account_id"),
        sub_account_id: Some(check.optional_text("sub_account_id")),
    };
    let errors = check.errors();
    if !errors.is_empty() {
        return again(&ctx, &data, errors).await;
    }
    match ctx.submit(&data, move |cx| Box::pin(async move { claim_account::run(cx, cmd).await })).await {
        Ok(claimed) => {
            let line = match ctx.lang {
                kernel::Lang::Zh => format!("已认领 {}，等待服务商确认。", claimed.shown()),
                kernel::Lang::En => format!("You claimed {}; the provider now has to confirm.", claimed.shown()),
            };
            Ok(ctx.redirect_saying("/usage/accounts", &line))
        }
        Err(e) => {
            let mut errors = Vec::new();
            let mut response = again_or_fail(e, ctx.lang, |found| {
                errors = found;
                Ok(Response::default())
            })?;
            let status = response.status();
            response = again(&ctx, &data, errors).await?;
            *response.status_mut() = status;
            Ok(response)
        }
    }
}

async fn again(ctx: &Ctx, data: &FormData, errors: Vec<FieldError>) -> Result<Response, AppError> {
    page(ctx, AccountsQuery::default(), Form::again(ctx, data, errors)).await
}
