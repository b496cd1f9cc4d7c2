//! Cloud vouchers (云惠券): batches with their quotas, vouchers, and what orders reserve on them.
//!
//! Invariants:
//! * VC-1 one voucher a case;
//! * VC-2 a voucher's face = spendable + held + settled + returned, at all times (the ledger keeps it);
//! * VC-3 what a batch's vouchers and quotas hold never exceeds its budget; no district goes past its quota, no
//!   enterprise past its year's, no provider past its own;
//! * VC-4 a voucher's state changes only along [`TRANSITIONS`].
//!
//! Tables: `vouchers_batch`, `vouchers_district_quota`, `vouchers_voucher`, `vouchers_reservation`.
//! Views for others: `pub_vouchers_batch`, `pub_vouchers_voucher`.
//!
//! Entry points: use cases [`open_batch`], [`close_batch`], [`assign_quota`], [`issue`], [`reserve`], [`release`],
//! [`settle_hold`], [`cancel`], [`freeze`]; the daily job [`expire_due`]; for other slices [`voucher`], [`batch`],
//! [`reservation_of_order`], [`remainders`].

mod api;
pub mod assign_quota;
pub mod cancel;
pub mod close_batch;
pub mod expire_due;
pub mod freeze;
pub mod issue;
mod model;
mod money;
pub mod open_batch;
mod pages;
mod read;
pub mod release;
mod remainders;
pub mod reserve;
pub mod settle_hold;
mod store;

pub use model::{
    Batch, BatchState, Event, Reservation, ReservationState, Standing, TRANSITIONS, Voucher, VoucherState, next_state,
};
pub use read::{
    BatchLine, BatchView, DistrictUse, Forecast, ReadError, VoucherFilter, VoucherLine, VoucherView, batch,
    list_batches, list_vouchers, reservation_of_order, see_batch, see_voucher, voucher,
};
pub use remainders::{Remainders, remainders};

/// Every page and endpoint, with the action it asks for.
pub fn routes() -> Vec<web::Route> {
    let mut all = pages::routes();
    all.extend(api::routes());
    all
}
