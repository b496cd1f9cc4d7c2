//! 公民身份号码, the number of a citizen's identity card (GB 11643-1999): six digits of the place, eight of the day of birth,
//! three of a sequence, and a check character modulo 11 (ISO 7064).

use jiff::civil::Date;

use crate::Lang;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];

/// Why a text is no such number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CitizenIdError {
    /// Not seventeen digits and a digit or X.
    #[error("the number of an identity card has 17 digits and a last digit or X")]
    Shape,
    /// Digits 7 to 14 are no day.
    #[error("digits 7 to 14 of the number of an identity card are the day of birth; these are none")]
    Birth,
    /// The last character does not follow from the digits.
    #[error("the last character of the number of an identity card does not follow from the others: one was mistyped")]
    Check,
}

impl CitizenIdError {
    /// For a reader. The right character is not told: it would help somebody to make a number up.
    pub fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, e) => e.to_string(),
            (Lang::Zh, CitizenIdError::Shape) => "身份证号码应为 17 位数字加末位数字或 X。".into(),
            (Lang::Zh, CitizenIdError::Birth) => "身份证号码第 7 至 14 位应为出生日期，所填不是日期。".into(),
            (Lang::Zh, CitizenIdError::Check) => "身份证号码末位校验码不符，至少有一位填错，请逐位核对。".into(),
        }
    }
}

/// Is this the number of an identity card? `x` counts as `X`. The day of birth is not compared with a calendar day that is
/// today: nothing here knows of one.
pub fn check_citizen_id(text: &str) -> Result<(), CitizenIdError> {
    let upper: Vec<char> = text.trim().to_uppercase().chars().collect();
    let digits: Option<Vec<u32>> = upper.iter().take(17).map(|c| c.to_digit(10)).collect();
    let (Some(digits), 18) = (digits, upper.len()) else { return Err(CitizenIdError::Shape) };
    if !CHECKS.contains(&upper[17]) {
        return Err(CitizenIdError::Shape);
    }
    let number = |range: std::ops::Range<usize>| digits[range].iter().fold(0, |n, d| n * 10 + d);
    let (year, month, day) = (number(6..10), number(10..12), number(12..14));
    let born = Date::new(year as i16, month as i8, day as i8).ok();
    if born.is_none_or(|d| d.year() < 1800) {
        return Err(CitizenIdError::Birth);
    }
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, w)| d * w).sum();
    if CHECKS[(sum % 11) as usize] == upper[17] { Ok(()) } else { Err(CitizenIdError::Check) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_holds_and_any_other_last_character_does_not() {
        // GB 11643-1999, 4.
        assert_eq!(check_citizen_id("11010519491231002X"), Ok(()));
        assert_eq!(check_citizen_id(" 11010519491231002x "), Ok(()));
        for other in "0123456789".chars() {
            assert_eq!(check_citizen_id(&format!("11010519491231002{other}")), Err(CitizenIdError::Check), "{other}");
        }
    }

    #[test]
    fn every_single_slip_of_a_digit_is_found() {
        let good = "120101199001011239";
        assert_eq!(check_citizen_id(good), Ok(()));
        for at in 0..17 {
            for digit in '0'..='9' {
                let slip: String = good.chars().enumerate().map(|(i, c)| if i == at { digit } else { c }).collect();
                assert_eq!(check_citizen_id(&slip).is_ok(), slip == good, "{slip}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_told_apart() {
        for shape in ["", "12010119900101123", "1201011990010112399", "12010119900101123A", "身份证号码"] {
            assert_eq!(check_citizen_id(shape), Err(CitizenIdError::Shape), "{shape}");
        }
        assert_eq!(check_citizen_id("120101199013011239"), Err(CitizenIdError::Birth));
        assert_eq!(check_citizen_id("120101000001011239"), Err(CitizenIdError::Birth));
    }
}
