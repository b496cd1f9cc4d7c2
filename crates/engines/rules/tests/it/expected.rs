//! Every programme directory carries expected decisions, and they hold; so do its batches.

use std::path::{Path, PathBuf};

use rules::{Outcome, expected, load_dir, replay_with};

fn programmes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../programmes")
}

#[test]
fn every_programme_decides_as_expected_and_every_decision_replays() {
    let loaded = load_dir(&programmes()).unwrap_or_else(|e| panic!("{e}"));
    assert!(loaded.len() >= 2);
    for l in &loaded {
        let id = &l.programme.id;
        let text = std::fs::read_to_string(programmes().join(id).join("expected.toml")).expect("expected.toml");
        let file = expected::parse(&text).unwrap_or_else(|e| panic!("{id}: {e}"));
        let (decisions, errors) = expected::run(&l.programme, &file);
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(errors.is_empty(), "{id}:\n{}", errors.join("\n"));
        assert!(decisions.len() >= 20, "{id} has {} cases", decisions.len());
        for decision in &decisions {
            replay_with(&l.programme, &decision.canonical_bytes()).unwrap_or_else(|e| panic!("{id}: {e}"));
            assert_eq!(decision.eligible, decision.outcome() == Outcome::Granted);
            assert_eq!(decision.eligible, decision.amount_fen.is_some());
        }
    }
}

/// A condition that no case refuses is a condition that nobody tried.
#[test]
fn every_condition_of_every_rule_is_refused_by_some_case() {
    for l in load_dir(&programmes()).expect("programmes load") {
        let text = std::fs::read_to_string(programmes().join(&l.programme.id).join("expected.toml")).expect("cases");
        let (decisions, _) = expected::run(&l.programme, &expected::parse(&text).expect("cases"));
        for instrument in &l.programme.instruments {
            for act in [rules::Act::Award, rules::Act::Settlement] {
                for condition in instrument.rule(act).map_or(&[][..], |r| &r.conditions) {
                    // The same question asked of several instruments is tried once.
                    let tried = decisions.iter().any(|d| d.failures().any(|r| r.condition == condition.id));
                    assert!(tried, "{}: no case is refused by {:?}", l.programme.id, condition.id);
                }
            }
        }
    }
}

#[test]
fn bundled_programmes_are_the_files() {
    for l in load_dir(&programmes()).expect("programmes load") {
        assert_eq!(crate::text(&l.programme.id), l.text);
    }
}

#[test]
fn the_demonstrations_batches_stay_within_the_programme() {
    let text = std::fs::read_to_string(programmes().join("tianjin-2018/batches.toml")).expect("batches.toml");
    let p = crate::programme("tianjin-2018");
    let batches = rules::parse_batches(&p, &text).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(batches[0].districts.len(), 16);
    let broken = text.replacen("rate_bp = 3000", "rate_bp = 10000", 1);
    let error = rules::parse_batches(&p, &broken).expect_err("all of the price");
    assert_eq!(error.to_string(), "batch \"2018-1\": rate_bp must be a whole number from 1 to 9999");
    let broken = text.replacen("quota_fen = 10_000_000", "quota_fen = 99_000_000_000", 1);
    assert!(rules::parse_batches(&p, &broken).expect_err("over the total").to_string().contains("more than the total"));
}

#[test]
fn a_directory_with_another_name_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(dir.path().join("other")).expect("a directory");
    std::fs::write(dir.path().join("other/programme.toml"), crate::text("tianjin-2018")).expect("written");
    assert!(matches!(load_dir(dir.path()), Err(rules::LoadError::Name { id, .. }) if id == "tianjin-2018"));
}
