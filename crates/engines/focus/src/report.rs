//! What an import tells: findings by rule, row and column, and where every rule stands.

use std::collections::BTreeMap;

use kernel::Text;
use serde::{Deserialize, Serialize};

/// What a finding means for its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The row is not counted.
    Rejected,
    /// The row counts; somebody should look.
    Warning,
    /// Known of the source; its profile states why it is allowed.
    AllowedByProfile,
}

/// One breach of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// The column, or what else of the file.
    pub column: String,
    /// Data row, from 1; the header is not counted. `None`: about the file.
    pub row: Option<u64>,
    /// Line of a CSV file, from 1, where the row begins.
    pub line: Option<u64>,
    /// The value found, shortened.
    pub excerpt: String,
    /// What it means for the row.
    pub severity: Severity,
}

/// A rule that was breached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// The rule.
    pub rule: String,
    /// The column it is about.
    pub column: String,
    /// What it means for the rows.
    pub severity: Severity,
    /// Rows that breach it, all of them.
    pub rows: u64,
    /// What the rule asks.
    pub message: Text,
    /// Why the profile allows it.
    pub allowed_because: Option<Text>,
    /// Where the specification asks for it.
    pub citation: String,
    /// The first of the rows.
    pub first: Vec<Finding>,
}

/// How a rule came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// Holds on every row.
    Passed,
    /// Broken.
    Failed {
        /// By so many rows; 0 when it is about the file or made of other rules.
        rows: u64,
    },
    /// Made of rules of which none failed, but some could not be decided.
    PassedInPart {
        /// How many could not.
        undecided: usize,
    },
    /// Could not be decided.
    NotEvaluated {
        /// Why.
        why: Text,
    },
    /// The source does not do what the rule is about.
    NotApplicable,
    /// A permission; there is nothing to break.
    Permission,
}

/// Rows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Data rows read.
    pub read: u64,
    /// Rows that count.
    pub accepted: u64,
    /// Rows that do not.
    pub rejected: u64,
    /// Rows without a ResourceId, which prove no use.
    pub without_resource: u64,
}

/// The whole report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The profile the file was read with.
    pub profile: String,
    /// What the file is.
    pub format: crate::sniff::Format,
    /// Rows.
    pub rows: RowCounts,
    /// Bytes read, as stored.
    pub bytes: u64,
    /// Breached rules, rejecting ones first, then by number of rows.
    pub breaches: Vec<Breach>,
    /// Every rule of the model.
    pub outcomes: BTreeMap<String, Outcome>,
    /// Columns that neither the standard's rules nor the profile know.
    pub unknown_columns: Vec<String>,
    /// A hint when the file looks like another source's.
    pub hint: Option<Text>,
}

impl Report {
    /// All findings kept, in the order of the breaches.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.breaches.iter().flat_map(|b| &b.first)
    }

    /// The breach of a rule.
    pub fn breach(&self, rule: &str) -> Option<&Breach> {
        self.breaches.iter().find(|b| b.rule == rule)
    }

    /// Rows that breach a rule.
    pub fn rows_breaching(&self, rule: &str) -> u64 {
        self.breach(rule).map_or(0, |b| b.rows)
    }
}

/// At most so many characters of a value are shown.
pub(crate) const EXCERPT_CHARS: usize = 80;

pub(crate) fn excerpt(value: &str) -> String {
    match value.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
