//! What runs by the clock.

use kernel::Role;
use serde_json::json;
use store::{Cx, StoreError};

use crate::accounts::guard::FORGOTTEN_AFTER;
use crate::facts::refresh_current;
use crate::store as sql;

/// Brings what lists show forward where a fact stated ahead begins to hold today; how many organisations changed.
/// Runs after midnight in China. At most 1,000 a call: call again until it answers 0.
pub async fn bring_facts_forward(cx: &mut Cx) -> Result<usize, StoreError> {
    debug_assert_eq!(cx.actor.role, Role::System, "a job");
    let today = cx.today();
    let due = sql::due_for_refresh(cx, today).await?;
    for org_id in &due {
        refresh_current(cx, org_id).await?;
    }
    if !due.is_empty() {
        cx.journal("orgs.bring_facts_forward", "orgs", &(), &json!({ "today": today, "organisations": due.len() }))
            .await?;
    }
    Ok(due.len())
}

/// Deletes sessions that have ended and failures that no longer count; the journal keeps who signed in and when.
pub async fn clear_ended_sessions(cx: &mut Cx) -> Result<u64, StoreError> {
    debug_assert_eq!(cx.actor.role, Role::System, "a job");
    let sessions = sql::accounts::delete_expired_sessions(cx).await?;
    let before = cx.now.checked_sub(FORGOTTEN_AFTER).unwrap_or(cx.now);
    let guards = sql::accounts::delete_stale_guards(cx, before).await?;
    let after = json!({ "sessions": sessions, "failures": guards });
    cx.journal("orgs.clear_ended_sessions", "orgs", &(), &after).await?;
    Ok(sessions + guards)
}
