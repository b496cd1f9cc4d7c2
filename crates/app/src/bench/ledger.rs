//! Durable transfers a second: an issue, a hold and its partial settlement for each voucher.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};
use funds::PostError;
use jiff::Timestamp;
use kernel::{Actor, Fen, SystemClock};
use ledger::{Account, AccountKind, Accounts, Code, Outcome, Transfer, TransferKind, WorkingSet};
use store::{Db, DbConfig, DbOptions, StoreError};

use super::postgres::Server;
use super::report::Report;
use super::{Folder, progress};

/// Three transfers each: 8,190 a batch.
const VOUCHERS_PER_BATCH: u64 = 2_730;
const QUOTAS: u64 = 16;
const PROVIDERS: u64 = 50;
const ROUNDS: usize = 3;

const BATCHED: &str = "ours, batches of 8,190";
const SINGLE: &str = "ours, one transfer a commit group, 64 callers";
const ALONE: &str = "ours, one transfer a commit, 1 caller";
const ENGINE: &str = "ours, deciding only, nothing written";
const PG_SETS: &str = "PostgreSQL, batches of 8,190, set-based SQL";
const PG_EACH: &str = "PostgreSQL, batches of 8,190, transfer by transfer";
const PG_SINGLE: &str = "PostgreSQL, one transfer a transaction, 16 connections";
const PG_ALONE: &str = "PostgreSQL, one transfer a transaction, 1 connection";
const UNIT: &str = "transfers/s";

/// How much of each.
#[derive(Clone, Copy)]
struct Size {
    batches: u64,
    /// Vouchers of each of the 64 callers, one transfer a use case.
    single_each: u64,
    /// Vouchers of the only caller.
    alone: u64,
}

/// Measures.
pub async fn run(report: &mut Report, folder: &Folder, quick: bool) -> Result<()> {
    let size = match quick {
        true => Size { batches: 2, single_each: 5, alone: 40 },
        false => Size { batches: 12, single_each: 40, alone: 300 },
    };
    let server = Server::start(&folder.path().join("postgres"))?;
    let mut peer = server.as_ref().map(Peer::new).transpose()?;
    let mut own = Own::open(folder).await?;
    for _ in 0..ROUNDS {
        own.batches(report, size.batches).await?;
        if let Some(p) = &mut peer {
            p.batches(report, size.batches)?;
        }
        own.singles(report, 64, size.single_each).await?;
        own.singles(report, 1, size.alone).await?;
        if let Some(p) = &mut peer {
            p.singles(report, 16, size.single_each * 4)?;
            p.singles(report, 1, size.alone)?;
        }
    }
    own.prove().await?;
    words(report, server.as_ref());
    Ok(())
}

fn words(report: &mut Report, server: Option<&Server>) {
    report.ratio(BATCHED, PG_ALONE, "≥ 30");
    report.ratio(BATCHED, PG_SINGLE, "≥ 30");
    report.ratio(BATCHED, PG_EACH, "");
    report.ratio(BATCHED, PG_SETS, "");
    report.ratio(SINGLE, PG_SINGLE, "");
    report.ratio(ALONE, PG_ALONE, "");
    report.note(
        "Of the transfers a third are issues, a third holds, a third settlements of part of a hold; 16 quotas and 50 \
         providers are shared by all vouchers. Every round has fresh vouchers, whose accounts stand open before.",
    );
    report.note(
        "Durable: ours answers after SQLite's commit in WAL mode with synchronous = FULL, that is after fsync of the \
         log; use cases that wait at the same moment share that commit. Each use case also leaves a journal row, \
         which the peer does not.",
    );
    match server {
        Some(s) => report.note(format!(
            "Peer: PostgreSQL {} on the same disk, fsync and synchronous_commit on, driven by pgbench with prepared \
             statements over a Unix socket; batches run inside the server as one function call, without trips to a client.",
            s.version
        )),
        None => report.note("PostgreSQL's server package is not installed: there is no peer in this run."),
    }
    report.note(
        "What limits it: the batch is bound by binding fourteen values a transfer and by SQLite's three B-trees (id, \
         number, what it resolves); the engine alone decides many times as fast. Single transfers are bound by handing \
         some ten statements a use case, one after another, to the thread that owns the connection and back: the \
         wake-ups of threads cost more than the statements, and grouping commits saves the sync only.",
    );
}

