//! The action plan is encoded in full, and what a reader is told has its clause.

use jiff::civil::date;
use rules::{Act, DayCount, Overrides, Part, StepKind, decide, forecast};
use serde_json::json;

#[test]
fn the_plan_is_there_in_full() {
    let p = crate::programme("tianjin-2018");
    let parts = |part| p.sections.iter().filter(|s| s.part == part).count();
    assert_eq!((parts(Part::Principle), parts(Part::Action), parts(Part::Safeguard)), (4, 8, 4));
    assert_eq!(p.phases.len(), 4);
    let covered: Vec<&String> = p.coverage.iter().flat_map(|c| &c.sub_items).collect();
    assert_eq!(covered, kernel::SUB_ITEMS.iter().map(|s| s.code).collect::<Vec<_>>());
    let goals: Vec<(&str, i64)> = p.targets.iter().map(|t| (t.code.as_str(), t.goal())).collect();
    let plan = [
        ("enterprises-on-cloud", 2000),
        ("platforms-cross-industry", 1),
        ("platforms-industry-region", 3),
        ("providers", 30),
        ("experience-centres", 5),
        ("benchmark-cases", 100),
        ("comprehensive-providers", 3),
        ("training-batches", 50),
        ("enterprises-trained", 5001),
        ("benchmark-enterprises", 100),
    ];
    assert_eq!(goals, plan);
    assert!(!p.targets[8].is_met(5000) && p.targets[8].is_met(5001));
    assert_eq!(p.shares.len(), 3);
    // Every section of the published text has its clause, and a clause that nothing uses does not parse.
    let of_plan = p.clauses.iter().filter(|c| c.source == "plan");
    let locators = [
        "一",
        "二",
        "三（一）",
        "三（二）1",
        "三（二）2",
        "三（二）3",
        "三（二）4",
        "四（一）",
        "四（二）",
        "四（三）",
        "四（四）",
        "四（五）",
        "四（六）",
        "四（七）",
        "四（八）",
        "五",
        "五（一）",
        "五（二）",
        "五（三）",
        "五（四）",
        "六（一）",
        "六（二）",
        "六（三）",
        "六（四）",
    ];
    assert_eq!(of_plan.map(|c| c.locator.zh.as_str()).collect::<Vec<_>>(), locators);
}

#[test]
fn every_text_has_both_languages() {
    for (id, text) in rules::bundled() {
        for (at, line) in text.lines().enumerate() {
            let (zh, en) = (line.contains("zh = \"\""), line.contains("en = \"\""));
            assert!(!zh && !en, "{id}, line {}: an empty text", at + 1);
        }
    }
}

#[test]
fn the_trace_names_rate_base_cap_and_clause() {
    let p = crate::programme("tianjin-2018");
    let inputs = json!({
        "registered_in_city": true, "is_manufacturer": true, "is_provider": false, "dishonest": false,
        "other_grant": false, "months_on_cloud": 4, "actual_investment_fen": 400_000_000, "staff": 80,
    });
    let d = decide(&p, "migration-demonstration", &inputs, date(2019, 3, 1));
    assert_eq!(d.amount_fen, Some(50_000_000));
    let trace: Vec<(StepKind, &str, String, &str)> =
        d.steps.iter().map(|s| (s.kind, s.name.as_str(), s.shown(), s.clause.as_str())).collect();
    let expected = [
        (StepKind::Value, "migration_ceiling_fen", "¥500,000.00", "6.2"),
        (StepKind::Value, "migration_rate_bp", "20%", "6.2"),
        (StepKind::Step, "base_fen", "¥4,000,000.00", "6.2"),
        (StepKind::Step, "share_fen", "¥800,000.00", "6.2"),
        (StepKind::Cap, "ceiling_fen", "¥500,000.00", "6.2"),
        (StepKind::Result, "amount_fen", "¥500,000.00", "6.2"),
    ];
    assert_eq!(trace, expected.map(|(k, n, v, c)| (k, n, v.to_owned(), c)));
    assert_eq!(d.binding().map(|s| s.name.as_str()), Some("ceiling_fen"));
    assert!(d.inputs.get("staff").is_none(), "a fact that no rule reads is not kept");
    assert_eq!(p.clause("6.2").map(|c| c.locator.zh.as_str()), Some("六（二）"));
}

#[test]
fn a_form_can_ask_for_what_the_rule_reads() {
    let p = crate::programme("tianjin-2018");
    let voucher = p.instrument("cloud-voucher").expect("there");
    let (needed, optional) = p.facts_read(voucher, Act::Award);
    let names = |facts: &[rules::Fact]| facts.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&needed), ["dishonest", "is_manufacturer", "is_provider", "registered_in_city"]);
    assert_eq!(names(&optional), ["batch_remaining_fen", "district_remaining_fen", "enterprise_year_remaining_fen"]);
}

#[test]
fn a_forecast_says_what_was_supposed() {
    let p = crate::programme("tianjin-2018");
    let supposed = Overrides::from([("migration_rate".to_owned(), 1500)]);
    let d = forecast(&p, Act::Award, "migration-demonstration", &json!({}), date(2019, 3, 1), &supposed);
    assert!(d.is_forecast());
    assert!(d.failures().any(|r| r.condition == "migration_rate"), "a mistyped name is refused, not ignored");
}

#[test]
fn notice_and_values_follow_their_dates() {
    let mut p = crate::programme("tianjin-2018");
    let calendar = rules::calendar::parse(rules::bundled_calendar()).expect("calendar").calendar;
    assert_eq!(p.notice.last_day(date(2018, 9, 28), &calendar), date(2018, 10, 5));
    p.notice.count = DayCount::Working;
    // 29 and 30 September are worked, the first week of October is off.
    assert_eq!(p.notice.last_day(date(2018, 9, 28), &calendar), date(2018, 10, 12));
    assert!(p.value_at("migration_rate_bp", date(2018, 8, 31)).is_none());
    assert_eq!(p.value_at("migration_rate_bp", date(2018, 9, 1)).map(|v| v.value), Some(2000));
}
