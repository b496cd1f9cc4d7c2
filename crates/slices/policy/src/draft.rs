//! Keeps a programme's text as a draft.

use serde::{Deserialize, Serialize};
use store::{Cx, StoreError};

use kernel::{Action, Subject, Text};

use crate::check::check;
use crate::model::{State, Version};
use crate::{problems, store as sql};

/// A text to keep. Its id and version stand in the text itself.
#[derive(Clone, Debug, Deserialize)]
pub struct Draft {
    /// The programme.
    pub toml: String,
    /// Its expected decisions; may be empty.
    pub expected_toml: String,
}

/// What was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drafted {
    /// The programme's id.
    pub programme_id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its text.
    pub sha256: String,
}

store::refusals! {
    /// Why a text is not kept.
    pub enum DraftError {
        /// It is no programme.
        NotAProgramme { problems_zh: String, problems_en: String } = 422, "programme-invalid", field "toml",
            zh "方案文本有误：\n{problems_zh}", en "The text is not a programme yet:\n{problems_en}";
        /// This version is published already.
        VersionTaken { version: String } = 409, "programme-version-published", field "toml",
            zh "版本“{version}”已经发布，发布后不可更改。请在文本中写新的版本号。",
            en "Version {version} is published and cannot change any more. Give the text a new version.";
        /// The same text is kept already.
        SameText {} = 409, "programme-text-known", field "toml",
            zh "已有内容完全相同的文本。", en "The very same text is kept already.";
    }
}

/// Keeps a draft; an earlier draft of the same version is replaced. A published version is never touched (PP-1).
pub async fn run(cx: &mut Cx, cmd: Draft) -> Result<Drafted, DraftError> {
    if !cx.permits(Action::DraftProgramme, &Subject::none()) {
        return Err(DraftError::Forbidden);
    }
    let refused = |wrong: Vec<Text>| {
        let all = problems::joined(&wrong);
        DraftError::NotAProgramme { problems_zh: all.zh, problems_en: all.en }
    };
    let checked = check(&cmd.toml, &cmd.expected_toml).map_err(refused)?;
    let p = &checked.programme;
    let versions = sql::versions(cx, &p.id).await?;
    let expected = expected_of(cx, &cmd, &p.version, &versions).await?;
    let earlier = versions.iter().find(|v| v.version == p.version);
    if earlier.is_some_and(|v| v.state != State::Draft) {
        return Err(DraftError::VersionTaken { version: p.version.clone() });
    }
    sql::put_draft(cx, p, &cmd.toml, &expected).await.map_err(same_text)?;
    let before = earlier.map(|v| v.sha256.clone());
    let done = Drafted { programme_id: p.id.clone(), version: p.version.clone(), sha256: p.sha256.clone() };
    cx.journal("policy.draft", &format!("programme/{}/{}", p.id, p.version), &before, &done).await?;
    Ok(done)
}

/// The expected decisions of a draft: its own, else those of the draft that it replaces, else those of the version in
/// force. A text that comes without them must not lose them; those that no longer read are left out, and publishing says
/// so.
async fn expected_of(cx: &mut Cx, cmd: &Draft, version: &str, versions: &[Version]) -> Result<String, StoreError> {
    if !cmd.expected_toml.trim().is_empty() {
        return Ok(cmd.expected_toml.clone());
    }
    let replaced = versions.iter().find(|v| v.version == version);
    let in_force = versions.iter().find(|v| v.state == State::Published);
    for from in [replaced, in_force].into_iter().flatten() {
        let held = sql::texts(cx, &from.sha256).await?.map_or_else(String::new, |(_, held)| held);
        if !held.trim().is_empty() && check(&cmd.toml, &held).is_ok() {
            return Ok(held);
        }
    }
    Ok(String::new())
}

fn same_text(error: StoreError) -> DraftError {
    if error.is_unique_violation() { DraftError::SameText {} } else { error.into() }
}
