//! A list: one description, three forms (HTML, CSV, XLSX), so that what is exported is what is shown.

use std::fmt;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use kernel::{Fen, Lang};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use crate::{AppError, Html, esc};

/// A cell.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Words.
    Text(String),
    /// Words that lead somewhere.
    Link {
        /// Address.
        href: String,
        /// Words.
        text: String,
    },
    /// A whole number.
    Int(i64),
    /// A measurement, as it is.
    Number(f64),
    /// Money.
    Money(Fen),
    /// A date.
    Date(Option<Date>),
    /// A state: tone is `""`, `is-info`, `is-ok`, `is-warn`, `is-bad`, `is-outline`, `is-sim`.
    Tag {
        /// Its colour class.
        tone: &'static str,
        /// Words.
        text: String,
    },
    /// A share of one, shown as per cent with one decimal.
    Percent(f64),
    /// Nothing known, or suppressed; says which.
    Blank(String),
    /// Buttons and such: shown, not exported.
    Html(Html),
}

impl Cell {
    /// Words.
    pub fn text(t: impl Into<String>) -> Cell {
        Cell::Text(t.into())
    }
    /// Words that lead somewhere.
    pub fn link(href: impl Into<String>, text: impl Into<String>) -> Cell {
        Cell::Link { href: href.into(), text: text.into() }
    }
    /// A state.
    pub fn tag(tone: &'static str, text: impl Into<String>) -> Cell {
        Cell::Tag { tone, text: text.into() }
    }

    fn plain(&self) -> String {
        match self {
            Cell::Text(t) | Cell::Link { text: t, .. } | Cell::Tag { text: t, .. } | Cell::Blank(t) => t.clone(),
            Cell::Int(n) => n.to_string(),
            Cell::Number(n) => n.to_string(),
            Cell::Money(f) => f.yuan().replace(',', ""),
            Cell::Date(d) => d.map_or(String::new(), |d| d.to_string()),
            Cell::Percent(p) => format!("{:.1}%", p * 100.0),
            Cell::Html(_) => String::new(),
        }
    }

    fn html(&self) -> String {
        match self {
            Cell::Link { href, text } => format!("<a href=\"{}\">{}</a>", esc(href), whole(text)),
            Cell::Tag { tone, text } => format!("<span class=\"tag {tone}\">{}</span>", esc(text)),
            Cell::Money(f) => f.yuan(),
            Cell::Int(n) => kernel::grouped(*n),
            Cell::Blank(t) => format!("<span class=\"muted\">{}</span>", esc(t)),
            Cell::Html(h) => h.0.clone(),
            other => whole(&other.plain()),
        }
    }

    /// Words that wrap: a column of them needs room, or a name of a firm becomes a tower of four letters a line.
    fn is_long(&self) -> bool {
        matches!(self, Cell::Text(t) | Cell::Link { text: t, .. } | Cell::Blank(t) if t.chars().nth(12).is_some() && !is_code(t))
    }

    fn numeric(&self) -> bool {
        matches!(self, Cell::Int(_) | Cell::Number(_) | Cell::Money(_) | Cell::Percent(_))
    }
}

