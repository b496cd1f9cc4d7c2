//! Hands money down (额度分配): from an appropriation to its programme, from a programme to a batch or to a district's
//! quota of a batch.

use kernel::{Action, Fen, Subject, district};
use ledger::{AccountKind, Code, Transfer, TransferKind};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::{balance, ids, open_under, post};

/// Whom the money is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The programme, out of its appropriation.
    Programme,
    /// A batch, out of the programme.
    Batch {
        /// The batch.
        batch_id: String,
    },
    /// A district's quota of a batch, out of the programme.
    Quota {
        /// The batch.
        batch_id: String,
        /// GB/T 2260 code.
        district: String,
    },
}

/// An allocation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Allocate {
    /// Whose money.
    pub programme_id: String,
    /// For whom.
    pub target: Target,
    /// How much.
    pub amount: Fen,
    /// The decision it rests on, as people cite it.
    pub reference: String,
}

store::refusals! {
    /// Why money is not handed down.
    pub enum AllocateError {
        /// Nothing to hand down.
        AmountNotPositive { amount: Fen } = 422, "amount-not-positive", field "amount",
            zh "分配金额必须大于零，填写的是{amount}。", en "The amount must be above zero, not {amount}.";
        /// Every allocation cites its decision.
        ReferenceMissing {} = 422, "reference-missing", field "reference",
            zh "请填写分配所依据的文件或决定。", en "Name the document or the decision that the allocation rests on.";
        /// The money is not there.
        NotEnough { available: Fen, asked: Fen } = 409, "not-enough", field "amount",
            zh "可分配{available}，不足{asked}。请减少金额，或先登记资金下达。",
            en "{available} can be allocated, less than {asked}. Allocate less, or record an appropriation first.";
        /// No such district.
        DistrictUnknown { district: String } = 422, "district-unknown", field "district",
            zh "没有行政区划代码{district}。", en "There is no district {district}.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
crate::money_refusal!(AllocateError);

/// Moves the money; answers the transfer's id.
pub async fn run(cx: &mut Cx, cmd: Allocate) -> Result<String, AllocateError> {
    if !cx.permits(Action::ManageFunds, &Subject::none()) {
        return Err(AllocateError::Forbidden);
    }
    if cmd.amount <= Fen::ZERO {
        return Err(AllocateError::AmountNotPositive { amount: cmd.amount });
    }
    if cmd.reference.trim().is_empty() {
        return Err(AllocateError::ReferenceMissing {});
    }
    if let Target::Quota { district: code, .. } = &cmd.target
        && district(code).is_none()
    {
        return Err(AllocateError::DistrictUnknown { district: code.clone() });
    }
    let (from, to, kind, parent) = ends(&cmd);
    let available = balance(cx, &from).await?.map_or(Fen::ZERO, |b| b.available);
    if available < cmd.amount {
        return Err(AllocateError::NotEnough { available, asked: cmd.amount });
    }
    open_under(cx, &to, kind, kind.usual_limit(), &parent).await?;
    let id = cx.new_id("alc");
    let transfer = Transfer {
        id: id.clone(),
        debit: from,
        credit: to.clone(),
        amount: cmd.amount,
        code: Code::Allocate,
        kind: TransferKind::Posted,
        linked: false,
        reference: cmd.reference.trim().to_owned(),
        at: cx.now,
    };
    post(cx, &[transfer]).await?;
    cx.journal("funds.allocate", &format!("account/{to}"), &(), &cmd).await?;
    Ok(id)
}

/// From, to, what the taker is, and where it hangs in the money tree.
fn ends(cmd: &Allocate) -> (String, String, AccountKind, String) {
    let (appropriation, programme) = (ids::appropriation(&cmd.programme_id), ids::programme(&cmd.programme_id));
    match &cmd.target {
        Target::Programme => (appropriation.clone(), programme, AccountKind::Programme, appropriation),
        Target::Batch { batch_id } => (programme.clone(), ids::batch(batch_id), AccountKind::Batch, programme),
        Target::Quota { batch_id, district } => {
            (programme, ids::quota(batch_id, district), AccountKind::Batch, ids::batch(batch_id))
        }
    }
}
