//! The money of the programmes: accounts and transfers on record, decided by the engine `ledger`.
//!
//! Money flows appropriation → programme → (batch, district quota) → voucher → provider payable → bank, and back by
//! coded recovery. A batch's account holds what no district has been given; each district's quota is an account of its
//! own beside it, fed by the programme. Nothing is updated but the accounts' running sums; a correction is a transfer.
//!
//! Invariants: LG-1 … LG-5 of the engine, checked on disk by [`verify`], which also holds every transfer's number and
//! its place in its two accounts' chains to be right (reported under LG-5).
//!
//! Tables: `funds_account`, `funds_transfer`, `funds_appropriation`, `funds_bank_movement`.
//! Views for others: `pub_funds_account`, `pub_funds_transfer`.
//!
//! Entry points: [`post`] and [`post_batch`] for other slices, inside their own transaction and journal row; the use
//! cases [`appropriate`], [`allocate`], [`pay_out`], [`repay`]; [`open_account`], [`set_closed`], [`balance`].

mod accounts;
pub mod allocate;
mod api;
pub mod appropriate;
mod model;
mod pages;
pub mod pay_out;
mod post;
mod read;
pub mod repay;
mod store;
mod verify;

pub use accounts::{balance, open_account, open_under, set_closed};
pub use model::{Balance, account_title, ids};
pub use post::{PostError, Refused, post, post_batch};
pub use read::{
    AccountLine, Entry, Names, ReadError, VoucherSum, account_line, children, entries, names, programme_choices,
    programmes, roots, voucher_sums,
};
pub use verify::verify;

/// Every page and endpoint, with the action it asks for.
pub fn routes() -> Vec<web::Route> {
    let mut all = pages::routes();
    all.extend(api::routes());
    all
}
