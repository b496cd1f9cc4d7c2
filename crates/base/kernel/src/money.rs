//! Money is whole fen (分, 1/100 yuan). There is no floating-point money anywhere.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// An amount in fen. May be negative (a credit, a correction).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

/// Why a typed amount is not money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not digits with at most one point, an optional sign and thousands commas.
    #[error("{0:?} is not an amount in yuan")]
    NotANumber(String),
    /// More than two digits after the point: fen are whole.
    #[error("{0:?} has more than two decimals")]
    TooFine(String),
    /// Beyond what 64 bits of fen hold.
    #[error("{0:?} is too large")]
    TooLarge(String),
}

impl Fen {
    /// Nothing.
    pub const ZERO: Fen = Fen(0);

    /// Whole yuan as fen.
    pub const fn from_yuan(yuan: i64) -> Fen {
        Fen(yuan * 100)
    }

    /// Reads an amount typed in yuan: `1234.5`, `1,234.50`, `-3`, with or without a leading `¥`.
    pub fn parse_yuan(text: &str) -> Result<Fen, MoneyError> {
        let cleaned: String = text.trim().trim_start_matches(['¥', '￥']).replace([',', '，'], "");
        let (negative, digits) = match cleaned.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, cleaned.as_str()),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(part) {
            return Err(MoneyError::NotANumber(text.to_owned()));
        }
        if part.len() > 2 {
            return Err(MoneyError::TooFine(text.to_owned()));
        }
        let too_large = || MoneyError::TooLarge(text.to_owned());
        let yuan: i64 = whole.parse().map_err(|_| too_large())?;
        let cents: i64 = format!("{part:0<2}").parse().map_err(|_| too_large())?;
        let fen = yuan.checked_mul(100).and_then(|f| f.checked_add(cents)).ok_or_else(too_large)?;
        Ok(Fen(if negative { -fen } else { fen }))
    }

    /// This amount × `rate_bp` / 10,000, rounded down: public money never rounds up. One basis point is 0.01 %.
    ///
    /// Panics if the result does not fit 64 bits, which no amount below 92 trillion yuan at a rate ≤ 100 % can.
    pub fn at_rate_bp(self, rate_bp: i64) -> Fen {
        let wide = i128::from(self.0) * i128::from(rate_bp);
        Fen(i64::try_from(wide.div_euclid(10_000)).expect("amount × rate fits 64 bits"))
    }

    /// The sum, or `None` past 64 bits.
    pub fn checked_add(self, other: Fen) -> Option<Fen> {
        self.0.checked_add(other.0).map(Fen)
    }

    /// Never under zero.
    pub fn or_zero(self) -> Fen {
        Fen(self.0.max(0))
    }

    /// `1,234.50`, without a currency sign.
    pub fn yuan(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", thousands(self.0.unsigned_abs() / 100), self.0.unsigned_abs() % 100)
    }
}

/// A rate in basis points, shown as people state it: `12.5%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(pub i64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Fen(self.0).yuan();
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        write!(f, "{text}%")
    }
}

/// A whole number as people read it: `1,234,567`.
pub fn grouped(n: i64) -> String {
    let sign = if n < 0 { "-" } else { "" };
    format!("{sign}{}", thousands(n.unsigned_abs()))
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A minus stands before the sign, as the style of accounts has it.
        write!(f, "{}¥{}", if self.0 < 0 { "−" } else { "" }, self.yuan().trim_start_matches('-'))
    }
}
impl Add for Fen {
    type Output = Fen;
    fn add(self, o: Fen) -> Fen {
        Fen(self.0.checked_add(o.0).expect("money sum fits 64 bits"))
    }
}
impl Sub for Fen {
    type Output = Fen;
    fn sub(self, o: Fen) -> Fen {
        Fen(self.0.checked_sub(o.0).expect("money difference fits 64 bits"))
    }
}
impl Neg for Fen {
    type Output = Fen;
    fn neg(self) -> Fen {
        Fen(-self.0)
    }
}
impl AddAssign for Fen {
    fn add_assign(&mut self, o: Fen) {
        *self = *self + o;
    }
}
impl SubAssign for Fen {
    fn sub_assign(&mut self, o: Fen) {
        *self = *self - o;
    }
}
impl Sum for Fen {
    fn sum<I: Iterator<Item = Fen>>(iter: I) -> Fen {
        iter.fold(Fen::ZERO, |a, b| a + b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_type() {
        assert_eq!(Fen::parse_yuan("¥1,234.5"), Ok(Fen(123_450)));
        assert_eq!(Fen::parse_yuan(" -0.07 "), Ok(Fen(-7)));
        assert!(matches!(Fen::parse_yuan("1.234"), Err(MoneyError::TooFine(_))));
        assert!(matches!(Fen::parse_yuan("12万"), Err(MoneyError::NotANumber(_))));
        assert!(matches!(Fen::parse_yuan("99999999999999999999"), Err(MoneyError::TooLarge(_))));
        assert!(matches!(Fen::parse_yuan(""), Err(MoneyError::NotANumber(_))));
    }

    #[test]
    fn shows_yuan_with_commas() {
        assert_eq!(Fen(123_456_789).to_string(), "¥1,234,567.89");
        assert_eq!((Fen(-5).yuan().as_str(), Fen(-620_262).to_string().as_str()), ("-0.05", "−¥6,202.62"));
        assert_eq!(
            (grouped(100_000), grouped(-999), grouped(i64::MIN)),
            ("100,000".into(), "-999".into(), "-9,223,372,036,854,775,808".into())
        );
    }

    #[test]
    fn a_rate_is_shown_in_per_cent() {
        let shown = [3_000, 1_250, 10_001, 0].map(|bp| Percent(bp).to_string());
        assert_eq!(shown, ["30%", "12.5%", "100.01%", "0%"]);
    }

    #[test]
    fn a_rate_rounds_down() {
        assert_eq!(Fen(101).at_rate_bp(2_000), Fen(20));
        assert_eq!(Fen(i64::MAX / 2).at_rate_bp(10_000), Fen(i64::MAX / 2));
    }
}
