//! An expression in the reader's words: names become what they are called, functions what they do.
//!
//! For display only. What decides is the expression; the words are read off its text, so they cannot say anything else.

use kernel::Lang;

use crate::decision::{Step, StepKind};
use crate::programme::Programme;

/// How a step of a decision came about, in the reader's words.
pub fn step_in_words(programme: &Programme, steps: &[Step], step: &Step, lang: Lang) -> String {
    match step.kind {
        StepKind::Value => match step.expression.strip_prefix("from ") {
            Some(day) => lang.t("现行，自 ", "in force from ").to_owned() + day + lang.t(" 起", ""),
            None => lang.t("假设值", "supposed").to_owned(),
        },
        // `10 ≤ field ≤ 50` in the number's own unit.
        StepKind::Batch => {
            let bound = |text: &str| text.parse().map_or_else(|_| text.to_owned(), |n| step.shown_as(n));
            let parts: Vec<&str> = step.expression.split(" ≤ ").collect();
            match parts[..] {
                [low, _, high] => format!(
                    "{} {}–{}",
                    lang.t("批次可在此范围内确定：", "a batch may fix it within"),
                    bound(low),
                    bound(high)
                ),
                _ => step.expression.clone(),
            }
        }
        _ => in_words(programme, &step.expression, lang, |name| {
            steps.iter().find(|s| s.name == name).map(|s| s.title.get(lang).to_owned())
        }),
    }
}

/// An expression of a decision's step in words: `at_rate(base_fen, rate_bp)` becomes `支持基数 × 补助比例`.
/// `named` looks up what else has a title, such as the steps before. What is not understood is left as it stands.
pub fn in_words(programme: &Programme, expression: &str, lang: Lang, named: impl Fn(&str) -> Option<String>) -> String {
    let name_of = |name: &str| named(name).or_else(|| title(programme, name, lang));
    let mut reader =
        Reader { rest: expression, lang, of_rates: expression.contains("_bp"), name_of: &name_of, depth: 0 };
    let words = reader.terms(&[]);
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace(" :", ":").replace(" ;", ";").replace(" ；", "；")
}

fn title(programme: &Programme, name: &str, lang: Lang) -> Option<String> {
    if let Some(fact) = programme.fact(name) {
        return Some(crate::facts::shown_label(fact).get(lang).to_owned());
    }
    if let Some(value) = programme.values.iter().find(|v| v.name == name) {
        return Some(value.title.get(lang).to_owned());
    }
    let field = name.strip_prefix("batch.");
    if let Some(bound) = field.and_then(|f| programme.instruments.iter().find_map(|i| i.batch_field(f))) {
        return Some(bound.title.get(lang).to_owned());
    }
    let words = match name {
        "as_of" => lang.t("决定之日", "the day of the decision"),
        "evidence.counts_from" => lang.t("计数所需证据等级", "the level that counts"),
        "evidence.pays_from" => lang.t("付款所需证据等级", "the level that pays"),
        "evidence.metered_months" => lang.t("付款所需计量月数", "the metered months that pay"),
        _ => return None,
    };
    Some(words.to_owned())
}

struct Reader<'a> {
    rest: &'a str,
    lang: Lang,
    /// 10,000 beside basis points is the whole.
    of_rates: bool,
    name_of: &'a dyn Fn(&str) -> Option<String>,
    depth: usize,
}

