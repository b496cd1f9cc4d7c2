//! What a programme's record and a stored decision are, and which version applies on a day. Pure.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Lang, Text};
use rules::{Act, Decision};
use serde::{Deserialize, Serialize};

/// Where a version of a programme stands. Only a draft's text may change (PP-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Being prepared; nobody outside sees it.
    Draft,
    /// The version that applies (PP-2: at most one of a programme).
    Published,
    /// A later version has taken its place.
    Superseded,
    /// The programme takes no more applications; what was granted is still settled.
    Ended,
}

impl State {
    /// Stable code, as stored.
    pub fn code(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Published => "published",
            State::Superseded => "superseded",
            State::Ended => "ended",
        }
    }

    /// For a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            State::Draft => lang.t("草稿", "draft"),
            State::Published => lang.t("现行", "in force"),
            State::Superseded => lang.t("已被新版取代", "superseded"),
            State::Ended => lang.t("已结束", "ended"),
        }
    }

    /// The colour of its tag.
    pub fn tone(self) -> &'static str {
        match self {
            State::Draft => "is-info",
            State::Published => "is-ok",
            State::Superseded | State::Ended => "",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for State {
    type Err = String;
    fn from_str(s: &str) -> Result<State, String> {
        [State::Draft, State::Published, State::Superseded, State::Ended]
            .into_iter()
            .find(|state| state.code() == s)
            .ok_or_else(|| format!("{s:?} is no state of a programme"))
    }
}

/// One version of a programme, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The programme's id.
    pub id: String,
    /// The version's own name.
    pub version: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Where it stands.
    pub state: State,
    /// The programme's name.
    pub title: Text,
    /// An example that no authority issued?
    pub illustrative: bool,
    /// First day of the programme's period.
    pub starts_on: Date,
    /// Last day of the programme's period.
    pub ends_on: Date,
    /// First day on which this version applies.
    pub applies_from: Option<Date>,
    /// First day on which it no longer does.
    pub applies_until: Option<Date>,
    /// Who drafted it.
    pub drafted_by: String,
    /// When.
    pub drafted_at: Timestamp,
    /// Who published it.
    pub published_by: Option<String>,
    /// When.
    pub published_at: Option<Timestamp>,
    /// From this day on there are no more applications.
    pub ended_on: Option<Date>,
    /// Why.
    pub ended_reason: Option<String>,
}

impl Version {
    /// Is it one that the public sees?
    pub fn is_public(&self) -> bool {
        self.state != State::Draft
    }
}

/// The version that applies on `on`: the one within whose days it lies, else (before the first day of all) the
/// earliest, so that the answer is the engine's own "not yet in force".
pub fn version_on(versions: &[Version], on: Date) -> Option<&Version> {
    let begun = versions.iter().filter(|v| v.is_public() && v.applies_from.is_some_and(|from| from <= on));
    let applies = begun.filter(|v| v.applies_until.is_none_or(|until| on < until)).max_by_key(|v| v.applies_from);
    applies.or_else(|| versions.iter().filter(|v| v.is_public()).min_by_key(|v| (v.applies_from, v.published_at)))
}

/// The first day of a version published `today`: the period's own first day when it is the first, else today, but
/// never before the version that it takes the place of.
pub fn applies_from(starts_on: Date, previous: Option<&Version>, today: Date) -> Date {
    match previous {
        None => starts_on,
        Some(previous) => previous.applies_from.map_or(today, |from| from.max(today)),
    }
}

/// How two names of versions compare as semantic versions (<https://semver.org>, item 11; what follows a `+` says nothing
/// about the order); nothing where one of them is no such version.
pub fn compare_versions(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (Semantic::read(a)?, Semantic::read(b)?);
    let numbers = a.numbers.cmp(&b.numbers);
    Some(numbers.then_with(|| match (a.pre.is_empty(), b.pre.is_empty()) {
        (true, true) => Ordering::Equal,
        // What is still in preparation comes before what it prepares.
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => compare_pre(&a.pre, &b.pre),
    }))
}

struct Semantic<'a> {
    numbers: [u64; 3],
    pre: Vec<&'a str>,
}

impl Semantic<'_> {
    fn read(text: &str) -> Option<Semantic<'_>> {
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
        let mut numbers = core.split('.').map(whole);
        let numbers = [numbers.next()??, numbers.next()??, numbers.next()??];
        let pre: Vec<&str> = pre.map_or(Vec::new(), |p| p.split('.').collect());
        let plain = |p: &&str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (core.split('.').count() == 3 && pre.iter().all(plain)).then_some(Semantic { numbers, pre })
    }
}

fn whole(text: &str) -> Option<u64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn compare_pre(a: &[&str], b: &[&str]) -> Ordering {
    let one = |(a, b): (&&str, &&str)| match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    };
    let differs = a.iter().zip(b).map(one).find(|o| o.is_ne());
    differs.unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// What a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Who gets an instrument, and how much.
    Eligibility,
    /// What is paid on it.
    Settlement,
}

