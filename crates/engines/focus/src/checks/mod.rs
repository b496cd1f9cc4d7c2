//! The check functions: the 22 of the published model, and four that our own rules add.
//!
//! A check answers yes, no, or that it has nothing to say (three-valued, like SQL): a value check on a null is silent,
//! because whether null is allowed is asked by rules of its own. As a requirement silence is no breach; as a condition
//! silence means that the rule is not about the row.

pub(crate) mod distinct;
mod format;
mod iso4217;
mod number;
mod read;
mod value;

pub use read::CheckError;

use crate::decimal::Num;
use crate::when::When;

/// A check as authored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// All of them. Empty: always yes.
    And(Vec<Check>),
    /// One of them.
    Or(Vec<Check>),
    /// Another rule holds.
    Rule(String),
    /// The dataset has the column.
    ColumnPresent(String),
    /// For each value of one column, the other has so many distinct values.
    DistinctCount {
        /// Grouped by.
        a: String,
        /// Counted.
        b: String,
        /// How many.
        count: u64,
    },
    /// About one column.
    One {
        /// Column id.
        column: String,
        /// What of it.
        test: Test,
    },
    /// About two columns.
    Two {
        /// First column id.
        a: String,
        /// Second column id.
        b: String,
        /// How they compare.
        test: Pair,
    },
    /// First × second = result.
    Product {
        /// A factor.
        a: String,
        /// A factor.
        b: String,
        /// The stated product.
        result: String,
    },
}

/// A check of one value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Test {
    /// `CheckValue` null.
    IsNull,
    /// `CheckNotValue` null.
    NotNull,
    /// `CheckValue`
    Is(String),
    /// `CheckNotValue`
    IsNot(String),
    /// `CheckGreaterOrEqualThanValue`
    AtLeast(i64),
    /// `CheckDecimalValue`
    DecimalValue,
    /// `TypeString`
    TypeString,
    /// `TypeDecimal`
    TypeDecimal,
    /// `TypeDateTime`
    TypeDateTime,
    /// `FormatString`
    FormatString,
    /// `FormatNumeric`
    FormatNumeric,
    /// `FormatDateTime`
    FormatDateTime,
    /// `FormatKeyValue`
    FormatKeyValue,
    /// `FormatUnit`
    FormatUnit,
    /// `FormatCurrency`
    FormatCurrency,
    /// `CheckNationalCurrency`
    NationalCurrency,
    /// Ours, `CheckExclusiveEnd`: the end of a period is not written as its last second.
    ExclusiveEnd,
    /// Ours, `CheckAcceptedCurrency`: one that the source's profile accepts.
    AcceptedCurrency,
}

/// A comparison of two values of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pair {
    /// `CheckSameValue`
    Same,
    /// `CheckNotSameValue`
    NotSame,
    /// Ours, `CheckBefore`: the first instant is earlier.
    Before,
    /// Ours, `CheckNotBefore`: the first instant is not earlier.
    NotBefore,
}

/// A field as the checks see it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Null,
    Text(&'a str),
    Num(Num),
    When(When),
}

/// What the checks know beside the field.
pub(crate) struct Around<'a> {
    pub currencies: &'a [String],
    /// Reads an instant in the forms that the profile accepts.
    pub instant: &'a dyn Fn(&str) -> When,
}

impl Cell<'_> {
    pub(crate) fn is_null(self) -> bool {
        matches!(self, Cell::Null | Cell::Num(Num::Null) | Cell::When(When::Null))
    }
}

/// Yes, no, or nothing to say.
pub(crate) type Verdict = Option<bool>;

