//! The list of rules, and the page of one.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use isa18::{StepWhen, Suppression, Watch};
use kernel::{Action, Subject};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Form, FormData, Html, Page, Table, again_or_fail, summary_list};

use super::{plain, rule_tone, tone, when};
use crate::engine::Engine;
use crate::model::{RuleRow, RuleState};
use crate::publish_rule::{self, PublishRule};
use crate::{read, retire_rule};

const PAGE_SIZE: u32 = 50;
const EXPORT_MAX: u32 = 1_000;

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    state: String,
    after: String,
    format: Option<Export>,
}

struct Chip {
    href: String,
    label: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "alarms/rules.html")]
struct List {
    p: Page,
    chips: Vec<Chip>,
    table: Table,
    may_manage: bool,
}

fn watched(ctx: &Ctx, watch: &Watch) -> String {
    match watch {
        Watch::Product(id) => format!("{} {id}", ctx.t("产品", "product")),
        Watch::Device(id) => format!("{} {id}", ctx.t("设备", "device")),
    }
}

/// GET /alarms/rules
pub(crate) async fn get(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let state = RuleState::from_code(&asked.state);
    let limit = if asked.format.is_some() { EXPORT_MAX } else { PAGE_SIZE + 1 };
    let after = asked.after.clone();
    let mut rows = ctx.read(|cx| Box::pin(async move { read::rules(cx, state, &after, limit).await })).await?;
    let more = asked.format.is_none() && rows.len() > PAGE_SIZE as usize;
    if asked.format.is_none() {
        rows.truncate(PAGE_SIZE as usize);
    }
    let here = state.map_or("/alarms/rules?".to_owned(), |s| format!("/alarms/rules?state={}&", s.code()));
    let next = rows.last().filter(|_| more).map(|r| format!("{here}after={}", r.id));
    let home = here.trim_end_matches(['?', '&']).to_owned();
    let columns = vec![
        Col::text(ctx.t("规则", "Rule")),
        Col::text(ctx.t("状态", "State")),
        Col::text(ctx.t("级别", "Priority")),
        Col::text(ctx.t("监视", "Watches")),
        Col::text(ctx.t("条件", "Condition")),
        Col::num(ctx.t("版本", "Version")),
    ];
    let empty = ctx.t("还没有规则。", "There are no rules yet.");
    let mut table = Table::new(ctx.lang, "rules", ctx.t("报警规则", "Alarm rules"), columns)
        .exports(&home)
        .pages((!asked.after.is_empty()).then_some(home), next)
        .when_empty(empty);
    for r in &rows {
        let changed = r.state == RuleState::Published && r.is_draft();
        let state = match changed {
            true => format!("{} · {}", r.state.label(ctx.lang), ctx.t("有未发布的修改", "changes not published")),
            false => r.state.label(ctx.lang).to_owned(),
        };
        table.row(vec![
            Cell::link(format!("/alarms/rules/{}", r.id), r.rule.name.get(ctx.lang)),
            Cell::tag(rule_tone(r.state), state),
            Cell::tag(tone(r.rule.priority), r.rule.priority.label(ctx.lang)),
            Cell::text(watched(&ctx, &r.rule.watch)),
            Cell::text(r.rule.condition.words(ctx.lang)),
            Cell::Int(r.version),
        ]);
    }
    if let Some(format) = asked.format {
        return ctx.export(&table, "alarm-rules", format);
    }
    let chips = RuleState::ALL.iter().map(|s| Chip {
        href: if state == Some(*s) { "/alarms/rules".into() } else { format!("/alarms/rules?state={}", s.code()) },
        label: s.label(ctx.lang).to_owned(),
        chosen: state == Some(*s),
    });
    ctx.render(&List {
        p: ctx.page(ctx.t("报警规则", "Alarm rules")).crumb("/alarms", ctx.t("报警", "Alarms")),
        chips: chips.collect(),
        table,
        may_manage: ctx.may(Action::ManageAlarmRules, &Subject::none()),
    })
}

#[derive(Template)]
#[template(path = "alarms/rule.html")]
struct Show {
    p: Page,
    f: Form,
    id: String,
    state: Html,
    facts: Html,
    versions: Table,
    version: i64,
    may_publish: bool,
    may_edit: bool,
    may_retire: bool,
}

impl Show {
    fn href(&self, what: &str) -> String {
        format!("/alarms/rules/{}/{what}", self.id)
    }
}

/// GET /alarms/rules/{id}
pub(crate) async fn show(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let f = Form::new(&ctx);
    page(&ctx, &id, f).await
}

async fn page(ctx: &Ctx, id: &str, f: Form) -> Result<Response, AppError> {
    let own = id.to_owned();
    let (versions, contacts, rules) = ctx
        .read(|cx| {
            Box::pin(async move {
                let versions = read::rule(cx, &own).await?;
                let choices = read::choices(cx).await?;
                Ok::<_, read::ReadError>((versions, choices.contacts, choices.rules))
            })
        })
        .await?;
    let latest = versions.first().ok_or_else(AppError::not_found)?;
    let name_of = |id: &str| {
        let contact = contacts.iter().find(|c| c.id == id).map(|c| c.name.clone());
        contact
            .or_else(|| rules.iter().find(|r| r.id == id).map(|r| r.rule.name.get(ctx.lang).to_owned()))
            .unwrap_or_else(|| format!("{id} ({})", ctx.t("已删除", "removed")))
    };
    let may = ctx.may(Action::ManageAlarmRules, &Subject::org(&latest.org_id));
    ctx.render(&Show {
        p: ctx
            .page(latest.rule.name.get(ctx.lang))
            .crumb("/alarms", ctx.t("报警", "Alarms"))
            .crumb("/alarms/rules", ctx.t("规则", "Rules")),
        f,
        id: id.to_owned(),
        state: web::tag(rule_tone(latest.state), latest.state.label(ctx.lang)),
        facts: facts(ctx, latest, &name_of),
        versions: version_table(ctx, &versions),
        version: latest.version,
        may_publish: may && latest.state != RuleState::Retired && latest.is_draft(),
        may_edit: may && latest.state != RuleState::Retired,
        may_retire: may && latest.state == RuleState::Published,
    })
}

