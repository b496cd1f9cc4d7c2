//! Writing a rule, in an operator's words.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use isa18::{KnownProperty, Priority, Watch};
use web::{AppError, Ctx, Form, FormData, Page, again_or_fail};

use super::rule_fields::{ESCALATIONS, KINDS, ROWS, STEPS, errors_of, fields, fits, read as read_form};
use crate::engine::Engine;
use crate::model::RuleRow;
use crate::read::{self, Choices};
use crate::save_rule::{self, SaveRule, SaveRuleError};

type Options = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "alarms/rule_form.html")]
struct Show {
    p: Page,
    f: Form,
    action: String,
    watches: Options,
    kinds: Options,
    properties: Vec<String>,
    step_kinds: Options,
    priorities: Options,
    suppressions: Options,
    rules: Options,
    contacts: Options,
    joins: Options,
    by_api: bool,
}

impl Show {
    fn rows(&self) -> std::ops::Range<usize> {
        0..ROWS
    }
    fn steps(&self) -> std::ops::Range<usize> {
        0..STEPS
    }
    fn escalations(&self) -> std::ops::Range<usize> {
        0..ESCALATIONS
    }
    /// `c0_property`
    fn at(&self, letter: &str, row: &usize, name: &str) -> String {
        format!("{letter}{row}_{name}")
    }
    /// A row after the first that says nothing stays folded.
    fn open(&self, letter: &str, row: &usize) -> bool {
        *row == 0 || !self.f.value(&format!("{letter}{row}_kind")).is_empty()
    }
}

/// GET /alarms/rules/new
pub(crate) async fn get_new(ctx: Ctx) -> Result<Response, AppError> {
    let f = Form::new(&ctx).with("shelving", "480").with("late_after_s", "300").with("join", "all");
    page(&ctx, None, f).await
}

/// GET /alarms/rules/{id}/edit
pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let row = latest(&ctx, &id).await?;
    let f = Form::again(&ctx, &fields(&row.rule), Vec::new());
    page(&ctx, Some(row), f).await
}

/// POST /alarms/rules/new
pub(crate) async fn post_new(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    save(ctx, None, data).await
}

/// POST /alarms/rules/{id}/edit
pub(crate) async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let row = latest(&ctx, &id).await?;
    save(ctx, Some(row), data).await
}

async fn latest(ctx: &Ctx, id: &str) -> Result<RuleRow, AppError> {
    let id = id.to_owned();
    let versions = ctx.read(|cx| Box::pin(async move { read::rule(cx, &id).await })).await?;
    versions.into_iter().next().ok_or_else(AppError::not_found)
}

