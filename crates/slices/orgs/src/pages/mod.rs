//! Pages: one a file.

mod account;
mod account_new;
mod account_show;
mod accounts;
mod cookies;
mod facts_form;
pub(crate) mod import;
mod org;
mod org_list;
mod org_show;
mod register;
mod sign_in;
mod sign_in_code;
mod sign_out;
mod tokens;
mod totp;

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use kernel::{Action, Lang};
use web::{AppError, FieldError, Form, FormData, Html, Route, esc};

use crate::FactRow;

/// All pages, with their actions.
pub fn routes() -> Vec<Route> {
    use Action::{EnterAccount, ImportOrgs, ListOrgs, ManageAccounts, ManageOwnAccount, StateFacts, ViewOrg};
    vec![
        Route::get("/register", EnterAccount, register::get),
        Route::post("/register", EnterAccount, register::post),
        Route::get("/sign-in", EnterAccount, sign_in::get),
        Route::post("/sign-in", EnterAccount, sign_in::post),
        Route::get("/sign-in/code", EnterAccount, sign_in_code::get),
        Route::post("/sign-in/code", EnterAccount, sign_in_code::post),
        Route::post("/sign-out", ManageOwnAccount, sign_out::post),
        Route::get("/account", ManageOwnAccount, account::get),
        Route::post("/account/password", ManageOwnAccount, account::password),
        Route::post("/account/language", ManageOwnAccount, account::language),
        Route::get("/account/totp", ManageOwnAccount, totp::get),
        Route::post("/account/totp", ManageOwnAccount, totp::offer),
        Route::post("/account/totp/confirm", ManageOwnAccount, totp::confirm),
        Route::post("/account/totp/remove", ManageOwnAccount, totp::remove),
        Route::get("/account/tokens", ManageOwnAccount, tokens::get),
        Route::post("/account/tokens", ManageOwnAccount, tokens::create),
        Route::post("/account/tokens/{id}/revoke", ManageOwnAccount, tokens::revoke),
        Route::get("/org", StateFacts, org::get),
        Route::post("/org/facts", StateFacts, org::post),
        Route::get("/orgs", ListOrgs, org_list::get),
        Route::get("/orgs/import", ImportOrgs, import::get),
        Route::get("/orgs/import/template", ImportOrgs, import::template),
        Route::post("/orgs/import", ImportOrgs, import::post),
        Route::get("/orgs/{id}", ViewOrg, org_show::get),
        Route::post("/orgs/{id}/record", ImportOrgs, org_show::record),
        Route::get("/accounts", ManageAccounts, accounts::get),
        Route::get("/accounts/new", ManageAccounts, account_new::get),
        Route::post("/accounts/new", ManageAccounts, account_new::post),
        Route::get("/accounts/{id}", ManageAccounts, account_show::get),
        Route::post("/accounts/{id}/switch", ManageAccounts, account_show::switch),
        Route::post("/accounts/{id}/reset", ManageAccounts, account_show::reset),
    ]
}

/// An instant as people in China read it.
pub(crate) fn when(at: Timestamp) -> String {
    let beijing = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(8));
    at.to_zoned(beijing).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A fact's name in words.
pub(crate) fn fact_label(name: &str, lang: Lang) -> &str {
    match name {
        "uscc" => lang.t("统一社会信用代码", "Unified social credit code"),
        "district" => lang.t("所在区", "District"),
        "industry" => lang.t("行业大类", "Industry division"),
        "staff" => lang.t("从业人员数", "Staff"),
        "revenue_fen" => lang.t("上年营业收入", "Revenue last year"),
        "size" => lang.t("企业规模", "Size class"),
        "above_designated_size" => lang.t("规模以上工业企业", "Above designated size"),
        "is_manufacturer" => lang.t("制造业企业", "Manufacturer"),
        "established_on" => lang.t("成立日期", "Established on"),
        "registered_in_city" => lang.t("在本市注册", "Registered in the city"),
        "dishonest" => lang.t("严重失信记录", "Recorded as seriously dishonest"),
        "is_provider" => lang.t("云平台服务商", "Cloud service provider"),
        other => other,
    }
}

