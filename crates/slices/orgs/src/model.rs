//! Organisations and what is known of them: kinds, dated facts, and what follows from the facts.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Fen, Lang, SizeClass, Uscc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A firm in industry with at least this main revenue a year is above designated size (规模以上工业企业, the National
/// Bureau of Statistics' line since 2011: 20 million yuan).
pub const DESIGNATED_SIZE_REVENUE: Fen = Fen::from_yuan(20_000_000);

/// What an organisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrgKind {
    /// An enterprise that moves onto the cloud.
    Enterprise,
    /// A provider of cloud services.
    Provider,
    /// The bureau of a district.
    DistrictBureau,
    /// The bureau of the city.
    CityBureau,
    /// A body that experts come from.
    ExpertBody,
}

impl OrgKind {
    /// All kinds.
    pub const ALL: [OrgKind; 5] =
        [Self::Enterprise, Self::Provider, Self::DistrictBureau, Self::CityBureau, Self::ExpertBody];

    /// Stable code.
    pub fn code(self) -> &'static str {
        ["enterprise", "provider", "district-bureau", "city-bureau", "expert-body"][self as usize]
    }

    /// For a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Enterprise => lang.t("企业", "enterprise"),
            Self::Provider => lang.t("服务商", "provider"),
            Self::DistrictBureau => lang.t("区级主管部门", "district bureau"),
            Self::CityBureau => lang.t("市级主管部门", "city bureau"),
            Self::ExpertBody => lang.t("专家机构", "expert body"),
        }
    }
}

impl fmt::Display for OrgKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl FromStr for OrgKind {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|k| k.code() == s).ok_or_else(|| format!("{s:?} is not a kind of organisation"))
    }
}

/// An organisation, keyed by its credit code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Org {
    /// `org_…`
    pub id: String,
    /// 统一社会信用代码, check digits verified (GB 32100-2015).
    pub uscc: Uscc,
    /// What it is.
    pub kind: OrgKind,
    /// Registered name.
    pub name: String,
    /// Made by a simulation, not a real firm; shown as such everywhere.
    pub simulated: bool,
    /// When it was entered here.
    pub created_at: Timestamp,
    /// District that its facts give today.
    pub district: Option<String>,
    /// Industry division that its facts give today.
    pub industry: Option<String>,
    /// Size class that its facts give today.
    pub size: Option<SizeClass>,
}

/// Facts as they are stated: only what is `Some` is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatedFacts {
    /// District code (GB/T 2260). Stated, never read out of the credit code.
    pub district: Option<String>,
    /// Industry division, two digits (GB/T 4754-2017); 13–43 is manufacturing.
    pub industry: Option<String>,
    /// 从业人员数.
    pub staff: Option<i64>,
    /// Last year's revenue.
    pub revenue_fen: Option<Fen>,
    /// 成立日期.
    pub established_on: Option<Date>,
    /// Registered in the city.
    pub registered_in_city: Option<bool>,
    /// On the list of seriously dishonest entities. Recorded by officers only.
    pub dishonest: Option<bool>,
    /// A cloud service provider. Recorded by officers only; follows from the kind otherwise.
    pub is_provider: Option<bool>,
}

impl StatedFacts {
    /// What is said, by name, as stored.
    pub fn values(&self) -> Vec<(String, Value)> {
        match serde_json::to_value(self).expect("plain fields") {
            Value::Object(map) => map.into_iter().filter(|(_, v)| !v.is_null()).collect(),
            _ => unreachable!("a struct is an object"),
        }
    }

    /// Is there something only officers may record?
    pub fn needs_officer(&self) -> bool {
        self.dishonest.is_some() || self.is_provider.is_some()
    }

    /// Everything that is wrong with it, all at once.
    pub fn problems(&self, today: Date) -> Vec<Problem> {
        let mut found = Vec::new();
        if let Some(code) = &self.district
            && kernel::district(code).is_none()
        {
            let zh = format!("“{code}”不是本市的区划代码。请从列表中选择所在区。");
            let en = format!("{code:?} is not a district of this city. Choose one from the list.");
            found.push(Problem::new("district", "district-unknown", zh, en));
        }
        if let Some(code) = &self.industry
            && !is_division(code)
        {
            let zh = format!("“{code}”不是行业大类代码。请填 GB/T 4754 的两位数字，如 34。");
            let en = format!("{code:?} is not an industry division. Give two digits of GB/T 4754, such as 34.");
            found.push(Problem::new("industry", "industry-unknown", zh, en));
        }
        if let Some(staff) = self.staff
            && !(0..=10_000_000).contains(&staff)
        {
            let zh = format!("从业人员数 {staff} 不合理。请填 0 以上的整数。");
            let en = format!("A staff of {staff} cannot be. Give a whole number from 0 up.");
            found.push(Problem::new("staff", "staff-out-of-range", zh, en));
        }
        if let Some(revenue) = self.revenue_fen
            && revenue < Fen::ZERO
        {
            let zh = format!("营业收入 {revenue} 为负。请填上年度营业收入，无收入填 0。");
            let en = format!("A revenue of {revenue} is negative. Give last year's revenue, 0 if there was none.");
            found.push(Problem::new("revenue_fen", "revenue-negative", zh, en));
        }
        if let Some(date) = self.established_on
            && date > today
        {
            let zh = format!("成立日期 {date} 晚于今天。请按营业执照填写。");
            let en = format!("Established on {date} lies ahead of today. Copy it from the business licence.");
            found.push(Problem::new("established_on", "established-in-future", zh, en));
        }
        found
    }
}

