//! What came of a replay, as JSON: the numbers that `--once` prints.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::civil::Date;
use kernel::Actor;
use serde::{Deserialize, Serialize};
use store::StoreError;

use super::evidence;
use super::world::World;
use crate::cli::{Verified, verify};

/// A login of the demonstration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Login {
    /// Role in both languages.
    pub role: String,
    /// Login name.
    pub login: String,
}

/// A replay's outcome.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The day on which it ended.
    pub ended_on: Date,
    /// Enterprises registered.
    pub enterprises: i64,
    /// Cases by state.
    pub cases: BTreeMap<String, i64>,
    /// Vouchers issued.
    pub vouchers_issued: i64,
    /// Vouchers by state.
    pub vouchers: BTreeMap<String, i64>,
    /// Orders by state.
    pub orders: BTreeMap<String, i64>,
    /// Settled to providers, in fen.
    pub settled_fen: i64,
    /// Claims paid or settled.
    pub settlements: i64,
    /// Recovered after corrections, in fen.
    pub recovered_fen: i64,
    /// Refused settlements: number and named reason.
    pub refused_settlements: Vec<(String, String)>,
    /// Refusals met along the way, by name.
    pub refusals: BTreeMap<String, u64>,
    /// Enterprises by highest level of evidence.
    pub enterprises_by_level: BTreeMap<String, i64>,
    /// Devices registered.
    pub devices: i64,
    /// Readings that they sent and that are stored.
    pub readings: i64,
    /// What `yunjin verify` says.
    pub verify: Verified,
    /// Logins.
    pub logins: Vec<Login>,
    /// Their password.
    pub password: String,
}

async fn by(w: &World, sql: &'static str) -> Result<BTreeMap<String, i64>, StoreError> {
    let system = Actor::system();
    let rows =
        w.app.db.read::<_, StoreError, _>(&system, |cx| Box::pin(async move { cx.all(sql, vec![]).await })).await?;
    rows.iter().map(|r| Ok((r.get("name")?, r.get("n")?))).collect()
}

async fn one(w: &World, sql: &'static str) -> Result<i64, StoreError> {
    w.app
        .db
        .read::<_, StoreError, _>(&Actor::system(), |cx| Box::pin(async move { cx.one(sql, vec![]).await?.get("n") }))
        .await
}

/// Takes stock.
pub async fn of(w: &World, data: &std::path::Path) -> Result<Summary> {
    let levels = "SELECT level AS name, COUNT(*) AS n FROM (SELECT enterprise_id, MAX(level) AS level FROM pub_usage_level \
                  WHERE replaced_on IS NULL GROUP BY enterprise_id) AS best GROUP BY level";
    let (devices, readings) = super::machines::counted(&w.app).await?;
    Ok(Summary {
        devices,
        readings,
        ended_on: w.today(),
        enterprises: one(w, "SELECT COUNT(*) AS n FROM pub_orgs_org WHERE kind = 'enterprise'").await?,
        cases: by(w, "SELECT state AS name, COUNT(*) AS n FROM pub_casework_case GROUP BY state").await?,
        vouchers_issued: one(w, "SELECT COUNT(*) AS n FROM pub_vouchers_voucher").await?,
        vouchers: by(w, "SELECT state AS name, COUNT(*) AS n FROM pub_vouchers_voucher GROUP BY state").await?,
        orders: by(w, "SELECT state AS name, COUNT(*) AS n FROM pub_orders_order GROUP BY state").await?,
        settled_fen: one(w, "SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) AS n FROM pub_settlement_claim WHERE state NOT IN ('claimed', 'refused')").await?,
        settlements: one(w, "SELECT COUNT(*) AS n FROM pub_settlement_claim WHERE state NOT IN ('claimed', 'refused')").await?,
        recovered_fen: one(w, "SELECT CAST(COALESCE(SUM(recovered_fen), 0) AS BIGINT) AS n FROM pub_settlement_claim").await?,
        refused_settlements: evidence::refused_claims(w).await?,
        refusals: w.refusals.clone(),
        enterprises_by_level: by(w, levels).await?,
        verify: verify(&w.app, data).await?,
        logins: logins(w),
        password: w.story.password.clone(),
    })
}

fn logins(w: &World) -> Vec<Login> {
    let login = |role: &str, login: &str| Login { role: role.to_owned(), login: login.to_owned() };
    let provider = w.story.providers.first().map_or("", |p| p.code.as_str());
    vec![
        login("市级经办 / city officer", "city1"),
        login("市级经办 / city officer", "city2"),
        login("区级经办 / district (滨海)", "district120116"),
        login("企业负责人 / enterprise owner", "firm1"),
        login("企业经办人 / enterprise member", "firm1-member"),
        login("企业设备工程师 / plant engineer", super::machines::LOGIN),
        login("服务商 / provider", provider),
        login("审计 / auditor", "auditor"),
        login("专家 / expert", "expert"),
        login("管理员 / administrator", "admin"),
    ]
}
