//! One worker: takes parts of a file in rising order, checks their rows and sums up the accepted ones.

use std::collections::HashMap;

use crate::batch::{Batch, Col};
use crate::checks::distinct::Distinct;
use crate::checks::{Around, Cell};
use crate::csv::{Index, Line};
use crate::decimal::Num;
use crate::decode::{Columns, Reader, decode_csv};
use crate::eval::Evaluator;
use crate::hash::{Fast, Ids, Meaning, hash64};
use crate::plan::Plan;
use crate::profile::{Fallback, PaidColumn, PeriodEnd, Profile};
use crate::report::{Finding, Severity, excerpt};
use crate::roles::Roles;
use crate::state::State;
use crate::statement::{Charge, Nature, StatementKey, Tally};
use crate::when::{Month, Place, When, parse_when};

/// Faults of a row's form, found before any rule can run.
pub(crate) const FIELDS: &str = "csv:field-count";
pub(crate) const UTF8: &str = "csv:utf-8";
pub(crate) const LENGTH: &str = "csv:field-length";
/// A spelling that the profile accepts.
pub(crate) const SPELLING: &str = "profile:spelling";

/// Distinct strings of a column after which a worker writes down what it has and starts new tables.
const DISTINCT_MAX: usize = 1 << 18;

/// What all workers share.
pub(crate) struct Shared<'a> {
    pub plan: &'a Plan,
    pub roles: Roles,
    pub profile: &'a Profile,
    pub fields: usize,
    pub findings_per_rule: usize,
    pub field_bytes_max: usize,
}

/// Size of a part, by which the row numbers of later parts are known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Part {
    pub number: u32,
    pub rows: u64,
    pub lines: u64,
}

#[derive(Clone, Debug)]
struct Raw {
    part: u32,
    row: u32,
    line: Option<u32>,
    column: String,
    excerpt: String,
}

struct Faults {
    severity: Severity,
    rows: u64,
    first: Vec<Raw>,
}

pub(crate) struct Worker<'a> {
    pub shared: &'a Shared<'a>,
    pub columns: Columns,
    reader: Reader<'a>,
    eval: Evaluator,
    index: Index,
    lines: Vec<Line>,
    parts: Vec<Part>,
    faults: HashMap<&'a str, Faults>,
    distincts: Vec<Distinct>,
    natures: Natures,
    by_key: HashMap<Ids, u32, Fast>,
    keys: Vec<Ids>,
    charges: Vec<Charge>,
    found: Vec<u32>,
    tallies: Vec<Tally<u32>>,
    spilled: State,
    rejected: u64,
    accepted: u64,
    without_resource: u64,
    /// Rises when ids become void.
    pub generation: u32,
}

/// The meaning of the ids of the three columns that say what a charge is.
#[derive(Default)]
struct Natures {
    category: Vec<Option<Nature>>,
    correction: Vec<bool>,
    unused: Vec<bool>,
}

