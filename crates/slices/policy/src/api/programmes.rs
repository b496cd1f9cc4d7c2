//! Programmes over the API.

use axum::Json;
use axum::extract::{Path, Query};
use rules::{Computation, Programme, Rule};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiPost, AppError, Ctx, CursorPage, Problem};

use super::Words;
use crate::model::{State, Version};
use crate::{discard, draft, end, library, publish, read};

const PAGE: usize = 50;

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub struct ListQuery {
    /// The cursor of the page before.
    pub after: Option<String>,
    /// `published` (default) or `ended`.
    pub state: Option<String>,
}

/// A programme in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgrammeItem {
    /// Its id.
    pub id: String,
    /// The version in force.
    pub version: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// `published`, `superseded`, `ended` or `draft`.
    pub state: String,
    /// Its name.
    pub title: Words,
    /// True for an example that no authority issued.
    pub illustrative: bool,
    /// First day of its period.
    pub starts_on: String,
    /// Last day of its period.
    pub ends_on: String,
    /// First day on which this version applies.
    pub applies_from: Option<String>,
}

impl From<&Version> for ProgrammeItem {
    fn from(v: &Version) -> ProgrammeItem {
        ProgrammeItem {
            id: v.id.clone(),
            version: v.version.clone(),
            sha256: v.sha256.clone(),
            state: v.state.code().to_owned(),
            title: (&v.title).into(),
            illustrative: v.illustrative,
            starts_on: v.starts_on.to_string(),
            ends_on: v.ends_on.to_string(),
            applies_from: v.applies_from.map(|d| d.to_string()),
        }
    }
}

/// A dated number.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValueItem {
    /// Its name; the unit is its last part (`_fen`, `_bp`, `_days` …).
    pub name: String,
    /// For a reader.
    pub title: Words,
    /// The number.
    pub value: i64,
    /// First day.
    pub from: String,
    /// Last day, if it ends by itself.
    pub until: Option<String>,
    /// The clause's id.
    pub clause: String,
}

/// A target.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetItem {
    /// Its code.
    pub code: String,
    /// For a reader.
    pub title: Words,
    /// What is counted.
    pub unit: Words,
    /// The smallest number that meets it.
    pub minimum: i64,
    /// Upper end of a planned range.
    pub maximum: Option<i64>,
    /// By the end of this day.
    pub by: String,
    /// The statistic that measures it.
    pub statistic: String,
    /// The clause's id.
    pub clause: String,
}

/// A condition, a step or a ceiling.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleLine {
    /// Its id or name.
    pub name: String,
    /// For a reader.
    pub title: Words,
    /// In CEL.
    pub expression: String,
    /// The clause's id.
    pub clause: String,
}

/// Conditions that must all hold, steps to an amount, ceilings on it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleItem {
    /// All must hold.
    pub conditions: Vec<RuleLine>,
    /// In order; the last is the amount before ceilings.
    pub steps: Vec<RuleLine>,
    /// The amount is at most each of them.
    pub caps: Vec<RuleLine>,
}

/// Something that can be got.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstrumentItem {
    /// Its id.
    pub id: String,
    /// `voucher`, `reimbursement` or `award`.
    pub kind: String,
    /// Its name.
    pub title: Words,
    /// What it is.
    pub summary: Words,
    /// The clause's id.
    pub clause: String,
    /// Who gets it, and how much.
    pub award: RuleItem,
    /// What is paid on it.
    pub settlement: Option<RuleItem>,
}

/// A clause in our own words.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClauseItem {
    /// Its id.
    pub id: String,
    /// The document's title.
    pub source: Words,
    /// Where in it.
    pub locator: Words,
    /// What it says.
    pub summary: Words,
}

/// A programme in full.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgrammeDoc {
    /// What the list shows.
    #[serde(flatten)]
    pub item: ProgrammeItem,
    /// Who issued it.
    pub issuer: Words,
    /// What it is for.
    pub summary: Words,
    /// What is to be reached.
    pub targets: Vec<TargetItem>,
    /// Codes of the supported sub-items of service.
    pub sub_items: Vec<String>,
    /// Dated numbers.
    pub values: Vec<ValueItem>,
    /// What can be got.
    pub instruments: Vec<InstrumentItem>,
    /// Clauses.
    pub clauses: Vec<ClauseItem>,
    /// All versions that were published, the latest first.
    pub versions: Vec<ProgrammeItem>,
    /// Where the text itself is.
    pub toml_href: String,
}

