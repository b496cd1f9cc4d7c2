//! `/api/v1/catalogue`: the same use cases as the pages.

mod listings;
mod search;
mod services;

use kernel::Action;
use utoipa_axum::routes;
use web::Route;

/// All endpoints, with their actions.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::api(Action::SearchCatalogue, routes!(search::search)),
        Route::api(Action::SearchCatalogue, routes!(services::get)),
        Route::api(Action::EditListing, routes!(services::post)),
        Route::api(Action::EditListing, routes!(services::offer)),
        Route::api(Action::SearchCatalogue, routes!(listings::provider)),
        Route::api(Action::ReviewListing, routes!(listings::list)),
        Route::api(Action::EditListing, routes!(listings::own)),
        Route::api(Action::ReviewListing, routes!(listings::show)),
        Route::api(Action::EditListing, routes!(listings::save)),
        Route::api(Action::EditListing, routes!(listings::submit)),
        Route::api(Action::ReviewListing, routes!(listings::decide)),
    ]
}
