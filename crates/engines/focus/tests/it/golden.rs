//! A small bill whose statement was worked out by hand.

use focus::generate::{Bill, Fault};
use focus::{Amount, Options, Severity};

use crate::common::*;

fn amount(text: &str) -> Amount {
    serde_json::from_str(&format!("{text:?}")).unwrap()
}

#[test]
fn every_kind_of_row_lands_where_it_belongs() {
    let correction = [
        ("ChargeClass", "Correction"),
        ("BilledCost", "-0.4"),
        ("EffectiveCost", "-0.4"),
        ("ChargePeriodStart", "2026-01-20T00:00:00Z"),
        ("ChargePeriodEnd", "2026-01-20T01:00:00Z"),
    ];
    let credit = [
        ("ChargeCategory", "Credit"),
        ("BilledCost", "-1"),
        ("EffectiveCost", "-1"),
        ("ResourceId", ""),
        ("ResourceType", ""),
        ("ConsumedQuantity", ""),
        ("ConsumedUnit", ""),
        ("ChargeFrequency", "One-Time"),
    ];
    let purchase = [
        ("ChargeCategory", "Purchase"),
        ("BilledCost", "100"),
        ("EffectiveCost", "0"),
        ("ConsumedQuantity", ""),
        ("ConsumedUnit", ""),
        ("ChargeFrequency", "One-Time"),
    ];
    let tax = [("ChargeCategory", "Tax"), ("BilledCost", "6"), ("ConsumedQuantity", ""), ("ConsumedUnit", "")];
    let idle = [("ConsumedQuantity", "0"), ("ResourceId", "i-2")];
    let unused = [("CommitmentDiscountStatus", "Unused"), ("ConsumedQuantity", ""), ("ConsumedUnit", "")];
    let nameless = [("ResourceId", ""), ("ResourceType", "")];
    // 23:30 in Beijing on the 1st, and 00:30 on the 2nd: two days; one resource more.
    let late = [("ChargePeriodStart", "2026-02-01T15:00:00Z"), ("ChargePeriodEnd", "2026-02-01T16:00:00Z")];
    let next = [
        ("ChargePeriodStart", "2026-02-01T16:00:00Z"),
        ("ChargePeriodEnd", "2026-02-01T17:00:00Z"),
        ("ResourceId", "i-3"),
    ];
    let file = by_hand(&[&[], &correction, &credit, &purchase, &tax, &idle, &unused, &nameless, &late, &next]);
    let import = import("focus-1.2", &file).unwrap();
    assert_eq!(import.report.rows.rejected, 0, "{:#?}", import.report.breaches);
    assert_eq!((import.report.rows.read, import.report.rows.without_resource), (10, 2));
    let [january, february] = import.statements.as_slice() else { panic!("{:#?}", import.statements) };

    assert_eq!(january.key.month.to_string(), "2026-01", "a correction belongs to the month it corrects");
    assert_eq!((january.correction_cost, january.net(), january.is_used()), (amount("-0.4"), amount("-0.4"), false));

    assert_eq!((february.rows, february.real_use_rows), (9, 3));
    assert_eq!((february.idle_rows, february.unused_rows, february.unattributed_rows), (1, 1, 1));
    assert_eq!((february.active_day_bits, february.active_hours, february.longest_run_hours), (0b11, 3, 2));
    assert_eq!((february.resources, february.quantities["Hours"]), (2, amount("4.5")));
    assert_eq!(february.usage_cost, amount("14.4"));
    assert_eq!(
        (february.purchase_cost, february.credit_cost, february.tax_cost),
        (amount("100"), amount("-1"), amount("6"))
    );
    assert_eq!((february.gross(), february.net()), (amount("114.4"), amount("113.4")));
    assert_eq!(february.net_fen(), Some(kernel::Fen(11_340)));
    assert_eq!(february.first_use.as_deref(), Some("2026-02-01T00:00:00Z"));
    assert_eq!(february.last_use.as_deref(), Some("2026-02-01T17:00:00Z"));

    // The late charge is warned of only where it is no correction; nameless use is warned of.
    assert_eq!(import.report.rows_breaching("ChargePeriodStart-Y-004-O"), 0);
    let nameless = import.report.breach("ResourceId-Y-004-O").unwrap();
    assert_eq!((nameless.rows, nameless.severity), (1, Severity::Warning));
    assert_eq!((nameless.first[0].row, nameless.first[0].line), (Some(8), Some(9)));
}

#[test]
fn csv_gzip_and_parquet_of_the_same_bill_give_the_same_statements() {
    let faults =
        vec![Fault::CorrectionEvery(50), Fault::CreditEvery(70), Fault::IdleEvery(9), Fault::NoResourceEvery(31)];
    let bill = Bill { rows: 20_000, accounts: 30, months: 3, faults, ..Bill::default() };
    let from_csv = import("yunjin-demo", &csv(&bill)).unwrap();
    assert_eq!(from_csv.report.rows.rejected, 0, "{:#?}", from_csv.report.breaches);
    assert_eq!(from_csv.report.rows.accepted, 20_000);
    for other in [gzip(&bill), parquet(&bill, 3_000)] {
        let other = import("yunjin-demo", &other).unwrap();
        assert_eq!(other.statements, from_csv.statements);
        assert_eq!(other.report.rows, from_csv.report.rows);
        assert_eq!(other.report.outcomes, from_csv.report.outcomes);
    }
}

#[test]
fn the_statement_is_the_same_however_the_work_is_split() {
    let bill = Bill { rows: 5_000, faults: vec![Fault::NoResourceEvery(7)], ..Bill::default() };
    let file = csv(&bill);
    let one = import_with(profile("yunjin-demo"), Options { threads: 1, ..Options::default() }, &file).unwrap();
    for (threads, block_bytes, wave) in [(2, 4_096, 3), (3, 10_000, 1), (4, 1 << 16, 64)] {
        let options = Options { threads, block_bytes, wave, ..Options::default() };
        assert_eq!(import_with(profile("yunjin-demo"), options, &file).unwrap(), one);
    }
}

#[test]
fn generated_rows_are_summed_exactly() {
    let bill = Bill { rows: 3_000, accounts: 1, months: 1, faults: vec![Fault::CreditEvery(10)], ..Bill::default() };
    let all: Vec<_> = focus::generate::rows(&bill).collect();
    let import = import("yunjin-demo", &parquet(&bill, 1_000)).unwrap();
    let net: i128 = import.statements.iter().map(|s| s.net().0).sum();
    assert_eq!(net, all.iter().map(|r| i128::from(r.cost_micro) * 1_000_000).sum::<i128>());
    let used: std::collections::HashSet<_> =
        all.iter().filter(|r| r.category == "Usage").map(|r| (&r.sub_account, r.service, &r.resource)).collect();
    assert_eq!(import.statements.iter().map(|s| s.resources).sum::<u64>(), used.len() as u64);
}

#[test]
fn files_on_disk_read_as_in_memory_with_several_threads() {
    let bill = Bill { rows: 40_000, accounts: 60, ..Bill::default() };
    let dir = tempfile::tempdir().unwrap();
    let importer = focus::Importer::new(profile("yunjin-demo"), Options { threads: 4, ..Options::default() });
    for (name, bytes) in [("a.csv", csv(&bill)), ("a.csv.gz", gzip(&bill)), ("a.parquet", parquet(&bill, 1_000))] {
        let path = dir.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        let ended = importer.import_path(&path, None, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
        let focus::Ended::Done(on_disk) = ended else { panic!("nothing stopped it") };
        assert_eq!(*on_disk, import("yunjin-demo", &bytes).unwrap(), "{name}");
    }
}