fn is_code(text: &str) -> bool {
    text.len() <= 20 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Escaped; dates and numbers of papers (`DD-2019-000041`) are one word to a reader, though browsers would break them at
/// their hyphens.
fn whole(text: &str) -> String {
    if is_code(text) && text.contains('-') { format!("<span class=\"nowrap\">{}</span>", esc(text)) } else { esc(text) }
}

/// A column.
#[derive(Clone, Debug)]
pub struct Col {
    label: String,
    numeric: bool,
    shown_only: bool,
}

impl Col {
    /// Words.
    pub fn text(label: &str) -> Col {
        Col { label: label.to_owned(), numeric: false, shown_only: false }
    }
    /// Numbers, right-aligned.
    pub fn num(label: &str) -> Col {
        Col { label: label.to_owned(), numeric: true, shown_only: false }
    }
    /// Buttons: on the page only.
    pub fn actions(label: &str) -> Col {
        Col { label: label.to_owned(), numeric: false, shown_only: true }
    }
}

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Export {
    /// Comma-separated, UTF-8 with a byte-order mark (spreadsheets need it for Chinese).
    Csv,
    /// Office Open XML.
    Xlsx,
}

/// A table with more columns than this is set closer.
const MANY_COLUMNS: usize = 8;

/// A list.
#[derive(Clone, Debug)]
pub struct Table {
    lang: Lang,
    id: String,
    caption: String,
    columns: Vec<Col>,
    rows: Vec<Vec<Cell>>,
    next_href: Option<String>,
    first_href: Option<String>,
    export_href: Option<String>,
    empty: String,
}

impl Table {
    /// Named for its region and files; `caption` tells a screen reader what it lists.
    pub fn new(lang: Lang, id: &str, caption: &str, columns: Vec<Col>) -> Table {
        Table {
            lang,
            id: id.to_owned(),
            caption: caption.to_owned(),
            columns,
            rows: Vec::new(),
            next_href: None,
            first_href: None,
            export_href: None,
            empty: lang.t("没有符合条件的记录。", "Nothing matches.").to_owned(),
        }
    }
    /// Adds a row; as many cells as columns.
    pub fn row(&mut self, cells: Vec<Cell>) {
        assert_eq!(cells.len(), self.columns.len(), "a row of {} has as many cells as columns", self.id);
        self.rows.push(cells);
    }
    /// Where the next page is, and the first if this is not it.
    pub fn pages(mut self, first_href: Option<String>, next_href: Option<String>) -> Table {
        self.first_href = first_href;
        self.next_href = next_href;
        self
    }
    /// Shows links to the same list as XLSX and CSV: `href` plus `format=`.
    pub fn exports(mut self, href: &str) -> Table {
        self.export_href = Some(href.to_owned());
        self
    }
    /// What to say when there is nothing.
    pub fn when_empty(mut self, words: &str) -> Table {
        self.empty = words.to_owned();
        self
    }
    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }
    /// None?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As a CSV text. A cell that a spreadsheet would take for a formula is quoted with an apostrophe.
    pub fn csv(&self) -> Vec<u8> {
        csv_of(&[self])
    }

    /// As a spreadsheet: numbers are numbers, money has two decimals, dates are dates.
    pub fn xlsx(&self) -> Result<Vec<u8>, XlsxError> {
        xlsx_of(&[self])
    }

    /// As a download.
    pub fn download(&self, file_stem: &str, export: Export, today: Date) -> Result<Response, AppError> {
        file(&[self], file_stem, export, today)
    }

    /// All of them as one download: a sheet each, or one below the other under their captions.
    pub fn download_all(tables: &[Table], file_stem: &str, export: Export, on: Date) -> Result<Response, AppError> {
        file(&tables.iter().collect::<Vec<_>>(), file_stem, export, on)
    }

    fn exported(&self) -> Vec<usize> {
        (0..self.columns.len()).filter(|i| !self.columns[*i].shown_only).collect()
    }

    fn write_csv(&self, out: &mut csv::Writer<Vec<u8>>) {
        let shown = self.exported();
        let written = out.write_record(shown.iter().map(|i| self.columns[*i].label.as_str()));
        debug_assert!(written.is_ok(), "writing to memory does not fail");
        for row in &self.rows {
            let cells = shown.iter().map(|i| {
                let plain = row[*i].plain();
                let formula = !row[*i].numeric() && plain.starts_with(['=', '+', '-', '@', '\t', '\r']);
                if formula { format!("'{plain}") } else { plain }
            });
            let written = out.write_record(cells);
            debug_assert!(written.is_ok(), "writing to memory does not fail");
        }
    }

    fn write_sheet(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let head = Format::new().set_bold().set_background_color("E8EEF7").set_text_wrap();
        let money = Format::new().set_num_format("#,##0.00");
        let percent = Format::new().set_num_format("0.0%");
        let day = Format::new().set_num_format("yyyy-mm-dd");
        sheet.set_freeze_panes(1, 0)?;
        let shown = self.exported();
        for (c, i) in (0u16..).zip(&shown) {
            sheet.write_with_format(0, c, &self.columns[*i].label, &head)?;
        }
        for (r, row) in (1u32..).zip(&self.rows) {
            for (c, i) in (0u16..).zip(&shown) {
                match &row[*i] {
                    Cell::Int(n) => sheet.write(r, c, *n as f64)?,
                    Cell::Number(n) => sheet.write(r, c, *n)?,
                    // Money leaves as a decimal number only here, for people's spreadsheets.
                    Cell::Money(f) => sheet.write_with_format(r, c, f.0 as f64 / 100.0, &money)?,
                    Cell::Percent(p) => sheet.write_with_format(r, c, *p, &percent)?,
                    Cell::Date(Some(d)) => {
                        let serial =
                            rust_xlsxwriter::ExcelDateTime::from_ymd(d.year() as u16, d.month() as u8, d.day() as u8)?;
                        sheet.write_with_format(r, c, &serial, &day)?
                    }
                    other => sheet.write(r, c, other.plain())?,
                };
            }
        }
        sheet.autofit();
        Ok(())
    }

    /// The class attribute of each column.
    fn classes(&self) -> Vec<&'static str> {
        let of = |(i, c): (usize, &Col)| match c.numeric {
            true => " class=\"num\"",
            false if self.rows.iter().any(|r| r[i].is_long()) => " class=\"long\"",
            false => "",
        };
        self.columns.iter().enumerate().map(of).collect()
    }

    fn foot(&self) -> String {
        let mut out = String::new();
        if self.first_href.is_some() || self.next_href.is_some() {
            out.push_str(&format!("<nav class=\"pager\" aria-label=\"{}\">", self.lang.t("分页", "Pages")));
            let link = |href: &Option<String>, rel: &str, words: &str| match href {
                Some(h) => format!("<a href=\"{}\" rel=\"{rel}\">{words}</a>", esc(h)),
                None => format!("<span class=\"is-off\">{words}</span>"),
            };
            out.push_str(&link(&self.first_href, "first", self.lang.t("回到第一页", "First page")));
            out.push_str(&link(&self.next_href, "next", self.lang.t("下一页", "Next page")));
            out.push_str("</nav>");
        }
        if let Some(href) = &self.export_href {
            let join = if href.contains('?') { '&' } else { '?' };
            let href = esc(&format!("{href}{join}"));
            out.push_str(&format!(
                "<p class=\"cluster no-print\"><a class=\"btn btn-quiet btn-small\" href=\"{href}format=xlsx\">{x}</a>\
                 <a class=\"btn btn-quiet btn-small\" href=\"{href}format=csv\">{c}</a></p>",
                x = self.lang.t("导出 XLSX", "Export XLSX"),
                c = self.lang.t("导出 CSV", "Export CSV")
            ));
        }
        out
    }
}

