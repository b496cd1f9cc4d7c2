//! What settlements rest on, and what becomes of it when a bill changes (US-5).
//!
//! These are for the settlement slice, inside its own use cases: it asks the permission and writes the journal.

use store::{Cx, StoreError};

use crate::model::Correction;
use crate::store::statements;

/// Says that the settlement `claim_id` rests on these statements: from now on a change of one raises a correction.
pub async fn rest_on(cx: &mut Cx, claim_id: &str, statement_ids: &[String]) -> Result<(), StoreError> {
    for id in statement_ids {
        statements::rest_on(cx, id, claim_id).await?;
    }
    Ok(())
}

/// Corrections that no settlement has dealt with, oldest first.
pub async fn open(cx: &mut Cx, limit: u32) -> Result<Vec<Correction>, StoreError> {
    statements::open_corrections(cx, limit).await
}

/// Settlements that rest on a statement; a new version takes over those of the version before it.
pub async fn claims_on(cx: &mut Cx, statement_id: &str) -> Result<Vec<String>, StoreError> {
    statements::claims_on(cx, statement_id).await
}

/// Marks a correction as dealt with; answers false when it was already.
pub async fn handle(cx: &mut Cx, correction_id: &str, note: &str) -> Result<bool, StoreError> {
    statements::handle(cx, correction_id, note).await
}
