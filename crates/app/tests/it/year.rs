//! A small year through the real use cases, then `verify`: it passes, and names each of seven hand-made corruptions.

use std::path::Path;
use std::process::Command;

use indicatif::ProgressBar;
use kernel::Actor;
use store::{Param, StoreError, params};
use web::AppState;
use yunjin::cli::verify;
use yunjin::config::{Config, Records};
use yunjin::demo::{Summary, replay};

use crate::support::{application, config, copy, small_story, year};

/// Changes the records by one statement, as no use case would.
async fn break_by(app: &AppState, sql: &'static str, values: Vec<Param>) {
    let changed = app
        .db
        .write::<u64, StoreError, _>(&Actor::system(), "break", move |cx| {
            Box::pin(async move {
                let n = cx.execute(sql, values).await?;
                cx.journal("test.break", "x", &(), &()).await?;
                Ok(n)
            })
        })
        .await
        .unwrap();
    assert!(changed > 0, "{sql} changed nothing");
}

/// Breaks a copy of the data by one statement and says what `verify` finds.
async fn broken_by(data: &Path, sql: &'static str, values: Vec<Param>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    copy(data, folder.path());
    let (app, _clock) = application(&config(&folder), "2019-07-01").await;
    break_by(&app, sql, values).await;
    let found = verify(&app, folder.path()).await.unwrap();
    assert!(!found.passed);
    found.broken
}

fn expect(broken: &[String], id: &str) {
    assert!(broken.iter().any(|b| b.starts_with(id)), "{id} should be named: {broken:#?}");
}

/// The year went through every branch of the chain that the story has.
fn went_whole(summary: &Summary) {
    assert!(summary.verify.passed, "{:?}", summary.verify.broken);
    assert!(summary.vouchers_issued >= 12, "{summary:#?}");
    assert!(summary.settlements >= 6 && summary.settled_fen > 0, "{summary:#?}");
    assert!(!summary.refused_settlements.is_empty(), "the idle firm's claim should be refused: {summary:#?}");
    assert!(summary.recovered_fen > 0, "the corrected bill should lead to a recovery");
    assert!(summary.refusals.contains_key("not-eligible"), "{:?}", summary.refusals);
    assert!(summary.enterprises_by_level.get("L3").copied().unwrap_or(0) > 0);
    assert_eq!(summary.enterprises_by_level.get("L4"), Some(&1), "the firm whose machines report: {summary:#?}");
    assert!(summary.devices == 6 && summary.readings > 100_000, "{summary:#?}");
    assert_eq!(summary.verify.readings, u64::try_from(summary.readings).unwrap(), "what was counted is what is stored");
}

/// `yunjin verify` as its own process: how it leaves and what it says.
fn verify_by_hand(data: &Path) -> (Option<i32>, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_yunjin"));
    let done = program.arg("verify").arg("--data").arg(data).current_dir(data).output().expect("the program starts");
    (done.status.code(), String::from_utf8_lossy(&done.stdout).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_runs_whole_and_verify_names_what_is_broken() {
    let (data, summary) = year().await;
    went_whole(summary);
    let sql = "UPDATE journal_row SET after_json = '{\"amount\":1}' WHERE seq = $1";
    expect(&broken_by(data, sql, params![7]).await, "JR-3");
    let sql = "DELETE FROM journal_row WHERE seq = $1";
    expect(&broken_by(data, sql, params![9]).await, "JR-2");
    let sql = "UPDATE funds_account SET credits_posted_fen = credits_posted_fen + 1 WHERE id = 'bank'";
    expect(&broken_by(data, sql, vec![]).await, "LG-1");
    let sql = "UPDATE policy_decision SET bytes = REPLACE(bytes, '\"eligible\":true', '\"eligible\":false') WHERE kind = 'settlement'";
    expect(&broken_by(data, sql, vec![]).await, "PD-1");
    let sql = "UPDATE settlement_claim SET amount_fen = amount_fen + 100 WHERE state = 'paid'";
    expect(&broken_by(data, sql, vec![]).await, "ST-2");
    let sql = "UPDATE settlement_claim SET level = 'L1' WHERE state = 'paid'";
    expect(&broken_by(data, sql, vec![]).await, "ST-3");
    let sql = "UPDATE settlement_payment SET gross_fen = gross_fen + 1, paid_fen = paid_fen + 1";
    expect(&broken_by(data, sql, vec![]).await, "ST-4");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_verify_leaves_with_1_and_prints_what_is_broken() {
    let (data, _) = year().await;
    let folder = tempfile::tempdir().unwrap();
    copy(data, folder.path());
    let (code, said) = verify_by_hand(folder.path());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("passed: nothing is broken") && !said.contains("BROKEN"), "{said}");
    let (app, _clock) = application(&config(&folder), "2019-07-01").await;
    break_by(&app, "UPDATE journal_row SET after_json = '{\"amount\":1}' WHERE seq = $1", params![7]).await;
    app.db.close().await;
    let (code, said) = verify_by_hand(folder.path());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("BROKEN JR-3") && said.contains("FAILED"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_year_runs_whole_on_postgresql() {
    let Some(url) = testkit::fresh_postgres() else { return };
    let folder = tempfile::tempdir().unwrap();
    let records = Records { postgres: Some(url), ..Records::default() };
    let config = Config { records, ..config(&folder) };
    let summary = replay(&config, small_story(), ProgressBar::hidden()).await.unwrap_or_else(|e| panic!("{e:#}"));
    went_whole(&summary);
    let (_, on_sqlite) = year().await;
    let counted =
        |s: &Summary| (s.vouchers_issued, s.cases.clone(), s.settled_fen, s.recovered_fen, s.verify.transfers);
    assert_eq!(counted(&summary), counted(on_sqlite), "both databases tell one story");
    // One after the other: each break is named beside those before it.
    let (app, _clock) = application(&config, "2019-07-01").await;
    for (id, sql) in [
        ("LG-1", "UPDATE funds_account SET credits_posted_fen = credits_posted_fen + 1 WHERE id = 'bank'"),
        ("ST-2", "UPDATE settlement_claim SET amount_fen = amount_fen + 100 WHERE state = 'paid'"),
        ("JR-3", "UPDATE journal_row SET after_json = '9' WHERE seq = 7"),
    ] {
        let before = verify(&app, folder.path()).await.unwrap().broken;
        assert!(!before.iter().any(|b| b.starts_with(id)), "{id} before: {before:#?}");
        break_by(&app, sql, vec![]).await;
        expect(&verify(&app, folder.path()).await.unwrap().broken, id);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_scenario_gives_the_same_year() {
    let mut story = small_story();
    story.firms.count = 4;
    story.ends = testkit::day("2018-12-15");
    let mut summaries = Vec::new();
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let summary =
            replay(&config(&folder), story.clone(), ProgressBar::hidden()).await.unwrap_or_else(|e| panic!("{e:#}"));
        summaries.push((summary.vouchers_issued, summary.cases, summary.verify.transfers, summary.verify.journal_rows));
    }
    assert_eq!(summaries[0], summaries[1]);
}
