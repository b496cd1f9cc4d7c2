//! Publishes a draft: from here its text never changes, and decisions are made under it.

use jiff::civil::Date;
use kernel::{Action, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::check::check;
use crate::model::{State, Version, applies_from, compare_versions};
use crate::{draft, problems, store as sql};

/// Which draft.
#[derive(Clone, Debug, Deserialize)]
pub struct Publish {
    /// The programme's id.
    pub programme_id: String,
    /// Its version.
    pub version: String,
    /// The hash of the text that was looked at; a draft that has changed since is refused.
    pub sha256: String,
}

/// What was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The programme's id.
    pub programme_id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// First day on which it applies.
    pub applies_from: Date,
    /// How many expected decisions held.
    pub cases: usize,
    /// The version whose place it takes.
    pub supersedes: Option<String>,
}

store::refusals! {
    /// Why a draft is not published.
    pub enum PublishError {
        /// It is no draft any more.
        NotADraft { version: String } = 409, "programme-not-a-draft",
            zh "版本“{version}”已不是草稿，不能再次发布。", en "Version {version} is no draft any more and cannot be published again.";
        /// The draft is another one than was looked at.
        DraftChanged {} = 409, "programme-draft-changed",
            zh "草稿在您查看之后被修改，请重新核对后再发布。", en "The draft was changed after you looked at it. Check it again before publishing.";
        /// Its expected decisions do not hold.
        ExpectationsUnmet { problems_zh: String, problems_en: String } = 409, "programme-expectations-unmet",
            zh "预期决定未全部符合，未发布：\n{problems_zh}", en "Not published, because expected decisions do not hold:\n{problems_en}";
        /// An older version, or the same, would take the place of a newer one.
        VersionNotHigher { version: String, in_force: String } = 409, "programme-version-not-higher",
            zh "草稿版本“{version}”不高于已发布的版本“{in_force}”，不能取代它。请在文本中写更高的版本号后重新起草，或废弃此草稿。",
            en "Draft {version} is not higher than version {in_force}, which is published, and cannot take its place. Give the text a higher version, or discard the draft.";
        /// Its name has no order.
        VersionNotSemantic { version: String } = 409, "programme-version-not-semantic",
            zh "版本号“{version}”不是“主.次.修订”形式（如 1.2.0），无法判断先后。请在文本中改写后重新起草。",
            en "Version {version:?} is not of the form major.minor.patch, such as 1.2.0, so that nobody can tell what it follows. Change it in the text and draft again.";
        /// The version in force had expected decisions, this one has none.
        ExpectationsDropped { in_force: String } = 409, "programme-expectations-dropped",
            zh "已发布的版本“{in_force}”附有预期决定，本草稿没有。请把预期决定一并提交（按新规则修改后）再发布。",
            en "Version {in_force}, which is published, came with expected decisions and this draft has none. Hand them in with it, changed as the new rules want, before publishing.";
        /// It does not read any more.
        NotAProgramme { problems_zh: String, problems_en: String } = 409, "programme-invalid",
            zh "方案文本有误：\n{problems_zh}", en "The text is not a programme:\n{problems_en}";
        /// The programme was ended.
        Ended {} = 409, "programme-ended",
            zh "该方案已结束，不能再发布新版本。请以新的编号起草。", en "The programme has ended and takes no new version. Draft it under a new id.";
    }
}

