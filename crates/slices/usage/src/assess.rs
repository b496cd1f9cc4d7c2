//! Assesses the evidence of use of one order and keeps it when it has changed (US-6).

use jiff::civil::Date;
use kernel::{Action, EvidenceLevel, Fen, Subject, Text};
use orders::{Order, OrderState};
use serde::{Deserialize, Serialize};
use store::{Cx, StoreError};

use crate::model::{Assessed, Thresholds};
use crate::rules::level::{OrderFacts, judge, judged_month};
use crate::store::{accounts, levels, statements};

/// What is assessed, and what its programme asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assess {
    /// The order.
    pub order_id: String,
    /// The programme's thresholds.
    pub thresholds: Thresholds,
}

store::refusals! {
    /// Why an order is not assessed.
    pub enum AssessError {}
}

/// Assesses an order as at today; writes only when the level, its reason or what it rests on has changed.
pub async fn run(cx: &mut Cx, cmd: Assess) -> Result<Assessed, AssessError> {
    let order = orders::order(cx, &cmd.order_id).await?.ok_or(AssessError::NotFound)?;
    let subject = Subject::between(&order.enterprise_id, &order.provider_id, order.district.as_deref());
    if !cx.permits(Action::ViewUsage, &subject) {
        return Err(AssessError::Forbidden);
    }
    let today = cx.today();
    let now = judged(cx, &order, &cmd.thresholds, today).await?;
    let before = levels::standing(cx, &order.id).await?;
    // The day alone is no change.
    if let Some(same) = before.as_ref().filter(|b| Assessed { assessed_on: now.assessed_on, ..(*b).clone() } == now) {
        return Ok(same.clone());
    }
    let whose = levels::Whose {
        enterprise_id: &order.enterprise_id,
        provider_id: &order.provider_id,
        sub_item: &order.sub_item,
        district: order.district.as_deref(),
    };
    levels::append(cx, &whose, &now).await?;
    cx.journal("usage.assess", &format!("order/{}", order.id), &before, &now).await?;
    Ok(now)
}

/// What the records say of an order's use as at `today`, without keeping it.
async fn judged(cx: &mut Cx, order: &Order, asked: &Thresholds, today: Date) -> Result<Assessed, StoreError> {
    let papers = orders::papers(cx, &order.id).await?;
    let confirmed = accounts::confirmed_count(cx, &order.enterprise_id, &order.provider_id).await? > 0;
    let agreed = matches!(
        order.state,
        OrderState::Confirmed | OrderState::Contracted | OrderState::Settled | OrderState::Closed
    );
    let month = judged_month(today, order.ends_on);
    let first = Date::new(month.year(), month.month(), 1).expect("a month has a first day");
    let devices_reporting = levels::devices_most(cx, &order.enterprise_id, first, first.last_of_month()).await?;
    let facts = OrderFacts {
        sub_item: order.sub_item.clone(),
        starts_on: order.starts_on,
        ends_on: order.ends_on,
        contract: papers.contract.is_some(),
        invoice: !papers.invoices.is_empty(),
        payment: !papers.payments.is_empty(),
        provider_confirmed: agreed && confirmed,
        devices_reporting,
    };
    let all = statements::of_enterprise(cx, &order.enterprise_id, &order.provider_id).await?;
    let verdict = judge(&facts, &all, asked, today);
    Ok(Assessed {
        order_id: order.id.clone(),
        level: verdict.level,
        reason: verdict.reason,
        months_metered: verdict.months_metered,
        net_fen: verdict.net_fen,
        statement_ids: verdict.statement_ids,
        assessed_on: Some(today),
    })
}

/// The level that stands, for other slices; L0 with its reason where the order was never assessed. Whoever decides on
/// money calls [`run`] first, with the programme's thresholds.
pub async fn level_of_order(cx: &mut Cx, order_id: &str) -> Result<Assessed, StoreError> {
    let standing = levels::standing(cx, order_id).await?;
    Ok(standing.unwrap_or_else(|| Assessed {
        order_id: order_id.to_owned(),
        level: EvidenceLevel::L0,
        reason: Text::new("尚未评定用云证据。", "The evidence of use has not been assessed yet."),
        months_metered: 0,
        net_fen: Fen::ZERO,
        statement_ids: Vec::new(),
        assessed_on: None,
    }))
}
