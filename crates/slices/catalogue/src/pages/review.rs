//! The officers' list of listings, and the page on which one is decided.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use kernel::beijing_date;
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Form, FormData, Html, Page, Table, again_or_fail, esc, summary_list};

use super::search::words;
use super::{percent, provider, steps, tone};
use crate::decide_listing::{self, DecideListing};
use crate::model::{ListingState, ListingVerb, TRANSITIONS};
use crate::read::{self, OwnListing};

const PAGE_SIZE: u32 = 50;
const EXPORT_MAX: u32 = 5_000;

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Params {
    state: String,
    after: String,
    format: Option<Export>,
}

struct Chip {
    href: String,
    label: String,
    count: i64,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "catalogue/listings.html")]
struct List {
    p: Page,
    chips: Vec<Chip>,
    table: Table,
}

/// GET /listings
pub async fn list(ctx: Ctx, Query(asked): Query<Params>) -> Result<Response, AppError> {
    let state = ListingState::from_code(&asked.state);
    let limit = if asked.format.is_some() { EXPORT_MAX } else { PAGE_SIZE + 1 };
    let after = asked.after.clone();
    let (mut rows, counts) = ctx
        .read(|cx| {
            Box::pin(async move {
                let rows = read::listings(cx, state, &after, limit).await?;
                Ok::<_, read::ReadError>((rows, read::listing_counts(cx).await?))
            })
        })
        .await?;
    let more = asked.format.is_none() && rows.len() > PAGE_SIZE as usize;
    rows.truncate(limit as usize - usize::from(asked.format.is_none()));
    let here =
        if asked.state.is_empty() { "/listings?".to_owned() } else { format!("/listings?state={}&", asked.state) };
    let next = more.then(|| rows.last().map(|r| format!("{here}after={}", r.listing.provider_id))).flatten();
    let columns = vec![
        Col::text(ctx.t("服务商", "Provider")),
        Col::text(ctx.t("状态", "State")),
        Col::num(ctx.t("在售服务", "Services on offer")),
        Col::num(ctx.t("承诺优惠", "Promised discount")),
        Col::text(ctx.t("提交日期", "Submitted")),
        Col::text(ctx.t("更新日期", "Updated")),
    ];
    let mut table = Table::new(ctx.lang, "listings", ctx.t("服务商入驻", "Listings"), columns)
        .exports(here.trim_end_matches(['?', '&']))
        .pages((!asked.after.is_empty()).then(|| here.trim_end_matches(['?', '&']).to_owned()), next);
    for r in &rows {
        let l = &r.listing;
        table.row(vec![
            Cell::link(format!("/listings/{}", l.provider_id), r.provider_name.clone()),
            Cell::tag(tone(l.state), l.state.label(ctx.lang)),
            Cell::Int(r.services),
            Cell::text(percent(l.discount_bp)),
            Cell::Date(l.submitted_at.map(beijing_date)),
            Cell::Date(Some(beijing_date(l.updated_at))),
        ]);
    }
    if let Some(format) = asked.format {
        return ctx.export(&table, "listings", format);
    }
    let count = |s: ListingState| counts.iter().find(|(c, _)| *c == s).map_or(0, |(_, n)| *n);
    let chips = ListingState::ALL.iter().map(|s| Chip {
        href: if state == Some(*s) { "/listings".into() } else { format!("/listings?state={}", s.code()) },
        label: s.label(ctx.lang).to_owned(),
        count: count(*s),
        chosen: state == Some(*s),
    });
    ctx.render(&List { p: ctx.page(ctx.t("服务商审核", "Listings")), chips: chips.collect(), table })
}

#[derive(Template)]
#[template(path = "catalogue/review.html")]
struct Review {
    p: Page,
    f: Form,
    name: String,
    action: String,
    state: Html,
    intro: String,
    facts: Html,
    services: Table,
    history: Html,
    verbs: Vec<(String, String)>,
}

async fn found(ctx: &Ctx, id: &str) -> Result<OwnListing, AppError> {
    let id = id.to_owned();
    let own = ctx.read(|cx| Box::pin(async move { read::own_listing(cx, &id).await })).await?;
    if own.listing.is_none() { Err(AppError::not_found()) } else { Ok(own) }
}

fn page(ctx: &Ctx, own: OwnListing, f: Form) -> Result<Response, AppError> {
    let l = own.listing.as_ref().ok_or_else(AppError::not_found)?;
    let possible = TRANSITIONS.iter().filter(|t| t.from == l.state && t.verb != ListingVerb::Submit);
    let text = |t: String| Html(esc(&t));
    let facts = summary_list(&[
        (ctx.t("承诺优惠", "Promised discount").to_owned(), text(percent(l.discount_bp))),
        (ctx.t("联系方式", "Contact").to_owned(), text(l.contact.clone())),
        (
            ctx.t("提交日期", "Submitted").to_owned(),
            text(l.submitted_at.map_or(String::new(), |t| beijing_date(t).to_string())),
        ),
    ]);
    ctx.render(&Review {
        p: ctx.page(&own.name).crumb("/listings", ctx.t("服务商审核", "Listings")),
        f,
        action: format!("/listings/{}", l.provider_id),
        state: web::tag(tone(l.state), l.state.label(ctx.lang)),
        intro: words(ctx.lang, &l.intro).to_owned(),
        facts,
        services: provider::services(ctx, &own.services),
        history: steps(ctx.lang, &own.steps),
        verbs: possible.map(|t| (t.verb.code().to_owned(), t.verb.label(ctx.lang).to_owned())).collect(),
        name: own.name,
    })
}

/// GET /listings/{id}
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let own = found(&ctx, &id).await?;
    page(&ctx, own, Form::new(&ctx))
}

/// POST /listings/{id}
pub async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let verb = ListingVerb::from_code(data.get("verb"));
    if verb.is_none() {
        check.refuse("verb", "请选择审核结论", "Choose a decision");
    }
    let errors = check.errors();
    let Some(verb) = verb else {
        return page(&ctx, found(&ctx, &id).await?, Form::again(&ctx, &data, errors));
    };
    let cmd = DecideListing { provider_id: id.clone(), verb, reason: data.get("reason").to_owned() };
    match ctx.submit(&data, |cx| Box::pin(decide_listing::run(cx, cmd))).await {
        Ok(_) => Ok(ctx.redirect_saying(&format!("/listings/{id}"), ctx.t("已决定", "Decided"))),
        Err(e) => {
            let own = found(&ctx, &id).await?;
            again_or_fail(e, ctx.lang, |errors| page(&ctx, own, Form::again(&ctx, &data, errors)))
        }
    }
}
