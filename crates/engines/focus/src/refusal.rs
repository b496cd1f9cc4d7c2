//! Why a whole file is refused. Nothing of a refused file is counted.

use std::path::PathBuf;

use kernel::Text;

use crate::model::ModelError;
use crate::sniff::Format;

/// A named refusal of a file.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// The content is another format than CSV, gzip CSV or Parquet.
    #[error("the file is {found}, not a FOCUS bill in CSV, gzip CSV or Parquet")]
    NotABill {
        /// What it is.
        found: String,
    },
    /// The name says one format and the content is another.
    #[error("the file is called {claimed:?} but is {found:?}")]
    NotWhatItClaims {
        /// By its name.
        claimed: Format,
        /// By its content.
        found: Format,
    },
    /// The header separates columns by something else than a comma.
    #[error("columns are separated by {0:?}, not by a comma")]
    Delimiter(char),
    /// Columns without which no statement can be made.
    #[error("the header lacks {}", missing.iter().map(|m| m.column.as_str()).collect::<Vec<_>>().join(", "))]
    MissingColumns {
        /// Each, with the column of the file that may be meant.
        missing: Vec<MissingColumn>,
    },
    /// One column twice.
    #[error("the header has {0:?} twice")]
    DuplicateColumn(String),
    /// The header is not UTF-8.
    #[error("the header is not UTF-8 text")]
    HeaderNotUtf8,
    /// The file ends inside a row, a quotation, a gzip stream or before Parquet's footer.
    #[error("the file is cut off after row {row}: {what:?}")]
    Truncated {
        /// Whole rows before the cut; 0 when none can be read.
        row: u64,
        /// Line of the cut, in CSV.
        line: Option<u64>,
        /// What is missing.
        what: Cut,
    },
    /// The gzip stream or the Parquet file contradicts itself.
    #[error("the file is damaged after row {row}: {detail}")]
    Damaged {
        /// Whole rows before it.
        row: u64,
        /// The decoder's words.
        detail: String,
    },
    /// One row, or one quotation, goes on past the limit: mostly a stray quotation mark.
    #[error("row {row} is longer than {limit_bytes} bytes")]
    RowTooLong {
        /// The row.
        row: u64,
        /// Its line.
        line: u64,
        /// The limit.
        limit_bytes: usize,
    },
    /// Unpacks to more than is accepted.
    #[error("the file unpacks to more than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// Unpacks to so many times its size that it is no bill.
    #[error("the file unpacks to more than {limit} times its size")]
    ZipBomb {
        /// The limit.
        limit: u64,
    },
    /// The checkpoint is of another file, profile or version.
    #[error("the checkpoint does not belong to this file: {0}")]
    WrongCheckpoint(String),
    /// The rules cannot be used.
    #[error(transparent)]
    Rules(#[from] ModelError),
    /// The file cannot be opened.
    #[error("{path} cannot be opened: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// Reading failed.
    #[error("reading failed: {0}")]
    Io(#[from] std::io::Error),
}

/// A column that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingColumn {
    /// As the specification names it.
    pub column: String,
    /// A column of the file with nearly this name.
    pub perhaps: Option<String>,
}

/// Where a file was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The last row has fewer fields than the header.
    InRow,
    /// A quotation is open.
    InQuotation,
    /// The gzip stream has no end.
    InGzip,
    /// The footer is missing.
    NoFooter,
}

