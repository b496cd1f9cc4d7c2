//! Reads a spreadsheet that a person made: XLSX or CSV, by its content, first row as heads.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use kernel::{Lang, grouped};

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
    /// The name says XLSX, the content is another.
    #[error("the file is named .xlsx but is no XLSX workbook")]
    NotXlsx,
    /// A document, a picture or a program, not a table.
    #[error("the file is not a table: {0}")]
    NotATable(&'static str),
    /// Heads are missing: Chinese and English words of each.
    #[error("columns are missing: {}", .0.iter().map(|c| c.1.as_str()).collect::<Vec<_>>().join(", "))]
    MissingColumns(Vec<(String, String)>),
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
            (Lang::En, SheetError::Unreadable(_)) => {
                "The file is neither XLSX nor CSV in UTF-8. Save the template again under another name and upload that.".into()
            }
            (Lang::En, SheetError::NotXlsx) => {
                "The file is named .xlsx, but its content is no XLSX workbook. Save it as XLSX in your spreadsheet program, or \
                 as CSV under the name .csv."
                    .into()
            }
            (Lang::En, SheetError::NotATable(kind)) => {
                format!("The file is {kind}, not a table. Upload XLSX, or CSV in UTF-8.")
            }
            (Lang::En, SheetError::Empty) => {
                "The spreadsheet has no rows below its heads. Fill some in and upload it again.".into()
            }
            (Lang::En, SheetError::MissingColumns(c)) => format!(
                "Columns are missing: {}. Use the heads of the template.",
                c.iter().map(|c| c.1.as_str()).collect::<Vec<_>>().join(", ")
            ),
            (Lang::En, SheetError::TooManyRows { found, max }) => format!(
                "The spreadsheet has {} rows; at most {} go in at once. Split it and upload the parts.",
                grouped(*found as i64),
                grouped(*max as i64)
            ),
            (_, SheetError::NotXlsx) => {
                "文件名是 .xlsx，内容却不是 XLSX 工作簿。请在表格软件中另存为 XLSX，或存为 CSV 并以 .csv 命名。".into()
            }
            (_, SheetError::NotATable(kind)) => {
                let kind = match *kind {
                    PDF => "PDF 文档",
                    PICTURE => "图片",
                    OLD_EXCEL => "旧版 Excel（.xls）文件",
                    _ => "二进制文件",
                };
                format!("文件是{kind}，不是可读取的表格。请上传 XLSX 或 UTF-8 编码的 CSV。")
            }
            (_, SheetError::Unreadable(_)) => {
                "文件既不是 XLSX 也不是 UTF-8 编码的 CSV。请用模板另存后再上传。".into()
            }
            (_, SheetError::Empty) => "表格中没有数据行。请在表头下填写后再上传。".into(),
            (_, SheetError::MissingColumns(c)) => {
                let names: Vec<&str> = c.iter().map(|c| c.0.as_str()).collect();
                format!("缺少列：{}。请使用模板的表头。", names.join("、"))
            }
            (_, SheetError::TooManyRows { found, max }) => {
                let (found, max) = (grouped(*found as i64), grouped(*max as i64));
                format!("共 {found} 行，一次最多导入 {max} 行。请拆分后再上传。")
            }
        }
    }
}

const PDF: &str = "a PDF document";
const PICTURE: &str = "a picture";
const OLD_EXCEL: &str = "an old Excel file (.xls)";
const BINARY: &str = "a binary file";

/// What is certainly no table, told by its first bytes.
fn not_a_table(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(PDF),
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] | [b'G', b'I', b'F', b'8', ..] => Some(PICTURE),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some(OLD_EXCEL),
        _ if bytes.iter().take(8_192).any(|b| *b == 0) => Some(BINARY),
        _ => None,
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

/// Reads `bytes`, which came under `file_name`; every name of `columns` must be among the heads (either its Chinese or its
/// English words). Cells come back in the order of `columns`.
pub fn read_sheet(file_name: &str, bytes: &[u8], columns: &[(&str, &str)]) -> Result<Sheet, SheetError> {
    let raw = match bytes.starts_with(b"PK\x03\x04") {
        true => read_xlsx(bytes, columns)?,
        false if bytes.is_empty() => return Err(SheetError::Empty),
        false => {
            if let Some(kind) = not_a_table(bytes) {
                return Err(SheetError::NotATable(kind));
            }
            if file_name.to_ascii_lowercase().ends_with(".xlsx") {
                return Err(SheetError::NotXlsx);
            }
            read_csv(bytes)?
        }
    };
    // An empty workbook has no heads to miss.
    if raw.rows.iter().all(|row| row.iter().all(String::is_empty)) {
        return Err(SheetError::Empty);
    }
    let places = raw.places(columns);
    let lines = raw.rows.into_iter().enumerate().skip(1);
    let absent = columns.iter().zip(&places).filter(|(_, p)| p.is_none());
    let missing: Vec<(String, String)> = absent.map(|(c, _)| (c.0.to_owned(), c.1.to_owned())).collect();
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
