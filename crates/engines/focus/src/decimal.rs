//! Exact decimals: a field as written, and sums in 10⁻¹² of a unit. There is no floating-point money.

use std::fmt;
use std::ops::{Add, AddAssign, Neg};

use kernel::Fen;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Digits after the point that an [`Amount`] keeps. Cloud bills price single requests, so the sample of the standard
/// carries eleven; later digits are cut off, which loses under 10⁻¹² yuan a row.
pub const AMOUNT_DECIMALS: u8 = 12;
const DIGITS_MAX: u32 = 18;
const TEN: [i128; 25] = {
    let mut t = [1i128; 25];
    let mut i = 1;
    while i < 25 {
        t[i] = t[i - 1] * 10;
        i += 1;
    }
    t
};

/// A sum of money in the bill's currency, or of a quantity in its unit, in 10⁻¹² of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);

    /// To whole fen, half away from zero, so that a charge and its reversal round alike. Rows are summed exactly
    /// first: rounding happens once, on the statement. `None` past 64 bits of fen.
    pub fn to_fen(self) -> Option<Fen> {
        let unit = TEN[AMOUNT_DECIMALS as usize - 2];
        let rounded = (self.0.abs() + unit / 2) / unit * self.0.signum();
        i64::try_from(rounded).ok().map(Fen)
    }

    /// Whole units.
    pub const fn whole(units: i64) -> Amount {
        Amount(units as i128 * 1_000_000_000_000)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scaled(f, self.0, AMOUNT_DECIMALS)
    }
}
impl Add for Amount {
    type Output = Amount;
    fn add(self, o: Amount) -> Amount {
        Amount(self.0.checked_add(o.0).expect("10²⁶ units are beyond any bill"))
    }
}
impl AddAssign for Amount {
    fn add_assign(&mut self, o: Amount) {
        *self = *self + o;
    }
}
impl Neg for Amount {
    type Output = Amount;
    fn neg(self) -> Amount {
        Amount(-self.0)
    }
}
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Amount, D::Error> {
        let text = String::deserialize(d)?;
        let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let value = format!("{whole}{part:0<12}").parse::<i128>().map_err(serde::de::Error::custom)?;
        Ok(Amount(sign * value))
    }
}

fn write_scaled(f: &mut fmt::Formatter<'_>, value: i128, scale: u8) -> fmt::Result {
    let unit = TEN[scale as usize] as u128;
    let (whole, part) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{part:0width$}", width = scale as usize);
    match digits.trim_end_matches('0') {
        "" => write!(f, "{sign}{whole}"),
        part => write!(f, "{sign}{whole}.{part}"),
    }
}

/// One numeric field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Num {
    /// No value.
    Null,
    /// `mantissa` / 10^`scale`.
    Is { mantissa: i64, scale: u8 },
    /// Not a number in the specified form (FOCUS 1.2, Numeric Format), or past 18 digits before the point.
    Bad,
}

impl Num {
    /// In 10⁻¹²; 0 when there is no value.
    pub(crate) fn amount(self) -> Amount {
        match self {
            Num::Is { mantissa, scale } if scale <= AMOUNT_DECIMALS => {
                Amount(i128::from(mantissa) * TEN[(AMOUNT_DECIMALS - scale) as usize])
            }
            Num::Is { mantissa, scale } => Amount(i128::from(mantissa) / TEN[(scale - AMOUNT_DECIMALS) as usize]),
            _ => Amount::ZERO,
        }
    }

    pub(crate) fn is_positive(self) -> bool {
        matches!(self, Num::Is { mantissa, .. } if mantissa > 0)
    }

    pub(crate) fn is_zero(self) -> bool {
        matches!(self, Num::Is { mantissa: 0, .. })
    }

    /// From a value of a column file: any precision and scale, reduced to 18 digits.
    pub(crate) fn from_scaled(mut value: i128, mut scale: i8) -> Num {
        while scale < 0 {
            let Some(next) = value.checked_mul(10) else { return Num::Bad };
            (value, scale) = (next, scale + 1);
        }
        while scale > DIGITS_MAX as i8 || (scale > 0 && i64::try_from(value).is_err()) {
            (value, scale) = (value / 10, scale - 1);
        }
        match i64::try_from(value) {
            Ok(mantissa) => Num::Is { mantissa, scale: scale as u8 },
            Err(_) => Num::Bad,
        }
    }

