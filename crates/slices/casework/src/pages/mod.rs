//! The pages: the enterprise's applications, the officers' work list and review sheet, the public notices.

mod cases;
mod check;
mod edit;
mod new;
mod notice;
mod notices;
mod receipt;
mod review;
mod review_parts;
mod review_steps;
mod show;
mod withdraw;
mod work;

use axum::http::StatusCode;
use kernel::{Action, Lang};
use web::{AppError, FieldError, Route};

use crate::model::State;

/// Where each page is, and what it does.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::get("/cases", Action::DraftCase, cases::get),
        Route::get("/cases/new", Action::DraftCase, new::get),
        Route::post("/cases/new", Action::DraftCase, new::post),
        Route::get("/cases/{id}", Action::ViewCase, show::get),
        Route::get("/cases/{id}/edit", Action::DraftCase, edit::get),
        Route::post("/cases/{id}/edit", Action::DraftCase, edit::post),
        Route::get("/cases/{id}/check", Action::DraftCase, check::get),
        Route::post("/cases/{id}/check", Action::SubmitCase, check::post),
        Route::get("/cases/{id}/receipt", Action::ViewCase, receipt::get),
        Route::get("/cases/{id}/withdraw", Action::DraftCase, withdraw::get),
        Route::post("/cases/{id}/withdraw", Action::DraftCase, withdraw::post),
        Route::get("/work", Action::ViewWorkList, work::get),
        Route::get("/cases/{id}/review", Action::ViewWorkList, review::get),
        Route::get("/notices", Action::ReadPublic, notices::get),
        Route::get("/notices/{id}", Action::ReadPublic, notice::get),
        Route::post("/notices/{id}", Action::RaiseObjection, notice::post),
    ];
    routes.extend(review_steps::routes());
    routes
}

/// The colour of a state's tag.
pub(crate) fn tone(state: State) -> &'static str {
    match state {
        State::Draft | State::Withdrawn => "",
        State::Returned | State::ObjectionInvestigation => "is-warn",
        State::Approved => "is-ok",
        State::Rejected => "is-bad",
        _ => "is-info",
    }
}

/// The name of a district, or its code.
pub(crate) fn district_name(code: &str, lang: Lang) -> String {
    kernel::district(code).map_or_else(|| code.to_owned(), |d| d.name(lang).to_owned())
}

/// The names of services, by their codes.
pub(crate) fn services<'a>(codes: impl Iterator<Item = &'a String>, lang: Lang) -> String {
    let name = |code: &String| kernel::sub_item(code).map_or_else(|| code.clone(), |s| s.name(lang).to_owned());
    codes.map(name).collect::<Vec<_>>().join(lang.t("、", ", "))
}

/// The errors of a form where the person can mend them on the same page; anything else stays an error page. A lost
/// permission and a recusal are shown on the page too: what was typed is not thrown away with them.
/// Where the case itself has moved on, the error leads to it as it is now (`here`): reloading the answer to a form would
/// only send the old form again.
pub(crate) fn mendable(
    error: impl Into<AppError>,
    lang: Lang,
    here: &str,
) -> Result<(StatusCode, Vec<FieldError>), AppError> {
    let error = error.into();
    let lost = matches!(error.status, StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND) || error.code == "forbidden";
    if lost || !error.status.is_client_error() {
        return Err(error);
    }
    let mut errors = error.as_field_errors(lang);
    if matches!(error.code.as_str(), "case-changed" | "case-wrong-state") {
        errors.iter_mut().for_each(|e| e.field = here.to_owned());
    }
    Ok((error.status, errors))
}
