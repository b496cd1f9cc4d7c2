//! Requests a second and their times on 50,000 enterprises, against a bare handler of the same server library.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use axum::Router;
use axum::routing::get;
use kernel::{Lang, Role, SUB_ITEMS};
use orgs::accounts::sign_in::{self, SignIn};
use orgs::{Password, Passwords};
use store::{Refusal, params};
use tokio::net::TcpListener;

use super::http::{self, Load, Pace, apart};
use super::report::{Report, percentile};
use super::seed::{PASSWORD, Site};
use super::{Folder, progress};
use crate::cli::serve::create_account;
use crate::{metrics, server, worker};

const ROUNDS: usize = 3;
const CONNECTIONS: usize = 32;
/// Requests a second for the times.
const STEADY: u32 = 1_000;

/// What is asked, of whom.
struct Target {
    name: &'static str,
    to: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
}

/// Measures.
pub async fn run(report: &mut Report, folder: &Folder, quick: bool) -> Result<()> {
    let firms = if quick { 2_000 } else { 50_000 };
    let site = seeded(folder, firms).await?;
    metrics::start();
    let jobs = worker::start(site.app.clone(), std::time::Duration::ZERO);
    let ours = serve(server::router(site.app.clone())).await?;
    let targets = targets(&site, ours).await?;
    let span = Duration::from_secs(if quick { 1 } else { 5 });
    for t in &targets {
        // The first request fills caches: the board's minute, the search index.
        measure(t, 4, Pace::Closed(Duration::from_millis(500))).await?;
    }
    for _ in 0..ROUNDS {
        for t in &targets {
            let load = measure(t, CONNECTIONS, Pace::Closed(span)).await?;
            report.round(&format!("{}, as fast as it goes", t.name), "requests/s", load.rate());
        }
        for t in &targets {
            let load = measure(t, CONNECTIONS * 2, Pace::Open(STEADY, span)).await?;
            let ms = |share| f64::from(percentile(&load.micros, share)) / 1_000.0;
            report.round(&format!("{} at {STEADY} requests/s, p50", t.name), "ms", ms(0.5));
            report.round(&format!("{} at {STEADY} requests/s, p99", t.name), "ms", ms(0.99));
        }
    }
    jobs.abort();
    words(report, &targets, firms);
    site.app.db.close().await;
    Ok(())
}

async fn measure(t: &Target, connections: usize, pace: Pace) -> Result<Load> {
    let (to, requests) = (t.to, t.requests.clone());
    apart(async move { http::load(to, requests, connections, pace).await }).await.with_context(|| t.name.to_owned())
}

impl Load {
    fn rate(&self) -> f64 {
        self.micros.len() as f64 / self.seconds
    }
}

fn words(report: &mut Report, targets: &[Target], firms: usize) {
    let name = |t: &Target| format!("{}, as fast as it goes", t.name);
    for t in &targets[2..] {
        report.ratio(&name(t), &name(&targets[0]), "≥ 0.4");
        report.ratio(&name(t), &name(&targets[1]), "");
    }
    report.note(format!(
        "{firms} enterprises, as many applications handed in, 200 providers with 1,000 services, made through the real use \
         cases; evidence levels of six in ten enterprises, for the board, by SQL. SQLite, every layer of the served \
         program (sessions, headers, metrics, the worker)."
    ));
    report.note(
        "The load generator is ours, on a thread of its own over kept loopback connections (32, 64 at a steady rate), \
         and shares the processor with the server. At the steady rate a request's time counts from when it was due, \
         to the timer's millisecond. Nothing is compressed, since the generator does not ask for it.",
    );
    report.note(
        "Peer: a bare axum handler that answers two bytes, and one that answers a constant of the board's size, in the \
         same process. Who is not signed in is shown the board as drawn for another visitor up to 30 s ago and a search \
         up to 5 s ago; the searches of which no two are alike show what drawing costs. What limits ours: the layers \
         around every request, looking up the session, the queries and rendering the page, on two processors that the \
         load generator shares.",
    );
}

