//! GET /board: for everyone, small cells withheld.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use jiff::SignedDuration;
use jiff::civil::Date;
use kernel::EvidenceLevel;
use web::{AppError, Ctx, Html, Page, Table, stat};

use super::{
    Asked, CutOff, district_table, figure_table, level_table, month_table, sub_item_table, target_table, visible,
    visible_one, with_status_of,
};
use crate::board::{self, Board, BoardCache, Filter};
use crate::draw;

#[derive(Template)]
#[template(path = "board/public.html")]
struct Show {
    p: Page,
    as_of: Date,
    one_district: bool,
    cut_off: CutOff,
    stats: Vec<Html>,
    cartogram: Html,
    levels: Html,
    months: Html,
    industries: Html,
    sizes: Html,
    targets: Table,
    districts: Table,
    sub_items: Table,
}

/// What one visitor was shown is shown to the next for so long; the figures themselves are kept for a minute.
const SHOWN_AGAIN_FOR: SignedDuration = SignedDuration::from_secs(30);

/// The figures at the top.
pub(super) fn stats(ctx: &Ctx, b: &Board, public: bool) -> Vec<Html> {
    // The aim is the city's: a district's count says nothing about it.
    let whole = b.district.is_none();
    let city = b.targets.iter().filter(|_| whole);
    let aim = city.into_iter().find(|t| t.code == "enterprises-on-cloud").and_then(|t| t.minimum).filter(|m| *m > 0);
    let shown = draw::shown(ctx.lang, visible_one(b.on_cloud, public));
    let progress = aim.map(|m| {
        let share = b.on_cloud as f64 / m as f64;
        let (aim, reached) = (kernel::grouped(m), super::reached(b.on_cloud, m));
        let words = match ctx.lang {
            kernel::Lang::Zh => format!("目标 {aim} 家，完成 {reached}"),
            kernel::Lang::En => format!("aim {aim}, {reached} reached"),
        };
        (share, words)
    });
    vec![
        stat(ctx.t("上云企业", "Enterprises on the cloud"), &shown, ctx.t("家", ""), progress),
        stat(ctx.t("已发放云惠券", "Vouchers issued"), &kernel::grouped(b.vouchers), ctx.t("张", ""), None),
        stat(ctx.t("券面总额", "Their face value"), &b.voucher_face.yuan(), ctx.t("元", "yuan"), None),
        stat(
            ctx.t("已兑付（扣除追回）", "Paid, less recovered"),
            &(b.paid - b.recovered).yuan(),
            ctx.t("元", "yuan"),
            None,
        ),
    ]
}

pub(super) fn level_bars(ctx: &Ctx, b: &Board, public: bool) -> Html {
    let shown = visible(&b.by_level, public);
    let rows: Vec<_> =
        EvidenceLevel::ALL.iter().zip(shown).map(|(l, n)| (format!("{} {}", l.code(), l.label(ctx.lang)), n)).collect();
    draw::bars(ctx.lang, &rows)
}

pub(super) fn map(ctx: &Ctx, b: &Board, public: bool, link: impl Fn(&str) -> String) -> Html {
    let counts: Vec<i64> = b.by_district.iter().map(|d| d.1).collect();
    let rows: Vec<_> = b.by_district.iter().map(|d| d.0.clone()).zip(visible(&counts, public)).collect();
    draw::cartogram(ctx.lang, &rows, link)
}

pub(super) fn named_bars(ctx: &Ctx, rows: &[(String, i64)], public: bool, name: impl Fn(&str) -> String) -> Html {
    let counts: Vec<i64> = rows.iter().map(|r| r.1).collect();
    let rows: Vec<_> = rows.iter().map(|r| name(&r.0)).zip(visible(&counts, public)).collect();
    draw::bars(ctx.lang, &rows)
}

pub(super) fn months(ctx: &Ctx, b: &Board, public: bool) -> Html {
    let counts: Vec<i64> = b.new_by_month.iter().map(|m| m.1).collect();
    let rows: Vec<_> = b.new_by_month.iter().map(|m| m.0).zip(visible(&counts, public)).collect();
    draw::columns(ctx.lang, &rows)
}

/// GET /board
pub async fn get(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    ctx.shared(SHOWN_AGAIN_FOR, drawn(&ctx, asked)).await
}

async fn drawn(ctx: &Ctx, asked: Asked) -> Result<Response, AppError> {
    let cache = ctx.app.part::<BoardCache>();
    // By district the public's cells would be smaller still: the whole city only.
    let (filter, wrong) = asked.filter_or_today(ctx.today());
    let filter = Filter { district: None, ..filter };
    let b = ctx.read(|cx| Box::pin(async move { board::run(cx, &cache, filter).await })).await?;
    let districts = district_table(ctx, &b, true).exports("/board");
    if let Some(export) = asked.format {
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        let tables = [
            figure_table(ctx, &b, true),
            level_table(ctx, &b, true),
            month_table(ctx, &b, true),
            target_table(ctx, &b.targets),
            districts,
            sub_item_table(ctx, &b, true),
        ];
        return ctx.export_all(&tables, "board", export, b.as_of);
    }
    let show = Show {
        p: ctx.page(ctx.t("数据看板", "Board")),
        as_of: b.as_of,
        one_district: false,
        cut_off: CutOff::of(ctx, &asked, b.as_of, wrong.as_ref()),
        stats: stats(ctx, &b, true),
        cartogram: map(ctx, &b, true, |_| "#districts".to_owned()),
        levels: level_bars(ctx, &b, true),
        months: months(ctx, &b, true),
        industries: named_bars(ctx, &b.by_industry, true, |c| super::industry_name(ctx.lang, c)),
        sizes: named_bars(ctx, &b.by_size, true, |c| super::size_name(ctx.lang, c)),
        targets: target_table(ctx, &b.targets),
        districts,
        sub_items: sub_item_table(ctx, &b, true),
    };
    Ok(with_status_of(wrong, ctx.render(&show)?))
}
