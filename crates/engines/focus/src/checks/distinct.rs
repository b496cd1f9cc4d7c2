//! `CheckDistinctCount`: for each value of one column, how many values the other has. It needs the whole dataset, so
//! it is gathered per worker, merged, and judged at the end.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::hash::Fast;

/// Values followed at most; past it the rule is reported as not evaluated. About 100 MB.
pub(crate) const VALUES_MAX: usize = 1_000_000;

/// Values of B followed for one A: more are as wrong, and would only take memory.
const GROUP_MAX: usize = 64;

/// Hash of A → (hash of B, first row with it), in order of rows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Distinct {
    pub seen: HashMap<u64, Vec<(u64, u64)>, Fast>,
    pub overflowed: bool,
}

impl Distinct {
    pub(crate) fn add(&mut self, a: u64, b: u64, row: u64) {
        if self.seen.len() >= VALUES_MAX && !self.seen.contains_key(&a) {
            self.overflowed = true;
            return;
        }
        let all = self.seen.entry(a).or_default();
        if let Some((_, first)) = all.iter_mut().find(|(v, _)| *v == b) {
            *first = row.min(*first);
        } else if all.len() < GROUP_MAX {
            all.push((b, row));
        }
    }

    pub(crate) fn merge(&mut self, other: Distinct) {
        self.overflowed |= other.overflowed;
        for (a, pairs) in other.seen {
            for (b, row) in pairs {
                self.add(a, b, row);
            }
        }
    }

    /// Rows that break the count: the first row with one value too many, or the first row of a group with too few.
    pub(crate) fn breaches(&self, count: u64) -> Vec<u64> {
        let mut rows: Vec<u64> = self
            .seen
            .values()
            .filter_map(|pairs| {
                let mut firsts: Vec<u64> = pairs.iter().map(|(_, row)| *row).collect();
                firsts.sort_unstable();
                match (firsts.len() as u64).cmp(&count) {
                    std::cmp::Ordering::Equal => None,
                    std::cmp::Ordering::Greater => Some(firsts[count as usize]),
                    std::cmp::Ordering::Less => Some(firsts[0]),
                }
            })
            .collect();
        rows.sort_unstable();
        rows
    }
}
