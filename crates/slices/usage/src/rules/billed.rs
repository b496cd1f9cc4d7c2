//! Which bill a statement came with.
//!
//! A bill of June states June's use and may correct May's. When June's bill comes again, both must be replaced, and
//! May's own bill must not. So every statement carries the month of the bill that states it.

use std::collections::{BTreeMap, BTreeSet};

use focus::{Amount, Month, Statement};

/// Does it state charges of its own month, or only corrections, credits and adjustments to it?
fn charges(s: &Statement) -> bool {
    let usage_rows = s.real_use_rows + s.idle_rows + s.unattributed_rows + s.unused_rows;
    usage_rows > 0 || s.usage_cost != Amount::ZERO || s.purchase_cost != Amount::ZERO
}

/// The bill of each statement, in their order. A month in which the account was charged is billed by itself; a month
/// that is only corrected belongs to the next month charged in the same file; and where there is none, the file holds
/// corrections only: `YYYY-MM+`, which stands beside that month's bill and is replaced by the next such file.
pub fn billed(statements: &[Statement]) -> Vec<String> {
    let mut charged: BTreeMap<&str, BTreeSet<Month>> = BTreeMap::new();
    for s in statements.iter().filter(|s| charges(s)) {
        charged.entry(&s.key.billing_account_id).or_default().insert(s.key.month);
    }
    let bill = |s: &Statement| {
        let months = charged.get(s.key.billing_account_id.as_str());
        match months.and_then(|m| m.range(s.key.month..).next()) {
            Some(month) => month.to_string(),
            None => format!("{}+", s.key.month),
        }
    };
    statements.iter().map(bill).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::figures::tests::statement;

    fn corrected(account: &str, month: &str) -> Statement {
        let mut s = statement(account, month);
        (s.usage_cost, s.real_use_rows) = (Amount::ZERO, 0);
        s.correction_cost = Amount::whole(-5);
        s
    }

    #[test]
    fn a_correction_belongs_to_the_bill_that_brings_it() {
        let all = [
            corrected("a", "2019-04"),
            statement("a", "2019-06"),
            corrected("a", "2019-07"),
            corrected("b", "2019-05"),
        ];
        assert_eq!(billed(&all), ["2019-06", "2019-06", "2019-07+", "2019-05+"]);
    }
}
