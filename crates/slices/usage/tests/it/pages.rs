//! Pages and endpoints, as each role gets them.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use kernel::{Actor, Text};
use orgs::OrgKind;
use testkit::{TestBed, auditor, city_officer, district_officer, enterprise_owner, provider};
use tower::ServiceExt;
use usage::model::Thresholds;
use web::{App, AppState, Site, test_router};

use crate::fixture::*;

fn app(w: &World) -> AppState {
    let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
    let uploads = w.bed.folder().join("uploads");
    let app = App::new(w.bed.db.clone(), w.bed.blobs.clone(), uploads, site, kernel::Calendar::default());
    Arc::new(app.with(w.importing.clone()))
}

struct Answer {
    status: StatusCode,
    location: String,
    body: String,
}

async fn call(app: &AppState, actor: &Actor, request: Request<Body>) -> Answer {
    let response = test_router(usage::routes(), app.clone(), actor.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    let location = response.headers().get(header::LOCATION).map_or(String::new(), |v| v.to_str().unwrap().to_owned());
    let bytes = axum::body::to_bytes(response.into_body(), 8 << 20).await.unwrap();
    Answer { status, location, body: String::from_utf8_lossy(&bytes).into_owned() }
}

async fn get(app: &AppState, actor: &Actor, path: &str, lang: &str) -> Answer {
    let request = Request::get(path).header("accept-language", lang).body(Body::empty()).unwrap();
    call(app, actor, request).await
}

async fn post(app: &AppState, actor: &Actor, path: &str, form: &str) -> Answer {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(format!("_csrf=test&{form}")))
        .unwrap();
    call(app, actor, request).await
}

