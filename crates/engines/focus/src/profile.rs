//! Source profiles: what a declared source is known to write otherwise than FOCUS 1.2 asks, as data.
//!
//! A profile never makes a fault silent: what it allows is reported as allowed, with the reason it states.

use std::collections::BTreeMap;

use kernel::{EvidenceLevel, Text};
use serde::{Deserialize, Serialize};

use crate::when::TimeForm;

/// What is known of one source of bills.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// `huawei-1.0`
    pub id: String,
    /// For a reader.
    pub title: Text,
    /// The version of FOCUS that the source says it writes.
    pub focus_version: String,
    /// Where these statements about the source come from.
    pub source: String,
    /// Spellings of "no value" beside the real null of a column file. The empty string is one of them in CSV.
    pub null_literals: Vec<String>,
    /// Columns beyond the standard that the source is known to write; they are not read.
    #[serde(default)]
    pub ignored_columns: Vec<String>,
    /// Columns that are present but null in every row.
    #[serde(default)]
    pub null_columns: Vec<String>,
    /// Written forms of instants accepted beside `…T…Z`.
    #[serde(default)]
    pub time_forms: Vec<TimeForm>,
    /// Zone of instants that state none, in minutes east of UTC.
    #[serde(default)]
    pub time_zone_minutes: i64,
    /// Zone in which a month begins, in minutes east of UTC: 480 where the cloud bills by Beijing months.
    pub month_zone_minutes: i64,
    /// How the source means the end of a period.
    pub period_end: PeriodEnd,
    /// Currencies accepted; a statement holds one currency only.
    pub currencies: Vec<String>,
    /// What a charge's real cost to the customer is read from.
    #[serde(default)]
    pub paid_column: PaidColumn,
    /// What proves a quantity where ConsumedQuantity is null.
    #[serde(default)]
    pub quantity_fallback: Fallback,
    /// Voucher spend appears as a Credit whose BilledCost is 0: such rows are counted, and lower nothing.
    #[serde(default)]
    pub voucher_is_credit_of_zero: bool,
    /// Applicability criteria of the rule model that hold for the source.
    #[serde(default)]
    pub supports: Vec<String>,
    /// Column → variant spelling → specified value.
    #[serde(default)]
    pub spellings: BTreeMap<String, BTreeMap<String, String>>,
    /// Faults that are known of the source and rejected for no row.
    #[serde(default)]
    pub allow: Vec<Allowance>,
    /// The highest level that bills of this source can prove, with the reason.
    pub evidence: EvidenceCap,
}

/// A fault the source is known for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// Rule ids; `X-*` is every id that begins with `X-`.
    pub rules: Vec<String>,
    /// Why it is allowed.
    pub reason: Text,
}

/// The best level this source's bills reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceCap {
    /// Not above this.
    pub cap: EvidenceLevel,
    /// Why.
    pub reason: Text,
}

/// How a source writes the end of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeriodEnd {
    /// As specified: the first instant after the period.
    #[default]
    Exclusive,
    /// The last second of the period (`:59:59`); one second is added on reading.
    InclusiveSecond,
}

/// The column that says what was paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaidColumn {
    /// As specified: the charge as invoiced.
    #[default]
    BilledCost,
    /// Where the source writes the undiscounted amount into BilledCost.
    EffectiveCost,
}

/// What stands in for ConsumedQuantity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fallback {
    /// Nothing: without a consumed quantity a row is no proof of use.
    #[default]
    None,
    /// PricingQuantity, graded lower: it proves what was charged by, not what was consumed.
    PricingQuantity,
}

/// Why a profile cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No bundled profile has this id.
    #[error("no source profile is called {0:?}")]
    Unknown(String),
    /// The text is not a profile.
    #[error("this is not a source profile: {0}")]
    Malformed(String),
}

const BUNDLED: [(&str, &str); 6] = [
    ("focus-1.2", include_str!("../profiles/focus-1.2.toml")),
    ("focus-sample-2024", include_str!("../profiles/focus-sample-2024.toml")),
    ("aliyun-1.0-preview", include_str!("../profiles/aliyun-1.0-preview.toml")),
    ("tencent-1.0", include_str!("../profiles/tencent-1.0.toml")),
    ("huawei-1.0", include_str!("../profiles/huawei-1.0.toml")),
    ("yunjin-demo", include_str!("../profiles/yunjin-demo.toml")),
];

impl Profile {
    /// Ids of the bundled profiles, the strict one first.
    pub fn ids() -> impl Iterator<Item = &'static str> {
        BUNDLED.iter().map(|(id, _)| *id)
    }

    /// A bundled profile.
    pub fn bundled(id: &str) -> Result<Profile, ProfileError> {
        let (_, text) = BUNDLED.iter().find(|(i, _)| *i == id).ok_or_else(|| ProfileError::Unknown(id.to_owned()))?;
        Profile::from_toml(text)
    }

    /// Reads a profile.
    pub fn from_toml(text: &str) -> Result<Profile, ProfileError> {
        toml::from_str(text).map_err(|e| ProfileError::Malformed(e.to_string()))
    }

    /// The reason for which faults of this rule are allowed.
    pub fn allows(&self, rule: &str) -> Option<&Text> {
        let covers = |pattern: &str| match pattern.strip_suffix('*') {
            Some(prefix) => rule.starts_with(prefix),
            None => rule == pattern,
        };
        self.allow.iter().find(|a| a.rules.iter().any(|p| covers(p))).map(|a| &a.reason)
    }

    /// Does every one of these criteria hold for the source?
    pub fn supports_all(&self, criteria: &[String]) -> bool {
        criteria.iter().all(|c| self.supports.contains(c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_profile_reads_and_is_named_as_its_file() {
        for id in Profile::ids() {
            let profile = Profile::bundled(id).unwrap();
            assert_eq!(profile.id, id);
            assert!(!profile.title.zh.is_empty() && !profile.title.en.is_empty());
            assert!(!profile.evidence.reason.zh.is_empty() && !profile.evidence.reason.en.is_empty());
            assert!(profile.allow.iter().all(|a| !a.reason.zh.is_empty() && !a.reason.en.is_empty()));
        }
        assert_eq!(Profile::bundled("x"), Err(ProfileError::Unknown("x".into())));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let text = format!("surprise = 1\n{}", BUNDLED[0].1);
        assert!(matches!(Profile::from_toml(&text), Err(ProfileError::Malformed(m)) if m.contains("surprise")));
    }
}
