//! The catalogue: search first, filters beside, results as cards.

use askama::Template;
use axum::extract::Query as Asked;
use axum::response::Response;
use jiff::SignedDuration;
use kernel::{Fen, Lang};
use serde::{Deserialize, Serialize};
use web::{AppError, Ctx, Page};

use super::percent;
use crate::model::Deployment;
use crate::search::{self, Count, Hits, Sort};
use crate::{Query, SearchIndex};

/// A change of the catalogue shows to the public after so long at most.
const SHOWN_AGAIN_FOR: SignedDuration = SignedDuration::from_secs(5);
/// Cards on a page.
const PAGE_SIZE: usize = 12;
/// Nobody turns further.
const PAGES_MAX: usize = 500;

/// The address line. Everything is a text here, so that a slip in one filter does not break the page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Params {
    /// Words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// Family.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub family: String,
    /// Sub-item.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sub_item: String,
    /// Deployment.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub deployment: String,
    /// Provider.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// Lowest price in yuan.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub price_min: String,
    /// Highest price in yuan.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub price_max: String,
    /// Order.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sort: String,
    /// Page, from 1.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub page: String,
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl Params {
    /// What is asked. A filter that cannot be read filters nothing; the page says so ([`Params::slips`]).
    pub(crate) fn query(&self, limit: usize) -> Query {
        let price = |t: &str| Fen::parse_yuan(t).ok().filter(|f| *f >= Fen::ZERO);
        Query {
            words: self.q.chars().take(200).collect(),
            family: some(&self.family).filter(|f| kernel::family(f).is_some()),
            sub_item: some(&self.sub_item).filter(|s| kernel::sub_item(s).is_some()),
            deployment: Deployment::from_code(&self.deployment),
            provider_id: some(&self.provider),
            price_min_fen: price(&self.price_min),
            price_max_fen: price(&self.price_max),
            sort: sort_of(&self.sort),
            offset: (self.page_number() - 1) * limit,
            limit,
        }
    }

    /// What was typed into the filters and cannot be used, in words.
    fn slips(&self, lang: Lang) -> Vec<String> {
        let said = |zh: String, en: String| lang.t(&zh, &en).to_owned();
        let mut out = Vec::new();
        let price = |t: &str| Fen::parse_yuan(t).ok().filter(|f| *f >= Fen::ZERO);
        for typed in [&self.price_min, &self.price_max].into_iter().filter(|t| !t.is_empty() && price(t).is_none()) {
            out.push(said(
                format!("价格“{typed}”不是金额，未按它筛选。请以元填写，如 1200。"),
                format!("The price “{typed}” is no amount and was left out. Enter yuan, such as 1200."),
            ));
        }
        if let (Some(low), Some(high)) = (price(&self.price_min), price(&self.price_max))
            && low > high
        {
            out.push(said(
                format!("最低价 {low} 高于最高价 {high}，没有服务能同时满足。"),
                format!("“From” ({low}) is above “To” ({high}): no service can be both."),
            ));
        }
        let unknown = [
            (&self.family, kernel::family(&self.family).is_some()),
            (&self.sub_item, kernel::sub_item(&self.sub_item).is_some()),
            (&self.deployment, Deployment::from_code(&self.deployment).is_some()),
        ];
        for (typed, _) in unknown.into_iter().filter(|(typed, known)| !typed.is_empty() && !known) {
            out.push(said(
                format!("没有“{typed}”这一类，未按它筛选。"),
                format!("There is no kind “{typed}”; it was left out."),
            ));
        }
        out
    }

    fn page_number(&self) -> usize {
        self.page.parse().unwrap_or(1).clamp(1, PAGES_MAX)
    }

    /// The address with one thing changed; any change but turning the page goes back to the first.
    fn with(&self, change: impl FnOnce(&mut Params)) -> String {
        let mut p = Params { page: String::new(), ..self.clone() };
        change(&mut p);
        match serde_urlencoded::to_string(&p) {
            Ok(q) if !q.is_empty() => format!("/catalogue?{q}"),
            _ => "/catalogue".to_owned(),
        }
    }
}

fn sort_of(code: &str) -> Sort {
    match code {
        "price-up" => Sort::PriceUp,
        "price-down" => Sort::PriceDown,
        "discount" => Sort::Discount,
        "newest" => Sort::Newest,
        _ => Sort::Relevance,
    }
}

/// One choice of a filter, as a link.
pub(crate) struct Choice {
    pub href: String,
    pub label: String,
    pub services: usize,
    pub chosen: bool,
}

pub(crate) struct Card {
    pub id: String,
    pub name: String,
    pub sub_item: &'static str,
    pub deployment: &'static str,
    pub provider_id: String,
    pub provider_name: String,
    pub text: String,
    pub unit: String,
    pub list_price: String,
    pub price: String,
    pub discount: String,
}

/// In the reader's language, or in Chinese where the provider wrote no English.
pub(crate) fn words(lang: Lang, text: &kernel::Text) -> &str {
    match text.get(lang) {
        "" => &text.zh,
        t => t,
    }
}

