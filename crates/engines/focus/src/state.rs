//! What an import has gathered so far, in a form that merges, is independent of how the work was split, and can be
//! kept and taken up again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::checks::distinct::Distinct;
use crate::report::{Finding, RowCounts, Severity};
use crate::statement::{Groups, StatementKey, Tally};

/// The breaches of one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Breached {
    pub severity: Severity,
    pub rows: u64,
    pub first: Vec<Finding>,
}

/// All that is known of the rows read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub rows: RowCounts,
    /// Lines read, the header's included.
    pub lines: u64,
    pub breaches: BTreeMap<String, Breached>,
    pub distincts: BTreeMap<String, Distinct>,
    #[serde(with = "pairs")]
    pub groups: Groups,
}

impl State {
    /// Adds breaches of a rule; keeps the first `keep` rows.
    pub(crate) fn breach(&mut self, rule: &str, severity: Severity, rows: u64, first: Vec<Finding>, keep: usize) {
        let all = self.breaches.entry(rule.to_owned()).or_insert_with(|| Breached { severity, rows: 0, first: vec![] });
        all.rows += rows;
        all.first.extend(first);
        all.first.sort_by(|a, b| (a.row, &a.column).cmp(&(b.row, &b.column)));
        all.first.truncate(keep);
    }

    /// Adds a group.
    pub(crate) fn group<V>(&mut self, key: StatementKey, tally: Tally<V>, unit: impl Fn(V) -> String) {
        self.groups.entry(key).or_insert_with(Tally::new).merge(tally, unit);
    }
}

/// JSON has no maps with structured keys, so the groups are written as a list, in order of their keys.
mod pairs {
    use super::*;
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(groups: &Groups, s: S) -> Result<S::Ok, S::Error> {
        let mut all: Vec<_> = groups.iter().collect();
        all.sort_by(|a, b| a.0.cmp(b.0));
        s.collect_seq(all)
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Groups, D::Error> {
        Ok(Vec::<(StatementKey, Tally<String>)>::deserialize(d)?.into_iter().collect())
    }
}
