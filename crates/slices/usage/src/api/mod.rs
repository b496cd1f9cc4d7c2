//! `/api/v1/usage/…`

pub mod accounts;
pub mod imports;
pub mod raw_upload;
pub mod statements;

use kernel::Action;
use utoipa_axum::routes;
use web::Route;

/// Items of a page.
pub(crate) fn bounded(limit: Option<u32>) -> u32 {
    limit.unwrap_or(100).clamp(1, crate::read::LIMIT_MAX)
}

/// All endpoints, with their actions.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::api(Action::ViewImports, routes!(imports::list)),
        Route::api(Action::ImportBills, routes!(imports::upload)),
        Route::api(Action::ViewImports, routes!(imports::show)),
        Route::api(Action::ViewImports, routes!(imports::findings)),
        Route::api(Action::ViewUsage, routes!(statements::list)),
        Route::api(Action::ViewUsage, routes!(statements::levels)),
        Route::api(Action::ViewUsage, routes!(accounts::list)),
        Route::api(Action::ClaimBillingAccount, routes!(accounts::claim)),
        Route::api(Action::ConfirmBillingAccount, routes!(accounts::decide)),
    ]
}
