//! The public share was settled: called by settlement, in its transaction.

use store::Cx;

use crate::model::{Order, OrderVerb};
use crate::store as rows;

store::refusals! {
    /// Why an order is not marked.
    pub enum MarkSettledError {
        /// Not from this state.
        WrongState { state: &'static str } = 409, "order-wrong-state",
            zh "订单当前状态（{state}）不能兑付。", en "An order in state {state} cannot be settled.";
    }
}

/// Marks the order as settled. Who may settle is settlement's to ask; a second call changes nothing.
pub async fn run(cx: &mut Cx, order_id: &str) -> Result<Order, MarkSettledError> {
    let before = rows::order(cx, order_id).await?.ok_or(MarkSettledError::NotFound)?;
    if matches!(before.state, crate::OrderState::Settled | crate::OrderState::Closed) {
        return Ok(before);
    }
    let Some(state) = before.state.after(OrderVerb::Settle) else {
        return Err(MarkSettledError::WrongState { state: before.state.code() });
    };
    let after = Order { state, ..before.clone() };
    rows::put(cx, &after).await?;
    cx.journal("orders.mark_settled", &format!("order/{order_id}"), &before, &after).await?;
    Ok(after)
}
