//! US-1: two claims overlap when one account could be attributed by both.

/// A claim of the whole account overlaps with every claim of it; claims of two different sub-accounts do not.
pub fn overlaps(sub_account_id: &str, other_sub_account_id: &str) -> bool {
    sub_account_id.is_empty() || other_sub_account_id.is_empty() || sub_account_id == other_sub_account_id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_overlaps_with_its_parts() {
        for (a, b, expected) in [("", "", true), ("", "x", true), ("x", "", true), ("x", "x", true), ("x", "y", false)]
        {
            assert_eq!(overlaps(a, b), expected, "{a:?} {b:?}");
        }
    }
}
