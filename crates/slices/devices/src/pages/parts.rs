//! Parts of a device's page: tables of values, counters, credentials and commands.

use jiff::Timestamp;
use lake::Bucket;
use things::{Counted, Model};
use web::{Cell, Col, Ctx, Form, Html, Table, esc};

use super::{command_tone, quality, value_cell, when, when_us};
use crate::model::{CommandRow, CommandState, CredentialRow};
use crate::readings::{LastValue, value_text};
use crate::store::commands::Desired;
use crate::store::counters::Silence;

/// The last value of each property.
pub(super) fn values(ctx: &Ctx, all: &[LastValue], device_id: &str) -> Table {
    let columns = vec![
        Col::text(ctx.t("属性", "Property")),
        Col::num(ctx.t("当前值", "Value")),
        Col::text(ctx.t("单位", "Unit")),
        Col::text(ctx.t("质量", "Quality")),
        Col::text(ctx.t("设备时间", "Device time")),
        Col::text(ctx.t("到达时间", "Arrived")),
    ];
    let mut table = Table::new(ctx.lang, "values", ctx.t("当前值", "Last values"), columns)
        .when_empty(ctx.t("还没有收到数据。", "Nothing has been received yet."));
    for v in all {
        let name = match v.numeric {
            true => {
                let href = format!("/devices/{device_id}?{}#history", super::query(&[("property", &v.name)]));
                Cell::link(href, v.label.get(ctx.lang))
            }
            false => Cell::text(v.label.get(ctx.lang)),
        };
        let none = || Cell::Blank("–".to_owned());
        let (value, marks, at, arrived) = match &v.point {
            None => (none(), none(), none(), none()),
            Some(p) => {
                let (tone, words) = quality(ctx.lang, p.quality);
                let arrived = Cell::text(when_us(p.server_at_us));
                (value_cell(&p.value), Cell::tag(tone, words), Cell::text(when_us(p.at_us)), arrived)
            }
        };
        table.row(vec![name, value, Cell::text(v.unit.clone()), marks, at, arrived]);
    }
    table
}

/// The buckets of a chart as figures.
pub(super) fn buckets(ctx: &Ctx, all: &[Bucket]) -> Table {
    let columns = vec![
        Col::text(ctx.t("自", "From")),
        Col::num(ctx.t("读数", "Readings")),
        Col::num(ctx.t("最小", "Least")),
        Col::num(ctx.t("平均", "Mean")),
        Col::num(ctx.t("最大", "Greatest")),
    ];
    let mut table = Table::new(ctx.lang, "buckets", ctx.t("历史数据", "History"), columns);
    for b in all {
        // Three decimals are enough to read; the export has them all.
        let number = |n: f64| Cell::Number((n * 1000.0).round() / 1000.0);
        let count = i64::try_from(b.count).unwrap_or(i64::MAX);
        table.row(vec![Cell::text(when_us(b.from_us)), Cell::Int(count), number(b.min), number(b.mean), number(b.max)]);
    }
    table
}

/// What was refused, and why.
pub(super) fn rejected(ctx: &Ctx, counted: &Counted) -> Table {
    let columns = vec![
        Col::text(ctx.t("原因", "Reason")),
        Col::num(ctx.t("报文数", "Messages")),
        Col::text(ctx.t("含义与处理办法", "What it means and what to do")),
    ];
    let mut table = Table::new(ctx.lang, "rejected", ctx.t("被拒收的报文", "Refused messages"), columns)
        .when_empty(ctx.t("没有被拒收的报文。", "No message was refused."));
    for (reason, n) in &counted.rejected {
        let n = i64::try_from(*n).unwrap_or(i64::MAX);
        table.row(vec![Cell::text(reason.code()), Cell::Int(n), Cell::text(reason.words(ctx.lang))]);
    }
    table
}

/// Credentials; what they are is not known here.
pub(super) fn credentials(ctx: &Ctx, f: &Form, all: &[CredentialRow], may: bool, now: Timestamp) -> Table {
    let columns = vec![
        Col::text(ctx.t("种类", "Kind")),
        Col::text(ctx.t("特征", "Known by")),
        Col::text(ctx.t("状态", "State")),
        Col::text(ctx.t("生成时间", "Made")),
        Col::text(ctx.t("生成人", "By")),
        Col::actions(ctx.t("操作", "Actions")),
    ];
    let mut table = Table::new(ctx.lang, "credentials", ctx.t("凭证", "Credentials"), columns)
        .when_empty(ctx.t("还没有凭证，设备不能接入。", "No credential yet: the device cannot connect."));
    for c in all {
        let state = match (c.revoked_at, c.until, c.holds(now)) {
            (Some(_), _, _) => Cell::tag("is-outline", ctx.t("已吊销", "Revoked")),
            (None, Some(until), true) => Cell::tag("is-warn", format!("{} {}", ctx.t("有效至", "Until"), when(until))),
            (None, _, true) => Cell::tag("is-ok", ctx.t("有效", "Valid")),
            (None, _, false) => Cell::tag("is-outline", ctx.t("已到期", "Over")),
        };
        let href = format!("/devices/{}/credentials/{}/revoke", c.device_id, c.id);
        let revoke = match may && c.holds(now) {
            true => f.button(&href, ctx.t("吊销", "Revoke"), "btn-quiet btn-small"),
            false => Html::default(),
        };
        table.row(vec![
            Cell::text(c.kind.label(ctx.lang)),
            Cell::text(c.hint.clone()),
            state,
            Cell::text(when(c.created_at)),
            Cell::text(c.by_name.clone()),
            Cell::Html(revoke),
        ]);
    }
    table
}