/// A fact's value in words.
pub(crate) fn fact_words(name: &str, value: &serde_json::Value, lang: Lang) -> String {
    let text = value.as_str().unwrap_or("");
    match (name, value) {
        (_, serde_json::Value::Null) => lang.t("未填写", "not stated").to_owned(),
        (_, serde_json::Value::Bool(yes)) => {
            lang.t(if *yes { "是" } else { "否" }, if *yes { "yes" } else { "no" }).to_owned()
        }
        ("revenue_fen", v) => {
            format!("{} {}", kernel::Fen(v.as_i64().unwrap_or(0)).yuan(), lang.t("元", "yuan"))
        }
        ("staff", v) => format!("{} {}", v, lang.t("人", "people")),
        ("district", _) => kernel::district(text).map_or(text, |d| d.name(lang)).to_owned(),
        ("industry", _) => format!("{text} {}", crate::model::division_name(text, lang)),
        ("size", _) => text.parse::<kernel::SizeClass>().map_or(text, |s| s.label(lang)).to_owned(),
        (_, serde_json::Value::String(s)) => s.clone(),
        (_, other) => other.to_string(),
    }
}

/// What holds, as label and value.
pub(crate) fn facts_list(facts: &crate::Facts, lang: Lang) -> Html {
    let value = serde_json::to_value(facts).unwrap_or_default();
    let names = [
        "district",
        "industry",
        "is_manufacturer",
        "staff",
        "revenue_fen",
        "size",
        "above_designated_size",
        "established_on",
        "registered_in_city",
        "dishonest",
        "is_provider",
    ];
    let rows: Vec<(String, Html)> = names
        .iter()
        .map(|n| {
            let words = fact_words(n, value.get(*n).unwrap_or(&serde_json::Value::Null), lang);
            (fact_label(n, lang).to_owned(), Html(esc(&words)))
        })
        .collect();
    web::summary_list(&rows)
}

/// Every statement, newest first.
pub(crate) fn history_table(history: &[FactRow], lang: Lang) -> web::Table {
    use web::{Cell, Col, Table};
    let columns = vec![
        Col::text(lang.t("项目", "Fact")),
        Col::text(lang.t("内容", "Value")),
        Col::text(lang.t("自何日起", "Holds from")),
        Col::text(lang.t("填报时间", "Stated at")),
    ];
    let mut table = Table::new(lang, "history", lang.t("信息变更记录", "History of facts"), columns)
        .when_empty(lang.t("还没有填报记录。", "Nothing has been stated yet."));
    for row in history {
        table.row(vec![
            Cell::text(fact_label(&row.name, lang)),
            Cell::text(fact_words(&row.name, &row.value, lang)),
            Cell::Date(Some(row.valid_from)),
            Cell::text(when(row.stated_at)),
        ]);
    }
    table
}

/// A form that came back: without the secrets that were typed into it, so that neither the page nor the fingerprint
/// of the submission holds a fast hash of a password.
pub(crate) fn without_secrets(data: &FormData, secret: &[&str]) -> FormData {
    let kept = data.values().iter().filter(|(name, _)| !secret.contains(&name.as_str()));
    FormData::of(kept.map(|(n, v)| (n.clone(), v.clone())).collect())
}

/// Whether the answer is "yes", for radios.
pub(crate) fn yes_no(lang: Lang) -> Vec<(String, String)> {
    vec![("yes".to_owned(), lang.t("是", "Yes").to_owned()), ("no".to_owned(), lang.t("否", "No").to_owned())]
}

/// What a refused form shows again with: its errors and its status. A refusal that the person cannot mend there is
/// handed on; `also` names refusals by status that are mended on this form though they are not elsewhere.
pub(crate) fn mendable(
    refusal: impl Into<AppError>,
    lang: Lang,
    also: &[StatusCode],
) -> Result<(Vec<FieldError>, StatusCode), AppError> {
    let error: AppError = refusal.into();
    let elsewhere = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
    let here = error.status.is_client_error() && !elsewhere.contains(&error.status);
    match here || also.contains(&error.status) {
        true => Ok((error.as_field_errors(lang), error.status)),
        false => Err(error),
    }
}

/// The same page with the refusal's status.
pub(crate) fn with_status(mut response: Response, status: StatusCode) -> Response {
    *response.status_mut() = status;
    response
}

/// What the list of accounts is called: the administrator's, or an organisation's of its own people.
pub(crate) fn accounts_title(ctx: &web::Ctx) -> &'static str {
    match ctx.actor.org_id {
        Some(_) => ctx.t("本单位账号", "Our accounts"),
        None => ctx.t("账户管理", "Accounts"),
    }
}

/// A form without anything in it, for a page with several.
pub(crate) fn blank(ctx: &web::Ctx) -> Form {
    Form::new(ctx)
}
