//! `/api/v1/alarms` and `/api/v1/alarm-rules`: the same use cases as the pages.

mod alarms;
mod contacts;
mod rules;

use kernel::Action;
use utoipa_axum::routes;
use web::Route;

/// All endpoints, with their actions.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::api(Action::ViewAlarms, routes!(alarms::list)),
        Route::api(Action::ViewAlarms, routes!(alarms::get)),
        Route::api(Action::HandleAlarms, routes!(alarms::act)),
        Route::api(Action::HandleAlarms, routes!(alarms::note)),
        Route::api(Action::ViewAlarms, routes!(alarms::report)),
        Route::api(Action::ViewAlarms, routes!(rules::list)),
        Route::api(Action::ManageAlarmRules, routes!(rules::save)),
        Route::api(Action::ViewAlarms, routes!(rules::get)),
        Route::api(Action::ManageAlarmRules, routes!(rules::publish)),
        Route::api(Action::ManageAlarmRules, routes!(rules::retire)),
        Route::api(Action::ManageAlarmRules, routes!(contacts::add)),
        Route::api(Action::ViewAlarms, routes!(contacts::notices)),
    ]
}

/// Items of a page: 100 unless asked otherwise, 1,000 at most.
pub(crate) fn bounded(limit: Option<u32>) -> u32 {
    limit.unwrap_or(100).clamp(1, 1_000)
}