/// Divisions 01–97 of GB/T 4754-2017: enterprises outside manufacturing are recorded too, and told so by the rules.
fn is_division(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_digit()) && (1..=97).contains(&code.parse::<u8>().unwrap_or(0))
}

/// Divisions outside manufacturing that come up here most, for the list to choose from (names of GB/T 4754-2017).
pub const OTHER_DIVISIONS: [(&str, &str, &str); 8] = [
    ("44", "电力、热力生产和供应业", "Electricity and heat supply"),
    ("51", "批发业", "Wholesale"),
    ("59", "装卸搬运和仓储业", "Handling and storage"),
    ("63", "电信、广播电视和卫星传输服务", "Telecommunications and broadcasting"),
    ("64", "互联网和相关服务", "Internet services"),
    ("65", "软件和信息技术服务业", "Software and information technology"),
    ("73", "研究和试验发展", "Research and development"),
    ("74", "专业技术服务业", "Professional technical services"),
];

/// What a division is called; nothing for one that has no name here.
pub fn division_name(code: &str, lang: Lang) -> &'static str {
    let other = || OTHER_DIVISIONS.iter().find(|d| d.0 == code).map_or("", |d| lang.t(d.1, d.2));
    kernel::industry(code).map_or_else(other, |i| i.name(lang))
}

/// One thing that is wrong with an input, for an error summary or a row report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The field or column it is about.
    pub field: &'static str,
    /// Stable name.
    pub code: &'static str,
    /// 中文
    pub zh: String,
    /// English
    pub en: String,
}

impl Problem {
    /// One problem.
    pub fn new(field: &'static str, code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Problem {
        Problem { field, code, zh: zh.into(), en: en.into() }
    }

    /// For a reader.
    pub fn message(&self, lang: Lang) -> &str {
        lang.t(&self.zh, &self.en)
    }
}

/// All of them in one sentence of each language.
pub(crate) fn joined(problems: &[Problem]) -> (String, String) {
    let all = |f: fn(&Problem) -> &str| problems.iter().map(f).collect::<Vec<_>>().join(" ");
    (all(|p| &p.zh), all(|p| &p.en))
}

/// What was known of an organisation as at a date, under the names that rules read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Credit code.
    pub uscc: Uscc,
    /// District code (GB/T 2260).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// Industry division, two digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// 从业人员数.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff: Option<i64>,
    /// Last year's revenue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue_fen: Option<Fen>,
    /// Follows from staff and revenue (统计上大中小微型企业划分办法(2017)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<SizeClass>,
    /// Follows from industry and revenue: [`DESIGNATED_SIZE_REVENUE`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above_designated_size: Option<bool>,
    /// Follows from the division: 13–43.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_manufacturer: Option<bool>,
    /// 成立日期.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub established_on: Option<Date>,
    /// Registered in the city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered_in_city: Option<bool>,
    /// Recorded as seriously dishonest; `false` while no officer has recorded it.
    pub dishonest: bool,
    /// Recorded as a cloud service provider, or registered as one.
    pub is_provider: bool,
}

impl Facts {
    /// Adds what follows to what was stated.
    pub fn derive(uscc: Uscc, kind: OrgKind, stated: StatedFacts) -> Facts {
        let is_manufacturer = stated.industry.as_deref().map(|i| kernel::industry(i).is_some());
        // Mining (06–12), manufacturing (13–43) and utilities (44–46) are industry in the statistical sense.
        let in_industry = stated.industry.as_deref().map(|i| ("06"..="46").contains(&i));
        let above_designated_size = match (in_industry, stated.revenue_fen) {
            (Some(industry), Some(revenue)) => Some(industry && revenue >= DESIGNATED_SIZE_REVENUE),
            _ => None,
        };
        let size = match (stated.staff, stated.revenue_fen) {
            (Some(staff), Some(revenue)) => Some(SizeClass::classify(staff, revenue)),
            _ => None,
        };
        Facts {
            uscc,
            district: stated.district,
            industry: stated.industry,
            staff: stated.staff,
            revenue_fen: stated.revenue_fen,
            size,
            above_designated_size,
            is_manufacturer,
            established_on: stated.established_on,
            registered_in_city: stated.registered_in_city,
            dishonest: stated.dishonest.unwrap_or(false),
            is_provider: stated.is_provider.unwrap_or(kind == OrgKind::Provider),
        }
    }
}

