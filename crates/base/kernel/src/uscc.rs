//! 统一社会信用代码, the unified social credit code (GB 32100-2015).
//!
//! Eighteen characters; the last is a check character modulo 31. Characters 9–17 are an organisation code after
//! GB 11714 with its own check digit modulo 11 and a different letter map. The district is never read out of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Lang;

const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const ORG_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// A code whose check characters were verified.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uscc(String);

/// Why a text is not a code; each says what is wrong and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsccError {
    /// Not eighteen characters.
    #[error("A unified social credit code has 18 characters, this has {found}")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// A character outside the alphabet, which leaves out I, O, S, V and Z.
    #[error("Character {position} is {found:?}, which the code never uses (no I, O, S, V, Z)")]
    Character {
        /// Counted from 1.
        position: usize,
        /// What stands there.
        found: char,
    },
    /// The organisation code inside (characters 9–17) fails its own check digit.
    #[error("Character 17 should be {expected:?}: the organisation code in characters 9 to 17 does not add up")]
    OrganisationCheck {
        /// What character 17 would have to be.
        expected: char,
        /// What stands there.
        found: char,
    },
    /// The last character does not follow from the first seventeen.
    #[error("The last character should be {expected:?}, not {found:?}: one of the 18 was mistyped")]
    Check {
        /// What character 18 would have to be.
        expected: char,
        /// What stands there.
        found: char,
    },
}

impl UsccError {
    /// The same in the reader's language.
    pub fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, e) => e.to_string(),
            (Lang::Zh, UsccError::Length { found }) => {
                format!("统一社会信用代码应为18位，现为{found}位。请对照营业执照核对。")
            }
            (Lang::Zh, UsccError::Character { position, found }) => {
                format!("第{position}位“{found}”不是代码可用字符（代码不使用 I、O、S、V、Z）。")
            }
            (Lang::Zh, UsccError::OrganisationCheck { expected, found }) => {
                format!("第17位应为“{expected}”，现为“{found}”：第9至17位的组织机构代码校验不通过，请逐位核对。")
            }
            (Lang::Zh, UsccError::Check { expected, found }) => {
                format!("末位校验码应为“{expected}”，现为“{found}”：18位中至少有一位填错，请逐位核对。")
            }
        }
    }
}

fn value(c: char) -> Option<u32> {
    ALPHABET.find(c).map(|i| i as u32)
}

/// GB 11714 letter map: A = 10 … Z = 35.
fn org_value(c: char) -> u32 {
    c.to_digit(36).expect("the caller checked the alphabet")
}

fn check_char(first17: &[char]) -> char {
    let sum: u32 = first17.iter().zip(WEIGHTS).map(|(c, w)| value(*c).expect("checked") * w).sum();
    ALPHABET.chars().nth(((31 - sum % 31) % 31) as usize).expect("below 31")
}

fn org_check_char(eight: &[char]) -> char {
    let sum: u32 = eight.iter().zip(ORG_WEIGHTS).map(|(c, w)| org_value(*c) * w).sum();
    match (11 - sum % 11) % 11 {
        10 => 'X',
        n => char::from_digit(n, 10).expect("below 10"),
    }
}

impl Uscc {
    /// Checks length, alphabet and both check characters. Spaces and hyphens are dropped, small letters raised.
    pub fn try_new(text: &str) -> Result<Uscc, UsccError> {
        let chars: Vec<char> =
            text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        if chars.len() != 18 {
            return Err(UsccError::Length { found: chars.len() });
        }
        if let Some((i, c)) = chars.iter().enumerate().find(|(_, c)| value(**c).is_none()) {
            return Err(UsccError::Character { position: i + 1, found: *c });
        }
        let expected = check_char(&chars[..17]);
        if chars[17] != expected {
            return Err(UsccError::Check { expected, found: chars[17] });
        }
        let expected = org_check_char(&chars[8..16]);
        if chars[16] != expected {
            return Err(UsccError::OrganisationCheck { expected, found: chars[16] });
        }
        Ok(Uscc(chars.into_iter().collect()))
    }

    /// Completes a registering department (`91`), an authority (six digits) and an eight-character organisation
    /// code into a valid code; for simulated firms and tests.
    pub fn compose(department: &str, authority: &str, organisation: &str) -> Result<Uscc, UsccError> {
        let mut chars: Vec<char> = format!("{department}{authority}{organisation}").chars().collect();
        if chars.len() != 16 {
            return Err(UsccError::Length { found: chars.len() + 2 });
        }
        if let Some((i, c)) = chars.iter().enumerate().find(|(_, c)| value(**c).is_none()) {
            return Err(UsccError::Character { position: i + 1, found: *c });
        }
        chars.push(org_check_char(&chars[8..16]));
        chars.push(check_char(&chars));
        Ok(Uscc(chars.into_iter().collect()))
    }

    /// The eighteen characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl TryFrom<String> for Uscc {
    type Error = UsccError;
    fn try_from(s: String) -> Result<Self, UsccError> {
        Uscc::try_new(&s)
    }
}
impl From<Uscc> for String {
    fn from(u: Uscc) -> String {
        u.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_passes() {
        assert_eq!(Uscc::try_new("91350100M000100Y43").unwrap().as_str(), "91350100M000100Y43");
        assert_eq!(Uscc::try_new(" 91350100-m000100y43 ").unwrap().as_str(), "91350100M000100Y43");
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(Uscc::try_new("9135"), Err(UsccError::Length { found: 4 }));
        assert_eq!(Uscc::try_new("9135O100M000100Y43"), Err(UsccError::Character { position: 5, found: 'O' }));
        assert_eq!(Uscc::try_new("91350100M000100Y44"), Err(UsccError::Check { expected: '3', found: '4' }));
    }

    #[test]
    fn every_single_mistyped_character_is_found() {
        let good = "91350100M000100Y43";
        for i in 0..18 {
            for c in ALPHABET.chars() {
                let mut bad: Vec<char> = good.chars().collect();
                if bad[i] == c {
                    continue;
                }
                bad[i] = c;
                assert!(Uscc::try_new(&bad.iter().collect::<String>()).is_err(), "position {i} as {c}");
            }
        }
    }

    #[test]
    fn composed_codes_verify() {
        for n in 0..500 {
            let u = Uscc::compose("91", "120000", &format!("MA{n:06}")).unwrap();
            assert_eq!(Uscc::try_new(u.as_str()).unwrap(), u);
        }
    }
}
