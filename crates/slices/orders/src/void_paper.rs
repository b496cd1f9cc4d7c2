//! Voids a paper that was recorded wrongly. It stays in the records with the reason; its number is free again.

use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Order, OrderState, OrderVerb, Papers};
use crate::paper;
use crate::store as rows;
use crate::store::papers::{self, PaperKind, Which};

/// Which paper, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VoidPaper {
    /// Of which order.
    pub order_id: String,
    /// Which kind.
    pub kind: PaperKind,
    /// Its id.
    pub paper_id: String,
    /// Why.
    pub reason: String,
}

store::refusals! {
    /// Why a paper is not voided.
    pub enum VoidPaperError {
        /// Settled on, or off.
        WrongState { state: &'static str } = 409, "order-wrong-state",
            zh "订单当前状态（{state}）不能作废材料：已据此兑付的材料不再改动，差错由追回处理。",
            en "Papers of an order in state {state} are not voided: what was settled on stands, and mistakes are recovered.";
        /// The reason stays with it.
        ReasonMissing {} = 422, "reason-missing", field "reason", zh "请写明作废理由。", en "State why it is void.";
        /// Invoices and payments rest on the contract.
        ContractInUse { papers: usize } = 409, "contract-in-use",
            zh "合同下还有 {papers} 份发票或付款凭证，请先作废它们。",
            en "{papers} invoices or payments rest on this contract; void them first.";
    }
}

fn holds(papers: &Papers, kind: PaperKind, id: &str) -> bool {
    match kind {
        PaperKind::Contract => papers.contract.iter().any(|c| c.meta.id == id),
        PaperKind::Invoice => papers.invoices.iter().any(|i| i.meta.id == id),
        PaperKind::Payment => papers.payments.iter().any(|p| p.meta.id == id),
    }
}

/// Voids the paper; without its contract the order is only confirmed again.
pub async fn run(cx: &mut Cx, cmd: VoidPaper) -> Result<Order, VoidPaperError> {
    let before = rows::order(cx, &cmd.order_id).await?.ok_or(VoidPaperError::NotFound)?;
    if !paper::may_record(cx, &before) {
        return Err(VoidPaperError::Forbidden);
    }
    if before.state != OrderState::Contracted {
        return Err(VoidPaperError::WrongState { state: before.state.code() });
    }
    let reason = cmd.reason.trim();
    if reason.is_empty() {
        return Err(VoidPaperError::ReasonMissing {});
    }
    let known = papers::papers(cx, &before.id, Which::Standing).await?;
    if !holds(&known, cmd.kind, &cmd.paper_id) {
        return Err(VoidPaperError::NotFound);
    }
    let mut after = before.clone();
    if cmd.kind == PaperKind::Contract {
        let resting = known.invoices.len() + known.payments.len();
        if resting > 0 {
            return Err(VoidPaperError::ContractInUse { papers: resting });
        }
        after.state = before.state.after(OrderVerb::VoidContract).expect("the table has this edge");
        rows::put(cx, &after).await?;
    }
    papers::void(cx, cmd.kind, &cmd.paper_id, reason).await?;
    cx.journal("orders.void_paper", &format!("order/{}", after.id), &before, &(&after, &cmd)).await?;
    Ok(after)
}
