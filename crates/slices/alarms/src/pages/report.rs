//! The figures of a span of time, after ISA-18.2 and EEMUA 191.

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use isa18::{Kpi, Priority};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Form, FormData, Page, Table};

use super::{span, when_us};
use crate::model::AlarmRow;
use crate::read::{self, Report};

const DAYS_MAX: i64 = 92;
const TOP: usize = 10;

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    from: String,
    to: String,
    operators: String,
    table: String,
    format: Option<Export>,
}

#[derive(Template)]
#[template(path = "alarms/report.html")]
struct Show {
    p: Page,
    f: Form,
    figures: Option<Table>,
    actors: Option<Table>,
    cut: bool,
}

/// GET /alarms/report
pub(crate) async fn get(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let today = ctx.today();
    let week_ago = today.checked_sub(jiff::Span::new().days(6)).unwrap_or(today);
    let or = |text: &str, or: String| if text.is_empty() { or } else { text.to_owned() };
    let fields = [
        ("from", or(&asked.from, week_ago.to_string())),
        ("to", or(&asked.to, today.to_string())),
        ("operators", or(&asked.operators, "1".into())),
    ];
    let data = FormData::of(fields.map(|(k, v)| (k.to_owned(), vec![v])).into());
    let mut check = data.check(ctx.lang);
    let (from, to) = (check.date("from"), check.date("to"));
    let operators = data.get("operators").parse::<u32>().ok().filter(|n| (1..=1_000).contains(n));
    if operators.is_none() {
        check.refuse("operators", "请填写 1 到 1000 的整数", "Enter a whole number from 1 to 1,000");
    }
    if let (Some(from), Some(to)) = (from, to) {
        let days = i64::from(from.until(to).map_or(i32::MAX, |s| s.get_days()));
        if !(0..DAYS_MAX).contains(&days) {
            check.refuse(
                "to",
                "结束日期须不早于开始日期，最长 92 天",
                "The last day is not before the first, and at most 92 days are counted",
            );
        }
    }
    let errors = check.errors();
    let (Some(from), Some(to), Some(operators), true) = (from, to, operators, errors.is_empty()) else {
        let f = Form::again(&ctx, &data, errors);
        let mut response = ctx.render(&Show { p: frame(&ctx), f, figures: None, actors: None, cut: false })?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    };
    let from_us = kernel::beijing_midnight(from).as_microsecond();
    let end_us = kernel::beijing_midnight(to.tomorrow().unwrap_or(to)).as_microsecond();
    // The hours that have not been yet would thin the rates.
    let to_us = end_us.min(ctx.app.db.clock().now().as_microsecond()).max(from_us);
    let report = ctx.read(|cx| Box::pin(read::report(cx, from_us, to_us, operators, TOP))).await?;
    let here = format!("/alarms/report?from={from}&to={to}&operators={operators}");
    let figures = figure_table(&ctx, &report.kpi).exports(&format!("{here}&table=figures"));
    let actors = actor_table(&ctx, &report).exports(&format!("{here}&table=actors"));
    match asked.format {
        Some(format) if asked.table == "actors" => ctx.export(&actors, "alarm-actors", format),
        Some(format) => ctx.export(&figures, "alarm-report", format),
        None => {
            let f = Form::again(&ctx, &data, Vec::new());
            let (figures, actors) = (Some(figures), Some(actors));
            ctx.render(&Show { p: frame(&ctx), f, figures, actors, cut: report.cut })
        }
    }
}

fn frame(ctx: &Ctx) -> Page {
    ctx.page(ctx.t("报警统计", "Alarm report")).crumb("/alarms", ctx.t("报警", "Alarms"))
}

fn verdict(ctx: &Ctx, good: Option<bool>) -> Cell {
    match good {
        Some(true) => Cell::tag("is-ok", ctx.t("达标", "Within")),
        Some(false) => Cell::tag("is-warn", ctx.t("超出", "Beyond")),
        None => Cell::text(""),
    }
}

