//! Holds part of a voucher for an order's provider. What is held can be spent by nobody else.

use funds::ids;
use jiff::civil::Date;
use kernel::{Action, Fen, Lang, Subject};
use ledger::AccountKind;
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::{Event, Reservation, ReservationState, Voucher, money, next_state, store as records};

/// What an order takes of a voucher.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reserve {
    /// The voucher.
    pub voucher_id: String,
    /// The order.
    pub order_id: String,
    /// For whom the money is held.
    pub provider_id: String,
    /// How much.
    pub amount: Fen,
}

store::refusals! {
    /// Why nothing is held.
    pub enum ReserveError {
        /// Nothing asked.
        AmountNotPositive { amount: Fen } = 422, "amount-not-positive", field "amount",
            zh "占用金额必须大于零，填写的是{amount}。", en "The amount must be above zero, not {amount}.";
        /// Frozen, cancelled, used …
        VoucherNotUsable { zh: String, en: String } = 409, "voucher-not-usable",
            zh "这张云惠券现在不能使用：{zh}。", en "This voucher cannot be used now: it is {en}.";
        /// Its days are over.
        VoucherExpired { expires_on: Date } = 409, "voucher-expired",
            zh "这张云惠券有效期至{expires_on}，已过期。", en "This voucher was good until {expires_on}.";
        /// More than is left.
        VoucherTooSmall { spendable: Fen, held: Fen, asked: Fen } = 409, "voucher-too-small",
            zh "云惠券可用{spendable}（另有{held}被其他订单占用），不足{asked}。",
            en "The voucher has {spendable} to spend (and {held} held by other orders), less than {asked}.";
        /// VC-3: the provider has had its share of the batch.
        ProviderQuotaExceeded { quota: Fen, committed: Fen, asked: Fen } = 409, "provider-quota-exceeded",
            zh "该服务商在本批次的限额为{quota}，已占用和核销{committed}，再占用{asked}将超出限额。请选择其他服务商。",
            en "The provider may be paid {quota} from this batch and has {committed} held or settled; {asked} more would go past it. Choose another provider.";
        /// The order holds something else already.
        OrderHasReservation { order_id: String } = 409, "order-has-reservation",
            zh "订单{order_id}已占用过云惠券。", en "The order {order_id} has already held part of a voucher.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
funds::money_refusal!(ReserveError);

/// Holds it; answers the hold's id. Asked again with the same content it answers the same.
pub async fn run(cx: &mut Cx, cmd: Reserve) -> Result<String, ReserveError> {
    let voucher = records::voucher(cx, &cmd.voucher_id).await?.ok_or(ReserveError::NotFound)?;
    if !cx.permits(Action::PlaceOrder, &Subject::org_in(&voucher.org_id, &voucher.district)) {
        return Err(ReserveError::Forbidden);
    }
    if let Some(had) = records::reservation_of_order(cx, &cmd.order_id).await? {
        let same = had.voucher_id == cmd.voucher_id
            && had.provider_id == cmd.provider_id
            && had.amount_fen == cmd.amount
            && had.state == ReservationState::Held;
        return if same { Ok(had.id) } else { Err(ReserveError::OrderHasReservation { order_id: cmd.order_id }) };
    }
    check(cx, &voucher, &cmd).await?;
    let batch = records::batch(cx, &voucher.batch_id).await?.ok_or(ReserveError::NotFound)?;
    if let Some(quota) = batch.provider_quota_fen {
        let (held, settled) = records::committed(cx, &batch.id, Some(&cmd.provider_id)).await?;
        let committed = held + settled;
        if committed + cmd.amount > quota {
            return Err(ReserveError::ProviderQuotaExceeded { quota, committed, asked: cmd.amount });
        }
    }
    let today = cx.today();
    let reservation = Reservation {
        id: money::hold_id(&cmd.order_id),
        order_id: cmd.order_id,
        voucher_id: voucher.id.clone(),
        batch_id: voucher.batch_id.clone(),
        org_id: voucher.org_id.clone(),
        provider_id: cmd.provider_id,
        amount_fen: cmd.amount,
        settled_fen: Fen::ZERO,
        state: ReservationState::Held,
        reserved_on: today,
        expires_on: money::days_after(today, batch.hold_days),
        resolved_on: None,
    };
    let payable = ids::payable(&reservation.provider_id);
    funds::open_account(cx, &payable, AccountKind::ProviderPayable, AccountKind::ProviderPayable.usual_limit()).await?;
    funds::post(cx, &[money::hold(&reservation, cx.now)]).await?;
    records::insert_reservation(cx, &reservation).await?;
    let after = money::standing(cx, &voucher.id).await?;
    let state = next_state(voucher.state, Event::Reserve, after).ok_or_else(|| not_usable(&voucher))?;
    records::update_voucher(cx, &Voucher { state, ..voucher.clone() }).await?;
    cx.journal("vouchers.reserve", &format!("voucher/{}", voucher.id), &voucher.state, &(&reservation, after)).await?;
    Ok(reservation.id)
}

async fn check(cx: &mut Cx, voucher: &Voucher, cmd: &Reserve) -> Result<(), ReserveError> {
    if cmd.amount <= Fen::ZERO {
        return Err(ReserveError::AmountNotPositive { amount: cmd.amount });
    }
    let now = money::standing(cx, &voucher.id).await?;
    if next_state(voucher.state, Event::Reserve, now).is_none() {
        return Err(not_usable(voucher));
    }
    if cx.today() > voucher.expires_on {
        return Err(ReserveError::VoucherExpired { expires_on: voucher.expires_on });
    }
    if now.spendable < cmd.amount {
        return Err(ReserveError::VoucherTooSmall { spendable: now.spendable, held: now.held, asked: cmd.amount });
    }
    Ok(())
}

fn not_usable(voucher: &Voucher) -> ReserveError {
    let label = |lang| voucher.state.label(lang).to_owned();
    ReserveError::VoucherNotUsable { zh: label(Lang::Zh), en: label(Lang::En) }
}
