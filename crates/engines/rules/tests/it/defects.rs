//! A broken programme is refused with the place and what to do. Method: break the one that ships, one thing at a time.

use rules::{Defect, Expression, ExpressionError, Programme, ProgrammeError, Scope};

/// The shipped text with one thing replaced; the replacement must have happened.
fn broken(from: &str, to: &str) -> ProgrammeError {
    let text = crate::text("tianjin-2018");
    let changed = text.replacen(from, to, 1);
    assert_ne!(changed, text, "{from:?} is not in the programme");
    Programme::parse(&changed).expect_err("broken")
}

fn defects(from: &str, to: &str) -> Vec<Defect> {
    match broken(from, to) {
        ProgrammeError::Defects(defects) => defects,
        other => panic!("{other}"),
    }
}

fn toml_error(from: &str, to: &str) -> (usize, String) {
    match broken(from, to) {
        ProgrammeError::Toml { line, message, .. } => (line, message),
        other => panic!("{other}"),
    }
}

fn line_of(needle: &str) -> usize {
    crate::text("tianjin-2018").lines().position(|l| l.contains(needle)).expect("in the text") + 1
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let (line, message) = toml_error("pays_from = \"L3\"", "pays_form = \"L3\"");
    assert_eq!(line, line_of("pays_from = \"L3\""));
    assert!(message.contains("unknown field `pays_form`") && message.contains("pays_from"), "{message}");
}

#[test]
fn a_wrong_kind_of_value_is_refused_with_its_line() {
    let (line, message) = toml_error("value = 50_000_000", "value = \"50万\"");
    assert_eq!(line, line_of("value = 50_000_000"));
    assert!(message.contains("expected i64"), "{message}");
    assert!(toml_error("from = \"2018-09-01\"", "from = \"2018-09-31\"").1.contains("day"));
    assert!(toml_error("kind = \"voucher\"", "kind = \"lottery\"").1.contains("lottery"));
    assert!(toml_error("stage = \"approval\"", "stage = \"coin-toss\"").1.contains("coin-toss"));
    assert!(toml_error("[period]", "[period").0 > 0);
}

#[test]
fn a_bad_expression_is_refused_with_its_line() {
    let (line, message) = toml_error("when = \"!dishonest\"", "when = \"!dishonest &&\"");
    assert_eq!(line, line_of("when = \"!dishonest\""));
    assert!(message.contains("is not a CEL expression"), "{message}");
}

#[test]
fn expressions_stay_small() {
    let refused = |text: &str| Expression::compile(text).expect_err(text);
    let forbidden = ["0.2 * staff", "[1, 2].exists(x, x > 1)", "has(batch.rate_bp)", "{\"a\": 1}", "a.b.c", "1u"];
    for text in forbidden {
        assert!(matches!(refused(text), ExpressionError::Forbidden { .. }), "{text}: {}", refused(text));
    }
    for text in ["round(staff)", "district.startsWith(\"12\")", "size(district)"] {
        assert!(matches!(refused(text), ExpressionError::UnknownFunction { .. }), "{text}: {}", refused(text));
    }
    assert!(matches!(refused(&"1 ".repeat(301)), ExpressionError::TooLong { found: 602 }));
    // Deep texts are refused before the parser descends; at the limit it still has stack enough.
    for text in ["(", "[", "-", "!", "1?", "1+", "a.", "[("] {
        assert!(matches!(refused(&text.repeat(100)), ExpressionError::TooDeep { .. }), "{text}");
    }
    let deepest = format!("{}1{}", "(".repeat(24), ")".repeat(24));
    let deepest = Expression::compile(&deepest).expect("24 brackets");
    assert_eq!(deepest.number(&Scope::new()), Ok(1));
    let longest = Expression::compile(&format!("1{}", "+1".repeat(16))).expect("16 operations");
    assert_eq!(longest.number(&Scope::new()), Ok(17));
    for text in ["+1".repeat(64), "+1".repeat(17)].map(|tail| format!("1{tail}")) {
        assert!(matches!(refused(&text), ExpressionError::TooNested(_)), "{text}");
    }
    let unclosed = ["(".repeat(24), "[".repeat(24), "-".repeat(64), "!".repeat(64), "1?".repeat(64), "([".repeat(12)];
    for text in unclosed {
        assert!(matches!(refused(&text), ExpressionError::Syntax { .. }), "{text}");
    }
    assert!(matches!(refused(""), ExpressionError::Syntax { .. }));
}

#[test]
fn names_must_be_given_by_something() {
    let found = defects("when = \"!dishonest\"", "when = \"!dishonset\"");
    assert!(
        matches!(&found[..], [Defect::UnknownName { name, place }] if name == "dishonset" && place.contains("honest"))
    );
    let found = defects("expression = \"batch.face_value_fen\"", "expression = \"batch.face_fen\"");
    assert!(matches!(&found[..], [Defect::UnknownName { name, .. }] if name == "batch.face_fen"), "{found:?}");
    let found = defects("name = \"face_fen\"", "name = \"staff\"");
    assert!(found.iter().any(|d| matches!(d, Defect::NameWithoutUnit { .. })), "{found:?}");
    assert!(found.iter().any(|d| matches!(d, Defect::NameTaken { .. })), "{found:?}");
}

