//! What runs by the clock.

use store::{Cx, StoreError};

use crate::model::{Order, OrderVerb};
use crate::store as rows;

/// Closes settled orders whose time is over; how many. Run daily; a second run the same day finds none.
pub async fn close_ended(cx: &mut Cx) -> Result<usize, StoreError> {
    let today = cx.today();
    let due = rows::settled_and_over(cx, today).await?;
    for before in &due {
        let state = before.state.after(OrderVerb::Close).expect("only settled orders are read");
        let after = Order { state, ended_at: Some(cx.now), ..before.clone() };
        rows::put(cx, &after).await?;
        cx.journal("orders.close", &format!("order/{}", after.id), before, &after).await?;
    }
    Ok(due.len())
}