    /// Does `self × other` equal `result`, within a millionth of the currency's unit or a billionth of the result
    /// (bills round their prices and quantities to the digits they show)? `None` when one of the three is no number.
    pub(crate) fn product_equals(self, other: Num, result: Num) -> Option<bool> {
        let (Num::Is { mantissa: a, scale: sa }, Num::Is { mantissa: b, scale: sb }) = (self, other) else {
            return None;
        };
        let Num::Is { .. } = result else { return None };
        let (mut product, mut scale) = (i128::from(a) * i128::from(b), sa + sb);
        while scale > AMOUNT_DECIMALS {
            let cut = (scale - AMOUNT_DECIMALS).min(18);
            (product, scale) = (product / TEN[cut as usize], scale - cut);
        }
        let product = product.checked_mul(TEN[(AMOUNT_DECIMALS - scale) as usize])?;
        let (stated, tolerance) = (result.amount().0, 1_000_000i128);
        Some((product - stated).abs() <= tolerance.max(stated.abs() / 1_000_000_000))
    }
}

impl fmt::Display for Num {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Num::Is { mantissa, scale } => write_scaled(f, i128::from(*mantissa), *scale),
            Num::Null => f.write_str("null"),
            Num::Bad => f.write_str("?"),
        }
    }
}

/// Reads `-12.5`, `3`, `1.2E-7`. No plus sign, thousands mark, unit or leading point (FOCUS 1.2, Numeric Format).
pub(crate) fn parse_num(bytes: &[u8]) -> Num {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let (mut mantissa, mut significant, mut scale, mut point, mut seen) = (0i64, 0u32, 0u8, false, 0u32);
    for (i, &c) in digits.iter().enumerate() {
        match c {
            b'0'..=b'9' => {
                seen += 1;
                if point && (significant >= DIGITS_MAX || u32::from(scale) >= DIGITS_MAX) {
                    continue;
                }
                if significant >= DIGITS_MAX {
                    return Num::Bad;
                }
                mantissa = mantissa * 10 + i64::from(c - b'0');
                significant += u32::from(mantissa != 0);
                scale += u8::from(point);
            }
            b'.' if !point && seen > 0 && digits.get(i + 1).is_some_and(u8::is_ascii_digit) => point = true,
            b'e' | b'E' if seen > 0 => {
                let signed = if negative { -mantissa } else { mantissa };
                return with_exponent(signed, scale, &digits[i + 1..]);
            }
            _ => return Num::Bad,
        }
    }
    if seen == 0 {
        return Num::Bad;
    }
    Num::Is { mantissa: if negative { -mantissa } else { mantissa }, scale }
}

fn with_exponent(mantissa: i64, scale: u8, exponent: &[u8]) -> Num {
    let digits = exponent.strip_prefix(b"-").unwrap_or(exponent);
    if digits.is_empty() || digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
        return Num::Bad;
    }
    let size = digits.iter().fold(0i16, |n, d| n * 10 + i16::from(d - b'0'));
    let exponent = if exponent.len() > digits.len() { -size } else { size };
    match i16::from(scale) - exponent {
        _ if mantissa == 0 => Num::Is { mantissa, scale: 0 },
        s if s > 60 => Num::Is { mantissa: 0, scale: 0 },
        s if s < -18 => Num::Bad,
        s => Num::from_scaled(i128::from(mantissa), s as i8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> String {
        match parse_num(text.as_bytes()) {
            Num::Bad => "bad".into(),
            n => n.amount().to_string(),
        }
    }

    #[test]
    fn reads_the_specified_forms_and_nothing_else() {
        assert_eq!(amount("0.00000080000"), "0.0000008");
        assert_eq!(amount("-2.61370000000"), "-2.6137");
        assert_eq!(amount("1.5E-7"), "0.00000015");
        assert_eq!(amount("2e3"), "2000");
        assert_eq!(amount("0.000000041000000123456789"), "0.000000041");
        for bad in
            ["", "-", "+1", "1,000", ".5", "5.", "1/2", "¥3", "1.2.3", "1e", "1e+3", "9999999999999999999", "NaN"]
        {
            assert_eq!(amount(bad), "bad", "{bad}");
        }
    }

    #[test]
    fn rounds_once_half_away_from_zero() {
        let fen = |t: &str| parse_num(t.as_bytes()).amount().to_fen().unwrap().0;
        assert_eq!((fen("1.005"), fen("1.00499999"), fen("-1.005"), fen("-0.0049")), (101, 100, -101, 0));
    }

    #[test]
    fn products_are_compared_with_the_stated_tolerance() {
        let n = |t: &str| parse_num(t.as_bytes());
        assert_eq!(n("0.008").product_equals(n("0.00200749000"), n("0.00001605990")), Some(true));
        assert_eq!(n("2").product_equals(n("3"), n("6.0001")), Some(false));
        assert_eq!(n("2").product_equals(Num::Null, n("6")), None);
    }

    #[test]
    fn amounts_survive_json() {
        for text in ["-0.05", "123456789.000000000001", "0"] {
            let a = parse_num(text.as_bytes()).amount();
            let json = serde_json::to_string(&a).unwrap();
            assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), a, "{json}");
        }
    }
}
