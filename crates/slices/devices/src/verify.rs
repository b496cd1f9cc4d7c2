//! What must always hold of devices, checked on live data.

use store::{Cx, StoreError};

use crate::store::counters;

/// Every device whose books do not add up (DV-3). Messages in flight while it looks may show; run it when writing rests.
pub async fn verify(cx: &mut Cx) -> Result<Vec<String>, StoreError> {
    let line = |(id, received, stored, rejected): (String, i64, i64, i64)| {
        format!("DV-3 {id}: received {received}, stored {stored} + rejected {rejected}")
    };
    Ok(counters::unbalanced(cx).await?.into_iter().map(line).collect())
}
