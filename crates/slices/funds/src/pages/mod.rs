//! Pages: the money tree, one account, an appropriation, an allocation.

mod account;
mod allocation;
mod appropriation;
mod tree;

use jiff::Timestamp;
use kernel::Action::{ManageFunds, ViewFunds};
use kernel::Lang;
use web::Route;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/funds", ViewFunds, tree::get),
        Route::get("/funds/accounts/{id}", ViewFunds, account::get),
        Route::get("/funds/appropriations/new", ManageFunds, appropriation::get),
        Route::post("/funds/appropriations/new", ManageFunds, appropriation::post),
        Route::get("/funds/allocations/new", ManageFunds, allocation::get),
        Route::post("/funds/allocations/new", ManageFunds, allocation::post),
    ]
}

/// An instant as people in China read it.
fn when(at: Timestamp) -> String {
    let beijing = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(8));
    at.to_zoned(beijing).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Programmes as options of a select.
fn options(choices: &[(String, kernel::Text)], lang: Lang) -> Vec<(String, String)> {
    choices.iter().map(|(id, title)| (id.clone(), title.get(lang).to_owned())).collect()
}
