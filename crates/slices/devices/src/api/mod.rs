//! `/api/v1/devices`, `/api/v1/products`, and where readings are sent to.

mod credentials;
mod devices;
mod products;
mod readings;
mod telemetry;

use kernel::Action::{CommandDevice, ManageDevices, SendReadings, ViewDevices, ViewReadings};
use utoipa_axum::routes;
use web::Route;

/// All endpoints, with their actions.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::api(ViewDevices, routes!(products::list)),
        Route::api(ViewDevices, routes!(products::get)),
        Route::api(ManageDevices, routes!(products::publish)),
        Route::api(ViewDevices, routes!(devices::list)),
        Route::api(ViewDevices, routes!(devices::get)),
        Route::api(ManageDevices, routes!(devices::register)),
        Route::api(ManageDevices, routes!(devices::edit)),
        Route::api(ManageDevices, routes!(devices::state)),
        Route::api(ViewDevices, routes!(devices::counters)),
        Route::api(ViewDevices, routes!(credentials::list)),
        Route::api(ManageDevices, routes!(credentials::issue)),
        Route::api(ManageDevices, routes!(credentials::revoke)),
        Route::api(ViewDevices, routes!(devices::commands)),
        Route::api(CommandDevice, routes!(devices::command)),
        Route::api(CommandDevice, routes!(devices::cancel)),
        Route::api(CommandDevice, routes!(devices::desired)),
        Route::api(ViewReadings, routes!(readings::values)),
        Route::api(ViewReadings, routes!(readings::history)),
        Route::api(ViewReadings, routes!(readings::points)),
        Route::api(SendReadings, routes!(telemetry::one)),
        Route::api(SendReadings, routes!(telemetry::one_by_path)),
        Route::api(SendReadings, routes!(telemetry::attributes)),
        Route::api(ManageDevices, routes!(telemetry::many)),
    ]
}
