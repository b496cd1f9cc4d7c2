//! Registers devices from the rows of a spreadsheet: all of them or none, with a report of everything that is wrong (DV-7).

use std::collections::{HashMap, HashSet};

use kernel::{Action, Lang, Subject, Text};
use serde::Serialize;
use serde_json::json;
use store::{Cx, Refusal};

use crate::register_device::{self, RegisterDevice, RegisterDeviceError};
use crate::store::{devices as rows, products};

/// Rows of one file at most.
pub const ROWS_MAX: usize = 20_000;

/// The columns: heads in both languages and an example.
pub const COLUMNS: &[(&str, &str, &str)] = &[
    ("设备名称", "Name", "1 号车床"),
    ("产品", "Product", "数控车床"),
    ("位置", "Place", "一厂/机加工/A 线"),
    ("出厂编号", "Serial number", "SN-2019-0001"),
    ("网关", "Gateway", ""),
    ("无数据时长（秒）", "Silent after (seconds)", "60"),
    ("备注", "Note", ""),
];

/// One row, each cell as text, in the order of [`COLUMNS`].
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// As the spreadsheet numbers it: the heading is row 1.
    pub row: usize,
    /// Its cells.
    pub cells: Vec<String>,
}

impl ImportRow {
    fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |c| c.trim())
    }
}

/// What is imported.
#[derive(Clone, Debug)]
pub struct ImportDevices {
    /// Whose devices.
    pub org_id: String,
    /// The rows below the heading.
    pub rows: Vec<ImportRow>,
    /// For the journal.
    pub file_name: String,
    /// Only look.
    pub trial: bool,
}

/// Something wrong in one cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowFault {
    /// As the spreadsheet numbers it.
    pub row: usize,
    /// Which of [`COLUMNS`].
    pub column: usize,
    /// What stands there.
    pub value: String,
    /// The stable name of what is wrong.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: Text,
}

impl RowFault {
    /// The column's heading for a reader.
    pub fn heading(&self, lang: Lang) -> &'static str {
        COLUMNS.get(self.column).map_or("", |(zh, en, _)| lang.t(zh, en))
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Rows in the file.
    pub rows: usize,
    /// Everything that is wrong, in order of rows. If there is anything, nothing was imported.
    pub faults: Vec<RowFault>,
    /// Devices entered: all rows, or 0.
    pub imported: usize,
}

store::refusals! {
    /// Why a file is not looked at.
    pub enum ImportDevicesError {
        /// Nothing in it.
        NoRows {} = 422, "import-empty", field "file",
            zh "文件中没有数据行。第一行应为表头，数据从第二行开始。", en "The file holds no rows. The first row is the heading, data begins in the second.";
        /// Too many rows.
        TooManyRows { rows: usize, rows_max: usize } = 422, "import-too-many-rows", field "file",
            zh "文件有 {rows} 行，一次最多 {rows_max} 行，请拆分后导入。", en "The file has {rows} rows; at most {rows_max} are taken at once. Split it.";
        /// A row that only entering it found out about: a gateway that became full by the rows before it.
        RowRefused { row: usize, zh: String, en: String } = 409, "import-row-refused", field "file",
            zh "第 {row} 行：{zh}没有导入任何一行。", en "Row {row}: {en} Nothing was imported.";
    }
}

/// What cells are looked up in: names of products and gateways, names that are taken.
struct Known {
    products: HashMap<String, String>,
    gateways: HashMap<String, Option<String>>,
    taken: HashSet<String>,
}

async fn known(cx: &mut Cx, cmd: &ImportDevices) -> Result<Known, ImportDevicesError> {
    let (mut all, mut after) = (HashMap::new(), String::new());
    loop {
        let some = products::products(cx, Some(&cmd.org_id), &after, 500).await?;
        let Some(last) = some.last() else { break };
        after.clone_from(&last.product.id);
        all.extend(some.into_iter().map(|p| (p.product.name, p.product.id)));
    }
    let mut gateways = HashMap::new();
    for row in &cmd.rows {
        let name = row.cell(4);
        if !name.is_empty() && !gateways.contains_key(name) {
            let found = rows::device_named(cx, &cmd.org_id, name).await?.filter(|d| d.is_gateway);
            gateways.insert(name.to_owned(), found.map(|d| d.id));
        }
    }
    let mut taken = HashSet::new();
    for chunk in cmd.rows.chunks(1_000) {
        let names: Vec<String> = chunk.iter().map(|r| r.cell(0).to_owned()).collect();
        taken.extend(rows::names_taken(cx, &cmd.org_id, &names).await?);
    }
    Ok(Known { products: all, gateways, taken })
}

fn fault(row: &ImportRow, column: usize, code: &'static str, zh: &str, en: &str) -> RowFault {
    let (value, message) = (row.cell(column).to_owned(), Text::new(zh, en));
    RowFault { row: row.row, column, value, code, message }
}