/// A figure, what is aimed at, and how it stands: good or not where the standard says.
fn figure_table(ctx: &Ctx, k: &Kpi) -> Table {
    let columns = vec![
        Col::text(ctx.t("指标", "Figure")),
        Col::text(ctx.t("数值", "Value")),
        Col::text(ctx.t("参考（ISA-18.2、EEMUA 191）", "Aim (ISA-18.2, EEMUA 191)")),
        Col::text(ctx.t("评价", "Verdict")),
    ];
    let mut table = Table::new(ctx.lang, "figures", ctx.t("指标", "Figures"), columns);
    let mut row = |name: (&str, &str), value: String, aim: (&str, &str), good: Option<bool>| {
        let verdict = verdict(ctx, good);
        table.row(vec![Cell::text(ctx.t(name.0, name.1)), Cell::text(value), Cell::text(ctx.t(aim.0, aim.1)), verdict]);
    };
    let time = |us: Option<i64>| us.map_or("–".to_owned(), |us| span(ctx.lang, us));
    let share = |n: usize| n as f64 * 100.0 / k.annunciated.max(1) as f64;
    row(("报警总数", "Alarms"), k.annunciated.to_string(), ("", ""), None);
    row(
        ("每名操作员每小时", "Per operator and hour"),
        format!("{:.2}", k.per_operator_hour),
        ("约 6；最多 12", "about 6; 12 at most"),
        Some(k.per_operator_hour <= 12.0),
    );
    row(
        ("每名操作员每 10 分钟", "Per operator and 10 minutes"),
        format!("{:.2}", k.per_operator_10min),
        ("约 1；最多 2", "about 1; 2 at most"),
        Some(k.per_operator_10min <= 2.0),
    );
    let peak_aim = ("不超过 10", "10 at most");
    row(("最多的 10 分钟", "Fullest 10 minutes"), k.peak_10min.to_string(), peak_aim, Some(k.peak_10min <= 10));
    row(("洪泛次数", "Floods"), k.floods.len().to_string(), ("10 分钟超过 10 条", "over 10 in 10 minutes"), None);
    let flooded = ("洪泛时间占比", "Share of the time in flood");
    row(flooded, format!("{:.1}%", k.flood_share * 100.0), ("低于 1%", "under 1%"), Some(k.flood_share < 0.01));
    row(
        ("抖动报警", "Chattering alarms"),
        k.chattering.to_string(),
        ("0；1 分钟内 3 次", "0; 3 times in a minute"),
        Some(k.chattering == 0),
    );
    row(("一闪而过", "Fleeting"), k.fleeting.to_string(), ("10 秒内恢复", "returned within 10 s"), None);
    row(
        ("长期未消（超过 24 小时）", "Standing for over 24 hours"),
        k.standing.len().to_string(),
        ("少于 5", "under 5"),
        Some(k.standing.len() < 5),
    );
    row(
        ("最频繁的 10 条占比", "Share of the ten most frequent"),
        format!("{:.1}%", k.bad_actor_share * 100.0),
        ("1% 至 5%", "1 to 5%"),
        None,
    );
    row(("确认用时中位数", "Median time to acknowledge"), time(k.acknowledge_p50_us), ("", ""), None);
    row(("确认用时 90%", "Time to acknowledge, 9 of 10"), time(k.acknowledge_p90_us), ("", ""), None);
    row(("确认用时最长", "Longest time to acknowledge"), time(k.acknowledge_max_us), ("", ""), None);
    row(
        ("无人确认", "Never acknowledged"),
        k.never_acknowledged.to_string(),
        ("0", "0"),
        Some(k.never_acknowledged == 0),
    );
    let aims = [("约 80%", "about 80%"), ("约 15%", "about 15%"), ("约 5%", "about 5%"), ("少于 1%", "under 1%")];
    for (p, aim) in Priority::ALL.iter().zip(aims) {
        let n = k.by_priority[*p as usize];
        let (zh, en) =
            (format!("级别：{}", p.label(kernel::Lang::Zh)), format!("Priority {}", p.label(kernel::Lang::En)));
        row((&zh, &en), format!("{n} ({:.1}%)", share(n)), aim, None);
    }
    table
}

fn actor_table(ctx: &Ctx, report: &Report) -> Table {
    let columns = vec![
        Col::text(ctx.t("报警", "Alarm")),
        Col::text(ctx.t("设备", "Device")),
        Col::num(ctx.t("次数", "Times")),
        Col::num(ctx.t("抖动", "Chattering")),
        Col::num(ctx.t("一闪而过", "Fleeting")),
        Col::text(ctx.t("备注", "Remark")),
    ];
    let empty = ctx.t("这段时间没有报警。", "There was no alarm in this time.");
    let mut table =
        Table::new(ctx.lang, "actors", ctx.t("最频繁与长期未消的报警", "Most frequent and standing alarms"), columns)
            .when_empty(empty);
    let find = |id: &str| report.named.iter().find(|a| a.id == id);
    let words = |a: Option<&AlarmRow>, id: &str| match a {
        Some(a) => (Cell::link(format!("/alarms/{id}"), a.message(ctx.lang)), Cell::text(&a.device_name)),
        None => (Cell::text(id), Cell::text("")),
    };
    for actor in &report.kpi.bad_actors {
        let (alarm, device) = words(find(&actor.alarm_id), &actor.alarm_id);
        let number = |n: usize| Cell::Int(i64::try_from(n).unwrap_or(i64::MAX));
        let (count, chattering, fleeting) = (number(actor.count), number(actor.chattering), number(actor.fleeting));
        table.row(vec![alarm, device, count, chattering, fleeting, Cell::text("")]);
    }
    for id in report.kpi.standing.iter().take(100) {
        let found = find(id);
        let (alarm, device) = words(found, id);
        let since = format!("{} {}", ctx.t("自", "since"), when_us(found.and_then(|a| a.alarm.occurred_us)));
        table.row(vec![alarm, device, Cell::Int(0), Cell::Int(0), Cell::Int(0), Cell::text(since)]);
    }
    table
}