impl<'a> Worker<'a> {
    pub(crate) fn new(shared: &'a Shared<'a>) -> Worker<'a> {
        Worker {
            columns: Columns::new(shared.plan),
            reader: Reader::new(shared.profile),
            eval: Evaluator::new(shared.plan),
            index: Index::default(),
            lines: vec![],
            parts: vec![],
            faults: HashMap::new(),
            distincts: shared.plan.distinct_rules.iter().map(|_| Distinct::default()).collect(),
            natures: Natures::default(),
            by_key: HashMap::default(),
            keys: vec![],
            charges: vec![],
            found: vec![],
            tallies: vec![],
            spilled: State::default(),
            rejected: 0,
            accepted: 0,
            without_resource: 0,
            generation: 0,
            shared,
        }
    }

    /// How fields are read.
    pub(crate) fn reader(&self) -> &Reader<'a> {
        &self.reader
    }

    /// Takes a block of whole CSV rows.
    pub(crate) fn csv(&mut self, number: u32, block: &[u8]) {
        self.make_room();
        self.columns.clear();
        let mut index = std::mem::take(&mut self.index);
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        index.build(block);
        let sound = std::str::from_utf8(block).is_ok();
        let mut row = 0u32;
        for line in &index.lines {
            if line.fields == 1 && index.raw(block, line, 0).is_empty() {
                continue;
            }
            match self.form(block, &index, line, sound) {
                None => {
                    lines.push(*line);
                    self.columns.numbers.push(row);
                    self.columns.starts.push(line.start);
                }
                Some((rule, value)) => {
                    self.rejected += 1;
                    let at = line_of(block, line.start);
                    self.fault(rule, Severity::Rejected, number, row, Some(at), String::new(), value);
                }
            }
            row += 1;
        }
        decode_csv(block, &index, &lines, self.shared.plan, &self.reader, &mut self.columns);
        self.variants(number, block);
        self.rows(number, block);
        let newlines = memchr::memchr_iter(b'\n', block).count() as u64;
        self.parts.push(Part { number, rows: u64::from(row), lines: newlines });
        (self.index, self.lines) = (index, lines);
    }

    /// What is wrong with a row's form.
    fn form(&self, block: &[u8], index: &Index, line: &Line, sound: bool) -> Option<(&'static str, String)> {
        if line.fields as usize != self.shared.fields {
            return Some((FIELDS, format!("{} / {}", line.fields, self.shared.fields)));
        }
        let bytes = &block[line.start as usize..line.end as usize];
        if !sound && std::str::from_utf8(bytes).is_err() {
            return Some((UTF8, excerpt(&String::from_utf8_lossy(bytes))));
        }
        let limit = self.shared.field_bytes_max;
        let long = |i: &usize| index.raw(block, line, *i).len() > limit;
        if bytes.len() > limit
            && let Some(field) = (0..line.fields as usize).find(long)
        {
            return Some((LENGTH, format!("{} > {limit}", index.raw(block, line, field).len())));
        }
        None
    }

    /// Takes the columns that a caller has filled, as a part of a column file or a piece of one.
    pub(crate) fn filled(&mut self, number: u32) {
        self.variants(number, b"");
        self.rows(number, b"");
    }

    /// Notes a finished part.
    pub(crate) fn part(&mut self, part: Part) {
        self.parts.push(part);
    }

    #[expect(clippy::too_many_arguments, reason = "a fault has these parts")]
    fn fault(
        &mut self,
        rule: &'a str,
        severity: Severity,
        part: u32,
        row: u32,
        line: Option<u32>,
        column: String,
        excerpt: String,
    ) {
        let keep = self.shared.findings_per_rule;
        let faults = self.faults.entry(rule).or_insert_with(|| Faults { severity, rows: 0, first: vec![] });
        faults.rows += 1;
        if faults.first.len() < keep {
            faults.first.push(Raw { part, row, line, column, excerpt });
        }
    }

    fn variants(&mut self, part: u32, block: &[u8]) {
        let mut variants = std::mem::take(&mut self.columns.variants);
        variants.sort_by_key(|(_, row, _)| *row);
        for (col, row, value) in &variants {
            let line = self.columns.starts.get(*row as usize).map(|s| line_of(block, *s));
            let (number, column) = (self.columns.numbers[*row as usize], &self.shared.plan.columns[*col].name);
            self.fault(SPELLING, Severity::AllowedByProfile, part, number, line, column.clone(), excerpt(value));
        }
        self.columns.variants = variants;
    }

    /// Checks the decoded rows and adds up the accepted ones.
    fn rows(&mut self, part: u32, block: &[u8]) {
        let columns = std::mem::replace(&mut self.columns, Columns::empty());
        let batch = Batch {
            rows: columns.numbers.len(),
            cols: &columns.cols,
            interners: &columns.interners,
            bytes: block,
            scratch: &columns.scratch,
            numbers: &columns.numbers,
        };
        let profile = self.shared.profile;
        let instant = |t: &str| parse_when(t.as_bytes(), profile.time_zone_minutes, &profile.time_forms);
        let around = Around { currencies: &profile.currencies, instant: &instant };
        self.eval.run(self.shared.plan, &batch, &around);
        let rejected = self.judge(part, &batch, block, &columns.starts);
        self.distinct(part, &batch);
        self.natures.learn(&self.shared.roles, &batch);
        for row in (0..batch.rows).filter(|row| rejected[row / 64] >> (row % 64) & 1 == 0) {
            self.charge(&batch, row);
        }
        self.add();
        let out: u64 = rejected.iter().map(|w| u64::from(w.count_ones())).sum();
        self.rejected += out;
        self.accepted += batch.rows as u64 - out;
        self.columns = columns;
    }

    /// Counts the breaches of every rule; returns the rows to reject.
    fn judge(&mut self, part: u32, batch: &Batch<'_>, block: &[u8], starts: &[u32]) -> Vec<u64> {
        let words = batch.rows.div_ceil(64);
        let mut rejected = vec![0u64; words];
        let plan = self.shared.plan;
        for rule in &plan.row_rules {
            let mut total = 0u64;
            for (w, out) in rejected.iter_mut().enumerate() {
                let mask = if w + 1 == words && !batch.rows.is_multiple_of(64) {
                    (1 << (batch.rows % 64)) - 1
                } else {
                    u64::MAX
                };
                let mut broken = self.eval.bits[rule.condition].yes[w] & self.eval.bits[rule.requirement].no[w] & mask;
                if broken == 0 {
                    continue;
                }
                if rule.severity == Severity::Rejected {
                    *out |= broken;
                }
                total += u64::from(broken.count_ones());
                while broken != 0 && self.wants(&rule.id) {
                    let row = w * 64 + broken.trailing_zeros() as usize;
                    broken &= broken - 1;
                    let line = starts.get(row).map(|s| line_of(block, *s));
                    let value = excerpt(&batch.shown(rule.column, row));
                    let column = plan.columns[rule.column].name.clone();
                    self.fault(&rule.id, rule.severity, part, batch.numbers[row], line, column, value);
                    total -= 1;
                }
            }
            if total > 0 {
                self.faults
                    .get_mut(rule.id.as_str())
                    .expect("a breach was kept before others were only counted")
                    .rows += total;
            }
        }
        rejected
    }

    fn wants(&self, rule: &str) -> bool {
        self.faults.get(rule).is_none_or(|f| f.first.len() < self.shared.findings_per_rule.max(1))
    }

    fn distinct(&mut self, part: u32, batch: &Batch<'_>) {
        for (rule, seen) in self.shared.plan.distinct_rules.iter().zip(&mut self.distincts) {
            let mut last = (Meaning { id: 0, variant: false }.id, 0);
            for row in 0..batch.rows {
                if self.eval.bits[rule.condition].yes[row / 64] >> (row % 64) & 1 == 0 {
                    continue;
                }
                if let (Col::Dict(a), Col::Dict(b)) = (&batch.cols[rule.a], &batch.cols[rule.b]) {
                    if (a[row], b[row]) == last {
                        continue;
                    }
                    last = (a[row], b[row]);
                }
                if let (Some(a), Some(b)) = (text_hash(batch, rule.a, row), text_hash(batch, rule.b, row)) {
                    seen.add(a, b, u64::from(part) << 32 | u64::from(batch.numbers[row]));
                }
            }
        }
    }

    /// Reads an accepted row as a charge.
    fn charge(&mut self, batch: &Batch<'_>, row: usize) {
        let roles = &self.shared.roles;
        let Some(charge) = charge(batch, row, roles, self.shared.profile, &self.natures) else { return };
        self.without_resource += u64::from(charge.resource.is_none());
        let id = |col: usize| if let Col::Dict(ids) = &batch.cols[col] { ids[row] } else { 0 };
        let key = Ids([
            id(roles.account),
            id(roles.sub_account),
            id(roles.provider),
            id(roles.service),
            id(roles.category),
            id(roles.currency),
            charge.place.month.index() as u32,
        ]);
        self.keys.push(key);
        self.charges.push(charge);
    }

    /// Adds the charges to their groups. Finding the groups and adding are two short loops rather than one long one,
    /// because each row touches memory that the one before did not, and short loops wait for several rows at once.
    fn add(&mut self) {
        self.found.clear();
        let mut last = (Ids([u32::MAX; 7]), 0);
        for key in self.keys.drain(..) {
            if last.0 != key {
                let next = self.tallies.len() as u32;
                let group = *self.by_key.entry(key).or_insert(next);
                if group == next {
                    self.tallies.push(Tally::new());
                }
                last = (key, group);
            }
            self.found.push(last.1);
        }
        for (group, charge) in self.found.iter().zip(self.charges.drain(..)) {
            self.tallies[*group as usize].add(&charge);
        }
    }

    /// Starts new tables when a column has had very many distinct values.
    pub(crate) fn make_room(&mut self) {
        if self.columns.interners.iter().any(|i| i.len() > DISTINCT_MAX) {
            self.spill();
            self.columns.forget();
            self.eval.forget();
            self.natures = Natures::default();
            self.generation += 1;
        }
    }

    /// Writes the groups down by name.
    fn spill(&mut self) {
        let roles = &self.shared.roles;
        let text = |col: usize, id: u32| self.columns.interners[col].text(id).unwrap_or_default().to_owned();
        let unit = |u: u32| {
            let col = if u & FALLBACK_UNIT == 0 { roles.consumed_unit } else { roles.pricing_unit };
            text(col, u & !FALLBACK_UNIT)
        };
        let mut tallies: Vec<Option<Tally<u32>>> = self.tallies.drain(..).map(Some).collect();
        for (Ids(key), group) in self.by_key.drain() {
            let name = StatementKey {
                billing_account_id: text(roles.account, key[0]),
                sub_account_id: text(roles.sub_account, key[1]),
                provider: text(roles.provider, key[2]),
                service_name: text(roles.service, key[3]),
                service_category: text(roles.category, key[4]),
                currency: text(roles.currency, key[5]),
                month: Month::from_index(key[6] as i32),
            };
            let tally = tallies[group as usize].take().expect("a group has one key");
            self.spilled.group(name, tally, unit);
        }
    }

    /// The parts finished since the last drain.
    pub(crate) fn finished(&self) -> &[Part] {
        &self.parts
    }

    /// Hands over everything. `begins` gives for each part the rows and lines before it.
    pub(crate) fn drain_into(&mut self, state: &mut State, begins: &HashMap<u32, (u64, u64)>) {
        self.spill();
        let spilled = std::mem::take(&mut self.spilled);
        for (key, tally) in spilled.groups {
            state.group(key, tally, |u| u);
        }
        let keep = self.shared.findings_per_rule;
        for (rule, faults) in self.faults.drain() {
            let finding = |r: Raw| {
                let (rows, lines) = begins[&r.part];
                Finding {
                    rule: rule.to_owned(),
                    column: r.column,
                    row: Some(rows + u64::from(r.row) + 1),
                    line: r.line.map(|l| lines + u64::from(l) + 1),
                    excerpt: r.excerpt,
                    severity: faults.severity,
                }
            };
            let first = faults.first.into_iter().map(finding).collect();
            state.breach(rule, faults.severity, faults.rows, first, keep);
        }
        for (rule, seen) in self.shared.plan.distinct_rules.iter().zip(&mut self.distincts) {
            let mut seen = std::mem::take(seen);
            for (_, row) in seen.seen.values_mut().flatten() {
                *row = begins[&((*row >> 32) as u32)].0 + (*row & 0xffff_ffff) + 1;
            }
            state.distincts.entry(rule.id.clone()).or_default().merge(seen);
        }
        let read: u64 = self.parts.iter().map(|p| p.rows).sum();
        state.rows.read += read;
        state.lines += self.parts.drain(..).map(|p| p.lines).sum::<u64>();
        state.rows.accepted += std::mem::take(&mut self.accepted);
        state.rows.rejected += std::mem::take(&mut self.rejected);
        state.rows.without_resource += std::mem::take(&mut self.without_resource);
    }
}

