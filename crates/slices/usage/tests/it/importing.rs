//! Whole imports: statements, versions, corrections, resuming, the real sample.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use focus::Options;
use focus::generate::{Bill, Fault, to_gzip};
use kernel::{Actor, Fen};
use store::StoreError;
use testkit::{enterprise_owner, provider};
use usage::import::begin::{self, Begin};
use usage::import::work;
use usage::model::ImportState;
use usage::{Importing, corrections, read};

use crate::fixture::*;

testkit::on_both!(a_later_bill_makes_new_versions_and_the_difference_is_seen, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-02-10");
    w.confirmed("acc-1").await;
    let storage = [("ServiceName", "对象存储"), ("ServiceCategory", "Storage")];
    w.import("1.csv", &bill(&[row("2019-01", &[]), row("2019-01", &storage)])).await;
    w.import("2.csv", &bill(&[row("2019-02", &[])])).await;
    w.bed.on("2019-02-20");
    let changed = bill(&[row("2019-01", &cost("60")), row("2019-01", &[("ServiceName", "防火墙")])]);
    let import = w.import("1b.csv", &changed).await;
    let result = import.result.clone().unwrap();
    assert_eq!((result.made, result.superseded, result.unchanged, result.corrections), (1, 2, 0, 0));
    assert_eq!(result.difference_fen, Fen::from_yuan(-40 - 100 + 100));
    assert_eq!(result.enterprises, std::slice::from_ref(&w.enterprise));
    let standing = w.statements(&enterprise_owner(&w.enterprise)).await;
    let seen: Vec<_> = standing
        .iter()
        .map(|s| (s.key.month.as_str(), s.key.service_name.as_str(), s.version, s.figures.net_fen.0 / 100))
        .collect();
    let expected = [
        ("2019-01", "云服务器", 2, 60),
        ("2019-02", "云服务器", 1, 100),
        ("2019-01", "对象存储", 2, 0),
        ("2019-01", "防火墙", 1, 100),
    ];
    assert_eq!(seen, expected);
    let id = import.id.clone();
    let seller = provider(&w.provider);
    let view = w.bed.read(&seller, |cx| Box::pin(async move { read::import_view(cx, &id, None).await }));
    let view = view.await.unwrap();
    let before: Vec<_> = view.statements.items.iter().map(|s| view.before.get(&s.id).copied()).collect();
    assert!(before.contains(&Some(Fen::from_yuan(100))) && before.contains(&None), "{before:?}");
    // The same figures in another file change nothing.
    let again = String::from_utf8(changed).unwrap().replace("INV-1", "INV-2");
    let result = w.import("1c.csv", again.as_bytes()).await.result.unwrap();
    assert_eq!((result.made, result.superseded, result.unchanged), (0, 0, 3));
});

testkit::on_both!(a_change_under_a_settlement_raises_a_correction, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-02-10");
    w.confirmed("acc-1").await;
    w.import("1.csv", &bill(&[row("2019-01", &[])])).await;
    let paid = w.statements(&provider(&w.provider)).await[0].id.clone();
    let ids = vec![paid.clone()];
    let rested: Result<(), StoreError> = w
        .bed
        .write(&Actor::system(), |cx| {
            Box::pin(async move {
                corrections::rest_on(cx, "clm_1", &ids).await?;
                cx.journal("test.settle", "clm_1", &(), &()).await
            })
        })
        .await;
    rested.unwrap();
    let open = || async {
        w.bed.read(&Actor::system(), |cx| Box::pin(async move { corrections::open(cx, 10).await })).await.unwrap()
    };
    w.bed.on("2019-02-11");
    assert_eq!(w.import("1b.csv", &bill(&[row("2019-01", &cost("70"))])).await.result.unwrap().corrections, 1);
    let first = open().await;
    assert_eq!((first[0].statement_id.as_str(), first[0].difference_fen), (paid.as_str(), Fen::from_yuan(-30)));
    // A third bill corrects the second: the settlement rests on that by now.
    w.bed.on("2019-02-12");
    w.import("1c.csv", &bill(&[row("2019-01", &cost("50"))])).await;
    let second = open().await;
    assert_eq!(second.len(), 2);
    assert_eq!((&second[1].statement_id, second[1].difference_fen), (&first[0].new_statement_id, Fen::from_yuan(-20)));
    // February's bill corrects January beside February's own use.
    let late = [("ChargeClass", "Correction"), ("BilledCost", "-5"), ("EffectiveCost", "-5"), ("ContractedCost", "-5")];
    let february = bill(&[row("2019-02", &[]), row_in("2019-01", "2019-02", &late)]);
    w.bed.on("2019-03-10");
    let done = w.import("2.csv", &february).await;
    assert_eq!(done.result.as_ref().map(|r| (r.made, r.superseded, r.corrections)), Some((2, 0, 1)), "{done:?}");
    let all = open().await;
    assert_eq!(all[2].difference_fen, Fen::from_yuan(-5));
    let id = all[0].id.clone();
    let handled: Result<[bool; 2], StoreError> = w
        .bed
        .write(&Actor::system(), |cx| {
            Box::pin(async move {
                let first = corrections::handle(cx, &id, "recovered").await?;
                let again = corrections::handle(cx, &id, "recovered").await?;
                cx.journal("test.recover", "clm_1", &(), &()).await?;
                Ok([first, again])
            })
        })
        .await;
    assert_eq!((handled.unwrap(), open().await.len()), ([true, false], 2));
});

