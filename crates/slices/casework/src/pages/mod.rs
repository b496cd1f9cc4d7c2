//! The pages: the enterprise's applications, the officers' work list and review sheet, the public notices.

mod cases;
mod check;
mod edit;
mod materials;
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
use web::{AppError, FieldError, Form, Html, Page, Route, esc};

use crate::model::{self, DefectAnswer, Material, State};
use crate::store::{Case, Defect};

/// Where each page is, and what it does.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::get("/cases", Action::DraftCase, cases::get),
        Route::get("/cases/new", Action::DraftCase, new::get),
        Route::post("/cases/new", Action::DraftCase, new::post),
        Route::get("/cases/{id}", Action::ViewCase, show::get),
        Route::get("/cases/{id}/edit", Action::DraftCase, edit::get),
        Route::post("/cases/{id}/edit", Action::DraftCase, edit::post),
        Route::get("/cases/{id}/materials", Action::DraftCase, materials::get),
        Route::post("/cases/{id}/materials", Action::DraftCase, materials::post),
        Route::get("/cases/{id}/materials/{material}", Action::ViewCase, materials::document),
        Route::post("/cases/{id}/materials/{material}/take-out", Action::DraftCase, materials::take_out),
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

/// The defects of a return, each under the item that it is about, with the officer's words, the usual remedy and what the
/// enterprise says to it.
pub(crate) fn defects(p: &Page, defects: &[Defect], replies: &[DefectAnswer]) -> Html {
    let mut out = String::from("<ul>");
    for d in defects {
        let head = model::check_item(&d.item).map_or("", |i| p.t(i.zh, i.en));
        out.push_str("<li>");
        if !head.is_empty() {
            out.push_str(&format!("<b>{}</b>{}", esc(head), p.t("：", ": ")));
        }
        out.push_str(&esc(&d.remark));
        if let Some(i) = model::check_item(&d.item) {
            out.push_str(&format!(" {}", esc(p.t(i.remedy_zh, i.remedy_en))));
        }
        if let Some(reply) = replies.iter().find(|r| r.item == d.item && !r.answer.is_empty()) {
            let words = p.t("企业说明：", "The enterprise says: ");
            out.push_str(&format!("<br><span class=\"muted\">{words}</span>{}", esc(&reply.answer)));
        }
        out.push_str("</li>");
    }
    Html(out + "</ul>")
}

/// The papers of a case, each to be opened; with `take_out`, a button where one may still go.
pub(crate) fn material_list(p: &Page, case: &Case, materials: &[Material], take_out: Option<&Form>) -> Html {
    if materials.is_empty() {
        return Html(format!("<p class=\"muted\">{}</p>", p.t("没有附材料。", "No papers are attached.")));
    }
    let mut out = String::from("<ul class=\"list-rows\">");
    for m in materials {
        let about = model::check_item(&m.item).map_or(String::new(), |i| format!(" · {}", esc(p.t(i.zh, i.en))));
        let note = if m.note.is_empty() { String::new() } else { format!("<br>{}", esc(&m.note)) };
        let kib = (m.document.size_bytes + 1023) / 1024;
        out.push_str(&format!(
            "<li><span>{}{about} · <a href=\"/cases/{}/materials/{}\">{}</a> <span class=\"muted\">{kib} KiB · {}</span>{note}</span>",
            esc(m.kind.label(p.lang)),
            esc(&case.id),
            esc(&m.id),
            esc(&m.document.file_name),
            kernel::beijing_date(m.added_at),
        ));
        if let Some(f) = take_out.filter(|_| m.added_at >= case.moved_at) {
            let at = format!("/cases/{}/materials/{}/take-out", case.id, m.id);
            out.push_str(&f.button(&at, p.t("撤下", "Take out"), "btn-quiet btn-small").0);
        }
        out.push_str("</li>");
    }
    Html(out + "</ul>")
}