/// Most letters of a sheet's name, and letters that it may not have: limits of the file format.
const SHEET_NAME_MAX: usize = 31;
const NOT_IN_SHEET_NAMES: [char; 7] = ['[', ']', ':', '*', '?', '/', '\\'];

/// The caption as the name of a sheet, told apart from those that came before it.
fn sheet_name(caption: &str, taken: &[String]) -> String {
    let plain: String = caption.chars().map(|c| if NOT_IN_SHEET_NAMES.contains(&c) { ' ' } else { c }).collect();
    let plain = plain.trim().trim_matches('\'');
    let plain = if plain.is_empty() { "1" } else { plain };
    let cut = |n: usize| plain.chars().take(n).collect::<String>();
    let is_taken = |name: &String| taken.iter().any(|t| t.to_lowercase() == name.to_lowercase());
    let numbered = (2..).map(|n| format!("{} {n}", cut(SHEET_NAME_MAX - 4)));
    let mut names = std::iter::once(cut(SHEET_NAME_MAX)).chain(numbered);
    names.find(|name| !is_taken(name)).expect("numbers do not end")
}

fn csv_of(tables: &[&Table]) -> Vec<u8> {
    let mut out = csv::WriterBuilder::new().flexible(true).from_writer(b"\xef\xbb\xbf".to_vec());
    for (i, table) in tables.iter().enumerate() {
        if tables.len() > 1 {
            let between = if i == 0 { Ok(()) } else { out.write_record([""]) };
            let written = between.and_then(|()| out.write_record([table.caption.as_str()]));
            debug_assert!(written.is_ok(), "writing to memory does not fail");
        }
        table.write_csv(&mut out);
    }
    out.into_inner().unwrap_or_default()
}

