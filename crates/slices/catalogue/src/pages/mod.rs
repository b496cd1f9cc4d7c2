//! The pages of this slice.

pub mod listing;
pub mod provider;
pub mod review;
pub mod search;
pub mod service;
pub mod service_form;

use kernel::{Action, Lang};
use web::{Form, Route};

use crate::model::{ListingState, Step};

/// Basis points as per cent: `15%`, `12.5%`.
pub(crate) fn percent(bp: i64) -> String {
    let text = format!("{}.{:02}", bp / 100, bp % 100);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Per cent as a person types it, to basis points: `15`, `12.5%`. At most two decimals.
pub(crate) fn read_percent(text: &str) -> Option<i64> {
    let digits = text.trim().trim_end_matches(['%', '％']).trim();
    kernel::Fen::parse_yuan(digits).ok().map(|f| f.0).filter(|bp| *bp >= 0)
}

/// The colour of a listing's state.
pub(crate) fn tone(state: ListingState) -> &'static str {
    match state {
        ListingState::Draft => "",
        ListingState::Submitted => "is-info",
        ListingState::Listed => "is-ok",
        ListingState::Suspended => "is-warn",
        ListingState::Delisted => "is-bad",
    }
}

/// A listing's history as a timeline.
pub(crate) fn steps(lang: Lang, steps: &[Step]) -> web::Html {
    let entry = |s: &Step| web::TimelineEntry {
        state: if crate::ListingState::Draft == s.to { "is-returned" } else { "is-done" },
        title: s.verb.label(lang).to_owned(),
        when: kernel::beijing_date(s.at).to_string(),
        lines: [s.by_name.clone(), s.reason.clone()].into_iter().filter(|l| !l.is_empty()).collect(),
    };
    web::timeline(&steps.iter().map(entry).collect::<Vec<_>>())
}

/// Sub-items grouped by family, for a select.
pub(crate) fn sub_item_options(lang: Lang) -> Vec<(String, String)> {
    let name = |s: &kernel::SubItem| {
        let family = kernel::family(s.family).map_or("", |f| f.name(lang));
        (s.code.to_owned(), format!("{family} · {}", s.name(lang)))
    };
    kernel::SUB_ITEMS.iter().map(name).collect()
}

/// All pages, with their actions.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/catalogue", Action::SearchCatalogue, search::get),
        Route::get("/catalogue/services/{id}", Action::SearchCatalogue, service::get),
        Route::get("/catalogue/providers/{id}", Action::SearchCatalogue, provider::get),
        Route::get("/listing", Action::EditListing, listing::get),
        Route::post("/listing", Action::EditListing, listing::post),
        Route::post("/listing/submit", Action::EditListing, listing::submit),
        Route::get("/listing/services/new", Action::EditListing, service_form::get_new),
        Route::post("/listing/services/new", Action::EditListing, service_form::post_new),
        Route::get("/listing/services/{id}", Action::EditListing, service_form::get),
        Route::post("/listing/services/{id}", Action::EditListing, service_form::post),
        Route::post("/listing/services/{id}/state", Action::EditListing, service_form::post_state),
        Route::get("/listings", Action::ReviewListing, review::list),
        Route::get("/listings/{id}", Action::ReviewListing, review::get),
        Route::post("/listings/{id}", Action::ReviewListing, review::post),
    ]
}

/// A form whose fields begin with these values.
pub(crate) fn filled(form: Form, values: &[(&str, &str)]) -> Form {
    values.iter().fold(form, |f, (name, value)| f.with(name, *value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn per_cent_is_read_as_it_is_shown() {
        for (typed, bp, shown) in
            [("15", 1_500, "15%"), ("12.5%", 1_250, "12.5%"), (" 0 ", 0, "0%"), ("0.05", 5, "0.05%")]
        {
            assert_eq!(read_percent(typed), Some(bp));
            assert_eq!(percent(bp), shown);
        }
        assert_eq!(read_percent("1.234"), None);
        assert_eq!(read_percent("-1"), None);
        assert_eq!(read_percent("八折"), None);
    }
}
