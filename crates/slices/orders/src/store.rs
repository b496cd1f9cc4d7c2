//! Every SQL statement about orders; papers are in [`papers`].

pub(crate) mod papers;

use kernel::Fen;
use serde::{Deserialize, Serialize};
use store::{Cx, Param, Row, StoreError, params};

use crate::model::{Order, OrderState};

fn read(r: &Row) -> Result<Order, StoreError> {
    let state: String = r.get("state")?;
    let unknown = || StoreError::Column { column: "state".into(), why: format!("{state:?} is not a known state") };
    Ok(Order {
        id: r.get("id")?,
        number: r.get("number")?,
        enterprise_id: r.get("enterprise_id")?,
        provider_id: r.get("provider_id")?,
        service_id: r.get("service_id")?,
        service_version: r.get("service_version")?,
        sub_item: r.get("sub_item")?,
        voucher_id: r.get("voucher_id")?,
        batch_id: r.get("batch_id")?,
        programme_id: r.get("programme_id")?,
        district: r.get("district")?,
        quantity: r.get("quantity")?,
        months: r.get("months")?,
        discount_bp: r.get("discount_bp")?,
        rate_bp: r.get("rate_bp")?,
        list_fen: r.get("list_fen")?,
        platform_share_fen: r.get("platform_share_fen")?,
        public_share_fen: r.get("public_share_fen")?,
        own_share_fen: r.get("own_share_fen")?,
        state: OrderState::from_code(&state).ok_or_else(unknown)?,
        starts_on: r.get("starts_on")?,
        ends_on: r.get("ends_on")?,
        placed_at: r.get("placed_at_us")?,
        confirmed_at: r.get("confirmed_at_us")?,
        ended_at: r.get("ended_at_us")?,
        end_reason: r.get("end_reason")?,
    })
}

/// An order by its id.
pub async fn order(cx: &mut Cx, id: &str) -> Result<Option<Order>, StoreError> {
    let row = cx.opt("SELECT * FROM orders_order WHERE id = $1", params![id]).await?;
    row.as_ref().map(read).transpose()
}

/// Writes an order, new or changed. What was agreed (who, what, at which version, list amount) never changes.
pub(crate) async fn put(cx: &mut Cx, o: &Order) -> Result<(), StoreError> {
    let sql = "INSERT INTO orders_order (id, number, enterprise_id, provider_id, service_id, service_version, sub_item, \
               voucher_id, batch_id, programme_id, district, quantity, months, discount_bp, rate_bp, list_fen, \
               platform_share_fen, public_share_fen, own_share_fen, state, starts_on, ends_on, placed_at_us, \
               confirmed_at_us, ended_at_us, end_reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
               $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26) \
               ON CONFLICT (id) DO UPDATE SET voucher_id = excluded.voucher_id, batch_id = excluded.batch_id, \
               programme_id = excluded.programme_id, district = excluded.district, rate_bp = excluded.rate_bp, \
               public_share_fen = excluded.public_share_fen, own_share_fen = excluded.own_share_fen, \
               state = excluded.state, confirmed_at_us = excluded.confirmed_at_us, \
               ended_at_us = excluded.ended_at_us, end_reason = excluded.end_reason";
    let values = params![
        &o.id,
        &o.number,
        &o.enterprise_id,
        &o.provider_id,
        &o.service_id,
        o.service_version,
        &o.sub_item,
        o.voucher_id.clone(),
        o.batch_id.clone(),
        o.programme_id.clone(),
        o.district.clone(),
        o.quantity,
        o.months,
        o.discount_bp,
        o.rate_bp,
        o.list_fen,
        o.platform_share_fen,
        o.public_share_fen,
        o.own_share_fen,
        o.state.code(),
        o.starts_on,
        o.ends_on,
        o.placed_at,
        o.confirmed_at,
        o.ended_at,
        &o.end_reason,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// The number of an order that is not over yet and asks the same: enterprise, service, (quantity, months) and first day.
pub(crate) async fn same_open(
    cx: &mut Cx,
    enterprise_id: &str,
    service_id: &str,
    (quantity, months): (i64, i64),
    starts_on: jiff::civil::Date,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT number FROM orders_order WHERE enterprise_id = $1 AND service_id = $2 AND quantity = $3 \
               AND months = $4 AND starts_on = $5 AND state IN ('proposed', 'placed', 'confirmed', 'contracted') \
               ORDER BY number LIMIT 1";
    let found = cx.opt(sql, params![enterprise_id, service_id, quantity, months, starts_on]).await?;
    found.map(|r| r.get("number")).transpose()
}

/// The number of the next order of a year: `DD-2019-000001` (订单).
pub(crate) async fn next_number(cx: &mut Cx) -> Result<String, StoreError> {
    let year = cx.today().year();
    let n = cx.next_number(&format!("order/{year}")).await?;
    Ok(format!("DD-{year}-{n:06}"))
}

/// Which orders to list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFilter {
    /// Of one enterprise.
    pub enterprise_id: Option<String>,
    /// Of one provider.
    pub provider_id: Option<String>,
    /// Of one district.
    pub district: Option<String>,
    /// In one state.
    pub state: Option<OrderState>,
    /// With this number.
    pub number: Option<String>,
    /// Older than the order with this id: the cursor.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// An order with the names that a list shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderRow {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// Who orders.
    pub enterprise_name: String,
    /// Who delivers.
    pub provider_name: String,
    /// What, in Chinese.
    pub service_zh: String,
    /// What, in English; may be empty.
    pub service_en: String,
}

