//! Bad input that no slice sees alone: an upload of 2 GiB, another site's form, a retry of a post, a clock moved back.

use std::path::Path;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use futures_util::stream;
use kernel::{Action, Role, Subject, permits};
use serde_json::json;
use yunjin::config::{Config, Limits};
use yunjin::server;

use crate::support::{Person, application, ask, config, filled, people, signed_in};

fn kept(folder: &tempfile::TempDir) -> usize {
    std::fs::read_dir(folder.path().join("uploads")).map_or(0, Iterator::count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_of_two_gibibytes_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2019-03-04").await;
    let router = server::router(app.clone());
    let officer = signed_in(&app, "someone", Role::CityOfficer, None, None).await;
    for path in ["/usage/imports", "/api/v1/usage/imports"] {
        let request = sending(&officer, path).header(header::CONTENT_LENGTH, (2_u64 << 30).to_string());
        let answer = ask(&router, request.body(Body::from("--x")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert!(answer.text.contains("1024 MiB") && answer.text.contains("upload-too-large"), "{}", answer.text);
        assert_eq!(kept(&folder), 0, "nothing of it is kept");
    }
}

/// A bill on its way, by form or by API.
fn sending(person: &Person, path: &str) -> axum::http::request::Builder {
    let request = person
        .request(Method::POST, path)
        .header("x-csrf-token", &person.csrf)
        .header("idempotency-key", "k1")
        .header("x-file-name", "june.csv")
        .header("x-bill-profile", "focus-1.2");
    let multipart = !path.starts_with("/api/");
    request.header(
        header::CONTENT_TYPE,
        if multipart { "multipart/form-data; boundary=x" } else { "application/octet-stream" },
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_hides_its_length_is_cut_at_the_limit_and_nothing_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { upload_mib: 1, ..Limits::default() };
    let (app, _clock) = application(&Config { limits, ..config(&folder) }, "2019-03-04").await;
    let router = server::router(app.clone());
    let officer = signed_in(&app, "someone", Role::CityOfficer, None, None).await;
    // 3 MiB in chunks of 64 KiB, without a length; as a file, and as a field that is no file.
    let head = |disposition: &str| format!("--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
    let cases = [
        ("/usage/imports", head("name=\"file\"; filename=\"june.csv\"")),
        ("/usage/imports", head("name=\"remark\"")),
        ("/api/v1/usage/imports", String::new()),
    ];
    for (path, head) in cases {
        let body = std::iter::once(head.clone().into_bytes()).chain((0..48).map(|_| vec![b'a'; 64 << 10]));
        let body = Body::from_stream(stream::iter(body.map(Ok::<_, std::io::Error>)));
        let answer = ask(&router, sending(&officer, path).body(body).unwrap()).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path} {head}: {}", answer.text);
        assert!(answer.text.contains("upload-too-large"), "{path}: {}", answer.text);
        assert_eq!(kept(&folder), 0, "nothing of {path} {head} is kept");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_from_another_site_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2019-03-04").await;
    let officer = signed_in(&app, "someone", Role::CityOfficer, None, None).await;
    let request = officer
        .request(Method::POST, "/sign-out")
        .header("sec-fetch-site", "cross-site")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("_csrf={}", officer.csrf)))
        .unwrap();
    assert_eq!(ask(&server::router(app), request).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_moved_back_revives_no_session() {
    let folder = tempfile::tempdir().unwrap();
    let (app, clock) = application(&config(&folder), "2019-03-04").await;
    let officer = signed_in(&app, "someone", Role::CityOfficer, None, None).await;
    let router = server::router(app);
    let desk = async || ask(&router, officer.get("/dashboard")).await.status;
    assert_eq!(desk().await, StatusCode::OK);
    clock.set(testkit::instant("2019-03-05"));
    assert_eq!(desk().await, StatusCode::SEE_OTHER, "over after twelve hours");
    clock.set(testkit::instant("2019-03-03"));
    assert_eq!(desk().await, StatusCode::SEE_OTHER, "nor back in the day before it began");
}

/// The records' newest row is of the future: as after a machine's clock was set back while the program was down.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_never_carry_earlier_times_after_a_start_with_a_clock_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    let ahead = testkit::instant("2199-03-04");
    let newest = async |app: &web::AppState| {
        let filter = store::JournalFilter { limit: 1, ..store::JournalFilter::default() };
        let rows = app
            .db
            .read::<_, store::StoreError, _>(&kernel::Actor::system(), |cx| {
                Box::pin(async move { store::list_journal(cx, &filter).await })
            })
            .await;
        rows.unwrap()[0].at
    };
    let (app, _) = application(&config, "2199-03-04").await;
    signed_in(&app, "someone", Role::CityOfficer, None, None).await;
    assert!(newest(&app).await >= ahead);
    app.db.close().await;
    // The lake belongs to one application at a time.
    drop(app);
    let app = yunjin::app::build(&config, std::sync::Arc::new(kernel::SystemClock::default()), None).await.unwrap();
    assert!(app.db.clock().now() >= ahead, "time stands still instead of running again");
    signed_in(&app, "another", Role::Auditor, None, None).await;
    assert!(newest(&app).await >= ahead);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_post_registers_once_and_a_wrong_digit_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2019-03-04").await;
    let router = server::router(app.clone());
    let officer = signed_in(&app, "someone", Role::CityOfficer, None, None).await;
    let body = |uscc: &str| {
        json!({ "uscc": uscc, "name": "天津一号（模拟）有限公司", "kind": "enterprise",
            "facts": { "district": "120116", "industry": "34" } })
    };
    let path = "/api/v1/orgs";
    let good = body("91350100M000100Y43");
    let first = ask(&router, officer.json(path, "k1", &good)).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let retried = ask(&router, officer.json(path, "k1", &good)).await;
    assert_eq!((retried.status, &retried.text), (StatusCode::CREATED, &first.text), "a retry gets the first answer");
    let listed = ask(&router, officer.get("/api/v1/orgs")).await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "one organisation: {listed}");
    // The same key for something else is neither done nor taken for a retry.
    let other = ask(&router, officer.json(path, "k1", &body("91350100M000100Y44"))).await;
    assert_eq!(
        (other.status, other.json()["title"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("idempotency-conflict"))
    );
    let wrong = ask(&router, officer.json(path, "k2", &body("91350100M000100Y44"))).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("应为"), "the right digit is said: {}", wrong.text);
    // Signed in by cookie, an API write needs the CSRF header: without it nothing is done.
    let forged = Person { csrf: String::new(), ..officer };
    let refused = ask(&router, forged.json(path, "k0", &good)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("csrf"), "{}", refused.text);
}

/// Readings need no key: the same instant sent again replaces itself (LK-6), and machines have nothing to keep one in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_through_the_api_asks_for_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2019-03-04").await;
    let (router, people) = (server::router(app.clone()), people(&app).await);
    let mut asked = 0;
    for route in server::routes() {
        let info = route.info;
        if info.method == Method::GET
            || !info.path.starts_with("/api/")
            || info.action == Action::SendReadings
            || info.path == "/api/v1/telemetry"
        {
            continue;
        }
        let may = people.iter().find(|p| permits(&p.actor, info.action, &Subject::none()));
        let person = may.unwrap_or_else(|| panic!("nobody may {}", info.path));
        let mut request = person.json(&filled(&info.path, |_| "nothing".to_owned()), "k", &json!({}));
        request.headers_mut().remove("idempotency-key");
        let answer = ask(&router, request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}: {}", info.path, answer.text);
        assert_eq!(answer.json()["title"], "idempotency-key-missing", "{}", info.path);
        asked += 1;
    }
    assert!(asked > 40, "only {asked} endpoints write");
}

/// Handlers that change records beside the idempotent path, and why a retry does no harm there.
const NOT_KEYED: [(&str, &str); 11] = [
    (
        "devices/src/pages/mod.rs",
        "credentials: the answer is a secret that must not be kept; a second one can be revoked",
    ),
    ("devices/src/api/credentials.rs", "the same"),
    ("alarms/src/pages/contacts.rs", "adding a contact answers with its signing secret, which must not be kept"),
    ("alarms/src/api/contacts.rs", "the same"),
    ("orgs/src/pages/tokens.rs", "the answer is a secret that must not be kept; a second token can be revoked"),
    ("orgs/src/pages/totp.rs", "the answers are secrets; a code works once, so a retry is refused"),
    ("orgs/src/pages/account.rs", "the language: the second time it is the same"),
    ("orgs/src/pages/sign_out.rs", "a session that is over is over"),
    ("casework/src/pages/check.rs", "keeps a refused decision under the form's own key, after the submission"),
    ("casework/src/api/cases.rs", "keeps a refused decision, after the submission"),
    ("base/web/src/ctx.rs", "where it is defined"),
];

#[test]
fn a_form_is_submitted_once_or_is_named_with_its_reason() {
    let mut found: Vec<String> = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders =
        vec![root.join("slices"), root.join("base/web/src"), root.join("app/src/flows"), root.join("app/src/pages")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            if text.contains("ctx.write(") || text.contains("ctx.app.db.write(") || text.contains("fn write<T") {
                found.push(path.display().to_string().replace('\\', "/"));
            }
        }
    }
    let unnamed: Vec<_> = found.iter().filter(|f| !NOT_KEYED.iter().any(|(known, _)| f.ends_with(known))).collect();
    assert!(unnamed.is_empty(), "these write without a key: {unnamed:?}");
    let idle: Vec<_> = NOT_KEYED.iter().filter(|(known, _)| !found.iter().any(|f| f.ends_with(known))).collect();
    assert!(idle.is_empty(), "these are no exceptions any more: {idle:?}");
}
