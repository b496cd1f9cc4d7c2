//! Pages that belong to no slice: the front page, each role's desk, help, preferences, the journal, health.

mod dashboard;
mod gallery;
mod health;
mod help;
mod home;
mod journal;
mod journal_api;
mod journal_values;
mod journal_words;
mod preferences;

use kernel::Action;
use web::Route;

/// The app's own routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/", Action::ReadPublic, home::get),
        Route::get("/help", Action::ReadPublic, help::get),
        Route::get("/preferences", Action::ReadPublic, preferences::get),
        Route::get("/dashboard", Action::ViewDashboard, dashboard::get),
        Route::get("/gallery", Action::ViewGallery, gallery::get),
        Route::get("/journal", Action::ViewJournal, journal::get),
        Route::api(Action::ViewJournal, utoipa_axum::routes!(journal_api::list)),
        Route::get("/healthz", Action::ReadPublic, health::alive),
        Route::get("/readyz", Action::ReadPublic, health::ready),
        Route::get("/metrics", Action::ReadMetrics, health::metrics),
        Route::get("/api/v1/openapi.json", Action::ReadPublic, health::openapi),
    ]
}