impl Reader<'_> {
    /// Words up to, and without, one of `ends`.
    fn terms(&mut self, ends: &[char]) -> String {
        let mut out = String::new();
        while let Some(c) = self.rest.chars().next() {
            if ends.contains(&c) {
                break;
            }
            out.push_str(&self.term(c));
        }
        out.trim().to_owned()
    }

    fn take(&mut self, bytes: usize) -> &str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    fn term(&mut self, c: char) -> String {
        let lang = self.lang;
        const OPERATORS: [(&str, &str, &str); 12] = [
            ("&&", " 且 ", " and "),
            ("||", " 或 ", " or "),
            ("==", " = ", " = "),
            ("!=", " ≠ ", " ≠ "),
            (">=", " ≥ ", " ≥ "),
            ("<=", " ≤ ", " ≤ "),
            ("!", "非 ", "not "),
            ("?", " 时为 ", ": "),
            (":", "；否则 ", "; otherwise "),
            ("-", " − ", " − "),
            ("*", " × ", " × "),
            ("/", " ÷ ", " ÷ "),
        ];
        if let Some((sign, zh, en)) = OPERATORS.iter().find(|(sign, ..)| self.rest.starts_with(sign)) {
            self.take(sign.len());
            return lang.t(zh, en).to_owned();
        }
        match c {
            'a'..='z' | 'A'..='Z' | '_' => self.name(),
            '0'..='9' => {
                let length = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
                let of_rates = self.of_rates;
                match self.take(length) {
                    "10000" if of_rates => "100%".to_owned(),
                    number => number.to_owned(),
                }
            }
            '"' => {
                let length = self.rest[1..].find('"').map_or(self.rest.len(), |end| end + 2);
                let text = self.take(length).trim_matches('"').to_owned();
                match text.parse::<kernel::SizeClass>() {
                    Ok(size) => size.label(lang).to_owned(),
                    Err(_) => text,
                }
            }
            '(' if self.depth < crate::BRACKETS_MAX => {
                let inner = self.arguments().join(lang.t("，", ", "));
                format!("{}{inner}{}", lang.t("（", "("), lang.t("）", ")"))
            }
            other => self.take(other.len_utf8()).to_owned(),
        }
    }

    fn name(&mut self) -> String {
        let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let length = self.rest.find(|c: char| !in_name(c)).unwrap_or(self.rest.len());
        let name = self.take(length).to_owned();
        if self.rest.starts_with('(') && self.depth < crate::BRACKETS_MAX {
            let arguments = self.arguments();
            return self.call(&name, &arguments);
        }
        match (self.name_of)(&name) {
            Some(words) => words,
            None if name == "in" => self.lang.t(" 属于 ", " is one of ").to_owned(),
            None => name,
        }
    }

    /// The arguments in the brackets that stand next.
    fn arguments(&mut self) -> Vec<String> {
        self.take(1);
        self.depth += 1;
        let mut all = Vec::new();
        loop {
            all.push(self.terms(&[',', ')']));
            match self.rest.chars().next() {
                Some(',') => self.take(1),
                Some(_) => {
                    self.take(1);
                    break;
                }
                None => break,
            };
        }
        self.depth -= 1;
        all
    }

    fn call(&self, name: &str, arguments: &[String]) -> String {
        let lang = self.lang;
        let listed = arguments.join(lang.t("、", ", "));
        match (name, arguments) {
            ("at_rate", [base, rate]) => format!("{} × {}", grouped(lang, base), grouped(lang, rate)),
            ("least" | "min", [only]) => only.clone(),
            ("least" | "min", _) => lang.t("取最小：", "the least of ").to_owned() + &listed,
            ("max" | "greatest", [zero, other]) if zero == "0" => {
                format!("{other}{}", lang.t("，不低于零", ", not below zero"))
            }
            ("max" | "greatest", _) => lang.t("取最大：", "the greatest of ").to_owned() + &listed,
            ("months_between", [from, to]) => match lang {
                Lang::Zh => format!("{from}至{to}的月数"),
                Lang::En => format!("months from {from} to {to}"),
            },
            ("days_between", [from, to]) => match lang {
                Lang::Zh => format!("{from}至{to}的天数"),
                Lang::En => format!("days from {from} to {to}"),
            },
            _ => format!("{name}({listed})"),
        }
    }
}

/// A sum as a factor stands in brackets.
fn grouped(lang: Lang, words: &str) -> String {
    if words.contains(" − ") || words.contains(" + ") {
        return format!("{}{words}{}", lang.t("（", "("), lang.t("）", ")"));
    }
    words.to_owned()
}
