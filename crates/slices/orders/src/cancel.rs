//! The side that began an order calls it off: the enterprise its order, the provider its proposal.

use kernel::{Action, Fen, Subject};
use store::Cx;

use crate::decline::{End, EndError, end};
use crate::model::{Order, OrderState, OrderVerb};
use crate::store as rows;
use crate::store::papers::{self, Which};

/// Calls off, and gives what was held back to the voucher. Not once something was paid: then the two sides first
/// undo the payment, or the programme recovers it.
pub async fn run(cx: &mut Cx, cmd: End) -> Result<Order, EndError> {
    let before = rows::order(cx, &cmd.order_id).await?.ok_or(EndError::NotFound)?;
    let allowed = match before.state {
        OrderState::Proposed => cx.permits(Action::ImportOrders, &Subject::org(&before.provider_id)),
        _ => cx.permits(Action::PlaceOrder, &Subject::org(&before.enterprise_id)),
    };
    if !allowed {
        return Err(EndError::Forbidden);
    }
    let paid = papers::papers(cx, &before.id, Which::Standing).await?.paid_fen();
    if paid > Fen::ZERO {
        return Err(EndError::AlreadyPaid { paid });
    }
    end(cx, before, OrderVerb::Cancel, &cmd.reason).await
}
