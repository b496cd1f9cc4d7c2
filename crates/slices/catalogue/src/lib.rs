//! The catalogue: who is listed as a provider, what it offers under the taxonomy at which price, and public search.
//!
//! Invariants: CT-1 a listing changes state only along [`model::TRANSITIONS`], and every change is kept with its
//! author and, where it goes against the provider, its reason; CT-2 a service's version is never changed, a change
//! makes the next one, and orders refer to theirs; CT-3 a service's discount is never below what its provider's
//! listing promises, and a promise is not lowered while the provider is listed; CT-4 every change of the catalogue
//! moves its version, so that a search index knows when it is old.
//!
//! Tables: `catalogue_version`, `catalogue_listing`, `catalogue_step`, `catalogue_service`,
//! `catalogue_service_version`. Views: `pub_catalogue_listing`, `pub_catalogue_service`.
//!
//! Entry points: [`save_listing`], [`submit_listing`], [`decide_listing`], [`save_service`], [`withdraw_service`],
//! [`read`], [`search`]; pages and API by [`routes`], for which the application holds a [`SearchIndex`] as a part. Other slices use [`service`], [`service_at`] and [`listing`].

mod api;
pub mod decide_listing;
pub mod model;
mod pages;
pub mod read;
pub mod save_listing;
pub mod save_service;
pub mod search;
mod store;
pub mod submit_listing;
pub mod withdraw_service;

pub use crate::store::{ListingRow, listing, price_span, service, service_at};
pub use model::{Deployment, Listing, ListingState, ListingVerb, Offer, Service, ServiceState};
pub use search::{Hits, Query, SearchIndex};

/// All pages and endpoints of the catalogue.
pub fn routes() -> Vec<web::Route> {
    let mut routes = pages::routes();
    routes.extend(api::routes());
    routes
}
