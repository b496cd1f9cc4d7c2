//! The provider confirms an order; the enterprise accepts one that the provider proposed.

use kernel::{Action, Subject};
use store::Cx;

use crate::model::{Order, OrderState, OrderVerb};
use crate::store as rows;

store::refusals! {
    /// Why an order is not confirmed.
    pub enum ConfirmError {
        /// Not from this state.
        WrongState { state: &'static str } = 409, "order-wrong-state",
            zh "订单当前状态（{state}）不能确认。可能已被对方取消，请刷新后查看。",
            en "An order in state {state} cannot be confirmed. The other side may have called it off; look again.";
    }
}

/// Confirms: the provider will deliver on these terms.
pub async fn run(cx: &mut Cx, order_id: String) -> Result<Order, ConfirmError> {
    let before = rows::order(cx, &order_id).await?.ok_or(ConfirmError::NotFound)?;
    if !cx.permits(Action::ConfirmOrder, &Subject::org(&before.provider_id)) {
        return Err(ConfirmError::Forbidden);
    }
    let Some(state) = before.state.after(OrderVerb::Confirm) else {
        return Err(ConfirmError::WrongState { state: before.state.code() });
    };
    debug_assert_eq!(state, OrderState::Confirmed);
    let after = Order { state, confirmed_at: Some(cx.now), ..before.clone() };
    rows::put(cx, &after).await?;
    cx.journal("orders.confirm", &format!("order/{order_id}"), &before, &after).await?;
    Ok(after)
}
