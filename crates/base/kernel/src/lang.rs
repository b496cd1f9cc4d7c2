//! The two languages of the interface, and texts that exist in both.

use serde::{Deserialize, Serialize};

/// Chinese first, English complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// 简体中文
    #[default]
    Zh,
    /// English
    En,
}

impl Lang {
    /// Picks one of a pair. Both languages stand side by side where a text is used, so neither can be missing.
    pub fn t<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// With something said aside, in the brackets of the language.
    pub fn aside(self, words: &str, aside: &str) -> String {
        match self {
            Lang::Zh => format!("{words}（{aside}）"),
            Lang::En => format!("{words} ({aside})"),
        }
    }

    /// The value of `<html lang>`.
    pub fn tag(self) -> &'static str {
        self.t("zh-CN", "en")
    }

    /// `zh` or `en`.
    pub fn code(self) -> &'static str {
        self.t("zh", "en")
    }

    /// Reads `zh`, `zh-CN`, `en`, `en-GB` …
    pub fn from_tag(tag: &str) -> Option<Lang> {
        match tag.get(..2)?.to_ascii_lowercase().as_str() {
            "zh" => Some(Lang::Zh),
            "en" => Some(Lang::En),
            _ => None,
        }
    }
}

/// A text in both languages, as data (a programme's title, a rule's reason).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// 中文
    pub zh: String,
    /// English
    pub en: String,
}

impl Text {
    /// Both at once.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Text {
        Text { zh: zh.into(), en: en.into() }
    }

    /// The one the reader wants.
    pub fn get(&self, lang: Lang) -> &str {
        lang.t(&self.zh, &self.en)
    }
}
