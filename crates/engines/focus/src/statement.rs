//! Monthly statements of use: what one account used of one service in one month, and what it cost.
//!
//! The month is that of ChargePeriodStart in the profile's month zone (Beijing for Chinese clouds), for corrections
//! too: they change the month they correct. Real use is a row of ChargeCategory `Usage` that is no correction, whose
//! commitment is not `Unused`, with a ResourceId and a positive ConsumedQuantity (or the profile's fallback, counted
//! apart). A `Purchase` proves payment, never use.

use std::collections::{BTreeMap, HashMap};

use kernel::Fen;
use serde::{Deserialize, Serialize};

use crate::decimal::Amount;
use crate::hash::{Fast, Hashes};
use crate::when::{Month, Place, iso};

/// What a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StatementKey {
    /// BillingAccountId
    pub billing_account_id: String,
    /// SubAccountId; empty when null.
    pub sub_account_id: String,
    /// ProviderName
    pub provider: String,
    /// ServiceName
    pub service_name: String,
    /// ServiceCategory
    pub service_category: String,
    /// BillingCurrency
    pub currency: String,
    /// The month.
    pub month: Month,
}

/// One month of one service of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What it is about.
    pub key: StatementKey,
    /// Accepted rows.
    pub rows: u64,
    /// Rows that prove real use.
    pub real_use_rows: u64,
    /// Of these, rows proved by the profile's fallback quantity.
    pub fallback_rows: u64,
    /// Usage rows without a positive quantity: provisioned, not used.
    pub idle_rows: u64,
    /// Usage rows without a ResourceId.
    pub unattributed_rows: u64,
    /// Rows of a commitment that was paid and not used.
    pub unused_rows: u64,
    /// Credits of BilledCost 0 where the profile says that vouchers appear so.
    pub voucher_rows: u64,
    /// Bit n: real use on day n + 1. A row longer than a day proves its first day only.
    pub active_day_bits: u32,
    /// Distinct hours that a row of at most one hour proves.
    pub active_hours: u32,
    /// Longest run of hours without a gap.
    pub longest_run_hours: u32,
    /// Distinct resources with real use (by 64-bit hash).
    pub resources: u64,
    /// Consumed quantity of real use by unit.
    pub quantities: BTreeMap<String, Amount>,
    /// Usage charges that are no corrections.
    pub usage_cost: Amount,
    /// Purchases.
    pub purchase_cost: Amount,
    /// Taxes.
    pub tax_cost: Amount,
    /// Credits; mostly negative.
    pub credit_cost: Amount,
    /// Adjustments.
    pub adjustment_cost: Amount,
    /// Rows of ChargeClass `Correction`, of any category.
    pub correction_cost: Amount,
    /// EffectiveCost of all rows.
    pub effective_cost: Amount,
    /// Start of the first real use, `2026-01-31T16:00:00Z`.
    pub first_use: Option<String>,
    /// End of the last real use.
    pub last_use: Option<String>,
}

impl Statement {
    /// Distinct days with real use.
    pub fn active_days(&self) -> u32 {
        self.active_day_bits.count_ones()
    }
    /// What was billed for use and purchases, before credits and corrections.
    pub fn gross(&self) -> Amount {
        self.usage_cost + self.purchase_cost
    }
    /// Gross, credits, adjustments and corrections together. Tax stands beside it.
    pub fn net(&self) -> Amount {
        self.gross() + self.credit_cost + self.adjustment_cost + self.correction_cost
    }
    /// Net in fen, half away from zero; `None` past 64 bits.
    pub fn net_fen(&self) -> Option<Fen> {
        self.net().to_fen()
    }
    /// Is real use proved at all, by fallback or not?
    pub fn is_used(&self) -> bool {
        self.real_use_rows > 0
    }
}

/// The nature of a charge (FOCUS 1.2, ChargeCategory), corrections apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    Usage,
    Purchase,
    Tax,
    Credit,
    Adjustment,
    Correction,
}

/// A row as the statement counts it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Charge {
    pub nature: Nature,
    pub unused: bool,
    pub voucher: bool,
    pub start: i64,
    /// Exclusive.
    pub end: i64,
    pub place: Place,
    pub paid: Amount,
    pub effective: Amount,
    /// Hash of the ResourceId.
    pub resource: Option<u64>,
    /// Positive quantity with its unit, and whether it is the fallback.
    pub quantity: Option<(u32, Amount, bool)>,
}

/// What is summed up; `U` names a unit: an id while reading, a string when merged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tally<U> {
    pub rows: u64,
    real: u64,
    fallback: u64,
    idle: u64,
    unattributed: u64,
    unused: u64,
    voucher: u64,
    days: u32,
    hours: [u64; 12],
    costs: [Amount; 6],
    effective: Amount,
    first: i64,
    last: i64,
    quantities: Vec<(U, Amount)>,
    resources: Hashes,
}

