//! The pages and the API: who sees them, what they say, what they keep when something is wrong.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use kernel::{Actor, Text};
use testkit::{TestBed, auditor, city_officer, enterprise_owner};
use tower::ServiceExt;
use web::{App, AppState, Site, test_router};

use crate::rest::{open, post, transfer};

fn app(bed: &TestBed) -> AppState {
    let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
    let uploads = bed.folder().join("uploads");
    Arc::new(App::new(bed.db.clone(), bed.blobs.clone(), uploads, site, kernel::Calendar::default()))
}

async fn call(bed: &TestBed, actor: Actor, request: Request<Body>) -> (StatusCode, String, String) {
    let response = test_router(funds::routes(), app(bed), actor).oneshot(request).await.unwrap();
    let status = response.status();
    let location = response.headers().get(header::LOCATION).map_or(String::new(), |v| v.to_str().unwrap().to_owned());
    let bytes = axum::body::to_bytes(response.into_body(), 4 << 20).await.unwrap();
    (status, location, String::from_utf8_lossy(&bytes).into_owned())
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn english(path: &str) -> Request<Body> {
    Request::get(path).header("accept-language", "en").body(Body::empty()).unwrap()
}

fn form(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body: Vec<String> = fields.iter().map(|(n, v)| format!("{n}={v}")).collect();
    Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(format!("_csrf=test&{}", body.join("&"))))
        .unwrap()
}

testkit::on_both!(the_tree_shows_every_level_and_exports, |bed| async move {
    open(&bed).await;
    let (status, _, page) = call(&bed, auditor(), get("/funds")).await;
    assert_eq!(status, StatusCode::OK);
    for account in ["bank", "appropriation:p", "payable:s"] {
        assert!(page.contains(&format!("href=\"/funds/accounts/{account}\"")), "{account}: {page}");
    }
    assert!(!page.contains("登记资金下达"), "an auditor changes nothing");
    let (_, _, page) = call(&bed, city_officer(1), english("/funds")).await;
    assert!(page.contains("Record an appropriation") && page.contains("50.00"), "{page}");
    let (_, _, csv) = call(&bed, auditor(), get("/funds?list=others&format=csv")).await;
    assert!(csv.contains("银行（国库）,银行（国库）,50.00,0.00,0.00,50.00"), "{csv}");
    let (status, _, _) = call(&bed, enterprise_owner("e"), get("/funds")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
});

testkit::on_both!(an_account_lists_its_transfers_page_by_page, |bed| async move {
    open(&bed).await;
    let code = ledger::Code::Issue;
    post(&bed, (0..60).map(|i| transfer(&format!("i/{i}"), "batch:b", "voucher:v", 1, code)).collect()).await.unwrap();
    let (_, _, first) = call(&bed, auditor(), get("/funds/accounts/voucher:v")).await;
    assert!(first.contains("发券") && first.contains("批次（未分配到区） b"), "{first}");
    let next = first.split("/funds/accounts/voucher:v?before=").nth(1).expect("a next page");
    let before: i64 = next.split('"').next().unwrap().parse().unwrap();
    assert_eq!(before, 15, "fifty of sixty-four were shown");
    let (_, _, second) = call(&bed, auditor(), get(&format!("/funds/accounts/voucher:v?before={before}"))).await;
    assert_eq!(second.matches("<tr>").count(), 12, "the head and eleven more");
    let (_, _, csv) = call(&bed, auditor(), get("/funds/accounts/voucher:v?format=csv")).await;
    assert_eq!(csv.lines().count(), 62, "the head, its issue, and sixty more");
    let (status, _, _) = call(&bed, auditor(), get("/funds/accounts/voucher:none")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
});

testkit::on_both!(a_form_records_once_and_says_what_is_wrong, |bed| async move {
    let path = "/funds/appropriations/new";
    let fields = [
        ("programme_id", "p"),
        ("amount", "100"),
        ("document_number", "A1"),
        ("document_title", "T"),
        ("document_on", "2018-09-01"),
        ("_key", "k1"),
    ];
    for _ in 0..2 {
        let (status, location, _) = call(&bed, city_officer(1), form(path, &fields)).await;
        assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, "/funds/accounts/appropriation:p"));
    }
    assert_eq!(crate::rest::available(&bed, "appropriation:p").await, 10_000, "a second click records nothing");
    let mut again = fields;
    again[5] = ("_key", "k2");
    let (status, _, page) = call(&bed, city_officer(1), form(path, &again)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("已登记过一次资金下达") && page.contains("value=\"A1\""), "{page}");
    again[1] = ("amount", "1.234");
    let (_, _, page) = call(&bed, city_officer(1), form(path, &again)).await;
    assert!(page.contains("最多两位小数"), "{page}");
    let path = "/funds/allocations/new";
    let fields = [("programme_id", "p"), ("amount", "101"), ("reference", "R1")];
    let (status, _, page) = call(&bed, city_officer(1), form(path, &fields)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("可分配¥100.00，不足¥101.00"), "{page}");
    let (status, _, _) = call(&bed, auditor(), form(path, &fields)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
});

testkit::on_both!(the_api_walks_the_tree_and_an_account, |bed| async move {
    open(&bed).await;
    let (status, _, body) = call(&bed, auditor(), get("/api/v1/funds/accounts?limit=2")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("\"appropriation:p\"") && body.contains("\"next_cursor\""), "{body}");
    let (_, _, body) = call(&bed, auditor(), get("/api/v1/funds/accounts/voucher:v/transfers?limit=1")).await;
    assert!(body.contains("\"amount_fen\":1000,\"code\":\"issue\""), "{body}");
    let (status, _, body) = call(&bed, auditor(), get("/api/v1/funds/accounts/none")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.contains("urn:yunjin:problem:not-found"), "{body}");
    let body = r#"{"programme_id":"p","amount_fen":100,"document_number":"N","document_title":"T","document_on":"2018-09-01"}"#;
    for _ in 0..2 {
        let request = Request::post("/api/v1/funds/appropriations")
            .header("content-type", "application/json")
            .header("idempotency-key", "one")
            .body(Body::from(body))
            .unwrap();
        assert_eq!(call(&bed, city_officer(1), request).await.0, StatusCode::CREATED);
    }
    assert_eq!(crate::rest::available(&bed, "appropriation:p").await, 1_100);
});
