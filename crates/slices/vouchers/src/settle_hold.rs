//! Settles an order's hold (核销): what accepted evidence carries becomes owed to the provider, the rest goes back to
//! the voucher.

use kernel::{Action, Fen, Lang, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::{Event, Reservation, ReservationState, Voucher, money, next_state, store as records};

/// How much of an order's hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettleHold {
    /// The order.
    pub order_id: String,
    /// At most what is held.
    pub amount: Fen,
}

store::refusals! {
    /// Why a hold is not settled.
    pub enum SettleHoldError {
        /// Nothing to settle: release the hold instead.
        AmountNotPositive { amount: Fen } = 422, "amount-not-positive", field "amount",
            zh "核销金额必须大于零，填写的是{amount}。", en "The amount must be above zero, not {amount}.";
        /// More than is held.
        MoreThanHeld { held: Fen, asked: Fen } = 409, "more-than-held", field "amount",
            zh "订单占用{held}，不足核销{asked}。", en "The order holds {held}, less than {asked}.";
        /// Once only.
        AlreadySettled { order_id: String, settled: Fen } = 409, "already-settled",
            zh "订单{order_id}已核销{settled}，不能重复核销。", en "The order {order_id} has been settled with {settled}; that happens once.";
        /// The hold is gone.
        AlreadyReleased { order_id: String } = 409, "already-released",
            zh "订单{order_id}的占用已释放，没有可核销的金额。", en "What the order {order_id} held has been released; nothing is left to settle.";
        /// Frozen, or at an end.
        VoucherNotUsable { zh: String, en: String } = 409, "voucher-not-usable",
            zh "云惠券当前状态（{zh}）不允许核销。", en "The voucher is {en}; nothing can be settled from it.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
funds::money_refusal!(SettleHoldError);

/// Settles it.
pub async fn run(cx: &mut Cx, cmd: SettleHold) -> Result<(), SettleHoldError> {
    if !cx.permits(Action::DecideSettlement, &Subject::none()) {
        return Err(SettleHoldError::Forbidden);
    }
    let had = records::reservation_of_order(cx, &cmd.order_id).await?.ok_or(SettleHoldError::NotFound)?;
    let order_id = cmd.order_id.clone();
    match had.state {
        ReservationState::Settled => {
            return Err(SettleHoldError::AlreadySettled { order_id, settled: had.settled_fen });
        }
        ReservationState::Released => return Err(SettleHoldError::AlreadyReleased { order_id }),
        ReservationState::Held => {}
    }
    if cmd.amount <= Fen::ZERO {
        return Err(SettleHoldError::AmountNotPositive { amount: cmd.amount });
    }
    if cmd.amount > had.amount_fen {
        return Err(SettleHoldError::MoreThanHeld { held: had.amount_fen, asked: cmd.amount });
    }
    let voucher = records::voucher(cx, &had.voucher_id).await?.ok_or(SettleHoldError::NotFound)?;
    let not_usable = || {
        let label = |lang| voucher.state.label(lang).to_owned();
        SettleHoldError::VoucherNotUsable { zh: label(Lang::Zh), en: label(Lang::En) }
    };
    // Asked before the ledger is, so that a frozen voucher is named as one.
    let before = money::standing(cx, &voucher.id).await?;
    next_state(voucher.state, Event::Settle, before).ok_or_else(not_usable)?;
    funds::post(cx, &[money::settle(&had, cmd.amount, cx.now)]).await?;
    let after = money::standing(cx, &voucher.id).await?;
    let state = next_state(voucher.state, Event::Settle, after).ok_or_else(not_usable)?;
    let resolved_on = Some(cx.today());
    let settled = Reservation { state: ReservationState::Settled, settled_fen: cmd.amount, resolved_on, ..had.clone() };
    records::resolve_reservation(cx, &settled).await?;
    records::update_voucher(cx, &Voucher { state, ..voucher.clone() }).await?;
    let object = format!("voucher/{}", voucher.id);
    cx.journal("vouchers.settle-hold", &object, &(voucher.state, &had), &(state, &settled, after)).await?;
    Ok(())
}
