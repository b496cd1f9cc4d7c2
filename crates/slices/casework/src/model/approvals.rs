//! N of M: who has approved in this round, and whether one more may.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// At which step an approval was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// 推荐: the district's.
    District,
    /// One of the city's.
    City,
}

impl Step {
    /// Stable code, as stored.
    pub fn code(self) -> &'static str {
        match self {
            Step::District => "district",
            Step::City => "city",
        }
    }
}

/// An approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// At which step.
    pub step: Step,
    /// Whose account.
    pub account_id: String,
    /// The person's name.
    pub account_name: String,
    /// When.
    pub at: Timestamp,
    /// The round of review; a send-back begins a new one.
    pub round: i64,
    /// What was said with it.
    pub opinion: String,
    /// A send-back made it void.
    pub voided: bool,
}

/// Why a person's approval does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApprovalRefused {
    /// This person has approved already; another must.
    SamePerson,
    /// This person recommended it for the district.
    RecommendedIt,
}

/// What one more approval makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approved {
    /// More people are needed.
    One {
        /// Approvals of the city so far, this one included.
        given: u32,
        /// As many are needed.
        needed: u32,
    },
    /// They are enough.
    Last,
}

/// Adds the approval of `account_id` for the city to those that stand (CW-2).
pub fn approve(given: &[Approval], account_id: &str, needed: u32) -> Result<Approved, ApprovalRefused> {
    let live = || given.iter().filter(|a| !a.voided);
    match live().find(|a| a.account_id == account_id).map(|a| a.step) {
        Some(Step::City) => return Err(ApprovalRefused::SamePerson),
        Some(Step::District) => return Err(ApprovalRefused::RecommendedIt),
        None => {}
    }
    let given = 1 + u32::try_from(live().filter(|a| a.step == Step::City).count()).unwrap_or(u32::MAX - 1);
    Ok(if given >= needed { Approved::Last } else { Approved::One { given, needed } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(step: Step, who: &str, voided: bool) -> Approval {
        let (account_id, account_name) = (who.to_owned(), who.to_owned());
        Approval { step, account_id, account_name, at: Timestamp::UNIX_EPOCH, round: 1, opinion: String::new(), voided }
    }

    #[test]
    fn two_different_people_make_two_approvals() {
        let district = by(Step::District, "d", false);
        assert_eq!(approve(std::slice::from_ref(&district), "a", 2), Ok(Approved::One { given: 1, needed: 2 }));
        let first = by(Step::City, "a", false);
        assert_eq!(approve(&[district.clone(), first.clone()], "a", 2), Err(ApprovalRefused::SamePerson));
        assert_eq!(approve(&[district.clone(), first.clone()], "d", 2), Err(ApprovalRefused::RecommendedIt));
        assert_eq!(approve(&[district, first], "b", 2), Ok(Approved::Last));
    }

    #[test]
    fn a_void_approval_neither_counts_nor_bars() {
        let void = by(Step::City, "a", true);
        assert_eq!(approve(std::slice::from_ref(&void), "a", 2), Ok(Approved::One { given: 1, needed: 2 }));
        assert_eq!(approve(&[void, by(Step::City, "b", false)], "a", 2), Ok(Approved::Last));
    }
}
