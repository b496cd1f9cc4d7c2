//! The board: for the public with small cells withheld, for officers whole.

pub mod officers;
pub mod public;

use axum::response::Response;
use jiff::civil::Date;
use kernel::{Lang, SizeClass, grouped};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Html, Table, esc};

use crate::board::{Board, BoardError, Filter, TargetRow};
use crate::suppress::{suppress, suppress_one};

/// What a board page is asked.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// Cut-off day.
    pub as_of: Option<String>,
    /// District.
    pub district: Option<String>,
    /// As a file.
    pub format: Option<Export>,
}

impl Asked {
    /// As a filter; a day that is none is said so.
    pub fn filter(&self) -> Result<Filter, AppError> {
        let text = self.as_of.as_deref().unwrap_or("").trim();
        let as_of = if text.is_empty() {
            None
        } else {
            let wrong = || {
                AppError::bad_request(
                    "as-of-not-a-date",
                    format!("截止日“{text}”不是日期，请按 年-月-日 填写，如 2019-06-30。"),
                    format!("The cut-off {text:?} is no date; write it as 2019-06-30."),
                )
            };
            Some(text.parse::<Date>().map_err(|_| wrong())?)
        };
        Ok(Filter { as_of, district: self.district() })
    }

    fn district(&self) -> Option<String> {
        self.district.clone().filter(|d| kernel::district(d).is_some())
    }

    /// The same for a page: a day that is none, or is still to come, shows today's figures, with what is wrong at its
    /// field.
    pub fn filter_or_today(&self, today: Date) -> (Filter, Option<AppError>) {
        let fallback = Filter { as_of: None, district: self.district() };
        match self.filter() {
            Ok(Filter { as_of: Some(as_of), .. }) if as_of > today => {
                (fallback, Some(AppError::from(BoardError::InTheFuture { as_of, today })))
            }
            Ok(filter) => (filter, None),
            Err(wrong) => (fallback, Some(wrong)),
        }
    }
}

/// The cut-off day's field: what was typed, and what is wrong with it.
pub(crate) struct CutOff {
    pub typed: String,
    pub wrong: Option<String>,
}

impl CutOff {
    fn of(ctx: &Ctx, asked: &Asked, as_of: Date, wrong: Option<&AppError>) -> CutOff {
        let typed = asked.as_of.clone().filter(|_| wrong.is_some()).unwrap_or_else(|| as_of.to_string());
        CutOff { typed, wrong: wrong.map(|e| e.text.get(ctx.lang).to_owned()) }
    }
}

/// A page that had to leave something out says so in its status too.
pub(crate) fn with_status_of(wrong: Option<AppError>, mut page: Response) -> Response {
    if let Some(wrong) = wrong {
        *page.status_mut() = wrong.status;
    }
    page
}

/// Counts as they may be shown.
pub(crate) fn visible(cells: &[i64], public: bool) -> Vec<Option<i64>> {
    if public { suppress(cells) } else { cells.iter().map(|n| Some(*n)).collect() }
}

pub(crate) fn visible_one(n: i64, public: bool) -> Option<i64> {
    if public { suppress_one(n) } else { Some(n) }
}

pub(crate) fn count_cell(n: Option<i64>) -> Cell {
    n.map_or_else(|| Cell::Blank("<5".into()), Cell::Int)
}

pub(crate) fn district_name(lang: Lang, code: &str) -> String {
    kernel::district(code).map_or_else(|| lang.t("未申报", "not stated").to_owned(), |d| d.name(lang).to_owned())
}

pub(crate) fn industry_name(lang: Lang, code: &str) -> String {
    match kernel::industry(code) {
        Some(i) => format!("{code} {}", i.name(lang)),
        None if code.is_empty() => lang.t("未申报", "not stated").to_owned(),
        None => code.to_owned(),
    }
}

pub(crate) fn size_name(lang: Lang, code: &str) -> String {
    code.parse::<SizeClass>().map_or_else(|_| lang.t("未申报", "not stated").to_owned(), |s| s.label(lang).to_owned())
}

