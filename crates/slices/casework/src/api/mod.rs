//! The endpoints of the slice. A step of review has two addresses where district and city may both take it: each
//! stands behind its own row of the permission table.

mod bodies;
mod cases;
mod notices;
mod review;
mod sheet;
mod ties;

use kernel::Action;
use utoipa_axum::routes;
use web::Route;

/// Every endpoint with its action.
pub(crate) fn routes() -> Vec<Route> {
    let (district, city) = (Action::ReviewDistrict, Action::ReviewCity);
    vec![
        Route::api(Action::DraftCase, routes!(cases::list)),
        Route::api(Action::DraftCase, routes!(cases::create)),
        Route::api(Action::ViewCase, routes!(cases::show)),
        Route::api(Action::DraftCase, routes!(cases::save_form)),
        Route::api(Action::SubmitCase, routes!(cases::hand_in)),
        Route::api(Action::DraftCase, routes!(cases::take_back)),
        Route::api(Action::ViewWorkList, routes!(review::work)),
        Route::api(district, routes!(review::formal_check)),
        Route::api(district, routes!(review::recommend_case)),
        Route::api(district, routes!(review::return_by_district)),
        Route::api(district, routes!(review::reject_by_district)),
        Route::api(city, routes!(review::approve_case)),
        Route::api(city, routes!(review::send_back_case)),
        Route::api(city, routes!(review::return_by_city)),
        Route::api(city, routes!(review::reject_by_city)),
        Route::api(city, routes!(review::publish)),
        Route::api(city, routes!(review::decide)),
        Route::api(Action::ViewWorkList, routes!(sheet::show)),
        Route::api(district, routes!(ties::step_back_by_district)),
        Route::api(city, routes!(ties::step_back_by_city)),
        Route::api(city, routes!(ties::record)),
        Route::api(city, routes!(ties::end)),
        Route::api(Action::ReadPublic, routes!(notices::list)),
        Route::api(Action::ReadPublic, routes!(notices::show)),
        Route::api(Action::RaiseObjection, routes!(notices::raise)),
    ]
}
