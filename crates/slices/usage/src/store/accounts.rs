//! Claims of billing accounts.

use serde::{Deserialize, Serialize};
use store::{Cx, Row, StoreError, params};

use crate::model::{Account, ClaimState};
use crate::store::{Conditions, coded};

fn read(r: &Row) -> Result<Account, StoreError> {
    Ok(Account {
        id: r.get("id")?,
        provider_id: r.get("provider_id")?,
        billing_account_id: r.get("billing_account_id")?,
        sub_account_id: r.get("sub_account_id")?,
        enterprise_id: r.get("enterprise_id")?,
        state: coded(r, "state", ClaimState::from_code)?,
        claimed_by: r.get("claimed_by")?,
        claimed_at: r.get("claimed_at_us")?,
        decided_by: r.get("decided_by")?,
        decided_at: r.get("decided_at_us")?,
        reason: r.get("reason")?,
    })
}

pub(crate) async fn get(cx: &mut Cx, id: &str) -> Result<Option<Account>, StoreError> {
    let row = cx.opt("SELECT * FROM usage_account WHERE id = $1", params![id]).await?;
    row.as_ref().map(read).transpose()
}

/// Claims of one billing account, its sub-accounts included, that were not rejected.
pub(crate) async fn standing(cx: &mut Cx, provider_id: &str, billing_id: &str) -> Result<Vec<Account>, StoreError> {
    let sql = "SELECT * FROM usage_account WHERE provider_id = $1 AND billing_account_id = $2 AND state <> 'rejected' \
               ORDER BY id";
    cx.all(sql, params![provider_id, billing_id]).await?.iter().map(read).collect()
}

/// Writes a claim, new or decided; whose it is and what it claims never change.
pub(crate) async fn put(cx: &mut Cx, a: &Account) -> Result<(), StoreError> {
    let sql = "INSERT INTO usage_account (id, provider_id, billing_account_id, sub_account_id, enterprise_id, state, \
               claimed_by, claimed_at_us, decided_by, decided_at_us, reason) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO UPDATE SET \
               state = excluded.state, decided_by = excluded.decided_by, decided_at_us = excluded.decided_at_us, \
               reason = excluded.reason";
    let values = params![
        &a.id,
        &a.provider_id,
        &a.billing_account_id,
        &a.sub_account_id,
        &a.enterprise_id,
        a.state.code(),
        &a.claimed_by,
        a.claimed_at,
        a.decided_by.clone(),
        a.decided_at,
        &a.reason,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// How many confirmed accounts an enterprise has with a provider.
pub(crate) async fn confirmed_count(cx: &mut Cx, enterprise_id: &str, provider_id: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM usage_account \
               WHERE enterprise_id = $1 AND provider_id = $2 AND state = 'confirmed'";
    cx.one(sql, params![enterprise_id, provider_id]).await?.get("n")
}

/// Which claims to list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFilter {
    /// Of one provider.
    pub provider_id: Option<String>,
    /// Of one enterprise.
    pub enterprise_id: Option<String>,
    /// Of enterprises with an assessed order in this district.
    pub district: Option<String>,
    /// In one state.
    pub state: Option<ClaimState>,
    /// Older than the claim with this id: the cursor.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// A claim with the names that a list shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// The claim.
    #[serde(flatten)]
    pub account: Account,
    /// Who claims.
    pub enterprise_name: String,
    /// Whose customer account it is.
    pub provider_name: String,
}

const WITH_NAMES: &str = "SELECT u.*, e.name AS enterprise_name, p.name AS provider_name FROM usage_account u \
     JOIN pub_orgs_org e ON e.org_id = u.enterprise_id JOIN pub_orgs_org p ON p.org_id = u.provider_id";

fn read_row(r: &Row) -> Result<AccountRow, StoreError> {
    let (enterprise_name, provider_name) = (r.get("enterprise_name")?, r.get("provider_name")?);
    Ok(AccountRow { account: read(r)?, enterprise_name, provider_name })
}

/// One claim with its names.
pub(crate) async fn row(cx: &mut Cx, id: &str) -> Result<Option<AccountRow>, StoreError> {
    let row = cx.opt(format!("{WITH_NAMES} WHERE u.id = $1"), params![id]).await?;
    row.as_ref().map(read_row).transpose()
}

pub(crate) async fn list(cx: &mut Cx, f: &AccountFilter) -> Result<Vec<AccountRow>, StoreError> {
    let mut c = Conditions::default();
    c.add("u.provider_id = $", f.provider_id.clone());
    c.add("u.enterprise_id = $", f.enterprise_id.clone());
    let in_district = "EXISTS (SELECT 1 FROM usage_level l WHERE l.enterprise_id = u.enterprise_id AND l.district = $)";
    c.add(in_district, f.district.clone());
    c.add("u.state = $", f.state.map(ClaimState::code));
    c.add("u.id < $", f.after.clone());
    let (text, limit) = (c.text(), c.limit(f.limit));
    let sql = format!("{WITH_NAMES} WHERE {text} ORDER BY u.id DESC {limit}");
    cx.all(sql, c.values).await?.iter().map(read_row).collect()
}

/// Providers by name, for the form: code and name.
pub(crate) async fn providers(cx: &mut Cx) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT org_id, name FROM pub_orgs_org WHERE kind = 'provider' ORDER BY name LIMIT 1000";
    cx.all(sql, vec![]).await?.iter().map(|r| Ok((r.get("org_id")?, r.get("name")?))).collect()
}
