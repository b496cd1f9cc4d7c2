//! Pages: batches for officers, vouchers for their owners and for officers.

mod batch;
mod batch_list;
mod batch_new;
mod voucher;
mod voucher_list;

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::Action::{CancelVoucher, ManageBatches, ViewBatches, ViewVoucher};
use kernel::Lang;
use web::Route;

use crate::{Batch, BatchState, VoucherState};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/batches", ViewBatches, batch_list::get),
        Route::get("/batches/new", ManageBatches, batch_new::get),
        Route::post("/batches/new", ManageBatches, batch_new::check),
        Route::post("/batches/new/change", ManageBatches, batch_new::change),
        Route::post("/batches/new/confirm", ManageBatches, batch_new::confirm),
        Route::get("/batches/{id}", ViewBatches, batch::get),
        Route::post("/batches/{id}/quota", ManageBatches, batch::assign),
        Route::post("/batches/{id}/close", ManageBatches, batch::close),
        Route::get("/vouchers", ViewVoucher, voucher_list::get),
        Route::get("/vouchers/{id}", ViewVoucher, voucher::get),
        Route::post("/vouchers/{id}/cancel", CancelVoucher, voucher::cancel),
        Route::post("/vouchers/{id}/freeze", CancelVoucher, voucher::freeze),
    ]
}

/// An instant as people in China read it.
fn when(at: Timestamp) -> String {
    let beijing = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(8));
    at.to_zoned(beijing).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `30%`, `12.5%`: basis points as people say them.
fn rate(bp: i64) -> String {
    let text = format!("{}.{:02}", bp / 100, bp % 100);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

fn district_name(code: &str, lang: Lang) -> &str {
    kernel::district(code).map_or(code, |d| d.name(lang))
}

fn districts(lang: Lang) -> Vec<(String, String)> {
    kernel::DISTRICTS.iter().map(|d| (d.code.to_owned(), d.name(lang).to_owned())).collect()
}

fn voucher_tone(state: VoucherState) -> &'static str {
    match state {
        VoucherState::Issued => "is-ok",
        VoucherState::Reserved => "is-info",
        VoucherState::Used => "is-solid",
        VoucherState::Expired => "",
        VoucherState::Cancelled | VoucherState::Frozen => "is-bad",
    }
}

/// Tone and words of where a batch stands. One that takes no more applications still issues to those it took, so its
/// state stays open until it is closed by decision; a reader is told which of the two it is.
fn batch_state(batch: &Batch, today: Date, lang: Lang) -> (&'static str, &'static str) {
    let tone = match batch.state {
        BatchState::Open if today > batch.closes_on => return ("", lang.t("受理已截止", "applications closed")),
        BatchState::Planned => "is-outline",
        BatchState::Open => "is-ok",
        BatchState::Exhausted => "is-warn",
        BatchState::Closed => "",
    };
    (tone, batch.state.label(lang))
}

#[cfg(test)]
mod tests {
    #[test]
    fn basis_points_read_as_per_cent() {
        assert_eq!([2_000, 1_250, 1, 10_000].map(super::rate), ["20%", "12.5%", "0.01%", "100%"]);
    }
}
