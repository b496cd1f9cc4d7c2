//! `/api/v1/funds`: accounts, their transfers, appropriations, allocations.

mod accounts;
mod movements;

use kernel::Action;
use web::Route;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::api(Action::ViewFunds, utoipa_axum::routes!(accounts::list)),
        Route::api(Action::ViewFunds, utoipa_axum::routes!(accounts::show)),
        Route::api(Action::ViewFunds, utoipa_axum::routes!(accounts::transfers)),
        Route::api(Action::ManageFunds, utoipa_axum::routes!(movements::appropriate)),
        Route::api(Action::ManageFunds, utoipa_axum::routes!(movements::allocate)),
    ]
}