impl Kind {
    /// Stable code, as stored.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Eligibility => "eligibility",
            Kind::Settlement => "settlement",
        }
    }

    /// The engine's word for it.
    pub fn act(self) -> Act {
        match self {
            Kind::Eligibility => Act::Award,
            Kind::Settlement => Act::Settlement,
        }
    }

    /// For a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Kind::Eligibility => lang.t("资格与额度", "eligibility and amount"),
            Kind::Settlement => lang.t("兑付", "settlement"),
        }
    }
}

impl FromStr for Kind {
    type Err = String;
    fn from_str(s: &str) -> Result<Kind, String> {
        [Kind::Eligibility, Kind::Settlement]
            .into_iter()
            .find(|kind| kind.code() == s)
            .ok_or_else(|| format!("{s:?} is no kind of decision"))
    }
}

/// A decision that was made and kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDecision {
    /// Its id.
    pub id: String,
    /// The decision with its trace.
    pub decision: Decision,
}

/// A stored decision as it lies in the records: the bytes, and the columns beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// The programme.
    pub programme_id: String,
    /// Its version.
    pub programme_version: String,
    /// SHA-256 of that version's text.
    pub programme_sha256: String,
    /// The instrument.
    pub instrument_id: String,
    /// About whom.
    pub org_id: String,
    /// As at which day.
    pub as_of: Date,
    /// Does everything hold?
    pub eligible: bool,
    /// The amount, when it does.
    pub amount_fen: Option<i64>,
    /// Canonical bytes of the decision.
    pub bytes: String,
    /// SHA-256 of the bytes.
    pub bytes_sha256: String,
    /// When it was made.
    pub at: Timestamp,
}

impl DecisionRow {
    /// What the columns say otherwise than the decision itself (PD-3).
    pub fn columns_that_differ(&self, decision: &Decision) -> Vec<&'static str> {
        let same = [
            ("kind", self.kind.act() == decision.act),
            ("programme_id", self.programme_id == decision.programme),
            ("programme_version", self.programme_version == decision.programme_version),
            ("programme_sha256", self.programme_sha256 == decision.programme_sha256),
            ("instrument_id", self.instrument_id == decision.instrument),
            ("as_of", self.as_of == decision.as_of),
            ("eligible", self.eligible == decision.eligible),
            ("amount_fen", self.amount_fen == decision.amount_fen),
        ];
        same.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
    }
}

/// A batch of vouchers that takes applications, as an estimate needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenBatch {
    /// Its id.
    pub id: String,
    /// Of which programme.
    pub programme_id: String,
    /// Of which of its instruments.
    pub instrument_id: String,
    /// Its name.
    pub title: Text,
    /// What it fixes, by the programme's names for it.
    pub fixes: serde_json::Value,
    /// Last day for applications.
    pub closes_on: Date,
    /// What is left for the district that was asked about; unknown without one.
    pub district_remaining_fen: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn version(name: &str, state: State, from: Option<Date>, until: Option<Date>) -> Version {
        Version {
            id: "p".into(),
            version: name.into(),
            sha256: name.into(),
            state,
            title: Text::default(),
            illustrative: false,
            starts_on: date(2018, 9, 1),
            ends_on: date(2020, 12, 31),
            applies_from: from,
            applies_until: until,
            drafted_by: String::new(),
            drafted_at: Timestamp::UNIX_EPOCH,
            published_by: None,
            published_at: None,
            ended_on: None,
            ended_reason: None,
        }
    }

    #[test]
    fn the_version_of_a_day_is_the_one_that_applied_then() {
        let (a, b) = (date(2018, 9, 1), date(2019, 7, 1));
        let versions = [
            version("1", State::Superseded, Some(a), Some(b)),
            version("2", State::Published, Some(b), None),
            version("3", State::Draft, None, None),
        ];
        let on = |day| version_on(&versions, day).map(|v| v.version.as_str());
        assert_eq!(on(date(2018, 8, 31)), Some("1"), "before the first day: the earliest");
        assert_eq!(on(a), Some("1"));
        assert_eq!(on(date(2019, 6, 30)), Some("1"));
        assert_eq!(on(b), Some("2"));
        assert_eq!(version_on(&versions[2..], b), None, "a draft never applies");
    }

    #[test]
    fn versions_compare_as_semantic_versions() {
        let ordered =
            ["0.1.0", "0.1.1", "0.2.0", "0.10.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0"];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(compare_versions(a, b), Some(i.cmp(&j)), "{a} {b}");
            }
        }
        assert_eq!(compare_versions("1.0.0+a", "1.0.0+b"), Some(Ordering::Equal));
        for none in ["", "1", "1.0", "1.0.0.0", "v1.0.0", "1.0.x", "1.0.0-", "第一版"] {
            assert_eq!(compare_versions(none, "1.0.0"), None, "{none}");
        }
    }

    #[test]
    fn a_version_that_is_replaced_before_it_begins_never_applies() {
        let start = date(2018, 9, 1);
        let first = version("1", State::Published, Some(start), None);
        let next = applies_from(start, Some(&first), date(2018, 8, 20));
        assert_eq!(next, start);
        let versions = [
            version("1", State::Superseded, Some(start), Some(next)),
            version("2", State::Published, Some(next), None),
        ];
        assert_eq!(version_on(&versions, start).map(|v| v.version.as_str()), Some("2"));
    }
}
