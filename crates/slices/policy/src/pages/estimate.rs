//! 资格预检: a few facts, and each instrument's answer with the clause and the number behind it. No sign-in needed.

use std::sync::Arc;

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use jiff::civil::Date;
use kernel::{Action, Fen, Subject};
use rules::{Overrides, Programme};
use serde::Deserialize;
use serde_json::{Map, Value};
use store::StoreError;
use web::{AppError, Ctx, Field, Form, FormData, Html, Page};

use crate::estimate::{Estimate, Offer};
use crate::model::Version;
use crate::pages::estimate_form::{field, prefill, questions, read, read_supposed, restated, supposable};
use crate::pages::kind_label;
use crate::pages::trace::{clause_chip, obstacles, outcome_tag, passed, steps};
use crate::{estimate, facts, library};

/// What a link may preset.
#[derive(Debug, Default, Deserialize)]
pub struct Preset {
    #[serde(default)]
    programme: String,
    /// Not empty: answer it.
    #[serde(default)]
    asked: String,
}

struct Answer {
    id: String,
    title: String,
    programme: String,
    kind: &'static str,
    batch: String,
    tag: Html,
    amount: String,
    /// The amount as the programme stands, when a number is supposed otherwise.
    amount_now: String,
    binding: String,
    chip: Html,
    obstacles: Html,
    passed: Html,
    steps: Html,
    granted: bool,
    /// A batch takes applications for it now.
    is_open: bool,
}

#[derive(Template)]
#[template(path = "policy/estimate.html")]
struct Show {
    p: Page,
    f: Form,
    fields: Vec<Field>,
    programmes: Vec<(String, String)>,
    as_of: Date,
    supposable: Vec<(String, String)>,
    answers: Option<Vec<Answer>>,
    prefilled: bool,
    in_force: bool,
}

struct Known {
    published: Vec<(Version, Arc<Programme>)>,
    own: serde_json::Map<String, serde_json::Value>,
}

impl Known {
    /// The programmes that are asked about: the one named, else those in force on the day, else all.
    fn asked(&self, named: &str, on: Date) -> Vec<Arc<Programme>> {
        let is_asked = |v: &Version| match named {
            "" => !self.in_force(on) || (v.starts_on..=v.ends_on).contains(&on),
            id => v.id == id,
        };
        self.published.iter().filter(|(v, _)| is_asked(v)).map(|(_, p)| p.clone()).collect()
    }
    fn in_force(&self, on: Date) -> bool {
        self.published.iter().any(|(v, _)| (v.starts_on..=v.ends_on).contains(&on))
    }
}

/// The published programmes, and the facts of the enterprise that is signed in.
async fn known(ctx: &Ctx) -> Result<Known, StoreError> {
    let today = ctx.today();
    let org = ctx.actor.org_id.clone();
    ctx.read(|cx| {
        Box::pin(async move {
            let published = library::list_published(cx).await?;
            let own = match org {
                Some(org) => facts::of_org(cx, &org, today).await?,
                None => serde_json::Map::new(),
            };
            Ok(Known { published, own })
        })
    })
    .await
}

fn page(ctx: &Ctx, known: &Known, f: Form, as_of: Date, answers: Option<Vec<Answer>>) -> Result<Response, AppError> {
    let programmes = known.asked(f.value("programme"), as_of);
    let may_suppose = ctx.may(Action::DraftProgramme, &Subject::none());
    ctx.render(&Show {
        p: ctx.page(ctx.t("资格预检：我能享受什么", "What can I get?")),
        fields: questions(&programmes).iter().map(|q| field(&f, q, ctx.lang)).collect(),
        programmes: known.published.iter().map(|(v, _)| (v.id.clone(), v.title.get(ctx.lang).to_owned())).collect(),
        as_of,
        supposable: if may_suppose { supposable(&programmes, ctx.lang) } else { Vec::new() },
        answers,
        prefilled: !known.own.is_empty(),
        in_force: known.in_force(as_of) || !f.value("programme").is_empty(),
        f,
    })
}

