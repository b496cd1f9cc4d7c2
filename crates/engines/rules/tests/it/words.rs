//! Expressions in the reader's words.

use kernel::Lang::{En, Zh};
use rules::{Programme, in_words};

fn programme(id: &str) -> Programme {
    let text = rules::bundled().iter().find(|(name, _)| *name == id).unwrap().1;
    Programme::parse(text).unwrap()
}

#[test]
fn names_become_titles_and_functions_become_signs() {
    let p = programme("tianjin-2018");
    let none = |_: &str| None;
    let base = |name: &str| (name == "base_fen").then(|| "基数".to_owned());
    let rate = p.values.iter().find(|v| v.name == "migration_rate_bp").unwrap().title.zh.clone();
    assert_eq!(in_words(&p, "at_rate(base_fen, migration_rate_bp)", Zh, base), format!("基数 × {rate}"));
    let invested = &p.fact("actual_investment_fen").unwrap().label;
    assert_eq!(in_words(&p, "actual_investment_fen", En, none), invested.en);
    assert_eq!(in_words(&p, "max(0, min(a, b))", Zh, none), "取最小：a、b，不低于零");
    assert_eq!(in_words(&p, "max(0, min(a, b))", En, none), "the least of a, b, not below zero");
    assert_eq!(in_words(&p, "at_rate(a - b, 10000 - c_bp)", En, none), "(a − b) × (100% − c_bp)");
    assert_eq!(in_words(&p, "size == \"micro\" ? a : b", En, none), "size class = micro: a; otherwise b");
}

/// Every formula of the programmes that ship reads in words: no name of ours is left in it.
#[test]
fn no_internal_name_reaches_a_reader() {
    for id in ["tianjin-2018", "present-2026"] {
        let p = programme(id);
        for instrument in &p.instruments {
            for rule in [Some(&instrument.award), instrument.settlement.as_ref()].into_iter().flatten() {
                let steps = || rule.steps.iter().chain(&rule.caps);
                for c in steps() {
                    for lang in [Zh, En] {
                        let named = |n: &str| steps().find(|s| s.name == n).map(|s| s.title.get(lang).to_owned());
                        let words = in_words(&p, c.expression.source(), lang, named);
                        assert!(!words.contains('_') && !words.contains('.'), "{id} {}: {words}", c.name);
                    }
                }
            }
        }
    }
}

#[test]
fn any_text_is_read_without_panic() {
    let p = programme("tianjin-2018");
    for text in ["", "(", ")", "((((", "a(", "a(b", "a(b,", "\"", "\"a", "，。", "a ? b", "1 + * 2", &"(".repeat(5_000)]
    {
        in_words(&p, text, Zh, |_| None);
    }
}