/// How far a count is of its aim, rounded down to a tenth so that nothing reads as reached before it is: `3.4%`.
pub(crate) fn reached(count: i64, aim: i64) -> String {
    let tenths = count.max(0) * 1_000 / aim.max(1);
    format!("{}.{}%", grouped(tenths / 10), tenths % 10)
}

/// The targets with how far each is.
pub(crate) fn target_table(ctx: &Ctx, targets: &[TargetRow]) -> Table {
    let lang = ctx.lang;
    let columns = vec![
        Col::text(ctx.t("目标", "Target")),
        Col::num(ctx.t("目标值", "Aim")),
        Col::num(ctx.t("现值", "So far")),
        Col::actions(ctx.t("进度", "Progress")),
        Col::text(ctx.t("期限", "By")),
        Col::text(ctx.t("依据", "Clause")),
    ];
    let mut table = Table::new(lang, "targets", ctx.t("任务目标（全市）", "Targets (whole city)"), columns);
    for t in targets {
        let aim = match (t.exceeds, t.minimum, t.maximum) {
            (Some(a), _, None) => format!("> {}", grouped(a)),
            (_, Some(a), Some(b)) => format!("{}–{}", grouped(a), grouped(b)),
            (_, Some(a), None) => format!("≥ {}", grouped(a)),
            (_, None, Some(b)) => format!("≤ {}", grouped(b)),
            (_, None, None) => String::new(),
        };
        let (value, progress) = match (t.value, t.minimum) {
            (Some(v), Some(min)) if min > 0 => {
                let (value, words) = ((v * 100 / min).clamp(0, 100), esc(&reached(v, min)));
                (
                    Cell::Int(v),
                    Html(format!(
                        "<span class=\"with-progress\"><progress max=\"100\" value=\"{value}\" aria-label=\"{words}\"></progress> {words}</span>"
                    )),
                )
            }
            (Some(v), _) => (Cell::Int(v), Html::default()),
            (None, _) => (Cell::Blank(ctx.t("尚无记录", "no records yet").into()), Html::default()),
        };
        table.row(vec![
            Cell::text(t.title.get(lang)),
            Cell::text(format!("{aim} {}", t.unit.get(lang))),
            value,
            Cell::Html(progress),
            Cell::Date(Some(t.by_date)),
            Cell::text(t.clause.get(lang)),
        ]);
    }
    table
}

/// Enterprises by district, with what was paid there.
pub(crate) fn district_table(ctx: &Ctx, board: &Board, public: bool) -> Table {
    let columns = vec![
        Col::text(ctx.t("区", "District")),
        Col::num(ctx.t("上云企业（家）", "Enterprises on the cloud")),
        Col::num(ctx.t("已兑付，扣除追回（元）", "Paid, less recovered (yuan)")),
    ];
    let mut table = Table::new(ctx.lang, "districts", ctx.t("全市各区对照", "The districts side by side"), columns);
    let counts: Vec<i64> = board.by_district.iter().map(|d| d.1).collect();
    for ((code, _, paid), n) in board.by_district.iter().zip(visible(&counts, public)) {
        // What was paid where few firms are would tell about single firms as well.
        let money = if n.is_none() { Cell::Blank("<5".into()) } else { Cell::Money(*paid) };
        table.row(vec![Cell::text(district_name(ctx.lang, code)), count_cell(n), money]);
    }
    table
}

