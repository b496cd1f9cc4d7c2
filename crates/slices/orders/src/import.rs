//! A provider brings in orders from a spreadsheet: all rows or none, each wrong row named with its reason.
//!
//! An imported order is a proposal. A provider cannot spend an enterprise's voucher: the enterprise accepts the
//! proposal, and only then is money held (OD-4).

use std::collections::BTreeMap;

use jiff::civil::Date;
use kernel::{Action, Fen, Lang, Subject, Text, Uscc, grouped};
use serde::{Deserialize, Serialize};
use store::{Cx, StoreError};

use crate::model::{Order, OrderState};
use crate::place::{MONTHS_MAX, QUANTITY_MAX, last_day};
use crate::rules::shares::{self, Terms};
use crate::store as rows;

/// Heads of the spreadsheet, Chinese and English, in the order in which cells are read.
pub const COLUMNS: [(&str, &str); 5] = [
    ("企业统一社会信用代码", "Enterprise USCC"),
    ("服务编号", "Service id"),
    ("数量", "Quantity"),
    ("月数", "Months"),
    ("开始日期", "First day"),
];

/// A row that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RowProblem {
    /// Its number in the spreadsheet; the heads are row 1.
    pub row: usize,
    /// Which column, by its place in [`COLUMNS`].
    pub column: usize,
    /// What stands there.
    pub found: String,
    /// What is wrong with it.
    #[schema(value_type = Object)]
    pub why: Text,
}

