//! Brings together what a settlement is decided from: papers, metered use, remainders. Reads only.

use kernel::Fen;
use orders::{Order, Papers};
use rules::Decision;
use serde_json::{Value, json};
use store::{Cx, StoreError};
use usage::Assessed;
use usage::assess::{Assess, AssessError};

use crate::model::{Evidence, EvidenceKind, Gathered};
use crate::rules::eligible_paid::{Parts, eligible_paid};
use crate::rules::in_use::in_use;
use crate::store::claims;
use crate::store::usage_rows::{self, MonthOfUse};

/// Months that use may lie back and still count as running; the rule of `usage`.
const MONTHS_BACK_MAX: u32 = 1;

/// What the programme asks for, as `usage` wants it.
async fn thresholds(cx: &mut Cx, order: &Order) -> Result<usage::Thresholds, StoreError> {
    let today = cx.today();
    let programme_id = order.programme_id.as_deref().unwrap_or_default();
    let programme = policy::programme_on(cx, programme_id, today).await?;
    let asked = programme.map(|(_, p)| p.evidence.metered_months);
    let standard = usage::Thresholds::default();
    Ok(usage::Thresholds {
        months_metered_min: asked.unwrap_or(standard.months_metered_min),
        still_in_use_months: MONTHS_BACK_MAX,
        ..standard
    })
}

/// Assesses the order's evidence of use today, by the programme's thresholds, and keeps the assessment.
pub(crate) async fn assess(cx: &mut Cx, order: &Order) -> Result<Assessed, AssessError> {
    let thresholds = thresholds(cx, order).await?;
    usage::assess::run(cx, Assess { order_id: order.id.clone(), thresholds }).await
}

fn evidence(order: &Order, papers: &Papers, used: &[MonthOfUse]) -> Vec<Evidence> {
    let one = |kind, reference: String, record_id: &str, amount_fen| Evidence {
        kind,
        reference,
        record_id: record_id.to_owned(),
        amount_fen,
    };
    let contract = papers.contract.iter().map(|c| {
        let reference = format!("{}/{}", order.provider_id, c.number);
        one(EvidenceKind::Contract, reference, &c.meta.id, c.amount_fen)
    });
    let invoices = papers
        .invoices
        .iter()
        .map(|i| one(EvidenceKind::Invoice, format!("{}/{}", i.code, i.number), &i.meta.id, i.amount_fen));
    let payments =
        papers.payments.iter().map(|p| one(EvidenceKind::Payment, p.bank_reference.clone(), &p.meta.id, p.amount_fen));
    let months = used.iter().map(|m| one(EvidenceKind::Statement, m.reference(), &m.statement_id, m.net_fen));
    contract.chain(invoices).chain(payments).chain(months).collect()
}

/// What is left of each limit, as the rules are asked with. A settlement turns the order's own hold into payment, so what
/// the voucher can still pay on this order is that hold. Where a batch sets no limit of its own for a year or a provider,
/// its budget is the limit.
async fn remainders(cx: &mut Cx, order: &Order) -> Result<Value, StoreError> {
    let today = cx.today();
    let missing = || StoreError::Missing(format!("the voucher of order {}", order.id));
    let voucher_id = order.voucher_id.clone().ok_or_else(missing)?;
    let voucher = vouchers::voucher(cx, &voucher_id).await?.ok_or_else(missing)?;
    let batch = vouchers::batch(cx, &voucher.batch_id).await?.ok_or_else(missing)?;
    let left = vouchers::remainders(cx, &voucher_id, &order.provider_id, today).await?.ok_or_else(missing)?;
    let hold = vouchers::reservation_of_order(cx, &order.id).await?;
    let stands = |r: &&vouchers::Reservation| r.state == vouchers::ReservationState::Held && r.expires_on >= today;
    let held = hold.as_ref().filter(stands).map_or(Fen::ZERO, |r| r.amount_fen);
    Ok(json!({
        "own_share_bp": batch.own_share_bp,
        "order_settled_fen": hold.map_or(Fen::ZERO, |r| r.settled_fen),
        "voucher_remaining_fen": held,
        "enterprise_year_remaining_fen": left.enterprise_year_fen.unwrap_or(left.batch_fen),
        "provider_remaining_fen": left.provider_fen.unwrap_or(left.batch_fen),
        "batch_remaining_fen": left.batch_fen,
        "ordered_on": kernel::beijing_date(order.placed_at),
        "voucher_valid_from": voucher.issued_on,
        "voucher_valid_until": voucher.expires_on,
    }))
}

