//! Every statement: each stands in its own file, so that a statistician can read and check it.

use std::collections::HashMap;

use jiff::civil::Date;
use kernel::{EvidenceLevel, Fen, Text};
use serde_json::Value;
use store::{Cx, StoreError, params};

/// An order's level as at the day.
pub(crate) struct LevelRow {
    pub enterprise_id: String,
    pub sub_item: String,
    pub level: EvidenceLevel,
    /// SB-1
    pub counts: bool,
    pub months_metered: i64,
    pub net_fen: Fen,
}

pub(crate) async fn levels_as_at(cx: &mut Cx, day: Date) -> Result<Vec<LevelRow>, StoreError> {
    let mut out = Vec::new();
    for r in cx.all(include_str!("sql/levels_as_at.sql"), params![day]).await? {
        out.push(LevelRow {
            enterprise_id: r.get("enterprise_id")?,
            sub_item: r.get("sub_item")?,
            level: r.get("level")?,
            counts: r.get("counts")?,
            months_metered: r.get("months_metered")?,
            net_fen: r.get("net_fen")?,
        });
    }
    Ok(out)
}

pub(crate) async fn first_on_cloud(cx: &mut Cx, day: Date) -> Result<HashMap<String, Date>, StoreError> {
    let mut out = HashMap::new();
    for r in cx.all(include_str!("sql/first_on_cloud.sql"), params![day]).await? {
        out.insert(r.get("enterprise_id")?, r.get("first_on")?);
    }
    Ok(out)
}

/// Organisation → name of the fact → value.
pub(crate) async fn facts_as_at(cx: &mut Cx, day: Date) -> Result<HashMap<String, HashMap<String, Value>>, StoreError> {
    let mut out: HashMap<String, HashMap<String, Value>> = HashMap::new();
    for r in cx.all(include_str!("sql/facts_as_at.sql"), params![day]).await? {
        out.entry(r.get("org_id")?).or_default().insert(r.get("name")?, r.get("value_json")?);
    }
    Ok(out)
}

/// Claims paid, what was paid, what was recovered; of one district unless it is empty.
pub(crate) async fn money_as_at(cx: &mut Cx, day: Date, district: &str) -> Result<(i64, Fen, Fen), StoreError> {
    let r = cx.one(include_str!("sql/money_as_at.sql"), params![day, district]).await?;
    Ok((r.get("claims")?, r.get("paid_fen")?, r.get("recovered_fen")?))
}

pub(crate) async fn paid_by_district(cx: &mut Cx, day: Date) -> Result<HashMap<String, Fen>, StoreError> {
    let mut out = HashMap::new();
    for r in cx.all(include_str!("sql/paid_by_district.sql"), params![day]).await? {
        out.insert(r.get("district")?, r.get("paid_fen")?);
    }
    Ok(out)
}

pub(crate) async fn vouchers_as_at(cx: &mut Cx, day: Date, district: &str) -> Result<(i64, Fen), StoreError> {
    let r = cx.one(include_str!("sql/vouchers_as_at.sql"), params![day, district]).await?;
    Ok((r.get("vouchers")?, r.get("face_fen")?))
}

pub(crate) async fn providers_listed(cx: &mut Cx) -> Result<i64, StoreError> {
    cx.one(include_str!("sql/providers_listed.sql"), params![]).await?.get("n")
}

/// A target as the programme states it.
pub(crate) struct Target {
    pub code: String,
    pub title: Text,
    pub unit: Text,
    pub minimum: Option<i64>,
    pub exceeds: Option<i64>,
    pub maximum: Option<i64>,
    pub by_date: Date,
    pub statistic: String,
    pub locator: Text,
    pub starts_on: Date,
}

pub(crate) async fn targets(cx: &mut Cx, day: Date) -> Result<Vec<Target>, StoreError> {
    let mut out = Vec::new();
    for r in cx.all(include_str!("sql/targets.sql"), params![day]).await? {
        out.push(Target {
            code: r.get("code")?,
            title: Text::new(r.get::<String>("title_zh")?, r.get::<String>("title_en")?),
            unit: Text::new(r.get::<String>("unit_zh")?, r.get::<String>("unit_en")?),
            minimum: r.get("minimum")?,
            exceeds: r.get("exceeds")?,
            maximum: r.get("maximum")?,
            by_date: r.get("by_date")?,
            statistic: r.get("statistic")?,
            locator: Text::new(r.get::<String>("clause_locator")?, r.get::<String>("clause_locator_en")?),
            starts_on: r.get("starts_on")?,
        });
    }
    Ok(out)
}
