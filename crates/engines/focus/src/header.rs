//! The first row: which columns a file has.

use std::collections::HashSet;

use crate::csv::{Index, unquote};
use crate::model::{Keyword, RuleModel};
use crate::plan::{Plan, Standing};
use crate::profile::Profile;
use crate::refusal::{MissingColumn, Refusal, near_miss};

/// Columns in order.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub columns: Vec<String>,
    /// Bytes of text before the first data row.
    pub bytes: u64,
    /// Lines before the first data row.
    pub lines: u64,
}

/// Column ids of FOCUS 1.0 to 1.2, beside those that rules name.
const OTHER_COLUMNS: [&str; 24] = [
    "AvailabilityZone",
    "BillingAccountName",
    "BillingAccountType",
    "CapacityReservationId",
    "CapacityReservationStatus",
    "ChargeDescription",
    "ChargeFrequency",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountType",
    "CommitmentDiscountUnit",
    "InvoiceId",
    "InvoiceIssuerName",
    "PricingCategory",
    "PricingCurrency",
    "PublisherName",
    "RegionName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceId",
    "SubAccountName",
    "SubAccountType",
];

impl Header {
    /// From the first row of a CSV file, its line end included.
    pub(crate) fn from_csv(row: &[u8]) -> Result<Header, Refusal> {
        let text = row.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(row);
        let mut index = Index::default();
        index.build(text);
        let Some(line) = index.lines.first().copied() else { return Err(Refusal::Empty) };
        let field = |i: u32| String::from_utf8(unquote(index.raw(text, &line, i as usize)).into_owned());
        let columns: Vec<String> =
            (0..line.fields).map(field).collect::<Result<_, _>>().map_err(|_| Refusal::HeaderNotUtf8)?;
        if let [only] = columns.as_slice()
            && let Some(other) = [';', '\t', '|'].into_iter().find(|c| only.contains(*c))
        {
            return Err(Refusal::Delimiter(other));
        }
        let lines = memchr::memchr_iter(b'\n', row).count() as u64;
        Header { columns, bytes: row.len() as u64, lines }.without_duplicates()
    }

    /// From the schema of a column file.
    pub(crate) fn from_names(names: Vec<String>) -> Result<Header, Refusal> {
        Header { columns: names, bytes: 0, lines: 0 }.without_duplicates()
    }

    fn without_duplicates(self) -> Result<Header, Refusal> {
        let mut seen = HashSet::new();
        match self.columns.iter().find(|c| !seen.insert(c.as_str())) {
            Some(twice) => Err(Refusal::DuplicateColumn(twice.clone())),
            None => Ok(self),
        }
    }

    /// Refuses a file without a column that a MUST rule asks for and the profile does not excuse.
    pub(crate) fn refuse_missing(&self, plan: &Plan, model: &RuleModel, profile: &Profile) -> Result<(), Refusal> {
        let required = |id: &str| model.model_rules[id].validation_criteria.keyword == Keyword::Must;
        let missing: Vec<MissingColumn> = plan
            .standings
            .iter()
            .filter(|(id, s)| **s == Standing::Presence(false) && required(id) && profile.allows(id).is_none())
            .map(|(id, _)| {
                let column = model.model_rules[id].reference.clone();
                MissingColumn { perhaps: near_miss(&column, &self.columns), column }
            })
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(Refusal::MissingColumns { missing }) }
    }

    /// Columns that nothing knows; `x_` marks a provider's own (FOCUS 1.2, Column Handling).
    pub(crate) fn unknown(&self, plan: &Plan, profile: &Profile) -> Vec<String> {
        let known = |c: &String| {
            c.starts_with("x_")
                || plan.column(c).is_some()
                || plan.words.values().any(|w| w.column == *c)
                || OTHER_COLUMNS.contains(&c.as_str())
                || crate::batch::Kind::of(c) != crate::batch::Kind::Dict
                || profile.ignored_columns.contains(c)
        };
        self.columns.iter().filter(|c| !known(c)).cloned().collect()
    }
}
