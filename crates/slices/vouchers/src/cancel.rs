//! Takes a voucher back by decision (作废): what is left of it returns to its district's quota.

use funds::ids;
use kernel::{Action, Fen, Lang, Subject};
use ledger::Code;
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::issue::refresh_batch;
use crate::{Event, Voucher, money, next_state, store as records};

/// Which voucher, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cancel {
    /// The voucher.
    pub voucher_id: String,
    /// On what ground; its owner reads it.
    pub reason: String,
}

store::refusals! {
    /// Why a voucher is not cancelled.
    pub enum CancelError {
        /// Its owner is told why.
        ReasonMissing {} = 422, "reason-missing", field "reason",
            zh "请填写作废理由，企业会看到。", en "Give the reason; the enterprise will read it.";
        /// Orders come first.
        HasHolds { held: Fen } = 409, "has-holds",
            zh "尚有订单占用{held}，请先处理这些订单。", en "Orders still hold {held}; deal with them first.";
        /// At an end already.
        NotAllowed { zh: String, en: String } = 409, "not-allowed",
            zh "云惠券当前状态（{zh}）不能作废。", en "The voucher is {en} and cannot be cancelled.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
funds::money_refusal!(CancelError);

/// Cancels it; answers what went back to the quota.
pub async fn run(cx: &mut Cx, cmd: Cancel) -> Result<Fen, CancelError> {
    let voucher = records::voucher(cx, &cmd.voucher_id).await?.ok_or(CancelError::NotFound)?;
    if !cx.permits(Action::CancelVoucher, &Subject::org_in(&voucher.org_id, &voucher.district)) {
        return Err(CancelError::Forbidden);
    }
    if cmd.reason.trim().is_empty() {
        return Err(CancelError::ReasonMissing {});
    }
    let now = money::standing(cx, &voucher.id).await?;
    if now.held > Fen::ZERO {
        return Err(CancelError::HasHolds { held: now.held });
    }
    let Some(state) = next_state(voucher.state, Event::Cancel, now) else {
        let label = |lang| voucher.state.label(lang).to_owned();
        return Err(CancelError::NotAllowed { zh: label(Lang::Zh), en: label(Lang::En) });
    };
    let batch = records::batch(cx, &voucher.batch_id).await?.ok_or(CancelError::NotFound)?;
    let account = ids::voucher(&voucher.id);
    // A frozen voucher's account is closed; it opens for this one transfer and is then closed for good.
    funds::set_closed(cx, &account, false).await?;
    if now.spendable > Fen::ZERO {
        funds::post(cx, &money::take_back(&voucher, &batch, now.spendable, Code::Release, cx.now)).await?;
    }
    funds::set_closed(cx, &account, true).await?;
    let (returned_fen, reason) = (voucher.returned_fen + now.spendable, cmd.reason.trim().to_owned());
    let after = Voucher { state, returned_fen, reason, ..voucher.clone() };
    records::update_voucher(cx, &after).await?;
    refresh_batch(cx, &batch).await?;
    cx.journal("vouchers.cancel", &format!("voucher/{}", voucher.id), &voucher, &after).await?;
    Ok(now.spendable)
}
