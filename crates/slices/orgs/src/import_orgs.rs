//! Imports enterprises from the rows of a spreadsheet: all of them or none, with a report of everything that is wrong.

use std::collections::HashMap;

use jiff::civil::Date;
use kernel::{Action, Fen, Lang, Role, Subject, Uscc};
use serde::Serialize;
use serde_json::json;
use store::{Cx, StoreError};

use crate::model::{OrgKind, Problem, StatedFacts};
use crate::register::{self, Register};
use crate::store as sql;

/// Rows of one file at most; a district's whole register fits.
pub const ROWS_MAX: usize = 20_000;

/// A column of the spreadsheet.
#[derive(Clone, Copy, Debug)]
pub struct ImportColumn {
    /// Its name here.
    pub key: &'static str,
    /// Its heading, 中文.
    pub zh: &'static str,
    /// Its heading, English.
    pub en: &'static str,
    /// Must be filled.
    pub required: bool,
    /// An example of what stands in it, in Chinese and in English.
    pub example: (&'static str, &'static str),
}

macro_rules! columns {
    ($($key:ident, $required:literal, $zh:literal, $en:literal, $example_zh:literal, $example_en:literal;)*) => {
        /// The columns, in order.
        pub const COLUMNS: &[ImportColumn] = &[$(
            ImportColumn { key: stringify!($key), zh: $zh, en: $en, required: $required, example: ($example_zh, $example_en) }
        ),*];

        /// One row, each cell as text.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct ImportRow {
            /// As the spreadsheet numbers it: the heading is row 1.
            pub row: usize,
            $(#[doc = concat!($zh, ", ", $en)] pub $key: String,)*
        }

        impl ImportRow {
            /// From the cells in the order of [`COLUMNS`]; missing ones are empty.
            pub fn from_cells(row: usize, cells: &[String]) -> ImportRow {
                let mut cells = cells.iter();
                ImportRow { row, $($key: cells.next().map(|c| c.trim().to_owned()).unwrap_or_default()),* }
            }
        }
    };
}
columns! {
    uscc, true, "统一社会信用代码", "Unified social credit code", "91350100M000100Y43", "91350100M000100Y43";
    name, true, "企业名称", "Registered name", "津沽精密机械有限公司", "Jingu Precision Machinery Co., Ltd";
    district, true, "所在区", "District", "滨海新区", "120116";
    industry, false, "行业大类", "Industry division", "34", "34";
    staff, false, "从业人员数", "Staff", "86", "86";
    revenue_yuan, false, "上年营业收入（元）", "Revenue last year (yuan)", "32000000", "32000000";
    established_on, false, "成立日期", "Established on", "2009-05-18", "2009-05-18";
    registered_in_city, false, "是否在本市注册", "Registered in the city", "是", "yes";
}

/// What is imported.
#[derive(Clone, Debug)]
pub struct ImportOrgs {
    /// The rows below the heading.
    pub rows: Vec<ImportRow>,
    /// From which day the facts hold.
    pub facts_from: Date,
    /// For the journal.
    pub file_name: String,
}

/// Something wrong in one cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowFault {
    /// As the spreadsheet numbers it.
    pub row: usize,
    /// The column's key.
    pub column: &'static str,
    /// What stands there.
    pub value: String,
    /// What is wrong and what to do.
    pub problem: Problem,
}

impl RowFault {
    /// The column's heading for a reader.
    pub fn heading(&self, lang: Lang) -> &'static str {
        COLUMNS.iter().find(|c| c.key == self.column).map_or(self.column, |c| lang.t(c.zh, c.en))
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Rows in the file.
    pub rows: usize,
    /// Everything that is wrong, in order of rows. If there is anything, nothing was imported.
    pub faults: Vec<RowFault>,
    /// Organisations entered: all rows, or 0.
    pub imported: usize,
}

store::refusals! {
    /// Why a file is not looked at.
    pub enum ImportOrgsError {
        /// Nothing in it.
        NoRows {} = 422, "import-empty", field "file",
            zh "文件中没有数据行。第一行应为表头，数据从第二行开始。", en "The file holds no rows. The first row is the heading, data begins in the second.";
        /// Too many rows.
        TooManyRows { rows: usize, rows_max: usize } = 422, "import-too-many-rows", field "file",
            zh "文件有 {rows} 行，一次最多 {rows_max} 行，请拆分后导入。", en "The file has {rows} rows; at most {rows_max} are taken at once. Split it.";
        /// Cells are wrong; the report names each.
        Faults { found: usize, report: Box<ImportReport> } = 422, "import-faults", field "file",
            zh "文件有 {found} 处问题，未导入任何一行。", en "{found} things are wrong in the file; nothing was imported.";
    }
}

/// Looks at every row and changes nothing.
pub async fn check(cx: &mut Cx, cmd: &ImportOrgs) -> Result<ImportReport, ImportOrgsError> {
    Ok(examine(cx, cmd).await?.1)
}

