//! Rules as data: a conformance model in the form that the FOCUS project publishes for version 1.2.
//!
//! The product's own rules (`rules/yunjin-focus.json`) have this form and three more check functions, which the file
//! declares; each rule of ours cites the part of the specification it holds a bill to.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::checks::{Check, CheckError};

/// A model as it stands in its file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleModel {
    /// Versions.
    pub details: Details,
    /// Conditions of a source under which rules apply.
    pub applicability_criteria: BTreeMap<String, Value>,
    /// The check functions that the rules use.
    pub check_functions: BTreeMap<String, Value>,
    /// Rule id → rule.
    pub model_rules: BTreeMap<String, ModelRule>,
}

/// Versions of a model.
#[derive(Clone, Debug, Deserialize)]
pub struct Details {
    /// Of the model.
    #[serde(rename = "ModelVersion")]
    pub model_version: String,
    /// Of the specification.
    #[serde(rename = "FOCUSVersion")]
    pub focus_version: String,
}

/// One rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModelRule {
    /// Presence, Type, Format, Nullability, Validation or Composite.
    pub function: String,
    /// The column, attribute or dataset it is about.
    pub reference: String,
    /// Dataset, Column or Attribute.
    pub entity_type: String,
    /// Only `Active` rules run.
    pub status: String,
    /// All must hold for the source.
    #[serde(default)]
    pub applicability_criteria: Vec<String>,
    /// `Static` can be decided from the data; `Dynamic` cannot.
    #[serde(rename = "Type")]
    pub kind: String,
    /// What it asks, and when.
    pub validation_criteria: Criteria,
    /// Where the specification asks for it: section, column and rule.
    #[serde(default)]
    pub specification: String,
}

/// What a rule asks.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Criteria {
    /// In words.
    pub must_satisfy: String,
    /// In Chinese; only our own rules have it.
    #[serde(default)]
    pub must_satisfy_zh: String,
    /// RFC 2119 keyword: how much it asks.
    pub keyword: Keyword,
    /// The check.
    pub requirement: Value,
    /// Rows that it is about; all when empty.
    #[serde(default)]
    pub condition: Value,
}

/// How much a rule asks (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Keyword {
    /// A breach rejects the row.
    #[serde(rename = "MUST")]
    Must,
    /// The requirement says what must be, so it is read like MUST.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// A breach is a warning.
    #[serde(rename = "SHOULD")]
    Should,
    /// A breach is a warning.
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    /// A breach is a warning.
    #[serde(rename = "RECOMMENDED")]
    Recommended,
    /// Cannot be breached.
    #[serde(rename = "MAY")]
    May,
}

/// Why a rule file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Not JSON of the form.
    #[error("the rule file cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A rule uses a check that does not exist or lacks an argument.
    #[error("rule {rule}: {source}")]
    Check {
        /// The rule.
        rule: String,
        /// What is wrong with it.
        source: CheckError,
    },
    /// A rule refers to a rule that is not in the file.
    #[error("rule {rule} refers to {missing}, which is not in the file")]
    Reference {
        /// The rule.
        rule: String,
        /// What it refers to.
        missing: String,
    },
}

impl RuleModel {
    /// Reads a model and checks that every check and reference in it is known.
    pub fn from_json(text: &str) -> Result<RuleModel, ModelError> {
        let model: RuleModel = serde_json::from_str(text)?;
        for (id, rule) in &model.model_rules {
            for check in [rule.requirement(), rule.condition()] {
                let check = check.map_err(|source| ModelError::Check { rule: id.clone(), source })?;
                let mut missing = None;
                check.each(&mut |c| match c {
                    Check::Rule(other) if !model.model_rules.contains_key(other) => missing = Some(other.clone()),
                    _ => {}
                });
                if let Some(missing) = missing {
                    return Err(ModelError::Reference { rule: id.clone(), missing });
                }
            }
        }
        Ok(model)
    }

    /// The product's own rules.
    pub fn own() -> RuleModel {
        RuleModel::from_json(include_str!("../rules/yunjin-focus.json")).expect("the bundled rules are tested to read")
    }
}

impl ModelRule {
    /// The requirement, read. A dynamic rule has none.
    pub fn requirement(&self) -> Result<Check, CheckError> {
        Check::read(&self.validation_criteria.requirement)
    }
    /// The condition, read; `And([])` when the rule is about all rows.
    pub fn condition(&self) -> Result<Check, CheckError> {
        Check::read(&self.validation_criteria.condition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_rules_read_and_every_one_cites_the_specification_in_both_languages() {
        let own = RuleModel::own();
        assert!(own.model_rules.len() > 60, "{}", own.model_rules.len());
        for (id, rule) in &own.model_rules {
            assert!(rule.specification.starts_with("FOCUS 1.2"), "{id} cites nothing");
            assert!(!rule.validation_criteria.must_satisfy_zh.is_empty(), "{id} has no Chinese");
            assert!(rule.applicability_criteria.iter().all(|c| own.applicability_criteria.contains_key(c)), "{id}");
            rule.requirement().unwrap().each(&mut |c| {
                assert!(own.check_functions.contains_key(c.name()), "{id} uses {} undeclared", c.name());
            });
        }
    }

    #[test]
    fn a_rule_with_an_unknown_check_is_refused_by_name() {
        let text = include_str!("../rules/yunjin-focus.json").replacen("\"TypeDecimal\",", "\"TypeFloat\",", 1);
        let error = RuleModel::from_json(&text).unwrap_err().to_string();
        assert!(error.contains("TypeFloat"), "{error}");
    }
}