fn xlsx_of(tables: &[&Table]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let mut names: Vec<String> = Vec::new();
    for table in tables {
        let name = sheet_name(&table.caption, &names);
        let sheet = book.add_worksheet();
        sheet.set_name(&name)?;
        table.write_sheet(sheet)?;
        names.push(name);
    }
    book.save_to_buffer()
}

fn file(tables: &[&Table], file_stem: &str, export: Export, on: Date) -> Result<Response, AppError> {
    let (bytes, mime, extension) = match export {
        Export::Csv => (csv_of(tables), "text/csv; charset=utf-8", "csv"),
        Export::Xlsx => {
            let bytes = xlsx_of(tables).map_err(|e| {
                tracing::error!(error = %e, "a spreadsheet failed");
                AppError::from(store::StoreError::Panicked)
            })?;
            (bytes, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
        }
    };
    let disposition = format!("attachment; filename=\"{file_stem}-{on}.{extension}\"");
    Ok(([(header::CONTENT_TYPE, mime.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response())
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() {
            return write!(f, "<p class=\"empty\">{}</p>", esc(&self.empty));
        }
        let caption = esc(&self.caption);
        // The card around it is often named like the table: landmarks must be told apart by name.
        let region = self.lang.aside(&caption, self.lang.t("表格", "table"));
        let dense = if self.columns.len() > MANY_COLUMNS { " is-dense" } else { "" };
        let classes = self.classes();
        write!(
            f,
            "<div class=\"table-wrap\" role=\"region\" aria-label=\"{region}\" tabindex=\"0\"><table class=\"data-table{dense} table-cards\" id=\"{}\"><caption class=\"sr-only\">{caption}</caption><thead><tr>",
            esc(&self.id)
        )?;
        for (c, class) in self.columns.iter().zip(&classes) {
            write!(f, "<th scope=\"col\"{class}>{}</th>", esc(&c.label))?;
        }
        f.write_str("</tr></thead><tbody>")?;
        for row in &self.rows {
            f.write_str("<tr>")?;
            for ((c, class), cell) in self.columns.iter().zip(&classes).zip(row) {
                write!(f, "<td{class} data-label=\"{}\">{}</td>", esc(&c.label), cell.html())?;
            }
            f.write_str("</tr>")?;
        }
        write!(f, "</tbody></table></div>{}", self.foot())
    }
}

impl askama::filters::HtmlSafe for Table {}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn table(caption: &str, n: i64) -> Table {
        let mut t = Table::new(Lang::Zh, "t", caption, vec![Col::text("甲"), Col::num("乙"), Col::actions("丙")]);
        t.row(vec![Cell::text("=1"), Cell::Int(n), Cell::text("no")]);
        t
    }

    #[test]
    fn several_tables_are_sheets_of_one_book_with_names_of_their_own() {
        let tables = [table("区 × 行业/规模", 1), table("区 × 行业?规模", 2), table(&"很长".repeat(30), 3)];
        let book = xlsx_of(&tables.iter().collect::<Vec<_>>()).unwrap();
        let mut read: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(book)).unwrap();
        use calamine::Reader;
        let names = read.sheet_names();
        assert_eq!(names[..2], ["区 × 行业 规模", "区 × 行业 规模 2"]);
        assert_eq!(names[2].chars().count(), 31);
        let cells = read.worksheet_range(&names[1]).unwrap();
        assert_eq!(cells.get_value((1, 1)).unwrap(), &calamine::Data::Float(2.0));
        assert_eq!(cells.width(), 2, "buttons are not exported");
    }

    #[test]
    fn several_tables_in_a_text_stand_under_their_captions() {
        let text = String::from_utf8(csv_of(&[&table("一", 1), &table("二", 2)])).unwrap();
        assert_eq!(text, "\u{feff}一\n甲,乙\n'=1,1\n\"\"\n二\n甲,乙\n'=1,2\n");
        assert_eq!(String::from_utf8(csv_of(&[&table("一", 1)])).unwrap(), "\u{feff}甲,乙\n'=1,1\n");
    }

    #[test]
    fn a_file_is_named_by_the_day_that_it_is_of() {
        let response = Table::download_all(&[table("一", 1)], "board", Export::Csv, date(2019, 6, 30)).unwrap();
        assert_eq!(response.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"board-2019-06-30.csv\"");
    }
}
