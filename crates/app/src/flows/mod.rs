//! Where two slices must act together: one file each, one transaction each.

pub mod approval_issues_voucher;

use kernel::Action;
use web::Route;

/// Routes whose action belongs to more than one slice.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/cases/{id}/conclude", Action::ReviewCity, approval_issues_voucher::post),
        Route::api(Action::ReviewCity, utoipa_axum::routes!(approval_issues_voucher::conclude)),
    ]
}
