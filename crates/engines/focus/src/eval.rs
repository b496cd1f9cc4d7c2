//! Running the compiled rules on a batch, one check at a time over all rows, 64 rows to a word.

use crate::batch::{Batch, Col};
use crate::checks::{Around, Cell, Test, Verdict, product};
use crate::plan::{Node, Plan};

/// Rows for which a check says yes, and rows for which it says no; in neither it is silent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits {
    pub yes: Vec<u64>,
    pub no: Vec<u64>,
}

const YES: u8 = 1;
const NO: u8 = 2;
const SILENT: u8 = 3;

/// Working memory of one worker: a verdict per check and distinct value, and the bits of each check.
pub(crate) struct Evaluator {
    memos: Vec<Vec<u8>>,
    pub bits: Vec<Bits>,
}

fn code(verdict: Verdict) -> u8 {
    match verdict {
        Some(true) => YES,
        Some(false) => NO,
        None => SILENT,
    }
}

impl Evaluator {
    pub(crate) fn new(plan: &Plan) -> Evaluator {
        Evaluator { memos: vec![vec![]; plan.nodes.len()], bits: vec![Bits::default(); plan.nodes.len()] }
    }

    /// Forgets verdicts on values, because their ids will be given anew.
    pub(crate) fn forget(&mut self) {
        self.memos.iter_mut().for_each(Vec::clear);
    }

    /// Runs every check on every row.
    pub(crate) fn run(&mut self, plan: &Plan, batch: &Batch<'_>, around: &Around<'_>) {
        for (i, node) in plan.nodes.iter().enumerate() {
            let (before, rest) = self.bits.split_at_mut(i);
            let out = &mut rest[0];
            match node {
                Node::And(items) => combine(items, before, out, batch.rows, true),
                Node::Or(items) => combine(items, before, out, batch.rows, false),
                Node::One { col, test } => one(*col, test, batch, around, &mut self.memos[i], out),
                Node::Two { a, b, test } => {
                    by_row(out, batch.rows, |r| code(test.of(batch.cell(*a, r), batch.cell(*b, r), around)));
                }
                Node::Product { a, b, result } => by_row(out, batch.rows, |r| {
                    code(product(batch.cell(*a, r), batch.cell(*b, r), batch.cell(*result, r)))
                }),
            }
        }
    }
}

fn words(rows: usize) -> usize {
    rows.div_ceil(64)
}

/// Kleene's AND and OR. Rows past the end of the batch are never yes or no of a leaf, but are yes of the empty AND;
/// readers mask them.
fn combine(items: &[usize], before: &[Bits], out: &mut Bits, rows: usize, and: bool) {
    let n = words(rows);
    out.yes.clear();
    out.no.clear();
    out.yes.resize(n, if and { u64::MAX } else { 0 });
    out.no.resize(n, if and { 0 } else { u64::MAX });
    for &item in items {
        let bits = &before[item];
        for w in 0..n {
            if and {
                out.yes[w] &= bits.yes[w];
                out.no[w] |= bits.no[w];
            } else {
                out.yes[w] |= bits.yes[w];
                out.no[w] &= bits.no[w];
            }
        }
    }
}

fn by_row(out: &mut Bits, rows: usize, verdict: impl Fn(usize) -> u8) {
    out.yes.clear();
    out.no.clear();
    for start in (0..rows).step_by(64) {
        let (mut yes, mut no) = (0u64, 0u64);
        for i in 0..(rows - start).min(64) {
            let v = verdict(start + i);
            yes |= u64::from(v == YES) << i;
            no |= u64::from(v == NO) << i;
        }
        out.yes.push(yes);
        out.no.push(no);
    }
}

fn one(col: usize, test: &Test, batch: &Batch<'_>, around: &Around<'_>, memo: &mut Vec<u8>, out: &mut Bits) {
    match &batch.cols[col] {
        Col::Dict(ids) => {
            let interner = &batch.interners[col];
            for id in memo.len()..interner.len() {
                let cell = interner.text(id as u32).map_or(Cell::Null, Cell::Text);
                memo.push(code(test.of(cell, around)));
            }
            by_row(out, batch.rows, |r| memo[ids[r] as usize]);
        }
        Col::Absent => {
            let v = code(test.of(Cell::Null, around));
            by_row(out, batch.rows, |_| v);
        }
        Col::Num(all) => by_row(out, batch.rows, |r| code(test.of(Cell::Num(all[r]), around))),
        Col::When(all) => by_row(out, batch.rows, |r| code(test.of(Cell::When(all[r]), around))),
        Col::Text(_) => by_row(out, batch.rows, |r| code(test.of(batch.cell(col, r), around))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_follow_three_valued_logic() {
        let leaf = |yes: u64, no: u64| Bits { yes: vec![yes], no: vec![no] };
        // Rows 0, 1, 2: yes, no, silent; against the same in the other order of threes.
        let before = [leaf(0b001_001_001, 0b010_010_010), leaf(0b000_000_111, 0b000_111_000)];
        let (mut and, mut or) = (Bits::default(), Bits::default());
        combine(&[0, 1], &before, &mut and, 9, true);
        combine(&[0, 1], &before, &mut or, 9, false);
        assert_eq!((and.yes[0], and.no[0]), (0b000_000_001, 0b010_111_010));
        assert_eq!((or.yes[0], or.no[0]), (0b001_001_111, 0b000_010_000));
    }
}
