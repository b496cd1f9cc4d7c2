//! The pages and the API: who sees what, what a form keeps and says, what leaves as a file.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use kernel::{Actor, Text};
use testkit::{TestBed, auditor, city_officer, district_officer, enterprise_owner};
use tower::ServiceExt;
use web::{App, AppState, Site, test_router};

use crate::rest::{at, batch, books_are_right, fund, issue, reserve, settle, yuan};

fn app(bed: &TestBed) -> AppState {
    let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
    let uploads = bed.folder().join("uploads");
    Arc::new(App::new(bed.db.clone(), bed.blobs.clone(), uploads, site, kernel::Calendar::default()))
}

async fn call(bed: &TestBed, actor: Actor, request: Request<Body>) -> (StatusCode, String, String) {
    let response = test_router(vouchers::routes(), app(bed), actor).oneshot(request).await.unwrap();
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

const TERMS: [(&str, &str); 13] = [
    ("instrument", "p%7Ccloud-voucher"),
    ("title_zh", "2019"),
    ("title_en", "Third batch"),
    ("rate", "12.5"),
    ("own_share", "20%25"),
    ("face_value", "100"),
    ("validity_days", "90"),
    ("hold_days", "200"),
    ("opens_on", "2018-09-03"),
    ("closes_on", "2018-12-31"),
    ("budget", "600"),
    ("quota_120101", "300"),
    ("quota_120102", "200"),
];

testkit::on_both!(a_batch_is_opened_after_its_answers_were_checked, |bed| async move {
    fund(&bed).await;
    let (status, _, page) = call(&bed, city_officer(1), get("/batches/new")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("name=\"quota_120119\""), "every district can be given a quota");
    let (_, _, page) = call(&bed, city_officer(1), form("/batches/new", &TERMS)).await;
    assert!(page.contains("12.5%") && page.contains("100.00 元") && page.contains("确认开设"), "{page}");
    assert_eq!(yuan(&bed, "programme:p").await, 1_000, "checking stores nothing");
    let (_, _, page) = call(&bed, city_officer(1), form("/batches/new/change", &TERMS)).await;
    assert!(
        page.contains("value=\"Third batch\"") && !page.contains("需要更正"),
        "the answers are still there: {page}"
    );
    let mut once = TERMS.to_vec();
    once.push(("_key", "k1"));
    let (status, first, _) = call(&bed, city_officer(1), form("/batches/new/confirm", &once)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, second, _) = call(&bed, city_officer(1), form("/batches/new/confirm", &once)).await;
    assert_eq!(first, second, "a second click opens no second batch");
    assert_eq!(yuan(&bed, "programme:p").await, 400);
    let (_, _, page) = call(&bed, auditor(), english(&first)).await;
    assert!(page.contains("Third batch") && page.contains("Heping") && !page.contains("Close the batch"), "{page}");
    let (status, _, _) = call(&bed, enterprise_owner("org_e"), get("/batches")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
});

testkit::on_both!(every_wrong_answer_is_named_at_once, |bed| async move {
    fund(&bed).await;
    let mut wrong = TERMS;
    wrong[2] = ("title_en", "");
    wrong[3] = ("rate", "120");
    wrong[6] = ("validity_days", "soon");
    wrong[11] = ("quota_120101", "3x");
    let (_, _, page) = call(&bed, city_officer(1), form("/batches/new", &wrong)).await;
    for field in ["title_en", "rate", "validity_days", "quota_120101"] {
        assert!(page.contains(&format!("<a href=\"#{field}\">")), "{field}: {page}");
    }
    let mut over = TERMS;
    over[11] = ("quota_120101", "401");
    let (_, _, page) = call(&bed, city_officer(1), form("/batches/new", &over)).await;
    assert!(page.contains("各区额度合计¥601.00，超过批次预算¥600.00"), "{page}");
});

testkit::on_both!(a_batch_page_shows_each_districts_use_and_how_long_the_money_lasts, |bed| async move {
    let id = batch(&bed).await;
    let path = format!("/batches/{id}");
    let (_, _, page) = call(&bed, city_officer(1), get(&path)).await;
    assert!(page.contains("暂不能预测"), "{page}");
    for (org, case) in [("org_e", "c1"), ("org_f", "c2")] {
        issue(&bed, &id, org, "120101", case).await.unwrap();
    }
    bed.on("2018-09-12");
    let (_, _, page) = call(&bed, city_officer(1), english(&path)).await;
    // 200 yuan in ten days, 400 left: twenty days from 2018-09-12.
    assert!(page.contains("lasts until about 2018-10-02"), "{page}");
    assert!(page.contains("value=\"66\" aria-label=\"Heping 66%\""), "{page}");
    let (_, _, csv) = call(&bed, auditor(), get(&format!("{path}?format=csv"))).await;
    assert!(csv.contains("和平区,300.00,200.00,100.00,2,0.00,0.00"), "{csv}");
    let more = [("district", "120103"), ("amount", "200"), ("reason", "r")];
    let (status, _, page) = call(&bed, city_officer(1), form(&format!("{path}/quota"), &more)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("批次未分配额度剩余¥100.00，不足¥200.00"), "{page}");
    let (status, _, _) = call(&bed, city_officer(1), form(&format!("{path}/close"), &[("close_reason", "")])).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _, _) = call(&bed, city_officer(1), form(&format!("{path}/close"), &[("close_reason", "r")])).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(yuan(&bed, "programme:p").await, 800);
    let (_, _, page) = call(&bed, city_officer(1), get("/batches")).await;
    assert!(page.contains("已关闭"), "{page}");
});

testkit::on_both!(an_enterprise_sees_its_own_voucher_and_no_other, |bed| async move {
    let id = batch(&bed).await;
    let own = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap();
    let other = issue(&bed, &id, "org_f", "120102", "c2").await.unwrap();
    reserve(&bed, &own.voucher_id, "o1", 60).await.unwrap();
    settle(&bed, "o1", 45).await.unwrap();
    let (_, _, list) = call(&bed, enterprise_owner("org_e"), get("/vouchers")).await;
    assert!(list.contains(&own.number) && !list.contains(&other.number), "{list}");
    let path = format!("/vouchers/{}", own.voucher_id);
    let (_, _, page) = call(&bed, enterprise_owner("org_e"), get(&path)).await;
    for words in
        ["可用 55.00 元", "有效期至 2018-12-02，还有 90 天", "去选云服务", "核销：转为应付服务商", "<svg class=\"qr\""]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("冻结"), "an owner decides nothing about it");
    let stranger = format!("/vouchers/{}", other.voucher_id);
    assert_eq!(call(&bed, enterprise_owner("org_e"), get(&stranger)).await.0, StatusCode::NOT_FOUND);
    let (_, _, list) = call(&bed, district_officer("120102", 1), get("/vouchers?district=120101")).await;
    assert!(list.contains(&other.number) && !list.contains(&own.number), "a district sees its own: {list}");
    let (_, _, csv) = call(&bed, auditor(), get("/vouchers?format=csv&state=issued")).await;
    assert_eq!(csv.lines().count(), 3, "{csv}");
    let (_, _, page) = call(&bed, city_officer(1), english(&path)).await;
    assert!(page.contains("Held by an order for its provider") && page.contains("Freeze"), "{page}");
});