/// The conditions of a filter and their values. Only what is asked for is in the text, so that the database takes
/// the index that fits.
fn conditions(f: &OrderFilter) -> (String, Vec<Param>) {
    let (mut text, mut values): (String, Vec<Param>) = ("1 = 1".into(), Vec::new());
    let mut add = |condition: &str, value: Option<String>| {
        if let Some(value) = value {
            values.push(value.into());
            text.push_str(&format!(" AND {condition} ${}", values.len()));
        }
    };
    add("o.enterprise_id =", f.enterprise_id.clone());
    add("o.provider_id =", f.provider_id.clone());
    add("o.district =", f.district.clone());
    add("o.state =", f.state.map(|s| s.code().to_owned()));
    add("o.number =", f.number.clone());
    add("o.id <", f.after.clone());
    (text, values)
}

/// Lists orders with their names.
pub(crate) async fn list(cx: &mut Cx, f: &OrderFilter) -> Result<Vec<OrderRow>, StoreError> {
    let (text, mut values) = conditions(f);
    values.push(f.limit.into());
    let sql = format!(
        "SELECT o.*, e.name AS enterprise_name, p.name AS provider_name, s.name_zh AS service_zh, \
         s.name_en AS service_en FROM orders_order o \
         JOIN pub_orgs_org e ON e.org_id = o.enterprise_id JOIN pub_orgs_org p ON p.org_id = o.provider_id \
         JOIN pub_catalogue_service s ON s.service_id = o.service_id \
         WHERE {text} ORDER BY o.id DESC LIMIT ${}",
        values.len()
    );
    let rows = cx.all(sql, values).await?;
    let one = |r: &Row| {
        Ok(OrderRow {
            order: read(r)?,
            enterprise_name: r.get("enterprise_name")?,
            provider_name: r.get("provider_name")?,
            service_zh: r.get("service_zh")?,
            service_en: r.get("service_en")?,
        })
    };
    rows.iter().map(one).collect()
}

/// How many orders stand in each state, and what their shares are together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateTotal {
    /// The state.
    pub state: OrderState,
    /// How many.
    pub orders: i64,
    /// Their public shares together.
    pub public_share_fen: Fen,
}

/// Totals by state of what the filter leaves (its state and cursor put aside).
pub(crate) async fn totals(cx: &mut Cx, f: &OrderFilter) -> Result<Vec<StateTotal>, StoreError> {
    let (text, values) = conditions(&OrderFilter { state: None, after: None, ..f.clone() });
    let sql = format!(
        "SELECT o.state, COUNT(*) AS n, CAST(SUM(o.public_share_fen) AS BIGINT) AS public_fen \
         FROM orders_order o WHERE {text} GROUP BY o.state"
    );
    let mut out = Vec::new();
    for r in cx.all(sql, values).await? {
        let code: String = r.get("state")?;
        let state = OrderState::from_code(&code).ok_or_else(|| StoreError::Column {
            column: "state".into(),
            why: format!("{code:?} is not a known state"),
        })?;
        out.push(StateTotal { state, orders: r.get("n")?, public_share_fen: r.get("public_fen")? });
    }
    out.sort_by_key(|t| OrderState::ALL.iter().position(|s| *s == t.state));
    Ok(out)
}

/// Settled orders whose time was over before `today`.
pub(crate) async fn settled_and_over(cx: &mut Cx, today: jiff::civil::Date) -> Result<Vec<Order>, StoreError> {
    let sql = "SELECT * FROM orders_order WHERE state = 'settled' AND ends_on < $1 ORDER BY id";
    let rows = cx.all(sql, params![today]).await?;
    rows.iter().map(read).collect()
}

/// A voucher that an enterprise may spend: its id, number and last day.
pub(crate) async fn spendable(
    cx: &mut Cx,
    enterprise_id: &str,
    today: jiff::civil::Date,
) -> Result<Vec<(String, String, jiff::civil::Date)>, StoreError> {
    let sql = "SELECT voucher_id, number, expires_on FROM pub_vouchers_voucher WHERE org_id = $1 \
               AND state IN ('issued', 'reserved') AND expires_on >= $2 ORDER BY expires_on, number";
    let rows = cx.all(sql, params![enterprise_id, today]).await?;
    rows.iter().map(|r| Ok((r.get("voucher_id")?, r.get("number")?, r.get("expires_on")?))).collect()
}
