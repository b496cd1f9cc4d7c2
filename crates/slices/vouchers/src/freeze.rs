//! Stops a voucher while something is looked into (冻结), and lets it go again.

use funds::ids;
use kernel::{Action, Lang, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::{Event, Voucher, money, next_state, store as records};

/// Which voucher, which way, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Freeze {
    /// The voucher.
    pub voucher_id: String,
    /// `true` stops it, `false` lets it go.
    pub frozen: bool,
    /// On what ground.
    pub reason: String,
}

store::refusals! {
    /// Why a voucher is not stopped or let go.
    pub enum FreezeError {
        /// A decision has a reason.
        ReasonMissing {} = 422, "reason-missing", field "reason", zh "请填写理由。", en "Give the reason.";
        /// Not from this state.
        NotAllowed { zh: String, en: String } = 409, "not-allowed",
            zh "云惠券当前状态（{zh}）不能进行此操作。", en "The voucher is {en}; this cannot be done to it.";
    }
}

/// Closes the voucher's account or opens it again: nothing is reserved or settled while it is closed; holds can still be
/// given back.
pub async fn run(cx: &mut Cx, cmd: Freeze) -> Result<(), FreezeError> {
    let voucher = records::voucher(cx, &cmd.voucher_id).await?.ok_or(FreezeError::NotFound)?;
    if !cx.permits(Action::CancelVoucher, &Subject::org_in(&voucher.org_id, &voucher.district)) {
        return Err(FreezeError::Forbidden);
    }
    if cmd.reason.trim().is_empty() {
        return Err(FreezeError::ReasonMissing {});
    }
    let event = if cmd.frozen { Event::Freeze } else { Event::Thaw };
    let now = money::standing(cx, &voucher.id).await?;
    let Some(state) = next_state(voucher.state, event, now) else {
        let label = |lang| voucher.state.label(lang).to_owned();
        return Err(FreezeError::NotAllowed { zh: label(Lang::Zh), en: label(Lang::En) });
    };
    funds::set_closed(cx, &ids::voucher(&voucher.id), cmd.frozen).await?;
    let reason = if cmd.frozen { cmd.reason.trim().to_owned() } else { String::new() };
    let after = Voucher { state, reason, ..voucher.clone() };
    records::update_voucher(cx, &after).await?;
    let verb = if cmd.frozen { "vouchers.freeze" } else { "vouchers.thaw" };
    cx.journal(verb, &format!("voucher/{}", voucher.id), &voucher, &(&after, cmd.reason)).await?;
    Ok(())
}
