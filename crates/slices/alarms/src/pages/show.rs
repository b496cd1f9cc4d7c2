//! One alarm: what it says, what to do, what happened.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use isa18::{Cause, TRANSITIONS};
use serde::Deserialize;
use web::{AppError, Ctx, Form, Html, Page, TimelineEntry, summary_list, timeline};

use super::{plain, span, state_tone, tone, when, when_us};
use crate::model::{AlarmRow, EventRow, Verb};
use crate::read;

const EVENTS: u32 = 100;

/// The address line.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "alarms/show.html")]
struct Show {
    p: Page,
    f: Form,
    message: String,
    device: String,
    state: Html,
    priority: Html,
    response: String,
    consequence: String,
    facts: Html,
    history: Html,
    earlier: Option<String>,
    action: String,
    comments: String,
    verbs: Vec<Verb>,
    minutes_max: i64,
    shelving_hint: String,
}

/// GET /alarms/{id}
pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    page(&ctx, &id, asked.before.unwrap_or(i64::MAX), Form::new(&ctx)).await
}

/// The page, with the form of what was tried.
pub(crate) async fn page(ctx: &Ctx, id: &str, before: i64, f: Form) -> Result<Response, AppError> {
    let own = id.to_owned();
    let (row, mut events) =
        ctx.read(|cx| Box::pin(async move { read::alarm(cx, &own, before, EVENTS + 1).await })).await?;
    let more = events.len() > EVENTS as usize;
    events.truncate(EVENTS as usize);
    let earlier = events.last().filter(|_| more).map(|e| format!("/alarms/{id}?before={}", e.seq));
    let rule = row.rule.as_ref();
    let minutes_max = rule.map_or(0, |r| r.shelving.minutes_max);
    let text = |t: Option<&kernel::Text>| t.map_or(String::new(), |t| t.get(ctx.lang).to_owned());
    ctx.render(&Show {
        p: ctx.page(row.message(ctx.lang)).crumb("/alarms", ctx.t("报警", "Alarms")),
        f,
        message: row.message(ctx.lang).to_owned(),
        device: row.device_name.clone(),
        state: web::tag(state_tone(row.alarm.state), row.alarm.state.label(ctx.lang)),
        priority: web::tag(tone(row.alarm.priority), row.alarm.priority.label(ctx.lang)),
        response: text(rule.map(|r| &r.response)),
        consequence: text(rule.map(|r| &r.consequence)),
        facts: facts(ctx, &row),
        history: history(ctx, &events),
        earlier,
        action: format!("/alarms/{id}"),
        comments: format!("/alarms/{id}/comments"),
        verbs: verbs(ctx, &row),
        minutes_max,
        shelving_hint: format!("{} {minutes_max} {}", ctx.t("最多", "At most"), ctx.t("分钟", "minutes")),
    })
}

/// What the standard's table allows from here.
fn verbs(ctx: &Ctx, row: &AlarmRow) -> Vec<Verb> {
    if !ctx.may(kernel::Action::HandleAlarms, &kernel::Subject::org(&row.org_id)) {
        return Vec::new();
    }
    let shelves = row.rule.as_ref().is_some_and(|r| r.shelving.minutes_max > 0);
    let legal = |v: &&Verb| TRANSITIONS.iter().any(|t| t.from == row.alarm.state && t.cause == v.cause());
    Verb::ALL.iter().filter(legal).filter(|v| shelves || **v != Verb::Shelve).copied().collect()
}

fn facts(ctx: &Ctx, row: &AlarmRow) -> Html {
    let rule = row.rule.as_ref().map_or(String::new(), |r| r.condition.words(ctx.lang));
    let name = format!("{} · {} {}", row.name(ctx.lang), ctx.t("版本", "version"), row.rule_version);
    let link = format!("<a href=\"/alarms/rules/{}\">{}</a>", web::esc(&row.rule_id), web::esc(&name));
    let waited = match (row.alarm.occurred_us, row.alarm.acknowledged_us) {
        (Some(from), Some(to)) => span(ctx.lang, to - from),
        _ => String::new(),
    };
    let pairs = [
        (ctx.t("规则", "Rule"), Html(link)),
        (ctx.t("条件", "Condition"), plain(rule)),
        (ctx.t("数值", "Value"), plain(row.value_words())),
        (ctx.t("发生时间", "Occurred"), plain(when_us(row.alarm.occurred_us))),
        (ctx.t("确认用时", "Acknowledged after"), plain(waited)),
        (ctx.t("恢复时间", "Returned"), plain(when_us(row.alarm.returned_us))),
        (ctx.t("搁置至", "Shelved until"), plain(when_us(row.alarm.shelved_until_us))),
        (ctx.t("累计次数", "Times in all"), plain(row.alarm.occurrences.to_string())),
    ];
    let shown = pairs.into_iter().filter(|(_, v)| !v.0.is_empty()).map(|(k, v)| (k.to_owned(), v));
    summary_list(&shown.collect::<Vec<_>>())
}

fn history(ctx: &Ctx, events: &[EventRow]) -> Html {
    let entry = |e: &EventRow| {
        let title = match e.cause.as_str() {
            "comment" => ctx.t("备注", "Comment").to_owned(),
            "escalated" => ctx.t("无人确认，通知下一位", "Nobody acknowledged: next contact told").to_owned(),
            cause => Cause::from_code(cause).map_or(cause, |c| c.label(ctx.lang)).to_owned(),
        };
        let change = match e.from == e.to {
            true => String::new(),
            false => format!("{} → {}", e.from.label(ctx.lang), e.to.label(ctx.lang)),
        };
        let about = [change, e.priority.label(ctx.lang).to_owned(), e.value_text.clone()];
        let about = about.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · ");
        let by = if e.by_name == "system" { String::new() } else { e.by_name.clone() };
        TimelineEntry {
            state: if e.to.unacknowledged() { "is-overdue" } else { "is-done" },
            title,
            when: when(e.at),
            lines: [about, by, e.comment.clone()].into_iter().filter(|l| !l.is_empty()).collect(),
        }
    };
    timeline(&events.iter().map(entry).collect::<Vec<_>>())
}
