//! The pages of this slice.

mod decide;
mod list;
mod new;
mod payments;
mod recover;
mod run;
mod show;
mod statement;
mod trace;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use kernel::Action;
use web::Route;

/// The minute in China.
fn beijing_time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%Y-%m-%d %H:%M").to_string()
}

/// All of them.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/settlements", Action::ViewSettlement, list::get),
        Route::get("/settlements/new", Action::ClaimSettlement, new::get),
        Route::post("/settlements/new", Action::ClaimSettlement, new::post),
        Route::post("/settlements/run", Action::DecideSettlement, run::post),
        Route::get("/settlements/payments", Action::DecideSettlement, payments::get),
        Route::post("/settlements/payments", Action::DecideSettlement, payments::post),
        Route::post("/settlements/repayments", Action::DecideSettlement, payments::post_repayment),
        Route::get("/settlements/statement", Action::ViewStatement, statement::get),
        Route::get("/settlements/{id}", Action::ViewSettlement, show::get),
        Route::post("/settlements/{id}/decision", Action::DecideSettlement, decide::post),
        Route::post("/settlements/{id}/recoveries", Action::DecideSettlement, recover::post),
    ]
}
