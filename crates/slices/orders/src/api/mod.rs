//! `/api/v1/orders`: the same use cases as the pages.

mod orders;
mod papers;

use kernel::Action;
use utoipa_axum::routes;
use web::Route;

/// All endpoints, with their actions.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::api(Action::ViewOrder, routes!(orders::list)),
        Route::api(Action::ViewOrder, routes!(orders::get)),
        Route::api(Action::PlaceOrder, routes!(orders::place)),
        Route::api(Action::PlaceOrder, routes!(orders::quote)),
        Route::api(Action::ConfirmOrder, routes!(orders::confirm)),
        Route::api(Action::PlaceOrder, routes!(orders::accept)),
        Route::api(Action::ViewOrder, routes!(orders::decline)),
        Route::api(Action::ViewOrder, routes!(orders::cancel)),
        Route::api(Action::ImportOrders, routes!(orders::import)),
        Route::api(Action::RecordDocuments, routes!(papers::contract)),
        Route::api(Action::RecordDocuments, routes!(papers::invoice)),
        Route::api(Action::RecordDocuments, routes!(papers::payment)),
        Route::api(Action::RecordDocuments, routes!(papers::void)),
        Route::api(Action::ViewOrder, routes!(papers::document)),
    ]
}
