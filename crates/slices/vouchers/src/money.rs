//! The transfers that vouchers are made of, with their ids; what is written here is all that this slice does to money.

use funds::ids;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::Fen;
use ledger::{AccountKind, Code, Transfer, TransferKind};
use store::{Cx, StoreError};

use crate::{Batch, BatchState, Reservation, Standing, Voucher};

fn transfer(id: String, (debit, credit): (String, String), amount: Fen, code: Code, at: Timestamp) -> Transfer {
    let (kind, linked, reference) = (TransferKind::Posted, false, String::new());
    Transfer { id, debit, credit, amount, code, kind, linked, reference, at }
}

/// Opens a batch's account or a quota's.
pub(crate) async fn open(cx: &mut Cx, id: &str, kind: AccountKind, parent: &str) -> Result<(), StoreError> {
    funds::open_under(cx, id, kind, kind.usual_limit(), parent).await
}

/// What is on a voucher now.
pub(crate) async fn standing(cx: &mut Cx, voucher_id: &str) -> Result<Standing, StoreError> {
    let balance = funds::balance(cx, &ids::voucher(voucher_id)).await?;
    Ok(balance.map_or(Standing { spendable: Fen::ZERO, held: Fen::ZERO }, |b| Standing {
        spendable: b.available,
        held: b.held,
    }))
}

/// From the programme to the batch's reserve or to a district's quota.
pub(crate) fn allocate(id: String, programme: &str, to: String, amount: Fen, batch: &str, at: Timestamp) -> Transfer {
    let reference = batch.to_owned();
    Transfer { reference, ..transfer(id, (ids::programme(programme), to), amount, Code::Allocate, at) }
}

/// From a batch's reserve to one of its quotas.
pub(crate) fn assign(id: String, from: String, to: String, amount: Fen, batch: &str, at: Timestamp) -> Transfer {
    Transfer { reference: batch.to_owned(), ..transfer(id, (from, to), amount, Code::Assign, at) }
}

/// From the batch's reserve or a quota back to the programme.
pub(crate) fn give_back(
    id: String,
    from: String,
    programme: &str,
    amount: Fen,
    batch: &str,
    at: Timestamp,
) -> Transfer {
    let reference = batch.to_owned();
    Transfer { reference, ..transfer(id, (from, ids::programme(programme)), amount, Code::Release, at) }
}

/// A district's quota becomes a voucher.
pub(crate) fn issue(v: &Voucher, at: Timestamp) -> Transfer {
    let ends = (ids::quota(&v.batch_id, &v.district), ids::voucher(&v.id));
    let reference = v.case_id.clone();
    Transfer { reference, ..transfer(format!("{}/issue", v.id), ends, v.face_fen, Code::Issue, at) }
}

fn on_hold(r: &Reservation, verb: &str, amount: Fen, code: Code, at: Timestamp) -> Transfer {
    let ends = (ids::voucher(&r.voucher_id), ids::payable(&r.provider_id));
    let reference = r.order_id.clone();
    Transfer { reference, ..transfer(format!("{}/{verb}", r.order_id), ends, amount, code, at) }
}

/// The id of an order's hold.
pub(crate) fn hold_id(order_id: &str) -> String {
    format!("{order_id}/hold")
}

/// An order holds part of a voucher for its provider.
pub(crate) fn hold(r: &Reservation, at: Timestamp) -> Transfer {
    let kind = TransferKind::Pending { expires_on: Some(r.expires_on) };
    Transfer { kind, ..on_hold(r, "hold", r.amount_fen, Code::Hold, at) }
}

/// The hold becomes money owed, whole or in part; the rest is the voucher's again.
pub(crate) fn settle(r: &Reservation, amount: Fen, at: Timestamp) -> Transfer {
    let kind = TransferKind::Post { pending_id: r.id.clone() };
    Transfer { kind, ..on_hold(r, "settle", amount, Code::Settle, at) }
}

/// The hold is given back.
pub(crate) fn release(r: &Reservation, at: Timestamp) -> Transfer {
    let kind = TransferKind::Void { pending_id: r.id.clone() };
    Transfer { kind, ..on_hold(r, "release", r.amount_fen, Code::Release, at) }
}

/// The hold has run out.
pub(crate) fn lapse(r: &Reservation, at: Timestamp) -> Transfer {
    let kind = TransferKind::Expire { pending_id: r.id.clone() };
    Transfer { kind, ..on_hold(r, "expire", r.amount_fen, Code::Expire, at) }
}

/// What is left of a voucher goes back to its district's quota and, when the batch is closed, on to the programme.
/// `code` is [`Code::Expire`] or [`Code::Release`].
pub(crate) fn take_back(v: &Voucher, batch: &Batch, amount: Fen, code: Code, at: Timestamp) -> Vec<Transfer> {
    let quota = ids::quota(&v.batch_id, &v.district);
    // What had gone back before tells one return of a voucher from the next.
    let id = format!("{}/return-{}", v.id, v.returned_fen.0);
    let closed = batch.state == BatchState::Closed;
    let on = give_back(format!("{id}/on"), quota.clone(), &v.programme_id, amount, &v.batch_id, at);
    let first = transfer(id, (ids::voucher(&v.id), quota), amount, code, at);
    let first = Transfer { linked: closed, reference: v.number.clone(), ..first };
    if closed { vec![first, on] } else { vec![first] }
}

/// The day `days` after `date`.
pub(crate) fn days_after(date: Date, days: i64) -> Date {
    date.checked_add(jiff::Span::new().days(days)).expect("a batch's days are within a few years")
}
