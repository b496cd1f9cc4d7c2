//! A programme as its TOML file holds it. Unknown keys are refused; every rule, value and date names its clause.

use jiff::civil::Date;
use kernel::{Calendar, EvidenceLevel, Text};
use serde::{Deserialize, Serialize};

use crate::Fact;
use crate::expression::Expression;

/// A programme: what is promised, to whom, under which rules, by when.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// Stable id, also the directory's name.
    pub id: String,
    /// Version of this text; a decision stores it with the text's hash.
    pub version: String,
    /// True for an example that no authority issued.
    #[serde(default)]
    pub illustrative: bool,
    /// Its name.
    pub title: Text,
    /// Who issued it.
    pub issuer: Text,
    /// One paragraph on what it is for.
    pub summary: Text,
    /// First and last day.
    pub period: Period,
    /// Level from which an enterprise counts, level from which money moves.
    pub evidence: EvidenceThresholds,
    /// Days of public notice.
    pub notice: Notice,
    /// Clocks outside the stages.
    pub clocks: Clocks,
    /// Documents that clauses stand in.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
    /// Clauses, each in our own words.
    #[serde(rename = "clause")]
    pub clauses: Vec<Clause>,
    /// Guidance, principles, outcomes, actions, safeguards.
    #[serde(rename = "section", default)]
    pub sections: Vec<Section>,
    /// The phases, which may overlap.
    #[serde(rename = "phase")]
    pub phases: Vec<Phase>,
    /// What is to be reached.
    #[serde(rename = "target")]
    pub targets: Vec<Target>,
    /// Families and sub-items of service that are supported.
    #[serde(rename = "coverage")]
    pub coverage: Vec<Coverage>,
    /// Who bears which part of the cost.
    #[serde(rename = "share", default)]
    pub shares: Vec<Share>,
    /// Facts of this programme beside the standard ones.
    #[serde(rename = "fact", default)]
    pub facts: Vec<Fact>,
    /// Dated values.
    #[serde(rename = "value", default)]
    pub values: Vec<DatedValue>,
    /// Review routes.
    #[serde(rename = "route")]
    pub routes: Vec<Route>,
    /// What can be got.
    #[serde(rename = "instrument")]
    pub instruments: Vec<Instrument>,
    /// SHA-256 of the TOML text, lower-case hex; set by [`Programme::parse`].
    #[serde(skip)]
    pub sha256: String,
}

/// Both days included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateRange {
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
}

/// The days on which a programme is in force.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// Where it is said.
    pub clause: String,
}

/// From which evidence an enterprise counts and is paid.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceThresholds {
    /// An enterprise counts as on the cloud from here.
    pub counts_from: EvidenceLevel,
    /// Money moves from here.
    pub pays_from: EvidenceLevel,
    /// Months of metered use in a row that make L3.
    pub metered_months: u32,
    /// Where it is said.
    pub clause: String,
}

/// How days of a public notice are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DayCount {
    /// Every day counts.
    Calendar,
    /// Working days only.
    Working,
}

/// 公示
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// How many days.
    pub days: u32,
    /// Which days count.
    pub count: DayCount,
    /// Whether an objection must carry the objector's name.
    pub real_name: bool,
    /// Where it is said.
    pub clause: String,
}

impl Notice {
    /// The last day of a notice published on `start`; that day itself does not count.
    pub fn last_day(&self, start: Date, calendar: &Calendar) -> Date {
        match self.count {
            DayCount::Working => calendar.add_workdays(start, self.days),
            DayCount::Calendar => start.saturating_add(jiff::Span::new().days(i64::from(self.days))),
        }
    }
}

/// Clocks that belong to no single stage, in working days.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    /// By when all defects are stated, at once (一次性告知).
    pub completeness_working_days: u32,
    /// What an applicant has to correct them.
    pub correction_working_days: u32,
    /// By when an objection is answered.
    pub objection_working_days: u32,
    /// Where it is said.
    pub clause: String,
}

/// A document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Referred to by clauses.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// The issuing number, where it has one.
    pub number: Option<String>,
    /// True when it is the programme's own issued text; false for practice and for our defaults.
    pub authoritative: bool,
}

/// A place in a document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Referred to by everything else.
    pub id: String,
    /// Which document.
    pub source: String,
    /// Where in it, such as `六（二）`. A plain string stands for both languages.
    #[serde(deserialize_with = "text_or_pair")]
    pub locator: Text,
    /// What it says, in our own words.
    pub summary: Text,
}

/// What a section of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// 指导思想
    Guidance,
    /// 基本原则
    Principle,
    /// What shall be so at the end, beyond the figures.
    Outcome,
    /// 重点工作
    Action,
    /// 保障措施
    Safeguard,
}

/// A section with its points, in our own words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Unique among sections.
    pub id: String,
    /// What it is.
    pub part: Part,
    /// Its name.
    pub title: Text,
    /// Where it stands.
    pub clause: String,
    /// Its points.
    pub items: Vec<Text>,
}

/// A phase.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Unique among phases.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// Where it is said.
    pub clause: String,
    /// What is done in it.
    pub tasks: Vec<Text>,
}

/// A figure to be reached. Exactly one of `minimum` and `exceeds` is set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Unique among targets.
    pub code: String,
    /// The statistic that measures it.
    pub statistic: String,
    /// Its name.
    pub title: Text,
    /// What is counted, such as 家 / enterprises.
    pub unit: Text,
    /// At least so many.
    pub minimum: Option<i64>,
    /// More than so many.
    pub exceeds: Option<i64>,
    /// The upper end of a planned range; more is not a failure.
    pub maximum: Option<i64>,
    /// By the end of this day.
    pub by: Date,
    /// Where it is said.
    pub clause: String,
}

