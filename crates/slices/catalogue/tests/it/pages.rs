//! Pages and endpoints, as a browser or a program meets them.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use catalogue::{ListingState, SearchIndex};
use kernel::{Actor, Calendar, Text};
use orgs::OrgKind;
use testkit::{TestBed, city_officer, provider};
use tower::ServiceExt;
use web::{App, AppState, Site};

use crate::fixture::{listed, offer, org};

fn app(bed: &TestBed) -> AppState {
    let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
    let app = App::new(bed.db.clone(), bed.blobs.clone(), bed.folder().join("uploads"), site, Calendar::default());
    Arc::new(app.with(Arc::new(SearchIndex::new())))
}

struct Answer {
    status: StatusCode,
    location: String,
    mime: String,
    body: String,
}

async fn send(app: &AppState, actor: &Actor, request: Request<Body>) -> Answer {
    let router = web::test_router(catalogue::routes(), app.clone(), actor.clone());
    let response = router.oneshot(request).await.unwrap();
    let head = |name| response.headers().get(name).map_or("", |v| v.to_str().unwrap()).to_owned();
    let (status, location, mime) = (response.status(), head(header::LOCATION), head(header::CONTENT_TYPE));
    let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
    Answer { status, location, mime, body: String::from_utf8_lossy(&bytes).into_owned() }
}

async fn get(app: &AppState, actor: &Actor, path: &str, lang: &str) -> Answer {
    let request = Request::get(path).header("accept-language", lang).body(Body::empty()).unwrap();
    send(app, actor, request).await
}

async fn post(app: &AppState, actor: &Actor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut all = vec![("_csrf", "test")];
    all.extend_from_slice(fields);
    let mut body = String::new();
    for (name, value) in all {
        let escaped: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
        body.push_str(&format!("{name}={escaped}&"));
    }
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    send(app, actor, request.body(Body::from(body.trim_end_matches('&').to_owned())).unwrap()).await
}

testkit::on_both!(the_public_searches_reads_and_sees_only_what_is_on_offer, |bed| async move {
    let (id, services) = listed(
        &bed,
        1,
        "津云<科技>",
        vec![offer("platform/iot", "设备接入", "Device access", 300), offer("platform/ai", "质检", "", 900)],
    )
    .await;
    let app = app(&bed);
    let public = Actor::public();
    let all = get(&app, &public, "/catalogue", "zh").await;
    assert_eq!(all.status, StatusCode::OK);
    assert!(all.body.contains("津云&#60;科技&#62;"), "names are escaped");
    assert!(all.body.contains("共 <b>2</b> 项服务"));
    let one = get(&app, &public, "/catalogue?q=device&family=platform&price_max=270", "en").await;
    assert!(one.body.contains("<b>1</b> service") && one.body.contains("270.00"), "{}", one.body);
    let none = get(&app, &public, "/catalogue?q=devise%20aces", "en").await;
    assert!(none.body.contains("Did you mean") && none.body.contains("Device access"));
    let broken = get(&app, &public, "/catalogue?price_min=abc&page=-3&family=x&sort=y&deployment=z", "zh").await;
    assert_eq!(broken.status, StatusCode::OK, "a slip in the address breaks nothing");
    for words in ["价格“abc”不是金额", "没有“x”这一类", "没有“z”这一类"] {
        assert!(broken.body.contains(words), "and is said: {words}");
    }
    let crossed = get(&app, &public, "/catalogue?price_min=900&price_max=100", "en").await;
    assert!(crossed.body.contains("“From” (¥900.00) is above “To” (¥100.00)"), "{}", crossed.body);
    let same = get(&app, &public, "/catalogue?q=DEVICE%20access&price_max=1", "en").await;
    assert!(same.body.contains("No service matches") && !same.body.contains(">Device access</a>"), "{}", same.body);
    let shown = get(&app, &public, &format!("/catalogue/services/{}", services[1].id), "en").await;
    assert!(shown.body.contains("质检") && shown.body.contains("Price changes"), "no English: the Chinese name stands");
    let page = get(&app, &public, &format!("/catalogue/providers/{id}"), "zh").await;
    assert!(page.body.contains("022-00000000"));
    assert_eq!(get(&app, &public, "/catalogue/services/svc_none", "zh").await.status, StatusCode::NOT_FOUND);
    let api = get(&app, &public, "/api/v1/catalogue/services?q=%E8%AE%BE%E5%A4%87", "zh").await;
    let found: serde_json::Value = serde_json::from_str(&api.body).unwrap();
    assert_eq!(found["total"], 1);
    assert_eq!(found["items"][0]["service"]["list_price_fen"], 30_000);
    let closed = get(&app, &public, "/listing", "zh").await;
    assert!(closed.location.starts_with("/sign-in"));
});

