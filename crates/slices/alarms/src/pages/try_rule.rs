//! "Try it on history": what a rule would have done with readings that are there.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use isa18::{Past, Replayed, Rule, Watch, kpi, replay};
use jiff::civil::Date;
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, FieldError, Form, FormData, Html, Page, Table, stat};

use super::{span, state_tone, tone, when_us};
use crate::engine::Engine;
use crate::model::{RuleRow, value_text};
use crate::read;
use crate::sources::Sources;

/// Longest span, in days.
const DAYS_MAX: i64 = 31;
/// Readings that are replayed at most; what came after is left out, and said.
const READINGS_MAX: usize = 1_000_000;
/// Changes that are listed.
const SHOWN: usize = 200;

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    device: String,
    from: String,
    to: String,
}

#[derive(Template)]
#[template(path = "alarms/try.html")]
struct Show {
    p: Page,
    f: Form,
    id: String,
    devices: Vec<(String, String)>,
    condition: String,
    outcome: Option<Outcome>,
}

struct Outcome {
    stats: Vec<Html>,
    table: Table,
    shown: usize,
    changes: usize,
    cut: bool,
}

/// GET /alarms/rules/{id}/try
pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let own = id.clone();
    let (versions, devices) = ctx
        .read(|cx| {
            Box::pin(async move {
                let versions = read::rule(cx, &own).await?;
                Ok::<_, read::ReadError>((versions, read::choices(cx).await?.devices))
            })
        })
        .await?;
    let row = versions.into_iter().next().ok_or_else(AppError::not_found)?;
    let watched: Vec<(String, String)> = devices
        .iter()
        .filter(|d| match &row.rule.watch {
            Watch::Device(id) => d.id == *id,
            Watch::Product(id) => d.product_id == *id,
        })
        .map(|d| (d.id.clone(), d.name.clone()))
        .collect();
    let today = ctx.today();
    let value = |text: &str, or: Date| if text.is_empty() { or.to_string() } else { text.to_owned() };
    let only = if watched.len() == 1 { watched[0].0.clone() } else { asked.device.clone() };
    let fields = [("device", only), ("from", value(&asked.from, today)), ("to", value(&asked.to, today))];
    let data = FormData::of(fields.map(|(k, v)| (k.to_owned(), vec![v])).into());
    let (mut outcome, mut errors) = (None, Vec::new());
    if !asked.device.is_empty() || !asked.from.is_empty() {
        let product = devices.iter().find(|d| d.id == data.get("device")).map(|d| d.product_id.clone());
        match (checked(&ctx, &data, &watched), product) {
            (Ok((from_us, to_us)), Some(product)) => {
                match run(&ctx, &row, data.get("device"), &product, from_us, to_us).await {
                    Ok(told) => outcome = Some(told),
                    Err(message) => errors.push(FieldError { field: String::new(), message }),
                }
            }
            (Err(found), _) => errors = found,
            (Ok(_), None) => errors = vec![no_device(&ctx)],
        }
    }
    let wrong = !errors.is_empty();
    let mut response = page(&ctx, &row, watched, Form::again(&ctx, &data, errors), outcome)?;
    if wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

fn no_device(ctx: &Ctx) -> FieldError {
    let message = ctx.t("请选择此规则监视的一台设备", "Choose a device that this rule watches");
    FieldError { field: "device".into(), message: message.into() }
}

fn checked(ctx: &Ctx, data: &FormData, watched: &[(String, String)]) -> Result<(i64, i64), Vec<FieldError>> {
    let mut check = data.check(ctx.lang);
    let (from, to) = (check.date("from"), check.date("to"));
    if let (Some(from), Some(to)) = (from, to) {
        let days = i64::from(from.until(to).map_or(i32::MAX, |s| s.get_days()));
        if days < 0 {
            check.refuse("to", "结束日期须不早于开始日期", "The last day must not be before the first");
        } else if days >= DAYS_MAX {
            check.refuse("to", "最长 31 天", "At most 31 days");
        }
    }
    let mut errors = check.errors();
    if !watched.iter().any(|(id, _)| id == data.get("device")) {
        errors.push(no_device(ctx));
    }
    match (from, to, errors.is_empty()) {
        (Some(from), Some(to), true) => {
            let begin = kernel::beijing_midnight(from).as_microsecond();
            let end = kernel::beijing_midnight(to.tomorrow().unwrap_or(to)).as_microsecond();
            // Beyond now there are no readings, and silence there is no alarm.
            Ok((begin, end.min(ctx.app.db.clock().now().as_microsecond()).max(begin)))
        }
        _ => Err(errors),
    }
}

