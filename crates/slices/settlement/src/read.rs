//! Reading: lists narrowed to what the reader may see, one claim with everything behind it, what can be claimed and what
//! is owed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Action, EvidenceLevel, Fen, Role, Subject};
use orders::Order;
use policy::StoredDecision;
use rules::Programme;
use serde::{Deserialize, Serialize};
use store::{Cx, Row, StoreError, params};

use crate::gather::{self, Outlook};
use crate::model::{Claim, ClaimState, Evidence, Payment, Recovery};
use crate::store::claims::{self, ClaimFilter, ClaimRow, Claimable};
use crate::store::money::{self, Owed};

/// Rows of one page at most.
pub const LIMIT_MAX: u32 = 1_000;

store::refusals! {
    /// Why something is not shown.
    pub enum ReadError {}
}

/// A page of a list and the cursor that leads on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// One more row than asked for was read; it tells whether there is a next page.
fn paged<T>(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Paged<T> {
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(cursor);
    Paged { items, next }
}

/// Narrows a list to the reader's own organisation, its district, or nothing.
fn narrowed(cx: &Cx, mut filter: ClaimFilter) -> Result<ClaimFilter, ReadError> {
    if !cx.permits(Action::ViewSettlement, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    match cx.actor.role {
        Role::EnterpriseOwner | Role::EnterpriseMember => filter.enterprise_id = Some(cx.actor.org().to_owned()),
        Role::Provider => filter.provider_id = Some(cx.actor.org().to_owned()),
        Role::DistrictOfficer => filter.district = Some(cx.actor.district.clone().unwrap_or_default()),
        _ => {}
    }
    Ok(filter)
}

/// Claims, newest first.
pub async fn list(cx: &mut Cx, filter: ClaimFilter) -> Result<Paged<ClaimRow>, ReadError> {
    let mut filter = narrowed(cx, filter)?;
    let limit = filter.limit.clamp(1, LIMIT_MAX);
    filter.limit = limit + 1;
    Ok(paged(claims::list(cx, &filter).await?, limit, |r| r.claim.id.clone()))
}

/// How many claims stand in each state, with their amounts together.
pub async fn totals(cx: &mut Cx, filter: ClaimFilter) -> Result<Vec<(ClaimState, i64, Fen)>, ReadError> {
    let filter = narrowed(cx, filter)?;
    Ok(claims::totals(cx, &filter).await?)
}

/// The orders that a provider can claim, newest first.
pub async fn claimable(
    cx: &mut Cx,
    provider_id: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Paged<Claimable>, ReadError> {
    if !cx.permits(Action::ClaimSettlement, &Subject::org(provider_id)) {
        return Err(ReadError::Forbidden);
    }
    let limit = limit.clamp(1, LIMIT_MAX);
    let (mut rows, today) = (claims::claimable(cx, provider_id, after, limit + 1).await?, cx.today());
    let mut thresholds: BTreeMap<String, Option<EvidenceLevel>> = BTreeMap::new();
    for row in &mut rows {
        if !thresholds.contains_key(&row.programme_id) {
            let programme = policy::programme_on(cx, &row.programme_id, today).await?;
            thresholds.insert(row.programme_id.clone(), programme.map(|(_, p)| p.evidence.pays_from));
        }
        row.pays_from = thresholds[&row.programme_id];
    }
    Ok(paged(rows, limit, |c| c.order_id.clone()))
}

/// Every provider that is owed something, by name, for the payment run.
pub async fn owed(cx: &mut Cx) -> Result<Vec<Owed>, ReadError> {
    if !cx.permits(Action::DecideSettlement, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    Ok(money::owed(cx, None).await?)
}

/// Providers that have to pay something back: id, name, how much.
pub async fn debtors(cx: &mut Cx) -> Result<Vec<(String, String, Fen)>, ReadError> {
    if !cx.permits(Action::DecideSettlement, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    Ok(money::debtors(cx).await?)
}

/// One entry in the books that a claim has led to, as far as it is this claim's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BookEntry {
    /// The transfer.
    pub transfer_id: String,
    /// The account that gives.
    pub debit: String,
    /// The account that takes.
    pub credit: String,
    /// How much of it is this claim's.
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
    /// How much the transfer moved: one payment carries many claims, one repayment answers many recoveries.
    #[schema(value_type = i64)]
    pub whole_fen: Fen,
    /// Why (`ledger::Code`).
    pub code: String,
    /// How (`ledger::TransferKind`).
    pub kind: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Everything about one claim.
#[derive(Clone, Debug)]
pub struct ClaimView {
    /// The claim with its names.
    pub row: ClaimRow,
    /// The order that it is about.
    pub order: Order,
    /// What it was paid on; empty unless it was.
    pub evidence: Vec<Evidence>,
    /// The stored decision.
    pub decision: Option<StoredDecision>,
    /// The programme by which it was decided, for its clauses.
    pub programme: Option<Arc<Programme>>,
    /// What was recovered.
    pub recoveries: Vec<Recovery>,
    /// The payment that carried it.
    pub payment: Option<Payment>,
    /// The books.
    pub entries: Vec<BookEntry>,
    /// What the accounts in the books are called.
    pub names: funds::Names,
}

fn subject(claim: &Claim) -> Subject<'_> {
    Subject::between(&claim.enterprise_id, &claim.provider_id, Some(&claim.district))
}

/// A claim that the actor may see; to anybody else it is not there.
async fn visible(cx: &mut Cx, id: &str) -> Result<Claim, ReadError> {
    let claim = claims::claim(cx, id).await?.ok_or(ReadError::NotFound)?;
    match cx.permits(Action::ViewSettlement, &subject(&claim)) {
        true => Ok(claim),
        false => Err(ReadError::NotFound),
    }
}

/// One claim with everything behind it.
pub async fn view(cx: &mut Cx, id: &str) -> Result<ClaimView, ReadError> {
    let claim = visible(cx, id).await?;
    let order = orders::order(cx, &claim.order_id).await?.ok_or(ReadError::NotFound)?;
    // The list's row, without its narrowing: that this claim may be seen is settled.
    let filter = ClaimFilter { order_id: Some(claim.order_id.clone()), limit: LIMIT_MAX, ..ClaimFilter::default() };
    let rows = claims::list(cx, &filter).await?;
    let row = rows.into_iter().find(|r| r.claim.id == claim.id).ok_or(ReadError::NotFound)?;
    let decision = match &claim.decided {
        Some(d) => policy::decision(cx, &d.decision_id).await?,
        None => None,
    };
    let programme = match &decision {
        Some(d) => Some(policy::by_sha256(cx, &d.decision.programme_sha256).await?),
        None => policy::published(cx, &claim.programme_id).await?,
    };
    let recoveries = money::recoveries_of_claim(cx, id).await?;
    let payment = match &claim.payment_id {
        Some(id) => money::payment(cx, id).await?,
        None => None,
    };
    let entries = entries(cx, &claim, &recoveries, payment.as_ref()).await?;
    let accounts: Vec<&str> = entries.iter().flat_map(|e| [e.debit.as_str(), e.credit.as_str()]).collect();
    let names = funds::names(cx, &accounts).await?;
    let evidence = claims::evidence(cx, id).await?;
    Ok(ClaimView { row, order, evidence, decision, programme, recoveries, payment, entries, names })
}

/// The effect of an entry on what a claim stands at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Held by the order on the voucher.
    pub held_fen: Fen,
    /// Owed to the provider.
    pub owed_fen: Fen,
    /// To come back from the provider.
    pub due_back_fen: Fen,
}

impl Standing {
    /// What stands after `e`.
    pub fn after(self, e: &BookEntry) -> Standing {
        let mut next = self;
        match (e.code.as_str(), e.kind.as_str()) {
            ("hold", _) => next.held_fen += e.amount_fen,
            ("settle", _) => {
                next.held_fen -= e.amount_fen;
                next.owed_fen += e.amount_fen;
            }
            ("release" | "expire", _) => next.held_fen -= e.amount_fen,
            ("pay", _) => next.owed_fen -= e.amount_fen,
            ("recover", _) => next.due_back_fen += e.amount_fen,
            ("repay", _) => next.due_back_fen -= e.amount_fen,
            _ => {}
        }
        next
    }
}

const TRANSFER: &str = "SELECT transfer_id, debit, credit, amount_fen, code, kind, at_us, seq FROM pub_funds_transfer";

fn entry_of(r: &Row) -> Result<(i64, BookEntry), StoreError> {
    let amount_fen = r.get("amount_fen")?;
    let entry = BookEntry {
        transfer_id: r.get("transfer_id")?,
        debit: r.get("debit")?,
        credit: r.get("credit")?,
        amount_fen,
        whole_fen: amount_fen,
        code: r.get("code")?,
        kind: r.get("kind")?,
        at: r.get("at_us")?,
    };
    Ok((r.get("seq")?, entry))
}

async fn transfer(cx: &mut Cx, id: &str) -> Result<Option<(i64, BookEntry)>, StoreError> {
    cx.opt(format!("{TRANSFER} WHERE transfer_id = $1"), params![id]).await?.as_ref().map(entry_of).transpose()
}

/// The hold and what became of it: settled, and the rest released in the same step, or all of it released or expired.
async fn of_hold(cx: &mut Cx, claim: &Claim) -> Result<Vec<(i64, BookEntry)>, StoreError> {
    let Some(hold) = vouchers::reservation_of_order(cx, &claim.order_id).await? else { return Ok(Vec::new()) };
    let Some(held) = transfer(cx, &hold.id).await? else { return Ok(Vec::new()) };
    let mut out = vec![held.clone()];
    for row in cx.all(format!("{TRANSFER} WHERE pending_id = $1"), params![&hold.id]).await? {
        let (seq, entry) = entry_of(&row)?;
        // An order that was refused and claimed again is settled by the later claim, not by this one.
        if entry.kind == "post" && !claim.state.carries_money() {
            continue;
        }
        let rest = held.1.amount_fen - entry.amount_fen;
        let released = (entry.kind == "post" && rest > Fen::ZERO).then(|| BookEntry {
            debit: held.1.credit.clone(),
            credit: held.1.debit.clone(),
            amount_fen: rest,
            code: "release".to_owned(),
            ..entry.clone()
        });
        out.push((seq, entry));
        out.extend(released.map(|e| (seq, e)));
    }
    Ok(out)
}

async fn entries(
    cx: &mut Cx,
    claim: &Claim,
    recoveries: &[Recovery],
    payment: Option<&Payment>,
) -> Result<Vec<BookEntry>, StoreError> {
    let mut out = of_hold(cx, claim).await?;
    if let Some(p) = payment {
        // Where all was set off the bank moved nothing; the claim is answered by the set-off.
        let id = p.transfer_id.clone().unwrap_or_else(|| format!("{}/set-off", p.id));
        if let Some((seq, entry)) = transfer(cx, &id).await? {
            let (amount_fen, code) = (claim.amount_fen(), "pay".to_owned());
            out.push((seq, BookEntry { amount_fen, whole_fen: p.gross_fen, code, ..entry }));
        }
    }
    for recovery in recoveries {
        out.extend(transfer(cx, &recovery.transfer_id).await?);
        for back in money::returns_of(cx, &recovery.id).await? {
            let found = transfer(cx, &back.transfer_id).await?;
            out.extend(found.map(|(seq, e)| (seq, BookEntry { amount_fen: back.amount_fen, ..e })));
        }
    }
    out.sort_by_key(|(seq, _)| *seq);
    Ok(out.into_iter().map(|(_, entry)| entry).collect())
}

/// Corrections of bills that settlements rest on and that nobody has reviewed.
pub async fn corrections_waiting(cx: &mut Cx) -> Result<i64, ReadError> {
    if !cx.permits(Action::DecideSettlement, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    Ok(crate::store::usage_rows::corrections_waiting(cx).await?)
}

/// What the payments of one provider, or of all, came to: what was owed, what was kept of it, what the bank paid. Nothing
/// for those who see single claims of several providers only: a payment cannot be split among them.
pub async fn payment_sums(cx: &mut Cx) -> Result<Option<(Fen, Fen, Fen)>, ReadError> {
    if !cx.permits(Action::ViewSettlement, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let of = match cx.actor.role {
        Role::Provider => Some(cx.actor.org().to_owned()),
        Role::CityOfficer | Role::Auditor => None,
        _ => return Ok(None),
    };
    Ok(Some(money::payment_sums(cx, of.as_deref()).await?))
}

/// What a waiting claim would come to if it were decided now, with the programme's text for its clauses.
pub async fn preview(cx: &mut Cx, claim_id: &str) -> Result<(Outlook, Option<Arc<Programme>>), ReadError> {
    let claim = visible(cx, claim_id).await?;
    let order = orders::order(cx, &claim.order_id).await?.ok_or(ReadError::NotFound)?;
    outlook(cx, &order, &claim.instrument_id, &claim.programme_id).await
}

/// What a claim on an order would come to: for its provider, before it claims.
pub async fn before_claiming(
    cx: &mut Cx,
    order_id: &str,
) -> Result<(Order, Outlook, Option<Arc<Programme>>), ReadError> {
    let order = orders::order(cx, order_id).await?.ok_or(ReadError::NotFound)?;
    if !cx.permits(Action::ClaimSettlement, &Subject::org(&order.provider_id)) {
        return Err(ReadError::NotFound);
    }
    let Some(voucher_id) = order.voucher_id.clone() else { return Err(ReadError::NotFound) };
    let voucher = vouchers::voucher(cx, &voucher_id).await?.ok_or(ReadError::NotFound)?;
    let (outlook, programme) = outlook(cx, &order, &voucher.instrument_id, &voucher.programme_id).await?;
    Ok((order, outlook, programme))
}

async fn outlook(
    cx: &mut Cx,
    order: &Order,
    instrument_id: &str,
    programme_id: &str,
) -> Result<(Outlook, Option<Arc<Programme>>), ReadError> {
    let outlook = gather::outlook(cx, order, instrument_id).await?;
    let today = cx.today();
    let programme = policy::programme_on(cx, programme_id, today).await?.map(|(_, p)| p);
    Ok((outlook, programme))
}
