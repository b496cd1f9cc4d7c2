//! Commands and desired values.

use jiff::Timestamp;
use store::{Cx, Row, StoreError, params};

use super::coded;
use crate::model::{CommandRow, CommandState};

fn read_command(r: &Row) -> Result<CommandRow, StoreError> {
    Ok(CommandRow {
        number: r.get("number")?,
        device_id: r.get("device_id")?,
        method: r.get("method")?,
        params_json: r.get("params_json")?,
        state: coded(r, "state", CommandState::from_code)?,
        answer: r.get("answer")?,
        by_name: r.get("by_name")?,
        queued_at: r.get("queued_at_us")?,
        sent_at: r.get("sent_at_us")?,
        ended_at: r.get("ended_at_us")?,
        timeout_at: r.get("timeout_at_us")?,
    })
}

/// Writes one, new or changed.
pub async fn put(cx: &mut Cx, c: &CommandRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO devices_command (number, device_id, method, params_json, state, answer, by_name, queued_at_us, \
               sent_at_us, ended_at_us, timeout_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
               ON CONFLICT (number) DO UPDATE SET state = excluded.state, answer = excluded.answer, \
               sent_at_us = excluded.sent_at_us, ended_at_us = excluded.ended_at_us";
    let values = params![
        c.number,
        &c.device_id,
        &c.method,
        &c.params_json,
        c.state.code(),
        &c.answer,
        &c.by_name,
        c.queued_at,
        c.sent_at,
        c.ended_at,
        c.timeout_at,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// One.
pub async fn command(cx: &mut Cx, number: i64) -> Result<Option<CommandRow>, StoreError> {
    let row = cx.opt("SELECT * FROM devices_command WHERE number = $1", params![number]).await?;
    row.as_ref().map(read_command).transpose()
}

/// Of a device, newest first, before a number.
pub async fn of_device(cx: &mut Cx, device_id: &str, before: i64, limit: u32) -> Result<Vec<CommandRow>, StoreError> {
    let sql = "SELECT * FROM devices_command WHERE device_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3";
    let rows = cx.all(sql, params![device_id, before, limit]).await?;
    rows.iter().map(read_command).collect()
}

/// Waiting ones, oldest first.
pub async fn queued(cx: &mut Cx, limit: u32) -> Result<Vec<CommandRow>, StoreError> {
    let sql = "SELECT * FROM devices_command WHERE state = 'queued' ORDER BY number LIMIT $1";
    let rows = cx.all(sql, params![limit]).await?;
    rows.iter().map(read_command).collect()
}

/// How many wait for a device.
pub async fn queued_count(cx: &mut Cx, device_id: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM devices_command WHERE device_id = $1 AND state = 'queued'";
    cx.one(sql, params![device_id]).await?.get("n")
}

/// Those that wait or were sent and whose time is over.
pub async fn overdue(cx: &mut Cx, limit: u32) -> Result<Vec<CommandRow>, StoreError> {
    let now = cx.now;
    let sql = "SELECT * FROM devices_command WHERE state IN ('queued', 'sent') AND timeout_at_us <= $1 \
               ORDER BY timeout_at_us LIMIT $2";
    let rows = cx.all(sql, params![now, limit]).await?;
    rows.iter().map(read_command).collect()
}

/// A value that a property should have.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Desired {
    /// Of which property.
    pub property: String,
    /// The value as JSON.
    pub value_json: String,
    /// Who set it.
    pub by_name: String,
    /// When.
    pub at: Timestamp,
}

/// Sets a desired value.
pub async fn set_desired(cx: &mut Cx, device_id: &str, d: &Desired) -> Result<(), StoreError> {
    let sql = "INSERT INTO devices_desired (device_id, property, value_json, by_name, at_us) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (device_id, property) DO UPDATE SET value_json = excluded.value_json, \
               by_name = excluded.by_name, at_us = excluded.at_us";
    cx.execute(sql, params![device_id, &d.property, &d.value_json, &d.by_name, d.at]).await?;
    Ok(())
}

/// Takes a desired value back.
pub async fn unset_desired(cx: &mut Cx, device_id: &str, property: &str) -> Result<u64, StoreError> {
    let sql = "DELETE FROM devices_desired WHERE device_id = $1 AND property = $2";
    cx.execute(sql, params![device_id, property]).await
}

/// All desired values of a device.
pub async fn desired(cx: &mut Cx, device_id: &str) -> Result<Vec<Desired>, StoreError> {
    let sql = "SELECT * FROM devices_desired WHERE device_id = $1 ORDER BY property";
    let rows = cx.all(sql, params![device_id]).await?;
    let read = |r: &Row| {
        Ok(Desired {
            property: r.get("property")?,
            value_json: r.get("value_json")?,
            by_name: r.get("by_name")?,
            at: r.get("at_us")?,
        })
    };
    rows.iter().map(read).collect()
}
