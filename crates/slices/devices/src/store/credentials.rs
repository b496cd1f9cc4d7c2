//! Credentials: hashes and what tells them apart.

use jiff::Timestamp;
use store::{Cx, Row, StoreError, params};

use super::coded;
use crate::model::{CredentialKind, CredentialRow};

fn read_credential(r: &Row) -> Result<CredentialRow, StoreError> {
    Ok(CredentialRow {
        id: r.get("id")?,
        device_id: r.get("device_id")?,
        kind: coded(r, "kind", CredentialKind::from_code)?,
        user_name: r.get("user_name")?,
        hint: r.get("hint")?,
        created_at: r.get("created_at_us")?,
        until: r.get("until_us")?,
        revoked_at: r.get("revoked_at_us")?,
        by_name: r.get("by_name")?,
    })
}

/// Adds one; `secret` is a hash (DV-4).
pub async fn add(cx: &mut Cx, c: &CredentialRow, secret: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO devices_credential (id, device_id, kind, user_name, secret, hint, created_at_us, until_us, \
               revoked_at_us, by_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = params![
        &c.id,
        &c.device_id,
        c.kind.code(),
        c.user_name.clone(),
        secret,
        &c.hint,
        c.created_at,
        c.until,
        c.revoked_at,
        &c.by_name,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// One.
pub async fn credential(cx: &mut Cx, id: &str) -> Result<Option<CredentialRow>, StoreError> {
    let row = cx.opt("SELECT * FROM devices_credential WHERE id = $1", params![id]).await?;
    row.as_ref().map(read_credential).transpose()
}

/// All of a device, newest first.
pub async fn of_device(cx: &mut Cx, device_id: &str) -> Result<Vec<CredentialRow>, StoreError> {
    let sql = "SELECT * FROM devices_credential WHERE device_id = $1 ORDER BY id DESC";
    let rows = cx.all(sql, params![device_id]).await?;
    rows.iter().map(read_credential).collect()
}

/// Those of a device that hold, with their hashes: for the directory.
pub async fn holding(cx: &mut Cx, device_id: &str, now: Timestamp) -> Result<Vec<(CredentialRow, String)>, StoreError> {
    let sql = "SELECT * FROM devices_credential WHERE device_id = $1 AND revoked_at_us IS NULL \
               AND (until_us IS NULL OR until_us > $2)";
    let rows = cx.all(sql, params![device_id, now]).await?;
    rows.iter().map(|r| Ok((read_credential(r)?, r.get("secret")?))).collect()
}

/// Is there one of this kind with this hash, or with this user name?
pub async fn is_taken(
    cx: &mut Cx,
    kind: CredentialKind,
    secret: &str,
    user_name: Option<&str>,
) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM devices_credential WHERE (kind = $1 AND secret = $2) OR user_name = $3 LIMIT 1";
    Ok(cx.opt(sql, params![kind.code(), secret, user_name.map(str::to_owned)]).await?.is_some())
}

/// Revokes one.
pub async fn revoke(cx: &mut Cx, id: &str) -> Result<(), StoreError> {
    let now = cx.now;
    cx.execute("UPDATE devices_credential SET revoked_at_us = $1 WHERE id = $2", params![now, id]).await?;
    Ok(())
}

/// Lets those of a kind that hold end at an instant, all but one: a rotation.
pub async fn end_others(
    cx: &mut Cx,
    device_id: &str,
    kind: CredentialKind,
    but: &str,
    until: Timestamp,
) -> Result<u64, StoreError> {
    let sql = "UPDATE devices_credential SET until_us = $1 WHERE device_id = $2 AND kind = $3 AND id <> $4 \
               AND revoked_at_us IS NULL AND (until_us IS NULL OR until_us > $1)";
    cx.execute(sql, params![until, device_id, kind.code(), but]).await
}
