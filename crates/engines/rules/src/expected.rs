//! Expected decisions: a programme carries the cases that prove it, and is published only when they hold.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::decide::{Overrides, forecast};
use crate::decision::{Act, Decision, Outcome};
use crate::programme::Programme;

/// A file of cases. Inputs are a named base, overlaid with the case's own, without those listed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedFile {
    /// Sets of facts by name.
    #[serde(default)]
    pub base: BTreeMap<String, Map<String, Value>>,
    /// The cases.
    #[serde(rename = "case")]
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The instrument.
    pub instrument: String,
    /// Award when left out.
    pub act: Option<Act>,
    /// The day.
    pub as_of: Date,
    /// The facts it starts from.
    pub base: Option<String>,
    /// Facts of its own; `batch` is overlaid field by field.
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// Facts taken away.
    #[serde(default)]
    pub without: Vec<String>,
    /// Numbers supposed otherwise.
    #[serde(default)]
    pub overrides: Overrides,
    /// The outcome.
    pub outcome: Outcome,
    /// The amount in fen, when granted.
    pub amount_fen: Option<i64>,
    /// Which step or cap it came from, when that is the point.
    pub binding: Option<String>,
    /// Exactly the conditions (or facts, values …) that fail, in any order.
    #[serde(default)]
    pub failed: Vec<String>,
}

/// Why a file of cases does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpectationError {
    /// Not TOML of this form.
    #[error("expected decisions cannot be read: {0}")]
    Toml(String),
    /// A case names facts that the file does not have.
    #[error("case {case:?}: there is no [base.{base}]")]
    NoBase {
        /// Which case.
        case: String,
        /// The name.
        base: String,
    },
    /// A case comes out otherwise.
    #[error("case {case:?}: {what} is {found}, expected {expected}")]
    Differs {
        /// Which case.
        case: String,
        /// What differs.
        what: &'static str,
        /// What was expected.
        expected: String,
        /// What came out.
        found: String,
    },
}

/// Reads a file of cases.
pub fn parse(text: &str) -> Result<ExpectedFile, ExpectationError> {
    toml::from_str(text).map_err(|e| ExpectationError::Toml(e.to_string()))
}

/// Runs every case; the decisions in order, and everything that came out otherwise.
pub fn run(programme: &Programme, file: &ExpectedFile) -> (Vec<Decision>, Vec<ExpectationError>) {
    let (mut decisions, mut errors) = (Vec::new(), Vec::new());
    for case in &file.cases {
        match case.inputs(file) {
            Ok(inputs) => {
                let act = case.act.unwrap_or(Act::Award);
                let decision = forecast(programme, act, &case.instrument, &inputs, case.as_of, &case.overrides);
                errors.extend(case.differences(&decision));
                decisions.push(decision);
            }
            Err(error) => errors.push(error),
        }
    }
    (decisions, errors)
}

impl Case {
    /// The facts that the case is decided on.
    pub fn inputs(&self, file: &ExpectedFile) -> Result<Value, ExpectationError> {
        let mut facts = match &self.base {
            Some(base) => file
                .base
                .get(base)
                .cloned()
                .ok_or_else(|| ExpectationError::NoBase { case: self.name.clone(), base: base.clone() })?,
            None => Map::new(),
        };
        for (name, value) in &self.inputs {
            match (facts.get_mut(name), value) {
                (Some(Value::Object(under)), Value::Object(over)) => {
                    under.extend(over.iter().map(|(k, v)| (k.clone(), v.clone())));
                }
                _ => {
                    facts.insert(name.clone(), value.clone());
                }
            }
        }
        for name in &self.without {
            match name.strip_prefix("batch.") {
                Some(field) => facts.get_mut("batch").and_then(Value::as_object_mut).and_then(|b| b.remove(field)),
                None => facts.remove(name),
            };
        }
        Ok(Value::Object(facts))
    }

    fn differences(&self, decision: &Decision) -> Vec<ExpectationError> {
        let mut expected_failed = self.failed.clone();
        let mut found_failed: Vec<String> = decision.failures().map(|r| r.condition.clone()).collect();
        expected_failed.sort();
        found_failed.sort();
        let binding = decision.binding().map(|s| s.name.clone());
        let shown = |amount: Option<i64>| amount.map_or_else(|| "none".to_owned(), |n| n.to_string());
        let word = |outcome: Outcome| format!("{outcome:?}");
        let mut rows = vec![
            ("the outcome", word(self.outcome), word(decision.outcome())),
            ("amount_fen", shown(self.amount_fen), shown(decision.amount_fen)),
            ("what failed", expected_failed.join(", "), found_failed.join(", ")),
        ];
        if let Some(expected) = &self.binding {
            rows.push(("what binds", expected.clone(), binding.unwrap_or_else(|| "none".to_owned())));
        }
        let differs = |(what, expected, found): (&'static str, String, String)| {
            (expected != found).then(|| ExpectationError::Differs { case: self.name.clone(), what, expected, found })
        };
        rows.into_iter().filter_map(differs).collect()
    }
}