/// One statement, as it stands in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactRow {
    /// Order of statement within the organisation.
    pub seq: i64,
    /// `staff`, `district` …
    pub name: String,
    /// From which day it holds.
    pub valid_from: Date,
    /// The value.
    pub value: Value,
    /// When it was said.
    pub stated_at: Timestamp,
    /// By which account.
    pub stated_by: String,
}

/// Replays statements: of each name the one with the latest `valid_from` not after `date`, among those said not after
/// `known_at`; of two about the same day the one said later.
pub fn replay(rows: &[FactRow], date: Date, known_at: Option<Timestamp>) -> Result<StatedFacts, serde_json::Error> {
    let mut latest: serde_json::Map<String, Value> = serde_json::Map::new();
    let mut rows: Vec<&FactRow> =
        rows.iter().filter(|r| r.valid_from <= date && known_at.is_none_or(|k| r.stated_at <= k)).collect();
    rows.sort_by_key(|r| (r.valid_from, r.seq));
    for r in rows {
        latest.insert(r.name.clone(), r.value.clone());
    }
    serde_json::from_value(Value::Object(latest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use serde_json::json;

    fn row(seq: i64, name: &str, from: Date, value: Value, at: &str) -> FactRow {
        let stated_at = at.parse().unwrap();
        FactRow { seq, name: name.into(), valid_from: from, value, stated_at, stated_by: "a".into() }
    }

    #[test]
    fn replay_takes_the_latest_day_and_of_one_day_the_latest_word() {
        let rows = [
            row(1, "staff", date(2018, 1, 1), json!(10), "2018-01-05T00:00:00Z"),
            row(2, "staff", date(2019, 1, 1), json!(30), "2019-01-05T00:00:00Z"),
            row(3, "staff", date(2018, 1, 1), json!(12), "2019-02-01T00:00:00Z"),
        ];
        let staff = |d, k: Option<&str>| replay(&rows, d, k.map(|k| k.parse().unwrap())).unwrap().staff;
        assert_eq!(staff(date(2017, 12, 31), None), None);
        assert_eq!(staff(date(2018, 6, 1), None), Some(12));
        assert_eq!(staff(date(2018, 6, 1), Some("2019-01-31T00:00:00Z")), Some(10));
        assert_eq!(staff(date(2019, 6, 1), None), Some(30));
    }

    #[test]
    fn what_follows_from_the_facts() {
        let uscc = Uscc::try_new("91350100M000100Y43").unwrap();
        let stated = StatedFacts {
            industry: Some("34".into()),
            staff: Some(19),
            revenue_fen: Some(Fen::from_yuan(20_000_000)),
            ..StatedFacts::default()
        };
        let f = Facts::derive(uscc.clone(), OrgKind::Enterprise, stated);
        assert_eq!(
            (f.size, f.above_designated_size, f.is_manufacturer),
            (Some(SizeClass::Micro), Some(true), Some(true))
        );
        let json = serde_json::to_value(&f).unwrap();
        assert!(json.get("district").is_none(), "what is not known is left out, so that a rule can say so");
        let shop = StatedFacts {
            industry: Some("52".into()),
            revenue_fen: Some(Fen::from_yuan(90_000_000)),
            ..StatedFacts::default()
        };
        let f = Facts::derive(uscc, OrgKind::Provider, shop);
        assert_eq!((f.above_designated_size, f.is_manufacturer, f.is_provider), (Some(false), Some(false), true));
    }

    #[test]
    fn all_problems_are_found_at_once() {
        let bad = StatedFacts {
            district: Some("110101".into()),
            industry: Some("制造".into()),
            staff: Some(-1),
            revenue_fen: Some(Fen(-1)),
            established_on: Some(date(2030, 1, 1)),
            ..StatedFacts::default()
        };
        let fields: Vec<_> = bad.problems(date(2019, 1, 1)).iter().map(|p| p.field).collect();
        assert_eq!(fields, ["district", "industry", "staff", "revenue_fen", "established_on"]);
    }
}
