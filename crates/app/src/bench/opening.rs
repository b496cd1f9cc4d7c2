//! The opening of a batch: 50,000 applications within a minute, answers lost on the way, none lost, none twice.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use casework::submit::{self, Receipt, Submit, SubmitError};
use kernel::Actor;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use store::{Db, params};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use super::Folder;
use super::http::{Connection, apart};
use super::report::{Report, percentile};
use super::seed::{Draft, Site};
use super::web::serve;
use crate::{metrics, server, worker};

const ROUNDS: usize = 3;
const CLIENTS: usize = 128;

/// Measures.
pub async fn run(report: &mut Report, folder: &Folder, quick: bool) -> Result<()> {
    let (firms, each, rate) = if quick { (2_000, 500, 200) } else { (50_000, 10_000, 850) };
    let mut site = Site::open(folder.path()).await?;
    site.firms(firms).await?;
    accounts(&site).await?;
    let mut sets = Vec::new();
    for (number, up_to) in [(1, firms), (2, each * ROUNDS), (3, each * ROUNDS)] {
        let batch = site.batch(number).await?;
        sets.push(site.drafts(&batch, 0..up_to.min(firms)).await?);
    }
    metrics::start();
    let jobs = worker::start(site.app.clone(), std::time::Duration::ZERO);
    let to = serve(server::router(site.app.clone())).await?;

    let minute = over_http(to, &sets[0], Some(rate)).await?;
    proven(&site, &minute, &sets[0], sets[0].len()).await?;
    let mut done = sets[0].len();
    report.round(&format!("{firms} applications over HTTP at {rate}/s, all answered after"), "s", minute.seconds);
    times(report, &format!("{firms} applications over HTTP at {rate}/s"), &minute);
    for round in 0..ROUNDS {
        let some = round * each..(round + 1) * each;
        let burst = over_http(to, &sets[1][some.clone()], None).await?;
        report.round("over HTTP, all at once from 128 connections", "applications/s", burst.rate());
        times(report, "over HTTP, all at once from 128 connections", &burst);
        done += each;
        proven(&site, &burst, &sets[1][some.clone()], done).await?;
        let alone = use_case(&site, &sets[2][some.clone()]).await?;
        report.round("the use case alone, 128 callers", "applications/s", alone.rate());
        done += each;
        proven(&site, &alone, &sets[2][some], done).await?;
    }
    jobs.abort();
    words(report);
    site.app.db.close().await;
    Ok(())
}

fn times(report: &mut Report, name: &str, run: &Run) {
    let ms = |share| f64::from(percentile(&run.micros, share)) / 1_000.0;
    report.round(&format!("{name}, p50"), "ms", ms(0.5));
    report.round(&format!("{name}, p99"), "ms", ms(0.99));
}

fn words(report: &mut Report) {
    report.ratio("over HTTP, all at once from 128 connections", "the use case alone, 128 callers", "");
    report.note(
        "Handing in a draft: the form is checked, the facts as at the day are decided by the programme's rules, the \
         decision is stored with its trace, a number without gaps is given, the move, the counts and the journal row \
         are written. The drafts, enterprises and batches were made through the real use cases before; accounts and \
         API tokens by SQL. SQLite, synchronous = FULL; an answer means that it is on disk.",
    );
    report.note(
        "Of every 20 clients over HTTP one hangs up before its answer comes and asks again with the same key on a new \
         connection, and two ask again after their answer. Each must get the same receipt. A time runs from when the \
         request was due to the answer that counted.",
    );
    report.note(
        "Counted after every run: one handed-in case, one number, one event and one journal row for each \
         application, and each receipt's number on its own case. All of them were.",
    );
    report.note(
        "What limits it: the processor, in the one writer: some twenty statements an application, one after another.",
    );
}

