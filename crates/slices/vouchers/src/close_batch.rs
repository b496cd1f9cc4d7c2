//! Closes a batch: no more vouchers; what its reserve and its quotas still have goes back to the programme.

use funds::ids;
use kernel::{Action, Fen, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::open_batch::link;
use crate::{BatchState, money, store as records};

/// Which batch, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CloseBatch {
    /// The batch.
    pub batch_id: String,
    /// On what ground.
    pub reason: String,
}

store::refusals! {
    /// Why a batch is not closed.
    pub enum CloseBatchError {
        /// A decision has a reason.
        ReasonMissing {} = 422, "reason-missing", field "reason", zh "请填写关闭批次的理由。", en "Give the reason for closing the batch.";
        /// Once is enough.
        AlreadyClosed {} = 409, "already-closed", zh "该批次已经关闭。", en "The batch is closed already.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
funds::money_refusal!(CloseBatchError);

/// Closes it; answers what went back to the programme. Vouchers that are out stay good.
pub async fn run(cx: &mut Cx, cmd: CloseBatch) -> Result<Fen, CloseBatchError> {
    if !cx.permits(Action::ManageBatches, &Subject::none()) {
        return Err(CloseBatchError::Forbidden);
    }
    if cmd.reason.trim().is_empty() {
        return Err(CloseBatchError::ReasonMissing {});
    }
    let batch = records::batch(cx, &cmd.batch_id).await?.ok_or(CloseBatchError::NotFound)?;
    if batch.state == BatchState::Closed {
        return Err(CloseBatchError::AlreadyClosed {});
    }
    let mut accounts = vec![ids::batch(&batch.id)];
    accounts.extend(records::quotas(cx, &batch.id).await?.iter().map(|(d, _)| ids::quota(&batch.id, d)));
    let (mut transfers, mut total) = (Vec::new(), Fen::ZERO);
    for account in accounts {
        let left = funds::balance(cx, &account).await?.map_or(Fen::ZERO, |b| b.available);
        if left > Fen::ZERO {
            let id = format!("{}/close-{}", batch.id, transfers.len());
            total += left;
            transfers.push(money::give_back(id, account, &batch.programme_id, left, &batch.id, cx.now));
        }
    }
    link(&mut transfers);
    funds::post(cx, &transfers).await?;
    records::set_batch_state(cx, &batch.id, BatchState::Closed).await?;
    cx.journal("vouchers.close-batch", &format!("batch/{}", batch.id), &batch, &(&cmd, total)).await?;
    Ok(total)
}