testkit::on_both!(an_officer_freezes_and_cancels_with_a_reason, |bed| async move {
    let id = batch(&bed).await;
    let voucher = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap().voucher_id;
    let path = format!("/vouchers/{voucher}");
    let freeze = format!("{path}/freeze");
    let (status, _, page) = call(&bed, city_officer(1), form(&freeze, &[("frozen", "1"), ("reason", "")])).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("请填写理由"), "{page}");
    let (status, _, _) = call(&bed, city_officer(1), form(&freeze, &[("frozen", "1"), ("reason", "check")])).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, _, page) = call(&bed, enterprise_owner("org_e"), get(&path)).await;
    assert!(page.contains("已冻结") && page.contains("check"), "the owner reads why: {page}");
    let (status, _, _) = call(&bed, auditor(), form(&format!("{path}/cancel"), &[("reason", "x")])).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _, _) = call(&bed, city_officer(1), form(&format!("{path}/cancel"), &[("reason", "gone")])).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(at(&bed, &voucher).await.0, vouchers::VoucherState::Cancelled);
    books_are_right(&bed).await;
});

testkit::on_both!(the_api_says_the_same, |bed| async move {
    let id = batch(&bed).await;
    let mut ids = Vec::new();
    for (date, org, case) in
        [("2018-09-03", "org_e", "c1"), ("2018-09-04", "org_f", "c2"), ("2018-09-05", "org_e", "c3")]
    {
        bed.on(date);
        ids.push(issue(&bed, &id, org, "120101", case).await.unwrap().voucher_id);
    }
    let (_, _, first) = call(&bed, auditor(), get("/api/v1/vouchers?limit=2")).await;
    assert!(first.contains(&ids[2]) && first.contains(&format!("\"next_cursor\":\"{}\"", ids[1])), "{first}");
    let (_, _, rest) = call(&bed, auditor(), get(&format!("/api/v1/vouchers?limit=2&after={}", ids[1]))).await;
    assert!(rest.contains(&ids[0]) && !rest.contains("next_cursor"), "{rest}");
    let (_, _, own) = call(&bed, enterprise_owner("org_f"), get("/api/v1/vouchers")).await;
    assert_eq!(own.matches("\"id\"").count(), 1, "{own}");
    let (status, _, wrong) = call(&bed, auditor(), get("/api/v1/vouchers?state=lost")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.contains("\"field\":\"state\""), "{wrong}");
    let (_, _, view) = call(&bed, auditor(), get(&format!("/api/v1/batches/{id}"))).await;
    assert!(view.contains("\"reserve_fen\":10000") && view.contains("\"vouchers\":3"), "{view}");
    let cancel = || {
        Request::post(format!("/api/v1/vouchers/{}/cancel", ids[0]))
            .header("content-type", "application/json")
            .header("idempotency-key", "c")
            .body(Body::from(r#"{"reason":"gone"}"#))
            .unwrap()
    };
    for _ in 0..2 {
        let (status, _, body) = call(&bed, city_officer(1), cancel()).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, r#"{"returned_fen":10000}"#), "a retry gets the same");
    }
    let posted = |path: &str, key: &str, json: &str| {
        Request::post(path)
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(json.to_owned()))
            .unwrap()
    };
    let more =
        posted(&format!("/api/v1/batches/{id}/quotas"), "q", r#"{"district":"120101","amount_fen":4000,"reason":"x"}"#);
    assert_eq!(call(&bed, city_officer(1), more).await.0, StatusCode::NO_CONTENT);
    let (_, _, view) = call(&bed, auditor(), get(&format!("/api/v1/batches/{id}"))).await;
    assert!(view.contains("\"reserve_fen\":6000"), "{view}");
    let freeze = format!("/api/v1/vouchers/{}/freeze", ids[1]);
    for (frozen, state) in [(true, "frozen"), (false, "issued")] {
        let body = format!(r#"{{"frozen":{frozen},"reason":"audit"}}"#);
        assert_eq!(call(&bed, city_officer(1), posted(&freeze, state, &body)).await.0, StatusCode::NO_CONTENT);
        let (_, _, voucher) = call(&bed, auditor(), get(&format!("/api/v1/vouchers/{}", ids[1]))).await;
        assert!(voucher.contains(&format!("\"state\":\"{state}\"")), "{voucher}");
    }
    let unasked = posted(&freeze, "enterprise", r#"{"frozen":true,"reason":"x"}"#);
    assert_eq!(call(&bed, enterprise_owner("org_f"), unasked).await.0, StatusCode::FORBIDDEN);
    let close = |key| posted(&format!("/api/v1/batches/{id}/close"), key, r#"{"reason":"over"}"#);
    let (status, _, closed) = call(&bed, city_officer(1), close("x")).await;
    assert_eq!(status, StatusCode::OK, "{closed}");
    assert!(!closed.contains("\"returned_fen\":0}"), "{closed}");
    assert_eq!(call(&bed, city_officer(1), close("y")).await.0, StatusCode::CONFLICT, "closed once");
});
