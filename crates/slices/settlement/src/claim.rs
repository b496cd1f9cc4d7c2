//! A provider claims what one of its orders holds.

use kernel::{Action, Subject};
use orders::OrderState;
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::gather;
use crate::model::{Claim, ClaimState};
use crate::store::claims;

/// Longest remark, in characters.
const REMARK_CHARS_MAX: usize = 500;

/// Which order.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ClaimOrder {
    /// The order.
    pub order_id: String,
    /// What the provider wants to say to it; may be empty.
    pub remark: String,
}

store::refusals! {
    /// Why nothing is claimed.
    pub enum ClaimError {
        /// No public money is held by it.
        NoVoucher { order: String } = 409, "no-voucher",
            zh "订单 {order} 没有使用云惠券，没有可兑付的财政资金。", en "Order {order} spends no voucher; there is no public money to claim.";
        /// Both sides must have agreed, and it must not be over with.
        OrderNotClaimable { order: String, state_zh: &'static str, state_en: &'static str } = 409, "order-not-claimable",
            zh "订单 {order} 当前状态为“{state_zh}”，不能申请兑付。须先由双方确认并登记合同。",
            en "Order {order} is “{state_en}” and cannot be claimed. Both sides confirm it and record the contract first.";
        /// One at a time, and one that pays, ever.
        AlreadyClaimed { number: String, state_zh: &'static str, state_en: &'static str } = 409, "already-claimed",
            zh "该订单已有兑付申请 {number}（{state_zh}），不能重复申请。", en "The order has claim {number} already ({state_en}); it is claimed once.";
        /// Nothing at all to decide on.
        NoEvidence { order: String } = 409, "no-evidence",
            zh "订单 {order} 还没有任何兑付凭证：没有合同、发票、付款记录，也没有用云月报。请先登记合同、发票和付款，确认账单账号并导入账单，再申请兑付。",
            en "Order {order} has no evidence at all: no contract, invoice or payment, and no statement of use. Record the papers, confirm the billing account and import the bills, then claim.";
        /// Too long.
        RemarkTooLong { chars_max: usize } = 422, "remark-too-long", field "remark",
            zh "说明最多 {chars_max} 字。", en "The remark may have {chars_max} characters at most.";
    }
}

impl From<usage::assess::AssessError> for ClaimError {
    fn from(e: usage::assess::AssessError) -> ClaimError {
        match e {
            usage::assess::AssessError::Store(e) => ClaimError::Store(e),
            usage::assess::AssessError::Forbidden => ClaimError::Forbidden,
            usage::assess::AssessError::NotFound => ClaimError::NotFound,
        }
    }
}

/// Claims it. The claim waits to be decided; what is missing by then is said in the decision.
pub async fn run(cx: &mut Cx, cmd: ClaimOrder) -> Result<Claim, ClaimError> {
    let order = orders::order(cx, &cmd.order_id).await?.ok_or(ClaimError::NotFound)?;
    if !cx.permits(Action::ClaimSettlement, &Subject::org(&order.provider_id)) {
        // Somebody else's order is not confirmed to exist.
        return Err(if cx.permits(Action::ClaimSettlement, &Subject::none()) {
            ClaimError::NotFound
        } else {
            ClaimError::Forbidden
        });
    }
    let number = order.number.clone();
    let (Some(voucher_id), Some(batch_id), Some(programme_id)) =
        (order.voucher_id.clone(), order.batch_id.clone(), order.programme_id.clone())
    else {
        return Err(ClaimError::NoVoucher { order: number });
    };
    if cmd.remark.chars().count() > REMARK_CHARS_MAX {
        return Err(ClaimError::RemarkTooLong { chars_max: REMARK_CHARS_MAX });
    }
    if let Some(had) = claims::standing_of_order(cx, &order.id).await? {
        let label = |lang| had.state.label(lang);
        let (state_zh, state_en) = (label(kernel::Lang::Zh), label(kernel::Lang::En));
        return Err(ClaimError::AlreadyClaimed { number: had.number, state_zh, state_en });
    }
    if !matches!(order.state, OrderState::Confirmed | OrderState::Contracted) {
        let (state_zh, state_en) = (order.state.label(kernel::Lang::Zh), order.state.label(kernel::Lang::En));
        return Err(ClaimError::OrderNotClaimable { order: number, state_zh, state_en });
    }
    let papers = orders::papers(cx, &order.id).await?;
    let paperless = papers.contract.is_none() && papers.invoices.is_empty() && papers.payments.is_empty();
    // Also keeps the assessment that whoever decides is shown first.
    let assessed = gather::assess(cx, &order).await?;
    if paperless && assessed.statement_ids.is_empty() {
        return Err(ClaimError::NoEvidence { order: number });
    }
    let voucher = vouchers::voucher(cx, &voucher_id).await?.ok_or(ClaimError::NotFound)?;
    let claim = Claim {
        id: cx.new_id("stl"),
        number: claims::next_number(cx, "DF").await?,
        order_id: order.id,
        order_number: order.number,
        provider_id: order.provider_id,
        enterprise_id: order.enterprise_id,
        voucher_id,
        batch_id,
        programme_id,
        instrument_id: voucher.instrument_id,
        district: voucher.district,
        state: ClaimState::Claimed,
        remark: cmd.remark.trim().to_owned(),
        claimed_by: cx.actor.user_id.clone(),
        claimed_on: cx.today(),
        claimed_at: cx.now,
        decided: None,
        payment_id: None,
        paid_on: None,
    };
    claims::insert(cx, &claim).await?;
    cx.journal("settlement.claim", &format!("settlement/{}", claim.id), &(), &claim).await?;
    Ok(claim)
}
