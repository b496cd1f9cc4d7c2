//! The other side says no: the provider to an order, the enterprise to a proposal.

use kernel::{Action, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Order, OrderState, OrderVerb};
use crate::store as rows;

/// Which order, and why; both declining and calling off are said so.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct End {
    /// Which order.
    pub order_id: String,
    /// Why, in words that the other side reads.
    pub reason: String,
}

store::refusals! {
    /// Why an order is not declined or called off.
    pub enum EndError {
        /// Not from this state.
        WrongState { state: &'static str } = 409, "order-wrong-state",
            zh "订单当前状态（{state}）不能拒绝或取消。", en "An order in state {state} can be neither declined nor called off.";
        /// The other side must know why.
        ReasonMissing {} = 422, "reason-missing", field "reason", zh "请写明理由，对方会看到。",
            en "State the reason; the other side will read it.";
        /// Money has moved.
        AlreadyPaid { paid: kernel::Fen } = 409, "order-already-paid",
            zh "该订单已登记付款 {paid}，不能取消。如确有误，请先作废付款凭证。",
            en "{paid} is recorded as paid for this order; it cannot be called off. If that is wrong, void the payment first.";
        /// The voucher's own rules, in its words.
        HoldNotReleased { zh: String, en: String } = 409, "hold-not-released", zh "{zh}", en "{en}";
    }
}

/// Declines, and gives what was held back to the voucher in the same transaction (OD-3).
pub async fn run(cx: &mut Cx, cmd: End) -> Result<Order, EndError> {
    let before = rows::order(cx, &cmd.order_id).await?.ok_or(EndError::NotFound)?;
    let allowed = match before.state {
        OrderState::Proposed => cx.permits(Action::PlaceOrder, &Subject::org(&before.enterprise_id)),
        _ => cx.permits(Action::ConfirmOrder, &Subject::org(&before.provider_id)),
    };
    if !allowed {
        return Err(EndError::Forbidden);
    }
    end(cx, before, OrderVerb::Decline, &cmd.reason).await
}

/// The common end of declining and calling off.
pub(crate) async fn end(cx: &mut Cx, before: Order, verb: OrderVerb, reason: &str) -> Result<Order, EndError> {
    let Some(state) = before.state.after(verb) else {
        return Err(EndError::WrongState { state: before.state.code() });
    };
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(EndError::ReasonMissing {});
    }
    let after = Order { state, ended_at: Some(cx.now), end_reason: reason.to_owned(), ..before.clone() };
    crate::hold::release(cx, &before, reason).await?;
    rows::put(cx, &after).await?;
    let name = if verb == OrderVerb::Decline { "orders.decline" } else { "orders.cancel" };
    cx.journal(name, &format!("order/{}", after.id), &before, &after).await?;
    Ok(after)
}
