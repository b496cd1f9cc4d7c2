//! The pages of this slice.

pub mod documents;
pub mod import;
pub mod list;
pub mod new;
pub mod papers;
pub mod show;
pub mod steps;

use kernel::{Action, Lang, Text};
use web::Route;

use crate::model::OrderState;

/// The colour of an order's state.
pub(crate) fn tone(state: OrderState) -> &'static str {
    match state {
        OrderState::Proposed | OrderState::Placed => "is-info",
        OrderState::Confirmed | OrderState::Contracted => "is-solid",
        OrderState::Settled | OrderState::Closed => "is-ok",
        OrderState::Declined | OrderState::Cancelled => "is-bad",
    }
}

/// In the reader's language, or in Chinese where there is no English.
pub(crate) fn words(lang: Lang, text: &Text) -> &str {
    match text.get(lang) {
        "" => &text.zh,
        t => t,
    }
}

/// Basis points as per cent: `15%`, `12.5%`.
pub(crate) fn percent(bp: i64) -> String {
    let text = format!("{}.{:02}", bp / 100, bp % 100);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// So many units: `2 台`, `2 × host`, which is right for any number.
pub(crate) fn of_units(lang: Lang, quantity: i64, unit: &str) -> String {
    let quantity = kernel::grouped(quantity);
    match lang {
        Lang::Zh => format!("{quantity} {unit}"),
        Lang::En => format!("{quantity} × {unit}"),
    }
}

/// All pages, with their actions.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/orders", Action::ViewOrder, list::get),
        Route::get("/orders/new", Action::PlaceOrder, new::get),
        Route::post("/orders/new", Action::PlaceOrder, new::post),
        Route::get("/orders/check", Action::PlaceOrder, new::check),
        Route::post("/orders", Action::PlaceOrder, new::place),
        Route::get("/orders/import", Action::ImportOrders, import::get),
        Route::post("/orders/import", Action::ImportOrders, import::post),
        Route::get("/orders/import/template", Action::ImportOrders, import::template),
        Route::get("/orders/{id}", Action::ViewOrder, show::get),
        Route::post("/orders/{id}/confirm", Action::ConfirmOrder, steps::confirm),
        Route::post("/orders/{id}/accept", Action::PlaceOrder, steps::accept),
        Route::post("/orders/{id}/decline", Action::ViewOrder, steps::decline),
        Route::post("/orders/{id}/cancel", Action::ViewOrder, steps::cancel),
        Route::get("/orders/{id}/papers/{kind}", Action::RecordDocuments, papers::get),
        Route::post("/orders/{id}/papers/{kind}", Action::RecordDocuments, papers::post),
        Route::post("/orders/{id}/void", Action::RecordDocuments, steps::void),
        Route::get("/orders/{id}/documents/{sha256}", Action::ViewOrder, documents::get),
    ]
}