/// An account with a token for every firm. By SQL: a password's hash for each would take minutes.
async fn accounts(site: &Site) -> Result<()> {
    let now = site.app.db.clock().now();
    let until = now.checked_add(jiff::SignedDuration::from_hours(24))?;
    let account = |n: usize| {
        let owner = &site.firms[n].owner;
        let (org, role) = (owner.org_id.clone(), owner.role.code());
        params![&owner.user_id, format!("firm{n}"), &owner.name, "none", now, false, role, org, "zh", false, now]
    };
    let sql = "INSERT INTO orgs_account (id, login, person_name, password_hash, password_changed_at_us, \
               must_change_password, role, org_id, lang, disabled, created_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    site.by_sql(sql, (0..site.firms.len()).map(account).collect()).await?;
    // Used just now, so that the measured requests do not also note the first use of 50,000 tokens.
    let key = |n: usize| {
        let hash = hex::encode(Sha256::digest(token(n)));
        params![format!("tok_bench_{n}"), &site.firms[n].owner.user_id, "bench", hash, now, until, now]
    };
    let sql = "INSERT INTO orgs_api_token (id, account_id, name, token_sha256, created_at_us, expires_at_us, \
               last_used_us) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    site.by_sql(sql, (0..site.firms.len()).map(key).collect()).await
}

fn token(n: usize) -> String {
    format!("yj_bench_{n:05}")
}

/// What a run came to.
struct Run {
    /// Each application's time, sorted.
    micros: Vec<u32>,
    seconds: f64,
    /// Case and number of every receipt.
    receipts: Vec<(String, String)>,
}

impl Run {
    fn rate(&self) -> f64 {
        self.micros.len() as f64 / self.seconds
    }

    fn of(begun: Instant, answers: Vec<(u32, String, String)>) -> Run {
        let mut micros: Vec<u32> = answers.iter().map(|a| a.0).collect();
        micros.sort_unstable();
        let receipts = answers.into_iter().map(|(_, case, number)| (case, number)).collect();
        Run { micros, seconds: begun.elapsed().as_secs_f64(), receipts }
    }
}

#[derive(Deserialize)]
struct Body {
    case_id: String,
    number: String,
}

fn request(draft: &Draft) -> Vec<u8> {
    let body = format!("{{\"version\":{}}}", draft.version);
    format!(
        "POST /api/v1/cases/{case}/submit HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Idempotency-Key: hand-in-{case}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}",
        case = draft.case_id,
        token = token(draft.firm),
        length = body.len(),
    )
    .into_bytes()
}

/// Many clients hand in; `rate` a second, or all as fast as answers come.
async fn over_http(to: SocketAddr, drafts: &[Draft], rate: Option<u32>) -> Result<Run> {
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(drafts.iter().map(request).collect());
    apart(async move {
        let next = Arc::new(AtomicUsize::new(0));
        let begun = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            clients.spawn(client(to, requests.clone(), next.clone(), begun, rate));
        }
        let mut answers = Vec::with_capacity(requests.len());
        while let Some(part) = clients.join_next().await {
            answers.append(&mut part??);
        }
        Ok(Run::of(begun, answers))
    })
    .await
}

async fn client(
    to: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    begun: Instant,
    rate: Option<u32>,
) -> Result<Vec<(u32, String, String)>> {
    let mut connection = Connection::open(to).await?;
    let mut answers = Vec::new();
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let Some(request) = requests.get(n) else { return Ok(answers) };
        let due = match rate {
            Some(rate) => begun + Duration::from_secs_f64(n as f64 / f64::from(rate)),
            None => Instant::now(),
        };
        tokio::time::sleep_until(due.into()).await;
        if n % 20 == 7 {
            // It hangs up before the answer comes and does not know what became of its request.
            connection.abandon(request).await?;
            connection = Connection::open(to).await?;
        }
        let receipt = ask(&mut connection, request).await?;
        let micros = u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX);
        if n % 10 == 3 {
            let again = ask(&mut connection, request).await?;
            ensure!(again.number == receipt.number, "two receipts: {} and {}", receipt.number, again.number);
        }
        answers.push((micros, receipt.case_id, receipt.number));
    }
}

