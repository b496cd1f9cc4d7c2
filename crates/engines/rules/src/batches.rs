//! Batches of vouchers as a configuration file. What a programme leaves open is fixed here, within its bounds.

use std::collections::BTreeSet;

use jiff::civil::Date;
use kernel::Text;
use serde::Deserialize;
use serde_json::Value;

use crate::programme::{Instrument, Programme};

/// One batch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Unique.
    pub id: String,
    /// Of which programme.
    pub programme: String,
    /// Of which of its instruments.
    pub instrument: String,
    /// Its name.
    pub title: Text,
    /// First day for applications.
    pub opens: Date,
    /// Last day for applications.
    pub closes: Date,
    /// The numbers that the programme asks of a batch, by name (`rate_bp`, `face_value_fen` …).
    pub fixes: serde_json::Map<String, Value>,
    /// All of the batch.
    pub total_fen: i64,
    /// At most so much for one enterprise in one calendar year.
    pub enterprise_year_quota_fen: i64,
    /// At most so much settled to one provider.
    pub provider_quota_fen: i64,
    /// The districts' parts of the total.
    #[serde(rename = "district")]
    pub districts: Vec<DistrictQuota>,
}

/// A district's part.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistrictQuota {
    /// GB/T 2260.
    pub code: String,
    /// Its part.
    pub quota_fen: i64,
}

/// Why a text is not a set of batches.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Not TOML of this form.
    #[error("batches cannot be read: {0}")]
    Toml(String),
    /// Another programme, or none of its instruments.
    #[error("batch {0:?}: the programme has no such instrument, or it is another programme")]
    Instrument(String),
    /// A number is missing, out of bounds, or not asked for.
    #[error("batch {batch:?}: {field} must be a whole number from {minimum} to {maximum}")]
    Bounds {
        /// Which batch.
        batch: String,
        /// Which number.
        field: String,
        /// The programme's bound.
        minimum: i64,
        /// The programme's bound.
        maximum: i64,
    },
    /// A number that the programme does not ask for.
    #[error("batch {batch:?}: the programme does not ask for {field:?}")]
    Unasked {
        /// Which batch.
        batch: String,
        /// Which number.
        field: String,
    },
    /// Closes before it opens, or lies outside the programme.
    #[error("batch {0:?}: opens and closes must be in order and within the programme")]
    Dates(String),
    /// Quotas that are not positive, not of districts, listed twice, or more than the total.
    #[error("batch {batch:?}: {detail}")]
    Quotas {
        /// Which batch.
        batch: String,
        /// What is wrong.
        detail: String,
    },
    /// The same id twice.
    #[error("batch {0:?} stands twice")]
    Twice(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "batch")]
    batches: Vec<Batch>,
}

/// Reads and checks batches against the programme they belong to.
pub fn parse_batches(programme: &Programme, text: &str) -> Result<Vec<Batch>, BatchError> {
    let file: File = toml::from_str(text).map_err(|e| BatchError::Toml(e.to_string()))?;
    let mut seen = BTreeSet::new();
    for batch in &file.batches {
        if !seen.insert(&batch.id) {
            return Err(BatchError::Twice(batch.id.clone()));
        }
        let instrument = programme.instrument(&batch.instrument).filter(|_| batch.programme == programme.id);
        let instrument = instrument.ok_or_else(|| BatchError::Instrument(batch.id.clone()))?;
        check_fixed(batch, instrument)?;
        let period = programme.period.from..=programme.period.until;
        if batch.closes < batch.opens || !period.contains(&batch.opens) || !period.contains(&batch.closes) {
            return Err(BatchError::Dates(batch.id.clone()));
        }
        check_quotas(batch).map_err(|detail| BatchError::Quotas { batch: batch.id.clone(), detail })?;
    }
    Ok(file.batches)
}

fn check_fixed(batch: &Batch, instrument: &Instrument) -> Result<(), BatchError> {
    for field in &instrument.batch_fields {
        let value = batch.fixes.get(&field.name).and_then(Value::as_i64);
        if !value.is_some_and(|n| (field.minimum..=field.maximum).contains(&n)) {
            let (batch, field, minimum, maximum) = (batch.id.clone(), field.name.clone(), field.minimum, field.maximum);
            return Err(BatchError::Bounds { batch, field, minimum, maximum });
        }
    }
    match batch.fixes.keys().find(|k| instrument.batch_field(k).is_none()) {
        Some(field) => Err(BatchError::Unasked { batch: batch.id.clone(), field: field.clone() }),
        None => Ok(()),
    }
}

fn check_quotas(batch: &Batch) -> Result<(), String> {
    let amounts = [batch.total_fen, batch.enterprise_year_quota_fen, batch.provider_quota_fen];
    if amounts.into_iter().chain(batch.districts.iter().map(|d| d.quota_fen)).any(|fen| fen <= 0) {
        return Err("every quota must be above zero".to_owned());
    }
    let mut seen = BTreeSet::new();
    for district in &batch.districts {
        if kernel::district(&district.code).is_none() || !seen.insert(&district.code) {
            return Err(format!("{:?} is no district, or stands twice", district.code));
        }
    }
    let sum: i128 = batch.districts.iter().map(|d| i128::from(d.quota_fen)).sum();
    if sum > i128::from(batch.total_fen) {
        return Err(format!("the districts' quotas come to {sum} fen, more than the total of {} fen", batch.total_fen));
    }
    Ok(())
}
