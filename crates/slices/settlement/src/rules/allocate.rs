//! Which recoveries a sum that comes back answers: the oldest first, each no further than what it still lacks.

use kernel::Fen;

/// Splits `amount` over `open` (recovery id and what it still lacks, oldest first). The rest that nothing lacks is the
/// second part of the answer.
pub fn oldest_first(open: &[(String, Fen)], amount: Fen) -> (Vec<(String, Fen)>, Fen) {
    let (mut left, mut parts) = (amount, Vec::new());
    for (id, lacking) in open {
        let part = left.min(*lacking).or_zero();
        if part > Fen::ZERO {
            parts.push((id.clone(), part));
            left -= part;
        }
    }
    (parts, left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_recovery_gets_more_than_it_lacks(
            lacking in prop::collection::vec(0_i64..10_000, 0..6), amount in 0_i64..40_000,
        ) {
            let open: Vec<(String, Fen)> = lacking.iter().enumerate().map(|(i, f)| (format!("r{i}"), Fen(*f))).collect();
            let (parts, rest) = oldest_first(&open, Fen(amount));
            prop_assert_eq!(parts.iter().map(|p| p.1).sum::<Fen>() + rest, Fen(amount));
            for (id, part) in &parts {
                let lacks = open.iter().find(|o| o.0 == *id).unwrap().1;
                prop_assert!(*part > Fen::ZERO && *part <= lacks);
            }
            let all: i64 = lacking.iter().sum();
            prop_assert_eq!(rest, Fen((amount - all).max(0)));
            // every recovery before the last one that was answered is answered in full
            for pair in parts.windows(2) {
                let before = open.iter().find(|o| o.0 == pair[0].0).unwrap();
                prop_assert_eq!(pair[0].1, before.1);
            }
        }
    }
}