/// Everything that a decision on this order is made from, as at today and by this assessment of its use.
pub(crate) async fn gather(cx: &mut Cx, order: &Order, assessed: Assessed) -> Result<Gathered, StoreError> {
    let papers = orders::papers(cx, &order.id).await?;
    let used = usage_rows::months_of_use(cx, &assessed.statement_ids).await?;
    let contract_fen = papers.contract.as_ref().map_or(Fen::ZERO, |c| c.amount_fen);
    let eligible = eligible_paid(&Parts {
        contract_fen,
        invoiced_fen: papers.invoiced_fen(),
        metered_fen: used.iter().map(|m| m.net_fen).sum(),
        paid_fen: papers.paid_fen(),
        rate_bp: order.rate_bp,
    });
    let months: Vec<String> = used.iter().filter(|m| m.active_days > 0).map(|m| m.month.clone()).collect();
    let agreed_fen = papers.contract.as_ref().map_or(order.contract_fen(), |c| c.amount_fen);
    let mut inputs = remainders(cx, order).await?;
    let more = json!({
        "rate_bp": order.rate_bp,
        "contract_fen": agreed_fen + order.platform_share_fen,
        "discount_fen": order.platform_share_fen,
        "eligible_paid_fen": eligible.amount_fen,
        "evidence_level": assessed.level.code(),
        "metered_months": assessed.months_metered,
        "in_use": in_use(&months, cx.today(), order.ends_on, MONTHS_BACK_MAX),
        "provider_listed": claims::is_listed(cx, &order.provider_id).await?,
    });
    if let (Some(inputs), Value::Object(more)) = (inputs.as_object_mut(), more) {
        inputs.extend(more);
    }
    let evidence = evidence(order, &papers, &used);
    Ok(Gathered { level: assessed.level, level_reason: assessed.reason, eligible, evidence, inputs })
}

/// What a settlement of an order would come to, before anybody decides.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// What it is made from.
    pub gathered: Gathered,
    /// What the rules say; `None` if the programme is not published.
    pub decision: Option<Decision>,
    /// Evidence that has paid already, with the number of the claim.
    pub used: Vec<(Evidence, String)>,
}

/// The outlook of an order today, by the rules that would decide it and the assessment of its use that stands. Nothing is
/// stored.
pub(crate) async fn outlook(cx: &mut Cx, order: &Order, instrument_id: &str) -> Result<Outlook, StoreError> {
    let assessed = usage::level_of_order(cx, &order.id).await?;
    let gathered = gather(cx, order, assessed).await?;
    let today = cx.today();
    let programme_id = order.programme_id.as_deref().unwrap_or_default();
    let programme = policy::programme_on(cx, programme_id, today).await?;
    let decision = programme.map(|(_, p)| rules::decide_settlement(&p, instrument_id, &gathered.inputs, today));
    let used = used(cx, &gathered.evidence).await?;
    Ok(Outlook { gathered, decision, used })
}

/// The evidence that has paid already (ST-1).
pub(crate) async fn used(cx: &mut Cx, evidence: &[Evidence]) -> Result<Vec<(Evidence, String)>, StoreError> {
    let mut out = Vec::new();
    for e in evidence {
        if let Some(number) = claims::paid_on(cx, e).await? {
            out.push((e.clone(), number));
        }
    }
    Ok(out)
}