async fn ask(connection: &mut Connection, request: &[u8]) -> Result<Body> {
    let answer = connection.send(request).await?;
    ensure!(answer.status == 200, "status {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    Ok(serde_json::from_slice(&answer.body)?)
}

impl Connection {
    /// Sends a request and hangs up.
    async fn abandon(&mut self, request: &[u8]) -> Result<()> {
        self.stream().write_all(request).await?;
        Ok(self.stream().shutdown().await?)
    }
}

/// The same use case with its key, called as the page's handler does.
async fn use_case(site: &Site, drafts: &[Draft]) -> Result<Run> {
    let work: Arc<Vec<(Actor, Draft)>> =
        Arc::new(drafts.iter().map(|d| (site.firms[d.firm].owner.clone(), d.clone())).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CLIENTS {
        callers.spawn(caller(site.app.db.clone(), work.clone(), next.clone()));
    }
    let mut answers = Vec::with_capacity(work.len());
    while let Some(part) = callers.join_next().await {
        answers.append(&mut part??);
    }
    Ok(Run::of(begun, answers))
}

async fn caller(db: Db, work: Arc<Vec<(Actor, Draft)>>, next: Arc<AtomicUsize>) -> Result<Vec<(u32, String, String)>> {
    let mut answers = Vec::new();
    while let Some((owner, draft)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
        let begun = Instant::now();
        let key = format!("hand-in-{}", draft.case_id);
        let cmd = Submit { case_id: draft.case_id.clone(), version: draft.version };
        let done = db
            .write_once::<Receipt, SubmitError, _>(owner, "bench", &key, &draft.case_id, move |cx| {
                Box::pin(submit::run(cx, cmd))
            })
            .await;
        let receipt = done.map_err(|e| anyhow!("an application was refused: {e}"))?;
        let micros = u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
        answers.push((micros, receipt.case_id, receipt.number));
    }
    Ok(answers)
}

/// None lost, none twice: `drafts` were handed in by this run, `all` in the records by now.
async fn proven(site: &Site, run: &Run, drafts: &[Draft], all: usize) -> Result<()> {
    let distinct = |pick: fn(&(String, String)) -> &String| run.receipts.iter().map(pick).collect::<HashSet<_>>().len();
    let (cases, numbers) = (distinct(|r| &r.0), distinct(|r| &r.1));
    ensure!(
        run.receipts.len() == drafts.len() && cases == drafts.len() && numbers == drafts.len(),
        "{} applications, {} receipts for {cases} cases with {numbers} numbers",
        drafts.len(),
        run.receipts.len(),
    );
    for (what, sql) in [
        ("cases", "SELECT COUNT(*) AS n FROM casework_case WHERE state <> 'draft'"),
        ("numbers", "SELECT COUNT(DISTINCT number) AS n FROM casework_case WHERE number IS NOT NULL"),
        ("events", "SELECT COUNT(*) AS n FROM casework_event WHERE from_state = 'draft'"),
        ("decisions", "SELECT COUNT(*) AS n FROM policy_decision"),
        ("journal rows", "SELECT COUNT(*) AS n FROM journal_row WHERE verb = 'casework.submit'"),
        ("the last number given", "SELECT last_value AS n FROM counter WHERE series = 'case/2019'"),
    ] {
        let found = site.count(sql).await?;
        ensure!(found as usize == all, "{what}: {found} after {all} applications");
    }
    let receipts = run.receipts.clone();
    let system = Actor::system();
    let wrong = site.app.db.read::<_, store::StoreError, _>(&system, |cx| {
        Box::pin(async move {
            let mut wrong = 0;
            for (case, number) in receipts {
                let sql = "SELECT number FROM casework_case WHERE id = $1";
                wrong += usize::from(cx.one(sql, params![case]).await?.get::<String>("number")? != number);
            }
            Ok(wrong)
        })
    });
    let wrong = wrong.await?;
    ensure!(wrong == 0, "{wrong} receipts name another number than their case");
    Ok(())
}
