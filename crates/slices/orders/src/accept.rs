//! An enterprise accepts an order that the provider proposed, with or without a voucher. Only now is money held.

use kernel::{Action, Fen, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Order, OrderVerb};
use crate::place::{self, Place, PlaceError};
use crate::store as rows;

/// The acceptance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Accept {
    /// Which proposal.
    pub order_id: String,
    /// The voucher to spend on it, if any.
    pub voucher_id: Option<String>,
    /// How much of the voucher to use at most.
    pub public_max_fen: Option<Fen>,
}

store::refusals! {
    /// Why a proposal is not accepted.
    pub enum AcceptError {
        /// Not from this state.
        WrongState { state: &'static str } = 409, "order-wrong-state",
            zh "订单当前状态（{state}）不能同意。", en "An order in state {state} cannot be accepted.";
        /// What placing it would refuse.
        Refused { code: &'static str, zh: String, en: String } = 409, "proposal-refused", field "voucher_id",
            zh "{zh}", en "{en}";
    }
}

fn refused(e: PlaceError) -> AcceptError {
    use store::Refusal;
    match e {
        PlaceError::Forbidden => AcceptError::Forbidden,
        PlaceError::NotFound => AcceptError::NotFound,
        PlaceError::Store(e) => AcceptError::Store(e),
        e => AcceptError::Refused { code: e.code(), zh: e.message(kernel::Lang::Zh), en: e.message(kernel::Lang::En) },
    }
}

/// What the proposal would be with this voucher. The proposed list amount and platform share stand; the public's and
/// the enterprise's follow from the voucher.
pub async fn quote(cx: &mut Cx, cmd: &Accept) -> Result<(Order, Order), AcceptError> {
    let before = rows::order(cx, &cmd.order_id).await?.ok_or(AcceptError::NotFound)?;
    if !cx.permits(Action::PlaceOrder, &Subject::org(&before.enterprise_id)) {
        return Err(AcceptError::Forbidden);
    }
    let Some(state) = before.state.after(OrderVerb::Accept) else {
        return Err(AcceptError::WrongState { state: before.state.code() });
    };
    let mut after = Order { state, confirmed_at: Some(cx.now), ..before.clone() };
    let wanted = Place {
        enterprise_id: before.enterprise_id.clone(),
        service_id: before.service_id.clone(),
        service_version: None,
        voucher_id: cmd.voucher_id.clone(),
        public_max_fen: cmd.public_max_fen,
        public_seen_fen: None,
        quantity: before.quantity,
        months: before.months,
        starts_on: before.starts_on,
    };
    let spending = place::spending(cx, &wanted, &before.provider_id).await.map_err(refused)?;
    let contract = before.contract_fen();
    let public = contract.at_rate_bp(spending.rate_bp).min(spending.public_max_fen);
    if spending.voucher.is_some() && public <= Fen::ZERO {
        return Err(refused(PlaceError::PublicShareZero {}));
    }
    after.rate_bp = spending.rate_bp;
    after.public_share_fen = public;
    after.own_share_fen = contract - public;
    if let Some(v) = spending.voucher {
        after.voucher_id = Some(v.id);
        after.batch_id = Some(v.batch_id);
        after.programme_id = Some(v.programme_id);
        after.district = Some(v.district);
    }
    Ok((before, after))
}

/// Accepts the proposal and holds the public share, both or neither (OD-3).
pub async fn run(cx: &mut Cx, cmd: Accept) -> Result<Order, AcceptError> {
    let (before, after) = quote(cx, &cmd).await?;
    crate::hold::reserve(cx, &after).await.map_err(refused)?;
    rows::put(cx, &after).await?;
    cx.journal("orders.accept", &format!("order/{}", after.id), &before, &after).await?;
    Ok(after)
}
