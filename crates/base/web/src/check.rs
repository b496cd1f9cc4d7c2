//! Reads typed values out of a form and collects everything that is wrong, so that a person corrects it all at once.

use jiff::civil::Date;
use kernel::{Fen, Lang, Uscc, grouped};

use crate::{FieldError, FormData, Upload};

/// Collects wrong fields while reading.
pub struct Check<'a> {
    data: &'a FormData,
    lang: Lang,
    errors: Vec<FieldError>,
}

impl<'a> Check<'a> {
    pub(crate) fn new(data: &'a FormData, lang: Lang) -> Check<'a> {
        Check { data, lang, errors: Vec::new() }
    }

    /// Says that a field is wrong.
    pub fn refuse(&mut self, field: &str, zh: &str, en: &str) {
        self.errors.push(FieldError { field: field.to_owned(), message: self.lang.t(zh, en).to_owned() });
    }

    /// The same with words made elsewhere.
    pub fn refuse_with(&mut self, field: &str, message: String) {
        self.errors.push(FieldError { field: field.to_owned(), message });
    }

    /// All that is wrong.
    pub fn errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// Is all well so far?
    pub fn is_ok(&self) -> bool {
        self.errors.is_empty()
    }

    /// A text that must be there, at most 2,000 characters.
    pub fn text(&mut self, field: &str) -> String {
        let value = self.optional_text(field);
        if value.is_empty() {
            self.refuse(field, "请填写此项", "Fill this in");
        }
        value
    }

    /// A text that may be empty.
    pub fn optional_text(&mut self, field: &str) -> String {
        let value = self.data.get(field).to_owned();
        if value.chars().count() > 2_000 {
            self.refuse(field, "最多 2000 字", "At most 2,000 characters");
        }
        value
    }

    /// One of a list of values.
    pub fn one_of(&mut self, field: &str, allowed: &[&str]) -> String {
        let value = self.data.get(field).to_owned();
        if !allowed.contains(&value.as_str()) {
            self.refuse(field, "请选择一项", "Choose one");
        }
        value
    }

    /// A whole number within bounds.
    pub fn int(&mut self, field: &str, min: i64, max: i64) -> i64 {
        let text = self.data.get(field).replace([',', '，'], "");
        match text.parse::<i64>() {
            Ok(n) if (min..=max).contains(&n) => n,
            Ok(_) => {
                let (min_words, max_words) = (grouped(min), grouped(max));
                let message = match self.lang {
                    Lang::Zh => format!("应在 {min_words} 到 {max_words} 之间"),
                    Lang::En => format!("Must be between {min_words} and {max_words}"),
                };
                self.refuse_with(field, message);
                min
            }
            Err(_) => {
                self.refuse(field, "请填写整数", "Enter a whole number");
                min
            }
        }
    }

    /// An amount typed in yuan, not negative.
    pub fn yuan(&mut self, field: &str) -> Fen {
        match Fen::parse_yuan(self.data.get(field)) {
            Ok(f) if f >= Fen::ZERO => f,
            Ok(_) => {
                self.refuse(field, "金额不能为负", "The amount cannot be negative");
                Fen::ZERO
            }
            Err(kernel::MoneyError::TooFine(_)) => {
                self.refuse(field, "金额最多两位小数（到分）", "At most two decimals (fen)");
                Fen::ZERO
            }
            Err(_) => {
                self.refuse(
                    field,
                    "请以元填写金额，如 120000 或 120,000.00",
                    "Enter an amount in yuan, such as 120000 or 120,000.00",
                );
                Fen::ZERO
            }
        }
    }

    /// A date `yyyy-mm-dd`.
    pub fn date(&mut self, field: &str) -> Option<Date> {
        let text = self.data.get(field);
        match text.parse::<Date>() {
            Ok(d) => Some(d),
            Err(_) if is_written_as_a_date(text) => {
                let message = match self.lang {
                    Lang::Zh => format!("没有 {text} 这一天"),
                    Lang::En => format!("There is no {text} in the calendar"),
                };
                self.refuse_with(field, message);
                None
            }
            Err(_) => {
                self.refuse(field, "请按 年-月-日 填写，如 2019-06-30", "Enter year-month-day, such as 2019-06-30");
                None
            }
        }
    }

    /// A date that may be left out.
    pub fn optional_date(&mut self, field: &str) -> Option<Date> {
        if self.data.get(field).is_empty() { None } else { self.date(field) }
    }

    /// A credit code with its check digits.
    pub fn uscc(&mut self, field: &str) -> Option<Uscc> {
        match Uscc::try_new(self.data.get(field)) {
            Ok(u) => Some(u),
            Err(e) => {
                self.refuse_with(field, e.message(self.lang));
                None
            }
        }
    }

    /// A consent that must be given.
    pub fn consent(&mut self, field: &str) {
        if self.data.get(field) != "1" {
            self.refuse(field, "请勾选确认", "Tick to confirm");
        }
    }

    /// A file that must be chosen.
    pub fn file(&mut self, field: &str) -> Option<&'a Upload> {
        let upload = self.data.upload(field);
        if upload.is_none() {
            self.refuse(field, "请选择文件", "Choose a file");
        }
        upload
    }
}

/// Digits where a date has them, such as `2010-02-30`.
fn is_written_as_a_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
}
