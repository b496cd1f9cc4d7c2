//! What identifies a VAT invoice.
//!
//! A paper or early electronic invoice has a code (发票代码) of 10 or 12 digits and a number (发票号码) of 8; a fully
//! digital invoice (数电票, State Taxation Administration, since 2021) has no code and a number of 20 digits.

/// How the pair is wrong, if it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongNumber {
    /// The code is neither empty nor 10 or 12 digits.
    Code,
    /// The number has not as many digits as its code asks for.
    Number {
        /// So many digits it must have.
        digits: usize,
    },
}

/// Checks the pair.
pub fn check(code: &str, number: &str) -> Result<(), WrongNumber> {
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let digits = match code.len() {
        0 => 20,
        10 | 12 if all_digits(code) => 8,
        _ => return Err(WrongNumber::Code),
    };
    if number.len() != digits || !all_digits(number) {
        return Err(WrongNumber::Number { digits });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_told_apart() {
        assert_eq!(check("1200181130", "04512873"), Ok(()));
        assert_eq!(check("012001800104", "04512873"), Ok(()));
        assert_eq!(check("", "23122000000012345678"), Ok(()));
        assert_eq!(check("", "04512873"), Err(WrongNumber::Number { digits: 20 }));
        assert_eq!(check("1200181130", "0451287"), Err(WrongNumber::Number { digits: 8 }));
        assert_eq!(check("120018113X", "04512873"), Err(WrongNumber::Code));
        assert_eq!(check("12001", "04512873"), Err(WrongNumber::Code));
    }
}