/// What is read of the past for a rule: the properties that it names, or all where it waits for any.
fn past(
    sources: &Sources,
    rule: &Rule,
    device: &str,
    product: &str,
    (from_us, to_us): (i64, i64),
) -> Result<(Vec<Past>, bool), String> {
    let (mut names, all) = rule.properties().map_err(|e| e.to_string())?;
    if all {
        names.extend((sources.properties)(product).unwrap_or_default().into_iter().map(|p| p.name));
        names.sort();
        names.dedup();
    }
    let mut readings = Vec::new();
    let mut cut = false;
    for name in names {
        let mut found = (sources.history)(device, &name, from_us, to_us)?;
        let room = READINGS_MAX - readings.len();
        cut |= found.len() > room;
        found.truncate(room);
        readings.append(&mut found);
    }
    Ok((readings, cut))
}

async fn run(
    ctx: &Ctx,
    row: &RuleRow,
    device: &str,
    product: &str,
    from_us: i64,
    to_us: i64,
) -> Result<Outcome, String> {
    let engine: Arc<Engine> = ctx.app.part();
    let (rule, device, product) = (row.rule.clone(), device.to_owned(), product.to_owned());
    // Reading a month may take a moment; threads that serve pages must not wait for it.
    let work = tokio::task::spawn_blocking(move || {
        let (readings, cut) = past(engine.sources(), &rule, &device, &product, (from_us, to_us))?;
        let told = replay(&rule, readings, from_us, to_us).map_err(|e| e.to_string())?;
        Ok::<_, String>((told, cut))
    });
    let failed = ctx.t("历史数据读取失败，请稍后重试。", "The readings could not be read; try again later.");
    match work.await {
        Ok(Ok((told, cut))) => Ok(outcome(ctx, &told, cut, from_us, to_us)),
        Ok(Err(e)) => {
            tracing::error!(error = %e, rule = row.id, "a rule could not be tried");
            Err(failed.to_owned())
        }
        Err(e) => {
            tracing::error!(error = %e, rule = row.id, "trying a rule panicked");
            Err(failed.to_owned())
        }
    }
}

fn outcome(ctx: &Ctx, told: &Replayed, cut: bool, from_us: i64, to_us: i64) -> Outcome {
    let lang = ctx.lang;
    let figures = kpi(&told.events, from_us, to_us, 1, 1);
    let share = told.active_us as f64 * 100.0 / (to_us - from_us).max(1) as f64;
    let times = ctx.t("次", "times");
    let stats = vec![
        stat(ctx.t("会发生", "Would have occurred"), &told.occurrences.to_string(), times, None),
        stat(ctx.t("报警时间占比", "Share of the time in alarm"), &format!("{share:.1}"), "%", None),
        stat(ctx.t("最长一次", "Longest"), &span(lang, told.longest_us), "", None),
        stat(
            ctx.t("抖动", "Chattering"),
            &figures.bad_actors.first().map_or(0, |a| a.chattering).to_string(),
            times,
            None,
        ),
        stat(ctx.t("一闪而过", "Fleeting"), &figures.fleeting.to_string(), times, None),
        stat(ctx.t("读数", "Readings"), &told.counts.taken.to_string(), "", None),
        stat(ctx.t("未用读数（坏值）", "Not used (bad)"), &told.counts.unusable.to_string(), "", None),
    ];
    let columns = vec![
        Col::text(ctx.t("时间", "When")),
        Col::text(ctx.t("变化", "What")),
        Col::text(ctx.t("状态", "State")),
        Col::text(ctx.t("级别", "Priority")),
        Col::text(ctx.t("数值", "Value")),
    ];
    let empty = ctx.t("这段时间里这条规则不会报警。", "In this time the rule would not have been in alarm.");
    let mut table =
        Table::new(lang, "changes", ctx.t("会有的变化", "What would have happened"), columns).when_empty(empty);
    for (s, state) in told.changes.iter().take(SHOWN) {
        let value = s.value.as_ref().map_or(String::new(), |(p, v)| format!("{p} = {}", value_text(v)));
        table.row(vec![
            Cell::text(when_us(Some(s.at_us))),
            Cell::text(s.kind.cause().label(lang)),
            Cell::tag(state_tone(*state), state.label(lang)),
            Cell::tag(tone(s.priority), s.priority.label(lang)),
            Cell::text(value),
        ]);
    }
    Outcome { stats, shown: table.len(), changes: told.changes.len(), table, cut }
}

fn page(
    ctx: &Ctx,
    row: &RuleRow,
    devices: Vec<(String, String)>,
    f: Form,
    outcome: Option<Outcome>,
) -> Result<Response, AppError> {
    let name = row.rule.name.get(ctx.lang);
    ctx.render(&Show {
        p: ctx
            .page(ctx.t("用历史数据试运行", "Try it on history"))
            .crumb("/alarms/rules", ctx.t("规则", "Rules"))
            .crumb(&format!("/alarms/rules/{}", row.id), name),
        f,
        id: row.id.clone(),
        devices,
        condition: row.rule.condition.words(ctx.lang),
        outcome,
    })
}