/// Commands, newest first.
pub(super) fn commands(ctx: &Ctx, f: &Form, all: &[CommandRow], may: bool) -> Table {
    let columns = vec![
        Col::num(ctx.t("编号", "Number")),
        Col::text(ctx.t("命令", "Method")),
        Col::text(ctx.t("参数", "Parameters")),
        Col::text(ctx.t("状态", "State")),
        Col::text(ctx.t("下达时间", "Given")),
        Col::text(ctx.t("结束时间", "Ended")),
        Col::text(ctx.t("回复", "Answer")),
        Col::actions(ctx.t("操作", "Actions")),
    ];
    let mut table = Table::new(ctx.lang, "commands", ctx.t("命令", "Commands"), columns)
        .when_empty(ctx.t("还没有下达过命令。", "No command has been given."));
    for c in all {
        let href = format!("/devices/{}/commands/{}/cancel", c.device_id, c.number);
        let cancel = match may && c.state.may_become(CommandState::Cancelled) {
            true => f.button(&href, ctx.t("取消", "Cancel"), "btn-quiet btn-small"),
            false => Html::default(),
        };
        let ended = c.ended_at.map_or_else(|| Cell::Blank("–".to_owned()), |at| Cell::text(when(at)));
        table.row(vec![
            Cell::Int(c.number),
            Cell::text(c.method.clone()),
            Cell::text(c.params_json.clone()),
            Cell::tag(command_tone(c.state), c.state.label(ctx.lang)),
            Cell::text(when(c.queued_at)),
            ended,
            Cell::text(c.answer.clone()),
            Cell::Html(cancel),
        ]);
    }
    table
}

/// Desired against reported.
pub(super) fn desired(ctx: &Ctx, model: &Model, all: &[Desired], values: &[LastValue]) -> Table {
    let columns = vec![
        Col::text(ctx.t("属性", "Property")),
        Col::text(ctx.t("期望值", "Desired")),
        Col::text(ctx.t("上报值", "Reported")),
        Col::text(ctx.t("一致", "Agree")),
        Col::text(ctx.t("设定时间", "Set")),
        Col::text(ctx.t("设定人", "By")),
    ];
    let mut table = Table::new(ctx.lang, "desired", ctx.t("期望与上报", "Desired and reported"), columns)
        .when_empty(ctx.t("没有设定期望值。", "No desired value is set."));
    for d in all {
        let reported = values.iter().find(|v| v.name == d.property).and_then(|v| v.point.as_ref());
        let reported = reported.map(|p| value_text(&p.value));
        let wanted = serde_json::from_str::<serde_json::Value>(&d.value_json).unwrap_or_default();
        let wanted = wanted.as_str().map_or_else(|| wanted.to_string(), str::to_owned);
        // 1.0 and 1 are one number.
        let same =
            |r: &String| *r == wanted || matches!((r.parse::<f64>(), wanted.parse::<f64>()), (Ok(a), Ok(b)) if a == b);
        let agree = match &reported {
            None => Cell::Blank("–".to_owned()),
            Some(r) if same(r) => Cell::tag("is-ok", ctx.t("一致", "Yes")),
            Some(_) => Cell::tag("is-warn", ctx.t("未达到", "Not yet")),
        };
        let label = model.property(&d.property).map_or(d.property.as_str(), |p| p.label.get(ctx.lang));
        table.row(vec![
            Cell::text(label),
            Cell::text(wanted),
            reported.map_or_else(|| Cell::Blank("–".to_owned()), Cell::text),
            agree,
            Cell::text(when(d.at)),
            Cell::text(d.by_name.clone()),
        ]);
    }
    table
}

/// Silences, newest first.
pub(super) fn silences(ctx: &Ctx, all: &[Silence]) -> Table {
    let columns = vec![Col::text(ctx.t("自（最后一次收到）", "Since (last heard)")), Col::text(ctx.t("至", "Until"))];
    let mut table = Table::new(ctx.lang, "silences", ctx.t("失联记录", "Silences"), columns)
        .when_empty(ctx.t("没有失联记录。", "It was never silent for too long."));
    for s in all {
        let until = match s.until_us {
            Some(at) => Cell::text(when_us(at)),
            None => Cell::tag("is-bad", ctx.t("仍未恢复", "Still silent")),
        };
        table.row(vec![Cell::text(when_us(s.since_us)), until]);
    }
    table
}

/// When a message was last refused since the program began, and why exactly.
pub(super) fn last_refusal(ctx: &Ctx, last: Option<(i64, things::Refused)>) -> Html {
    let Some((at_us, refused)) = last else { return Html::default() };
    let title = format!("{} {}: {}", ctx.t("最近一次拒收", "Last refused"), when_us(at_us), refused.reason.code());
    let words = refused.reason.words(ctx.lang);
    let text = if refused.detail.is_empty() { words.to_owned() } else { ctx.lang.aside(words, &refused.detail) };
    Html(format!("<div class=\"notice is-warn\"><strong>{}</strong><p>{}</p></div>", esc(&title), esc(&text)))
}
