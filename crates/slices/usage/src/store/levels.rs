//! Evidence levels of orders over time, and the device aggregates that L4 reads.

use jiff::civil::Date;
use kernel::{EvidenceLevel, Fen, Text};
use serde::{Deserialize, Serialize};
use store::{Cx, Row, StoreError, params};

use crate::model::Assessed;
use crate::store::{Conditions, json, to_json};

fn read(r: &Row) -> Result<Assessed, StoreError> {
    let months: i64 = r.get("months_metered")?;
    let unreadable = |_| StoreError::Column { column: "months_metered".into(), why: format!("{months} is no count") };
    Ok(Assessed {
        order_id: r.get("order_id")?,
        level: r.get("level")?,
        reason: Text::new(r.get::<String>("reason_zh")?, r.get::<String>("reason_en")?),
        months_metered: u32::try_from(months).map_err(unreadable)?,
        net_fen: r.get::<Fen>("net_fen")?,
        statement_ids: json(&r.get::<String>("statement_ids_json")?, "usage_level.statement_ids_json")?,
        assessed_on: Some(r.get("assessed_on")?),
    })
}

/// The assessment that stands.
pub(crate) async fn standing(cx: &mut Cx, order_id: &str) -> Result<Option<Assessed>, StoreError> {
    let sql = "SELECT * FROM usage_level WHERE order_id = $1 AND replaced_on IS NULL";
    cx.opt(sql, params![order_id]).await?.as_ref().map(read).transpose()
}

/// All assessments of an order, newest first.
pub(crate) async fn history(cx: &mut Cx, order_id: &str) -> Result<Vec<Assessed>, StoreError> {
    let sql = "SELECT * FROM usage_level WHERE order_id = $1 ORDER BY seq DESC LIMIT 100";
    cx.all(sql, params![order_id]).await?.iter().map(read).collect()
}

/// Whose order a level is about.
pub(crate) struct Whose<'a> {
    pub enterprise_id: &'a str,
    pub provider_id: &'a str,
    pub sub_item: &'a str,
    pub district: Option<&'a str>,
}

/// Appends an assessment; the one before it is marked as replaced.
pub(crate) async fn append(cx: &mut Cx, whose: &Whose<'_>, a: &Assessed) -> Result<(), StoreError> {
    let (today, now, id) = (cx.today(), cx.now, cx.new_id("lvl"));
    let close = "UPDATE usage_level SET replaced_on = $2 WHERE order_id = $1 AND replaced_on IS NULL";
    cx.execute(close, params![&a.order_id, today]).await?;
    let last = cx.one("SELECT MAX(seq) AS seq FROM usage_level WHERE order_id = $1", params![&a.order_id]).await?;
    let seq = last.get::<Option<i64>>("seq")?.unwrap_or(0) + 1;
    let sql = "INSERT INTO usage_level (id, order_id, seq, enterprise_id, provider_id, sub_item, district, level, reason_zh, \
               reason_en, months_metered, net_fen, statement_ids_json, assessed_on, assessed_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let values = params![
        id,
        &a.order_id,
        seq,
        whose.enterprise_id,
        whose.provider_id,
        whose.sub_item,
        whose.district,
        a.level,
        &a.reason.zh,
        &a.reason.en,
        a.months_metered,
        a.net_fen,
        to_json(&a.statement_ids, "usage_level.statement_ids_json")?,
        today,
        now,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// Most devices of an enterprise that reported on one day of `from..=to`.
pub(crate) async fn devices_most(cx: &mut Cx, enterprise_id: &str, from: Date, to: Date) -> Result<u32, StoreError> {
    let sql = "SELECT CAST(MAX(devices_reporting) AS BIGINT) AS n FROM usage_device_daily \
               WHERE enterprise_id = $1 AND day >= $2 AND day <= $3";
    let most: Option<i64> = cx.one(sql, params![enterprise_id, from, to]).await?.get("n")?;
    Ok(most.and_then(|n| u32::try_from(n).ok()).unwrap_or(0))
}

/// Notes enterprises whose orders are to be assessed anew.
pub(crate) async fn note_to_assess(cx: &mut Cx, enterprises: &[String]) -> Result<(), StoreError> {
    let sql = "INSERT INTO usage_to_assess (enterprise_id, since_us) VALUES ($1, $2) \
               ON CONFLICT (enterprise_id) DO NOTHING";
    let now = cx.now;
    for enterprise in enterprises {
        cx.execute(sql, params![enterprise, now]).await?;
    }
    Ok(())
}

/// Enterprises that are noted, the first first.
pub(crate) async fn to_assess(cx: &mut Cx, limit: u32) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT enterprise_id FROM usage_to_assess ORDER BY since_us, enterprise_id LIMIT $1";
    cx.all(sql, params![limit]).await?.iter().map(|r| r.get("enterprise_id")).collect()
}

