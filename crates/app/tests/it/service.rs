//! The service around the pages: headers, metrics, readiness, stopping.

use std::time::Duration;

use kernel::{Actor, Role};
use store::StoreError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use yunjin::{metrics, server, worker};

use crate::support::{Person, application, ask, config, signed_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_strict_policy_stands_on_every_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2018-09-03").await;
    let router = server::router(app);
    let anybody = Person::public();
    for (uri, status) in [
        ("/", 200),
        ("/nothing-here", 404),
        ("/assets/nothing.css", 404),
        ("/api/v1/nothing", 404),
        ("/api/v1/me", 401),
        ("/journal", 303),
        ("/healthz", 200),
    ] {
        let answer = ask(&router, anybody.get(uri)).await;
        assert_eq!(answer.status.as_u16(), status, "{uri}");
        let policy = answer.headers.get("content-security-policy").unwrap_or_else(|| panic!("{uri} has no policy"));
        let policy = policy.to_str().unwrap();
        for rule in [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.split("; ").any(|p| p == rule), "{uri}: {rule} in {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{uri}: {policy}");
        assert_eq!(answer.headers.get("x-content-type-options").unwrap(), "nosniff", "{uri}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_name_routes_and_jobs_and_never_an_address() {
    let folder = tempfile::tempdir().unwrap();
    metrics::start();
    let (app, _clock) = application(&config(&folder), "2018-09-03").await;
    let router = server::router(app.clone());
    let auditor = signed_in(&app, "auditor", Role::Auditor, None, None).await;
    ask(&router, auditor.get("/orders/ord_secret_1")).await;
    worker::daily(&app).await;
    let shown = ask(&router, auditor.get("/metrics")).await;
    let line = |parts: &[&str]| shown.text.lines().any(|l| parts.iter().all(|p| l.contains(p)) && !l.ends_with(" 0"));
    assert!(
        line(&["http_requests_total{", "route=\"/orders/{id}\"", "status=\"404\"", "method=\"GET\""]),
        "{}",
        shown.text
    );
    assert!(line(&["http_request_seconds_count", "route=\"/orders/{id}\""]), "{}", shown.text);
    assert!(!shown.text.contains("ord_secret_1"), "an address would make metrics without bound");
    for job in ["orgs.bring_facts_forward", "casework.conclude_due", "usage.assess_all", "vouchers.expire_due"] {
        assert!(line(&["worker_jobs_total{", &format!("job=\"{job}\""), "outcome=\"done\""]), "{job}: {}", shown.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_whose_schema_was_overtaken_is_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2018-09-03").await;
    let router = server::router(app.clone());
    let anybody = Person::public();
    assert_eq!(ask(&router, anybody.get("/readyz")).await.status, 200);
    app.db
        .write::<_, StoreError, _>(&Actor::system(), "test", |cx| {
            Box::pin(async move {
                let sql =
                    "INSERT INTO schema_version (version, name, sha256, applied_at_us) VALUES (999999, 'x', 'x', 0)";
                cx.execute(sql, vec![]).await?;
                cx.journal("test.later", "x", &(), &()).await
            })
        })
        .await
        .unwrap();
    assert_eq!(ask(&router, anybody.get("/readyz")).await.status, 503);
    assert_eq!(ask(&router, anybody.get("/healthz")).await.status, 200, "it lives on, and is to be replaced");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_in_flight_is_answered_after_the_order_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2018-09-03").await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server::serve(app, address, async move {
        let _ = stopped.await;
    }));
    let mut caller = loop {
        match TcpStream::connect(address).await {
            Ok(caller) => break caller,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    // A form whose body is on its way: its handler waits for the rest.
    let body = "_csrf=wrong&login=somebody&password=something";
    let (first, rest) = body.split_at(10);
    let head = format!(
        "POST /sign-in HTTP/1.1\r\nHost: yunjin.test\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{first}",
        body.len()
    );
    caller.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!serving.is_finished(), "it waits for the request in flight");
    assert!(TcpStream::connect(address).await.is_err(), "and takes no new one");
    caller.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    caller.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("表单已失效"), "{answer}");
    tokio::time::timeout(Duration::from_secs(5), serving).await.expect("it stops then").unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_auditor_reads_the_journal_over_the_api_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2018-09-03").await;
    let router = server::router(app.clone());
    let auditor = signed_in(&app, "auditor", Role::Auditor, None, None).await;
    let officer = signed_in(&app, "officer", Role::CityOfficer, None, None).await;
    let (mut numbers, mut at) = (Vec::new(), "/api/v1/journal?limit=1".to_owned());
    loop {
        let page = ask(&router, auditor.get(&at)).await.json();
        numbers.extend(page["items"].as_array().unwrap().iter().map(|r| r["seq"].as_i64().unwrap()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        at = format!("/api/v1/journal?limit=1&after={cursor}");
    }
    let newest = *numbers.first().expect("signing in is journaled");
    assert_eq!(numbers, (1..=newest).rev().collect::<Vec<_>>(), "every row once, the newest first");
    assert_eq!(ask(&router, officer.get("/api/v1/journal")).await.status, 403);
    assert_eq!(ask(&router, Person::public().get("/api/v1/journal")).await.status, 401);
}
