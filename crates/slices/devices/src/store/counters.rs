//! Counters and silences.

use std::collections::HashMap;

use store::{Cx, Row, StoreError, params};
use things::{Counted, Reason};

/// A silence: no data for longer than there should be none.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Silence {
    /// Of which device.
    pub device_id: String,
    /// Last heard then.
    pub since_us: i64,
    /// Heard again then.
    pub until_us: Option<i64>,
}

/// Adds what was counted since it was last written down.
pub async fn add(cx: &mut Cx, device_id: &str, counted: &Counted) -> Result<(), StoreError> {
    let sql = "INSERT INTO devices_counter (device_id, received, stored, points, last_seen_us) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (device_id) DO UPDATE SET \
               received = devices_counter.received + excluded.received, \
               stored = devices_counter.stored + excluded.stored, \
               points = devices_counter.points + excluded.points, \
               last_seen_us = CASE WHEN devices_counter.last_seen_us IS NULL \
               OR devices_counter.last_seen_us < excluded.last_seen_us THEN excluded.last_seen_us \
               ELSE devices_counter.last_seen_us END";
    let n = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let values = params![device_id, n(counted.received), n(counted.stored), n(counted.points), counted.last_seen_us];
    cx.execute(sql, values).await?;
    for (reason, messages) in &counted.rejected {
        let sql = "INSERT INTO devices_rejected (device_id, reason, messages) VALUES ($1, $2, $3) \
                   ON CONFLICT (device_id, reason) DO UPDATE SET \
                   messages = devices_rejected.messages + excluded.messages";
        cx.execute(sql, params![device_id, reason.code(), n(*messages)]).await?;
    }
    Ok(())
}

/// What is written down of a device.
pub async fn counted(cx: &mut Cx, device_id: &str) -> Result<Counted, StoreError> {
    let row = cx.opt("SELECT * FROM devices_counter WHERE device_id = $1", params![device_id]).await?;
    let mut out = Counted::default();
    if let Some(row) = row {
        let n = |column: &str| Ok::<_, StoreError>(u64::try_from(row.get::<i64>(column)?).unwrap_or(0));
        (out.received, out.stored, out.points) = (n("received")?, n("stored")?, n("points")?);
        out.last_seen_us = row.get("last_seen_us")?;
    }
    let sql = "SELECT reason, messages FROM devices_rejected WHERE device_id = $1";
    for row in cx.all(sql, params![device_id]).await? {
        let reason = super::coded(&row, "reason", Reason::from_code)?;
        out.rejected.push((reason, u64::try_from(row.get::<i64>("messages")?).unwrap_or(0)));
    }
    out.rejected.sort_by_key(|(reason, _)| *reason as u8);
    Ok(out)
}

/// When these devices were last heard, as written down.
pub async fn last_seen(cx: &mut Cx, device_id: &str) -> Result<Option<i64>, StoreError> {
    let row = cx.opt("SELECT last_seen_us FROM devices_counter WHERE device_id = $1", params![device_id]).await?;
    row.map_or(Ok(None), |r| r.get("last_seen_us"))
}

/// Active devices that should not be silent for long: id, seconds, since when they are registered, last heard.
pub async fn watched(cx: &mut Cx, after: &str, limit: u32) -> Result<Vec<(String, i64, i64, Option<i64>)>, StoreError> {
    let sql = "SELECT d.id, d.silent_after_s, d.created_at_us, c.last_seen_us FROM devices_device d \
               LEFT JOIN devices_counter c ON c.device_id = d.id \
               WHERE d.state = 'active' AND d.silent_after_s IS NOT NULL AND d.id > $1 ORDER BY d.id LIMIT $2";
    let rows = cx.all(sql, params![after, limit]).await?;
    let read = |r: &Row| Ok((r.get("id")?, r.get("silent_after_s")?, r.get("created_at_us")?, r.get("last_seen_us")?));
    rows.iter().map(read).collect()
}

fn read_silence(r: &Row) -> Result<Silence, StoreError> {
    Ok(Silence { device_id: r.get("device_id")?, since_us: r.get("since_us")?, until_us: r.get("until_us")? })
}

/// Silences that go on, by device.
pub async fn open_silences(cx: &mut Cx) -> Result<HashMap<String, i64>, StoreError> {
    let rows = cx.all("SELECT * FROM devices_silence WHERE until_us IS NULL", vec![]).await?;
    rows.iter().map(|r| read_silence(r).map(|s| (s.device_id, s.since_us))).collect()
}

/// A silence begins.
pub async fn begin_silence(cx: &mut Cx, device_id: &str, since_us: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO devices_silence (device_id, since_us, until_us) VALUES ($1, $2, NULL) \
               ON CONFLICT (device_id, since_us) DO UPDATE SET until_us = NULL";
    cx.execute(sql, params![device_id, since_us]).await?;
    Ok(())
}

/// A silence ends.
pub async fn end_silence(cx: &mut Cx, device_id: &str, until_us: i64) -> Result<(), StoreError> {
    let sql = "UPDATE devices_silence SET until_us = $1 WHERE device_id = $2 AND until_us IS NULL";
    cx.execute(sql, params![until_us, device_id]).await?;
    Ok(())
}

/// Silences of a device, newest first.
pub async fn silences(cx: &mut Cx, device_id: &str, limit: u32) -> Result<Vec<Silence>, StoreError> {
    let sql = "SELECT * FROM devices_silence WHERE device_id = $1 ORDER BY since_us DESC LIMIT $2";
    let rows = cx.all(sql, params![device_id, limit]).await?;
    rows.iter().map(read_silence).collect()
}

/// Devices whose books do not add up (DV-3).
pub async fn unbalanced(cx: &mut Cx) -> Result<Vec<(String, i64, i64, i64)>, StoreError> {
    let sql = "SELECT c.device_id, c.received, c.stored, CAST(COALESCE((SELECT SUM(r.messages) FROM devices_rejected r \
               WHERE r.device_id = c.device_id), 0) AS BIGINT) AS rejected FROM devices_counter c";
    let rows = cx.all(sql, vec![]).await?;
    let read = |r: &Row| Ok((r.get("device_id")?, r.get("received")?, r.get("stored")?, r.get("rejected")?));
    let all: Result<Vec<(String, i64, i64, i64)>, StoreError> = rows.iter().map(read).collect();
    Ok(all?.into_iter().filter(|(_, received, stored, rejected)| *received != stored + rejected).collect())
}
