//! A small year through the real use cases, then `verify`: it passes, and names each of seven hand-made corruptions.

use std::path::Path;

use indicatif::ProgressBar;
use kernel::Actor;
use store::{Param, StoreError, params};
use tempfile::TempDir;
use yunjin::cli::verify;
use yunjin::config::Config;
use yunjin::demo::{Scenario, Summary, TIANJIN_YEAR, replay};

use crate::support::{application, config};

/// The demonstration's own scenario with fewer firms and fewer days.
fn small() -> Scenario {
    let mut story = Scenario::parse(TIANJIN_YEAR).unwrap();
    story.firms.count = 20;
    story.firms.until = testkit::day("2018-10-31");
    story.ends = testkit::day("2019-06-30");
    story
}

async fn replayed(folder: &TempDir) -> (Config, Summary) {
    let config = config(folder);
    let summary = replay(&config, small(), ProgressBar::hidden()).await.unwrap_or_else(|e| panic!("{e:#}"));
    (config, summary)
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Breaks a copy of the data by one statement and says what `verify` finds.
async fn broken_by(data: &Path, sql: &'static str, values: Vec<Param>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    copy(data, folder.path());
    let (app, _clock) = application(&config(&folder), "2019-07-01").await;
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
    let found = verify(&app).await.unwrap();
    assert!(!found.passed);
    found.broken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_runs_whole_and_verify_names_what_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let (config, summary) = replayed(&folder).await;
    assert!(summary.verify.passed, "{:?}", summary.verify.broken);
    assert!(summary.vouchers_issued >= 12, "{summary:#?}");
    assert!(summary.settlements >= 6 && summary.settled_fen > 0, "{summary:#?}");
    assert!(!summary.refused_settlements.is_empty(), "the idle firm's claim should be refused: {summary:#?}");
    assert!(summary.recovered_fen > 0, "the corrected bill should lead to a recovery");
    assert!(summary.refusals.contains_key("not-eligible"), "{:?}", summary.refusals);
    assert!(summary.enterprises_by_level.get("L3").copied().unwrap_or(0) > 0);

    let expect = |broken: Vec<String>, id: &str| {
        assert!(broken.iter().any(|b| b.starts_with(id)), "{id} should be named: {broken:#?}");
    };
    let data = config.data.as_path();
    let sql = "UPDATE journal_row SET after_json = '{\"amount\":1}' WHERE seq = $1";
    expect(broken_by(data, sql, params![7]).await, "JR-3");
    let sql = "DELETE FROM journal_row WHERE seq = $1";
    expect(broken_by(data, sql, params![9]).await, "JR-2");
    let sql = "UPDATE funds_account SET credits_posted_fen = credits_posted_fen + 1 WHERE id = 'bank'";
    expect(broken_by(data, sql, vec![]).await, "LG-1");
    let sql = "UPDATE policy_decision SET bytes = REPLACE(bytes, '\"eligible\":true', '\"eligible\":false') WHERE kind = 'settlement'";
    expect(broken_by(data, sql, vec![]).await, "PD-1");
    let sql = "UPDATE settlement_claim SET amount_fen = amount_fen + 100 WHERE state = 'paid'";
    expect(broken_by(data, sql, vec![]).await, "ST-2");
    let sql = "UPDATE settlement_claim SET level = 'L1' WHERE state = 'paid'";
    expect(broken_by(data, sql, vec![]).await, "ST-3");
    let sql = "UPDATE settlement_payment SET gross_fen = gross_fen + 1, paid_fen = paid_fen + 1";
    expect(broken_by(data, sql, vec![]).await, "ST-4");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_scenario_gives_the_same_year() {
    let mut story = small();
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
