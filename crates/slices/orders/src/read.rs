//! Reading: one order with its papers and its history, lists, and a paper's document.

use kernel::{Action, Role, Subject};
use serde::{Deserialize, Serialize};
use store::{Cx, JournalEntry, JournalFilter, StoreError};

use crate::model::{Document, Order, Papers};
use crate::paper;
use crate::store as rows;
use crate::store::papers::{self, Which};
use crate::store::{OrderFilter, OrderRow, StateTotal};

store::refusals! {
    /// Why an order is not shown.
    pub enum ReadError {}
}

/// An order by its id, for other slices; they ask permission themselves.
pub async fn order(cx: &mut Cx, id: &str) -> Result<Option<Order>, StoreError> {
    rows::order(cx, id).await
}

/// The standing papers of an order, for other slices.
pub async fn papers(cx: &mut Cx, order_id: &str) -> Result<Papers, StoreError> {
    papers::papers(cx, order_id, Which::Standing).await
}

/// Everything about one order.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderView {
    /// The order with its names.
    pub row: OrderRow,
    /// Papers that stand.
    pub papers: Papers,
    /// Papers that were voided.
    pub voided: Papers,
    /// Credit codes of the enterprise and the provider, for the forms.
    pub usccs: [String; 2],
    /// The number of its voucher, as people read it.
    pub voucher_number: Option<String>,
}

async fn visible(cx: &mut Cx, id: &str) -> Result<Order, ReadError> {
    let order = rows::order(cx, id).await?.ok_or(ReadError::NotFound)?;
    // To whom it is not shown it does not exist: an id tells nothing.
    if !cx.permits(Action::ViewOrder, &paper::subject(&order)) {
        return Err(ReadError::NotFound);
    }
    Ok(order)
}

/// One order with its papers.
pub async fn view(cx: &mut Cx, id: &str) -> Result<OrderView, ReadError> {
    let order = visible(cx, id).await?;
    let filter = OrderFilter { number: Some(order.number.clone()), limit: 1, ..OrderFilter::default() };
    let row = rows::list(cx, &filter).await?.pop().ok_or(ReadError::NotFound)?;
    let parties = paper::parties(cx, &order).await?;
    let voucher_number = match &order.voucher_id {
        Some(id) => vouchers::voucher(cx, id).await?.map(|v| v.number),
        None => None,
    };
    Ok(OrderView {
        row,
        papers: papers::papers(cx, id, Which::Standing).await?,
        voided: papers::papers(cx, id, Which::Voided).await?,
        usccs: [parties.enterprise.as_str().to_owned(), parties.provider.as_str().to_owned()],
        voucher_number,
    })
}

/// What happened to an order, oldest first.
pub async fn history(cx: &mut Cx, id: &str) -> Result<Vec<JournalEntry>, ReadError> {
    visible(cx, id).await?;
    let filter = JournalFilter { object: Some(format!("order/{id}")), limit: 200, ..JournalFilter::default() };
    let mut entries = store::list_journal(cx, &filter).await?;
    entries.reverse();
    Ok(entries)
}

/// Narrows a list to what the reader may see: its own organisation, its own district, or all.
fn narrowed(cx: &Cx, mut filter: OrderFilter) -> OrderFilter {
    match cx.actor.role {
        Role::EnterpriseOwner | Role::EnterpriseMember => filter.enterprise_id = Some(cx.actor.org().to_owned()),
        Role::Provider => filter.provider_id = Some(cx.actor.org().to_owned()),
        Role::DistrictOfficer => filter.district = Some(cx.actor.district.clone().unwrap_or_default()),
        _ => {}
    }
    filter
}

/// Orders that the reader may see, newest first.
pub async fn list(cx: &mut Cx, filter: OrderFilter) -> Result<Vec<OrderRow>, ReadError> {
    if !cx.permits(Action::ViewOrder, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let filter = narrowed(cx, filter);
    Ok(rows::list(cx, &filter).await?)
}

/// How many orders the reader may see stand in each state.
pub async fn totals(cx: &mut Cx, filter: OrderFilter) -> Result<Vec<StateTotal>, ReadError> {
    if !cx.permits(Action::ViewOrder, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let filter = narrowed(cx, filter);
    Ok(rows::totals(cx, &filter).await?)
}

/// The document of one of an order's papers, voided ones too. Its content is then read from `Blobs` by its hash.
pub async fn document(cx: &mut Cx, order_id: &str, sha256: &str) -> Result<Document, ReadError> {
    visible(cx, order_id).await?;
    for which in [Which::Standing, Which::Voided] {
        let p = papers::papers(cx, order_id, which).await?;
        let documents = p.contract.iter().map(|c| &c.meta.document);
        let documents = documents.chain(p.invoices.iter().map(|i| &i.meta.document));
        let mut documents = documents.chain(p.payments.iter().map(|p| &p.meta.document));
        if let Some(d) = documents.find(|d| d.sha256 == sha256) {
            return Ok(d.clone());
        }
    }
    Err(ReadError::NotFound)
}

/// A voucher that can be chosen for an order.
pub struct Spendable {
    /// Id.
    pub id: String,
    /// The number that people read.
    pub number: String,
    /// Last day.
    pub expires_on: jiff::civil::Date,
    /// What can still be spent of it.
    pub left_fen: kernel::Fen,
}

/// The vouchers of an enterprise that have something left, the one that runs out first at the top.
pub async fn spendable(cx: &mut Cx, enterprise_id: &str, provider_id: &str) -> Result<Vec<Spendable>, ReadError> {
    if !cx.permits(Action::PlaceOrder, &Subject::org(enterprise_id)) {
        return Err(ReadError::Forbidden);
    }
    let today = cx.today();
    let mut out = Vec::new();
    for (id, number, expires_on) in rows::spendable(cx, enterprise_id, today).await? {
        let left = vouchers::remainders(cx, &id, provider_id, today).await?;
        let left_fen = left.map_or(kernel::Fen::ZERO, |r| r.voucher_fen);
        if left_fen > kernel::Fen::ZERO {
            out.push(Spendable { id, number, expires_on, left_fen });
        }
    }
    Ok(out)
}
