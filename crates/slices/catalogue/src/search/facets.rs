//! Filters, and how many services each choice of a filter would leave.

use std::collections::HashMap;

use serde::Serialize;

use super::Query;
use super::snapshot::Entry;
use crate::model::Deployment;

/// One choice of a filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = FacetCount)]
pub struct Count {
    /// What the filter is set to.
    pub code: String,
    /// For a reader, where the code does not say it: a provider's name.
    pub name: String,
    /// How many services it would leave.
    pub services: usize,
}

/// The choices of every filter, each counted with all *other* filters applied, so that a reader sees what changing
/// one of them would give.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SearchFacets)]
pub struct Facets {
    /// Families, in their order.
    pub families: Vec<Count>,
    /// Sub-items of the chosen family, or all.
    pub sub_items: Vec<Count>,
    /// Where it runs.
    pub deployments: Vec<Count>,
    /// Providers with most services first, at most [`PROVIDERS_MAX`].
    pub providers: Vec<Count>,
}

/// More providers than this are found by words, not by a list.
pub const PROVIDERS_MAX: usize = 20;

/// Which filters a service passes: family, sub-item, deployment, provider, price.
fn answers(query: &Query, e: &Entry) -> [bool; 5] {
    let offer = &e.service.offer;
    let family = query.family.as_deref().is_none_or(|f| offer.sub_item.split('/').next() == Some(f));
    let sub_item = query.sub_item.as_deref().is_none_or(|s| offer.sub_item == s);
    let deployment = query.deployment.is_none_or(|d| offer.deployment == d);
    let provider = query.provider_id.as_deref().is_none_or(|p| e.service.provider_id == p);
    let price = query.price_min_fen.is_none_or(|min| e.price_fen >= min)
        && query.price_max_fen.is_none_or(|max| e.price_fen <= max);
    [family, sub_item, deployment, provider, price]
}

/// Does a service pass all filters?
pub(super) fn passes(query: &Query, e: &Entry) -> bool {
    answers(query, e).iter().all(|a| *a)
}

/// Counts the choices over what the words left.
pub(super) fn count(query: &Query, matched: &[(usize, f32)], entries: &[Entry]) -> Facets {
    let mut families = [0; kernel::FAMILIES.len()];
    let mut sub_items = [0; kernel::SUB_ITEMS.len()];
    let mut deployments = [0; Deployment::ALL.len()];
    let mut providers: HashMap<&str, (&str, usize)> = HashMap::new();
    for (i, _) in matched {
        let e = &entries[*i];
        let [family, sub_item, deployment, provider, price] = answers(query, e);
        let code = e.service.offer.sub_item.as_str();
        if deployment && provider && price {
            // A sub-item belongs to one family, so choosing another family drops it.
            let own = kernel::FAMILIES.iter().position(|f| code.split('/').next() == Some(f.code));
            families[own.expect("stored services stand under the taxonomy")] += 1;
            if family {
                let own = kernel::SUB_ITEMS.iter().position(|s| s.code == code);
                sub_items[own.expect("stored services stand under the taxonomy")] += 1;
            }
        }
        if family && sub_item && provider && price {
            deployments[Deployment::ALL.iter().position(|d| *d == e.service.offer.deployment).expect("is one")] += 1;
        }
        if family && sub_item && deployment && price {
            providers.entry(&e.service.provider_id).or_insert((&e.provider_name, 0)).1 += 1;
        }
    }
    let named = |code: &str, services: &usize| Count { code: code.into(), name: String::new(), services: *services };
    let mut by_provider: Vec<Count> = providers
        .into_iter()
        .map(|(id, (name, services))| Count { code: id.into(), name: name.into(), services })
        .collect();
    by_provider.sort_by(|a, b| b.services.cmp(&a.services).then_with(|| a.code.cmp(&b.code)));
    // The chosen provider stays in the list, or the choice could not be seen and undone.
    let chosen = by_provider.iter().position(|c| query.provider_id.as_deref() == Some(c.code.as_str()));
    if let Some(place) = chosen.filter(|p| *p >= PROVIDERS_MAX) {
        by_provider.swap(place, PROVIDERS_MAX - 1);
    }
    by_provider.truncate(PROVIDERS_MAX);
    Facets {
        families: kernel::FAMILIES.iter().zip(&families).map(|(f, n)| named(f.code, n)).collect(),
        sub_items: kernel::SUB_ITEMS
            .iter()
            .zip(&sub_items)
            .map(|(s, n)| named(s.code, n))
            .filter(|c| c.services > 0)
            .collect(),
        deployments: Deployment::ALL.iter().zip(&deployments).map(|(d, n)| named(d.code(), n)).collect(),
        providers: by_provider,
    }
}
