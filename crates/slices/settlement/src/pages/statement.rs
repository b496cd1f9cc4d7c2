//! The statement of a provider on paper, as a page and as a spreadsheet.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use jiff::civil::Date;
use kernel::{Fen, Role};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Html, Page, Table, qr, summary_list};

use crate::statement::{Statement, statement};

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Params {
    provider: String,
    from: String,
    to: String,
    format: Option<Export>,
}

#[derive(Template)]
#[template(path = "settlement/statement.html")]
struct Show {
    p: Page,
    s: Statement,
    provider: String,
    summary: Html,
    lines: Table,
    qr: Html,
}

/// One line of the statement: settled, paid, recovered or returned.
struct Line {
    on: Date,
    what: String,
    number: String,
    about: String,
    deducted: Option<Fen>,
    owed: Option<Fen>,
    due_back: Option<Fen>,
}

fn lines(ctx: &Ctx, s: &Statement) -> Vec<Line> {
    let base = |on, what: &str, number: &str, about: String| Line {
        on,
        what: what.to_owned(),
        number: number.to_owned(),
        about,
        deducted: None,
        owed: None,
        due_back: None,
    };
    let mut all: Vec<Line> = Vec::new();
    for c in &s.claims {
        let about = format!("{} · {}", c.order_number, c.enterprise_name);
        let line = base(c.decided_on, ctx.t("核定兑付", "settled"), &c.number, about);
        all.push(Line { deducted: Some(c.deducted_fen()), owed: Some(c.amount_fen), ..line });
    }
    for p in &s.payments {
        let reference = p.bank_reference.clone().unwrap_or_default();
        let line = base(p.paid_on, ctx.t("银行拨付", "paid"), &p.number, reference);
        all.push(Line { owed: Some(-p.paid_fen), ..line });
        if p.set_off_fen > Fen::ZERO {
            let line = base(p.paid_on, ctx.t("抵扣应缴回", "set off"), &p.number, String::new());
            all.push(Line { owed: Some(-p.set_off_fen), due_back: Some(-p.set_off_fen), ..line });
        }
    }
    for r in &s.recoveries {
        let line = base(r.made_on, r.code.label(ctx.lang), &r.number, r.reason.get(ctx.lang).to_owned());
        all.push(Line { due_back: Some(r.amount_fen), ..line });
    }
    for r in s.returns.iter().filter(|r| r.way == crate::ReturnWay::Bank) {
        let reference = r.bank_reference.clone().unwrap_or_default();
        let line = base(r.returned_on, r.way.label(ctx.lang), "", reference);
        all.push(Line { due_back: Some(-r.amount_fen), ..line });
    }
    all.sort_by_key(|l| l.on);
    all
}

fn table(ctx: &Ctx, s: &Statement, here: &str) -> Table {
    let columns = vec![
        Col::text(ctx.t("日期", "Date")),
        Col::text(ctx.t("事项", "What")),
        Col::text(ctx.t("编号", "Number")),
        Col::text(ctx.t("摘要", "About")),
        Col::num(ctx.t("核减（元）", "Not carried by evidence (yuan)")),
        Col::num(ctx.t("应付变动（元）", "Owed, change (yuan)")),
        Col::num(ctx.t("应缴回变动（元）", "To pay back, change (yuan)")),
    ];
    let caption = ctx.t("对账明细", "Lines of the statement");
    let mut table = Table::new(ctx.lang, "statement", caption, columns).exports(here);
    let money = |f: Option<Fen>| f.map_or_else(|| Cell::text(""), Cell::Money);
    let balance = |on: Date, what: &str, owed: Fen, due_back: Fen| {
        let blank = || Cell::text("");
        let words = Cell::text(what);
        vec![Cell::Date(Some(on)), words, blank(), blank(), blank(), Cell::Money(owed), Cell::Money(due_back)]
    };
    table.row(balance(s.from, ctx.t("期初余额", "opening balance"), s.owed_before_fen, s.due_back_before_fen));
    for l in lines(ctx, s) {
        table.row(vec![
            Cell::Date(Some(l.on)),
            Cell::text(l.what),
            Cell::text(l.number),
            Cell::text(l.about),
            money(l.deducted),
            money(l.owed),
            money(l.due_back),
        ]);
    }
    table.row(balance(s.to, ctx.t("期末余额", "closing balance"), s.owed_after_fen(), s.due_back_after_fen()));
    table
}

