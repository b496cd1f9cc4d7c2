//! Writes how an import ended: its statements and corrections all at once, or the reason why nothing of it counts.

use focus::{Import, Report};
use kernel::Role;
use store::Cx;

use super::statements::store_statements;
use crate::model::{BillImport, FileRefusal, ImportState};
use crate::rules::figures::TooLarge;
use crate::store::{imports, levels, to_json};

store::refusals! {
    /// Why an import is not ended.
    pub enum FinishError {
        /// It has ended already.
        EndedAlready { number: String } = 409, "import-ended", zh "{number} 已处理完毕。", en "{number} has ended already.";
        /// A sum is beyond 64 bits of fen.
        AmountTooLarge {} = 422, "file-amount-too-large", zh "账单中有金额超出可记录的范围，整个文件不予计入。",
            en "An amount of the bill is beyond what can be recorded, so nothing of the file counts.";
    }
}

async fn running(cx: &mut Cx, import_id: &str) -> Result<BillImport, FinishError> {
    if cx.actor.role != Role::System {
        return Err(FinishError::Forbidden);
    }
    let import = imports::get(cx, import_id).await?.ok_or(FinishError::NotFound)?;
    match import.state {
        ImportState::Running => Ok(import),
        ImportState::Done | ImportState::Failed => Err(FinishError::EndedAlready { number: import.number }),
    }
}

fn counted(import: BillImport, report: &Report) -> BillImport {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    BillImport {
        bytes_read: count(report.bytes),
        rows_read: count(report.rows.read),
        rows_accepted: count(report.rows.accepted),
        rows_rejected: count(report.rows.rejected),
        ..import
    }
}

/// The file has been read and counts.
pub async fn accept(cx: &mut Cx, import_id: &str, done: Import) -> Result<BillImport, FinishError> {
    let before = running(cx, import_id).await?;
    let stored = store_statements(cx, &before, &done.statements).await?;
    let result = stored.map_err(|TooLarge| FinishError::AmountTooLarge {})?;
    levels::note_to_assess(cx, &result.enterprises).await?;
    let after = BillImport {
        state: ImportState::Done,
        result: Some(result),
        finished_at: Some(cx.now),
        ..counted(before.clone(), &done.report)
    };
    imports::end(cx, &after, Some(to_json(&done.report, "report")?)).await?;
    cx.journal("usage.import_done", &format!("usage_import/{import_id}"), &before, &after).await?;
    Ok(after)
}

/// The file is refused as a whole (US-4). Where it could be read, its findings are kept for the sender.
pub async fn refuse(
    cx: &mut Cx,
    import_id: &str,
    refusal: FileRefusal,
    report: Option<Report>,
) -> Result<BillImport, FinishError> {
    let before = running(cx, import_id).await?;
    let read = match &report {
        Some(report) => BillImport { rows_accepted: 0, ..counted(before.clone(), report) },
        None => before.clone(),
    };
    let after = BillImport { state: ImportState::Failed, refusal: Some(refusal), finished_at: Some(cx.now), ..read };
    let report = report.as_ref().map(|r| to_json(r, "report")).transpose()?;
    imports::end(cx, &after, report).await?;
    cx.journal("usage.import_refused", &format!("usage_import/{import_id}"), &before, &after).await?;
    Ok(after)
}