/// The transfers of voucher `v`: its issue, a hold on it, and a settlement of part of that.
fn of_voucher(v: u64, at: Timestamp) -> [Transfer; 3] {
    let (voucher, quota) = (format!("voucher:{v}"), format!("quota:{}", v % QUOTAS));
    let provider = format!("payable:{}", v % PROVIDERS);
    let id = |step: &str| format!("{voucher}/{step}");
    let new = |step: &str, debit: &str, credit: &str, fen, code, kind| Transfer {
        id: id(step),
        debit: debit.into(),
        credit: credit.into(),
        amount: Fen(fen),
        code,
        kind,
        linked: false,
        reference: "bench".into(),
        at,
    };
    let post = TransferKind::Post { pending_id: id("hold") };
    [
        new("issue", &quota, &voucher, 1_000, Code::Issue, TransferKind::Posted),
        new("hold", &voucher, &provider, 900, Code::Hold, TransferKind::Pending { expires_on: None }),
        new("settle", &voucher, &provider, 800, Code::Settle, post),
    ]
}

fn transfers(first: u64, vouchers: u64, at: Timestamp) -> Vec<Transfer> {
    (first..first + vouchers).flat_map(|v| of_voucher(v, at)).collect()
}

fn shared_accounts() -> Vec<(String, AccountKind)> {
    let bank = [("bank".to_owned(), AccountKind::Bank)].into_iter();
    let quotas = (0..QUOTAS).map(|q| (format!("quota:{q}"), AccountKind::Batch));
    let providers = (0..PROVIDERS).map(|p| (format!("payable:{p}"), AccountKind::ProviderPayable));
    bank.chain(quotas).chain(providers).collect()
}

/// Money for every quota, out of nothing.
fn funding(at: Timestamp) -> Vec<Transfer> {
    let one = |q| Transfer {
        id: format!("fund/{q}"),
        debit: "bank".into(),
        credit: format!("quota:{q}"),
        amount: Fen(1 << 50),
        code: Code::Correct,
        kind: TransferKind::Posted,
        linked: false,
        reference: "bench".into(),
        at,
    };
    (0..QUOTAS).map(one).collect()
}

/// Ours, on SQLite.
struct Own {
    db: Db,
    next: u64,
    made: u64,
}

impl Own {
    async fn open(folder: &Folder) -> Result<Own> {
        let clock = Arc::new(SystemClock::default());
        let path = folder.path().join("ledger.db");
        let db = Db::open(&DbConfig::Sqlite(path), DbOptions::default(), clock).await.context("opening the records")?;
        let own = Own { db, next: 0, made: QUOTAS };
        own.accounts(shared_accounts()).await?;
        own.batch(funding(own.now())).await?;
        Ok(own)
    }

    fn now(&self) -> Timestamp {
        self.db.clock().now()
    }

    async fn accounts(&self, all: Vec<(String, AccountKind)>) -> Result<()> {
        let system = Actor::system();
        let open = self.db.write::<_, StoreError, _>(&system, "bench", move |cx| {
            Box::pin(async move {
                for (id, kind) in &all {
                    funds::open_account(cx, id, *kind, kind.usual_limit()).await?;
                }
                cx.journal("bench.open", "bench", &(), &()).await
            })
        });
        open.await.context("opening accounts")
    }

    /// Opens the accounts of so many fresh vouchers; the first one's number.
    async fn fresh(&mut self, vouchers: u64) -> Result<u64> {
        let first = self.next;
        self.next += vouchers;
        self.accounts((first..self.next).map(|v| (format!("voucher:{v}"), AccountKind::Voucher)).collect()).await?;
        self.made += vouchers * 3;
        Ok(first)
    }

    async fn batch(&self, transfers: Vec<Transfer>) -> Result<()> {
        let system = Actor::system();
        let post = self.db.write::<_, StoreError, _>(&system, "bench", move |cx| {
            Box::pin(async move {
                let outcomes = funds::post_batch(cx, &transfers).await?;
                cx.journal("bench.batch", "bench", &(), &outcomes.len()).await?;
                Ok(outcomes)
            })
        });
        let outcomes = post.await.context("posting a batch")?;
        ensure!(outcomes.iter().all(|o| *o == Outcome::Created), "a transfer was not made");
        Ok(())
    }