/// The sums as a sheet beside the lines.
fn sum_table(ctx: &Ctx, s: &Statement) -> Table {
    let columns = vec![Col::text(ctx.t("项目", "What")), Col::num(ctx.t("金额（元）", "Amount (yuan)"))];
    let mut table = Table::new(ctx.lang, "sums", ctx.t("对账汇总", "Sums"), columns);
    sums(ctx, s).into_iter().for_each(|(label, amount)| table.row(vec![Cell::text(label), Cell::Money(amount)]));
    table
}

fn summary(ctx: &Ctx, s: &Statement) -> Html {
    let yuan = |f: Fen| Html(format!("{} {}", f.yuan(), ctx.t("元", "yuan")));
    summary_list(&sums(ctx, s).map(|(l, f)| (l.to_owned(), yuan(f))))
}

fn sums<'a>(ctx: &'a Ctx, s: &Statement) -> [(&'a str, Fen); 10] {
    [
        (ctx.t("期初应付", "Owed before"), s.owed_before_fen),
        (ctx.t("本期核定兑付", "Settled"), s.settled_fen()),
        (ctx.t("本期银行拨付", "Paid by the bank"), s.paid_fen()),
        (ctx.t("本期抵扣", "Kept for what must come back"), s.set_off_fen()),
        (ctx.t("期末应付", "Owed after"), s.owed_after_fen()),
        (ctx.t("期初应缴回", "To pay back before"), s.due_back_before_fen),
        (ctx.t("本期追回", "Recovered"), s.recovered_fen()),
        (ctx.t("本期银行缴回", "Paid back"), s.repaid_fen()),
        (ctx.t("期末应缴回", "To pay back after"), s.due_back_after_fen()),
        (ctx.t("本期核减（约定上限未获凭证支持）", "Agreed at most and not carried by evidence"), s.deducted_fen()),
    ]
}

/// GET /settlements/statement
pub(super) async fn get(ctx: Ctx, Query(asked): Query<Params>) -> Result<Response, AppError> {
    let provider = if ctx.actor.role == Role::Provider { ctx.actor.org().to_owned() } else { asked.provider.clone() };
    // Without days it is the year so far.
    let today = ctx.today();
    let first = Date::new(today.year(), 1, 1).expect("a year has a first day");
    let day = |text: &str, usual: Date| if text.is_empty() { Ok(usual) } else { text.parse::<Date>() };
    let (Ok(from), Ok(to)) = (day(&asked.from, first), day(&asked.to, today)) else {
        let (zh, en) =
            ("请按 年-月-日 填写起止日期，如 2019-06-30。", "Enter the days as year-month-day, such as 2019-06-30.");
        return Err(AppError::bad_request("invalid-date", zh, en));
    };
    let id = provider.clone();
    let s = ctx.read(|cx| Box::pin(async move { statement(cx, &id, from, to).await })).await?;
    let here = format!("/settlements/statement?provider={provider}&from={from}&to={to}");
    let lines = table(&ctx, &s, &here);
    if let Some(format) = asked.format {
        return ctx.export_all(&[lines, sum_table(&ctx, &s)], &s.number, format, s.to);
    }
    let title = format!("{} {}", ctx.t("对账单", "Statement"), s.number);
    ctx.render(&Show {
        p: ctx.page(&title).crumb("/settlements", ctx.t("兑付", "Settlement")),
        summary: summary(&ctx, &s),
        qr: qr(&format!("{} {}", s.number, s.owed_after_fen().yuan()), &s.number),
        lines,
        provider,
        s,
    })
}
