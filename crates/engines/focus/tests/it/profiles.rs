//! What each declared source is allowed, and only it.

use focus::generate::{Bill, Fault};
use focus::{Amount, Severity};

use crate::common::*;

#[test]
fn huawei_ends_are_normalised_and_effective_cost_is_what_was_paid() {
    let rows: &[(&str, &str)] = &[
        ("ChargePeriodStart", "2026-02-01 00:00:00"),
        ("ChargePeriodEnd", "2026-02-01 00:59:59"),
        ("BillingPeriodStart", "2026-02-01 00:00:00"),
        ("BillingPeriodEnd", "2026-02-28 23:59:59"),
        ("BilledCost", "10"),
        ("EffectiveCost", "7"),
    ];
    let file = by_hand(&[rows]);
    let import = import("huawei-1.0", &file).unwrap();
    assert_eq!(import.report.rows.accepted, 1, "{:#?}", import.report.breaches);
    let breach = import.report.breach("ChargePeriodEnd-Y-004-M").unwrap();
    assert_eq!(breach.severity, Severity::AllowedByProfile);
    assert!(breach.allowed_because.as_ref().unwrap().zh.contains("华为云"));
    let statement = &import.statements[0];
    assert_eq!(statement.last_use.as_deref(), Some("2026-01-31T17:00:00Z"), "Beijing time, and one second on");
    assert_eq!((statement.usage_cost, statement.key.month.to_string()), (Amount::whole(7), "2026-02".to_owned()));
    assert_eq!(crate::common::import("focus-1.2", &file).unwrap().report.rows.rejected, 1);
}

#[test]
fn aliyun_falls_back_to_pricing_quantity_at_a_lower_grade() {
    let file = csv(&Bill { rows: 300, faults: vec![Fault::NoConsumed], ..Bill::default() });
    let import = import("aliyun-1.0-preview", &file).unwrap();
    assert_eq!(import.report.rows.rejected, 0, "{:#?}", import.report.breaches);
    assert!(import.statements.iter().all(|s| s.is_used() && s.fallback_rows == s.real_use_rows));
    assert!(import.statements.iter().all(|s| !s.quantities.is_empty()));
    let strict = crate::common::import("focus-1.2", &file).unwrap();
    assert_eq!(strict.report.rows.rejected, 300);
}

#[test]
fn tencent_vouchers_are_counted_and_lower_nothing() {
    let voucher: &[(&str, &str)] = &[
        ("ChargeCategory", "Credit"),
        ("BilledCost", "0"),
        ("EffectiveCost", "0"),
        ("ConsumedQuantity", ""),
        ("ConsumedUnit", ""),
    ];
    let import = import("tencent-1.0", &by_hand(&[&[], voucher])).unwrap();
    let statement = &import.statements[0];
    assert_eq!((statement.voucher_rows, statement.credit_cost, statement.rows), (1, Amount::ZERO, 2));
    assert_eq!(statement.net(), statement.usage_cost);
}

#[test]
fn spellings_are_read_as_meant_and_reported() {
    let mut profile = profile("focus-1.2");
    profile.spellings.entry("ChargeFrequency".into()).or_default().insert("usage".into(), "Usage-Based".into());
    let file = by_hand(&[&[], &[("ChargeFrequency", "usage")], &[("ChargeFrequency", "other")]]);
    let import = import_with(profile, focus::Options::default(), &file).unwrap();
    let breach = import.report.breach("profile:spelling").unwrap();
    assert_eq!((breach.rows, breach.first[0].row, breach.first[0].excerpt.as_str()), (1, Some(2), "usage"));
    assert_eq!(breach.first[0].column, "ChargeFrequency");
    assert_eq!(import.report.rows_breaching("ChargeFrequency-Y-004-O"), 1);
}
