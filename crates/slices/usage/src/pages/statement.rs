//! `/usage/statements/{id}`: one monthly statement, the bill that it came in, its versions, and what rests on it.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kernel::{Action, Fen, Subject};
use web::{AppError, Ctx, Html, Page, esc, summary_list};

use super::{bill_words, plain, when};
use crate::model::shown_account;
use crate::read::{self, StatementView};

#[derive(Template)]
#[template(path = "usage/statement.html")]
struct Show {
    p: Page,
    superseded: bool,
    about: Html,
    figures: Html,
    trail: Html,
}

fn link(href: &str, words: &str) -> Html {
    Html(format!("<a href=\"{}\">{}</a>", esc(href), esc(words)))
}

fn about(ctx: &Ctx, v: &StatementView) -> Html {
    let k = &v.statement.key;
    let whose = match &v.statement.enterprise_name {
        Some(name) => plain(name),
        None => plain(ctx.t("未认领", "nobody's yet")),
    };
    let facts = [
        (ctx.t("月份", "Month"), plain(&k.month)),
        (ctx.t("服务商", "Provider"), plain(&v.provider_name)),
        (ctx.t("归属企业", "Enterprise"), whose),
        (ctx.t("计费账号", "Billing account"), plain(shown_account(&k.billing_account_id, &k.sub_account_id))),
        (ctx.t("服务", "Service"), plain(format!("{} / {}", k.service_name, k.service_category))),
        (ctx.t("币种", "Currency"), plain(&k.currency)),
    ];
    summary_list(&facts.map(|(label, value)| (label.to_owned(), value)))
}

fn figures(ctx: &Ctx, v: &StatementView) -> Html {
    let f = &v.statement.figures;
    let money = |amount: Fen| Html(format!("<span class=\"num\">{}</span>", amount.yuan()));
    let quantities: Vec<String> = f.quantities.iter().map(|(unit, n)| format!("{n} {unit}")).collect();
    let facts = [
        (ctx.t("使用天数", "Days of use"), plain(f.active_days.to_string())),
        (ctx.t("资源数", "Resources"), plain(f.resources.to_string())),
        (ctx.t("用量", "Quantity"), plain(quantities.join(ctx.t("；", "; ")))),
        (ctx.t("费用", "Charges"), money(f.gross_fen)),
        (ctx.t("抵扣与调整", "Credits"), money(f.credits_fen)),
        (ctx.t("更正", "Corrections"), money(f.corrections_fen)),
        (ctx.t("净额", "Net cost"), money(f.net_fen)),
        (ctx.t("税（另计）", "Tax, beside it"), money(f.tax_fen)),
        (ctx.t("账单行数", "Rows of the bill"), plain(f.bill_rows.to_string())),
    ];
    summary_list(&facts.map(|(label, value)| (label.to_owned(), value)))
}

/// Where it came from and where it leads.
fn trail(ctx: &Ctx, v: &StatementView) -> Html {
    let s = &v.statement;
    let mut facts = vec![(ctx.t("所在账单", "Stated by"), plain(bill_words(s, ctx.lang)))];
    if let Some(number) = &v.import_number {
        facts.push((ctx.t("账单导入", "Import"), link(&format!("/usage/imports/{}", s.import_id), number)));
    }
    facts.push((ctx.t("生成时间", "Made at"), plain(when(s.made_at))));
    if let Some(id) = &v.replaces {
        let words = ctx.t("前一版本", "the version before");
        facts.push((ctx.t("取代", "In place of"), link(&format!("/usage/statements/{id}"), words)));
    }
    if let Some(id) = &s.superseded_by {
        let words = ctx.t("现行版本", "the version that stands");
        facts.push((ctx.t("已被取代", "Superseded by"), link(&format!("/usage/statements/{id}"), words)));
    }
    let may = ctx.may(Action::ViewSettlement, &Subject::none());
    for (id, number) in &v.claims {
        let cell = if may { link(&format!("/settlements/{id}"), number) } else { plain(number) };
        facts.push((ctx.t("据此兑付", "Settlement that rests on it"), cell));
    }
    summary_list(&facts.into_iter().map(|(label, value)| (label.to_owned(), value)).collect::<Vec<_>>())
}

/// GET /usage/statements/{id}
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let v = ctx.read(|cx| Box::pin(async move { read::statement_view(cx, &id).await })).await?;
    let title = format!("{} {}", ctx.t("用云月报", "Statement of use"), v.statement.key.month);
    ctx.render(&Show {
        p: ctx.page(&title).crumb("/usage", ctx.t("用云情况", "Use of cloud services")),
        superseded: v.statement.superseded_by.is_some(),
        about: about(&ctx, &v),
        figures: figures(&ctx, &v),
        trail: trail(&ctx, &v),
    })
}
