//! The public sample of the standard, with its true faults.

use std::ops::ControlFlow;

use focus::{Ended, Import, Importer, Options, Severity};

use crate::common::*;

fn sample() -> Option<Import> {
    let file = shared("focus/focus_sample.csv")?;
    let importer = Importer::new(profile("focus-sample-2024"), Options::default());
    match importer.import_path(&file, None, &mut |_| ControlFlow::Continue(())).unwrap() {
        Ended::Done(import) => Some(*import),
        Ended::Stopped(_) => None,
    }
}

#[test]
fn its_true_faults_are_reported_and_nothing_is_rejected() {
    let Some(Import { report, statements }) = sample() else { return };
    assert_eq!(
        (report.rows.read, report.rows.accepted, report.rows.rejected),
        (1_000, 1_000, 0),
        "{:#?}",
        report.breaches
    );
    assert_eq!(report.rows.without_resource, 75, "7.5 % without ResourceId");
    assert!(report.unknown_columns.is_empty(), "Id is declared");
    let breach = |rule: &str| report.breach(rule).map(|b| (b.rows, b.severity));
    assert_eq!(breach("ListCost-Y-004-O"), Some((25, Severity::Warning)));
    assert_eq!(breach("ResourceId-Y-004-O"), Some((74, Severity::Warning)), "one of the 75 is a credit");
    assert_eq!(breach("profile:spelling"), Some((7, Severity::AllowedByProfile)));
    assert_eq!(breach("ChargePeriodStart-Y-003-O"), Some((1_000, Severity::AllowedByProfile)));
    assert_eq!(
        breach("ChargePeriodStart-Y-004-O"),
        Some((1, Severity::Warning)),
        "row 945 starts before its billing period"
    );
    assert_eq!(report.breach("ChargePeriodStart-Y-004-O").unwrap().first[0].row, Some(945));
    assert_eq!(breach("ConsumedQuantity-Y-004-M"), Some((2, Severity::AllowedByProfile)), "Oracle's two adjustments");
    assert_eq!(report.breach("ListCost-Y-004-O").unwrap().first[0].row, Some(947));
    let rows: u64 = statements.iter().map(|s| s.rows).sum();
    assert_eq!(rows, 1_000);
    let net: i128 = statements.iter().map(|s| (s.net() + s.tax_cost).0).sum();
    assert_eq!(net, SAMPLE_BILLED, "the exact sum of BilledCost");
}

/// Σ BilledCost in 10⁻¹², by exact decimal arithmetic outside this crate.
const SAMPLE_BILLED: i128 = 20_520_226_728_990;

#[test]
fn the_strict_profile_rejects_every_row_of_it() {
    let Some(file) = shared("focus/focus_sample.csv") else { return };
    let import = import("focus-1.2", &std::fs::read(file).unwrap()).unwrap();
    assert_eq!(import.report.rows.rejected, 1_000);
    assert_eq!(import.report.unknown_columns, ["Id"]);
    assert!(import.report.rows_breaching("BillingCurrency-Y-004-M") == 1_000);
    assert!(import.report.rows_breaching("ChargeClass-Y-004-M") == 1_000, "the literal NULL is a value there");
}