impl Test {
    /// Asks the check of one field.
    pub(crate) fn of(&self, cell: Cell<'_>, around: &Around<'_>) -> Verdict {
        if cell.is_null() {
            return value::of_null(self);
        }
        match self {
            Test::IsNull => Some(false),
            Test::NotNull => Some(true),
            Test::Is(wanted) => Some(value::is(cell, wanted)),
            Test::IsNot(unwanted) => Some(!value::is(cell, unwanted)),
            Test::AtLeast(bound) => number::at_least(cell, *bound),
            Test::DecimalValue | Test::TypeDecimal | Test::FormatNumeric => Some(number::is_numeric(cell)),
            Test::TypeString => Some(matches!(cell, Cell::Text(_))),
            Test::TypeDateTime => Some(number::instant(cell, around).second().is_some()),
            Test::FormatDateTime => Some(matches!(number::instant(cell, around), When::At { strict: true, .. })),
            Test::FormatString => Some(format::string(cell)),
            Test::FormatKeyValue => Some(format::key_value(cell)),
            Test::FormatUnit => Some(format::unit(cell)),
            Test::FormatCurrency => Some(format::currency(cell)),
            Test::NationalCurrency => Some(iso4217::is_national(cell)),
            Test::ExclusiveEnd => number::instant(cell, around).second().map(|s| s.rem_euclid(60) != 59),
            Test::AcceptedCurrency => Some(matches!(cell, Cell::Text(t) if around.currencies.iter().any(|c| c == t))),
        }
    }
}

impl Pair {
    /// Compares two fields of a row.
    pub(crate) fn of(self, a: Cell<'_>, b: Cell<'_>, around: &Around<'_>) -> Verdict {
        if a.is_null() || b.is_null() {
            return None;
        }
        let instants = || Some((number::instant(a, around).second()?, number::instant(b, around).second()?));
        match self {
            Pair::Same => Some(value::same(a, b)),
            Pair::NotSame => Some(!value::same(a, b)),
            Pair::Before => instants().map(|(a, b)| a < b),
            Pair::NotBefore => instants().map(|(a, b)| a >= b),
        }
    }
}

/// First × second = result, within the tolerance of [`Num::product_equals`].
pub(crate) fn product(a: Cell<'_>, b: Cell<'_>, result: Cell<'_>) -> Verdict {
    number::num(a).product_equals(number::num(b), number::num(result))
}

impl Check {
    /// Visits this check and all inside it.
    pub fn each(&self, visit: &mut dyn FnMut(&Check)) {
        visit(self);
        if let Check::And(items) | Check::Or(items) = self {
            items.iter().for_each(|i| i.each(visit));
        }
    }

