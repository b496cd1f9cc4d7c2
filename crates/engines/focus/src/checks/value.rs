//! Value checks: null, equal, not equal.

use super::{Cell, Test, Verdict};
use crate::decimal::parse_num;

/// What a check says of a missing value. "Not a correction" holds of a row without ChargeClass, so `IsNot` says yes.
pub(super) fn of_null(test: &Test) -> Verdict {
    match test {
        Test::IsNull | Test::IsNot(_) => Some(true),
        Test::NotNull => Some(false),
        _ => None,
    }
}

/// Equal as text, or as numbers where the field is one.
pub(super) fn is(cell: Cell<'_>, wanted: &str) -> bool {
    match cell {
        Cell::Text(t) => t == wanted,
        Cell::Num(n) => n.amount() == parse_num(wanted.as_bytes()).amount(),
        Cell::When(_) | Cell::Null => false,
    }
}

/// Equal fields of the same kind.
pub(super) fn same(a: Cell<'_>, b: Cell<'_>) -> bool {
    match (a, b) {
        (Cell::Text(a), Cell::Text(b)) => a == b,
        (Cell::Num(a), Cell::Num(b)) => a.amount() == b.amount(),
        (Cell::When(a), Cell::When(b)) => a.second() == b.second(),
        _ => false,
    }
}
