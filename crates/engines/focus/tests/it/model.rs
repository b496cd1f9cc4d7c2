//! The published model of 621 rules: it loads, every check function in it is ours, and it judges.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use focus::{Ended, Import, Importer, Options, Outcome, Profile, RuleModel};

use crate::common::*;

fn published() -> Option<RuleModel> {
    let text = std::fs::read_to_string(shared("focus/model-1.2.json")?).unwrap();
    Some(RuleModel::from_json(&text).unwrap())
}

fn judge(model: RuleModel, mut profile: Profile, bytes: &[u8]) -> Import {
    profile.supports = model.applicability_criteria.keys().cloned().collect();
    let options = Options { refuse_missing_columns: false, ..Options::default() };
    let importer = Importer::new(profile, options).with_model(model);
    match importer.import_bytes(bytes, None, &mut |_| ControlFlow::Continue(())).unwrap() {
        Ended::Done(import) => *import,
        Ended::Stopped(_) => panic!("nothing stopped it"),
    }
}

#[test]
fn all_its_rules_and_all_22_functions_are_read() {
    let Some(model) = published() else { return };
    assert_eq!((model.model_rules.len(), model.check_functions.len()), (621, 22));
    let mut used = BTreeSet::new();
    for rule in model.model_rules.values() {
        for check in [rule.requirement().unwrap(), rule.condition().unwrap()] {
            check.each(&mut |c| {
                used.insert(c.name());
            });
        }
    }
    let declared: BTreeSet<&str> = model.check_functions.keys().map(String::as_str).collect();
    assert_eq!(used, declared, "every declared function is used, and we read all of them");
}

#[test]
fn dynamic_rules_are_never_passed() {
    let (Some(model), Some(sample)) = (published(), shared("focus/focus_sample.csv")) else { return };
    let dynamic: Vec<String> =
        model.model_rules.iter().filter(|(_, r)| r.kind == "Dynamic").map(|(id, _)| id.clone()).collect();
    assert_eq!(dynamic.len(), 201);
    let import = judge(model, profile("focus-sample-2024"), &std::fs::read(sample).unwrap());
    for id in dynamic {
        assert!(matches!(import.report.outcomes[&id], Outcome::NotEvaluated { .. }), "{id}");
    }
    assert_eq!(import.report.outcomes.len(), 621);
}

#[test]
fn it_finds_in_the_sample_what_is_there() {
    let (Some(model), Some(sample)) = (published(), shared("focus/focus_sample.csv")) else { return };
    let import = judge(model, profile("focus-sample-2024"), &std::fs::read(sample).unwrap());
    let report = &import.report;
    let rows = |id: &str| match &report.outcomes[id] {
        Outcome::Failed { rows } => Some(*rows),
        Outcome::Passed => Some(0),
        _ => None,
    };
    assert_eq!(rows("ListCost-C-009-C"), Some(25));
    assert_eq!(rows("ChargePeriodStart-C-002-M"), Some(1_000), "no instant ends in Z");
    assert_eq!(rows("ChargePeriodStart-C-001-M"), Some(0));
    assert_eq!(rows("ChargeFrequency-C-003-M"), Some(0), "the profile reads Usage-based as Usage-Based");
    assert_eq!(rows("BillingAccountName-C-003-C"), Some(7), "Oracle's rows have no account name");
    assert_eq!(rows("ContractedCost-C-003-M"), Some(7));
    assert_eq!(rows("ConsumedQuantity-C-004-C"), Some(2));
    // These were counted outside this crate, by a second reading of the model in another language.
    let counted = [
        ("BilledCost-C-005-C", 615),
        ("CommitmentDiscountStatus-C-005-M", 4),
        ("ContractedUnitPrice-C-006-C", 5),
        ("ContractedUnitPrice-C-009-C", 1),
        ("ContractedUnitPrice-C-011-C", 17),
        ("ListUnitPrice-C-010-C", 25),
        ("PricingCategory-C-004-C", 5),
        ("RegionName-C-004-C", 7),
        ("RegionName-C-005-C", 2),
        ("ResourceType-C-004-C", 36),
        ("ResourceType-C-005-C", 752),
        ("ServiceName-C-005-C", 1),
        ("SkuPriceId-C-005-C", 5),
        ("SkuPriceId-C-008-M", 0),
        ("Tags-C-001-M", 0),
    ];
    for (rule, wanted) in counted {
        assert_eq!(rows(rule), Some(wanted), "{rule}");
    }
    assert_eq!(rows("CostAndUsage-D-033-O"), Some(0), "InvoiceId is missing, which is about the file");
    assert!(matches!(report.outcomes["InvoiceId-C-004-C"], Outcome::NotEvaluated { .. }));
    assert!(matches!(report.outcomes["Tags-C-002-O"], Outcome::Permission));
}