#[test]
fn an_expression_must_give_what_is_asked() {
    let found = defects("when = \"!dishonest\"", "when = \"staff\"");
    assert!(found[0].to_string().contains("must give true or false"), "{}", found[0]);
    let found = defects("expression = \"batch.face_value_fen\"", "expression = \"dishonest\"");
    assert!(found[0].to_string().contains("must give a whole number"), "{}", found[0]);
    let found = defects("expression = \"batch.face_value_fen\"", "expression = \"district + 1\"");
    assert!(found[0].to_string().contains("cannot be evaluated"), "{}", found[0]);
}

#[test]
fn clauses_and_sources_must_be_declared_and_used() {
    let found = defects("metered_months = 3\nclause = \"practice.evidence\"", "metered_months = 3\nclause = \"9.9\"");
    assert_eq!(found, [Defect::UnknownClause { place: "evidence".into(), clause: "9.9".into() }]);
    assert!(defects("id = \"6.4\"", "id = \"6.5\"").contains(&Defect::UnusedClause("6.5".into())));
    assert!(matches!(defects("source = \"parent\"", "source = \"rumour\"")[..], [Defect::UnknownSource { .. }]));
    let twice = defects("id = \"publicity\"", "id = \"pilots\"");
    assert_eq!(twice, [Defect::Duplicate { what: "phase", id: "pilots".into() }]);
}

#[test]
fn dates_figures_routes_and_taxonomy_are_checked() {
    assert!(matches!(defects("until = \"2018-12-31\"", "until = \"2018-08-31\"")[..], [Defect::Dates { .. }]));
    assert!(matches!(defects("until = \"2019-06-30\"", "until = \"2029-06-30\"")[..], [Defect::Dates { .. }]));
    assert!(matches!(defects("exceeds = 5000", "exceeds = 5000\nminimum = 1")[..], [Defect::TargetFigures(_)]));
    assert!(matches!(defects("maximum = 2\n", "maximum = 0\n")[..], [Defect::TargetFigures(_)]));
    assert!(matches!(defects("route = \"project\"", "route = \"none\"")[..], [Defect::UnknownRoute { .. }]));
    assert!(matches!(defects("approvers = 3", "approvers = 0")[..], [Defect::RouteStages(_)]));
    let found = defects("\"platform/iot\"", "\"business/operations\"");
    assert!(matches!(&found[..], [Defect::UnknownTaxonomy { code, .. }] if code == "business/operations"));
    assert!(matches!(
        defects("minimum = 1\nmaximum = 852", "minimum = 853\nmaximum = 852")[..],
        [Defect::Bounds { .. }]
    ));
}

#[test]
fn two_values_cannot_hold_on_one_day() {
    let entry = "[[value]]\nname = \"migration_rate_bp\"\ntitle = { zh = \"x\", en = \"x\" }\nfrom = \"2018-09-01\"\n";
    let twice = format!("{entry}value = 1500\nclause = \"6.2\"\n[[value]]\nname = \"migration_rate_bp\"");
    let found = defects("[[value]]\nname = \"migration_rate_bp\"", &twice);
    assert!(matches!(&found[..], [Defect::ValueOverlap { name, .. }] if name == "migration_rate_bp"), "{found:?}");
    // An earlier one that has ended is no overlap, whatever the order in the file.
    let text = crate::text("tianjin-2018");
    let earlier = "title = { zh = \"x\", en = \"x\" }\nfrom = \"2018-01-01\"\nuntil = \"2018-08-31\"\nvalue = 1\nclause = \"6.2\"\n";
    let ended = text.replacen(
        "[[value]]\nname = \"migration_rate_bp\"",
        &format!("[[value]]\nname = \"migration_rate_bp\"\n{earlier}[[value]]\nname = \"migration_rate_bp\""),
        1,
    );
    Programme::parse(&ended).unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn a_settlement_never_skips_a_limit() {
    let from = "expression = \"voucher_remaining_fen\"\n";
    let found = defects(from, &format!("{from}optional = true\n"));
    assert!(matches!(&found[..], [Defect::Rule { place, .. }] if place.contains("settlement")), "{found:?}");
}

#[test]
fn all_defects_are_said_at_once() {
    let text = crate::text("tianjin-2018")
        .replace("clause = \"6.2\"", "clause = \"6.9\"")
        .replace("approvers = 3", "approvers = 0");
    match Programme::parse(&text).expect_err("broken") {
        ProgrammeError::Defects(d) => assert!(d.len() > 10, "{}", d.len()),
        other => panic!("{other}"),
    }
}

#[test]
fn a_programme_can_be_shared_between_threads() {
    fn is_shareable<T: Send + Sync + 'static>() {}
    is_shareable::<Programme>();
}
