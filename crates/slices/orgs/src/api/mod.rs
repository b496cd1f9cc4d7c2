//! `/api/v1`: organisations, their facts, and who one is.

mod facts;
mod imports;
mod me;
mod orgs;

use kernel::Action;
use web::Route;

/// All endpoints, with their actions.
pub fn routes() -> Vec<Route> {
    vec![
        Route::api(Action::ListOrgs, utoipa_axum::routes!(orgs::list)),
        Route::api(Action::ImportOrgs, utoipa_axum::routes!(orgs::create)),
        Route::api(Action::ImportOrgs, utoipa_axum::routes!(imports::create)),
        Route::api(Action::ViewOrg, utoipa_axum::routes!(orgs::show)),
        Route::api(Action::ViewOrg, utoipa_axum::routes!(facts::show)),
        Route::api(Action::StateFacts, utoipa_axum::routes!(facts::state)),
        Route::api(Action::ManageOwnAccount, utoipa_axum::routes!(me::show)),
    ]
}