async fn save(ctx: Ctx, row: Option<RuleRow>, data: FormData) -> Result<Response, AppError> {
    let told = read_form(&data, ctx.lang);
    let properties = ctx.app.part::<Engine>().sources().properties.clone();
    if !told.errors.is_empty() {
        // What could be read is looked at too, so that a person corrects all of it at once.
        let mut errors = told.errors;
        let known = known(&ctx, &told.rule.watch).await?;
        for e in errors_of(&told.rule.defects(known.as_deref()), ctx.lang) {
            if !errors.iter().any(|known| known.field == e.field) {
                errors.push(e);
            }
        }
        let mut response = page(&ctx, row, Form::again(&ctx, &data, errors)).await?;
        *response.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    let rule_id = row.as_ref().map(|r| r.id.clone());
    let cmd = SaveRule { rule_id, org_id: ctx.actor.org().to_owned(), rule: told.rule };
    match ctx.submit(&data, move |cx| Box::pin(async move { save_rule::run(cx, cmd, &properties).await })).await {
        Ok(saved) => {
            let said = ctx.t("已保存为草稿，发布后生效", "Saved as a draft; it takes effect once published");
            Ok(ctx.redirect_saying(&format!("/alarms/rules/{}", saved.id), said))
        }
        Err(e) => {
            let errors = match &e {
                SaveRuleError::Defective { defects, .. } => Some(errors_of(defects, ctx.lang)),
                _ => None,
            };
            let error: AppError = e.into();
            let errors = errors.unwrap_or_else(|| error.as_field_errors(ctx.lang));
            let again = page(&ctx, row, Form::again(&ctx, &data, errors)).await;
            again_or_fail(error, ctx.lang, |_| again)
        }
    }
}

/// The properties of what is watched, if there is a model.
async fn known(ctx: &Ctx, watch: &Watch) -> Result<Option<Vec<KnownProperty>>, AppError> {
    let engine: Arc<Engine> = ctx.app.part();
    let product = match watch {
        Watch::Product(id) => id.clone(),
        Watch::Device(id) => {
            let id = id.clone();
            match ctx.read(|cx| Box::pin(async move { read::device(cx, &id).await })).await {
                Ok(device) => device.product_id,
                Err(read::ReadError::NotFound) => return Ok(None),
                Err(e) => return Err(e.into()),
            }
        }
    };
    Ok((engine.sources().properties)(&product))
}

/// Products first, then devices.
fn watches(ctx: &Ctx, choices: &Choices) -> Options {
    let mut products: Vec<&str> = choices.devices.iter().map(|d| d.product_id.as_str()).collect();
    products.sort_unstable();
    products.dedup();
    let of_product =
        |id: &&str| (format!("product:{id}"), format!("{} {id}", ctx.t("产品的全部设备：", "All devices of product")));
    let mut all: Options = products.iter().map(of_product).collect();
    all.extend(
        choices
            .devices
            .iter()
            .map(|d| (format!("device:{}", d.id), format!("{} {}", ctx.t("设备：", "Device"), d.name))),
    );
    all
}

/// Names that the form suggests: of every product that the organisation has.
fn property_names(ctx: &Ctx, choices: &Choices) -> Vec<String> {
    let engine: Arc<Engine> = ctx.app.part();
    let mut products: Vec<&str> = choices.devices.iter().map(|d| d.product_id.as_str()).collect();
    products.sort_unstable();
    products.dedup();
    let of = |id: &&str| (engine.sources().properties)(id).unwrap_or_default();
    let mut names: Vec<String> = products.iter().flat_map(of).map(|p| p.name).collect();
    names.sort();
    names.dedup();
    names
}

async fn page(ctx: &Ctx, row: Option<RuleRow>, f: Form) -> Result<Response, AppError> {
    let choices = ctx.read(|cx| Box::pin(read::choices(cx))).await?;
    let pairs = |all: &[(&str, &str, &str)]| -> Options {
        all.iter().map(|(code, zh, en)| ((*code).to_owned(), ctx.t(zh, en).to_owned())).collect()
    };
    let own = row.as_ref().map_or("", |r| r.id.as_str()).to_owned();
    let title = if row.is_some() { ctx.t("修改规则", "Change a rule") } else { ctx.t("新建规则", "New rule") };
    ctx.render(&Show {
        p: ctx.page(title).crumb("/alarms", ctx.t("报警", "Alarms")).crumb("/alarms/rules", ctx.t("规则", "Rules")),
        action: row.as_ref().map_or("/alarms/rules/new".into(), |r| format!("/alarms/rules/{}/edit", r.id)),
        watches: watches(ctx, &choices),
        kinds: pairs(&KINDS),
        properties: property_names(ctx, &choices),
        step_kinds: pairs(&[
            ("above", "数值高于", "Value above"),
            ("below", "数值低于", "Value below"),
            ("after", "已持续（秒）", "It has lasted (s)"),
        ]),
        priorities: Priority::ALL.iter().rev().map(|p| (p.code().into(), p.label(ctx.lang).into())).collect(),
        suppressions: pairs(&[
            ("rule", "另一条规则正在报警", "Another rule is in alarm"),
            ("off", "开关量为“否”（如停机）", "A flag is off (stopped)"),
            ("on", "开关量为“是”（如检修）", "A flag is on (maintenance)"),
            ("cel", "表达式（CEL）为真", "An expression (CEL) is true"),
        ]),
        rules: choices
            .rules
            .iter()
            .filter(|r| r.id != own)
            .map(|r| (r.id.clone(), r.rule.name.get(ctx.lang).to_owned()))
            .collect(),
        contacts: choices
            .contacts
            .iter()
            .map(|c| (c.id.clone(), format!("{} ({})", c.name, c.channel.label(ctx.lang))))
            .collect(),
        joins: pairs(&[("all", "全部满足（且）", "All of them (and)"), ("any", "任一满足（或）", "Any of them (or)")]),
        by_api: row.as_ref().is_some_and(|r| !fits(&r.rule)),
        f,
    })
}
