//! The board: computed whole for a day, from rows to figures, by pure functions; kept for a minute.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kernel::{Action, DISTRICTS, EvidenceLevel, Fen, INDUSTRIES, SUB_ITEMS, SizeClass, Subject, Text};
use serde::Serialize;
use serde_json::Value;
use store::{Cx, StoreError};
use utoipa::ToSchema;

use crate::store as sql;
use crate::store::{LevelRow, Target};

const KEPT_FOR: SignedDuration = SignedDuration::from_secs(60);
/// While one visitor's request computes it anew, the others are shown what was kept, up to this age.
const SHOWN_FOR: SignedDuration = SignedDuration::from_secs(300);

/// Which day, and which part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// As at the end of this day; today when left out.
    pub as_of: Option<Date>,
    /// One district only (GB/T 2260).
    pub district: Option<String>,
}

/// Enterprises on the cloud of one district, industry and size class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CellRow {
    /// GB/T 2260; empty where not stated.
    pub district: String,
    /// GB/T 4754 division; empty where not stated.
    pub industry: String,
    /// `large`, `medium`, `small`, `micro`; empty where not stated.
    pub size: String,
    /// How many.
    pub enterprises: i64,
}

/// What is done on the cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubItemRow {
    /// Family.
    pub family: String,
    /// Sub-item.
    pub sub_item: String,
    /// Enterprises on the cloud with it.
    pub enterprises: i64,
    /// Of them with metered use (L3 and above): the depth.
    pub metered: i64,
    /// Months metered, all together.
    pub months_metered: i64,
    /// Net cost metered, in fen.
    #[schema(value_type = i64)]
    pub net_fen: Fen,
}

/// A target and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TargetRow {
    /// The programme's own name for it.
    pub code: String,
    /// In words.
    #[schema(value_type = Object)]
    pub title: Text,
    /// What is counted.
    #[schema(value_type = Object)]
    pub unit: Text,
    /// At least.
    pub minimum: Option<i64>,
    /// More than this, where the programme says so; `minimum` is then the next whole number.
    pub exceeds: Option<i64>,
    /// At most.
    pub maximum: Option<i64>,
    /// By when.
    #[schema(value_type = String, format = Date)]
    pub by_date: Date,
    /// Where the programme says so.
    #[schema(value_type = Object)]
    pub clause: Text,
    /// How far; absent where the records hold nothing about it.
    pub value: Option<i64>,
}

/// The whole board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Board {
    /// As at the end of this day.
    pub as_of: Date,
    /// Of this district alone (enterprises by where they are on that day, vouchers and money by the voucher's district),
    /// but for `by_district` and `targets`, which are always the whole city's.
    pub district: Option<String>,
    /// Enterprises on the cloud.
    pub on_cloud: i64,
    /// Enterprises by the highest level of any of their orders, L0 to L5.
    pub by_level: [i64; 6],
    /// District, enterprises on the cloud, paid less recovered; all districts, whatever the filter.
    pub by_district: Vec<(String, i64, Fen)>,
    /// Industry and enterprises, those with any.
    pub by_industry: Vec<(String, i64)>,
    /// Size class and enterprises.
    pub by_size: Vec<(String, i64)>,
    /// District × industry × size.
    pub cells: Vec<CellRow>,
    /// By sub-item, all twenty.
    pub sub_items: Vec<SubItemRow>,
    /// Month (first day) and how many were first on the cloud in it.
    pub new_by_month: Vec<(Date, i64)>,
    /// Targets of the programmes, of the whole city, whatever the filter.
    pub targets: Vec<TargetRow>,
    /// Vouchers issued.
    pub vouchers: i64,
    /// Their face value.
    pub voucher_face: Fen,
    /// Claims paid.
    pub claims_paid: i64,
    /// Settled to providers.
    pub paid: Fen,
    /// Recovered after corrections.
    pub recovered: Fen,
}

/// Boards computed lately.
#[derive(Default)]
pub struct BoardCache(Mutex<HashMap<Filter, Kept>>);

struct Kept {
    at: Timestamp,
    board: Arc<Board>,
    /// Since when somebody computes it anew.
    renewed_since: Option<Timestamp>,
}

impl BoardCache {
    fn get(&self, filter: &Filter, now: Timestamp) -> Option<Arc<Board>> {
        let mut all = self.0.lock().expect("no panic while held");
        let kept = all.get_mut(filter)?;
        let within = |since: Timestamp, span| (SignedDuration::ZERO..span).contains(&now.duration_since(since));
        if within(kept.at, KEPT_FOR) {
            return Some(kept.board.clone());
        }
        if kept.renewed_since.is_some_and(|since| within(since, KEPT_FOR)) && within(kept.at, SHOWN_FOR) {
            return Some(kept.board.clone());
        }
        // The one who asks now computes it; if that fails, another tries a minute later.
        kept.renewed_since = Some(now);
        None
    }