pub(crate) fn card(lang: Lang, hit: &search::Hit) -> Card {
    let offer = &hit.service.offer;
    let text = words(lang, &offer.description);
    let short: String = text.chars().take(90).collect();
    Card {
        id: hit.service.id.clone(),
        name: words(lang, &offer.name).to_owned(),
        sub_item: offer.sub_item().name(lang),
        deployment: offer.deployment.label(lang),
        provider_id: hit.service.provider_id.clone(),
        provider_name: hit.provider_name.clone(),
        text: if short.len() < text.len() { short + "…" } else { short },
        unit: words(lang, &offer.unit).to_owned(),
        list_price: offer.list_price_fen.yuan(),
        price: hit.price_fen.yuan(),
        discount: percent(offer.discount_bp),
    }
}

#[derive(Template)]
#[template(path = "catalogue/search.html")]
struct SearchPage {
    p: Page,
    asked: Params,
    hits: Hits,
    cards: Vec<Card>,
    families: Vec<Choice>,
    sub_items: Vec<Choice>,
    deployments: Vec<Choice>,
    providers: Vec<Choice>,
    sorts: Vec<Choice>,
    suggested: Vec<Choice>,
    without_filters: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    page_number: usize,
    pages: usize,
    slips: Vec<String>,
}

fn choices<'a>(
    counts: &'a [Count],
    chosen: &'a str,
    label: impl Fn(&Count) -> String + 'a,
    href: impl Fn(String) -> String + 'a,
) -> Vec<Choice> {
    let one = |c: &Count| {
        let is = c.code == chosen;
        // Choosing what is chosen takes the choice back.
        let value = if is { String::new() } else { c.code.clone() };
        Choice { href: href(value), label: label(c), services: c.services, chosen: is }
    };
    counts.iter().map(one).collect()
}

fn sorts(lang: Lang, asked: &Params) -> Vec<Choice> {
    let all = [
        ("", lang.t("相关度", "Best match")),
        ("price-up", lang.t("价格从低到高", "Lowest price")),
        ("price-down", lang.t("价格从高到低", "Highest price")),
        ("discount", lang.t("优惠幅度", "Deepest discount")),
        ("newest", lang.t("最近更新", "Newest")),
    ];
    all.into_iter()
        .map(|(code, label)| Choice {
            href: asked.with(|p| p.sort = code.to_owned()),
            label: label.to_owned(),
            services: 0,
            chosen: asked.sort == code,
        })
        .collect()
}

fn page(ctx: &Ctx, asked: Params, hits: Hits) -> SearchPage {
    let lang = ctx.lang;
    let pages = hits.total.div_ceil(PAGE_SIZE).clamp(1, PAGES_MAX);
    let page_number = asked.page_number();
    let turn = |n: usize| asked.with(|p| p.page = n.to_string());
    let family_name = |c: &Count| kernel::family(&c.code).map_or_else(|| c.code.clone(), |f| f.name(lang).to_owned());
    let sub_name = |c: &Count| kernel::sub_item(&c.code).map_or_else(|| c.code.clone(), |s| s.name(lang).to_owned());
    let deployment_name =
        |c: &Count| Deployment::from_code(&c.code).map_or_else(|| c.code.clone(), |d| d.label(lang).to_owned());
    let suggestion = hits.suggestion.clone();
    let suggested = suggestion.iter().flat_map(|s| s.words.clone()).map(|w| Choice {
        href: asked.with(|p| *p = Params { q: w.clone(), ..Params::default() }),
        label: w,
        services: 0,
        chosen: false,
    });
    let facets = &hits.facets;
    SearchPage {
        p: ctx.page(ctx.t("服务商名录", "Cloud services")),
        cards: hits.items.iter().map(|h| card(lang, h)).collect(),
        families: choices(&facets.families, &asked.family, family_name, |v| {
            asked.with(|p| (p.family, p.sub_item) = (v, String::new()))
        }),
        sub_items: choices(&facets.sub_items, &asked.sub_item, sub_name, |v| asked.with(|p| p.sub_item = v)),
        deployments: choices(&facets.deployments, &asked.deployment, deployment_name, |v| {
            asked.with(|p| p.deployment = v)
        }),
        providers: choices(&facets.providers, &asked.provider, |c| c.name.clone(), |v| asked.with(|p| p.provider = v)),
        sorts: sorts(lang, &asked),
        suggested: suggested.collect(),
        without_filters: suggestion
            .filter(|s| s.without_filters > 0)
            .map(|_| asked.with(|p| *p = Params { q: p.q.clone(), ..Params::default() })),
        previous: (page_number > 1).then(|| turn(page_number - 1)),
        next: (page_number < pages).then(|| turn(page_number + 1)),
        page_number,
        pages,
        slips: asked.slips(lang),
        asked,
        hits,
    }
}

/// GET /catalogue
pub async fn get(ctx: Ctx, Asked(asked): Asked<Params>) -> Result<Response, AppError> {
    let drawn = async {
        let index = ctx.app.part::<SearchIndex>();
        let query = asked.query(PAGE_SIZE);
        let hits = ctx.read(|cx| Box::pin(async move { search::run(cx, &index, &query).await })).await?;
        ctx.render(&page(&ctx, asked, hits))
    };
    ctx.shared(SHOWN_AGAIN_FOR, drawn).await
}