/// Marks a unit that comes from PricingUnit.
const FALLBACK_UNIT: u32 = 1 << 31;

fn line_of(block: &[u8], start: u32) -> u32 {
    memchr::memchr_iter(b'\n', &block[..start as usize]).count() as u32
}

fn text_hash(batch: &Batch<'_>, col: usize, row: usize) -> Option<u64> {
    match batch.cell(col, row) {
        Cell::Text(t) => Some(hash64(t.as_bytes())),
        Cell::Num(Num::Is { mantissa, scale }) => Some(hash64(format!("{mantissa}e{scale}").as_bytes())),
        _ => None,
    }
}

impl Natures {
    /// Looks at values not seen before.
    fn learn(&mut self, roles: &Roles, batch: &Batch<'_>) {
        let text = |col: usize, id: usize| batch.interners[col].text(id as u32);
        for id in self.category.len()..batch.interners[roles.charge_category].len() {
            self.category.push(match text(roles.charge_category, id) {
                Some("Usage") => Some(Nature::Usage),
                Some("Purchase") => Some(Nature::Purchase),
                Some("Tax") => Some(Nature::Tax),
                Some("Credit") => Some(Nature::Credit),
                Some("Adjustment") => Some(Nature::Adjustment),
                _ => None,
            });
        }
        for id in self.correction.len()..batch.interners[roles.charge_class].len() {
            self.correction.push(text(roles.charge_class, id) == Some("Correction"));
        }
        for id in self.unused.len()..batch.interners[roles.commitment_status].len() {
            self.unused.push(text(roles.commitment_status, id) == Some("Unused"));
        }
    }
}

