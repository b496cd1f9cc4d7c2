//! `/funds/accounts/{id}`: one account with its transfers, newest first.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use kernel::Lang;
use ledger::{Code, TransferKind};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Html, Page, Table, esc};

use super::when;
use crate::{AccountLine, Entry, Names, ReadError, read};

const ROWS: i64 = 50;
/// Rows fetched at a time for a file.
const EXPORT_CHUNK: i64 = 5_000;

#[derive(Template)]
#[template(path = "funds/account.html")]
struct AccountPage {
    p: Page,
    name: String,
    closed: bool,
    facts: Html,
    table: Table,
}

/// Query of the page.
#[derive(Deserialize)]
pub struct AccountQuery {
    before: Option<i64>,
    format: Option<Export>,
}

/// The account, or its transfers as a file.
pub async fn get(ctx: Ctx, Path(id): Path<String>, Query(q): Query<AccountQuery>) -> Result<Response, AppError> {
    let (all, account, before) = (q.format.is_some(), id.clone(), q.before);
    let (line, entries, names) = ctx
        .read(move |cx| {
            Box::pin(async move {
                let line = read::account_line(cx, &account).await?;
                let entries = match all {
                    true => every_entry(cx, &account).await?,
                    false => read::entries(cx, &account, before, ROWS + 1).await?,
                };
                let named = [line.id.as_str(), line.parent.as_str()];
                let names = read::names(cx, &named).await?;
                Ok::<_, ReadError>((line, entries, names))
            })
        })
        .await?;
    let more = !all && entries.len() as i64 > ROWS;
    let shown = if more { &entries[..ROWS as usize] } else { &entries[..] };
    let table = transfers(shown, &names, ctx.lang);
    if let Some(format) = q.format {
        return ctx.export(&table, "transfers", format);
    }
    let here = format!("/funds/accounts/{id}");
    let next = shown.last().filter(|_| more).map(|e| format!("{here}?before={}", e.seq));
    let first = q.before.map(|_| here.clone());
    let name = names.of(&id, ctx.lang);
    let page = AccountPage {
        p: ctx.page(&name).crumb("/funds", ctx.t("资金", "Funds")),
        name,
        closed: line.closed,
        facts: facts(&line, &names, ctx.lang),
        table: table.pages(first, next).exports(&here),
    };
    ctx.render(&page)
}

async fn every_entry(cx: &mut store::Cx, account: &str) -> Result<Vec<Entry>, ReadError> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let before = all.last().map(|e| e.seq);
        let page = read::entries(cx, account, before, EXPORT_CHUNK).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn facts(a: &AccountLine, names: &Names, lang: Lang) -> Html {
    let money = |f: kernel::Fen| Html(format!("<span class=\"num\">{} {}</span>", f.yuan(), lang.t("元", "yuan")));
    let mut facts = vec![(
        lang.t("账户编号", "Account id").to_owned(),
        Html(format!("<span class=\"code\">{}</span>", esc(&a.id))),
    )];
    if !a.parent.is_empty() {
        let parent = format!("<a href=\"/funds/accounts/{}\">{}</a>", esc(&a.parent), esc(&names.of(&a.parent, lang)));
        facts.push((lang.t("资金来自", "Fed by").to_owned(), Html(parent)));
    }
    facts.extend([
        (lang.t("累计收入", "Taken in").to_owned(), money(a.taken_fen)),
        (lang.t("累计支出", "Given out").to_owned(), money(a.given_fen)),
        (lang.t("订单占用", "Held").to_owned(), money(a.held_fen)),
        (lang.t("可用", "Available").to_owned(), money(a.available_fen)),
    ]);
    web::summary_list(&facts)
}

/// A list of transfers as seen from one account.
fn transfers(entries: &[Entry], names: &Names, lang: Lang) -> Table {
    let columns = vec![
        Col::num(lang.t("序号", "No.")),
        Col::text(lang.t("时间", "Time")),
        Col::text(lang.t("用途", "Reason")),
        Col::text(lang.t("对方账户", "Other account")),
        Col::num(lang.t("收入（元）", "In (yuan)")),
        Col::num(lang.t("支出（元）", "Out (yuan)")),
        Col::text(lang.t("方式", "How")),
        Col::text(lang.t("依据", "Reference")),
    ];
    let mut table = Table::new(lang, "transfers", lang.t("转账明细", "Transfers"), columns)
        .when_empty(lang.t("还没有转账。", "No transfers yet."));
    for e in entries {
        let (taken, given) = match e.taken {
            true => (Cell::Money(e.amount_fen), Cell::Blank(String::new())),
            false => (Cell::Blank(String::new()), Cell::Money(e.amount_fen)),
        };
        let code = Code::from_code(&e.code).map_or(e.code.as_str(), |c| c.title(lang)).to_owned();
        table.row(vec![
            Cell::Int(e.seq),
            Cell::text(when(e.at)),
            Cell::text(code),
            Cell::link(format!("/funds/accounts/{}", e.other), names.of(&e.other, lang)),
            taken,
            given,
            Cell::text(how(&e.kind, e.pending_id.as_deref(), lang)),
            Cell::text(&e.reference),
        ]);
    }
    table
}

fn how(kind: &str, pending_id: Option<&str>, lang: Lang) -> String {
    let id = || pending_id.unwrap_or("").to_owned();
    let words = match kind {
        k if k == TransferKind::Posted.code() => return lang.t("入账", "posted").to_owned(),
        k if k == (TransferKind::Pending { expires_on: None }).code() => {
            return lang.t("占用（尚未入账）", "held, not yet posted").to_owned();
        }
        k if k == (TransferKind::Post { pending_id: id() }).code() => lang.t("兑现占用", "posts the hold"),
        k if k == (TransferKind::Void { pending_id: id() }).code() => lang.t("撤销占用", "voids the hold"),
        _ => lang.t("占用过期", "the hold expired"),
    };
    format!("{words} {}", id())
}