impl<U: PartialEq> Tally<U> {
    pub(crate) fn new() -> Tally<U> {
        Tally {
            rows: 0,
            real: 0,
            fallback: 0,
            idle: 0,
            unattributed: 0,
            unused: 0,
            voucher: 0,
            days: 0,
            hours: [0; 12],
            costs: [Amount::ZERO; 6],
            effective: Amount::ZERO,
            first: i64::MAX,
            last: i64::MIN,
            quantities: vec![],
            resources: Hashes::default(),
        }
    }

    fn quantity(&mut self, unit: U, amount: Amount) {
        match self.quantities.iter_mut().find(|(u, _)| *u == unit) {
            Some((_, sum)) => *sum += amount,
            None => self.quantities.push((unit, amount)),
        }
    }

    /// Adds what another gathered.
    pub(crate) fn merge<V>(&mut self, other: Tally<V>, unit: impl Fn(V) -> U) {
        self.rows += other.rows;
        self.real += other.real;
        self.fallback += other.fallback;
        self.idle += other.idle;
        self.unattributed += other.unattributed;
        self.unused += other.unused;
        self.voucher += other.voucher;
        self.days |= other.days;
        self.hours.iter_mut().zip(other.hours).for_each(|(a, b)| *a |= b);
        self.costs.iter_mut().zip(other.costs).for_each(|(a, b)| *a += b);
        self.effective += other.effective;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        for (u, amount) in other.quantities {
            self.quantity(unit(u), amount);
        }
        self.resources.merge(other.resources);
    }
}

impl Tally<u32> {
    /// Adds a row.
    pub(crate) fn add(&mut self, c: &Charge) {
        self.rows += 1;
        self.costs[c.nature as usize] += c.paid;
        self.effective += c.effective;
        self.voucher += u64::from(c.voucher);
        if c.nature != Nature::Usage {
            return;
        }
        self.unused += u64::from(c.unused);
        match (c.unused, c.resource, c.quantity) {
            (true, _, _) => {}
            (_, None, _) => self.unattributed += 1,
            (_, _, None) => self.idle += 1,
            (false, Some(resource), Some((unit, amount, fallback))) => {
                self.real += 1;
                self.fallback += u64::from(fallback);
                self.quantity(unit, amount);
                self.resources.insert(resource);
                self.first = self.first.min(c.start);
                self.last = self.last.max(c.end);
                self.days |= 1 << c.place.day;
                let length = c.end - c.start;
                if length <= 3_600 {
                    let hour = usize::from(c.place.day) * 24 + usize::from(c.place.hour);
                    self.hours[hour / 64] |= 1 << (hour % 64);
                }
            }
        }
    }
}

impl Tally<String> {
    fn longest_run(&self) -> u32 {
        let (mut best, mut run) = (0, 0);
        for hour in 0..744 {
            run = if self.hours[hour / 64] >> (hour % 64) & 1 == 1 { run + 1 } else { 0 };
            best = best.max(run);
        }
        best
    }

    fn statement(&self, key: StatementKey) -> Statement {
        let used = self.real > 0;
        Statement {
            key,
            rows: self.rows,
            real_use_rows: self.real,
            fallback_rows: self.fallback,
            idle_rows: self.idle,
            unattributed_rows: self.unattributed,
            unused_rows: self.unused,
            voucher_rows: self.voucher,
            active_day_bits: self.days,
            active_hours: self.hours.iter().map(|h| h.count_ones()).sum(),
            longest_run_hours: self.longest_run(),
            resources: self.resources.len() as u64,
            quantities: self.quantities.iter().cloned().collect(),
            usage_cost: self.costs[Nature::Usage as usize],
            purchase_cost: self.costs[Nature::Purchase as usize],
            tax_cost: self.costs[Nature::Tax as usize],
            credit_cost: self.costs[Nature::Credit as usize],
            adjustment_cost: self.costs[Nature::Adjustment as usize],
            correction_cost: self.costs[Nature::Correction as usize],
            effective_cost: self.effective,
            first_use: used.then(|| iso(self.first)),
            last_use: used.then(|| iso(self.last)),
        }
    }
}

/// All groups of an import, merged.
pub(crate) type Groups = HashMap<StatementKey, Tally<String>, Fast>;

/// In the order of their keys, so that the same file gives the same list.
pub(crate) fn statements(groups: &Groups) -> Vec<Statement> {
    let mut all: Vec<Statement> = groups.iter().map(|(k, t)| t.statement(k.clone())).collect();
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all
}
