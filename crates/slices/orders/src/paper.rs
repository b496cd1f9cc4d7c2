//! What recording a contract, an invoice and a payment have in common.

use jiff::civil::Date;
use kernel::{Action, Subject, Uscc};
use store::{Cx, StoreError};

use crate::model::{Document, Order, PaperMeta};
use crate::store as rows;

/// The two sides of an order, by credit code.
pub(crate) struct Parties {
    pub enterprise: Uscc,
    pub provider: Uscc,
}

impl Parties {
    /// Is this the enterprise's credit code, however it is typed?
    pub fn is_enterprise(&self, stated: &str) -> bool {
        Uscc::try_new(stated).is_ok_and(|u| u == self.enterprise)
    }
    /// Is this the provider's?
    pub fn is_provider(&self, stated: &str) -> bool {
        Uscc::try_new(stated).is_ok_and(|u| u == self.provider)
    }
}

/// The order as the subject of a permission.
pub(crate) fn subject(order: &Order) -> Subject<'_> {
    Subject::between(&order.enterprise_id, &order.provider_id, order.district.as_deref())
}

/// Either side of the order records its papers.
pub(crate) fn may_record(cx: &Cx, order: &Order) -> bool {
    cx.permits(Action::RecordDocuments, &subject(order))
}

/// Reads both sides' credit codes.
pub(crate) async fn parties(cx: &mut Cx, order: &Order) -> Result<Parties, StoreError> {
    let missing = |id: &str| StoreError::Missing(format!("organisation {id} of order {}", order.id));
    let enterprise = orgs::find(cx, &order.enterprise_id).await?.ok_or_else(|| missing(&order.enterprise_id))?;
    let provider = orgs::find(cx, &order.provider_id).await?.ok_or_else(|| missing(&order.provider_id))?;
    Ok(Parties { enterprise: enterprise.uscc, provider: provider.uscc })
}

/// First and last day of the order's voucher, if it has one.
pub(crate) async fn voucher_days(cx: &mut Cx, order: &Order) -> Result<Option<(Date, Date)>, StoreError> {
    let Some(id) = &order.voucher_id else { return Ok(None) };
    let voucher = vouchers::voucher(cx, id).await?;
    let voucher = voucher.ok_or_else(|| StoreError::Missing(format!("voucher {id} of order {}", order.id)))?;
    Ok(Some((voucher.issued_on, voucher.expires_on)))
}

/// How an order is named to somebody who may not know of it: by its number only if they may see it.
pub(crate) async fn whose(cx: &mut Cx, order_id: &str) -> Result<(String, String), StoreError> {
    let seen = rows::order(cx, order_id).await?.filter(|o| cx.permits(Action::ViewOrder, &subject(o)));
    Ok(match seen {
        Some(o) => (format!("订单 {}", o.number), format!("order {}", o.number)),
        None => ("另一订单".into(), "another order".into()),
    })
}

/// A new paper's id, document, who and when.
pub(crate) fn meta(cx: &mut Cx, prefix: &str, order_id: &str, document: Document) -> PaperMeta {
    PaperMeta {
        id: cx.new_id(prefix),
        order_id: order_id.to_owned(),
        document,
        recorded_by: cx.actor.user_id.clone(),
        recorded_at: cx.now,
        voided_at: None,
        void_reason: String::new(),
    }
}
