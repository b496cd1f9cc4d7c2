//! The estimate's questions: what the rules of the programmes read, and no more. Reading them back as facts.

use std::sync::Arc;

use kernel::{EvidenceLevel, Fen, Lang, SizeClass, Text};
use rules::{Act, Decision, Fact, FactKind, Overrides, Programme, ReasonKind, standard_fact};
use serde_json::{Map, Value, json};
use web::{Check, Field, Form};

use crate::facts::derive;

/// Answers to "which industry" that stands for all divisions outside manufacturing.
const OTHER_INDUSTRY: &str = "other";

/// Facts that follow from others, and what is asked in their place.
fn asked_instead(name: &str) -> Option<&'static [&'static str]> {
    match name {
        "size" => Some(&["staff", "revenue_fen"]),
        "is_manufacturer" => Some(&["industry"]),
        "above_designated_size" => Some(&["industry", "revenue_fen"]),
        // Known from who signs in, or no matter for an estimate.
        "uscc" => Some(&[]),
        _ => None,
    }
}

/// What the instruments of these programmes read, each once: first what every firm has, then what a project has.
pub fn questions(programmes: &[Arc<Programme>]) -> Vec<Fact> {
    let mut found: Vec<Fact> = Vec::new();
    let mut add = |fact: Fact| {
        if !found.iter().any(|f| f.name == fact.name) {
            found.push(fact);
        }
    };
    // Quotas of a batch are by district, so it is always asked.
    standard_fact("district").cloned().into_iter().for_each(&mut add);
    for programme in programmes {
        for instrument in &programme.instruments {
            for fact in programme.facts_read(instrument, Act::Award).0 {
                match asked_instead(&fact.name) {
                    Some(others) => others.iter().filter_map(|n| standard_fact(n).cloned()).for_each(&mut add),
                    None => add(fact),
                }
            }
        }
    }
    let place = |f: &Fact| rules::standard_facts().iter().position(|s| s.name == f.name).unwrap_or(usize::MAX);
    found.sort_by_key(place);
    found
}

/// The answer in terms of the form: where a fact that is worked out from others is missing, the fields to fill in.
pub fn restated(decision: &Decision, stated: &Map<String, Value>) -> Decision {
    let mut restated = decision.clone();
    let mut said: Vec<Text> = Vec::new();
    restated.reasons.retain_mut(|reason| {
        if reason.kind != ReasonKind::Missing {
            return true;
        }
        let asked = asked_instead(&reason.condition).unwrap_or_default();
        let missing: Vec<&Fact> =
            asked.iter().filter(|name| !stated.contains_key(**name)).filter_map(|name| standard_fact(name)).collect();
        if missing.is_empty() {
            return true;
        }
        let names = |lang| missing.iter().map(|f| f.label.get(lang)).collect::<Vec<_>>();
        reason.text = Text::new(
            format!("缺少“{}”，请补充后再试。", names(Lang::Zh).join("”“")),
            format!("Not stated: {}; fill it in and ask again", names(Lang::En).join(", ")),
        );
        // Two conditions may wait for the same field.
        let first = !said.contains(&reason.text);
        said.push(reason.text.clone());
        first
    });
    restated
}

/// The field that asks for a fact.
pub fn field(f: &Form, fact: &Fact, lang: Lang) -> Field {
    let label = &super::capitalised(fact.label.get(lang));
    let name = fact.name.as_str();
    let pair = |value: &str, zh: &str, en: &str| (value.to_owned(), lang.t(zh, en).to_owned());
    let field = match fact.kind {
        FactKind::Bool => f.radios(name, vec![pair("true", "是", "yes"), pair("false", "否", "no")]),
        FactKind::Fen => f.input(name).unit(lang.t("元", "yuan")),
        FactKind::RateBp => f.input(name).unit("%"),
        FactKind::Count => f.input(name).short(),
        FactKind::Date => f.date(name),
        FactKind::District => {
            f.select(name, kernel::DISTRICTS.iter().map(|d| (d.code.to_owned(), d.name(lang).to_owned())).collect())
        }
        FactKind::Industry => {
            let mut options: Vec<_> = kernel::INDUSTRIES
                .iter()
                .map(|i| (i.code.to_owned(), format!("{} {}", i.code, i.name(lang))))
                .collect();
            options.push(pair(OTHER_INDUSTRY, "其他（非制造业）", "other (not manufacturing)"));
            f.select(name, options)
        }
        FactKind::Size => {
            let options = SizeClass::ALL.iter().map(|s| (s.code().to_owned(), s.label(lang).to_owned()));
            f.select(name, options.collect())
        }
        FactKind::Evidence => {
            let options = EvidenceLevel::ALL.iter().map(|l| (l.code().to_owned(), l.label(lang).to_owned()));
            f.select(name, options.collect())
        }
        FactKind::Text => f.input(name),
        FactKind::Uscc => f.input(name).code(),
    };
    field.label(label)
}

