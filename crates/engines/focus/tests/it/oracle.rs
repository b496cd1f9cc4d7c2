//! The published model as an oracle of our own rules: where both state the same check of the same column, both must find the
//! same on the real sample and on rows with faults put in by hand.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use focus::{Ended, Importer, Options, Outcome, RuleModel};

use crate::common::*;

/// What is checked, as the model writes it: column, requirement, condition.
fn checks(model: &RuleModel) -> BTreeMap<String, (String, String)> {
    let text = |rule: &focus::ModelRule| {
        let v = &rule.validation_criteria;
        (format!("{} {}", rule.reference, v.requirement), v.condition.to_string())
    };
    model.model_rules.iter().map(|(id, rule)| (id.clone(), text(rule))).collect()
}

fn outcomes(model: RuleModel, bytes: &[u8]) -> BTreeMap<String, Outcome> {
    let mut profile = profile("focus-sample-2024");
    profile.supports = model.applicability_criteria.keys().cloned().collect();
    let options = Options { refuse_missing_columns: false, ..Options::default() };
    let importer = Importer::new(profile, options).with_model(model);
    match importer.import_bytes(bytes, None, &mut |_| ControlFlow::Continue(())).unwrap() {
        Ended::Done(import) => import.report.outcomes.into_iter().collect(),
        Ended::Stopped(_) => panic!("nothing stopped it"),
    }
}

/// Rows each of which breaks something: a value that is none, a wrong word, a wrong form, a negative, an empty.
fn faulty() -> Vec<u8> {
    by_hand(&[
        &[],
        &[("BillingAccountId", "")],
        &[("ChargeCategory", "Use")],
        &[("ChargeClass", "correction")],
        &[("ChargeFrequency", "often")],
        &[("ServiceCategory", "Computing")],
        &[("BillingCurrency", "RMB")],
        &[("BilledCost", "")],
        &[("ListCost", "many")],
        &[("EffectiveCost", "1e400")],
        &[("ConsumedQuantity", ""), ("ConsumedUnit", "Hours")],
        &[("ConsumedQuantity", "2"), ("ConsumedUnit", "")],
        &[("PricingQuantity", ""), ("PricingUnit", "")],
        &[("ChargePeriodStart", "2026-02-01 00:00:00")],
        &[("ChargePeriodEnd", "2026-01-01T00:00:00Z")],
        &[("BillingPeriodStart", "yesterday")],
        &[("ServiceName", ""), ("ProviderName", "")],
        &[("ResourceId", ""), ("ResourceType", "")],
        &[("Tags", "not json")],
        &[("CommitmentDiscountStatus", "Half")],
        &[("ChargeCategory", "Purchase"), ("ChargeFrequency", "Usage-Based")],
        &[("ChargeCategory", "Tax"), ("ConsumedQuantity", "1"), ("SkuId", "")],
        &[("ListUnitPrice", "-1"), ("ContractedCost", "-5")],
    ])
}

#[test]
fn where_the_model_states_the_same_check_both_find_the_same() {
    let Some(path) = shared("focus/model-1.2.json") else { return };
    let published = || RuleModel::from_json(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let (ours, theirs) = (checks(&RuleModel::own()), checks(&published()));
    let same = |check: &(String, String)| theirs.iter().find(|(_, c)| *c == check).map(|(id, _)| id.clone());
    let pairs: Vec<(String, String)> = ours.iter().filter_map(|(id, check)| Some((id.clone(), same(check)?))).collect();
    assert!(pairs.len() >= 120, "only {} of our {} rules stand in the model", pairs.len(), ours.len());
    let mut bills = vec![("by hand", faulty())];
    bills.extend(shared("focus/focus_sample.csv").map(|sample| ("the sample", std::fs::read(sample).unwrap())));
    for (name, bytes) in bills {
        let (own, model) = (outcomes(RuleModel::own(), &bytes), outcomes(published(), &bytes));
        let differ: Vec<_> = pairs.iter().filter(|(o, m)| own[o] != model[m]).collect();
        let said: Vec<_> = differ.iter().map(|(o, m)| format!("{o} {:?} v {m} {:?}", own[o], model[m])).collect();
        assert!(differ.is_empty(), "on {name}:\n{}", said.join("\n"));
        let broken = pairs.iter().filter(|(o, _)| matches!(own[o], Outcome::Failed { rows } if rows > 0)).count();
        assert!(broken >= 5, "on {name} only {broken} of them find anything: it proves little");
    }
}
