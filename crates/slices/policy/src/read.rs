//! Looking at programmes: what the public may see, and drafts for those who draft.

use std::sync::Arc;

use kernel::{Action, Lang, Subject, Text};
use rules::Programme;
use store::{Cx, Refusal};

use crate::model::{State, Version};
use crate::{library, publish, store as sql};

store::refusals! {
    /// Why a programme is not shown.
    pub enum ReadError {}
}

/// A version of a programme with all versions that the reader may see, the latest first.
pub struct Shown {
    /// The one asked for.
    pub version: Version,
    /// It, read.
    pub programme: Arc<Programme>,
    /// All of them.
    pub versions: Vec<Version>,
}

async fn find(cx: &mut Cx, id: &str, asked: Option<&str>) -> Result<(Version, Vec<Version>), ReadError> {
    let sees_drafts = cx.permits(Action::DraftProgramme, &Subject::none());
    if !sees_drafts && !cx.permits(Action::ReadPublic, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let mut versions = sql::versions(cx, id).await?;
    versions.retain(|v| sees_drafts || v.is_public());
    let found = match asked {
        Some(name) => versions.iter().find(|v| v.version == name),
        None => versions
            .iter()
            .find(|v| matches!(v.state, State::Published | State::Ended))
            .or_else(|| versions.iter().find(|v| v.is_public())),
    };
    let version = found.cloned().ok_or(ReadError::NotFound)?;
    Ok((version, versions))
}

/// A version of a programme; the current one unless another is asked for.
pub async fn show(cx: &mut Cx, id: &str, asked: Option<&str>) -> Result<Shown, ReadError> {
    let (version, versions) = find(cx, id, asked).await?;
    let programme = library::by_sha256(cx, &version.sha256).await?;
    Ok(Shown { version, programme, versions })
}

/// The text of a version.
pub async fn text(cx: &mut Cx, id: &str, asked: Option<&str>) -> Result<(Version, String), ReadError> {
    let (version, _) = find(cx, id, asked).await?;
    let (toml, _) = sql::texts(cx, &version.sha256).await?.ok_or(ReadError::NotFound)?;
    Ok((version, toml))
}

/// A draft with its texts, and the published version of the same programme, for those who draft.
pub struct Draft {
    /// The draft.
    pub version: Version,
    /// The programme's text.
    pub toml: String,
    /// Its expected decisions.
    pub expected_toml: String,
    /// The version in force now.
    pub previous: Option<Arc<Programme>>,
    /// Why it cannot take that version's place, whatever it says.
    pub refused: Option<Text>,
}

/// A version with both texts, to look at before publishing or to begin another draft from.
pub async fn draft(cx: &mut Cx, id: &str, version: &str) -> Result<Draft, ReadError> {
    if !cx.permits(Action::DraftProgramme, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let (version, versions) = find(cx, id, Some(version)).await?;
    let (toml, expected_toml) = sql::texts(cx, &version.sha256).await?.ok_or(ReadError::NotFound)?;
    let previous = match versions.iter().find(|v| v.state == State::Published) {
        Some(published) => Some(library::by_sha256(cx, &published.sha256).await?),
        None => None,
    };
    let refused = match publish::may_follow(cx, &version, &expected_toml, &versions).await {
        Ok(()) => None,
        Err(publish::PublishError::Store(e)) => return Err(e.into()),
        Err(e) => Some(Text::new(e.message(Lang::Zh), e.message(Lang::En))),
    };
    Ok(Draft { version, toml, expected_toml, previous, refused })
}

/// All drafts.
pub async fn drafts(cx: &mut Cx) -> Result<Vec<Version>, ReadError> {
    if !cx.permits(Action::DraftProgramme, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    Ok(sql::in_state(cx, State::Draft.code()).await?)
}