fn line(c: &Computation) -> RuleLine {
    let (title, expression) = ((&c.title).into(), c.expression.source().to_owned());
    RuleLine { name: c.name.clone(), title, expression, clause: c.clause.clone() }
}

fn rule(r: &Rule) -> RuleItem {
    let condition = |c: &rules::Condition| {
        let (title, expression) = ((&c.title).into(), c.when.source().to_owned());
        RuleLine { name: c.id.clone(), title, expression, clause: c.clause.clone() }
    };
    RuleItem {
        conditions: r.conditions.iter().map(condition).collect(),
        steps: r.steps.iter().map(line).collect(),
        caps: r.caps.iter().map(line).collect(),
    }
}

fn document(shown: &read::Shown) -> ProgrammeDoc {
    let p: &Programme = &shown.programme;
    let instrument = |i: &rules::Instrument| InstrumentItem {
        id: i.id.clone(),
        kind: serde_json::to_value(i.kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default(),
        title: (&i.title).into(),
        summary: (&i.summary).into(),
        clause: i.clause.clone(),
        award: rule(&i.award),
        settlement: i.settlement.as_ref().map(rule),
    };
    let clause = |c: &rules::Clause| ClauseItem {
        id: c.id.clone(),
        source: p
            .sources
            .iter()
            .find(|s| s.id == c.source)
            .map_or(Words { zh: String::new(), en: String::new() }, |s| (&s.title).into()),
        locator: (&c.locator).into(),
        summary: (&c.summary).into(),
    };
    let target = |t: &rules::Target| TargetItem {
        code: t.code.clone(),
        title: (&t.title).into(),
        unit: (&t.unit).into(),
        minimum: t.goal(),
        maximum: t.maximum,
        by: t.by.to_string(),
        statistic: t.statistic.clone(),
        clause: t.clause.clone(),
    };
    let value = |v: &rules::DatedValue| ValueItem {
        name: v.name.clone(),
        title: (&v.title).into(),
        value: v.value,
        from: v.from.to_string(),
        until: v.until.map(|d| d.to_string()),
        clause: v.clause.clone(),
    };
    let version = serde_urlencoded::to_string([("version", &shown.version.version)]).unwrap_or_default();
    ProgrammeDoc {
        item: (&shown.version).into(),
        issuer: (&p.issuer).into(),
        summary: (&p.summary).into(),
        targets: p.targets.iter().map(target).collect(),
        sub_items: p.coverage.iter().flat_map(|c| c.sub_items.clone()).collect(),
        values: p.values.iter().map(value).collect(),
        instruments: p.instruments.iter().map(instrument).collect(),
        clauses: p.clauses.iter().map(clause).collect(),
        versions: shown.versions.iter().map(ProgrammeItem::from).collect(),
        toml_href: format!("/programmes/{}/programme.toml?{version}", p.id),
    }
}

/// Programmes in force, or ended.
#[utoipa::path(get, path = "/api/v1/programmes", tag = "policy", params(ListQuery),
    responses((status = 200, body = CursorPage<ProgrammeItem>)))]
pub async fn list(ctx: Ctx, Query(query): Query<ListQuery>) -> Result<Json<CursorPage<ProgrammeItem>>, AppError> {
    let state = if query.state.as_deref() == Some("ended") { State::Ended } else { State::Published };
    let found = ctx.read(|cx| Box::pin(async move { library::list(cx, state).await })).await?;
    let after = query.after.unwrap_or_default();
    let mut rest = found.iter().map(|(v, _)| v).filter(|v| v.id > after);
    let items: Vec<ProgrammeItem> = rest.by_ref().take(PAGE).map(ProgrammeItem::from).collect();
    let next_cursor = rest.next().and(items.last().map(|i| i.id.clone()));
    Ok(Json(CursorPage { items, next_cursor }))
}

/// Which version.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub struct ShowQuery {
    /// The current one when left out.
    pub version: Option<String>,
}

/// A programme in full, with its rules and clauses.
#[utoipa::path(get, path = "/api/v1/programmes/{id}", tag = "policy", params(("id" = String, Path), ShowQuery),
    responses((status = 200, body = ProgrammeDoc), (status = 404, body = Problem)))]
pub async fn show(
    ctx: Ctx,
    Path(id): Path<String>,
    Query(q): Query<ShowQuery>,
) -> Result<Json<ProgrammeDoc>, AppError> {
    let shown = ctx.read(|cx| Box::pin(async move { read::show(cx, &id, q.version.as_deref()).await })).await?;
    Ok(Json(document(&shown)))
}

