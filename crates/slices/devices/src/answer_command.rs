//! What becomes of a command after it was given: sent, answered, given up. Runs as the system, for a device's connection.

use store::{Cx, StoreError};

use crate::model::{CommandRow, CommandState};
use crate::store::commands as rows;

/// The longest answer that is kept, in bytes.
pub const ANSWER_BYTES_MAX: usize = 16 << 10;

/// A device answered (`v1/devices/me/rpc/response/{number}`). An answer that no command waits for changes nothing: the device
/// may send it twice.
pub async fn run(
    cx: &mut Cx,
    device_id: String,
    number: i64,
    payload: Vec<u8>,
) -> Result<Option<CommandRow>, StoreError> {
    let Some(before) = rows::command(cx, number).await?.filter(|c| c.device_id == device_id) else { return Ok(None) };
    let mut answer = String::from_utf8_lossy(&payload).into_owned();
    if answer.len() > ANSWER_BYTES_MAX {
        let end = (0..=ANSWER_BYTES_MAX).rev().find(|i| answer.is_char_boundary(*i)).unwrap_or(0);
        answer.truncate(end);
    }
    let failed = serde_json::from_slice::<serde_json::Value>(&payload).is_ok_and(|v| v.get("error").is_some());
    let to = if failed { CommandState::Failed } else { CommandState::Acknowledged };
    if !before.state.may_become(to) {
        return Ok(None);
    }
    let after = CommandRow { state: to, answer, ended_at: Some(cx.now), ..before.clone() };
    rows::put(cx, &after).await?;
    cx.journal("devices.answer_command", &format!("device/{device_id}"), &before, &after).await?;
    Ok(Some(after))
}

/// A command was handed to the device's connection.
pub(crate) async fn sent(cx: &mut Cx, number: i64) -> Result<(), StoreError> {
    let Some(before) = rows::command(cx, number).await? else { return Ok(()) };
    // The answer may have come before this was written: then it stands.
    if !before.state.may_become(CommandState::Sent) {
        return Ok(());
    }
    let after = CommandRow { state: CommandState::Sent, sent_at: Some(cx.now), ..before.clone() };
    rows::put(cx, &after).await?;
    cx.journal("devices.command_sent", &format!("device/{}", after.device_id), &before, &after).await
}

/// Gives up what is overdue. Answers how many.
pub(crate) async fn time_out(cx: &mut Cx) -> Result<usize, StoreError> {
    let overdue = rows::overdue(cx, 500).await?;
    for before in &overdue {
        let after = CommandRow { state: CommandState::TimedOut, ended_at: Some(cx.now), ..before.clone() };
        rows::put(cx, &after).await?;
        cx.journal("devices.command_timed_out", &format!("device/{}", after.device_id), before, &after).await?;
    }
    Ok(overdue.len())
}