    fn put(&self, filter: Filter, now: Timestamp, board: Arc<Board>) {
        let mut kept = self.0.lock().expect("no panic while held");
        // Days asked for are few; a flood of other days must not fill the memory.
        if kept.len() >= 64 {
            kept.clear();
        }
        kept.insert(filter, Kept { at: now, board, renewed_since: None });
    }
}

store::refusals! {
    /// Why there is no board.
    pub enum BoardError {
        /// Nothing is known of tomorrow.
        InTheFuture { as_of: Date, today: Date } = 422, "as-of-in-the-future", field "as_of",
            zh "截止日 {as_of} 晚于今天 {today}，请选择今天或更早的日期。",
            en "The cut-off {as_of} is after today, {today}; choose today or earlier.";
    }
}

/// The board of a day. Everyone may ask; what the public may see of it is the page's concern ([`crate::suppress`]).
pub async fn run(cx: &mut Cx, cache: &BoardCache, filter: Filter) -> Result<Arc<Board>, BoardError> {
    if !cx.permits(Action::ViewPublicBoard, &Subject::none()) {
        return Err(BoardError::Forbidden);
    }
    let today = cx.today();
    let as_of = filter.as_of.unwrap_or(today);
    if as_of > today {
        return Err(BoardError::InTheFuture { as_of, today });
    }
    let filter = Filter { as_of: Some(as_of), ..filter };
    if let Some(board) = cache.get(&filter, cx.now) {
        return Ok(board);
    }
    let board = Arc::new(compute(cx, as_of, filter.district.as_deref()).await?);
    cache.put(filter, cx.now, board.clone());
    Ok(board)
}

/// An enterprise's place, as at the day.
#[derive(Clone, Default)]
struct Place {
    district: String,
    industry: String,
    size: String,
}

fn place(facts: Option<&HashMap<String, Value>>) -> Place {
    let Some(facts) = facts else { return Place::default() };
    let text = |name: &str| facts.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    let number = |name: &str| facts.get(name).and_then(Value::as_i64);
    let size = match (number("staff"), number("revenue_fen")) {
        (Some(staff), Some(revenue)) => SizeClass::classify(staff, Fen(revenue)).code().to_owned(),
        _ => String::new(),
    };
    Place { district: text("district"), industry: text("industry"), size }
}

async fn compute(cx: &mut Cx, as_of: Date, district: Option<&str>) -> Result<Board, StoreError> {
    let facts = sql::facts_as_at(cx, as_of).await?;
    let mut levels = sql::levels_as_at(cx, as_of).await?;
    let mut first = sql::first_on_cloud(cx, as_of).await?;
    // Targets are the city's, and districts are set side by side: both are counted before the filter.
    let everywhere = districts_of(&levels, &facts);
    let targets = sql::targets(cx, as_of).await?;
    let listed = sql::providers_listed(cx).await?;
    let targets = targets.into_iter().map(|t| target(t, &first, listed, as_of)).collect();
    let places: HashMap<String, Place> =
        levels.iter().map(|l| (l.enterprise_id.clone(), place(facts.get(&l.enterprise_id)))).collect();
    if let Some(code) = district {
        let here = |id: &str| places.get(id).is_some_and(|p| p.district == code);
        levels.retain(|l| here(&l.enterprise_id));
        first.retain(|id, _| here(id));
    }
    let paid_by_district = sql::paid_by_district(cx, as_of).await?;
    let only = district.unwrap_or("");
    let (claims_paid, paid, recovered) = sql::money_as_at(cx, as_of, only).await?;
    let (vouchers, voucher_face) = sql::vouchers_as_at(cx, as_of, only).await?;
    let best = best_levels(&levels);
    let on_cloud: HashSet<&str> = levels.iter().filter(|l| l.counts).map(|l| l.enterprise_id.as_str()).collect();
    let cells = cells(&on_cloud, &places);
    let by = |key: fn(&CellRow) -> &str| {
        let mut out: BTreeMap<String, i64> = BTreeMap::new();
        cells.iter().for_each(|c| *out.entry(key(c).to_owned()).or_default() += c.enterprises);
        out
    };
    let mut by_level = [0; 6];
    best.values().for_each(|l| by_level[*l as usize] += 1);
    Ok(Board {
        as_of,
        district: district.map(str::to_owned),
        on_cloud: on_cloud.len() as i64,
        by_level,
        by_district: by_district(&everywhere, &paid_by_district),
        by_industry: ranked(by(|c| &c.industry)),
        by_size: SizeClass::ALL
            .iter()
            .map(|s| s.code())
            .chain([""])
            .map(|s| (s.to_owned(), by(|c| &c.size).get(s).copied().unwrap_or(0)))
            .filter(|(s, n)| !s.is_empty() || *n > 0)
            .collect(),
        sub_items: sub_items(&levels),
        new_by_month: new_by_month(&first, as_of),
        targets,
        cells,
        vouchers,
        voucher_face,
        claims_paid,
        paid,
        recovered,
    })
}

