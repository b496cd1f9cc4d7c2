//! Small cells are not shown to the public, nor can they be worked out from what is.
//!
//! A count from 1 to [`SMALLEST_SHOWN`] − 1 could point at single firms, so it is withheld. If that leaves exactly one
//! withheld cell beside a shown total, it would follow by subtraction: then the next smallest is withheld too
//! (complementary suppression).

/// Counts below it, but for zero, are withheld.
pub const SMALLEST_SHOWN: i64 = 5;

/// Which cells of one breakdown may be shown; `None` is withheld. The total is assumed to be shown.
pub fn suppress(cells: &[i64]) -> Vec<Option<i64>> {
    let small = |n: i64| n > 0 && n < SMALLEST_SHOWN;
    let mut out: Vec<Option<i64>> = cells.iter().map(|n| if small(*n) { None } else { Some(*n) }).collect();
    let withheld = out.iter().filter(|c| c.is_none()).count();
    if withheld == 1 {
        let next = (0..cells.len()).filter(|i| out[*i].is_some_and(|n| n > 0)).min_by_key(|i| cells[*i]);
        match next {
            Some(i) => out[i] = None,
            // Nothing else to hide behind: a zero is withheld with it, if there is one.
            None => {
                if let Some(i) = (0..cells.len()).find(|i| out[*i] == Some(0)) {
                    out[i] = None;
                }
            }
        }
    }
    out
}

/// A single figure, such as a total.
pub fn suppress_one(n: i64) -> Option<i64> {
    if n > 0 && n < SMALLEST_SHOWN { None } else { Some(n) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_lone_small_cell_takes_a_companion() {
        assert_eq!(suppress(&[40, 3, 12, 9]), [Some(40), None, Some(12), None]);
        assert_eq!(suppress(&[40, 3, 2, 9]), [Some(40), None, None, Some(9)]);
        assert_eq!(suppress(&[40, 0, 12]), [Some(40), Some(0), Some(12)]);
        assert_eq!(suppress(&[0, 3, 0]), [None, None, Some(0)]);
    }

    proptest! {
        /// SB-3: with the total shown, no withheld cell has only one value it could have.
        #[test]
        fn nothing_follows_from_what_is_shown(cells in proptest::collection::vec(0i64..30, 2..20)) {
            let shown = suppress(&cells);
            for (cell, s) in cells.iter().zip(&shown) {
                prop_assert!(s.is_none() || s == &Some(*cell));
                prop_assert!(!(*cell > 0 && *cell < SMALLEST_SHOWN) || s.is_none());
            }
            let withheld = shown.iter().filter(|s| s.is_none()).count();
            prop_assert!(withheld != 1, "{cells:?} → {shown:?}");
        }
    }
}