    /// The columns it reads.
    pub fn columns(&self) -> Vec<String> {
        let mut all = vec![];
        self.each(&mut |c| match c {
            Check::ColumnPresent(column) | Check::One { column, .. } => all.push(column.clone()),
            Check::DistinctCount { a, b, .. } | Check::Two { a, b, .. } => all.extend([a.clone(), b.clone()]),
            Check::Product { a, b, result } => all.extend([a.clone(), b.clone(), result.clone()]),
            Check::And(_) | Check::Or(_) | Check::Rule(_) => {}
        });
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::parse_num;
    use crate::when::parse_when;
    use serde_json::json;

    fn ask(check: serde_json::Value, cell: Cell<'_>) -> Verdict {
        let instant = |t: &str| parse_when(t.as_bytes(), 0, &[crate::when::TimeForm::NoZone]);
        let around = Around { currencies: &["CNY".to_owned()], instant: &instant };
        match Check::read(&check).unwrap() {
            Check::One { test, .. } => test.of(cell, &around),
            other => panic!("{other:?}"),
        }
    }

    /// Function, value that passes, value that fails, verdict on null.
    #[test]
    fn every_check_of_one_value_says_yes_no_and_its_word_on_null() {
        let t = Cell::Text;
        let n = |s: &str| Cell::Num(parse_num(s.as_bytes()));
        let table: Vec<(serde_json::Value, Cell<'_>, Cell<'_>, Verdict)> = vec![
            (json!({"CheckFunction": "CheckValue", "Value": "a"}), t("a"), t("b"), None),
            (json!({"CheckFunction": "CheckValue", "Value": 0}), n("0.00"), n("-1"), None),
            (json!({"CheckFunction": "CheckNotValue", "Value": "a"}), t("b"), t("a"), Some(true)),
            (json!({"CheckFunction": "CheckGreaterOrEqualThanValue", "Value": 0}), n("0"), n("-0.01"), None),
            (json!({"CheckFunction": "CheckDecimalValue"}), n("1.5"), t("x"), None),
            (json!({"CheckFunction": "TypeDecimal"}), t("-3"), t("3 yuan"), None),
            (json!({"CheckFunction": "FormatNumeric"}), t("1E-3"), t("+1"), None),
            (json!({"CheckFunction": "TypeString"}), t("云"), n("1"), None),
            (json!({"CheckFunction": "FormatString"}), t("云"), t("\u{7}"), None),
            (json!({"CheckFunction": "TypeDateTime"}), t("2026-01-01 00:00:00"), t("today"), None),
            (json!({"CheckFunction": "FormatDateTime"}), t("2026-01-01T00:00:00Z"), t("2026-01-01 00:00:00"), None),
            (json!({"CheckFunction": "FormatKeyValue"}), t("{\"a\":1}"), t("a=1"), None),
            (json!({"CheckFunction": "FormatUnit"}), t("GB-Hours"), t("gb"), None),
            (json!({"CheckFunction": "FormatCurrency"}), t("CNY"), t("cny"), None),
            (json!({"CheckFunction": "CheckNationalCurrency"}), t("CNY"), t("RMB"), None),
            (json!({"CheckFunction": "CheckExclusiveEnd"}), t("2026-01-01T01:00:00Z"), t("2026-01-01T00:59:59Z"), None),
            (json!({"CheckFunction": "CheckAcceptedCurrency"}), t("CNY"), t("USD"), None),
        ];
        for (mut check, good, bad, null) in table {
            check["ColumnName"] = json!("X");
            assert_eq!(ask(check.clone(), good), Some(true), "{check}");
            assert_eq!(ask(check.clone(), bad), Some(false), "{check}");
            assert_eq!(ask(check.clone(), Cell::Null), null, "{check}");
        }
        let null = |f: &str| json!({"CheckFunction": f, "ColumnName": "X", "Value": null});
        assert_eq!((ask(null("CheckValue"), Cell::Null), ask(null("CheckValue"), t("a"))), (Some(true), Some(false)));
        assert_eq!(
            (ask(null("CheckNotValue"), Cell::Null), ask(null("CheckNotValue"), t("a"))),
            (Some(false), Some(true))
        );
    }

    #[test]
    fn pairs_and_products_compare_and_are_silent_on_null() {
        let around = Around { currencies: &[], instant: &|t| parse_when(t.as_bytes(), 0, &[]) };
        let ask = |p: Pair, a, b| p.of(a, b, &around);
        let (a, b) = (Cell::Text("2026-01-01T00:00:00Z"), Cell::Text("2026-01-02T00:00:00Z"));
        assert_eq!((ask(Pair::Same, a, a), ask(Pair::Same, a, b)), (Some(true), Some(false)));
        assert_eq!((ask(Pair::NotSame, a, b), ask(Pair::NotSame, a, Cell::Null)), (Some(true), None));
        assert_eq!((ask(Pair::Before, a, b), ask(Pair::Before, a, a)), (Some(true), Some(false)));
        assert_eq!((ask(Pair::NotBefore, a, a), ask(Pair::NotBefore, a, b)), (Some(true), Some(false)));
        let n = |s: &str| Cell::Num(parse_num(s.as_bytes()));
        assert_eq!(product(n("2"), n("1.5"), n("3")), Some(true));
        assert_eq!((product(n("2"), n("1.5"), n("4")), product(n("2"), Cell::Null, n("4"))), (Some(false), None));
    }

    #[test]
    fn the_two_odd_groups_of_the_published_model_read_as_meant() {
        let one = json!({"CheckFunction": "CheckValue", "ColumnName": "X", "Value": null});
        let read = |v: serde_json::Value| Check::read(&v).unwrap();
        assert_eq!(read(json!({"AND": one})), Check::And(vec![read(one.clone())]));
        assert_eq!(read(json!({"AND": [one, one]})), Check::And(vec![read(one.clone()), read(one.clone())]));
        let odd = json!({"CheckFunction": "CheckNotValue", "CheckCondition": "ResourceId", "Value": null});
        assert!(matches!(read(odd), Check::One { column, test: Test::NotNull } if column == "ResourceId"));
    }
}
