//! The lists of an import's page: breached rules, findings by row and column, statements with what stood before.

use std::collections::BTreeMap;

use focus::{Report, Severity};
use kernel::{Fen, Lang};
use web::{Cell, Col, Table};

use crate::model::{Correction, StatementRow, shown_account};

fn severity(s: Severity, lang: Lang) -> Cell {
    match s {
        Severity::Rejected => Cell::tag("is-bad", lang.t("不合格，整行不计", "Rejected: the row does not count")),
        Severity::Warning => Cell::tag("is-warn", lang.t("提醒，照常计入", "Warning: the row counts")),
        Severity::AllowedByProfile => {
            Cell::tag("is-info", lang.t("来源已知，照常计入", "Known of the source: the row counts"))
        }
    }
}

/// Breached rules with their totals.
pub(crate) fn breaches(lang: Lang, report: &Report) -> Table {
    let columns = vec![
        Col::text(lang.t("规则", "Rule")),
        Col::text(lang.t("列", "Column")),
        Col::text(lang.t("处理", "Treatment")),
        Col::num(lang.t("行数", "Rows")),
        Col::text(lang.t("要求", "What it asks")),
        Col::text(lang.t("依据", "Citation")),
    ];
    let mut table = Table::new(lang, "breaches", lang.t("未满足的规则", "Breached rules"), columns)
        .when_empty(lang.t("全部规则均满足。", "Every rule holds."));
    for b in &report.breaches {
        let message = match &b.allowed_because {
            Some(why) => format!("{} {}", b.message.get(lang), why.get(lang)),
            None => b.message.get(lang).to_owned(),
        };
        table.row(vec![
            Cell::text(&b.rule),
            Cell::text(&b.column),
            severity(b.severity, lang),
            Cell::Int(i64::try_from(b.rows).unwrap_or(i64::MAX)),
            Cell::text(message),
            Cell::text(&b.citation),
        ]);
    }
    table
}

/// How many findings the report keeps.
pub(crate) fn findings_kept(report: &Report) -> usize {
    report.breaches.iter().map(|b| b.first.len()).sum()
}

/// The first findings of each rule: row, line, column, value; `rows_max` of them after the first `from`.
pub(crate) fn findings(lang: Lang, report: &Report, from: usize, rows_max: usize) -> Table {
    let columns = vec![
        Col::text(lang.t("规则", "Rule")),
        Col::num(lang.t("数据行", "Row")),
        Col::num(lang.t("文件行", "Line")),
        Col::text(lang.t("列", "Column")),
        Col::text(lang.t("所见内容", "Value found")),
        Col::text(lang.t("处理", "Treatment")),
        Col::text(lang.t("要求", "What it asks")),
        Col::text(lang.t("依据", "Citation")),
    ];
    let mut table = Table::new(lang, "findings", lang.t("逐行问题", "Findings by row"), columns)
        .when_empty(lang.t("没有发现问题。", "Nothing was found."));
    let all = report.breaches.iter().flat_map(|b| b.first.iter().map(move |f| (b, f)));
    for (b, f) in all.skip(from).take(rows_max) {
        let number = |n: Option<u64>| match n.and_then(|n| i64::try_from(n).ok()) {
            Some(n) => Cell::Int(n),
            None => Cell::Blank(lang.t("整个文件", "the file").to_owned()),
        };
        table.row(vec![
            Cell::text(&f.rule),
            number(f.row),
            number(f.line),
            Cell::text(&f.column),
            Cell::text(&f.excerpt),
            severity(f.severity, lang),
            Cell::text(b.message.get(lang)),
            Cell::text(&b.citation),
        ]);
    }
    table
}

/// Statements that the import made, with the net cost that stood before.
pub(crate) fn made(lang: Lang, rows: &[StatementRow], before: &BTreeMap<String, Fen>) -> Table {
    let columns = vec![
        Col::text(lang.t("月份", "Month")),
        Col::text(lang.t("计费账号", "Billing account")),
        Col::text(lang.t("归属企业", "Enterprise")),
        Col::text(lang.t("服务", "Service")),
        Col::num(lang.t("使用天数", "Days of use")),
        Col::num(lang.t("此前净额", "Net before")),
        Col::num(lang.t("净额", "Net cost")),
        Col::num(lang.t("差额", "Difference")),
        Col::text(lang.t("状态", "State")),
    ];
    let mut table = Table::new(lang, "made", lang.t("生成的月度账目", "Statements made"), columns).when_empty(
        lang.t("没有生成新的账目：数字与已有账目相同。", "No new statement: the same figures stand already."),
    );
    for s in rows {
        let old = before.get(&s.id).copied();
        let state = match (&s.superseded_by, s.version) {
            (Some(_), _) => Cell::tag("is-warn", lang.t("已被取代", "superseded")),
            (None, 1) => Cell::tag("is-ok", lang.t("新账目", "new")),
            (None, _) => Cell::tag("is-info", lang.t("取代旧版", "in place of an older one")),
        };
        table.row(vec![
            Cell::link(format!("/usage/statements/{}", s.id), &s.key.month),
            Cell::text(shown_account(&s.key.billing_account_id, &s.key.sub_account_id)),
            s.enterprise_name
                .as_ref()
                .map_or_else(|| Cell::Blank(lang.t("未认领", "nobody's yet").to_owned()), Cell::text),
            Cell::text(&s.key.service_name),
            Cell::Int(s.figures.active_days),
            old.map_or_else(|| Cell::Blank("—".to_owned()), Cell::Money),
            Cell::Money(s.figures.net_fen),
            Cell::Money(s.figures.net_fen - old.unwrap_or_default()),
            state,
        ]);
    }
    table
}

/// Corrections that wait for the settlements that rest on what changed.
pub(crate) fn corrections(lang: Lang, rows: &[Correction]) -> Table {
    let columns = vec![
        Col::text(lang.t("原账目", "Statement")),
        Col::text(lang.t("现账目", "Now")),
        Col::num(lang.t("差额", "Difference")),
        Col::text(lang.t("处理", "State")),
    ];
    let mut table =
        Table::new(lang, "corrections", lang.t("影响已兑付的更正", "Corrections under settlements"), columns);
    let statement = |id: &str| Cell::link(format!("/usage/statements/{id}"), id);
    for c in rows {
        let state = match c.handled {
            true => Cell::tag("is-ok", lang.t("兑付已处理", "dealt with")),
            false => Cell::tag("is-warn", lang.t("待兑付处理", "waits for the settlement")),
        };
        let cells =
            vec![statement(&c.statement_id), statement(&c.new_statement_id), Cell::Money(c.difference_fen), state];
        table.row(cells);
    }
    table
}
