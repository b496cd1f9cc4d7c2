//! A few thousand rows, column by column, in the few shapes that the checks and the statements read.

use std::borrow::Cow;

use crate::checks::Cell;
use crate::decimal::Num;
use crate::hash::Interner;
use crate::when::When;

/// Which shape a column takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Repeated strings, as ids of an interner.
    Dict,
    /// Numbers.
    Num,
    /// Instants.
    When,
    /// Strings that seldom repeat within a file.
    Text,
}

/// Numeric columns of FOCUS 1.0 to 1.2.
const NUMERIC: [&str; 15] = [
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "ListUnitPrice",
    "ContractedUnitPrice",
    "PricingQuantity",
    "ConsumedQuantity",
    "CommitmentDiscountQuantity",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "UsageQuantity",
    "AmortizedCost",
    "ListPrice",
];
const INSTANTS: [&str; 4] = ["BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"];
const TEXTS: [&str; 4] = ["ResourceId", "ResourceName", "SkuPriceDetails", "ChargeDescription"];

impl Kind {
    /// By the column's id; columns the standard does not know are strings.
    pub(crate) fn of(column: &str) -> Kind {
        if NUMERIC.contains(&column) {
            Kind::Num
        } else if INSTANTS.contains(&column) {
            Kind::When
        } else if TEXTS.contains(&column) {
            Kind::Text
        } else {
            Kind::Dict
        }
    }
}

/// One column of a batch.
#[derive(Clone, Debug)]
pub(crate) enum Col {
    /// The file has no such column.
    Absent,
    Dict(Vec<u32>),
    Num(Vec<Num>),
    When(Vec<When>),
    /// Start and length in the batch's bytes; `NULL_SPAN` is null.
    Text(Vec<(u32, u32)>),
}

pub(crate) const NULL_SPAN: (u32, u32) = (u32::MAX, 0);

impl Col {
    pub(crate) fn clear(&mut self) {
        match self {
            Col::Absent => {}
            Col::Dict(v) => v.clear(),
            Col::Num(v) => v.clear(),
            Col::When(v) => v.clear(),
            Col::Text(v) => v.clear(),
        }
    }
}

/// The rows.
pub(crate) struct Batch<'a> {
    pub rows: usize,
    pub cols: &'a [Col],
    pub interners: &'a [Interner],
    /// What spans point into; past its end, into `scratch`.
    pub bytes: &'a [u8],
    pub scratch: &'a [u8],
    /// Number of each row within its part of the file, from 0.
    pub numbers: &'a [u32],
}

impl<'a> Batch<'a> {
    /// The bytes of a text field.
    pub(crate) fn span(&self, (start, len): (u32, u32)) -> &'a [u8] {
        let start = start as usize;
        match start.checked_sub(self.bytes.len()) {
            None => &self.bytes[start..start + len as usize],
            Some(at) => &self.scratch[at..at + len as usize],
        }
    }

    /// A field.
    pub(crate) fn cell(&self, col: usize, row: usize) -> Cell<'a> {
        match &self.cols[col] {
            Col::Absent => Cell::Null,
            Col::Dict(ids) => self.interners[col].text(ids[row]).map_or(Cell::Null, Cell::Text),
            Col::Num(all) => Cell::Num(all[row]),
            Col::When(all) => Cell::When(all[row]),
            Col::Text(spans) if spans[row] == NULL_SPAN => Cell::Null,
            Col::Text(spans) => std::str::from_utf8(self.span(spans[row])).map_or(Cell::Null, Cell::Text),
        }
    }

    /// A field for a reader; numbers and instants in a normal form.
    pub(crate) fn shown(&self, col: usize, row: usize) -> Cow<'a, str> {
        match self.cell(col, row) {
            Cell::Null => Cow::Borrowed("null"),
            Cell::Text(t) => Cow::Borrowed(t),
            Cell::Num(n) => Cow::Owned(n.to_string()),
            Cell::When(When::At { second, .. }) => Cow::Owned(crate::when::iso(second)),
            Cell::When(When::Null) => Cow::Borrowed("null"),
            Cell::When(When::Bad) => Cow::Borrowed("?"),
        }
    }
}
