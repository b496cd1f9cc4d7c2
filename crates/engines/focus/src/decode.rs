//! From a block of CSV to a batch of typed columns.

use crate::batch::{Col, Kind, NULL_SPAN};
use crate::csv::{Index, Line, unquote};
use crate::decimal::{Num, parse_num};
use crate::hash::{Interner, Reading};
use crate::plan::Plan;
use crate::profile::Profile;
use crate::when::{When, parse_when};

/// The columns of the current batch and the tables behind them.
pub(crate) struct Columns {
    pub cols: Vec<Col>,
    pub interners: Vec<Interner>,
    pub scratch: Vec<u8>,
    /// Number of each row in its part of the file, from 0.
    pub numbers: Vec<u32>,
    /// Offset of each row in its block; empty for column files.
    pub starts: Vec<u32>,
    /// Fields with a spelling that the profile accepts: column, row, as written.
    pub variants: Vec<(usize, u32, String)>,
}

impl Columns {
    pub(crate) fn new(plan: &Plan) -> Columns {
        let empty = |c: &crate::plan::Column| match (c.at, c.kind) {
            (None, _) => Col::Absent,
            (_, Kind::Dict) => Col::Dict(vec![]),
            (_, Kind::Num) => Col::Num(vec![]),
            (_, Kind::When) => Col::When(vec![]),
            (_, Kind::Text) => Col::Text(vec![]),
        };
        Columns {
            cols: plan.columns.iter().map(empty).collect(),
            interners: plan.columns.iter().map(|_| Interner::new()).collect(),
            scratch: vec![],
            numbers: vec![],
            starts: vec![],
            variants: vec![],
        }
    }

    /// Nothing; stands in while the columns are lent out.
    pub(crate) fn empty() -> Columns {
        Columns { cols: vec![], interners: vec![], scratch: vec![], numbers: vec![], starts: vec![], variants: vec![] }
    }

    /// New tables; ids given before are void.
    pub(crate) fn forget(&mut self) {
        self.interners.iter_mut().for_each(|i| *i = Interner::new());
    }

    pub(crate) fn clear(&mut self) {
        self.cols.iter_mut().for_each(Col::clear);
        self.scratch.clear();
        self.numbers.clear();
        self.starts.clear();
        self.variants.clear();
    }
}

/// How a profile reads fields.
pub(crate) struct Reader<'a> {
    pub profile: &'a Profile,
    pub nulls: Vec<&'a [u8]>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(profile: &'a Profile) -> Reader<'a> {
        Reader { profile, nulls: profile.null_literals.iter().map(String::as_bytes).collect() }
    }

    pub(crate) fn is_null(&self, field: &[u8]) -> bool {
        self.nulls.contains(&field)
    }

    /// What a new spelling in `column` means.
    pub(crate) fn reading(&self, column: &str, field: &[u8]) -> Reading {
        if self.is_null(field) {
            return Reading::Null;
        }
        let canonical = || self.profile.spellings.get(column)?.get(std::str::from_utf8(field).ok()?);
        canonical().map_or(Reading::Itself, |c| Reading::VariantOf(c.clone()))
    }

    pub(crate) fn num(&self, field: &[u8]) -> Num {
        match parse_num(field) {
            Num::Bad if self.is_null(field) => Num::Null,
            n => n,
        }
    }

    pub(crate) fn when(&self, field: &[u8]) -> When {
        match parse_when(field, self.profile.time_zone_minutes, &self.profile.time_forms) {
            When::Bad if self.is_null(field) => When::Null,
            w => w,
        }
    }
}

/// Reads the needed columns of `lines` into `columns`, one column after another.
pub(crate) fn decode_csv(
    block: &[u8],
    index: &Index,
    lines: &[Line],
    plan: &Plan,
    reader: &Reader<'_>,
    into: &mut Columns,
) {
    let Columns { cols, interners, scratch, variants, .. } = into;
    for (c, column) in plan.columns.iter().enumerate() {
        let Some(at) = column.at else { continue };
        match &mut cols[c] {
            Col::Absent => {}
            Col::Dict(ids) => {
                for (row, line) in lines.iter().enumerate() {
                    let field = unquote(index.raw(block, line, at));
                    let means = interners[c].intern(&field, |f| reader.reading(&column.name, f));
                    if means.variant {
                        variants.push((c, row as u32, String::from_utf8_lossy(&field).into_owned()));
                    }
                    ids.push(means.id);
                }
            }
            Col::Num(all) => all.extend(lines.iter().map(|l| reader.num(&unquote(index.raw(block, l, at))))),
            Col::When(all) => {
                let mut last: (&[u8], When) = (b"", When::Bad);
                for line in lines {
                    let raw = index.raw(block, line, at);
                    if raw != last.0 || raw.is_empty() {
                        last = (raw, reader.when(&unquote(raw)));
                    }
                    all.push(last.1);
                }
            }
            Col::Text(spans) => {
                for line in lines {
                    let raw = index.raw(block, line, at);
                    let field = unquote(raw);
                    spans.push(match &field {
                        f if reader.is_null(f) => NULL_SPAN,
                        std::borrow::Cow::Borrowed(f) => {
                            let quoted = u32::from(f.len() != raw.len());
                            (index.start(line, at) + quoted, f.len() as u32)
                        }
                        std::borrow::Cow::Owned(f) => {
                            let start = (block.len() + scratch.len()) as u32;
                            scratch.extend_from_slice(f);
                            (start, f.len() as u32)
                        }
                    });
                }
            }
        }
    }
}