impl Refusal {
    /// For a reader, with what to do.
    pub fn text(&self) -> Text {
        match self {
            Refusal::Empty => Text::new("文件是空的。", "The file is empty."),
            Refusal::NotABill { found } => Text::new(
                format!("文件内容是 {found}，不是 CSV、gzip 压缩的 CSV 或 Parquet 格式的 FOCUS 账单。"),
                format!("The content is {found}, not a FOCUS bill in CSV, gzip CSV or Parquet."),
            ),
            Refusal::NotWhatItClaims { claimed, found } => Text::new(
                format!("文件名表示 {claimed:?}，内容却是 {found:?}。请核对后重新上传。"),
                format!("The name says {claimed:?}, but the content is {found:?}. Check the file and upload it again."),
            ),
            Refusal::Delimiter(c) => Text::new(
                format!("列之间用的是 {c:?}，应当用英文逗号。"),
                format!("Columns are separated by {c:?}; a comma is needed."),
            ),
            Refusal::MissingColumns { missing } => missing_text(missing),
            Refusal::DuplicateColumn(c) => {
                Text::new(format!("表头中 {c} 列出现了两次。"), format!("The header has the column {c} twice."))
            }
            Refusal::HeaderNotUtf8 => Text::new(
                "表头不是 UTF-8 文本。请用 UTF-8 编码导出。",
                "The header is not UTF-8 text. Export the file as UTF-8.",
            ),
            Refusal::Truncated { row, what, .. } => Text::new(
                format!("文件在第 {row} 行数据之后中断：{}。请重新下载完整的账单。", what.zh()),
                format!("The file is cut off after data row {row}: {}. Download the whole bill again.", what.en()),
            ),
            Refusal::Damaged { row, detail } => Text::new(
                format!("文件在第 {row} 行数据之后损坏：{detail}"),
                format!("The file is damaged after data row {row}: {detail}"),
            ),
            Refusal::RowTooLong { row, line, limit_bytes } => Text::new(
                format!("第 {row} 行数据（文件第 {line} 行）超过 {limit_bytes} 字节，通常是引号未闭合。"),
                format!(
                    "Data row {row} (line {line}) is longer than {limit_bytes} bytes; mostly a quotation mark is not closed."
                ),
            ),
            Refusal::TooLarge { limit_bytes } => Text::new(
                format!("解压后超过 {limit_bytes} 字节的上限。"),
                format!("The file unpacks to more than the limit of {limit_bytes} bytes."),
            ),
            Refusal::ZipBomb { limit } => Text::new(
                format!("压缩比超过 {limit} 倍，不像账单，已停止读取。"),
                format!("The file unpacks to more than {limit} times its size; that is no bill, so reading stopped."),
            ),
            other => Text::new(format!("无法读取：{other}"), format!("It cannot be read: {other}")),
        }
    }
}

impl Cut {
    fn zh(self) -> &'static str {
        match self {
            Cut::InRow => "最后一行不完整",
            Cut::InQuotation => "引号未闭合",
            Cut::InGzip => "gzip 数据不完整",
            Cut::NoFooter => "缺少 Parquet 文件尾",
        }
    }
    fn en(self) -> &'static str {
        match self {
            Cut::InRow => "the last row is incomplete",
            Cut::InQuotation => "a quotation is not closed",
            Cut::InGzip => "the gzip stream has no end",
            Cut::NoFooter => "the Parquet footer is missing",
        }
    }
}

fn missing_text(missing: &[MissingColumn]) -> Text {
    let list = |hint: &dyn Fn(&str) -> String| {
        let one = |m: &MissingColumn| format!("{}{}", m.column, m.perhaps.as_deref().map(hint).unwrap_or_default());
        missing.iter().map(one).collect::<Vec<_>>()
    };
    let zh = list(&|p| format!("（文件中的 {p} 列是否就是它？）")).join("、");
    let en = list(&|p| format!(" (is it the file's {p}?)")).join(", ");
    Text::new(format!("表头缺少必需的列：{zh}。"), format!("The header lacks required columns: {en}."))
}

/// The column of the file whose name is nearest to `wanted`, when it is near enough to be a slip.
pub(crate) fn near_miss(wanted: &str, header: &[String]) -> Option<String> {
    let plain = |s: &str| s.to_lowercase().replace(['_', ' ', '-'], "");
    let wanted = plain(wanted);
    let near = |h: &&String| distance(&plain(h), &wanted);
    header.iter().min_by_key(near).filter(|h| near(h) <= wanted.len() / 5).cloned()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_named_and_far_ones_not() {
        let header: Vec<String> = ["billed_cost", "ChargePeriodStrat", "Foo"].map(str::to_owned).into();
        assert_eq!(near_miss("BilledCost", &header).as_deref(), Some("billed_cost"));
        assert_eq!(near_miss("ChargePeriodStart", &header).as_deref(), Some("ChargePeriodStrat"));
        assert_eq!(near_miss("ServiceName", &header), None);
    }
}