/// A text to keep as a draft.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DraftBody {
    /// The programme as TOML.
    pub toml: String,
    /// Its expected decisions as TOML; may be empty.
    #[serde(default)]
    pub expected_toml: String,
}

/// What was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftedDoc {
    /// The programme's id.
    pub programme_id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its text; publishing asks for it.
    pub sha256: String,
}

/// Keeps a programme as a draft.
#[utoipa::path(post, path = "/api/v1/programmes", tag = "policy", request_body = DraftBody,
    params(("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = DraftedDoc), (status = 422, body = Problem), (status = 409, body = Problem)))]
pub async fn draft(ctx: Ctx, post: ApiPost<DraftBody>) -> Result<Json<DraftedDoc>, AppError> {
    let cmd = draft::Draft { toml: post.body.toml, expected_toml: post.body.expected_toml };
    let done = ctx
        .submit_keyed(&post.key, &post.content, move |cx| Box::pin(async move { draft::run(cx, cmd).await }))
        .await?;
    Ok(Json(DraftedDoc { programme_id: done.programme_id, version: done.version, sha256: done.sha256 }))
}

/// Which draft to publish.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PublicationBody {
    /// Its version.
    pub version: String,
    /// SHA-256 of the text that was looked at.
    pub sha256: String,
}

/// What was published.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublishedDoc {
    /// The programme's id.
    pub programme_id: String,
    /// Its version.
    pub version: String,
    /// First day on which it applies.
    pub applies_from: String,
    /// How many expected decisions held.
    pub cases: usize,
    /// The version whose place it takes.
    pub supersedes: Option<String>,
}

/// Publishes a draft.
#[utoipa::path(post, path = "/api/v1/programmes/{id}/publications", tag = "policy",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    request_body = PublicationBody, responses((status = 200, body = PublishedDoc), (status = 409, body = Problem)))]
pub async fn publish(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<PublicationBody>,
) -> Result<Json<PublishedDoc>, AppError> {
    let PublicationBody { version, sha256 } = post.body;
    let cmd = publish::Publish { programme_id: id, version, sha256 };
    let done = ctx
        .submit_keyed(&post.key, &post.content, move |cx| Box::pin(async move { publish::run(cx, cmd).await }))
        .await?;
    Ok(Json(PublishedDoc {
        programme_id: done.programme_id,
        version: done.version,
        applies_from: done.applies_from.to_string(),
        cases: done.cases,
        supersedes: done.supersedes,
    }))
}

/// Why a programme ends.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EndBody {
    /// Said to the public.
    pub reason: String,
}

/// What was ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndedDoc {
    /// The programme's id.
    pub programme_id: String,
    /// The version that was in force.
    pub version: String,
    /// The first day without applications.
    pub ended_on: String,
}

/// Ends a programme: no more applications; what was granted is still settled.
#[utoipa::path(post, path = "/api/v1/programmes/{id}/end", tag = "policy",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    request_body = EndBody, responses((status = 200, body = EndedDoc), (status = 409, body = Problem)))]
pub async fn finish(ctx: Ctx, Path(id): Path<String>, post: ApiPost<EndBody>) -> Result<Json<EndedDoc>, AppError> {
    let cmd = end::End { programme_id: id, reason: post.body.reason };
    let done =
        ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(async move { end::run(cx, cmd).await })).await?;
    let ended_on = done.ended_on.to_string();
    Ok(Json(EndedDoc { programme_id: done.programme_id, version: done.version, ended_on }))
}

/// Which draft to discard.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DiscardBody {
    /// Its version.
    pub version: String,
}

/// Discards a draft that will not be published.
#[utoipa::path(post, path = "/api/v1/programmes/{id}/discard", tag = "policy", params(("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    request_body = DiscardBody, responses((status = 200, body = DraftedDoc), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn discard(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<DiscardBody>,
) -> Result<Json<DraftedDoc>, AppError> {
    let cmd = discard::Discard { programme_id: id, version: post.body.version };
    let done = ctx
        .submit_keyed(&post.key, &post.content, move |cx| Box::pin(async move { discard::run(cx, cmd).await }))
        .await?;
    Ok(Json(DraftedDoc { programme_id: done.programme_id, version: done.version, sha256: done.sha256 }))
}