impl Target {
    /// Has `reached` met it?
    pub fn is_met(&self, reached: i64) -> bool {
        self.minimum.is_none_or(|m| reached >= m) && self.exceeds.is_none_or(|e| reached > e)
    }

    /// The smallest number that meets it; what progress is measured against.
    pub fn goal(&self) -> i64 {
        self.minimum.or(self.exceeds.map(|e| e + 1)).unwrap_or(0)
    }
}

/// A supported family of services.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Code in [`kernel::FAMILIES`].
    pub family: String,
    /// Where it is said.
    pub clause: String,
    /// Codes in [`kernel::SUB_ITEMS`].
    pub sub_items: Vec<String>,
}

/// Who bears a share of the cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShareParty {
    /// 平台降
    Platform,
    /// 政府补
    Public,
    /// 企业出
    Enterprise,
}

/// One of the three shares.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Whose.
    pub party: ShareParty,
    /// Its name.
    pub title: Text,
    /// What it consists of.
    pub summary: Text,
    /// Where it is said.
    pub clause: String,
}

/// A number that holds from a day on, until the next of the same name or the last day given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatedValue {
    /// Its name in expressions; the unit is its last part.
    pub name: String,
    /// What it is.
    pub title: Text,
    /// First day.
    pub from: Date,
    /// Last day; without one, until the next begins.
    pub until: Option<Date>,
    /// The number.
    pub value: i64,
    /// Where it is said.
    pub clause: String,
}

/// A stage of review. Their order and the legal moves between them belong to casework.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// 区级初审
    DistrictReview,
    /// 市级形式审查
    CityCheck,
    /// 查重
    DuplicateCheck,
    /// 专家评审
    ExpertScoring,
    /// 现场核查
    OnSiteCheck,
    /// 核定金额
    AmountDetermination,
    /// 公示
    PublicNotice,
    /// 审定
    Approval,
    /// 签订任务书
    Agreement,
    /// 首款拨付
    FirstPayment,
    /// 专项审计与验收
    AcceptanceAudit,
    /// 尾款拨付
    FinalPayment,
}

/// Who holds a case in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// The applicant.
    Enterprise,
    /// The district bureau.
    District,
    /// The city bureau.
    City,
    /// The expert body.
    Expert,
    /// The third-party auditor.
    Auditor,
}

/// A review route.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Named by instruments.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Where it is said.
    pub clause: String,
    /// In order.
    pub stages: Vec<RouteStage>,
}

/// One stage on a route.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteStage {
    /// Which.
    pub stage: Stage,
    /// Who holds the case.
    pub holder: Holder,
    /// How many different people must approve.
    pub approvers: u32,
    /// The clock, in working days; zero for a public notice, whose days stand in [`Notice`].
    pub working_days: u32,
}

/// What kind of support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstrumentKind {
    /// Spent at an order, settled to the provider.
    Voucher,
    /// Paid after the fact, against proven investment.
    Reimbursement,
    /// A fixed reward.
    Award,
}

/// Something that can be got.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Unique among instruments.
    pub id: String,
    /// What kind.
    pub kind: InstrumentKind,
    /// Its name.
    pub title: Text,
    /// What it is, for an applicant.
    pub summary: Text,
    /// Where it is said.
    pub clause: String,
    /// The review route.
    pub route: String,
    /// When applications are taken; without any, during the whole period.
    #[serde(rename = "window", default)]
    pub windows: Vec<DateRange>,
    /// What a batch must fix, and within which bounds.
    #[serde(rename = "batch", default)]
    pub batch_fields: Vec<BatchField>,
    /// Who gets it, and how much.
    pub award: Rule,
    /// What is paid on it, when and how much.
    pub settlement: Option<Rule>,
}

/// A number that each batch fixes and the programme only bounds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchField {
    /// Its name, read as `batch.<name>`.
    pub name: String,
    /// What it is.
    pub title: Text,
    /// Not less than.
    pub minimum: i64,
    /// Not more than.
    pub maximum: i64,
    /// Where it is said.
    pub clause: String,
}

/// A last day with its clause.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// The day itself included.
    pub day: Date,
    /// Where it is said.
    pub clause: String,
}

/// Conditions that must all hold, then steps to an amount, then caps on it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Last day on which it can be decided; without one, the period's last day.
    pub until: Option<Deadline>,
    /// All must hold.
    #[serde(rename = "condition", default)]
    pub conditions: Vec<Condition>,
    /// In order; each may read the ones before. The last is the amount before caps.
    #[serde(rename = "step")]
    pub steps: Vec<Computation>,
    /// The amount is the least of the last step and of every cap.
    #[serde(rename = "cap", default)]
    pub caps: Vec<Computation>,
}

/// A condition.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Unique in its rule.
    pub id: String,
    /// Must be true.
    pub when: Expression,
    /// What is asked.
    pub title: Text,
    /// Said when it fails: what is wrong and what to do.
    pub failed: Text,
    /// Where it is said.
    pub clause: String,
}

/// A named number.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Computation {
    /// Its name; the unit is its last part (`_fen`, `_bp`, `_days`, `_months`, `_count`).
    pub name: String,
    /// What it is.
    pub title: Text,
    /// How it is computed.
    pub expression: Expression,
    /// Where it is said.
    pub clause: String,
    /// A cap that is left out while what it reads is not stated yet, so that "what can I get?" is answered before
    /// quotas are known. Never allowed in a settlement.
    #[serde(default)]
    pub optional: bool,
}

fn text_or_pair<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum TextOrPair {
        Plain(String),
        Pair(Text),
    }
    Ok(match TextOrPair::deserialize(deserializer)? {
        TextOrPair::Plain(text) => Text::new(text.clone(), text),
        TextOrPair::Pair(pair) => pair,
    })
}
