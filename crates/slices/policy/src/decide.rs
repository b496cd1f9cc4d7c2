//! Decides and keeps the decision with its trace.

use jiff::civil::Date;
use kernel::{Action, Role, Subject};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::Cx;

use crate::model::{DecisionRow, Kind, State, StoredDecision};
use crate::{library, store as sql};

/// What to decide.
#[derive(Clone, Debug)]
pub struct Decide {
    /// Under which programme; the version that applies on `as_of` is taken.
    pub programme_id: String,
    /// On which of its instruments.
    pub instrument_id: String,
    /// About whom.
    pub org_id: String,
    /// Facts by the engine's names (`rules::standard_facts`), and what the batch fixes under `batch`.
    pub inputs: Value,
    /// As at which day.
    pub as_of: Date,
    /// Who gets it, or what is paid.
    pub kind: Kind,
}

store::refusals! {
    /// Why nothing is decided. That someone gets nothing is no refusal: it is a decision, with its reasons.
    pub enum DecideError {
        /// No version was ever published.
        NoProgramme { programme_id: String } = 409, "programme-not-published",
            zh "方案“{programme_id}”尚未发布，无法据以决定。", en "Programme {programme_id} is not published; nothing can be decided under it.";
        /// It takes no more applications.
        ProgrammeEnded { ended_on: Date } = 409, "programme-ended",
            zh "该方案已于{ended_on}结束，不再受理新申请。", en "The programme ended on {ended_on} and takes no more applications.";
    }
}

/// Decides and stores the canonical bytes. The same facts may be decided again: each decision is a record of its own.
///
/// It is called inside use cases that have asked for their own right to act; alone it refuses only the public.
pub async fn run(cx: &mut Cx, cmd: Decide) -> Result<StoredDecision, DecideError> {
    if cx.actor.role == Role::Public {
        return Err(DecideError::Forbidden);
    }
    let Some((version, programme)) = library::on(cx, &cmd.programme_id, cmd.as_of).await? else {
        return Err(DecideError::NoProgramme { programme_id: cmd.programme_id });
    };
    if let (State::Ended, Kind::Eligibility, Some(ended_on)) = (version.state, cmd.kind, version.ended_on)
        && cmd.as_of >= ended_on
    {
        return Err(DecideError::ProgrammeEnded { ended_on });
    }
    let decision = match cmd.kind {
        Kind::Eligibility => rules::decide(&programme, &cmd.instrument_id, &cmd.inputs, cmd.as_of),
        Kind::Settlement => rules::decide_settlement(&programme, &cmd.instrument_id, &cmd.inputs, cmd.as_of),
    };
    let bytes = String::from_utf8(decision.canonical_bytes()).expect("JSON is UTF-8");
    let row = DecisionRow {
        id: cx.new_id("dec"),
        kind: cmd.kind,
        programme_id: decision.programme.clone(),
        programme_version: decision.programme_version.clone(),
        programme_sha256: decision.programme_sha256.clone(),
        instrument_id: cmd.instrument_id,
        org_id: cmd.org_id,
        as_of: decision.as_of,
        eligible: decision.eligible,
        amount_fen: decision.amount_fen,
        bytes_sha256: hex::encode(Sha256::digest(&bytes)),
        bytes,
        at: cx.now,
    };
    sql::put_decision(cx, &row).await?;
    // The hash goes into the journal, whose blocks are sealed: bytes and hash cannot be rewritten together unnoticed.
    let after = serde_json::json!({
        "kind": row.kind, "org_id": row.org_id, "instrument_id": row.instrument_id, "eligible": row.eligible,
        "amount_fen": row.amount_fen, "bytes_sha256": row.bytes_sha256,
    });
    cx.journal("policy.decide", &format!("decision/{}", row.id), &(), &after).await?;
    Ok(StoredDecision { id: row.id, decision })
}

/// The decision with this id, for whoever has asked for their own right to it.
pub async fn decision(cx: &mut Cx, id: &str) -> Result<Option<StoredDecision>, store::StoreError> {
    let Some(row) = sql::decision(cx, id).await? else { return Ok(None) };
    let read = rules::Decision::from_bytes(row.bytes.as_bytes());
    let decision = read.map_err(|source| store::StoreError::Json { what: format!("decision {id}"), source })?;
    Ok(Some(StoredDecision { id: row.id, decision }))
}

store::refusals! {
    /// Why a decision is not shown.
    pub enum ShowError {}
}

/// A stored decision for the people it concerns: the organisation, its district's officers, the city, the auditor.
pub async fn show(cx: &mut Cx, id: &str) -> Result<DecisionRow, ShowError> {
    let row = sql::decision(cx, id).await?.ok_or(ShowError::NotFound)?;
    let district = crate::facts::district(cx, &row.org_id).await?;
    let subject = Subject { orgs: [Some(&row.org_id), None], district: district.as_deref() };
    if !cx.permits(Action::ViewDecision, &subject) {
        return Err(ShowError::NotFound);
    }
    Ok(row)
}
