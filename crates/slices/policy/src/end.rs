//! Ends a programme: no more applications; what was granted is still settled.

use jiff::civil::Date;
use kernel::{Action, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::State;
use crate::store as sql;

/// Which programme, and why.
#[derive(Clone, Debug, Deserialize)]
pub struct End {
    /// The programme's id.
    pub programme_id: String,
    /// Said to the public.
    pub reason: String,
}

/// What was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The programme's id.
    pub programme_id: String,
    /// The version that was in force.
    pub version: String,
    /// The first day without applications.
    pub ended_on: Date,
}

store::refusals! {
    /// Why a programme is not ended.
    pub enum EndError {
        /// Nothing of it is published.
        NotPublished {} = 409, "programme-not-published",
            zh "该方案没有现行版本，无需结束。", en "The programme has no version in force; there is nothing to end.";
        /// No reason.
        NoReason {} = 422, "reason-missing", field "reason",
            zh "请写明结束的原因，它会向社会公开。", en "Say why it ends; the reason is made public.";
    }
}

/// Ends the programme today.
pub async fn run(cx: &mut Cx, cmd: End) -> Result<Ended, EndError> {
    if !cx.permits(Action::PublishProgramme, &Subject::none()) {
        return Err(EndError::Forbidden);
    }
    if cmd.reason.trim().is_empty() {
        return Err(EndError::NoReason {});
    }
    let versions = sql::versions(cx, &cmd.programme_id).await?;
    if versions.is_empty() {
        return Err(EndError::NotFound);
    }
    let current = versions.iter().find(|v| v.state == State::Published).ok_or(EndError::NotPublished {})?;
    let ended_on = cx.today();
    sql::end(cx, &cmd.programme_id, ended_on, cmd.reason.trim()).await?;
    let done = Ended { programme_id: cmd.programme_id, version: current.version.clone(), ended_on };
    let object = format!("programme/{}/{}", done.programme_id, done.version);
    cx.journal("policy.end", &object, &State::Published, &(&done, cmd.reason.trim())).await?;
    Ok(done)
}
