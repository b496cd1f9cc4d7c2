//! The endpoints of this slice.

mod claims;
mod money;
mod runs;

use kernel::Action;
use utoipa_axum::routes;
use web::Route;

/// All of them.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::api(Action::ViewSettlement, routes!(claims::list)),
        Route::api(Action::ClaimSettlement, routes!(claims::create)),
        Route::api(Action::ViewSettlement, routes!(claims::show)),
        Route::api(Action::DecideSettlement, routes!(claims::decide)),
        Route::api(Action::DecideSettlement, routes!(claims::recover)),
        Route::api(Action::DecideSettlement, routes!(runs::create)),
        Route::api(Action::DecideSettlement, routes!(money::owed)),
        Route::api(Action::DecideSettlement, routes!(money::pay)),
        Route::api(Action::DecideSettlement, routes!(money::repay)),
        Route::api(Action::ViewStatement, routes!(money::statement)),
    ]
}