/// What the form begins with for facts that are known.
pub fn prefill(mut f: Form, questions: &[Fact], facts: &Map<String, Value>) -> Form {
    for fact in questions {
        let Some(value) = facts.get(&fact.name) else { continue };
        let text = match (fact.kind, value) {
            (FactKind::Fen, v) => v.as_i64().map_or(String::new(), |n| Fen(n).yuan()),
            (FactKind::RateBp, v) => v.as_i64().map_or(String::new(), percent),
            (FactKind::Industry, Value::String(code)) if kernel::industry(code).is_none() => OTHER_INDUSTRY.to_owned(),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        f = f.with(&fact.name, text);
    }
    f
}

/// Basis points as per cent: 1550 → `15.50`, 1500 → `15`.
fn percent(bp: i64) -> String {
    Fen(bp).yuan().trim_end_matches(".00").to_owned()
}

/// Reads the answers. What is left empty is not stated; what cannot be read is an error on its field.
pub fn read(check: &mut Check<'_>, typed: impl Fn(&str) -> String, questions: &[Fact]) -> Map<String, Value> {
    let mut facts = Map::new();
    let mut is_other_industry = false;
    for fact in questions {
        let name = fact.name.as_str();
        let text = typed(name);
        if text.is_empty() {
            continue;
        }
        let value = match fact.kind {
            FactKind::Bool => json!(check.one_of(name, &["true", "false"]) == "true"),
            FactKind::Fen => json!(check.yuan(name).0),
            FactKind::Count => json!(check.int(name, 0, 1_000_000_000)),
            FactKind::RateBp => json!(check.yuan(name).0),
            FactKind::Date => json!(check.date(name).map(|d| d.to_string())),
            FactKind::Industry if text == OTHER_INDUSTRY => {
                is_other_industry = true;
                continue;
            }
            _ => json!(text),
        };
        // A kind's own reader has the last word, with its words for what it should be.
        match fact.kind.read(&value) {
            Ok(_) => {
                facts.insert(name.to_owned(), value);
            }
            Err(form) if check.is_ok() => {
                check.refuse(name, &format!("应为{}", form.zh), &format!("It should be {}", form.en))
            }
            Err(_) => {}
        }
    }
    let mut facts = derive(facts, false);
    // Whether it is a provider, or dishonest, is asked where it matters; silence is not an answer then.
    for name in ["dishonest", "is_provider"] {
        if questions.iter().any(|f| f.name == name) && typed(name).is_empty() {
            facts.remove(name);
        }
    }
    if is_other_industry {
        facts.insert("is_manufacturer".into(), json!(false));
        facts.insert("above_designated_size".into(), json!(false));
    }
    facts
}

/// Numbers that an officer may suppose otherwise: the dated values of the programmes, by name and words.
pub fn supposable(programmes: &[Arc<Programme>], lang: Lang) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    for programme in programmes {
        for value in &programme.values {
            if !out.iter().any(|(name, _)| *name == value.name) {
                out.push((value.name.clone(), lang.aside(value.title.get(lang), programme.title.get(lang))));
            }
        }
    }
    out
}

/// Reads what is supposed: a name and a number in the unit that a person types (per cent, yuan, or a plain number).
pub fn read_supposed(check: &mut Check<'_>, name: &str, text: &str) -> Overrides {
    if name.is_empty() || text.is_empty() {
        return Overrides::new();
    }
    let value = match name.rsplit('_').next() {
        // Per cent and yuan both have a hundredth as their stored unit.
        Some("bp" | "fen") => check.yuan("suppose_value").0,
        _ => check.int("suppose_value", 0, i64::MAX),
    };
    Overrides::from([(name.to_owned(), value)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use web::FormData;

    fn programmes() -> Vec<Arc<Programme>> {
        rules::bundled().iter().map(|(_, text)| Arc::new(Programme::parse(text).unwrap())).collect()
    }

    fn answers(pairs: &[(&str, &str)]) -> FormData {
        FormData::of(pairs.iter().map(|(n, v)| ((*n).to_owned(), vec![(*v).to_owned()])).collect::<HashMap<_, _>>())
    }

    #[test]
    fn only_what_cannot_be_derived_is_asked() {
        let names: Vec<String> = questions(&programmes()).into_iter().map(|f| f.name).collect();
        for name in ["district", "industry", "staff", "revenue_fen", "actual_investment_fen"] {
            assert!(names.iter().any(|n| n == name), "{name} is asked: {names:?}");
        }
        for name in ["size", "is_manufacturer", "uscc", "batch_remaining_fen"] {
            assert!(!names.iter().any(|n| n == name), "{name} is not asked: {names:?}");
        }
    }

    #[test]
    fn answers_become_facts_and_what_is_wrong_stays_on_its_field() {
        let questions = questions(&programmes());
        let data =
            answers(&[("industry", "other"), ("staff", "12"), ("revenue_fen", "3,000,000"), ("is_provider", "false")]);
        let mut check = data.check(Lang::Zh);
        let facts = read(&mut check, |n| data.get(n).to_owned(), &questions);
        assert!(check.is_ok());
        assert_eq!(facts["revenue_fen"], 300_000_000);
        assert_eq!(facts["size"], "micro");
        assert_eq!(facts["is_manufacturer"], false);
        assert!(!facts.contains_key("dishonest"), "it was not answered");
        let data = answers(&[("staff", "many"), ("established_on", "soon"), ("district", "999999")]);
        let mut check = data.check(Lang::Zh);
        read(&mut check, |n| data.get(n).to_owned(), &questions);
        let fields: Vec<String> = check.errors().into_iter().map(|e| e.field).collect();
        assert!(fields.contains(&"staff".to_owned()) && fields.contains(&"district".to_owned()), "{fields:?}");
    }
}