/// What enterprises do on the cloud: by sub-item, with depth.
pub(crate) fn sub_item_table(ctx: &Ctx, board: &Board, public: bool) -> Table {
    let columns = vec![
        Col::text(ctx.t("类别", "Family")),
        Col::text(ctx.t("内容", "Sub-item")),
        Col::num(ctx.t("上云企业（家）", "Enterprises")),
        Col::num(ctx.t("其中有计量使用（L3+）", "of them metered (L3+)")),
        Col::num(ctx.t("累计计量月数", "Months metered")),
        Col::num(ctx.t("计量净额（元）", "Net cost metered (yuan)")),
    ];
    let mut table = Table::new(ctx.lang, "sub-items", ctx.t("应用情况", "What is done on the cloud"), columns);
    let all = visible(&board.sub_items.iter().map(|s| s.enterprises).collect::<Vec<_>>(), public);
    let deep = visible(&board.sub_items.iter().map(|s| s.metered).collect::<Vec<_>>(), public);
    for ((s, n), m) in board.sub_items.iter().zip(all).zip(deep) {
        let family = kernel::family(&s.family).map_or("", |f| f.name(ctx.lang));
        let item = kernel::sub_item(&s.sub_item).map_or("", |i| i.name(ctx.lang));
        let hidden = n.is_none() || m.is_none();
        let withheld = || Cell::Blank("<5".into());
        table.row(vec![
            Cell::text(family),
            Cell::text(item),
            count_cell(n),
            count_cell(m),
            if hidden { withheld() } else { Cell::Int(s.months_metered) },
            if hidden { withheld() } else { Cell::Money(s.net_fen) },
        ]);
    }
    table
}

/// What the figures cover: the whole city, or one district.
pub(crate) fn scope(ctx: &Ctx, board: &Board) -> String {
    board.district.as_deref().map_or_else(|| ctx.t("全市", "whole city").to_owned(), |d| district_name(ctx.lang, d))
}

/// The figures at the top, as a sheet.
pub(crate) fn figure_table(ctx: &Ctx, board: &Board, public: bool) -> Table {
    let columns =
        vec![Col::text(ctx.t("指标", "Figure")), Col::text(ctx.t("范围", "Of")), Col::num(ctx.t("数值", "Value"))];
    let mut table = Table::new(ctx.lang, "figures", ctx.t("总览", "Figures"), columns);
    let of = scope(ctx, board);
    let mut row = |what: &str, value: Cell| table.row(vec![Cell::text(what), Cell::text(&of), value]);
    row(ctx.t("截止日", "As at"), Cell::Date(Some(board.as_of)));
    row(ctx.t("上云企业（家）", "Enterprises on the cloud"), count_cell(visible_one(board.on_cloud, public)));
    row(ctx.t("已发放云惠券（张）", "Vouchers issued"), Cell::Int(board.vouchers));
    row(ctx.t("券面总额（元）", "Their face value (yuan)"), Cell::Money(board.voucher_face));
    row(ctx.t("已兑付（元）", "Paid (yuan)"), Cell::Money(board.paid));
    row(ctx.t("已追回（元）", "Recovered (yuan)"), Cell::Money(board.recovered));
    row(ctx.t("已兑付，扣除追回（元）", "Paid, less recovered (yuan)"), Cell::Money(board.paid - board.recovered));
    table
}

/// Enterprises by their highest level of evidence, as a sheet.
pub(crate) fn level_table(ctx: &Ctx, board: &Board, public: bool) -> Table {
    let columns = vec![Col::text(ctx.t("证据等级", "Evidence")), Col::num(ctx.t("企业（家）", "Enterprises"))];
    let mut table = Table::new(ctx.lang, "levels", ctx.t("证据等级", "By evidence"), columns);
    for (level, n) in kernel::EvidenceLevel::ALL.iter().zip(visible(&board.by_level, public)) {
        table.row(vec![Cell::text(format!("{} {}", level.code(), level.label(ctx.lang))), count_cell(n)]);
    }
    table
}

/// Newly on the cloud by month, as a sheet.
pub(crate) fn month_table(ctx: &Ctx, board: &Board, public: bool) -> Table {
    let columns = vec![Col::text(ctx.t("月份", "Month")), Col::num(ctx.t("新增上云企业（家）", "Newly on the cloud"))];
    let mut table = Table::new(ctx.lang, "months", ctx.t("各月新增上云企业", "Newly on the cloud by month"), columns);
    let counts: Vec<i64> = board.new_by_month.iter().map(|m| m.1).collect();
    for ((month, _), n) in board.new_by_month.iter().zip(visible(&counts, public)) {
        table.row(vec![Cell::text(month.strftime("%Y-%m").to_string()), count_cell(n)]);
    }
    table
}
