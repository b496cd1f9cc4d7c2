//! What orders ask of vouchers: hold the public share, give it back. Their refusals in an order's own names.

use kernel::{Fen, Lang};
use store::{Cx, Refusal};
use vouchers::release::{self, Release, ReleaseError};
use vouchers::reserve::{self, Reserve, ReserveError};

use crate::decline::EndError;
use crate::model::Order;
use crate::place::PlaceError;

/// Holds the order's public share on its voucher, in the caller's transaction. Without a voucher there is nothing
/// to hold.
pub(crate) async fn reserve(cx: &mut Cx, order: &Order) -> Result<(), PlaceError> {
    let Some(voucher_id) = order.voucher_id.clone() else { return Ok(()) };
    let cmd = Reserve {
        voucher_id,
        order_id: order.id.clone(),
        provider_id: order.provider_id.clone(),
        amount: order.public_share_fen,
    };
    match reserve::run(cx, cmd).await {
        Ok(_) => Ok(()),
        Err(ReserveError::Store(e)) => Err(PlaceError::Store(e)),
        Err(ReserveError::Forbidden) => Err(PlaceError::Forbidden),
        Err(ReserveError::VoucherExpired { expires_on }) => Err(PlaceError::VoucherExpired { expires_on }),
        Err(ReserveError::VoucherTooSmall { .. }) => {
            Err(PlaceError::VoucherSpent { state_zh: "余额不足", state_en: "its remainder was taken meanwhile" })
        }
        Err(ReserveError::ProviderQuotaExceeded { quota, committed, asked }) => {
            Err(PlaceError::ProviderQuotaExceeded { remaining: (quota - committed).max(Fen::ZERO), asked })
        }
        Err(e) => Err(PlaceError::VoucherRefused { zh: e.message(Lang::Zh), en: e.message(Lang::En) }),
    }
}

/// Gives back what the order held, in the caller's transaction. What ran out by itself is given back already.
pub(crate) async fn release(cx: &mut Cx, order: &Order, reason: &str) -> Result<(), EndError> {
    if order.voucher_id.is_none() {
        return Ok(());
    }
    let cmd = Release { order_id: order.id.clone(), reason: reason.to_owned() };
    match release::run(cx, cmd).await {
        Ok(()) => Ok(()),
        Err(ReleaseError::Store(e)) => Err(EndError::Store(e)),
        Err(ReleaseError::Forbidden) => Err(EndError::Forbidden),
        Err(e) => Err(EndError::HoldNotReleased { zh: e.message(Lang::Zh), en: e.message(Lang::En) }),
    }
}
