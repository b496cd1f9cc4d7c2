//! Reading batches and vouchers: plainly for other slices, which have asked for permission themselves.

use store::{Cx, StoreError};

use crate::{Batch, Reservation, Voucher, store as records};

/// A batch.
pub async fn batch(cx: &mut Cx, id: &str) -> Result<Option<Batch>, StoreError> {
    records::batch(cx, id).await
}

/// A voucher.
pub async fn voucher(cx: &mut Cx, id: &str) -> Result<Option<Voucher>, StoreError> {
    records::voucher(cx, id).await
}

/// What an order holds, held or has settled.
pub async fn reservation_of_order(cx: &mut Cx, order_id: &str) -> Result<Option<Reservation>, StoreError> {
    records::reservation_of_order(cx, order_id).await
}
