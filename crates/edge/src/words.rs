//! What the program says to people: what is wrong, where, why, and what to do, in Chinese and in English.

use std::fmt;

use kernel::{Lang, Text};

/// Something a person must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Where: a file with its line, a connector, an address.
    pub place: String,
    /// What is wrong and why.
    pub what: Text,
    /// What to do about it.
    pub remedy: Text,
}

impl Complaint {
    /// Something wrong at a place, with what to do about it.
    pub fn new(place: impl Into<String>, what: Text, remedy: Text) -> Complaint {
        Complaint { place: place.into(), what, remedy }
    }

    /// As one reader wants to read it.
    pub fn say(&self, lang: Lang) -> String {
        let (at, end) = (lang.t("：", ": "), lang.t("。", ". "));
        format!("{}{at}{}{end}{}{}", self.place, self.what.get(lang), self.remedy.get(lang), lang.t("。", "."))
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Lang::En))
    }
}

impl std::error::Error for Complaint {}

/// Both languages of one sentence.
pub fn both(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text::new(zh, en)
}

/// The language that the environment asks for (`LC_ALL`, `LANG`); Chinese if it does not say.
pub fn lang_of(environment: &[Option<String>]) -> Lang {
    environment.iter().flatten().find(|v| !v.is_empty()).and_then(|v| Lang::from_tag(v)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_says_where_what_and_what_to_do_in_both_languages() {
        let c =
            Complaint::new("edge.toml:3", both("端口已被占用", "the port is taken"), both("换一个", "take another"));
        assert_eq!(c.say(Lang::En), "edge.toml:3: the port is taken. take another.");
        assert_eq!(c.say(Lang::Zh), "edge.toml:3：端口已被占用。换一个。");
    }

    #[test]
    fn the_language_is_the_environments_or_chinese() {
        assert_eq!(lang_of(&[None, Some("en_GB.UTF-8".into())]), Lang::En);
        assert_eq!(lang_of(&[None, Some("C".into())]), Lang::Zh);
        assert_eq!(lang_of(&[]), Lang::Zh);
    }
}
