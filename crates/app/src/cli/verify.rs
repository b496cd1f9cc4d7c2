//! `yunjin verify`: walks the data on disk and proves what must hold, or names what is broken.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use kernel::{Actor, SystemClock};
use serde::{Deserialize, Serialize};
use store::{Sealer, StoreError};
use web::AppState;

use crate::{app, machines};

/// `yunjin verify`
#[derive(clap::Args)]
pub struct Args {
    /// Configuration file.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Data folder, instead of the configuration's.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What was walked and what was found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Verified {
    /// Nothing is broken.
    pub passed: bool,
    /// Journal rows read.
    pub journal_rows: i64,
    /// Journal blocks whose hash and signature were checked.
    pub journal_blocks: i64,
    /// Ledger transfers walked.
    pub transfers: i64,
    /// Decisions replayed.
    pub decisions: i64,
    /// Settlements checked.
    pub settlements: i64,
    /// Readings in the lake, on their way into a segment included.
    pub readings: u64,
    /// Every breach, beginning with the invariant's id.
    pub broken: Vec<String>,
}

async fn count(app: &AppState, sql: &'static str) -> Result<i64, StoreError> {
    app.db.read(&Actor::system(), |cx| Box::pin(async move { cx.one(sql, vec![]).await?.get::<i64>("n") })).await
}

/// Checks LG-* (ledger), ST-* (settlement), JR-* (journal) PD-* (decisions), CW-7 (kept counts), DV-* (devices) and LK-* (the
/// lake below the data folder).
pub async fn verify(app: &AppState, data: &std::path::Path) -> Result<Verified> {
    let system = Actor::system();
    let key = app.part::<Sealer>().public_key();
    let journal = app
        .db
        .read::<_, StoreError, _>(&system, |cx| Box::pin(async move { store::verify_journal(cx, Some(&key)).await }))
        .await?;
    let mut broken = journal.broken;
    let ledger = app.db.read(&system, |cx| Box::pin(funds::verify(cx))).await?;
    broken.extend(ledger.iter().map(|v| format!("{} {}: {}", v.invariant.id(), v.subject, v.what.en)));
    let settlements = app.db.read(&system, |cx| Box::pin(settlement::verify(cx))).await?;
    broken.extend(settlements.iter().map(|b| format!("{} {}: {}", b.invariant, b.subject, b.what.en)));
    let decisions = app.db.read(&system, |cx| Box::pin(policy::replay_all(cx))).await?;
    broken.extend(decisions.iter().map(|b| format!("{} {}: {}", b.invariant, b.object, b.detail)));
    broken.extend(app.db.read::<_, StoreError, _>(&system, |cx| Box::pin(casework::view::broken_counts(cx))).await?);
    broken.extend(app.db.read::<_, StoreError, _>(&system, |cx| Box::pin(devices::verify(cx))).await?);
    let data = data.to_owned();
    let lake = tokio::task::spawn_blocking(move || machines::check_lake(&data)).await??;
    broken.extend(lake.broken);
    Ok(Verified {
        readings: lake.readings + lake.log_readings,
        passed: broken.is_empty(),
        journal_rows: journal.rows,
        journal_blocks: journal.blocks,
        transfers: count(app, "SELECT COUNT(*) AS n FROM pub_funds_transfer").await?,
        decisions: count(app, "SELECT COUNT(*) AS n FROM pub_policy_decision").await?,
        settlements: count(app, "SELECT COUNT(*) AS n FROM pub_settlement_claim").await?,
        broken,
    })
}

#[expect(clippy::print_stdout, reason = "the report is what was asked for")]
/// Runs it; leaves with 1 when anything is broken.
pub async fn run(args: Args) -> Result<()> {
    let mut config = super::config(args.config.as_ref())?;
    super::start_logs(&config);
    if let Some(data) = args.data {
        config.data = data;
    }
    let app = app::build_without_lake(&config, Arc::new(SystemClock::default())).await?;
    let found = verify(&app, &config.data).await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        println!("journal rows {} in {} sealed blocks", found.journal_rows, found.journal_blocks);
        println!(
            "ledger transfers {}, settlements {}, decisions replayed {}, readings {}",
            found.transfers, found.settlements, found.decisions, found.readings
        );
        for b in &found.broken {
            println!("BROKEN {b}");
        }
        println!("{}", if found.passed { "passed: nothing is broken / 通过" } else { "FAILED / 未通过" });
    }
    app.db.close().await;
    if !found.passed {
        std::process::exit(1);
    }
    Ok(())
}
