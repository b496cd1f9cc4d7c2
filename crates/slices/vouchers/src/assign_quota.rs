//! Gives a district more of a batch's reserve.

use funds::ids;
use kernel::{Action, Fen, Subject, district};
use ledger::AccountKind;
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::{BatchState, money, store as records};

/// How much more, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AssignQuota {
    /// The batch.
    pub batch_id: String,
    /// GB/T 2260 code.
    pub district: String,
    /// How much more.
    pub amount: Fen,
    /// On what ground.
    pub reason: String,
}

store::refusals! {
    /// Why a quota does not grow.
    pub enum AssignQuotaError {
        /// Nothing to give.
        AmountNotPositive { amount: Fen } = 422, "amount-not-positive", field "amount",
            zh "追加额度必须大于零，填写的是{amount}。", en "The amount must be above zero, not {amount}.";
        /// A decision has a reason.
        ReasonMissing {} = 422, "reason-missing", field "reason", zh "请填写追加额度的理由。", en "Give the reason.";
        /// No such district.
        DistrictUnknown { district: String } = 422, "district-unknown", field "district",
            zh "没有行政区划代码{district}。", en "There is no district {district}.";
        /// Closed for good.
        BatchClosed {} = 409, "batch-closed", zh "该批次已关闭。", en "The batch is closed.";
        /// The reserve is smaller.
        ReserveShort { available: Fen, asked: Fen } = 409, "reserve-short", field "amount",
            zh "批次未分配额度剩余{available}，不足{asked}。", en "The batch has {available} in reserve, less than {asked}.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
funds::money_refusal!(AssignQuotaError);

/// Moves the money from the reserve to the district's quota of the same batch, in one transfer: the programme above both
/// neither takes nor gives anything.
pub async fn run(cx: &mut Cx, cmd: AssignQuota) -> Result<(), AssignQuotaError> {
    if !cx.permits(Action::ManageBatches, &Subject::none()) {
        return Err(AssignQuotaError::Forbidden);
    }
    if cmd.amount <= Fen::ZERO {
        return Err(AssignQuotaError::AmountNotPositive { amount: cmd.amount });
    }
    if cmd.reason.trim().is_empty() {
        return Err(AssignQuotaError::ReasonMissing {});
    }
    if district(&cmd.district).is_none() {
        return Err(AssignQuotaError::DistrictUnknown { district: cmd.district });
    }
    let batch = records::batch(cx, &cmd.batch_id).await?.ok_or(AssignQuotaError::NotFound)?;
    if batch.state == BatchState::Closed {
        return Err(AssignQuotaError::BatchClosed {});
    }
    let (reserve, quota) = (ids::batch(&batch.id), ids::quota(&batch.id, &cmd.district));
    let available = funds::balance(cx, &reserve).await?.map_or(Fen::ZERO, |b| b.available);
    if available < cmd.amount {
        return Err(AssignQuotaError::ReserveShort { available, asked: cmd.amount });
    }
    money::open(cx, &quota, AccountKind::Batch, &reserve).await?;
    records::add_quota(cx, &batch.id, &cmd.district, cmd.amount).await?;
    let id = cx.new_id("asg");
    funds::post(cx, &[money::assign(id, reserve, quota, cmd.amount, &batch.id, cx.now)]).await?;
    cx.journal("vouchers.assign-quota", &format!("batch/{}", batch.id), &(), &cmd).await?;
    Ok(())
}