/// GET /estimate: the questions; with `asked=1`, the answers to what the address says.
pub async fn get(ctx: Ctx, Query(preset): Query<Preset>) -> Result<Response, AppError> {
    if !preset.asked.is_empty() {
        return answered(&ctx, &ctx.asked()).await;
    }
    let known = known(&ctx).await?;
    let today = ctx.today();
    let asked = questions(&known.asked(&preset.programme, today));
    let form = prefill(Form::new(&ctx), &asked, &known.own);
    let form = form.with("programme", preset.programme).with("as_of", today.to_string());
    page(&ctx, &known, form, today, None)
}

/// POST /estimate: leads to the answers. They stand at an address of their own, so that Back, reload and the other
/// language show them again; nothing is stored, and this program logs no addresses.
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let query = data.as_query();
    Ok(ctx.redirect(&format!("/estimate?asked=1&{query}")))
}

async fn answered(ctx: &Ctx, data: &FormData) -> Result<Response, AppError> {
    let known = known(ctx).await?;
    let mut check = data.check(ctx.lang);
    let as_of = check.optional_date("as_of").unwrap_or_else(|| ctx.today());
    let asked = questions(&known.asked(data.get("programme"), as_of));
    let facts = read(&mut check, |name| data.get(name).to_owned(), &asked);
    let supposed = read_supposed(&mut check, data.get("suppose_name"), data.get("suppose_value"));
    let errors = check.errors();
    if !errors.is_empty() {
        return page(ctx, &known, Form::again(ctx, data, errors), as_of, None);
    }
    let programme_id = Some(data.get("programme").to_owned()).filter(|id| !id.is_empty());
    let cmd = Estimate { facts, as_of, overrides: Overrides::new(), programme_id };
    let stated = cmd.facts.clone();
    let what_if = Estimate { overrides: supposed.clone(), ..cmd.clone() };
    let offers = ctx.read(|cx| Box::pin(async move { estimate::run(cx, cmd).await })).await?;
    let answers = if supposed.is_empty() {
        offers.iter().map(|offer| answer(ctx, offer, None, &stated)).collect()
    } else {
        let then = ctx.read(|cx| Box::pin(async move { estimate::run(cx, what_if).await })).await?;
        then.iter().zip(&offers).map(|(then, now)| answer(ctx, then, Some(now), &stated)).collect()
    };
    page(ctx, &known, Form::again(ctx, data, Vec::new()), as_of, Some(answers))
}

fn amount(offer: &Offer) -> Option<String> {
    offer.decision.amount_fen.map(|n| Fen(n).yuan())
}

fn answer(ctx: &Ctx, offer: &Offer, now: Option<&Offer>, stated: &Map<String, Value>) -> Answer {
    let (lang, p, d, i) = (ctx.lang, &offer.programme, &restated(&offer.decision, stated), offer.instrument());
    let none = || ctx.t("不享受", "nothing").to_owned();
    let batch = offer.batch.as_ref().map_or(String::new(), |b| {
        format!("{} · {} {}", b.title.get(lang), ctx.t("申请截止", "applications until"), b.closes_on)
    });
    let binding = d.binding();
    Answer {
        id: format!("{}-{}", p.id, i.id),
        title: i.title.get(lang).to_owned(),
        programme: p.title.get(lang).to_owned(),
        kind: kind_label(i.kind, lang),
        batch,
        tag: outcome_tag(lang, d.act, d.outcome()),
        amount: amount(offer).unwrap_or_default(),
        amount_now: now.map_or(String::new(), |now| amount(now).unwrap_or_else(none)),
        binding: binding.map_or(String::new(), |b| format!("{} {}", b.title.get(lang), b.shown())),
        chip: clause_chip(lang, p, binding.map_or(i.clause.as_str(), |b| b.clause.as_str())),
        obstacles: obstacles(lang, p, d),
        passed: passed(lang, p, d),
        steps: steps(lang, p, d, false),
        granted: d.eligible,
        is_open: d.eligible && offer.batch.is_some(),
    }
}
