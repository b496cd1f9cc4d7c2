//! From the JSON of a rule file to checks, and back to the functions' names.

use serde_json::{Map, Value};

use super::{Check, Pair, Test};

/// What is wrong with a check in a rule file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// No such function.
    #[error("there is no check function {0:?}")]
    Unknown(String),
    /// An argument is missing or of the wrong kind.
    #[error("{function} needs {argument}")]
    Argument {
        /// The function.
        function: String,
        /// What it lacks.
        argument: &'static str,
    },
    /// Neither a function nor a group.
    #[error("{0} is not a check")]
    NotACheck(String),
}

impl Check {
    /// Reads a check. Null and `{}` are the check that always holds. The published model writes two of its groups as
    /// `{"AND": …}` and a column once as `CheckCondition`; both are read as meant.
    pub fn read(json: &Value) -> Result<Check, CheckError> {
        let object = match json {
            Value::Null => return Ok(Check::And(vec![])),
            Value::Object(o) if o.is_empty() => return Ok(Check::And(vec![])),
            Value::Object(o) => o,
            other => return Err(CheckError::NotACheck(other.to_string())),
        };
        let Some(function) = object.get("CheckFunction").and_then(Value::as_str) else {
            return match (object.get("AND"), object.get("OR")) {
                (Some(items), None) => Ok(Check::And(group(items)?)),
                (None, Some(items)) => Ok(Check::Or(group(items)?)),
                _ => Err(CheckError::NotACheck(json.to_string())),
            };
        };
        Args { function, object }.check()
    }

    /// The function's name in a rule file.
    pub fn name(&self) -> &'static str {
        match self {
            Check::And(_) => "AND",
            Check::Or(_) => "OR",
            Check::Rule(_) => "CheckModelRule",
            Check::ColumnPresent(_) => "ColumnPresent",
            Check::DistinctCount { .. } => "CheckDistinctCount",
            Check::Product { .. } => "ColumnByColumnEqualsColumnValue",
            Check::Two { test, .. } => match test {
                Pair::Same => "CheckSameValue",
                Pair::NotSame => "CheckNotSameValue",
                Pair::Before => "CheckBefore",
                Pair::NotBefore => "CheckNotBefore",
            },
            Check::One { test, .. } => test.name(),
        }
    }
}

impl Test {
    fn name(&self) -> &'static str {
        match self {
            Test::IsNull | Test::Is(_) => "CheckValue",
            Test::NotNull | Test::IsNot(_) => "CheckNotValue",
            Test::AtLeast(_) => "CheckGreaterOrEqualThanValue",
            Test::DecimalValue => "CheckDecimalValue",
            Test::TypeString => "TypeString",
            Test::TypeDecimal => "TypeDecimal",
            Test::TypeDateTime => "TypeDateTime",
            Test::FormatString => "FormatString",
            Test::FormatNumeric => "FormatNumeric",
            Test::FormatDateTime => "FormatDateTime",
            Test::FormatKeyValue => "FormatKeyValue",
            Test::FormatUnit => "FormatUnit",
            Test::FormatCurrency => "FormatCurrency",
            Test::NationalCurrency => "CheckNationalCurrency",
            Test::ExclusiveEnd => "CheckExclusiveEnd",
            Test::AcceptedCurrency => "CheckAcceptedCurrency",
        }
    }
}

fn group(items: &Value) -> Result<Vec<Check>, CheckError> {
    match items {
        Value::Array(items) => items.iter().map(Check::read).collect(),
        one => Ok(vec![Check::read(one)?]),
    }
}

struct Args<'a> {
    function: &'a str,
    object: &'a Map<String, Value>,
}

impl Args<'_> {
    fn lacks(&self, argument: &'static str) -> CheckError {
        CheckError::Argument { function: self.function.to_owned(), argument }
    }

    fn text(&self, argument: &'static str) -> Result<String, CheckError> {
        self.object.get(argument).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| self.lacks(argument))
    }

    fn integer(&self, argument: &'static str) -> Result<i64, CheckError> {
        self.object.get(argument).and_then(Value::as_i64).ok_or_else(|| self.lacks(argument))
    }

    fn one(&self, test: Test) -> Result<Check, CheckError> {
        let column = self.text("ColumnName").or_else(|e| self.text("CheckCondition").map_err(|_| e))?;
        Ok(Check::One { column, test })
    }

    fn two(&self, test: Pair) -> Result<Check, CheckError> {
        Ok(Check::Two { a: self.text("ColumnAName")?, b: self.text("ColumnBName")?, test })
    }

    /// `Some(None)` is an explicit null.
    fn value(&self) -> Result<Option<String>, CheckError> {
        match self.object.get("Value").ok_or_else(|| self.lacks("Value"))? {
            Value::Null => Ok(None),
            Value::String(s) => Ok(Some(s.clone())),
            Value::Number(n) => Ok(Some(n.to_string())),
            _ => Err(self.lacks("Value")),
        }
    }

    fn check(&self) -> Result<Check, CheckError> {
        match self.function {
            "AND" => Ok(Check::And(group(self.object.get("Items").ok_or_else(|| self.lacks("Items"))?)?)),
            "OR" => Ok(Check::Or(group(self.object.get("Items").ok_or_else(|| self.lacks("Items"))?)?)),
            "CheckModelRule" => Ok(Check::Rule(self.text("ModelRuleId")?)),
            "ColumnPresent" => Ok(Check::ColumnPresent(self.text("ColumnName")?)),
            "CheckValue" => self.one(self.value()?.map_or(Test::IsNull, Test::Is)),
            "CheckNotValue" => self.one(self.value()?.map_or(Test::NotNull, Test::IsNot)),
            "CheckGreaterOrEqualThanValue" => self.one(Test::AtLeast(self.integer("Value")?)),
            "CheckDecimalValue" => self.one(Test::DecimalValue),
            "TypeString" => self.one(Test::TypeString),
            "TypeDecimal" => self.one(Test::TypeDecimal),
            "TypeDateTime" => self.one(Test::TypeDateTime),
            "FormatString" => self.one(Test::FormatString),
            "FormatNumeric" => self.one(Test::FormatNumeric),
            "FormatDateTime" => self.one(Test::FormatDateTime),
            "FormatKeyValue" => self.one(Test::FormatKeyValue),
            "FormatUnit" => self.one(Test::FormatUnit),
            "FormatCurrency" => self.one(Test::FormatCurrency),
            "CheckNationalCurrency" => self.one(Test::NationalCurrency),
            "CheckExclusiveEnd" => self.one(Test::ExclusiveEnd),
            "CheckAcceptedCurrency" => self.one(Test::AcceptedCurrency),
            "CheckSameValue" => self.two(Pair::Same),
            "CheckNotSameValue" => self.two(Pair::NotSame),
            "CheckBefore" => self.two(Pair::Before),
            "CheckNotBefore" => self.two(Pair::NotBefore),
            "CheckDistinctCount" => Ok(Check::DistinctCount {
                a: self.text("ColumnAName")?,
                b: self.text("ColumnBName")?,
                count: u64::try_from(self.integer("ExpectedCount")?).map_err(|_| self.lacks("ExpectedCount"))?,
            }),
            "ColumnByColumnEqualsColumnValue" => Ok(Check::Product {
                a: self.text("ColumnAName")?,
                b: self.text("ColumnBName")?,
                result: self.text("ResultColumnName")?,
            }),
            other => Err(CheckError::Unknown(other.to_owned())),
        }
    }
}
