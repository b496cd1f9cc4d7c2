//! A name for every reason why a file is refused as a whole. Nothing of a refused file counts (US-4).

use focus::{Refusal, Report};
use kernel::Text;

use crate::model::FileRefusal;

/// The engine's refusal under its stable name.
pub fn of_engine(refusal: &Refusal) -> FileRefusal {
    let code = match refusal {
        Refusal::Empty => "file-empty",
        Refusal::NotABill { .. } => "file-not-a-bill",
        Refusal::NotWhatItClaims { .. } => "file-not-what-it-claims",
        Refusal::Delimiter(_) => "file-wrong-delimiter",
        Refusal::MissingColumns { .. } => "file-lacks-columns",
        Refusal::DuplicateColumn(_) => "file-duplicate-column",
        Refusal::HeaderNotUtf8 => "file-not-utf8",
        Refusal::Truncated { .. } => "file-cut-off",
        Refusal::Damaged { .. } => "file-damaged",
        Refusal::RowTooLong { .. } => "file-row-too-long",
        Refusal::TooLarge { .. } => "file-unpacks-too-large",
        Refusal::ZipBomb { .. } => "file-unpacks-too-much",
        _ => "file-unreadable",
    };
    FileRefusal { code: code.to_owned(), text: refusal.text() }
}

/// A file that reads well and yet is not this source's bill: no rows at all, or most of them rejected. To count the
/// few that pass would replace true statements by a fraction of them.
pub fn of_report(report: &Report) -> Option<FileRefusal> {
    let rows = report.rows;
    if rows.read == 0 {
        let text = Text::new(
            "文件只有表头，没有数据行。请确认导出的账期内有费用。",
            "The file has a header and no rows. Check that the period exported has charges.",
        );
        return Some(FileRefusal { code: "file-no-rows".into(), text });
    }
    if rows.rejected * 2 <= rows.read {
        return None;
    }
    let worst = report.breaches.iter().find(|b| b.severity == focus::Severity::Rejected);
    let (why_zh, why_en) = worst.map_or_else(Default::default, |b| {
        (format!("最多的是规则 {}：{}", b.rule, b.message.zh), format!(" Mostly by rule {}: {}", b.rule, b.message.en))
    });
    let hint = report.hint.clone().unwrap_or_default();
    let text = Text::new(
        format!("{} 行中有 {} 行不合格，整个文件不予计入。{why_zh}{}", rows.read, rows.rejected, hint.zh),
        format!(
            "{} of {} rows are rejected, so nothing of the file counts.{why_en} {}",
            rows.rejected, rows.read, hint.en
        )
        .trim_end()
        .to_owned(),
    );
    Some(FileRefusal { code: "file-mostly-rejected".into(), text })
}