testkit::on_both!(a_provider_is_listed_through_its_pages_and_the_officers, |bed| async move {
    let id = org(&bed, OrgKind::Provider, 1, "津云科技").await;
    let (app, seller, officer) = (app(&bed), provider(&id), city_officer(1));
    let wrong = post(&app, &seller, "/listing", &[("intro_zh", ""), ("contact", "x"), ("discount_bp", "10")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("error-summary") && wrong.body.contains("href=\"#intro_zh\""));
    let about = [("intro_zh", "做云的"), ("contact", "022-1"), ("discount_bp", "12.5%")];
    assert_eq!(post(&app, &seller, "/listing", &about).await.location, "/listing");
    let bare = post(&app, &seller, "/listing/submit", &[]).await;
    assert_eq!(bare.status, StatusCode::CONFLICT);
    assert!(bare.body.contains("做云的"), "what is saved stays in the form");
    let mut service = vec![
        ("sub_item", "platform/iot"),
        ("name_zh", "设备接入"),
        ("description_zh", "接入设备"),
        ("unit_zh", "台"),
        ("list_price_fen", "1,200.50"),
        ("discount_bp", "5"),
        ("deployment", "public"),
    ];
    let low = post(&app, &seller, "/listing/services/new", &service).await;
    assert!(low.body.contains("id=\"discount_bp-error\"") && low.body.contains("1,200.50"), "typed values stay");
    service[5].1 = "20";
    assert_eq!(post(&app, &seller, "/listing/services/new", &service).await.location, "/listing");
    assert_eq!(post(&app, &seller, "/listing/submit", &[]).await.location, "/listing");
    let list = get(&app, &officer, "/listings?state=submitted", "zh").await;
    assert!(list.body.contains("津云科技") && list.body.contains("12.5%"));
    let here = format!("/listings/{id}");
    let bare = post(&app, &officer, &here, &[("verb", "return"), ("reason", "")]).await;
    assert!(bare.body.contains("href=\"#reason\""));
    assert_eq!(post(&app, &officer, &here, &[("verb", "list"), ("reason", "")]).await.location, here);
    let listed = get(&app, &seller, "/listing", "en").await;
    assert!(listed.body.contains("Listed; services can be found"));
    let csv = get(&app, &officer, "/listings?format=csv", "zh").await;
    assert!(csv.mime.starts_with("text/csv") && csv.body.contains("津云科技,已入驻,1,12.5%"), "{}", csv.body);
    let own =
        bed.read(&seller, |cx| Box::pin(async move { catalogue::read::own_listing(cx, &id).await })).await.unwrap();
    assert_eq!(own.listing.unwrap().state, ListingState::Listed);
    let sid = own.services[0].id.clone();
    let edit = get(&app, &seller, &format!("/listing/services/{sid}"), "zh").await;
    assert!(edit.body.contains("value=\"1,200.50\"") && edit.body.contains("下架"));
    let off = post(&app, &seller, &format!("/listing/services/{sid}/state"), &[("state", "withdrawn")]).await;
    assert_eq!(off.location, "/listing");
    assert_eq!(
        get(&app, &Actor::public(), &format!("/catalogue/services/{sid}"), "zh").await.status,
        StatusCode::NOT_FOUND
    );
});

testkit::on_both!(the_api_keeps_listings_and_refuses_as_problem_details, |bed| async move {
    let id = org(&bed, OrgKind::Provider, 1, "津云科技").await;
    let (app, seller) = (app(&bed), provider(&id));
    let call = |path: &str, key: &str, body: String| {
        Request::post(path)
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body))
            .unwrap()
    };
    let about =
        format!(r#"{{"provider_id":"{id}","intro":{{"zh":"做云的","en":""}},"contact":"022-1","discount_bp":1000}}"#);
    let saved = send(&app, &seller, call("/api/v1/listings", "k1", about.clone())).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.body);
    let again = send(&app, &seller, call("/api/v1/listings", "k1", about)).await;
    assert_eq!(again.body, saved.body, "a retry gets the first answer");
    let own: serde_json::Value = serde_json::from_str(&get(&app, &seller, "/api/v1/listing", "zh").await.body).unwrap();
    assert_eq!(
        (own["listing"]["state"].as_str(), own["listing"]["provider_id"].as_str()),
        (Some("draft"), Some(id.as_str())),
        "{own}"
    );
    let stranger = get(&app, &seller, &format!("/api/v1/listings/{id}"), "zh").await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN, "that address is the officers'");
    let early = send(&app, &seller, call(&format!("/api/v1/listings/{id}/submission"), "k2", "{}".into())).await;
    assert_eq!((early.status, early.mime.as_str()), (StatusCode::CONFLICT, "application/problem+json"));
    assert!(early.body.contains("urn:yunjin:problem:nothing-offered"));
});