    async fn batches(&mut self, report: &mut Report, batches: u64) -> Result<()> {
        let first = self.fresh(batches * VOUCHERS_PER_BATCH).await?;
        let at = self.now();
        let each = |b| transfers(first + b * VOUCHERS_PER_BATCH, VOUCHERS_PER_BATCH, at);
        let prepared: Vec<Vec<Transfer>> = (0..batches).map(each).collect();
        report.round(ENGINE, UNIT, decide(&prepared, at)?);
        let begun = Instant::now();
        for batch in prepared {
            self.batch(batch).await?;
        }
        report.round(BATCHED, UNIT, (batches * VOUCHERS_PER_BATCH * 3) as f64 / begun.elapsed().as_secs_f64());
        Ok(())
    }

    async fn singles(&mut self, report: &mut Report, callers: u64, each: u64) -> Result<()> {
        let first = self.fresh(callers * each).await?;
        let at = self.now();
        let begun = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for caller in 0..callers {
            let (db, from) = (self.db.clone(), first + caller * each);
            tasks.spawn(async move {
                for v in from..from + each {
                    for transfer in of_voucher(v, at) {
                        single(&db, transfer).await?;
                    }
                }
                Ok::<(), PostError>(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done?.map_err(|e| anyhow!("a transfer was not made: {e}"))?;
        }
        let rate = (callers * each * 3) as f64 / begun.elapsed().as_secs_f64();
        report.round(if callers == 1 { ALONE } else { SINGLE }, UNIT, rate);
        Ok(())
    }

    /// The books are right afterwards, and everything that was answered is in them.
    async fn prove(&self) -> Result<()> {
        let broken = self.db.read::<_, StoreError, _>(&Actor::system(), |cx| Box::pin(funds::verify(cx))).await?;
        ensure!(broken.is_empty(), "the ledger is broken: {broken:?}");
        let system = Actor::system();
        let count = self.db.read::<_, StoreError, _>(&system, |cx| {
            Box::pin(async move {
                let row = cx.one("SELECT COUNT(*) AS n FROM pub_funds_transfer", vec![]).await?;
                row.get::<i64>("n")
            })
        });
        let count = count.await?;
        ensure!(count as u64 == self.made, "{count} transfers are on record, {} were answered", self.made);
        progress(&format!("{count} transfers on record, every invariant holds"));
        Ok(())
    }
}

async fn single(db: &Db, transfer: Transfer) -> Result<(), PostError> {
    db.write(&Actor::system(), "bench", move |cx| {
        Box::pin(async move {
            funds::post(cx, std::slice::from_ref(&transfer)).await?;
            cx.journal("bench.post", &transfer.id, &(), &transfer.amount).await?;
            Ok(())
        })
    })
    .await
}

/// The engine alone on the same batches, accounts in memory.
fn decide(batches: &[Vec<Transfer>], at: Timestamp) -> Result<f64> {
    let mut accounts = Accounts::default();
    let mut kinds: HashMap<String, AccountKind> = shared_accounts().into_iter().collect();
    let vouchers = batches.iter().flatten().filter(|t| t.code == Code::Issue).map(|t| t.credit.clone());
    kinds.extend(vouchers.map(|v| (v, AccountKind::Voucher)));
    for (id, kind) in kinds {
        accounts.insert(Account::new(id.as_str(), kind, at));
    }
    let mut set = WorkingSet::new(accounts, &[]);
    let funded = funding(at);
    set.apply(&funded);
    let mut accounts = set.into_accounts();
    let begun = Instant::now();
    for batch in batches {
        let mut set = WorkingSet::new(accounts, &[]);
        let outcomes = set.apply(batch);
        ensure!(outcomes.iter().all(|o| *o == Outcome::Created), "a transfer was not made");
        accounts = set.into_accounts();
    }
    let count: usize = batches.iter().map(Vec::len).sum();
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}

/// PostgreSQL.
struct Peer<'a> {
    server: &'a Server,
    next: u64,
}

/// One transaction a transfer; `i` counts up in each connection, `:base` keeps rounds apart.
const SINGLE_SQL: &str = "\
\\set i :i + 1
\\set v :base + :client_id * 100000 + :i
\\set q :v % 16
\\set p :v % 50
BEGIN;
INSERT INTO transfer (id, debit, credit, amount_fen, code, kind, reference) VALUES ('voucher:' || :v || '/issue', 'quota:' || :q, 'voucher:' || :v, 1000, 'issue', 'posted', 'bench');
UPDATE account SET credits_posted = credits_posted + 1000 WHERE id = 'voucher:' || :v;
UPDATE account SET debits_posted = debits_posted + 1000 WHERE id = 'quota:' || :q;
COMMIT;
BEGIN;
INSERT INTO transfer (id, debit, credit, amount_fen, code, kind, reference) VALUES ('voucher:' || :v || '/hold', 'voucher:' || :v, 'payable:' || :p, 900, 'hold', 'pending', 'bench');
UPDATE account SET debits_pending = debits_pending + 900 WHERE id = 'voucher:' || :v;
UPDATE account SET credits_pending = credits_pending + 900 WHERE id = 'payable:' || :p;
COMMIT;
BEGIN;
INSERT INTO transfer (id, debit, credit, amount_fen, code, kind, pending_id, reference) SELECT 'voucher:' || :v || '/settle', debit, credit, 800, 'settle', 'post', id, 'bench' FROM transfer WHERE id = 'voucher:' || :v || '/hold';
UPDATE account SET debits_pending = debits_pending - 900, debits_posted = debits_posted + 800 WHERE id = 'voucher:' || :v;
UPDATE account SET credits_pending = credits_pending - 900, credits_posted = credits_posted + 800 WHERE id = 'payable:' || :p;
COMMIT;
";

impl<'a> Peer<'a> {
    fn new(server: &'a Server) -> Result<Peer<'a>> {
        server.sql(include_str!("ledger_postgres.sql"))?;
        server.sql(&format!(
            "INSERT INTO account (id, credits_posted) SELECT 'quota:' || i, {} FROM generate_series(0, {}) i",
            1_i64 << 50,
            QUOTAS - 1
        ))?;
        server.sql(&format!(
            "INSERT INTO account (id) SELECT 'payable:' || i FROM generate_series(0, {}) i",
            PROVIDERS - 1
        ))?;
        Ok(Peer { server, next: 0 })
    }

    fn open(&self, first: u64, vouchers: u64) -> Result<()> {
        let last = first + vouchers - 1;
        self.server
            .sql(&format!("INSERT INTO account (id) SELECT 'voucher:' || i FROM generate_series({first}, {last}) i"))?;
        self.server.sql("VACUUM ANALYZE account")?;
        self.server.sql("VACUUM ANALYZE transfer").map(drop)
    }

    fn batches(&mut self, report: &mut Report, batches: u64) -> Result<()> {
        for (name, function) in [(PG_SETS, "post_sets"), (PG_EACH, "post_each")] {
            let first = self.next;
            self.next += batches * VOUCHERS_PER_BATCH;
            self.open(first, batches * VOUCHERS_PER_BATCH)?;
            let n = VOUCHERS_PER_BATCH;
            let script =
                format!("\\set i :i + 1\n\\set first :base + (:i - 1) * {n}\nSELECT {function}(:first, {n});\n");
            let settings = [("i", "0".to_owned()), ("base", first.to_string())];
            let rate = self.server.pgbench(&script, 1, batches as u32, &settings)?;
            report.round(name, UNIT, rate * (VOUCHERS_PER_BATCH * 3) as f64);
        }
        Ok(())
    }

    fn singles(&mut self, report: &mut Report, clients: u64, each: u64) -> Result<()> {
        let first = self.next;
        self.next += clients * 100_000;
        for client in 0..clients {
            let from = first + client * 100_000 + 1;
            let last = from + each - 1;
            self.server.sql(&format!(
                "INSERT INTO account (id) SELECT 'voucher:' || i FROM generate_series({from}, {last}) i"
            ))?;
        }
        let settings = [("i", "0".to_owned()), ("base", first.to_string())];
        let rate = self.server.pgbench(SINGLE_SQL, clients as u32, each as u32, &settings)?;
        report.round(if clients == 1 { PG_ALONE } else { PG_SINGLE }, UNIT, rate * 3.0);
        Ok(())
    }
}