/// A row as the statement counts it; `None` when it lacks what every accepted row has.
fn charge(batch: &Batch<'_>, row: usize, roles: &Roles, profile: &Profile, natures: &Natures) -> Option<Charge> {
    let id = |col: usize| if let Col::Dict(ids) = &batch.cols[col] { ids[row] as usize } else { 0 };
    let num = |col: usize| if let Col::Num(all) = &batch.cols[col] { all[row] } else { Num::Null };
    let when = |col: usize| if let Col::When(all) = &batch.cols[col] { all[row] } else { When::Null };
    let start = when(roles.start).second()?;
    let mut end = when(roles.end).second()?;
    if profile.period_end == PeriodEnd::InclusiveSecond && end.rem_euclid(60) == 59 {
        end += 1;
    }
    let category = natures.category[id(roles.charge_category)]?;
    let nature = if natures.correction[id(roles.charge_class)] { Nature::Correction } else { category };
    let billed = num(roles.billed);
    let paid = if profile.paid_column == PaidColumn::EffectiveCost { num(roles.effective) } else { billed };
    let resource = match &batch.cols[roles.resource] {
        Col::Text(spans) if spans[row] != crate::batch::NULL_SPAN => Some(hash64(batch.span(spans[row]))),
        Col::Dict(ids) if ids[row] != 0 => Some(batch.interners[roles.resource].hash(ids[row])),
        _ => None,
    };
    let consumed = num(roles.consumed);
    let priced = num(roles.priced);
    let quantity = if consumed.is_positive() {
        Some((id(roles.consumed_unit) as u32, consumed.amount(), false))
    } else if consumed == Num::Null && profile.quantity_fallback == Fallback::PricingQuantity && priced.is_positive() {
        Some((id(roles.pricing_unit) as u32 | FALLBACK_UNIT, priced.amount(), true))
    } else {
        None
    };
    Some(Charge {
        nature,
        unused: natures.unused[id(roles.commitment_status)],
        voucher: profile.voucher_is_credit_of_zero && category == Nature::Credit && billed.is_zero(),
        start,
        end,
        place: Place::of(start, profile.month_zone_minutes),
        paid: paid.amount(),
        effective: num(roles.effective).amount(),
        resource,
        quantity,
    })
}