fn facts(ctx: &Ctx, row: &RuleRow, name_of: &dyn Fn(&str) -> String) -> Html {
    let (r, lang) = (&row.rule, ctx.lang);
    let step = |s: &isa18::Step| match &s.when {
        StepWhen::Value { property, side, limit, .. } => {
            format!("{property} {} {limit} → {}", side.label(lang), s.priority.label(lang))
        }
        StepWhen::After { s: seconds } => {
            format!(
                "{} {} → {}",
                ctx.t("持续", "after"),
                super::span(lang, seconds * isa18::SECOND_US),
                s.priority.label(lang)
            )
        }
    };
    let suppression = match &r.suppression {
        Some(Suppression::Rule(id)) => format!("{} {}", ctx.t("报警中：", "in alarm:"), name_of(id)),
        Some(Suppression::State(c)) => c.words(lang),
        None => String::new(),
    };
    let escalation = |e: &isa18::Escalation| {
        format!("{} → {}", super::span(lang, e.after_s * isa18::SECOND_US), name_of(&e.contact_id))
    };
    let joined = |all: Vec<String>| all.join(ctx.t("；", "; "));
    let shelving = match r.shelving.minutes_max {
        0 => ctx.t("不允许", "not allowed").to_owned(),
        n => super::span(lang, n * 60 * isa18::SECOND_US),
    };
    let latched = if r.latched { ctx.t("是，须人工复位", "yes, a person resets it") } else { "" };
    let pairs = [
        (ctx.t("监视", "Watches"), watched(ctx, &r.watch)),
        (ctx.t("条件", "Condition"), r.condition.words(lang)),
        (ctx.t("级别", "Priority"), r.priority.label(lang).to_owned()),
        (ctx.t("分级", "Steps"), joined(r.steps.iter().map(step).collect())),
        (ctx.t("报警内容", "Message"), r.message.get(lang).to_owned()),
        (ctx.t("应如何处置", "What to do"), r.response.get(lang).to_owned()),
        (ctx.t("不处置的后果", "If nobody acts"), r.consequence.get(lang).to_owned()),
        (ctx.t("发生时通知", "Told when it occurs"), joined(r.notify.iter().map(|id| name_of(id)).collect())),
        (ctx.t("无人确认时", "Not acknowledged for"), joined(r.escalations.iter().map(escalation).collect())),
        (ctx.t("设计抑制", "Suppressed while"), suppression),
        (ctx.t("锁定", "Latched"), latched.to_owned()),
        (ctx.t("最多搁置", "Shelved for at most"), shelving),
    ];
    let shown = pairs.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k.to_owned(), plain(v)));
    summary_list(&shown.collect::<Vec<_>>())
}

fn version_table(ctx: &Ctx, versions: &[RuleRow]) -> Table {
    let columns = vec![
        Col::num(ctx.t("版本", "Version")),
        Col::text(ctx.t("状态", "State")),
        Col::text(ctx.t("条件", "Condition")),
        Col::text(ctx.t("编写人", "By")),
        Col::text(ctx.t("时间", "When")),
    ];
    let mut table = Table::new(ctx.lang, "versions", ctx.t("版本", "Versions"), columns);
    for v in versions {
        let in_force = v.state == RuleState::Published && v.published_version == Some(v.version);
        let state = match (in_force, v.published_version.is_some_and(|p| v.version <= p)) {
            (true, _) => Cell::tag("is-ok", ctx.t("生效中", "In force")),
            (false, true) => Cell::tag("", ctx.t("曾发布", "Was published")),
            (false, false) => Cell::tag("is-info", ctx.t("草稿", "Draft")),
        };
        table.row(vec![
            Cell::Int(v.version),
            state,
            Cell::text(v.rule.condition.words(ctx.lang)),
            Cell::text(&v.by_name),
            Cell::text(when(v.at)),
        ]);
    }
    table
}

/// POST /alarms/rules/{id}/publish
pub(crate) async fn publish(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let properties = ctx.app.part::<Engine>().sources().properties.clone();
    let cmd = PublishRule { rule_id: id.clone(), version: data.get("version").parse().unwrap_or(0) };
    match ctx.submit(&data, move |cx| Box::pin(async move { publish_rule::run(cx, cmd, &properties).await })).await {
        Ok(_) => Ok(ctx
            .redirect_saying(&format!("/alarms/rules/{id}"), ctx.t("已发布，即刻生效", "Published; in force at once"))),
        Err(e) => refused(&ctx, &id, &data, e.into()).await,
    }
}

/// POST /alarms/rules/{id}/retire
pub(crate) async fn retire(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let rule_id = id.clone();
    match ctx.submit(&data, |cx| Box::pin(retire_rule::run(cx, rule_id))).await {
        Ok(_) => Ok(ctx.redirect_saying(&format!("/alarms/rules/{id}"), ctx.t("已停用", "Retired"))),
        Err(e) => refused(&ctx, &id, &data, e.into()).await,
    }
}

async fn refused(ctx: &Ctx, id: &str, data: &FormData, error: AppError) -> Result<Response, AppError> {
    let page = page(ctx, id, Form::again(ctx, data, error.as_field_errors(ctx.lang))).await;
    again_or_fail(error, ctx.lang, |_| page)
}
