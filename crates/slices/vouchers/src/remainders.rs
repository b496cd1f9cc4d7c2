//! What a settlement may still take: every remainder that the formula's minimum runs over.

use jiff::civil::Date;
use kernel::Fen;
use serde::Serialize;
use store::{Cx, StoreError};

use crate::issue::days_of;
use crate::{money, store as records};

/// What is left of each limit. Holds are taken off the voucher only: a settlement turns its own hold into payment, so the
/// other limits count what has been settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Remainders {
    /// The voucher: neither settled, nor held by any order, nor gone back.
    pub voucher_fen: Fen,
    /// The enterprise's year, by the year of `as_of`; `None` is unlimited.
    pub enterprise_year_fen: Option<Fen>,
    /// The provider's quota in the batch; `None` is unlimited.
    pub provider_fen: Option<Fen>,
    /// The batch's budget.
    pub batch_fen: Fen,
}

/// The remainders for this voucher and provider; `None` if there is no such voucher. Never under zero. The permission is
/// the caller's to check.
pub async fn remainders(
    cx: &mut Cx,
    voucher_id: &str,
    provider_id: &str,
    as_of: Date,
) -> Result<Option<Remainders>, StoreError> {
    let Some(voucher) = records::voucher(cx, voucher_id).await? else { return Ok(None) };
    let missing = || StoreError::Missing(format!("vouchers_batch {}", voucher.batch_id));
    let batch = records::batch(cx, &voucher.batch_id).await?.ok_or_else(missing)?;
    let voucher_fen = money::standing(cx, voucher_id).await?.spendable;
    let enterprise_year_fen = match batch.enterprise_year_quota_fen {
        None => None,
        Some(quota) => {
            let year = days_of(as_of.year());
            Some((quota - records::settled_for(cx, &voucher.org_id, &batch.programme_id, year).await?).or_zero())
        }
    };
    let provider_fen = match batch.provider_quota_fen {
        None => None,
        Some(quota) => Some((quota - records::committed(cx, &batch.id, Some(provider_id)).await?.1).or_zero()),
    };
    let batch_fen = (batch.budget_fen - records::committed(cx, &batch.id, None).await?.1).or_zero();
    Ok(Some(Remainders { voucher_fen, enterprise_year_fen, provider_fen, batch_fen }))
}