fn best_levels(levels: &[LevelRow]) -> HashMap<&str, EvidenceLevel> {
    let mut best: HashMap<&str, EvidenceLevel> = HashMap::new();
    for l in levels {
        let entry = best.entry(&l.enterprise_id).or_insert(l.level);
        *entry = l.level.max(*entry);
    }
    best
}

fn cells(on_cloud: &HashSet<&str>, places: &HashMap<String, Place>) -> Vec<CellRow> {
    let mut counts: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for id in on_cloud {
        let p = places.get(*id).cloned().unwrap_or_default();
        *counts.entry((p.district, p.industry, p.size)).or_default() += 1;
    }
    let row = |((district, industry, size), enterprises)| CellRow { district, industry, size, enterprises };
    counts.into_iter().map(row).collect()
}

/// Enterprises on the cloud in each district of the whole city.
fn districts_of(levels: &[LevelRow], facts: &HashMap<String, HashMap<String, Value>>) -> BTreeMap<String, i64> {
    let on_cloud: HashSet<&str> = levels.iter().filter(|l| l.counts).map(|l| l.enterprise_id.as_str()).collect();
    let mut out: BTreeMap<String, i64> = BTreeMap::new();
    on_cloud.iter().for_each(|id| *out.entry(place(facts.get(*id)).district).or_default() += 1);
    out
}

/// All districts in order, then what is stated as none.
fn by_district(counts: &BTreeMap<String, i64>, paid: &HashMap<String, Fen>) -> Vec<(String, i64, Fen)> {
    let row = |code: &str| {
        (code.to_owned(), counts.get(code).copied().unwrap_or(0), paid.get(code).copied().unwrap_or_default())
    };
    let mut out: Vec<_> = DISTRICTS.iter().map(|d| row(d.code)).collect();
    let codes: BTreeSet<&String> = counts.keys().chain(paid.keys()).collect();
    out.extend(codes.into_iter().filter(|c| kernel::district(c).is_none()).map(|c| row(c)));
    out
}

fn ranked(counts: BTreeMap<String, i64>) -> Vec<(String, i64)> {
    let mut out: Vec<_> = counts.into_iter().collect();
    let order = |code: &str| INDUSTRIES.iter().position(|i| i.code == code).unwrap_or(usize::MAX);
    out.sort_by_key(|(code, n)| (-n, order(code)));
    out
}

fn sub_items(levels: &[LevelRow]) -> Vec<SubItemRow> {
    let row = |s: &kernel::SubItem| {
        let here: Vec<&LevelRow> = levels.iter().filter(|l| l.sub_item == s.code && l.counts).collect();
        let distinct = |from: EvidenceLevel| {
            here.iter().filter(|l| l.level >= from).map(|l| l.enterprise_id.as_str()).collect::<HashSet<_>>().len()
                as i64
        };
        SubItemRow {
            family: s.family.to_owned(),
            sub_item: s.code.to_owned(),
            enterprises: distinct(EvidenceLevel::L0),
            metered: distinct(EvidenceLevel::L3),
            months_metered: here.iter().map(|l| l.months_metered).sum(),
            net_fen: here.iter().map(|l| l.net_fen).sum(),
        }
    };
    SUB_ITEMS.iter().map(row).collect()
}

/// The last twelve months up to the day.
fn new_by_month(first: &HashMap<String, Date>, as_of: Date) -> Vec<(Date, i64)> {
    let mut month = as_of.first_of_month().saturating_sub(jiff::Span::new().months(11));
    let mut out = Vec::with_capacity(12);
    while month <= as_of {
        let n = first.values().filter(|d| d.first_of_month() == month).count() as i64;
        out.push((month, n));
        month = month.saturating_add(jiff::Span::new().months(1));
    }
    out
}

fn target(t: Target, first: &HashMap<String, Date>, listed: i64, as_of: Date) -> TargetRow {
    let value = match t.statistic.as_str() {
        "enterprises_on_cloud_new" => {
            Some(first.values().filter(|d| (t.starts_on..=as_of).contains(*d)).count() as i64)
        }
        "providers_listed" => Some(listed),
        // Nothing on record yet: said as such, never as zero.
        _ => None,
    };
    TargetRow {
        code: t.code,
        title: t.title,
        unit: t.unit,
        minimum: t.minimum,
        exceeds: t.exceeds,
        maximum: t.maximum,
        by_date: t.by_date,
        clause: t.locator,
        value,
    }
}