/// Listens on a free port of loopback.
pub async fn serve(router: Router) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("listening")?;
    let to = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(to)
}

async fn seeded(folder: &Folder, firms: usize) -> Result<Site> {
    let mut site = Site::open(folder.path()).await?;
    site.providers(200).await?;
    site.firms(firms).await?;
    let batch = site.batch(1).await?;
    let drafts = site.drafts(&batch, 0..firms).await?;
    site.hand_in(&drafts).await?;
    let day = "2019-02-01";
    let level = |n: &usize| ["L0", "L1", "L2", "L3", "L3", "L4"][n / 10 % 6];
    let row = |n: usize| {
        let firm = &site.firms[n];
        let org = firm.owner.org_id.clone().unwrap_or_default();
        let provider = site.providers[n % site.providers.len()].clone();
        params![
            format!("lvl_bench_{n}"),
            format!("ord_bench_{n}"),
            1_i64,
            org,
            provider,
            SUB_ITEMS[n % SUB_ITEMS.len()].code,
            firm.district,
            level(&n),
            "测速",
            "bench",
            n as i64 % 12,
            100_000_i64 + n as i64,
            "[]",
            day,
            0_i64
        ]
    };
    let rows = (0..firms).filter(|n| n % 10 < 6).map(row).collect();
    let sql = "INSERT INTO usage_level (id, order_id, seq, enterprise_id, provider_id, sub_item, district, level, reason_zh, \
               reason_en, months_metered, net_fen, statement_ids_json, assessed_on, assessed_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    site.by_sql(sql, rows).await?;
    Ok(site)
}

async fn targets(site: &Site, ours: SocketAddr) -> Result<Vec<Target>> {
    let csrf = format!("{}={}", web::CSRF_COOKIE, "0".repeat(64));
    create_account(&site.app, "bench-city", PASSWORD, "市级经办（测速）", Role::CityOfficer, None, None).await?;
    let passwords = site.app.part::<Passwords>();
    let cmd = SignIn { login: "bench-city".into(), password: Password::new(PASSWORD), replaces: None };
    let session = sign_in::run(&site.app.db, &passwords, "bench", cmd).await;
    let session = session.map_err(|e| anyhow!("{}", e.message(Lang::En)))?;
    let signed_in = format!("{}={}", web::SESSION_COOKIE, session.token);
    let words = ["数据库", "设备上云", "安全防护", "协同办公", "汽车零部件", "计算资源 机械", "食品", "培训"];
    let search = words.iter().map(|w| http::get(&format!("/catalogue?q={}", percent(w)), &csrf)).collect();
    // More addresses than are asked within the seconds that a page is shared.
    let alone = (0..40_000).map(|n| {
        let word = words[n % words.len()];
        http::get(&format!("/catalogue?q={}&price_max={}", percent(word), 1_000_000 + n), &csrf)
    });
    let alone = alone.collect();
    let board = http::get("/board", &csrf);
    let mut first = http::Connection::open(ours).await?;
    let size = first.send(&board).await?.body.len();
    progress(&format!("the board has {size} bytes"));
    let constant = "x".repeat(size);
    let bare = Router::new()
        .route("/", get(|| async { "ok" }))
        .route("/page", get(move || std::future::ready(constant.clone())));
    let bare = serve(bare).await?;
    let target = |name, to, requests| Target { name, to, requests: Arc::new(requests) };
    Ok(vec![
        target("bare handler", bare, vec![http::get("/", &csrf)]),
        target("bare handler, a constant of the board's size", bare, vec![http::get("/page", &csrf)]),
        target("public board", ours, vec![board]),
        target("provider search", ours, search),
        target("provider search, no two alike", ours, alone),
        target("officer's work list", ours, vec![http::get("/work", &signed_in)]),
    ])
}

fn percent(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}
