//! Gives an order's hold back to its voucher: the order was declined, cancelled, or its settlement refused for good.

use kernel::{Action, Lang, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::{Event, Reservation, ReservationState, Voucher, money, next_state, store as records};

/// Which order, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Release {
    /// The order.
    pub order_id: String,
    /// Why.
    pub reason: String,
}

store::refusals! {
    /// Why a hold is not given back.
    pub enum ReleaseError {
        /// It has been settled.
        AlreadySettled { order_id: String } = 409, "already-settled",
            zh "订单{order_id}占用的云惠券已核销，不能再释放。", en "What the order {order_id} held has been settled and cannot be released.";
        /// The voucher's state does not allow it.
        VoucherNotUsable { zh: String, en: String } = 409, "voucher-not-usable",
            zh "云惠券当前状态（{zh}）不允许释放。", en "The voucher is {en}; nothing can be released to it.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
funds::money_refusal!(ReleaseError);

/// Releases it. A hold that is released already stays so: a retry is answered like the first time.
pub async fn run(cx: &mut Cx, cmd: Release) -> Result<(), ReleaseError> {
    let reservation = records::reservation_of_order(cx, &cmd.order_id).await?.ok_or(ReleaseError::NotFound)?;
    let (owner, provider) = (Subject::org(&reservation.org_id), Subject::org(&reservation.provider_id));
    let may = cx.permits(Action::PlaceOrder, &owner)
        || cx.permits(Action::ConfirmOrder, &provider)
        || cx.permits(Action::CancelVoucher, &Subject::none());
    if !may {
        return Err(ReleaseError::Forbidden);
    }
    match reservation.state {
        ReservationState::Released => return Ok(()),
        ReservationState::Settled => return Err(ReleaseError::AlreadySettled { order_id: cmd.order_id }),
        ReservationState::Held => {}
    }
    funds::post(cx, &[money::release(&reservation, cx.now)]).await?;
    give_back(cx, &reservation, &cmd.reason).await
}

/// After the ledger has let the hold go: the reservation, the voucher, the journal.
pub(crate) async fn give_back(cx: &mut Cx, reservation: &Reservation, reason: &str) -> Result<(), ReleaseError> {
    let voucher = records::voucher(cx, &reservation.voucher_id).await?.ok_or(ReleaseError::NotFound)?;
    let after = money::standing(cx, &voucher.id).await?;
    let state = next_state(voucher.state, Event::Release, after).ok_or_else(|| {
        let label = |lang| voucher.state.label(lang).to_owned();
        ReleaseError::VoucherNotUsable { zh: label(Lang::Zh), en: label(Lang::En) }
    })?;
    let resolved_on = Some(cx.today());
    let released = Reservation { state: ReservationState::Released, resolved_on, ..reservation.clone() };
    records::resolve_reservation(cx, &released).await?;
    records::update_voucher(cx, &Voucher { state, ..voucher.clone() }).await?;
    let object = format!("voucher/{}", voucher.id);
    cx.journal("vouchers.release", &object, &(voucher.state, reservation), &(state, after, reason)).await?;
    Ok(())
}
