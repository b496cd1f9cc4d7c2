//! Durable transfers a second on SQLite, through [`funds::post_batch`], commit included: in batches of 8,000 and one
//! by one, a tenth of them two-phase. `cargo run --profile bench-lite -p funds --example rate -- 400000 10000`
//! (transfers, accounts).

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use kernel::{Actor, Fen, IdSource, SystemClock};
use ledger::{AccountKind, Code, Limit, Outcome, Transfer, TransferKind};
use store::{Db, DbConfig, DbOptions, StoreError};

const BATCH: usize = 8_000;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let transfers: usize = arguments.next().map_or(Ok(400_000), |a| a.parse())?;
    let accounts: u64 = arguments.next().map_or(Ok(10_000), |a| a.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(transfers, accounts))
}

async fn run(total: usize, accounts: u64) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let config = match std::env::var("RATE_POSTGRES") {
        Ok(url) => DbConfig::Postgres(url),
        Err(_) => DbConfig::Sqlite(folder.path().join("rate.db")),
    };
    let options = DbOptions { readers_max: 2, seed: Some(1) };
    let db = Db::open(&config, options, Arc::new(SystemClock::default())).await?;
    open(&db, accounts).await?;
    let mut random = IdSource::seeded(1);
    let mut out = std::io::stdout();
    let (mut n, mut slowest_ms) = (0, 0);
    let start = Instant::now();
    while n < total {
        let batch = make(&mut random, n, BATCH, accounts);
        let at = Instant::now();
        write(&db, batch).await?;
        slowest_ms = slowest_ms.max(at.elapsed().as_millis());
        n += BATCH;
    }
    let per_second = n as f64 / start.elapsed().as_secs_f64();
    writeln!(out, "batched: {n} transfers over {accounts} accounts, {per_second:.0}/s, slowest batch {slowest_ms} ms")?;
    let singles = 2_000;
    let start = Instant::now();
    for i in 0..singles {
        write(&db, make(&mut random, n + i, 1, accounts)).await?;
    }
    let per_second = singles as f64 / start.elapsed().as_secs_f64();
    writeln!(out, "single, one caller: {per_second:.0}/s")?;
    n += singles;
    let start = Instant::now();
    let mut tasks = Vec::new();
    for caller in 0..64 {
        let db = db.clone();
        tasks.push(tokio::spawn(async move {
            let mut random = IdSource::seeded(caller);
            for i in 0..200 {
                write(&db, make(&mut random, n + caller as usize * 200 + i, 1, accounts)).await?;
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    let per_second = 64.0 * 200.0 / start.elapsed().as_secs_f64();
    writeln!(out, "single, 64 callers sharing commits: {per_second:.0}/s")?;
    let start = Instant::now();
    let broken = db.read::<_, StoreError, _>(&Actor::system(), |cx| Box::pin(funds::verify(cx))).await?;
    writeln!(out, "verify: {} violations, {:.1} s", broken.len(), start.elapsed().as_secs_f64())?;
    Ok(())
}

/// Between random payables and receivables, which have no floor here; every tenth is a hold, settled by the next one.
fn make(random: &mut IdSource, from: usize, count: usize, accounts: u64) -> Vec<Transfer> {
    let mut batch: Vec<Transfer> = Vec::with_capacity(count);
    for i in from..from + count {
        let hold = batch.last().filter(|last| matches!(last.kind, TransferKind::Pending { .. })).cloned();
        let id = format!("trf_{i:010}");
        batch.push(match hold {
            Some(hold) => {
                let kind = TransferKind::Post { pending_id: hold.id.clone() };
                Transfer { id, amount: Fen(hold.amount.0 / 2 + 1), kind, ..hold }
            }
            None => Transfer {
                id,
                debit: format!("payable:{:08}", random.below(accounts / 2)),
                credit: format!("receivable:{:08}", random.below(accounts / 2)),
                amount: Fen(1 + random.below(100_000) as i64),
                code: Code::Repay,
                kind: if i % 20 == 0 { TransferKind::Pending { expires_on: None } } else { TransferKind::Posted },
                linked: false,
                reference: String::new(),
                at: kernel::beijing_midnight(jiff::civil::date(2019, 3, 1)),
            },
        });
    }
    batch
}

async fn open(db: &Db, accounts: u64) -> Result<(), StoreError> {
    db.write(&Actor::system(), "rate", move |cx| {
        Box::pin(async move {
            for i in 0..accounts / 2 {
                let (payable, receivable) = (format!("payable:{i:08}"), format!("receivable:{i:08}"));
                funds::open_account(cx, &payable, AccountKind::ProviderPayable, Limit::None).await?;
                funds::open_account(cx, &receivable, AccountKind::Receivable, Limit::None).await?;
            }
            cx.journal("rate.open", "rate", &(), &accounts).await
        })
    })
    .await
}

async fn write(db: &Db, batch: Vec<Transfer>) -> Result<(), StoreError> {
    let outcomes = db
        .write(&Actor::system(), "rate", move |cx| {
            Box::pin(async move {
                let outcomes = funds::post_batch(cx, &batch).await?;
                cx.journal("rate.post", "rate", &(), &batch.len()).await?;
                Ok::<_, StoreError>(outcomes)
            })
        })
        .await?;
    assert!(outcomes.iter().all(|o| *o == Outcome::Created), "every transfer of the run is made");
    Ok(())
}