/// One row as a registration, or everything that is wrong with its cells.
fn read_row(row: &ImportRow, org_id: &str, known: &Known, faults: &mut Vec<RowFault>) -> RegisterDevice {
    let product = known.products.get(row.cell(1));
    if product.is_none() {
        let (zh, en) = (
            "没有这个产品，请先建立产品，或改为已有产品的名称。",
            "There is no such product: make it first, or write the name of one.",
        );
        faults.push(fault(row, 1, "no-such-product", zh, en));
    }
    if known.taken.contains(row.cell(0)) {
        let (zh, en) =
            ("已有同名设备，请改名或删去此行。", "A device has this name already: change it or delete the row.");
        faults.push(fault(row, 0, "device-name-taken", zh, en));
    }
    let gateway_id = known.gateways.get(row.cell(4)).cloned().flatten();
    if !row.cell(4).is_empty() && gateway_id.is_none() {
        let (zh, en) = ("没有这台网关，请先登记网关。", "There is no gateway of this name: register it first.");
        faults.push(fault(row, 4, "gateway-wrong", zh, en));
    }
    let silent = row.cell(5);
    let silent_after_s = silent.parse::<u32>().ok();
    if !silent.is_empty() && silent_after_s.is_none() {
        faults.push(fault(row, 5, "silence-wrong", "应为整数秒，如 60。", "Write whole seconds, such as 60."));
    }
    RegisterDevice {
        org_id: org_id.to_owned(),
        product_id: product.cloned().unwrap_or_default(),
        name: row.cell(0).to_owned(),
        serial: row.cell(3).to_owned(),
        note: row.cell(6).to_owned(),
        place: row.cell(2).to_owned(),
        gateway_id,
        silent_after_s,
        ..RegisterDevice::default()
    }
}

/// Rows of the same name within the file.
fn doubles(all: &[ImportRow]) -> Vec<RowFault> {
    let (mut first, mut found) = (HashMap::new(), Vec::new());
    for row in all.iter().filter(|r| !r.cell(0).is_empty()) {
        if let Some(before) = first.get(row.cell(0)) {
            let zh = format!("与第 {before} 行同名。请改名或删去其中一行。");
            let en = format!("Row {before} has the same name. Change it or delete one of them.");
            found.push(fault(row, 0, "name-twice", &zh, &en));
        } else {
            first.insert(row.cell(0), row.row);
        }
    }
    found
}

/// Which column a refusal of the use case is about.
fn column_of(field: Option<&str>) -> usize {
    match field {
        Some("product_id") => 1,
        Some("place") => 2,
        Some("gateway_id") => 4,
        Some("silent_after_s") => 5,
        Some("note") => 6,
        _ => 0,
    }
}

/// A row that the rules of registering refuse, though its cells could be read.
fn refused(row: &ImportRow, e: &RegisterDeviceError) -> RowFault {
    let column = column_of(e.field());
    fault(row, column, e.code(), &e.message(Lang::Zh), &e.message(Lang::En))
}

/// Looks at every row and changes nothing. What only registering finds out is checked one by one.
pub async fn check(
    cx: &mut Cx,
    cmd: &ImportDevices,
) -> Result<(Vec<RegisterDevice>, ImportReport), ImportDevicesError> {
    if !cx.permits(Action::ManageDevices, &Subject::org(&cmd.org_id)) {
        return Err(ImportDevicesError::Forbidden);
    }
    let count = cmd.rows.len();
    if count == 0 {
        return Err(ImportDevicesError::NoRows {});
    }
    if count > ROWS_MAX {
        return Err(ImportDevicesError::TooManyRows { rows: count, rows_max: ROWS_MAX });
    }
    let known = known(cx, cmd).await?;
    let (mut ready, mut faults) = (Vec::new(), doubles(&cmd.rows));
    for row in &cmd.rows {
        let before = faults.len();
        let register = read_row(row, &cmd.org_id, &known, &mut faults);
        if faults.len() == before {
            match register_device::checked(cx, &register, None).await {
                Ok(_) => {}
                Err(RegisterDeviceError::Store(e)) => return Err(e.into()),
                Err(e) => faults.push(refused(row, &e)),
            }
        }
        ready.push(register);
    }
    faults.sort_by_key(|f| (f.row, f.column));
    Ok((ready, ImportReport { rows: count, faults, imported: 0 }))
}

/// Registers all rows, or none and says why.
pub async fn run(cx: &mut Cx, cmd: ImportDevices) -> Result<ImportReport, ImportDevicesError> {
    let (ready, mut report) = check(cx, &cmd).await?;
    if !report.faults.is_empty() || cmd.trial {
        return Ok(report);
    }
    for (register, row) in ready.iter().zip(&cmd.rows) {
        match register_device::insert(cx, register).await {
            Ok(_) => report.imported += 1,
            Err(RegisterDeviceError::Store(e)) => return Err(e.into()),
            Err(e) => {
                let (zh, en) = (e.message(Lang::Zh), e.message(Lang::En));
                return Err(ImportDevicesError::RowRefused { row: row.row, zh, en });
            }
        }
    }
    let after = json!({ "file": cmd.file_name, "rows": report.rows, "imported": report.imported });
    cx.journal("devices.import_devices", &format!("org/{}", cmd.org_id), &(), &after).await?;
    Ok(report)
}