/// Publishes a draft after the engine's checks and the programme's own expected decisions; the version published until
/// now is superseded from the day on which the new one applies (PP-2).
pub async fn run(cx: &mut Cx, cmd: Publish) -> Result<Published, PublishError> {
    if !cx.permits(Action::PublishProgramme, &Subject::none()) {
        return Err(PublishError::Forbidden);
    }
    let versions = sql::versions(cx, &cmd.programme_id).await?;
    let draft = versions.iter().find(|v| v.version == cmd.version).ok_or(PublishError::NotFound)?;
    if draft.state != State::Draft {
        return Err(PublishError::NotADraft { version: cmd.version });
    }
    if draft.sha256 != cmd.sha256 {
        return Err(PublishError::DraftChanged {});
    }
    if versions.iter().any(|v| v.state == State::Ended) {
        return Err(PublishError::Ended {});
    }
    let (toml, expected) = sql::texts(cx, &draft.sha256).await?.ok_or(PublishError::NotFound)?;
    may_follow(cx, draft, &expected, &versions).await?;
    let checked = check(&toml, &expected).map_err(|wrong| {
        let all = problems::joined(&wrong);
        PublishError::NotAProgramme { problems_zh: all.zh, problems_en: all.en }
    })?;
    if !checked.unmet.is_empty() {
        let all = problems::joined(&checked.unmet);
        return Err(PublishError::ExpectationsUnmet { problems_zh: all.zh, problems_en: all.en });
    }
    let previous = versions.iter().find(|v| v.state == State::Published);
    let from = applies_from(draft.starts_on, previous, cx.today());
    if previous.is_some() {
        sql::supersede(cx, &cmd.programme_id, from).await?;
    }
    sql::publish(cx, &cmd.programme_id, &cmd.version, from).await?;
    sql::put_targets(cx, &checked.programme).await?;
    let done = Published {
        programme_id: cmd.programme_id,
        version: cmd.version,
        sha256: cmd.sha256,
        applies_from: from,
        cases: checked.decisions.len(),
        supersedes: previous.map(|v| v.version.clone()),
    };
    let object = format!("programme/{}/{}", done.programme_id, done.version);
    let before = previous.map(|v| (v.version.clone(), v.sha256.clone()));
    cx.journal("policy.publish", &object, &before, &done).await?;
    Ok(done)
}

/// A version follows what is published when it is higher and does not drop the expected decisions that hold it.
pub(crate) async fn may_follow(
    cx: &mut Cx,
    draft: &Version,
    expected: &str,
    versions: &[Version],
) -> Result<(), PublishError> {
    follows(&draft.version, versions)?;
    let Some(previous) = versions.iter().find(|v| v.state == State::Published) else { return Ok(()) };
    let (_, held) = sql::texts(cx, &previous.sha256).await?.ok_or(PublishError::NotFound)?;
    match expected.trim().is_empty() && !held.trim().is_empty() {
        true => Err(PublishError::ExpectationsDropped { in_force: previous.version.clone() }),
        false => Ok(()),
    }
}

/// Is it higher than everything that was ever published of the programme? Pure.
fn follows(version: &str, versions: &[Version]) -> Result<(), PublishError> {
    if compare_versions(version, version).is_none() {
        return Err(PublishError::VersionNotSemantic { version: version.to_owned() });
    }
    let higher = |v: &&Version| v.is_public() && compare_versions(version, &v.version).is_some_and(|o| o.is_le());
    match versions.iter().find(higher) {
        Some(v) => Err(PublishError::VersionNotHigher { version: version.to_owned(), in_force: v.version.clone() }),
        None => Ok(()),
    }
}

/// Drafts and publishes a text in one go: for the demonstration's replay and for tests of other slices.
pub async fn publish_text(cx: &mut Cx, toml: &str, expected_toml: &str) -> Result<Published, PublishError> {
    let cmd = draft::Draft { toml: toml.to_owned(), expected_toml: expected_toml.to_owned() };
    let drafted = draft::run(cx, cmd).await.map_err(from_draft)?;
    let draft::Drafted { programme_id, version, sha256 } = drafted;
    run(cx, Publish { programme_id, version, sha256 }).await
}

fn from_draft(error: draft::DraftError) -> PublishError {
    use draft::DraftError as D;
    match error {
        D::NotAProgramme { problems_zh, problems_en } => PublishError::NotAProgramme { problems_zh, problems_en },
        D::VersionTaken { version } => PublishError::NotADraft { version },
        D::SameText {} => PublishError::DraftChanged {},
        D::Forbidden => PublishError::Forbidden,
        D::NotFound => PublishError::NotFound,
        D::Store(e) => PublishError::Store(e),
    }
}
