//! Everything that a text must pass before it is kept or published. Pure.

use kernel::Text;
use rules::expected::{self, ExpectedFile};
use rules::{Decision, Programme};

use crate::problems;

/// A text is at most so long; the largest programme in use is a twentieth of it.
pub const TEXT_BYTES_MAX: usize = 1 << 20;

/// A text that reads as a programme, with its expected decisions as they came out.
#[derive(Debug)]
pub struct Checked {
    /// The programme.
    pub programme: Programme,
    /// The file of cases; none was given when it is absent.
    pub expected: Option<ExpectedFile>,
    /// What each case came out as, in order.
    pub decisions: Vec<Decision>,
    /// Cases that came out otherwise than they say: it may be kept as a draft, not be published.
    pub unmet: Vec<Text>,
}

/// Reads both texts; everything that is wrong with either is said at once.
pub fn check(toml: &str, expected_toml: &str) -> Result<Checked, Vec<Text>> {
    let mut wrong = Vec::new();
    for (text, zh, en) in [(toml, "方案", "The programme"), (expected_toml, "预期决定", "The expected decisions")]
    {
        if text.len() > TEXT_BYTES_MAX {
            wrong.push(Text::new(format!("{zh}文本超过 1 MiB。"), format!("{en} is over 1 MiB.")));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let programme = Programme::parse(toml).map_err(|e| wrong.extend(problems::of_programme(&e)));
    let has_cases = !expected_toml.trim().is_empty();
    let expected = match expected::parse(expected_toml) {
        Ok(file) if has_cases => Some(file),
        Err(error) if has_cases => {
            wrong.push(problems::of_expectation(&error));
            None
        }
        _ => None,
    };
    let Ok(programme) = programme else { return Err(wrong) };
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let (decisions, errors) = expected.as_ref().map(|file| expected::run(&programme, file)).unwrap_or_default();
    let unmet = errors.iter().map(problems::of_expectation).collect();
    Ok(Checked { programme, expected, decisions, unmet })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_with_its_place_in_both_languages() {
        let (_, text) = rules::bundled()[0];
        let typo = text.replacen("[period]", "[perjod]", 1);
        let wrong = check(&typo, "").unwrap_err();
        assert!(wrong[0].zh.starts_with("第 ") && wrong[0].en.starts_with("Line "), "{wrong:?}");
        let clause = text.replacen("clause = \"1\"", "clause = \"no such\"", 1);
        let wrong = check(&clause, "[[case]]\nname = 3").unwrap_err();
        assert!(wrong.iter().any(|t| t.zh.contains("条款“no such”未声明")), "{wrong:?}");
        assert!(wrong.iter().any(|t| t.zh.contains("预期决定无法读取")), "both files are looked at: {wrong:?}");
    }

    #[test]
    fn a_case_that_comes_out_otherwise_is_named() {
        let (_, text) = rules::bundled()[1];
        let expected = "[[case]]\nname = \"wishful\"\ninstrument = \"cloud-voucher\"\nas_of = \"2018-10-10\"\noutcome = \"granted\"\n";
        let checked = check(text, expected).unwrap();
        assert_eq!(checked.decisions.len(), 1);
        assert!(checked.unmet.iter().any(|t| t.zh.contains("“wishful”：结论应为 Granted")), "{:?}", checked.unmet);
    }
}
