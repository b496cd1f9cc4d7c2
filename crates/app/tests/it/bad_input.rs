//! Bad input that no slice sees alone: an upload of 2 GiB, another site's form, a retry of a post, a clock moved back.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use kernel::Role;
use tower::ServiceExt;
use web::SESSION_COOKIE;
use yunjin::cli::serve::create_account;
use yunjin::server;

use crate::support::{application, config};

const PASSWORD: &str = "a-long-passphrase-9";

pub async fn sign_in(app: &web::AppState, role: Role) -> (String, String) {
    create_account(app, "someone", PASSWORD, "someone", role, None, None).await.unwrap();
    let cmd = orgs::accounts::sign_in::SignIn {
        login: "someone".into(),
        password: orgs::Password::new(PASSWORD),
        replaces: None,
    };
    let passwords = app.part::<orgs::Passwords>();
    let session = orgs::accounts::sign_in::run(&app.db, &passwords, "test", cmd).await.unwrap();
    let token = session.token.clone();
    let found = app
        .db
        .read::<_, store::StoreError, _>(&kernel::Actor::public(), |cx| {
            Box::pin(async move { orgs::accounts::authenticate(cx, &token).await })
        })
        .await
        .unwrap()
        .unwrap();
    (format!("{SESSION_COOKIE}={}", session.token), found.csrf)
}

pub async fn answer(app: &web::AppState, request: Request<Body>) -> (StatusCode, String) {
    let response = server::router(app.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 4 << 20).await.unwrap();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_of_two_gibibytes_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2019-03-04").await;
    let (cookie, _) = sign_in(&app, Role::CityOfficer).await;
    let request = Request::post("/usage/imports")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .header(header::CONTENT_LENGTH, (2_u64 << 30).to_string())
        .body(Body::from("--x"))
        .unwrap();
    let (status, page) = answer(&app, request).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.contains("1024 MiB") && page.contains("upload-too-large"), "{page}");
    let left = std::fs::read_dir(folder.path().join("uploads")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing of it is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_from_another_site_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2019-03-04").await;
    let (cookie, csrf) = sign_in(&app, Role::CityOfficer).await;
    let request = Request::post("/sign-out")
        .header(header::COOKIE, cookie)
        .header("sec-fetch-site", "cross-site")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("_csrf={csrf}")))
        .unwrap();
    assert_eq!(answer(&app, request).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_moved_back_revives_no_session() {
    let folder = tempfile::tempdir().unwrap();
    let (app, clock) = application(&config(&folder), "2019-03-04").await;
    let (cookie, _) = sign_in(&app, Role::CityOfficer).await;
    let ask = |cookie: &str| Request::get("/dashboard").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    assert_eq!(answer(&app, ask(&cookie)).await.0, StatusCode::OK);
    clock.set(testkit::instant("2019-03-05"));
    assert_eq!(answer(&app, ask(&cookie)).await.0, StatusCode::SEE_OTHER, "over after twelve hours");
    clock.set(testkit::instant("2019-03-03"));
    assert_eq!(answer(&app, ask(&cookie)).await.0, StatusCode::SEE_OTHER, "nor back in the day before it began");
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
    sign_in(&app, Role::CityOfficer).await;
    assert!(newest(&app).await >= ahead);
    app.db.close().await;
    let app = yunjin::app::build(&config, std::sync::Arc::new(kernel::SystemClock::default()), None).await.unwrap();
    assert!(app.db.clock().now() >= ahead, "time stands still instead of running again");
    create_account(&app, "another", PASSWORD, "another", Role::Auditor, None, None).await.unwrap();
    assert!(newest(&app).await >= ahead);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_post_registers_once_and_a_wrong_digit_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2019-03-04").await;
    let (cookie, _) = sign_in(&app, Role::CityOfficer).await;
    let post = |key: &str, uscc: &str| {
        let body = serde_json::json!({ "uscc": uscc, "name": "天津一号（模拟）有限公司", "kind": "enterprise",
            "facts": { "district": "120116", "industry": "34" } });
        Request::post("/api/v1/orgs")
            .header(header::COOKIE, &cookie)
            .header("idempotency-key", key)
            .header(header::ACCEPT_LANGUAGE, "zh")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap()
    };
    // Signed in by cookie, an API write needs the CSRF header: without it nothing is done.
    let (status, body) = answer(&app, post("k0", "91350100M000100Y43")).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
    assert!(body.contains("csrf"), "{body}");
}
