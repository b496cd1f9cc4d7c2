//! `/funds`: where the money is, from the treasury's grant down to each voucher and out to the bank.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::{Action, Fen, Lang, Subject};
use ledger::AccountKind;
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Html, Page, Table};

use crate::{AccountLine, Names, ReadError, VoucherSum, ids, read};

#[derive(Template)]
#[template(path = "funds/tree.html")]
struct TreePage {
    p: Page,
    stats: Vec<Html>,
    tree: Table,
    others: Table,
    may_manage: bool,
}

/// Query of the page.
#[derive(Deserialize)]
pub struct TreeQuery {
    format: Option<Export>,
    list: Option<String>,
}

/// How many accounts of providers are shown; the rest is in the export.
const OTHERS_SHOWN: usize = 50;
const OTHERS_MAX: i64 = 20_000;

struct Books {
    accounts: Vec<AccountLine>,
    vouchers: Vec<VoucherSum>,
    others: Vec<AccountLine>,
    names: Names,
}

/// The tree as a page, or one of its two lists as a file.
pub async fn get(ctx: Ctx, Query(q): Query<TreeQuery>) -> Result<Response, AppError> {
    let books = ctx
        .read(|cx| {
            Box::pin(async move {
                let accounts = read::programmes(cx).await?;
                let vouchers = read::voucher_sums(cx).await?;
                let mut others = read::roots(cx, "", OTHERS_MAX).await?;
                others.retain(|a| a.kind != "appropriation");
                let shown: Vec<&str> = others.iter().map(|a| a.id.as_str()).collect();
                let names = read::names(cx, &shown).await?;
                Ok::<_, ReadError>(Books { accounts, vouchers, others, names })
            })
        })
        .await?;
    let mut tree = list(ctx.lang, "tree", ctx.t("资金树", "Money tree"));
    for root in books.accounts.iter().filter(|a| a.parent.is_empty() && a.kind == "appropriation") {
        branch(&books, root, 0, ctx.lang, &mut tree);
    }
    let shown = if q.format.is_some() { books.others.len() } else { OTHERS_SHOWN };
    let mut others = list(ctx.lang, "others", ctx.t("银行与服务商账户", "Bank and provider accounts"));
    for account in books.others.iter().take(shown) {
        others.row(cells(account, &books.names.of(&account.id, ctx.lang), 0, ctx.lang));
    }
    match (q.format, q.list.as_deref()) {
        (Some(format), Some("others")) => return ctx.export(&others, "funds-accounts", format),
        (Some(format), _) => return ctx.export(&tree, "funds-tree", format),
        _ => {}
    }
    let nothing = ctx.t("还没有资金下达。登记第一份下达文件后，资金从这里往下走。", "No money has been granted yet.");
    let page = TreePage {
        p: ctx.page(ctx.t("资金", "Funds")),
        stats: stats(&books, ctx.lang),
        tree: tree.when_empty(nothing).exports("/funds?list=tree"),
        others: others.exports("/funds?list=others"),
        may_manage: ctx.may(Action::ManageFunds, &Subject::none()),
    };
    ctx.render(&page)
}

fn list(lang: Lang, id: &str, caption: &str) -> Table {
    let columns = vec![
        Col::text(lang.t("层级", "Level")),
        Col::text(lang.t("账户", "Account")),
        Col::num(lang.t("累计收入（元）", "Taken in (yuan)")),
        Col::num(lang.t("累计支出（元）", "Given out (yuan)")),
        Col::num(lang.t("订单占用（元）", "Held (yuan)")),
        Col::num(lang.t("可用（元）", "Available (yuan)")),
    ];
    Table::new(lang, id, caption, columns)
}

/// Where in the tree, in words; full-width spaces keep its form in spreadsheets too.
fn level(words: &str, depth: usize) -> Cell {
    let lead = if depth == 0 { String::new() } else { format!("{}└ ", "　".repeat(depth - 1)) };
    Cell::text(format!("{lead}{words}"))
}

fn cells(a: &AccountLine, name: &str, depth: usize, lang: Lang) -> Vec<Cell> {
    let kind = match a.id.split_once(':').map_or(a.id.as_str(), |(kind, _)| kind) {
        "quota" => lang.t("区额度", "district quota"),
        _ => AccountKind::from_code(&a.kind).map_or(a.kind.as_str(), |k| k.title(lang)),
    };
    let closed = if a.closed { lang.t("（已关闭）", " (closed)") } else { "" };
    vec![
        level(kind, depth),
        Cell::link(format!("/funds/accounts/{}", a.id), format!("{name}{closed}")),
        Cell::Money(a.taken_fen),
        Cell::Money(a.given_fen),
        Cell::Money(a.held_fen),
        Cell::Money(a.available_fen),
    ]
}

/// An account, what it feeds, and under a quota all its vouchers in one row.
fn branch(books: &Books, at: &AccountLine, depth: usize, lang: Lang, table: &mut Table) {
    table.row(cells(at, &books.names.of(&at.id, lang), depth, lang));
    for child in books.accounts.iter().filter(|a| a.parent == at.id && a.id != at.id) {
        branch(books, child, depth + 1, lang, table);
    }
    for sum in books.vouchers.iter().filter(|v| v.quota == at.id) {
        let words = match lang {
            Lang::Zh => format!("{} 张", sum.count),
            Lang::En => format!("{} in all", sum.count),
        };
        table.row(vec![
            level(AccountKind::Voucher.title(lang), depth + 1),
            Cell::text(words),
            Cell::Money(sum.taken_fen),
            Cell::Money(sum.given_fen),
            Cell::Money(sum.held_fen),
            Cell::Money(sum.available_fen),
        ]);
    }
}

fn stats(books: &Books, lang: Lang) -> Vec<Html> {
    let sum = |kind: &str, of: fn(&AccountLine) -> Fen| -> Fen {
        books.accounts.iter().chain(&books.others).filter(|a| a.kind == kind).map(of).sum()
    };
    let granted = sum("appropriation", |a| a.taken_fen);
    let paid: Fen = books.others.iter().filter(|a| a.id == ids::BANK).map(|a| a.given_fen).sum();
    // What left the payables without leaving the bank was kept for what providers had to pay back.
    let kept = (sum("provider-payable", |a| a.given_fen) - paid).or_zero();
    let owed = sum("provider-payable", |a| a.available_fen);
    let due = sum("receivable", |a| a.available_fen);
    let out: Fen = books.vouchers.iter().map(|v| v.available_fen + v.held_fen).sum();
    let unit = lang.t("元", "yuan");
    let share = |part: Fen| {
        let share = if granted > Fen::ZERO { part.0 as f64 / granted.0 as f64 } else { 0.0 };
        let percent = share * 100.0;
        let words = match lang {
            Lang::Zh => format!("占下达资金 {percent:.1}%"),
            Lang::En => format!("{percent:.1}% of what was granted"),
        };
        Some((share, words))
    };
    vec![
        web::stat(lang.t("财政下达", "Granted"), &granted.yuan(), unit, None),
        web::stat(lang.t("在途云惠券", "In vouchers"), &out.yuan(), unit, share(out)),
        web::stat(lang.t("应付服务商", "Owed to providers"), &owed.yuan(), unit, share(owed)),
        web::stat(lang.t("银行实付", "Paid by the bank"), &paid.yuan(), unit, share(paid)),
        web::stat(lang.t("抵扣追回款", "Kept for recoveries"), &kept.yuan(), unit, None),
        web::stat(lang.t("应收追回", "To be paid back"), &due.yuan(), unit, None),
    ]
}
