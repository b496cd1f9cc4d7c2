//! Each kind of bad file is refused by its name, and nothing of it counts: US-4.

use std::io::Write;

use orgs::OrgKind;
use store::Refusal;
use testkit::provider;
use usage::import::begin::BeginError;
use usage::import::{FromPath, FromPathError};
use usage::model::{BillImport, ImportState};

use crate::fixture::*;

async fn refused(w: &World, name: &str, profile: &str, bytes: &[u8], code: &str) -> BillImport {
    let import = w.import_as(name, profile, bytes).await.unwrap();
    assert_eq!(import.state, ImportState::Failed, "{name}");
    let refusal = import.refusal.clone().expect("a reason");
    assert_eq!(refusal.code, code, "{name}: {}", refusal.text.en);
    assert!(!refusal.text.zh.is_empty() && !refusal.text.en.is_empty());
    assert_eq!((import.rows_accepted, import.result.clone()), (0, None), "{name}");
    assert_eq!(w.figures().await.len(), 0, "{name}: nothing of it counts");
    import
}

testkit::on_both!(a_bad_file_is_refused_by_name, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-02-10");
    let good = bill(&[row("2019-01", &[]), row("2019-01", &[("ResourceId", "i-2")])]);
    let p = "yunjin-demo";
    let cut = refused(&w, "cut.csv", p, &good[..good.len() - 60], "file-cut-off").await;
    assert!(cut.refusal.unwrap().text.en.contains("after data row 1"));
    let header = String::from_utf8(good.clone()).unwrap().replacen("BilledCost", "Billed_Costs", 1);
    let lacking = refused(&w, "header.csv", p, header.as_bytes(), "file-lacks-columns").await;
    assert!(lacking.refusal.unwrap().text.zh.contains("BilledCost"));
    refused(&w, "bill.csv.gz", p, &good, "file-not-what-it-claims").await;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&good).unwrap();
    let gzip = gzip.finish().unwrap();
    refused(&w, "half.csv.gz", p, &gzip[..gzip.len() - 12], "file-cut-off").await;
    refused(&w, "empty.csv", p, b"", "file-empty").await;
    refused(&w, "header-only.csv", p, header_bytes().as_slice(), "file-no-rows").await;
    refused(&w, "notes.csv", p, b"%PDF-1.4 not a bill", "file-not-a-bill").await;
    let dollars = bill(&[row("2019-01", &[("BillingCurrency", "USD")])]);
    let other = refused(&w, "usd.csv", p, &dollars, "file-mostly-rejected").await;
    assert_eq!((other.rows_read, other.rows_rejected), (1, 1));
    assert!(other.refusal.unwrap().text.zh.contains("CNY"));
    let inclusive = bill(&[row("2019-01", &[("ChargePeriodEnd", "2019-01-05T04:59:59Z")])]);
    refused(&w, "inclusive.csv", p, &inclusive, "file-mostly-rejected").await;
});

fn header_bytes() -> Vec<u8> {
    header().into_bytes()
}

testkit::on_both!(inclusive_ends_are_right_for_the_source_that_writes_them, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-02-10");
    let ends = [("ChargePeriodEnd", "2019-01-05T04:59:59Z"), ("BillingPeriodEnd", "2019-01-31T15:59:59Z")];
    let import = w.import_as("huawei.csv", "huawei-1.0", &bill(&[row("2019-01", &ends)])).await.unwrap();
    assert_eq!((import.state, import.rows_rejected), (ImportState::Done, 0), "{:?}", import.refusal);
    let all = w.statements(&provider(&w.provider)).await;
    assert_eq!(all[0].figures.active_hours, 1, "the last second is within the hour");
});

testkit::on_both!(the_same_file_is_answered_with_its_name, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-02-10");
    let good = bill(&[row("2019-01", &[])]);
    let first = w.import("january.csv", &good).await;
    let before = w.figures().await;
    match w.import_as("copy.csv", "yunjin-demo", &good).await {
        Err(FromPathError::Begin(e @ BeginError::AlreadyImported { .. })) => {
            assert!(e.message(kernel::Lang::Zh).contains(&first.number), "{e}");
            assert!(e.message(kernel::Lang::En).contains("january.csv"), "{e}");
        }
        other => panic!("{other:?}"),
    }
    let rival = org(&w.bed, OrgKind::Provider, 4, "云乙").await;
    let cmd = FromPath { path: w.file("r.csv", &good), provider_id: rival.clone(), profile: "yunjin-demo".into() };
    let again = usage::from_path(&w.bed.db, &w.importing, &provider(&rival), cmd).await;
    assert!(matches!(again, Err(FromPathError::Begin(BeginError::ImportedByAnother {}))));
    assert_eq!(w.figures().await, before);
});

testkit::on_both!(a_refused_file_may_come_again_under_the_right_profile, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-02-10");
    let dollars = bill(&[row("2019-01", &[("BillingCurrency", "USD")])]);
    refused(&w, "usd.csv", "yunjin-demo", &dollars, "file-mostly-rejected").await;
    let again = w.import_as("usd.csv", "focus-sample-2024", &dollars).await.unwrap();
    assert_eq!(again.state, ImportState::Done, "{:?}", again.refusal);
});

testkit::on_both!(a_stranger_may_not_import, |bed| async move {
    let w = world(bed).await;
    let cmd = FromPath {
        path: w.file("x.csv", &bill(&[row("2019-01", &[])])),
        provider_id: w.provider.clone(),
        profile: "yunjin-demo".into(),
    };
    let rival = org(&w.bed, OrgKind::Provider, 4, "云乙").await;
    let refused = usage::from_path(&w.bed.db, &w.importing, &provider(&rival), cmd.clone()).await;
    assert!(matches!(refused, Err(FromPathError::Begin(BeginError::Forbidden))));
    let cmd = FromPath { profile: "nobody's".into(), ..cmd };
    let refused = usage::from_path(&w.bed.db, &w.importing, &provider(&w.provider), cmd).await;
    assert!(matches!(refused, Err(FromPathError::Begin(BeginError::UnknownProfile { .. }))));
});
