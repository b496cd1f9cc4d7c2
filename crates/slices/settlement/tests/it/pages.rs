//! Pages and endpoints, as a browser or a program meets them.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use kernel::{Actor, Calendar, Text};
use testkit::{TestBed, auditor, city_officer, district_officer, enterprise_owner, provider};
use tower::ServiceExt;
use web::{App, AppState, Site};

use crate::fixture::*;

fn app(bed: &TestBed) -> AppState {
    let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
    Arc::new(App::new(bed.db.clone(), bed.blobs.clone(), bed.folder().join("uploads"), site, Calendar::default()))
}

struct Answer {
    status: StatusCode,
    location: String,
    mime: String,
    body: String,
}

async fn send(app: &AppState, actor: &Actor, request: Request<Body>) -> Answer {
    let router = web::test_router(settlement::routes(), app.clone(), actor.clone());
    let response = router.oneshot(request).await.unwrap();
    let head = |name| response.headers().get(name).map_or("", |v| v.to_str().unwrap()).to_owned();
    let (status, location, mime) = (response.status(), head(header::LOCATION), head(header::CONTENT_TYPE));
    let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
    Answer { status, location, mime, body: String::from_utf8_lossy(&bytes).into_owned() }
}

async fn get(app: &AppState, actor: &Actor, path: &str, lang: &str) -> Answer {
    send(app, actor, Request::get(path).header("accept-language", lang).body(Body::empty()).unwrap()).await
}

async fn post(app: &AppState, actor: &Actor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut body = "_csrf=test".to_owned();
    for (name, value) in fields {
        let escaped: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
        body.push_str(&format!("&{name}={escaped}"));
    }
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    send(app, actor, request.body(Body::from(body)).unwrap()).await
}

