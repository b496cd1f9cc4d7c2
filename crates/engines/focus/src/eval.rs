//! Running the compiled rules on a batch, one check at a time over all rows, 64 rows to a word.

use crate::batch::{Batch, Col, NULL_SPAN};
use crate::checks::{Around, Cell, Pair, Test, Verdict, product};
use crate::decimal::Num;
use crate::plan::{Node, Plan};
use crate::when::When;

/// Rows for which a check says yes, and rows for which it says no; in neither it is silent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits {
    pub yes: Vec<u64>,
    pub no: Vec<u64>,
}

const YES: u8 = 1;
const NO: u8 = 2;
const SILENT: u8 = 3;

/// Verdicts of one check on the distinct values of a column; id 0 is null.
#[derive(Clone, Default)]
struct Memo {
    verdicts: Vec<u8>,
    /// The values disagree.
    mixed: bool,
}

/// What occurs in a column of a batch. Most columns hold nothing a check could object to, and then one look at the
/// column answers all checks of it.
#[derive(Clone, Copy, Default)]
struct Occurs {
    null: bool,
    value: bool,
    /// An unreadable value, a negative number, an instant in a loose form or at a last second.
    odd: bool,
}

/// Working memory of one worker: a verdict per check and distinct value, and the bits of each check.
pub(crate) struct Evaluator {
    memos: Vec<Memo>,
    occurs: Vec<Occurs>,
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
        Evaluator {
            memos: vec![Memo::default(); plan.nodes.len()],
            occurs: vec![],
            bits: vec![Bits::default(); plan.nodes.len()],
        }
    }

    /// Forgets verdicts on values, because their ids will be given anew.
    pub(crate) fn forget(&mut self) {
        self.memos.iter_mut().for_each(|m| *m = Memo::default());
    }

    /// Runs every check on every row.
    pub(crate) fn run(&mut self, plan: &Plan, batch: &Batch<'_>, around: &Around<'_>) {
        self.occurs.clear();
        self.occurs.extend(batch.cols.iter().map(occurs));
        for (i, node) in plan.nodes.iter().enumerate() {
            let (before, rest) = self.bits.split_at_mut(i);
            let out = &mut rest[0];
            match node {
                Node::And(items) => combine(items, before, out, batch.rows, true),
                Node::Or(items) => combine(items, before, out, batch.rows, false),
                Node::One { col, test } => one((*col, self.occurs[*col]), test, batch, around, &mut self.memos[i], out),
                Node::Two { a, b, test } => two(*a, *b, *test, batch, around, out),
                Node::Product { a, b, result } => three(*a, *b, *result, batch, out),
            }
        }
    }
}

fn words(rows: usize) -> usize {
    rows.div_ceil(64)
}

/// Kleene's AND and OR. Bits past the end of the batch mean nothing; readers mask them.
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

fn occurs(col: &Col) -> Occurs {
    let mut all = Occurs::default();
    match col {
        Col::Absent => all.null = true,
        Col::Dict(ids) => {
            (all.null, all.value) = ids.iter().fold((false, false), |(n, v), id| (n | (*id == 0), v | (*id != 0)));
        }
        Col::Num(nums) => {
            for n in nums {
                all.null |= *n == Num::Null;
                all.value |= *n != Num::Null;
                all.odd |= !matches!(n, Num::Is { mantissa: 0.., .. } | Num::Null);
            }
        }
        Col::When(whens) => {
            for w in whens {
                all.null |= *w == When::Null;
                all.value |= *w != When::Null;
                all.odd |= match w {
                    When::At { second, strict } => !strict || second.rem_euclid(60) == 59,
                    When::Bad => true,
                    When::Null => false,
                };
            }
        }
        Col::Text(spans) => {
            for s in spans {
                all.null |= *s == NULL_SPAN;
                all.value |= *s != NULL_SPAN;
            }
        }
    }
    all
}

/// The same verdict on every row.
fn fill(out: &mut Bits, rows: usize, v: u8) {
    let n = words(rows);
    out.yes.clear();
    out.no.clear();
    out.yes.resize(n, if v == YES { u64::MAX } else { 0 });
    out.no.resize(n, if v == NO { u64::MAX } else { 0 });
}