/// Imports all rows, or none and says why (OR-7).
pub async fn run(cx: &mut Cx, cmd: ImportOrgs) -> Result<ImportReport, ImportOrgsError> {
    let (ready, mut report) = examine(cx, &cmd).await?;
    if !report.faults.is_empty() {
        return Ok(report);
    }
    for (org, uscc) in ready {
        register::insert(cx, &org, uscc).await?;
        report.imported += 1;
    }
    let after = json!({ "file": cmd.file_name, "rows": report.rows, "imported": report.imported });
    cx.journal("orgs.import_orgs", "orgs", &(), &after).await?;
    Ok(report)
}

/// [`run`] for a form or a call that may be sent twice: what is wrong is a refusal, so that only an import that was
/// done is kept as the answer to a retry. Answers how many were imported.
pub async fn run_whole(cx: &mut Cx, cmd: ImportOrgs) -> Result<usize, ImportOrgsError> {
    let report = run(cx, cmd).await?;
    match report.faults.len() {
        0 => Ok(report.imported),
        found => Err(ImportOrgsError::Faults { found, report: Box::new(report) }),
    }
}

async fn examine(cx: &mut Cx, cmd: &ImportOrgs) -> Result<(Vec<(Register, Uscc)>, ImportReport), ImportOrgsError> {
    if !cx.permits(Action::ImportOrgs, &Subject::none()) {
        return Err(ImportOrgsError::Forbidden);
    }
    let rows = cmd.rows.len();
    if rows == 0 {
        return Err(ImportOrgsError::NoRows {});
    }
    if rows > ROWS_MAX {
        return Err(ImportOrgsError::TooManyRows { rows, rows_max: ROWS_MAX });
    }
    let own_district = cx.actor.district.clone().filter(|_| cx.actor.role == Role::DistrictOfficer);
    let (mut ready, mut faults) = (Vec::new(), Vec::new());
    for row in &cmd.rows {
        match read_row(row, cmd.facts_from, cx.today(), own_district.as_deref()) {
            Ok(org) => ready.push(org),
            Err(mut wrong) => faults.append(&mut wrong),
        }
    }
    faults.extend(doubles(&cmd.rows));
    faults.extend(registered(cx, &cmd.rows).await?);
    faults.sort_by_key(|f| (f.row, COLUMNS.iter().position(|c| c.key == f.column)));
    Ok((ready, ImportReport { rows, faults, imported: 0 }))
}

/// Rows of the same organisation within the file.
fn doubles(rows: &[ImportRow]) -> Vec<RowFault> {
    let (mut first, mut found) = (HashMap::new(), Vec::new());
    for row in rows {
        let Ok(uscc) = Uscc::try_new(&row.uscc) else { continue };
        let Some(before) = first.insert(uscc.clone(), row.row) else { continue };
        first.insert(uscc, before);
        let zh = format!("与第 {before} 行是同一统一社会信用代码。请删去其中一行。");
        let en = format!("Row {before} has the same credit code. Delete one of them.");
        found.push(fault(row.row, "uscc", &row.uscc, "uscc-twice", zh, en));
    }
    found
}

/// Rows whose organisation is registered already.
async fn registered(cx: &mut Cx, rows: &[ImportRow]) -> Result<Vec<RowFault>, StoreError> {
    let codes: Vec<(usize, Uscc)> = rows.iter().filter_map(|r| Some((r.row, Uscc::try_new(&r.uscc).ok()?))).collect();
    let asked: Vec<String> = codes.iter().map(|(_, u)| u.as_str().to_owned()).collect();
    let taken: HashMap<String, String> = sql::registered_among(cx, &asked).await?.into_iter().collect();
    let faults = codes.iter().filter_map(|(row, uscc)| {
        let name = taken.get(uscc.as_str())?;
        let zh = format!("已登记（名称：{name}）。请删去此行；情况有变化时，到该企业页面更新。");
        let en = format!("Registered already as {name}. Delete this row; if facts changed, state them on its page.");
        Some(fault(*row, "uscc", uscc.as_str(), "uscc-taken", zh, en))
    });
    Ok(faults.collect())
}

fn fault(row: usize, column: &'static str, value: &str, code: &'static str, zh: String, en: String) -> RowFault {
    RowFault { row, column, value: value.to_owned(), problem: Problem::new(column, code, zh, en) }
}

/// Reads the cells of one row and collects what is wrong with them.
struct Reader {
    row: usize,
    faults: Vec<RowFault>,
}

