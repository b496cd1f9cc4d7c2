//! Discards a draft that will not be published. What was published is never discarded (PP-1).

use kernel::{Action, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::State;
use crate::store as sql;

/// Which draft.
#[derive(Clone, Debug, Deserialize)]
pub struct Discard {
    /// The programme's id.
    pub programme_id: String,
    /// Its version.
    pub version: String,
}

/// What was discarded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discarded {
    /// The programme's id.
    pub programme_id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its text.
    pub sha256: String,
}

store::refusals! {
    /// Why a draft is not discarded.
    pub enum DiscardError {
        /// It is no draft any more.
        NotADraft { version: String } = 409, "programme-not-a-draft",
            zh "版本“{version}”已经发布，不能废弃，只能以更高的版本取代。",
            en "Version {version} is published and cannot be discarded; only a higher version can take its place.";
    }
}

/// Discards the draft; the journal keeps that it was there, by whom, and the hash of its text.
pub async fn run(cx: &mut Cx, cmd: Discard) -> Result<Discarded, DiscardError> {
    if !cx.permits(Action::DraftProgramme, &Subject::none()) {
        return Err(DiscardError::Forbidden);
    }
    let versions = sql::versions(cx, &cmd.programme_id).await?;
    let draft = versions.iter().find(|v| v.version == cmd.version).ok_or(DiscardError::NotFound)?;
    if draft.state != State::Draft {
        return Err(DiscardError::NotADraft { version: cmd.version });
    }
    sql::discard(cx, &cmd.programme_id, &cmd.version).await?;
    let object = format!("programme/{}/{}", cmd.programme_id, cmd.version);
    let before = (State::Draft, draft.sha256.clone(), draft.drafted_by.clone());
    cx.journal("policy.discard", &object, &before, &()).await?;
    Ok(Discarded { programme_id: cmd.programme_id, version: cmd.version, sha256: draft.sha256.clone() })
}
