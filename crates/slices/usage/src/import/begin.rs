//! Enters an upload whose file is kept already (US-2).

use focus::Profile;
use kernel::{Action, Lang, Subject};
use orgs::OrgKind;
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{BillImport, ImportState};
use crate::store::imports;

/// What was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Begin {
    /// Whose bill it is.
    pub provider_id: String,
    /// Which source profile it is declared to be of.
    pub profile: String,
    /// As the sender named it.
    pub file_name: String,
    /// Its hash; where it is kept.
    pub file_sha256: String,
    /// Its size.
    pub size_bytes: u64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// `imp_…`
    pub import_id: String,
    /// ZD-2019-000001
    pub number: String,
}

store::refusals! {
    /// Why a file is not taken.
    pub enum BeginError {
        /// Not a provider.
        UnknownProvider {} = 422, "unknown-provider", field "provider_id", zh "请选择账单所属的服务商。",
            en "Choose the provider whose bill it is.";
        /// Not a profile.
        UnknownProfile { profile: String } = 422, "unknown-profile", field "profile",
            zh "请选择账单来源（没有名为“{profile}”的来源配置）。", en "Choose the source of the bill; there is no profile {profile:?}.";
        /// No name.
        FileNameWrong {} = 422, "file-name-wrong", field "file", zh "文件名为空或过长（最多 200 字）。",
            en "The file's name is empty or too long (200 characters at most).";
        /// The same content came before.
        AlreadyImported { number: String, file_name: String, state_zh: String, state_en: String } = 409, "already-imported", field "file",
            zh "同一文件已作为 {number}（{file_name}）提交，状态：{state_zh}。同一文件只计一次；如账单有更正，请上传更正后的文件。",
            en "The same file was sent as {number} ({file_name}); its state: {state_en}. A file counts once. If the bill was corrected, upload the corrected file.";
        /// Another provider sent it.
        ImportedByAnother {} = 409, "imported-by-another-provider", field "file",
            zh "内容完全相同的文件已由另一服务商提交。请确认所传是本单位的账单。",
            en "Another provider has sent a file with exactly this content. Check that the bill is yours.";
    }
}

/// Enters it; [`super::Importing::spawn`] then reads it.
pub async fn run(cx: &mut Cx, cmd: Begin) -> Result<Begun, BeginError> {
    if !cx.permits(Action::ImportBills, &Subject::org(&cmd.provider_id)) {
        return Err(BeginError::Forbidden);
    }
    let provider = orgs::find(cx, &cmd.provider_id).await?.filter(|o| o.kind == OrgKind::Provider);
    let provider = provider.ok_or(BeginError::UnknownProvider {})?;
    if !Profile::ids().any(|id| id == cmd.profile) {
        return Err(BeginError::UnknownProfile { profile: cmd.profile });
    }
    let file_name = cmd.file_name.trim().to_owned();
    if file_name.is_empty() || file_name.chars().count() > 200 {
        return Err(BeginError::FileNameWrong {});
    }
    if let Some(known) = imports::by_file(cx, &cmd.file_sha256).await? {
        if known.provider_id != provider.id {
            return Err(BeginError::ImportedByAnother {});
        }
        return Err(BeginError::AlreadyImported {
            number: known.number,
            file_name: known.file_name,
            state_zh: known.state.label(Lang::Zh).to_owned(),
            state_en: known.state.label(Lang::En).to_owned(),
        });
    }
    let year = cx.today().year();
    let n = cx.next_number(&format!("bill-import/{year}")).await?;
    let import = BillImport {
        id: cx.new_id("imp"),
        number: format!("ZD-{year}-{n:06}"),
        provider_id: provider.id,
        profile: cmd.profile,
        file_name,
        file_sha256: cmd.file_sha256,
        size_bytes: i64::try_from(cmd.size_bytes).unwrap_or(i64::MAX),
        state: ImportState::Running,
        bytes_read: 0,
        rows_read: 0,
        rows_accepted: 0,
        rows_rejected: 0,
        result: None,
        refusal: None,
        uploaded_by: cx.actor.user_id.clone(),
        uploaded_at: cx.now,
        finished_at: None,
    };
    imports::insert(cx, &import).await?;
    cx.journal("usage.import_begin", &format!("usage_import/{}", import.id), &(), &import).await?;
    Ok(Begun { import_id: import.id, number: import.number })
}
