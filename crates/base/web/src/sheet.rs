//! Reads a spreadsheet that a person made: XLSX or CSV, by its content, first row as heads.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use kernel::Lang;

/// Rows as text, with their numbers as the spreadsheet shows them.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// Heads, trimmed.
    pub heads: Vec<String>,
    /// Row number (the head is row 1) and its cells, trimmed, as many as heads.
    pub rows: Vec<(usize, Vec<String>)>,
}

/// Why a spreadsheet cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Neither XLSX nor readable text.
    #[error("the file is neither XLSX nor CSV in UTF-8: {0}")]
    Unreadable(String),
    /// No rows.
    #[error("the spreadsheet has no rows below its heads")]
    Empty,
    /// Heads are missing.
    #[error("columns are missing: {}", .0.join(", "))]
    MissingColumns(Vec<String>),
    /// Too many rows for one go.
    #[error("the spreadsheet has {found} rows; at most {max} go in at once")]
    TooManyRows {
        /// How many there are.
        found: usize,
        /// The limit.
        max: usize,
    },
}

impl SheetError {
    /// For a reader.
    pub fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, e) => e.to_string(),
            (_, SheetError::Unreadable(why)) => {
                format!("文件既不是 XLSX 也不是 UTF-8 编码的 CSV（{why}）。请用模板另存后再上传。")
            }
            (_, SheetError::Empty) => "表格中没有数据行。请在表头下填写后再上传。".into(),
            (_, SheetError::MissingColumns(c)) => format!("缺少列：{}。请使用模板的表头。", c.join("、")),
            (_, SheetError::TooManyRows { found, max }) => {
                format!("共 {found} 行，一次最多导入 {max} 行。请拆分后再上传。")
            }
        }
    }
}

/// Most rows of one import.
const ROWS_MAX: usize = 20_000;

/// What stands in a sheet, from its first row that is not empty.
struct Lines {
    /// Empty rows above.
    above: usize,
    rows: Vec<Vec<String>>,
}

impl Lines {
    /// Where each of `columns` stands, by the heads.
    fn places(&self, columns: &[(&str, &str)]) -> Vec<Option<usize>> {
        let heads = self.rows.first().map_or(&[][..], Vec::as_slice);
        let place = |(zh, en): &(&str, &str)| heads.iter().position(|h| h == zh || h.eq_ignore_ascii_case(en));
        columns.iter().map(place).collect()
    }

    fn has(&self, columns: &[(&str, &str)]) -> bool {
        self.places(columns).iter().all(Option::is_some)
    }
}

/// Reads `bytes`; every name of `columns` must be among the heads (either its Chinese or its English words).
/// Cells come back in the order of `columns`.
pub fn read_sheet(bytes: &[u8], columns: &[(&str, &str)]) -> Result<Sheet, SheetError> {
    let raw = if bytes.starts_with(b"PK\x03\x04") { read_xlsx(bytes, columns)? } else { read_csv(bytes)? };
    let places = raw.places(columns);
    let lines = raw.rows.into_iter().enumerate().skip(1);
    let missing: Vec<String> =
        columns.iter().zip(&places).filter(|(_, p)| p.is_none()).map(|(c, _)| format!("{} / {}", c.0, c.1)).collect();
    if !missing.is_empty() {
        return Err(SheetError::MissingColumns(missing));
    }
    let rows: Vec<(usize, Vec<String>)> = lines
        .filter(|(_, cells)| cells.iter().any(|c| !c.is_empty()))
        .map(|(i, cells)| {
            let picked = places.iter().flatten().map(|p| cells.get(*p).cloned().unwrap_or_default()).collect();
            (raw.above + i + 1, picked)
        })
        .collect();
    match rows.len() {
        0 => Err(SheetError::Empty),
        n if n > ROWS_MAX => Err(SheetError::TooManyRows { found: n, max: ROWS_MAX }),
        _ => Ok(Sheet { heads: columns.iter().map(|c| c.0.to_owned()).collect(), rows }),
    }
}

fn read_xlsx(bytes: &[u8], columns: &[(&str, &str)]) -> Result<Lines, SheetError> {
    let unreadable = |e: &dyn std::fmt::Display| SheetError::Unreadable(e.to_string());
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| unreadable(&e))?;
    let mut first = None;
    // A cover or a page of explanations may come before the sheet with the data.
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).map_err(|e| unreadable(&e))?;
        let above = range.start().map_or(0, |(row, _)| row as usize);
        let rows: Vec<Vec<String>> = range.rows().map(|r| r.iter().map(cell_text).collect()).collect();
        let lines = Lines { above, rows };
        if lines.has(columns) {
            return Ok(lines);
        }
        first = first.or(Some(lines));
    }
    first.ok_or(SheetError::Empty)
}

/// A cell as a person reads it.
fn cell_text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Float(f) => number_text(*f),
        Data::Int(i) => number_text(*i as f64),
        Data::DateTime(t) if t.is_datetime() => {
            let (y, m, d, ..) = t.to_ymd_hms_milli();
            format!("{y:04}-{m:02}-{d:02}")
        }
        Data::DateTimeIso(t) => t.split('T').next().unwrap_or("").trim().to_owned(),
        other => other.to_string().trim().to_owned(),
    }
}

/// A spreadsheet keeps fifteen digits of a number: those are shown, without the noise of binary fractions behind
/// them. A longer number, such as a credit code typed as one, has lost its end; it is shown by its power of ten, as
/// the spreadsheet itself does, and is then no credit code.
fn number_text(f: f64) -> String {
    let rounded = format!("{f:.14e}").parse::<f64>().unwrap_or(f);
    if rounded.abs() >= 1e15 { format!("{rounded:E}") } else { rounded.to_string() }
}

/// Is this what is left of a number that was too long for a spreadsheet?
pub fn lost_digits(cell: &str) -> bool {
    cell.split_once('E').is_some_and(|(digits, power)| digits.parse::<f64>().is_ok() && power.parse::<u32>().is_ok())
}

fn read_csv(bytes: &[u8]) -> Result<Lines, SheetError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut out = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| SheetError::Unreadable(e.to_string()))?;
        out.push(record.iter().map(|c| c.trim().to_owned()).collect());
    }
    Ok(Lines { above: 0, rows: out })
}
