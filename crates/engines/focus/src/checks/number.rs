//! Checks of numbers and instants.

use super::{Around, Cell, Verdict};
use crate::decimal::{Num, parse_num};
use crate::when::When;

pub(super) fn num(cell: Cell<'_>) -> Num {
    match cell {
        Cell::Num(n) => n,
        Cell::Text(t) => parse_num(t.as_bytes()),
        Cell::Null => Num::Null,
        Cell::When(_) => Num::Bad,
    }
}

pub(super) fn is_numeric(cell: Cell<'_>) -> bool {
    matches!(num(cell), Num::Is { .. })
}

pub(super) fn at_least(cell: Cell<'_>, bound: i64) -> Verdict {
    match num(cell) {
        n @ Num::Is { .. } => Some(n.amount() >= crate::decimal::Amount::whole(bound)),
        _ => None,
    }
}

pub(super) fn instant(cell: Cell<'_>, around: &Around<'_>) -> When {
    match cell {
        Cell::When(w) => w,
        Cell::Text(t) => (around.instant)(t),
        Cell::Null => When::Null,
        Cell::Num(_) => When::Bad,
    }
}