/// They have been assessed.
pub(crate) async fn forget_to_assess(cx: &mut Cx, enterprises: &[String]) -> Result<(), StoreError> {
    for enterprise in enterprises {
        cx.execute("DELETE FROM usage_to_assess WHERE enterprise_id = $1", params![enterprise]).await?;
    }
    Ok(())
}

/// Which orders' levels to list, in order of their ids, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelFilter {
    /// Of one enterprise.
    pub enterprise_id: Option<String>,
    /// Of one provider.
    pub provider_id: Option<String>,
    /// Of one district.
    pub district: Option<String>,
    /// At one level.
    pub level: Option<EvidenceLevel>,
    /// Older than this order: the cursor.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// A standing level with the names that a list shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelRow {
    /// The assessment.
    #[serde(flatten)]
    pub assessed: Assessed,
    /// The order's number.
    pub order_number: String,
    /// What was ordered.
    pub sub_item: String,
    /// District code.
    pub district: Option<String>,
    /// Who uses.
    pub enterprise_id: String,
    /// Its name.
    pub enterprise_name: String,
    /// The provider's name.
    pub provider_name: String,
}

pub(crate) async fn list(cx: &mut Cx, f: &LevelFilter) -> Result<Vec<LevelRow>, StoreError> {
    let mut c = Conditions::default();
    c.add("l.enterprise_id = $", f.enterprise_id.clone());
    c.add("l.provider_id = $", f.provider_id.clone());
    c.add("l.district = $", f.district.clone());
    c.add("l.level = $", f.level);
    c.add("l.order_id < $", f.after.clone());
    let (text, limit) = (c.text(), c.limit(f.limit));
    let sql = format!(
        "SELECT l.*, o.number AS order_number, e.name AS enterprise_name, p.name AS provider_name FROM usage_level l \
         JOIN pub_orders_order o ON o.order_id = l.order_id JOIN pub_orgs_org e ON e.org_id = l.enterprise_id \
         JOIN pub_orgs_org p ON p.org_id = l.provider_id \
         WHERE {text} AND l.replaced_on IS NULL ORDER BY l.order_id DESC {limit}"
    );
    let one = |r: &Row| {
        Ok(LevelRow {
            assessed: read(r)?,
            order_number: r.get("order_number")?,
            sub_item: r.get("sub_item")?,
            district: r.get("district")?,
            enterprise_id: r.get("enterprise_id")?,
            enterprise_name: r.get("enterprise_name")?,
            provider_name: r.get("provider_name")?,
        })
    };
    cx.all(sql, c.values).await?.iter().map(one).collect()
}

/// Orders that are under way, after `after`, in order of their ids.
pub(crate) async fn orders_to_assess(cx: &mut Cx, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT order_id FROM pub_orders_order WHERE order_id > $1 \
               AND state IN ('confirmed', 'contracted', 'settled') ORDER BY order_id LIMIT $2";
    cx.all(sql, params![after, limit]).await?.iter().map(|r| r.get("order_id")).collect()
}

/// Orders of an enterprise that are under way.
pub(crate) async fn orders_of(cx: &mut Cx, enterprise_id: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT order_id FROM pub_orders_order WHERE enterprise_id = $1 \
               AND state IN ('confirmed', 'contracted', 'settled') ORDER BY order_id";
    cx.all(sql, params![enterprise_id]).await?.iter().map(|r| r.get("order_id")).collect()
}

/// Has the enterprise an assessed order in this district?
pub(crate) async fn has_order_in(cx: &mut Cx, enterprise_id: &str, district: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS n FROM usage_level WHERE enterprise_id = $1 AND district = $2 LIMIT 1";
    Ok(cx.opt(sql, params![enterprise_id, district]).await?.is_some())
}