async fn api_post(app: &AppState, actor: &Actor, path: &str, key: &str, body: &str) -> Answer {
    let request = Request::post(path).header("content-type", "application/json").header("idempotency-key", key);
    send(app, actor, request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Every English page says nothing in Chinese but names, and every page has its own heading once.
fn sound(a: &Answer, path: &str) {
    assert_eq!(a.status, StatusCode::OK, "{path}: {}", a.body);
    assert_eq!(a.body.matches("<h1").count(), 1, "{path}");
    assert!(!a.body.contains("{{") && !a.body.contains(" style="), "{path}");
}

testkit::on_both!(an_order_whose_use_is_not_proven_says_from_when_it_can_be_claimed, |bed| async move {
    let w = world(bed).await;
    let app = app(&w.bed);
    let first_time = get(&app, &provider(&w.provider), "/settlements", "zh").await;
    assert!(first_time.body.contains("还没有兑付申请") && !first_time.body.contains("没有符合条件的记录"));
    let (_, order) = w.agreed(1).await;
    let list = get(&app, &provider(&w.provider), "/settlements", "zh").await;
    assert!(list.body.contains(&order.number) && list.body.contains("L3 起可申请"), "{}", list.body);
    assert!(!list.body.contains("/settlements/new?order="), "nothing is offered that would be refused");
});

testkit::on_both!(a_claim_is_made_decided_and_paid_in_the_browser, |bed| async move {
    let w = world(bed).await;
    let (firm, order) = w.proven(1).await;
    let app = app(&w.bed);
    let (seller, officer) = (provider(&w.provider), city_officer(1));
    // As the worker does a few seconds after an import.
    usage::jobs::assess_all(&w.bed.db, Arc::new(|_| usage::Thresholds::default())).await.unwrap();
    let list = get(&app, &seller, "/settlements", "zh").await;
    sound(&list, "list");
    assert!(list.body.contains(&format!("/settlements/new?order={}", order.id)), "what can be claimed is listed");
    let form = get(&app, &seller, &format!("/settlements/new?order={}", order.id), "en").await;
    sound(&form, "new");
    let made = post(&app, &seller, "/settlements/new", &[("order", &order.id), ("remark", "一至三月")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let there = made.location;
    let twice = post(&app, &seller, "/settlements/new", &[("order", &order.id)]).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert!(twice.body.contains("error-summary") && twice.body.contains("DF-2019-000001"));
    // The officer sees what the decision would be, with its trace, and the button; nobody else has the button.
    let button = "按以上依据核定";
    let seen = get(&app, &officer, &there, "zh").await;
    sound(&seen, "waiting");
    assert!(seen.body.contains("¥612.00") && seen.body.contains("is-binding") && seen.body.contains(button));
    assert!(seen.body.contains("<details class=\"clause\">"), "clauses open");
    for who in [&seller, &enterprise_owner(&firm.id), &auditor(), &district_officer(DISTRICT, 1)] {
        let seen = get(&app, who, &there, "zh").await;
        sound(&seen, "waiting, read");
        assert!(!seen.body.contains(button), "{}", who.name);
        let tried = post(&app, who, &format!("{there}/decision"), &[]).await;
        assert_eq!(tried.status, StatusCode::FORBIDDEN, "{}", who.name);
    }
    let decided = post(&app, &officer, &format!("{there}/decision"), &[]).await;
    assert_eq!(
        (decided.status, decided.location.as_str()),
        (StatusCode::SEE_OTHER, there.as_str()),
        "{}",
        decided.body
    );
    let again = post(&app, &officer, &format!("{there}/decision"), &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let shown = get(&app, &seller, &there, "en").await;
    sound(&shown, "payable");
    assert!(
        shown.body.contains("to be paid ¥612.00") && shown.body.contains("ladder") && shown.body.contains("settlement")
    );
    // Paid with the wrong amount, then with the right one.
    let run = get(&app, &officer, "/settlements/payments", "zh").await;
    sound(&run, "payments");
    assert!(run.body.contains("612.00"));
    let fields =
        [("provider_id", w.provider.as_str()), ("amount", "600"), ("bank_reference", "B-1"), ("paid_on", "2019-01-10")];
    let wrong = post(&app, &officer, "/settlements/payments", &fields).await;
    assert_eq!(wrong.status, StatusCode::CONFLICT);
    assert!(wrong.body.contains("¥612.00") && wrong.body.contains("value=\"600\""), "what was typed stays");
    let fields = fields.map(|(n, v)| (n, if n == "amount" { "612.00" } else { v }));
    assert_eq!(post(&app, &officer, "/settlements/payments", &fields).await.status, StatusCode::SEE_OTHER);
    // Part of it is recovered, by the form; without a reason the form comes back.
    let recover = format!("{there}/recoveries");
    let bare = post(&app, &officer, &recover, &[("amount", "12"), ("code", "refunded"), ("reason", "")]).await;
    assert!(bare.status == StatusCode::OK && bare.body.contains("error-summary"), "{}", bare.status);
    let much = post(&app, &officer, &recover, &[("amount", "999"), ("code", "refunded"), ("reason", "退订")]).await;
    assert_eq!(much.status, StatusCode::CONFLICT);
    let done = post(&app, &officer, &recover, &[("amount", "12"), ("code", "refunded"), ("reason", "退订")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let shown = get(&app, &officer, &there, "zh").await;
    assert!(shown.body.contains("ZH-2019-000001") && shown.body.contains("退款或解除合同"));
    assert!(shown.body.contains("href=\"/usage/statements/stm_"), "a statement is opened by a click: {}", shown.body);
    assert!(shown.body.contains("净兑付（核定减追回）") && shown.body.contains("600.00"), "{}", shown.body);
    // Who is owed nothing and has to pay back stands in the table too.
    let run = get(&app, &officer, "/settlements/payments", "zh").await;
    assert!(run.body.contains("data-label=\"抵扣后待缴回（元）\">12.00"), "{}", run.body);
    // What has to come back is paid back through the same page.
    let run = get(&app, &officer, "/settlements/payments", "en").await;
    sound(&run, "payments with a debtor");
    assert!(run.body.contains("¥12.00") && run.body.contains("Record a repayment"));
    let fields = [
        ("repaid_by", w.provider.as_str()),
        ("repaid", "12"),
        ("repaid_reference", "R-1"),
        ("received_on", "2019-01-10"),
    ];
    assert_eq!(post(&app, &officer, "/settlements/repayments", &fields).await.status, StatusCode::SEE_OTHER);
    assert!(!get(&app, &officer, "/settlements/payments", "en").await.body.contains("Record a repayment"));
    let statement = get(&app, &seller, "/settlements/statement?from=2019-01-01&to=2019-01-31", "zh").await;
    sound(&statement, "statement");
    assert!(statement.body.contains("DZ-20190101-20190131-") && statement.body.contains("class=\"qr\""));
    let sheet = get(&app, &seller, "/settlements/statement?from=2019-01-01&to=2019-01-31&format=csv", "zh").await;
    assert!(sheet.body.contains("期初余额") && sheet.body.contains("期末余额,,,,0.00,0.00"), "{}", sheet.body);
    assert!(
        sheet.mime.starts_with("text/csv") && sheet.body.contains("612.00") && sheet.body.contains("DF-2019-000001")
    );
    let sheet = get(&app, &officer, "/settlements?format=xlsx", "zh").await;
    assert!(sheet.mime.contains("spreadsheetml"));
    assert_eq!(w.verify().await, []);
});

testkit::on_both!(a_run_over_the_api_settles_what_waits_and_finds_nothing_the_second_time, |bed| async move {
    let w = world(bed).await;
    let (_, order) = w.proven(1).await;
    let app = app(&w.bed);
    let (seller, officer) = (provider(&w.provider), city_officer(1));
    let body = format!("{{\"order_id\":\"{}\",\"remark\":\"\"}}", order.id);
    let made = api_post(&app, &seller, "/api/v1/settlements", "k1", &body).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let path = "/api/v1/settlement-runs";
    assert_eq!(api_post(&app, &seller, path, "r0", "{}").await.status, StatusCode::FORBIDDEN);
    for (settled, fen) in [(1, 61_200), (0, 0)] {
        let run = api_post(&app, &officer, path, "r1", "{}").await;
        let said: serde_json::Value = serde_json::from_str(&run.body).unwrap();
        assert_eq!((said["settled"].as_i64(), said["settled_fen"].as_i64()), (Some(settled), Some(fen)), "{said}");
        assert_eq!(said["recovered_fen"], 0);
    }
    assert_eq!(w.verify().await, []);
});

testkit::on_both!(a_refusal_reads_the_same_on_the_page_and_in_the_api, |bed| async move {
    let w = world(bed).await;
    let firm = w.firm(1).await;
    let order = w.contracted(&firm, None).await;
    let app = app(&w.bed);
    let (seller, officer) = (provider(&w.provider), city_officer(1));
    let body = format!("{{\"order_id\":\"{}\",\"remark\":\"\"}}", order.id);
    let made = api_post(&app, &seller, "/api/v1/settlements", "k1", &body).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let again = api_post(&app, &seller, "/api/v1/settlements", "k1", &body).await;
    assert_eq!(again.body, made.body, "a retry is answered like the first time");
    let other = api_post(&app, &seller, "/api/v1/settlements", "k2", &body).await;
    assert!(other.status == StatusCode::CONFLICT && other.body.contains("already-claimed"), "{}", other.body);
    let id = serde_json::from_str::<serde_json::Value>(&made.body).unwrap()["id"].as_str().unwrap().to_owned();
    // All that waits is decided by one button.
    let run = post(&app, &officer, "/settlements/run", &[]).await;
    assert_eq!((run.status, run.location.as_str()), (StatusCode::SEE_OTHER, "/settlements"), "{}", run.body);
    let page = get(&app, &seller, &format!("/settlements/{id}"), "en").await;
    sound(&page, "refused");
    assert!(
        page.body.contains("Nothing is paid") && page.body.contains("below the level that is paid on"),
        "{}",
        page.body
    );
    let one = get(&app, &seller, &format!("/api/v1/settlements/{id}"), "en").await;
    assert!(one.body.contains("\"state\":\"refused\"") && one.body.contains("evidence-level"), "{}", one.body);
    let list = get(&app, &seller, "/api/v1/settlements?state=refused", "en").await;
    assert!(list.body.contains(&id));
    let (rival, _) = listed_provider(&w.bed, 901, "云乙").await;
    let theirs = get(&app, &provider(&rival), &format!("/api/v1/settlements/{id}"), "en").await;
    assert_eq!((theirs.status, theirs.mime.as_str()), (StatusCode::NOT_FOUND, "application/problem+json"));
    let due = get(&app, &officer, "/api/v1/settlement-payments/due", "en").await;
    assert!(due.status == StatusCode::OK && due.body.contains("\"items\":[]"), "{}", due.body);
    let statement = get(&app, &seller, "/api/v1/settlement-statements?from=2018-09-01&to=2018-09-30", "en").await;
    assert_eq!(statement.status, StatusCode::OK, "{}", statement.body);
});