fn small_steps() -> Options {
    Options { block_bytes: 8 << 10, wave: 1, checkpoint_rows: Some(200), ..Options::default() }
}

fn big_bill() -> Vec<u8> {
    let faults = vec![Fault::CreditEvery(40), Fault::CorrectionEvery(90), Fault::IdleEvery(30)];
    let bill = Bill { rows: 40_000, first_month: "2019-01".parse().unwrap(), faults, ..Bill::default() };
    let mut out = vec![];
    to_gzip(&bill, &mut out).unwrap();
    out
}

async fn entered(w: &World, name: &str, bytes: &[u8]) -> String {
    let kept = w.importing.keep_copy(&w.file(name, bytes)).unwrap();
    let cmd = Begin {
        provider_id: w.provider.clone(),
        profile: "yunjin-demo".into(),
        file_name: name.into(),
        file_sha256: kept.sha256,
        size_bytes: kept.size_bytes,
    };
    let begun = w.bed.write(&provider(&w.provider), |cx| Box::pin(begin::run(cx, cmd))).await;
    begun.unwrap().import_id
}

async fn rows_kept(w: &World, id: &str) -> (ImportState, i64) {
    let id = id.to_owned();
    let import = w.bed.read(&Actor::system(), |cx| Box::pin(async move { read::import(cx, &id).await })).await.unwrap();
    (import.state, import.rows_read)
}

testkit::on_both!(a_crash_in_the_middle_changes_nothing, |bed| async move {
    let mut w = world(bed).await;
    w.bed.on("2019-04-10");
    w.importing = Arc::new(Importing::with_options(w.bed.folder().join("bills"), small_steps()));
    let id = entered(&w, "bill.csv.gz", &big_bill()).await;
    let (db, importing, running) = (w.bed.db.clone(), w.importing.clone(), id.clone());
    let task = tokio::spawn(async move { work::run(&db, &importing, &running).await });
    let kept = loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let (state, rows) = rows_kept(&w, &id).await;
        assert_eq!(state, ImportState::Running, "it must not be through before it is broken off");
        if rows > 0 {
            break rows;
        }
    };
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(kept < 40_000, "{kept}");
    assert_eq!(w.figures().await.len(), 0, "nothing counts before the end");
    // The program starts again: another Importing, the same records and folder.
    let again = Arc::new(Importing::with_options(w.bed.folder().join("bills"), small_steps()));
    assert_eq!(work::run(&w.bed.db, &again, &id).await.unwrap(), ImportState::Done);
    let resumed = w.figures().await;
    assert_eq!(rows_kept(&w, &id).await, (ImportState::Done, 40_000));

    let whole = world(testkit::TestBed::open(w.bed.db.backend()).await.unwrap()).await;
    whole.bed.on("2019-04-10");
    whole.import("bill.csv.gz", &big_bill()).await;
    let straight = whole.figures().await;
    assert!(straight.len() > 50, "{}", straight.len());
    assert_eq!(resumed, straight);
});

testkit::on_both!(stopping_keeps_a_checkpoint_and_a_start_takes_it_up, |bed| async move {
    let mut w = world(bed).await;
    w.bed.on("2019-04-10");
    w.importing = Arc::new(Importing::with_options(w.bed.folder().join("bills"), small_steps()));
    let id = entered(&w, "bill.csv.gz", &big_bill()).await;
    w.importing.stop();
    assert_eq!(work::run(&w.bed.db, &w.importing, &id).await.unwrap(), ImportState::Running);
    let (_, rows) = rows_kept(&w, &id).await;
    assert!(rows > 0 && rows < 40_000, "{rows}");
    let again = Arc::new(Importing::with_options(w.bed.folder().join("bills"), small_steps()));
    assert_eq!(again.resume_all(&w.bed.db).await.unwrap(), 1);
    while rows_kept(&w, &id).await.0 == ImportState::Running {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(rows_kept(&w, &id).await, (ImportState::Done, 40_000));
});

testkit::on_both!(the_public_sample_imports_with_nothing_rejected_under_its_profile, |bed| async move {
    let root = std::env::var_os("YUNJIN_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared")));
    let Ok(bytes) = std::fs::read(root.join("data/focus/focus_sample.csv")) else {
        eprintln!("skipped: the FOCUS sample of the shared data is not here");
        return;
    };
    let w = world(bed).await;
    w.bed.on("2024-10-10");
    let import = w.import_as("focus_sample.csv", "focus-sample-2024", &bytes).await.unwrap();
    assert_eq!(
        (import.state, import.rows_read, import.rows_rejected),
        (ImportState::Done, 1_000, 0),
        "{:?}",
        import.refusal
    );
    let id = import.id.clone();
    let seller = provider(&w.provider);
    let view = w.bed.read(&seller, |cx| Box::pin(async move { read::import_view(cx, &id, None).await }));
    let report = view.await.unwrap().report.unwrap();
    let allowed: Vec<_> = report.breaches.iter().filter(|b| b.allowed_because.is_some()).collect();
    assert!(!allowed.is_empty() && allowed.iter().all(|b| !b.citation.is_empty()), "its true faults are reported");
    let counted: i64 = w.statements(&provider(&w.provider)).await.iter().map(|s| s.figures.bill_rows).sum();
    assert_eq!(counted, 1_000);
    // The strict profile does not take it.
    let strict = String::from_utf8(bytes).unwrap() + "\n";
    let import = w.import_as("strict.csv", "focus-1.2", strict.as_bytes()).await.unwrap();
    assert_eq!(import.state, ImportState::Failed);
});
