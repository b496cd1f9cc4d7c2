//! `/api/v1/batches` and `/api/v1/vouchers`.

mod batches;
mod vouchers;

use kernel::Action;
use web::Route;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::api(Action::ViewBatches, utoipa_axum::routes!(batches::list)),
        Route::api(Action::ViewBatches, utoipa_axum::routes!(batches::show)),
        Route::api(Action::ManageBatches, utoipa_axum::routes!(batches::open)),
        Route::api(Action::ManageBatches, utoipa_axum::routes!(batches::assign)),
        Route::api(Action::ManageBatches, utoipa_axum::routes!(batches::close)),
        Route::api(Action::ViewVoucher, utoipa_axum::routes!(vouchers::list)),
        Route::api(Action::ViewVoucher, utoipa_axum::routes!(vouchers::show)),
        Route::api(Action::CancelVoucher, utoipa_axum::routes!(vouchers::cancel)),
        Route::api(Action::CancelVoucher, utoipa_axum::routes!(vouchers::freeze)),
    ]
}
