//! Size classes of industrial firms (统计上大中小微型企业划分办法(2017)).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Fen, Lang};

/// Large, medium, small or micro.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SizeClass {
    /// 大型: staff ≥ 1,000 and revenue ≥ 400 million yuan.
    Large,
    /// 中型: staff ≥ 300 and revenue ≥ 20 million yuan.
    Medium,
    /// 小型: staff ≥ 20 and revenue ≥ 3 million yuan.
    Small,
    /// 微型: anything less.
    Micro,
}

impl SizeClass {
    /// All, largest first.
    pub const ALL: [SizeClass; 4] = [Self::Large, Self::Medium, Self::Small, Self::Micro];

    /// Both limits of a class must be met; missing one drops a class.
    pub fn classify(staff: i64, annual_revenue: Fen) -> SizeClass {
        let at_least = |people: i64, million_yuan: i64| {
            staff >= people && annual_revenue >= Fen::from_yuan(million_yuan * 1_000_000)
        };
        if at_least(1_000, 400) {
            Self::Large
        } else if at_least(300, 20) {
            Self::Medium
        } else if at_least(20, 3) {
            Self::Small
        } else {
            Self::Micro
        }
    }

    /// Stable code.
    pub fn code(self) -> &'static str {
        ["large", "medium", "small", "micro"][self as usize]
    }

    /// For a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Large => lang.t("大型", "large"),
            Self::Medium => lang.t("中型", "medium"),
            Self::Small => lang.t("小型", "small"),
            Self::Micro => lang.t("微型", "micro"),
        }
    }
}

impl fmt::Display for SizeClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl FromStr for SizeClass {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|c| c.code() == s).ok_or_else(|| format!("{s:?} is not a size class"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_one_limit_drops_a_class() {
        let m = |n: i64| Fen::from_yuan(n * 1_000_000);
        assert_eq!(SizeClass::classify(1_000, m(400)), SizeClass::Large);
        assert_eq!(SizeClass::classify(999, m(400)), SizeClass::Medium);
        assert_eq!(SizeClass::classify(5_000, m(19)), SizeClass::Small);
        assert_eq!(SizeClass::classify(19, m(900)), SizeClass::Micro);
    }
}
