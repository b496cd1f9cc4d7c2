//! The pages of this slice.

pub mod account;
pub mod accounts;
pub mod import;
pub mod import_tables;
pub mod imports;
pub mod statement;
pub mod usage;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use kernel::{Action, Lang};
use web::{Cell, Col, Html, Route, Table, esc};

use crate::model::{StatementRow, shown_account};

/// `2019-06-28 10:24` in China.
pub(crate) fn when(at: Timestamp) -> String {
    at.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A value of a summary list.
pub(crate) fn plain(text: impl AsRef<str>) -> Html {
    Html(esc(text.as_ref()))
}

/// `1.4 MiB`
pub(crate) fn size(bytes: i64) -> String {
    let kib = bytes as f64 / 1024.0;
    if kib < 1024.0 { format!("{kib:.1} KiB") } else { format!("{:.1} MiB", kib / 1024.0) }
}

/// A sub-item in words.
pub(crate) fn sub_item(code: &str, lang: Lang) -> String {
    kernel::sub_item(code).map_or(code, |s| s.name(lang)).to_owned()
}

/// Statements as a list. `whose` adds the enterprise; `imports` links each to the bill it came in.
pub(crate) fn statement_table(lang: Lang, rows: &[StatementRow], whose: bool, imports: bool) -> Table {
    let mut columns = vec![Col::text(lang.t("月份", "Month")), Col::text(lang.t("计费账号", "Billing account"))];
    if whose {
        columns.push(Col::text(lang.t("归属企业", "Enterprise")));
    }
    columns.extend([
        Col::text(lang.t("服务", "Service")),
        Col::num(lang.t("使用天数", "Days of use")),
        Col::num(lang.t("资源数", "Resources")),
        Col::text(lang.t("用量", "Quantity")),
        Col::num(lang.t("费用", "Charges")),
        Col::num(lang.t("抵扣与调整", "Credits")),
        Col::num(lang.t("更正", "Corrections")),
        Col::num(lang.t("净额", "Net cost")),
        Col::text(lang.t("币种", "Currency")),
        Col::text(lang.t("所在账单", "Stated by")),
    ]);
    let mut table = Table::new(lang, "statements", lang.t("月度用云账目", "Monthly statements of use"), columns)
        .when_empty(lang.t(
            "还没有月度账目。账号确认后，已导入账单中的账目会自动归入。",
            "No statements yet. Once an account is confirmed, statements of bills already imported appear here.",
        ));
    for s in rows {
        let mut cells = vec![
            Cell::link(format!("/usage/statements/{}", s.id), &s.key.month),
            Cell::text(shown_account(&s.key.billing_account_id, &s.key.sub_account_id)),
        ];
        if whose {
            cells.push(match &s.enterprise_name {
                Some(name) => Cell::text(name),
                None => Cell::Blank(lang.t("未认领", "nobody's yet").to_owned()),
            });
        }
        let f = &s.figures;
        let quantities: Vec<String> = f.quantities.iter().map(|(unit, n)| format!("{} {unit}", short(n))).collect();
        cells.extend([
            Cell::text(&s.key.service_name),
            Cell::Int(f.active_days),
            Cell::Int(f.resources),
            Cell::text(quantities.join("；")),
            Cell::Money(f.gross_fen),
            Cell::Money(f.credits_fen),
            Cell::Money(f.corrections_fen),
            Cell::Money(f.net_fen),
            Cell::text(&s.key.currency),
            bill_cell(s, lang, imports),
        ]);
        table.row(cells);
    }
    table
}

/// A quantity to three decimals; the whole of it is in the API.
fn short(decimal: &str) -> String {
    match decimal.split_once('.') {
        Some((whole, part)) => {
            let cut: String = part.chars().take(3).collect();
            format!("{whole}.{cut}").trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        None => decimal.to_owned(),
    }
}

/// `2019-06 的账单，第 2 版`
pub(crate) fn bill_words(s: &StatementRow, lang: Lang) -> String {
    let version = match (s.version, lang) {
        (1, _) => String::new(),
        (n, Lang::Zh) => format!("，第 {n} 版"),
        (n, Lang::En) => format!(", version {n}"),
    };
    let bill = match lang {
        _ if s.key.billed == s.key.month => lang.t("本月账单", "the month's bill").to_owned(),
        Lang::Zh => format!("{} 账单的更正", s.key.billed.trim_end_matches('+')),
        Lang::En => format!("corrections of {}", s.key.billed.trim_end_matches('+')),
    };
    match &s.superseded_by {
        Some(_) => format!("{bill}{version} · {}", lang.t("已被取代", "superseded")),
        None => format!("{bill}{version}"),
    }
}

fn bill_cell(s: &StatementRow, lang: Lang, imports: bool) -> Cell {
    let words = bill_words(s, lang);
    match &s.superseded_by {
        _ if imports => Cell::link(format!("/usage/imports/{}", s.import_id), words),
        Some(_) => Cell::tag("is-warn", words),
        None => Cell::text(words),
    }
}

/// All pages, with their actions.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/usage", Action::ViewUsage, usage::get),
        Route::get("/usage/statements/{id}", Action::ViewUsage, statement::get),
        Route::get("/usage/accounts", Action::ViewUsage, accounts::get),
        Route::post("/usage/accounts", Action::ClaimBillingAccount, accounts::post),
        Route::get("/usage/accounts/{id}", Action::ConfirmBillingAccount, account::get),
        Route::post("/usage/accounts/{id}", Action::ConfirmBillingAccount, account::post),
        Route::get("/usage/imports", Action::ViewImports, imports::get),
        Route::post("/usage/imports", Action::ImportBills, imports::post),
        Route::get("/usage/imports/{id}", Action::ViewImports, import::get),
        Route::get("/usage/imports/{id}/progress", Action::ViewImports, import::progress),
        Route::get("/usage/imports/{id}/findings", Action::ViewImports, import::findings),
    ]
}
