//! `/usage/accounts/{id}`: the provider confirms a claim or rejects it with a reason.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kernel::{Action, Lang, Subject};
use web::{AppError, Ctx, FieldError, Form, FormData, Html, Page, again_or_fail, summary_list, tag};

use super::{plain, when};
use crate::AccountRow;
use crate::confirm_account::{self, ConfirmAccount};
use crate::model::{ClaimState, ClaimVerb};
use crate::read::{self, ReadError};

#[derive(Template)]
#[template(path = "usage/account.html")]
struct AccountPage {
    p: Page,
    f: Form,
    action: String,
    facts: Html,
    verbs: Vec<(String, String)>,
}

async fn row(ctx: &Ctx, id: &str) -> Result<AccountRow, AppError> {
    let id = id.to_owned();
    let row = ctx.read(|cx| Box::pin(async move { read::account(cx, &id).await })).await?;
    match ctx.may(Action::ConfirmBillingAccount, &Subject::org(&row.account.provider_id)) {
        true => Ok(row),
        false => Err(ReadError::NotFound.into()),
    }
}

fn page(ctx: &Ctx, row: &AccountRow, f: Form) -> Result<Response, AppError> {
    let (lang, a) = (ctx.lang, &row.account);
    let facts = vec![
        (
            lang.t("计费账号", "Billing account").to_owned(),
            Html(format!("<span class=\"code\">{}</span>", plain(a.shown()))),
        ),
        (lang.t("企业", "Enterprise").to_owned(), plain(&row.enterprise_name)),
        (lang.t("认领时间", "Claimed at").to_owned(), plain(when(a.claimed_at))),
        (lang.t("状态", "State").to_owned(), tag(a.state.tone(), a.state.label(lang))),
    ];
    let confirm = (
        "confirm".to_owned(),
        lang.t("确认：该账号属于这家企业", "Confirm: the account is this enterprise's").to_owned(),
    );
    let reject = match a.state {
        ClaimState::Confirmed => lang.t("撤回确认：此前确认有误", "Take the confirmation back: it was a mistake"),
        _ => lang.t("不予确认：写明原因", "Reject, with the reason"),
    };
    let reject = ("reject".to_owned(), reject.to_owned());
    let verbs = match a.state {
        ClaimState::Claimed => vec![confirm, reject],
        ClaimState::Confirmed => vec![reject],
        ClaimState::Rejected => Vec::new(),
    };
    ctx.render(&AccountPage {
        p: ctx
            .page(ctx.t("核对计费账号", "Check a billing account"))
            .crumb("/usage/accounts", ctx.t("计费账号", "Billing accounts")),
        f,
        action: format!("/usage/accounts/{}", a.id),
        facts: summary_list(&facts),
        verbs,
    })
}

/// The claim and the form.
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let row = row(&ctx, &id).await?;
    page(&ctx, &row, Form::new(&ctx))
}

/// Decides.
pub async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let row = row(&ctx, &id).await?;
    let again = |errors: Vec<FieldError>| page(&ctx, &row, Form::again(&ctx, &data, errors));
    let mut check = data.check(ctx.lang);
    let verb = match check.one_of("verb", &["confirm", "reject"]).as_str() {
        "confirm" => ClaimVerb::Confirm,
        _ => ClaimVerb::Reject,
    };
    let reason = check.optional_text("reason");
    let errors = check.errors();
    if !errors.is_empty() {
        return again(errors);
    }
    let cmd = ConfirmAccount { account_id: id, verb, reason };
    match ctx.submit(&data, move |cx| Box::pin(async move { confirm_account::run(cx, cmd).await })).await {
        Ok(decided) => {
            let line = match ctx.lang {
                Lang::Zh => format!("{}：{}。", decided.shown(), decided.state.label(Lang::Zh)),
                Lang::En => format!("{}: {}.", decided.shown(), decided.state.label(Lang::En)),
            };
            Ok(ctx.redirect_saying("/usage/accounts", &line))
        }
        Err(e) => again_or_fail(e, ctx.lang, again),
    }
}