impl Reader {
    fn wrong(&mut self, column: &'static str, value: &str, (code, zh, en): (&'static str, &str, &str)) {
        self.faults.push(fault(self.row, column, value, code, zh.to_owned(), en.to_owned()));
    }

    /// A cell that may be empty; `read` answers nothing when it cannot be.
    fn cell<T>(
        &mut self,
        column: &'static str,
        cell: &str,
        read: impl Fn(&str) -> Option<T>,
        otherwise: (&'static str, &str, &str),
    ) -> Option<T> {
        let text = filled(cell)?;
        let value = read(text);
        if value.is_none() {
            self.wrong(column, text, otherwise);
        }
        value
    }

    fn facts(&mut self, row: &ImportRow) -> StatedFacts {
        let zh = "营业收入应为以元为单位的数字，最多两位小数，不写“万”。";
        let en = "Revenue is a number of yuan with at most two decimals, without a unit.";
        let not_an_amount = ("revenue-not-an-amount", zh, en);
        let not_a_number =
            ("staff-not-a-number", "从业人员数应为整数，如 86。", "Staff is a whole number, such as 86.");
        let not_a_date = ("date-wrong", "日期应写作 2009-05-18。", "Write the date as 2009-05-18.");
        let neither = ("not-yes-or-no", "应填“是”或“否”。", "Fill in yes or no.");
        StatedFacts {
            district: Some(district_code(&row.district)),
            industry: filled(&row.industry).map(str::to_owned),
            staff: self.cell("staff", &row.staff, |t| t.replace(',', "").parse().ok(), not_a_number),
            revenue_fen: self.cell("revenue_yuan", &row.revenue_yuan, |t| Fen::parse_yuan(t).ok(), not_an_amount),
            established_on: self.cell("established_on", &row.established_on, read_date, not_a_date),
            registered_in_city: self.cell("registered_in_city", &row.registered_in_city, yes_or_no, neither),
            ..StatedFacts::default()
        }
    }
}

/// One row as a registration, or everything that is wrong with it.
fn read_row(
    row: &ImportRow,
    facts_from: Date,
    today: Date,
    own_district: Option<&str>,
) -> Result<(Register, Uscc), Vec<RowFault>> {
    let mut reader = Reader { row: row.row, faults: Vec::new() };
    let facts = reader.facts(row);
    let elsewhere = own_district.is_some_and(|own| facts.district.as_deref() != Some(own));
    if row.district.is_empty() {
        reader.wrong("district", "", ("district-missing", "请填写所在区。", "Fill in the district."));
    } else if elsewhere {
        let zh = "不属于您所在的区，只能导入本区企业。";
        let en = "Not in your district; you can import enterprises of your own district only.";
        reader.wrong("district", &row.district, ("district-not-own", zh, en));
    }
    let cmd = Register {
        kind: OrgKind::Enterprise,
        uscc: row.uscc.clone(),
        name: row.name.clone(),
        simulated: false,
        facts,
        facts_from,
        owner: None,
    };
    for p in register::problems(&cmd, today).into_iter().filter(|p| p.field != "district" || !row.district.is_empty()) {
        let (column, value) = match p.field {
            "uscc" if web::lost_digits(&row.uscc) => {
                let zh = "单元格是数字格式，表格软件只保留 15 位，末尾已丢失。请把此列设为“文本”后重新填写。";
                let en = "The cell is a number, of which a spreadsheet keeps fifteen digits: the end is lost. Format the column as text and fill it in again.";
                reader.wrong("uscc", &row.uscc, ("uscc-typed-as-number", zh, en));
                continue;
            }
            "uscc" => ("uscc", &row.uscc),
            "name" => ("name", &row.name),
            "district" => ("district", &row.district),
            "industry" => ("industry", &row.industry),
            "staff" => ("staff", &row.staff),
            "revenue_fen" => ("revenue_yuan", &row.revenue_yuan),
            _ => ("established_on", &row.established_on),
        };
        reader.faults.push(RowFault { row: row.row, column, value: value.clone(), problem: p });
    }
    match Uscc::try_new(&cmd.uscc) {
        Ok(uscc) if reader.faults.is_empty() => Ok((cmd, uscc)),
        _ => Err(reader.faults),
    }
}

/// Year, month and day in this order, however they are divided: `2009-05-18`, `2009/5/18`, `2009年5月18日`.
fn read_date(cell: &str) -> Option<Date> {
    let mut numbers = cell.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty());
    let (year, month, day) = (numbers.next()?, numbers.next()?, numbers.next()?);
    (year.len() == 4).then(|| Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok())?
}

fn filled(cell: &str) -> Option<&str> {
    Some(cell.trim()).filter(|t| !t.is_empty())
}

/// People write the district's name as often as its code.
fn district_code(cell: &str) -> String {
    let named =
        |d: &&kernel::District| d.zh == cell || d.zh.trim_end_matches('区') == cell || d.en.eq_ignore_ascii_case(cell);
    kernel::DISTRICTS.iter().find(named).map_or(cell, |d| d.code).to_owned()
}

fn yes_or_no(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "是" | "yes" | "y" | "true" | "1" => Some(true),
        "否" | "no" | "n" | "false" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_write_them() {
        for text in ["2009-05-18", "2009/5/18", "2009.05.18", "2009年5月18日", "2009-05-18 00:00:00"] {
            assert_eq!(read_date(text), Some(jiff::civil::date(2009, 5, 18)), "{text}");
        }
        for text in ["18/05/2009", "2009-13-01", "2009-05", "39951", "May 2009"] {
            assert_eq!(read_date(text), None, "{text}");
        }
    }
}
