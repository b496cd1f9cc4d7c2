//! What the days bring, run once a day: batches open on their first day, holds run out, vouchers expire and what is left
//! of them goes back to their district's quota.

use funds::ids;
use kernel::{Fen, Role};
use ledger::Code;
use serde::Serialize;
use store::{Cx, StoreError};

use crate::issue::refresh_batch;
use crate::{BatchState, Event, Voucher, VoucherState, money, next_state, release, store as records};

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// Batches that opened.
    pub batches_opened: u64,
    /// Holds that ran out.
    pub holds: u64,
    /// Vouchers whose remainder went back.
    pub vouchers: u64,
    /// How much that was.
    pub returned_fen: Fen,
}

store::refusals! {
    /// Why the job stopped; what it had done is rolled back.
    pub enum ExpireError {
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
funds::money_refusal!(ExpireError);

impl From<release::ReleaseError> for ExpireError {
    fn from(e: release::ReleaseError) -> Self {
        use store::Refusal as _;
        match e {
            release::ReleaseError::Store(e) => ExpireError::Store(e),
            other => ExpireError::Money { zh: other.message(kernel::Lang::Zh), en: other.message(kernel::Lang::En) },
        }
    }
}

/// Does all that is due. The system runs it; so may whoever may cancel vouchers.
pub async fn run(cx: &mut Cx) -> Result<Expired, ExpireError> {
    let may = cx.actor.role == Role::System || cx.permits(kernel::Action::CancelVoucher, &kernel::Subject::none());
    if !may {
        return Err(ExpireError::Forbidden);
    }
    let mut done = Expired::default();
    let today = cx.today();
    for batch in records::batches_to_open(cx, today).await? {
        records::set_batch_state(cx, &batch.id, BatchState::Open).await?;
        cx.journal("vouchers.batch-opens", &format!("batch/{}", batch.id), &batch.state, &BatchState::Open).await?;
        done.batches_opened += 1;
    }
    loop {
        let due = records::holds_due(cx, today).await?;
        if due.is_empty() {
            break;
        }
        let transfers: Vec<_> = due.iter().map(|r| money::lapse(r, cx.now)).collect();
        funds::post(cx, &transfers).await?;
        for reservation in &due {
            release::give_back(cx, reservation, "hold-expired").await?;
            done.holds += 1;
        }
    }
    expire_vouchers(cx, &mut done).await?;
    Ok(done)
}

async fn expire_vouchers(cx: &mut Cx, done: &mut Expired) -> Result<(), ExpireError> {
    let (today, mut after) = (cx.today(), String::new());
    loop {
        let due = records::vouchers_due(cx, today, &after).await?;
        let Some(last) = due.last() else { return Ok(()) };
        after = last.id.clone();
        for voucher in &due {
            done.returned_fen += expire(cx, voucher).await?;
            done.vouchers += 1;
        }
    }
}

/// Answers what went back.
async fn expire(cx: &mut Cx, voucher: &Voucher) -> Result<Fen, ExpireError> {
    let now = money::standing(cx, &voucher.id).await?;
    let state = next_state(voucher.state, Event::Expire, now).ok_or(ExpireError::NotFound)?;
    let missing = || StoreError::Missing(format!("vouchers_batch {}", voucher.batch_id));
    let batch = records::batch(cx, &voucher.batch_id).await?.ok_or_else(missing)?;
    funds::post(cx, &money::take_back(voucher, &batch, now.spendable, Code::Expire, cx.now)).await?;
    if state == VoucherState::Expired {
        funds::set_closed(cx, &ids::voucher(&voucher.id), true).await?;
    }
    let after = Voucher { state, returned_fen: voucher.returned_fen + now.spendable, ..voucher.clone() };
    records::update_voucher(cx, &after).await?;
    refresh_batch(cx, &batch).await?;
    cx.journal("vouchers.expire", &format!("voucher/{}", voucher.id), voucher, &after).await?;
    Ok(now.spendable)
}
