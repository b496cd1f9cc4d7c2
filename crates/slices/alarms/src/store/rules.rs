//! Rules and their versions, and the devices that they watch.

use isa18::Rule;
use store::{Cx, Row, StoreError, params};

use super::{coded, json, to_json};
use crate::model::{RuleRow, RuleState};

/// Counts a change of what is published, so that the evaluation knows it is old.
pub async fn touch(cx: &mut Cx) -> Result<(), StoreError> {
    cx.execute("UPDATE alarms_version SET value = value + 1 WHERE id = 1", vec![]).await?;
    Ok(())
}

/// How often what is published has changed.
pub async fn version(cx: &mut Cx) -> Result<i64, StoreError> {
    cx.one("SELECT value FROM alarms_version WHERE id = 1", vec![]).await?.get("value")
}

const RULE: &str = "SELECT r.id, r.org_id, r.state, r.version AS latest_version, r.published_version, v.version, \
    v.rule_json, v.by_name, v.at_us FROM alarms_rule r JOIN alarms_rule_version v ON v.rule_id = r.id";

fn read(r: &Row) -> Result<RuleRow, StoreError> {
    Ok(RuleRow {
        id: r.get("id")?,
        org_id: r.get("org_id")?,
        state: coded(r, "state", RuleState::from_code)?,
        version: r.get("version")?,
        latest_version: r.get("latest_version")?,
        published_version: r.get("published_version")?,
        rule: json(r, "rule_json")?,
        by_name: r.get("by_name")?,
        at: r.get("at_us")?,
    })
}

/// A rule at its latest version.
pub async fn rule(cx: &mut Cx, id: &str) -> Result<Option<RuleRow>, StoreError> {
    let row = cx.opt(format!("{RULE} AND v.version = r.version WHERE r.id = $1"), params![id]).await?;
    row.as_ref().map(read).transpose()
}

/// A rule at a version.
pub async fn rule_at(cx: &mut Cx, id: &str, version: i64) -> Result<Option<RuleRow>, StoreError> {
    let row = cx.opt(format!("{RULE} WHERE r.id = $1 AND v.version = $2"), params![id, version]).await?;
    row.as_ref().map(read).transpose()
}

/// All versions of a rule, newest first.
pub async fn versions(cx: &mut Cx, id: &str) -> Result<Vec<RuleRow>, StoreError> {
    let rows = cx.all(format!("{RULE} WHERE r.id = $1 ORDER BY v.version DESC"), params![id]).await?;
    rows.iter().map(read).collect()
}

/// An organisation's rules at their latest version, after `after`; narrowed to a state.
pub async fn rules_of(
    cx: &mut Cx,
    org_id: &str,
    state: Option<RuleState>,
    after: &str,
    limit: u32,
) -> Result<Vec<RuleRow>, StoreError> {
    let sql = format!(
        "{RULE} AND v.version = r.version WHERE r.org_id = $1 AND r.id > $2 AND ($3 = '' OR r.state = $3) \
         ORDER BY r.id LIMIT $4"
    );
    let rows = cx.all(sql, params![org_id, after, state.map_or("", RuleState::code), limit]).await?;
    rows.iter().map(read).collect()
}

/// Every published rule of everyone, as it is evaluated.
pub async fn published(cx: &mut Cx) -> Result<Vec<RuleRow>, StoreError> {
    let sql = format!("{RULE} AND v.version = r.published_version WHERE r.state = 'published' ORDER BY r.id");
    let rows = cx.all(sql, vec![]).await?;
    rows.iter().map(read).collect()
}

/// An organisation's published rules.
pub async fn published_of(cx: &mut Cx, org_id: &str) -> Result<Vec<RuleRow>, StoreError> {
    let sql = format!(
        "{RULE} AND v.version = r.published_version WHERE r.state = 'published' AND r.org_id = $1 ORDER BY r.id"
    );
    let rows = cx.all(sql, params![org_id]).await?;
    rows.iter().map(read).collect()
}

/// Writes a rule's head.
pub async fn put_head(cx: &mut Cx, r: &RuleRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO alarms_rule (id, org_id, state, version, published_version, created_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET state = excluded.state, \
               version = excluded.version, published_version = excluded.published_version";
    let values = params![&r.id, &r.org_id, r.state.code(), r.latest_version, r.published_version, r.at];
    cx.execute(sql, values).await?;
    Ok(())
}

/// Writes a version that is not published yet: a new one, or the same again (AR-1).
pub async fn put_draft(cx: &mut Cx, r: &RuleRow, rule: &Rule) -> Result<(), StoreError> {
    let sql = "INSERT INTO alarms_rule_version (rule_id, version, rule_json, by_id, by_name, at_us, published_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, NULL) ON CONFLICT (rule_id, version) DO UPDATE SET \
               rule_json = excluded.rule_json, by_id = excluded.by_id, by_name = excluded.by_name, \
               at_us = excluded.at_us WHERE alarms_rule_version.published_at_us IS NULL";
    let by = cx.actor.clone();
    let values = params![&r.id, r.version, to_json("rule", rule)?, by.user_id, &r.by_name, r.at];
    cx.execute(sql, values).await?;
    Ok(())
}

/// Marks a version as published.
pub async fn mark_published(cx: &mut Cx, id: &str, version: i64) -> Result<(), StoreError> {
    let now = cx.now;
    let sql = "UPDATE alarms_rule_version SET published_at_us = $3 WHERE rule_id = $1 AND version = $2";
    cx.execute(sql, params![id, version, now]).await?;
    touch(cx).await
}

/// A device that may be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: String,
    /// Whose.
    pub org_id: String,
    /// Its product.
    pub product_id: String,
    /// Its name.
    pub name: String,
}

fn read_device(r: &Row) -> Result<Device, StoreError> {
    Ok(Device { id: r.get("id")?, org_id: r.get("org_id")?, product_id: r.get("product_id")?, name: r.get("name")? })
}

/// Devices of organisations that have a published rule.
pub async fn watched_devices(cx: &mut Cx) -> Result<Vec<Device>, StoreError> {
    let sql = "SELECT d.device_id AS id, d.org_id, d.product_id, d.name FROM pub_devices_device d WHERE d.org_id IN \
               (SELECT org_id FROM alarms_rule WHERE state = 'published') ORDER BY d.device_id";
    let rows = cx.all(sql, vec![]).await?;
    rows.iter().map(read_device).collect()
}

/// One device.
pub async fn device(cx: &mut Cx, id: &str) -> Result<Option<Device>, StoreError> {
    let sql =
        "SELECT d.device_id AS id, d.org_id, d.product_id, d.name FROM pub_devices_device d WHERE d.device_id = $1";
    cx.opt(sql, params![id]).await?.as_ref().map(read_device).transpose()
}

/// An organisation's devices, for a form.
pub async fn devices_of(cx: &mut Cx, org_id: &str, limit: u32) -> Result<Vec<Device>, StoreError> {
    let sql = "SELECT d.device_id AS id, d.org_id, d.product_id, d.name FROM pub_devices_device d WHERE d.org_id = $1 \
               ORDER BY d.name, d.device_id LIMIT $2";
    let rows = cx.all(sql, params![org_id, limit]).await?;
    rows.iter().map(read_device).collect()
}

/// Has an organisation a device of a product?
pub async fn has_product(cx: &mut Cx, org_id: &str, product_id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT d.device_id FROM pub_devices_device d WHERE d.org_id = $1 AND d.product_id = $2 LIMIT 1";
    Ok(cx.opt(sql, params![org_id, product_id]).await?.is_some())
}