fn multipart(fields: &[(&str, &str)], file_name: &str, content: &[u8]) -> Request<Body> {
    let mut body = Vec::new();
    for (name, value) in [("_csrf", "test")].iter().chain(fields) {
        body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    let head = format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\r\n");
    body.extend(head.bytes());
    body.extend(content);
    body.extend(b"\r\n--b--\r\n");
    let kind = "multipart/form-data; boundary=b";
    Request::post("/usage/imports").header("content-type", kind).body(Body::from(body)).unwrap()
}

async fn ended(app: &AppState, actor: &Actor, id: &str) -> serde_json::Value {
    for _ in 0..400 {
        let answer = get(app, actor, &format!("/usage/imports/{id}/progress"), "en").await;
        let state: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        if state["state"] != "running" {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the import does not end");
}

async fn proven(bed: TestBed) -> World {
    let w = world(bed).await;
    w.bed.on("2019-04-10");
    w.order("ord_1", "infrastructure/computing", "2019-01-01", "2019-12-31", true).await;
    w.confirmed("acc-1").await;
    w.import("q1.csv", &bill(&["2019-01", "2019-02", "2019-03"].map(|m| row(m, &[])))).await;
    let asked: usage::jobs::ThresholdsOf = Arc::new(|_| Thresholds::default());
    usage::jobs::assess_all(&w.bed.db, asked).await.unwrap();
    w
}

testkit::on_both!(every_reader_gets_their_page_in_both_languages_the_same_twice, |bed| async move {
    let w = proven(bed).await;
    let app = app(&w);
    let (enterprise, seller) = (enterprise_owner(&w.enterprise), provider(&w.provider));
    for (who, zh, en) in [
        (&enterprise, "持续计量使用", "metered over months"),
        (&seller, "津港机械", "2019-03"),
        (&city_officer(1), "津港机械", "L3"),
        (&district_officer("120116", 1), "津港机械", "L3"),
        (&auditor(), "津港机械", "L3"),
    ] {
        for (lang, expected) in [("zh", zh), ("en", en)] {
            let first = get(&app, who, "/usage", lang).await;
            assert_eq!(first.status, StatusCode::OK, "{}: {}", who.name, first.body);
            assert!(first.body.contains(expected), "{} {lang}: {}", who.name, first.body);
            assert_eq!(get(&app, who, "/usage", lang).await.body, first.body);
        }
    }
    let other = get(&app, &district_officer("120101", 1), "/usage", "zh").await;
    assert!(!other.body.contains("津港机械"));
    let claims = get(&app, &district_officer("120116", 1), "/usage/accounts", "zh").await;
    assert!(claims.body.contains("津港机械") && !claims.body.contains("认领计费账号"), "{}", claims.body);
    assert_eq!(get(&app, &enterprise, "/usage/imports", "zh").await.status, StatusCode::FORBIDDEN);
    let csv = get(&app, &seller, "/usage?list=statements&format=csv", "en").await;
    assert_eq!(csv.body.lines().count(), 4, "{}", csv.body);
    assert!(csv.body.contains("2019-02,acc-1 / sub-1,津港机械,云服务器,1,1,1 Hours,100.00"), "{}", csv.body);
    let levels = get(&app, &city_officer(1), "/usage?list=levels&format=csv", "en").await;
    assert!(levels.body.contains("DD-ord_1"), "{}", levels.body);
});

testkit::on_both!(claims_go_through_their_pages, |bed| async move {
    let w = world(bed).await;
    let app = app(&w);
    let (enterprise, seller) = (enterprise_owner(&w.enterprise), provider(&w.provider));
    let wrong = post(&app, &enterprise, "/usage/accounts", "provider_id=&billing_account_id=").await;
    assert!(wrong.body.contains("有 2 处需要更正"), "{}", wrong.body);
    let form = format!("provider_id={}&billing_account_id=acc-9&sub_account_id=", w.provider);
    let claimed = post(&app, &enterprise, "/usage/accounts", &form).await;
    assert_eq!((claimed.status, claimed.location.as_str()), (StatusCode::SEE_OTHER, "/usage/accounts"));
    let other = org(&w.bed, OrgKind::Enterprise, 3, "另一家").await;
    let taken = post(&app, &enterprise_owner(&other), "/usage/accounts", &form).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.body.contains("已被另一企业认领") && !taken.body.contains("津港机械"), "{}", taken.body);
    let list = get(&app, &seller, "/usage/accounts", "zh").await.body;
    let at = list.find("/usage/accounts/bac_").expect("a link to decide");
    let path: String = list[at..].chars().take_while(|c| *c != '"').collect();
    assert_eq!(get(&app, &seller, &path, "en").await.status, StatusCode::OK);
    let rival = org(&w.bed, OrgKind::Provider, 4, "云乙").await;
    assert_eq!(get(&app, &provider(&rival), &path, "zh").await.status, StatusCode::NOT_FOUND);
    let silent = post(&app, &seller, &path, "verb=reject&reason=").await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(silent.body.contains("请写明不予确认的原因"));
    assert_eq!(post(&app, &seller, &path, "verb=confirm&reason=").await.status, StatusCode::SEE_OTHER);
    assert!(get(&app, &enterprise, "/usage/accounts", "zh").await.body.contains("已确认"));
});

testkit::on_both!(an_upload_is_followed_to_its_report, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-02-10");
    let app = app(&w);
    let seller = provider(&w.provider);
    let page = get(&app, &seller, "/usage/imports", "zh").await;
    assert!(page.body.contains("云津演示账单") && page.body.contains("multipart/form-data"), "{}", page.body);
    let good = bill(&[
        row("2019-01", &[]),
        row("2019-01", &[("ResourceId", "i-2")]),
        row("2019-01", &[("BillingCurrency", "EUR")]),
    ]);
    let fields = [("profile", "yunjin-demo"), ("_key", "k1")];
    let sent = call(&app, &seller, multipart(&fields, "一月.csv", &good)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let id = sent.location.rsplit('/').next().unwrap().to_owned();
    let again = call(&app, &seller, multipart(&fields, "一月.csv", &good)).await;
    assert_eq!(again.location, sent.location, "a second click gets the first answer");
    let state = ended(&app, &seller, &id).await;
    assert_eq!(
        (state["state"].as_str(), state["next"].as_str()),
        (Some("done"), Some(sent.location.as_str())),
        "{state}"
    );
    let report = get(&app, &seller, &sent.location, "en").await;
    assert!(report.body.contains("BillingCurrency") && report.body.contains("EUR"), "{}", report.body);
    assert!(report.body.contains("2019-01") && report.body.contains("FOCUS 1.2"), "{}", report.body);
    let findings = get(&app, &seller, &format!("{}/findings?format=csv", sent.location), "zh").await;
    assert!(findings.body.contains("BillingCurrency-Y-004-M,3,4,BillingCurrency,EUR"), "{}", findings.body);
    let xlsx = get(&app, &seller, &format!("{}/findings?format=xlsx", sent.location), "zh").await;
    assert!(xlsx.status == StatusCode::OK && xlsx.body.starts_with("PK"));
    let copy = call(&app, &seller, multipart(&[("profile", "yunjin-demo"), ("_key", "k2")], "copy.csv", &good)).await;
    assert_eq!(copy.status, StatusCode::CONFLICT);
    assert!(copy.body.contains("ZD-2019-000001"), "{}", copy.body);
    let none = call(&app, &seller, multipart(&[("profile", ""), ("_key", "k3")], "", b"")).await;
    assert!(none.body.contains("有 2 处需要更正"), "{}", none.body);
    let rival = org(&w.bed, OrgKind::Provider, 4, "云乙").await;
    assert_eq!(get(&app, &provider(&rival), &sent.location, "zh").await.status, StatusCode::NOT_FOUND);
    let cut = call(
        &app,
        &seller,
        multipart(&[("profile", "yunjin-demo"), ("_key", "k4")], "cut.csv", &good[..good.len() - 30]),
    )
    .await;
    let id = cut.location.rsplit('/').next().unwrap().to_owned();
    assert_eq!(ended(&app, &seller, &id).await["state"], "failed");
    assert!(get(&app, &seller, &cut.location, "zh").await.body.contains("file-cut-off"));
});

testkit::on_both!(an_officer_imports_for_a_provider_and_the_api_takes_a_raw_body, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-02-10");
    let app = app(&w);
    let officer = city_officer(1);
    let send = |key: &str, name: &str, profile: &str, body: Vec<u8>| {
        Request::post("/api/v1/usage/imports")
            .header("idempotency-key", key)
            .header("x-file-name", name)
            .header("x-bill-profile", profile)
            .header("x-provider-id", &w.provider)
            .body(Body::from(body))
            .unwrap()
    };
    let good = bill(&[row("2019-01", &[])]);
    let answer = call(&app, &officer, send("k", "%E8%B4%A6.csv", "yunjin-demo", good.clone())).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let import: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((import["file_name"].as_str(), import["number"].as_str()), (Some("账.csv"), Some("ZD-2019-000001")));
    let id = import["id"].as_str().unwrap();
    assert_eq!(ended(&app, &officer, id).await["state"], "done");
    let retried = call(&app, &officer, send("k", "%E8%B4%A6.csv", "yunjin-demo", good.clone())).await;
    assert!(retried.body.contains(id), "{}", retried.body);
    let twice = call(&app, &officer, send("k2", "b.csv", "yunjin-demo", good.clone())).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert!(twice.body.contains("urn:yunjin:problem:already-imported"), "{}", twice.body);
    let unknown = call(&app, &officer, send("k3", "b.csv", "nobody", b"x".to_vec())).await;
    assert!(unknown.body.contains("unknown-profile"), "{}", unknown.body);
    let nameless = call(&app, &officer, send("k4", "", "yunjin-demo", good.clone())).await;
    assert!(nameless.status == StatusCode::BAD_REQUEST && nameless.body.contains("X-File-Name"), "{}", nameless.body);
    let seller = call(&app, &enterprise_owner(&w.enterprise), send("k5", "b.csv", "yunjin-demo", good)).await;
    assert_eq!(seller.status, StatusCode::FORBIDDEN);
    for path in
        ["imports", &format!("imports/{id}"), &format!("imports/{id}/findings"), "statements", "levels", "accounts"]
    {
        let answer = get(&app, &officer, &format!("/api/v1/usage/{path}"), "en").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    }
    let statements = get(&app, &officer, "/api/v1/usage/statements?unattributed=true&limit=1", "en").await;
    let page: serde_json::Value = serde_json::from_str(&statements.body).unwrap();
    assert_eq!(page["items"][0]["net_fen"], 10_000);
    assert_eq!(get(&app, &officer, "/api/v1/usage/levels?level=L9", "en").await.status, StatusCode::BAD_REQUEST);
});

#[test]
fn every_endpoint_is_described() {
    let api = web::openapi(&usage::routes(), "Yunjin", "1");
    let mut paths: Vec<&String> = api.paths.paths.keys().collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "/api/v1/usage/accounts",
            "/api/v1/usage/accounts/{id}/decision",
            "/api/v1/usage/imports",
            "/api/v1/usage/imports/{id}",
            "/api/v1/usage/imports/{id}/findings",
            "/api/v1/usage/levels",
            "/api/v1/usage/statements",
        ]
    );
}

testkit::on_both!(a_statement_has_a_page_that_leads_to_its_bill_for_those_who_may_see_bills, |bed| async move {
    let w = proven(bed).await;
    let app = app(&w);
    let list = get(&app, &city_officer(1), "/usage", "zh").await.body;
    let id = list.split("/usage/statements/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let path = format!("/usage/statements/{id}");
    assert!(list.contains("href=\"/usage/imports/"), "each row leads to its bill: {list}");
    let own = [enterprise_owner(&w.enterprise), district_officer("120116", 1)];
    for who in own.iter().chain(&[provider(&w.provider), city_officer(1), auditor()]) {
        for lang in ["zh", "en"] {
            let page = get(&app, who, &path, lang).await;
            assert_eq!(page.status, StatusCode::OK, "{}", who.name);
            let may = !own.iter().any(|o| o.user_id == who.user_id);
            assert_eq!(page.body.contains("href=\"/usage/imports/"), may, "{}: {}", who.name, page.body);
        }
    }
    for outsider in [enterprise_owner("org_else"), district_officer("120101", 1), provider("org_else")] {
        assert_eq!(get(&app, &outsider, &path, "zh").await.status, StatusCode::NOT_FOUND, "{}", outsider.name);
    }
});
