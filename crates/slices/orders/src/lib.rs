//! Orders: an enterprise orders a listed service with its voucher; the three shares; contract, invoice and payment.
//!
//! Invariants: OD-1 platform's, public's and enterprise's share sum to the list amount, and the public's is at most
//! rate × contract amount and at most the voucher's remainder; OD-2 an order changes state only along
//! [`model::TRANSITIONS`]; OD-3 an order with a voucher and its hold on the voucher come and go in one transaction;
//! OD-4 nobody but the enterprise spends its voucher; OD-5 a contract number of a provider, an invoice (code and
//! number) and a bank reference stand on one order only; a paper is never changed, only voided with its reason.
//!
//! Tables: `orders_order`, `orders_contract`, `orders_invoice`, `orders_payment`.
//! Views: `pub_orders_order`, `pub_orders_paper`.
//!
//! Entry points: [`place`], [`confirm`], [`decline`], [`cancel`], [`accept`], [`record_contract`],
//! [`record_invoice`], [`record_payment`], [`void_paper`], [`import`], [`mark_settled`], [`read`], [`jobs`];
//! pages and API by [`routes`]. Other slices use [`order`], [`papers`] and [`mark_settled`].

pub mod accept;
mod api;
pub mod cancel;
pub mod confirm;
pub mod decline;
mod hold;
pub mod import;
pub mod jobs;
pub mod mark_settled;
pub mod model;
mod pages;
mod paper;
pub mod place;
pub mod read;
pub mod record_contract;
pub mod record_invoice;
pub mod record_payment;
pub mod rules;
mod store;
pub mod void_paper;

pub use crate::store::papers::PaperKind;
pub use crate::store::{OrderFilter, OrderRow, StateTotal};
pub use model::{Contract, Document, Invoice, Order, OrderState, Papers, Payment};
pub use read::{order, papers};

/// All pages and endpoints of orders.
pub fn routes() -> Vec<web::Route> {
    let mut routes = pages::routes();
    routes.extend(api::routes());
    routes
}