impl RowProblem {
    /// The column's head for a reader.
    pub fn column_name(&self, lang: Lang) -> &'static str {
        lang.t(COLUMNS[self.column].0, COLUMNS[self.column].1)
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Imported {
    /// Rows read.
    pub rows: usize,
    /// Proposals made: none if any row was wrong.
    pub orders: Vec<String>,
    /// What was wrong, by row.
    pub problems: Vec<RowProblem>,
}

store::refusals! {
    /// Why an import does not begin.
    pub enum ImportError {
        /// Nothing in it.
        Empty {} = 422, "import-empty", field "file", zh "表格中没有数据行。", en "The spreadsheet has no rows.";
    }
}

/// The rows of a spreadsheet: number in the sheet, cells in the order of [`COLUMNS`].
pub type SheetRows = Vec<(usize, Vec<String>)>;

struct Row {
    enterprise: orgs::Org,
    service: catalogue::Service,
    quantity: i64,
    months: i64,
    starts_on: Date,
    ends_on: Date,
    shares: shares::Shares,
}

fn whole(cell: &str, max: i64) -> Result<i64, Text> {
    let n = cell.trim().parse::<i64>().ok().filter(|n| (1..=max).contains(n));
    let max = grouped(max);
    n.ok_or_else(|| Text::new(format!("应为 1 至 {max} 的整数"), format!("Must be a whole number from 1 to {max}")))
}

/// The same spreadsheet twice must not make every order twice.
fn already(number: &str) -> Text {
    Text::new(
        format!("已有内容相同且未结束的订单 {number}。请删除此行；确需再订的，请合并数量或改期后再导入"),
        format!(
            "Order {number} says the same and is open. Delete this row; to order more, change the quantity or the day"
        ),
    )
}

/// What one cell after the other says, or what is wrong with each.
async fn read_row(
    cx: &mut Cx,
    provider_id: &str,
    cells: &[String],
) -> Result<Result<Row, Vec<(usize, Text)>>, StoreError> {
    let mut wrong: Vec<(usize, Text)> = Vec::new();
    let cell = |i: usize| cells.get(i).map_or("", String::as_str).trim();
    let enterprise = match Uscc::try_new(cell(0)) {
        Err(_) if web::lost_digits(cell(0)) => Err(Text::new(
            "单元格是数字格式，表格软件只保留 15 位，末尾已丢失；请把此列设为“文本”后重新填写",
            "the cell is a number, of which a spreadsheet keeps fifteen digits: the end is lost; format the column as text",
        )),
        Err(e) => Err(Text::new(e.message(Lang::Zh), e.message(Lang::En))),
        Ok(uscc) => match orgs::find_by_uscc(cx, &uscc).await? {
            Some(o) if o.kind == orgs::OrgKind::Enterprise => Ok(o),
            Some(_) => Err(Text::new("该单位不是企业", "Is not an enterprise")),
            None => Err(Text::new("该企业尚未注册", "The enterprise is not registered")),
        },
    };
    let service = match catalogue::service(cx, cell(1)).await? {
        Some(s) if s.provider_id != provider_id => Err(Text::new("不是本单位的服务", "Is not your service")),
        Some(s) if s.state == catalogue::ServiceState::Withdrawn => Err(Text::new("该服务已下架", "Is withdrawn")),
        Some(s) => Ok(s),
        None => Err(Text::new("没有这项服务", "There is no such service")),
    };
    let (quantity, months) = (whole(cell(2), QUANTITY_MAX), whole(cell(3), MONTHS_MAX));
    let no_date = || Text::new("应为 YYYY-MM-DD 格式的日期", "Must be a date as YYYY-MM-DD");
    let starts_on = cell(4).parse::<Date>().map_err(|_| no_date());
    let mut taken = |column: usize, why: Text| wrong.push((column, why));
    let enterprise = enterprise.map_err(|w| taken(0, w)).ok();
    let service = service.map_err(|w| taken(1, w)).ok();
    let quantity = quantity.map_err(|w| taken(2, w)).ok();
    let months = months.map_err(|w| taken(3, w)).ok();
    let starts_on = starts_on.map_err(|w| taken(4, w)).ok();
    let (Some(enterprise), Some(service), Some(quantity), Some(months), Some(starts_on)) =
        (enterprise, service, quantity, months, starts_on)
    else {
        return Ok(Err(wrong));
    };
    let terms = Terms {
        list_price_fen: service.offer.list_price_fen,
        quantity,
        months,
        discount_bp: service.offer.discount_bp,
        rate_bp: 0,
        public_max_fen: Fen::ZERO,
    };
    let (Some(shares), Some(ends_on)) = (shares::split(terms), last_day(starts_on, months)) else {
        return Ok(Err(vec![(2, Text::new("订单金额过大", "Makes the amount too large"))]));
    };
    let row = Row { enterprise, service, quantity, months, starts_on, ends_on, shares };
    match rows::same_open(cx, &row.enterprise.id, &row.service.id, (quantity, months), starts_on).await? {
        Some(number) => Ok(Err(vec![(0, already(&number))])),
        None => Ok(Ok(row)),
    }
}

/// Makes a proposal of every row, or of none: the report names every wrong cell at once.
pub async fn run(cx: &mut Cx, provider_id: String, sheet: SheetRows) -> Result<Imported, ImportError> {
    if !cx.permits(Action::ImportOrders, &Subject::org(&provider_id)) {
        return Err(ImportError::Forbidden);
    }
    if sheet.is_empty() {
        return Err(ImportError::Empty {});
    }
    let listed = catalogue::listing(cx, &provider_id).await?;
    if listed.is_none_or(|l| l.state != catalogue::ListingState::Listed) {
        return Err(ImportError::NotFound);
    }
    let (mut good, mut problems) = (Vec::new(), Vec::new());
    let mut seen: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for (number, cells) in &sheet {
        if let Some(first) = seen.insert(cells.clone(), *number) {
            let why = Text::new(format!("与第 {first} 行完全相同"), format!("Is the same as row {first}"));
            problems.push(RowProblem { row: *number, column: 0, found: cells.join(" | "), why });
            continue;
        }
        match read_row(cx, &provider_id, cells).await? {
            Ok(row) => good.push(row),
            Err(wrong) => problems.extend(wrong.into_iter().map(|(column, why)| {
                let found = cells.get(column).cloned().unwrap_or_default();
                RowProblem { row: *number, column, found, why }
            })),
        }
    }
    let mut done = Imported { rows: sheet.len(), orders: Vec::new(), problems };
    if done.problems.is_empty() {
        for row in good {
            done.orders.push(propose(cx, row).await?.id);
        }
    }
    // An import that entered nothing is told in the journal too: who tried what.
    cx.journal("orders.import", &format!("provider/{provider_id}"), &(), &done).await?;
    Ok(done)
}

async fn propose(cx: &mut Cx, row: Row) -> Result<Order, StoreError> {
    let order = Order {
        id: cx.new_id("ord"),
        number: rows::next_number(cx).await?,
        enterprise_id: row.enterprise.id,
        provider_id: row.service.provider_id,
        service_id: row.service.id,
        service_version: row.service.version,
        sub_item: row.service.offer.sub_item,
        voucher_id: None,
        batch_id: None,
        programme_id: None,
        district: row.enterprise.district,
        quantity: row.quantity,
        months: row.months,
        discount_bp: row.service.offer.discount_bp,
        rate_bp: 0,
        list_fen: row.shares.list_fen,
        platform_share_fen: row.shares.platform_fen,
        public_share_fen: Fen::ZERO,
        own_share_fen: row.shares.own_fen,
        state: OrderState::Proposed,
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        placed_at: cx.now,
        confirmed_at: None,
        ended_at: None,
        end_reason: String::new(),
    };
    rows::put(cx, &order).await?;
    cx.journal("orders.propose", &format!("order/{}", order.id), &(), &order).await?;
    Ok(order)
}