/// What a check says of any number or instant in which nothing is odd; `None`: it depends on the value.
fn of_ordinary(test: &Test) -> Option<u8> {
    match test {
        Test::NotNull
        | Test::DecimalValue
        | Test::TypeDecimal
        | Test::FormatNumeric
        | Test::TypeDateTime
        | Test::FormatDateTime
        | Test::ExclusiveEnd
        | Test::AtLeast(..=0) => Some(YES),
        Test::IsNull => Some(NO),
        _ => None,
    }
}

fn one(
    (col, occurs): (usize, Occurs),
    test: &Test,
    batch: &Batch<'_>,
    around: &Around<'_>,
    memo: &mut Memo,
    out: &mut Bits,
) {
    let of_null = code(test.of(Cell::Null, around));
    if !occurs.value {
        return fill(out, batch.rows, of_null);
    }
    let uniform = |v: u8| !occurs.null || of_null == v;
    match &batch.cols[col] {
        Col::Dict(ids) => {
            let interner = &batch.interners[col];
            for id in memo.verdicts.len()..interner.len() {
                let cell = interner.text(id as u32).map_or(Cell::Null, Cell::Text);
                memo.verdicts.push(code(test.of(cell, around)));
                memo.mixed |= id > 1 && memo.verdicts[id] != memo.verdicts[1];
            }
            let verdicts = &memo.verdicts;
            match verdicts.get(1) {
                Some(&v) if !memo.mixed && uniform(v) => fill(out, batch.rows, v),
                _ => by_row(out, batch.rows, |r| verdicts[ids[r] as usize]),
            }
        }
        Col::Num(_) | Col::When(_) if !occurs.odd && of_ordinary(test).is_some_and(uniform) => {
            fill(out, batch.rows, of_ordinary(test).unwrap_or(SILENT));
        }
        Col::Absent => fill(out, batch.rows, of_null),
        Col::Num(all) => by_row(out, batch.rows, |r| code(test.of(Cell::Num(all[r]), around))),
        Col::When(all) => by_row(out, batch.rows, |r| code(test.of(Cell::When(all[r]), around))),
        Col::Text(spans) => by_row(out, batch.rows, |r| match (test, spans[r] == NULL_SPAN) {
            (Test::NotNull | Test::TypeString, false) => YES,
            (Test::IsNull, false) => NO,
            // Most long texts are plain ASCII, which needs no second look.
            (Test::FormatString, false) if plain(batch.span(spans[r])) => YES,
            _ => code(test.of(batch.cell(col, r), around)),
        }),
    }
}

/// Printable ASCII only?
fn plain(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |all, b| all & (0x20..0x7f).contains(b))
}

/// Two columns. Repeated strings mostly meet the same partner as in the row before.
fn two(a: usize, b: usize, test: Pair, batch: &Batch<'_>, around: &Around<'_>, out: &mut Bits) {
    let judge = |r: usize| code(test.of(batch.cell(a, r), batch.cell(b, r), around));
    match (&batch.cols[a], &batch.cols[b]) {
        (Col::Dict(x), Col::Dict(y)) => {
            let last = std::cell::Cell::new((u32::MAX, u32::MAX, SILENT));
            by_row(out, batch.rows, |r| {
                let (p, q, known) = last.get();
                if (p, q) == (x[r], y[r]) {
                    return known;
                }
                let verdict = judge(r);
                last.set((x[r], y[r], verdict));
                verdict
            });
        }
        (Col::When(x), Col::When(y)) => {
            by_row(out, batch.rows, |r| code(test.of(Cell::When(x[r]), Cell::When(y[r]), around)));
        }
        _ => by_row(out, batch.rows, judge),
    }
}

/// First × second = result.
fn three(a: usize, b: usize, result: usize, batch: &Batch<'_>, out: &mut Bits) {
    match (&batch.cols[a], &batch.cols[b], &batch.cols[result]) {
        (Col::Num(x), Col::Num(y), Col::Num(z)) => {
            by_row(out, batch.rows, |r| code(x[r].product_equals(y[r], z[r])));
        }
        _ => by_row(out, batch.rows, |r| code(product(batch.cell(a, r), batch.cell(b, r), batch.cell(result, r)))),
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
