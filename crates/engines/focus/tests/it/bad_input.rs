//! Each kind of bad file gets its own name.

use std::io::Write;

use focus::generate::{Bill, Fault};
use focus::{Cut, Format, Options, Refusal, Severity};

use crate::common::*;

fn refusal(bytes: &[u8]) -> Refusal {
    let refused = import("yunjin-demo", bytes).expect_err("it should be refused");
    assert!(!refused.text().zh.is_empty() && !refused.text().en.is_empty());
    refused
}

#[test]
fn a_file_cut_in_a_row_names_the_row() {
    let whole = csv(&Bill { rows: 100, ..Bill::default() });
    let rows: Vec<usize> = memchr::memchr_iter(b'\n', &whole).collect();
    let cut = &whole[..rows[60] + 40];
    match refusal(cut) {
        Refusal::Truncated { row: 60, line: Some(62), what: Cut::InRow } => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_cut_in_a_quotation_says_so() {
    let mut file = by_hand(&[&[], &[]]);
    file.extend_from_slice(b"acc-1,\"sub");
    assert!(matches!(refusal(&file), Refusal::Truncated { row: 2, what: Cut::InQuotation, .. }));
}

#[test]
fn cut_gzip_and_cut_parquet_are_named() {
    let bill = Bill { rows: 5_000, ..Bill::default() };
    let packed = gzip(&bill);
    match refusal(&packed[..packed.len() / 2]) {
        Refusal::Truncated { row, what: Cut::InGzip, .. } => assert!(row > 1_000 && row < 5_000, "{row}"),
        other => panic!("{other:?}"),
    }
    let file = parquet(&bill, 1_000);
    assert!(matches!(refusal(&file[..file.len() - 100]), Refusal::Truncated { what: Cut::NoFooter, .. }));
    let mut damaged = file.clone();
    damaged[2_000..3_000].fill(0xAA);
    assert!(matches!(refusal(&damaged), Refusal::Damaged { .. }));
    let mut packed = packed;
    let middle = packed.len() / 2;
    packed[middle..middle + 64].fill(0);
    assert!(matches!(refusal(&packed), Refusal::Damaged { .. } | Refusal::Truncated { .. }));
}

#[test]
fn a_file_that_is_not_what_it_claims_is_refused() {
    let bill = Bill { rows: 10, ..Bill::default() };
    let options = Options { claimed: Format::claimed_by("账单.csv"), ..Options::default() };
    let refused = import_with(profile("yunjin-demo"), options, &parquet(&bill, 10)).unwrap_err();
    assert!(matches!(refused, Refusal::NotWhatItClaims { claimed: Format::Csv, found: Format::Parquet }));
    assert!(matches!(refusal(b"PK\x03\x04 xlsx"), Refusal::NotABill { found } if found.contains("XLSX")));
    assert!(matches!(refusal(b""), Refusal::Empty));
    let mut inside = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    inside.write_all(&parquet(&bill, 10)).unwrap();
    assert!(matches!(refusal(&inside.finish().unwrap()), Refusal::NotABill { .. }));
}

#[test]
fn missing_columns_are_named_with_near_misses() {
    let file = String::from_utf8(csv(&Bill { rows: 3, ..Bill::default() })).unwrap();
    let file = file.replacen("BilledCost", "billed_cost", 1).replacen("ServiceName", "Dienst", 1);
    match refusal(file.as_bytes()) {
        Refusal::MissingColumns { missing } => {
            let got: Vec<_> = missing.iter().map(|m| (m.column.as_str(), m.perhaps.as_deref())).collect();
            assert_eq!(got, [("BilledCost", Some("billed_cost")), ("ServiceName", None)]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn doubled_columns_and_other_delimiters_are_named() {
    let file = String::from_utf8(csv(&Bill { rows: 3, ..Bill::default() })).unwrap();
    let doubled = file.replacen("ListCost", "BilledCost", 1);
    assert!(matches!(refusal(doubled.as_bytes()), Refusal::DuplicateColumn(c) if c == "BilledCost"));
    assert!(matches!(refusal(b"BilledCost;EffectiveCost\n1;2\n"), Refusal::Delimiter(';')));
}

#[test]
fn another_currency_rejects_its_rows_and_hints() {
    let bill = Bill { rows: 40, faults: vec![Fault::Currency("USD")], ..Bill::default() };
    let import = import("yunjin-demo", &csv(&bill)).unwrap();
    assert_eq!((import.report.rows.rejected, import.report.rows.accepted), (40, 0));
    let breach = import.report.breach("BillingCurrency-Y-004-M").unwrap();
    assert_eq!((breach.rows, breach.first.len(), breach.severity), (40, 20, Severity::Rejected));
    assert_eq!((breach.first[0].excerpt.as_str(), breach.first[0].row), ("USD", Some(1)));
    assert!(import.report.hint.unwrap().en.contains("CNY"));
    assert!(import.statements.is_empty());
}

#[test]
fn inclusive_ends_are_rejected_by_name_and_hinted_at() {
    let bill = Bill { rows: 40, faults: vec![Fault::InclusiveEnds], ..Bill::default() };
    let import = import("focus-1.2", &csv(&bill)).unwrap();
    assert_eq!(import.report.rows.rejected, 40);
    let breach = import.report.breach("ChargePeriodEnd-Y-004-M").unwrap();
    assert!(breach.first[0].excerpt.ends_with(":59Z") && breach.citation.contains("exclusive end bound"));
    assert!(import.report.hint.unwrap().zh.contains("包含式"));
}

#[test]
fn broken_rows_are_rejected_and_the_rest_counts() {
    let mut file =
        by_hand(&[&[], &[("ServiceName", "云\u{1}")], &[("BilledCost", "1,000.00")], &[("ChargeCategory", "Use")]]);
    file.extend_from_slice(b"too,few,fields\n");
    file.extend_from_slice(
        &by_hand(&[&[("ServiceName", "X")]]).split(|b| *b == b'\n').nth(1).unwrap().replace(b'X', 0xFF),
    );
    file.push(b'\n');
    let long = "长".repeat(30_000);
    file.extend_from_slice(by_hand(&[&[("ServiceName", &long)]]).split(|b| *b == b'\n').nth(1).unwrap());
    let import = import("focus-1.2", &file).unwrap();
    assert_eq!((import.report.rows.read, import.report.rows.accepted), (7, 1));
    let rows =
        |rule: &str| -> Vec<u64> { import.report.breach(rule).unwrap().first.iter().filter_map(|f| f.row).collect() };
    assert_eq!(rows("ServiceName-Y-003-M"), [2]);
    assert_eq!(rows("BilledCost-Y-002-M"), [3]);
    assert_eq!(rows("ChargeCategory-Y-004-M"), [4]);
    assert_eq!(rows("csv:field-count"), [5]);
    assert_eq!(rows("csv:utf-8"), [6]);
    assert_eq!(rows("csv:field-length"), [7]);
    assert_eq!(import.report.findings().find(|f| f.row == Some(7)).unwrap().line, Some(8));
}

trait Replace {
    fn replace(&self, from: u8, to: u8) -> Vec<u8>;
}
impl Replace for [u8] {
    fn replace(&self, from: u8, to: u8) -> Vec<u8> {
        self.iter().map(|b| if *b == from { to } else { *b }).collect()
    }
}

#[test]
fn a_stray_quotation_mark_ends_at_the_limit() {
    let mut file = by_hand(&[&[]]);
    file.extend_from_slice(b"acc-1,\"sub-1,");
    file.extend(std::iter::repeat_n(*b"x,y\n", 100_000).flatten());
    let options = Options { block_bytes: 8_192, row_bytes_max: 65_536, ..Options::default() };
    let refused = import_with(profile("focus-1.2"), options, &file).unwrap_err();
    assert!(matches!(refused, Refusal::RowTooLong { row: 2, line: 3, limit_bytes: 65_536 }), "{refused:?}");
}

#[test]
fn a_bomb_is_stopped_by_ratio_and_by_size() {
    let header = by_hand(&[]);
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::best());
    packed.write_all(&header).unwrap();
    for _ in 0..40 {
        packed.write_all(&[b'\n'; 1 << 20]).unwrap();
    }
    let packed = packed.finish().unwrap();
    assert!(matches!(refusal(&packed), Refusal::ZipBomb { limit: 400 }));
    let options = Options { unpacked_bytes_max: 1 << 20, ..Options::default() };
    let refused = import_with(profile("focus-1.2"), options, &packed).unwrap_err();
    assert!(matches!(refused, Refusal::TooLarge { limit_bytes: 1_048_576 }));
}
