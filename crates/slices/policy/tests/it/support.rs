//! What the tests share.

use jiff::civil::Date;
use kernel::Actor;
use policy::publish::{Publish, Published};
use policy::{Decide, Kind, StoredDecision};
use serde_json::{Value, json};
use testkit::{TestBed, city_officer, day};

pub const EXPECTED: &str = include_str!("../../../../../programmes/tianjin-2018/expected.toml");

pub fn tianjin() -> &'static str {
    rules::bundled().iter().find(|(id, _)| *id == "tianjin-2018").expect("it is carried").1
}

/// The same programme as another version, with one value changed.
pub fn next_version(rate_bp: i64) -> String {
    let text = tianjin().replacen("version = \"1.0.0\"", "version = \"1.1.0\"", 1);
    let (before, after) = text.split_once("name = \"migration_rate_bp\"").expect("it has the rate");
    format!("{before}name = \"migration_rate_bp\"{}", after.replacen("value = 2000", &format!("value = {rate_bp}"), 1))
}

pub async fn publish(bed: &TestBed, text: &str, expected: &str) -> Published {
    let (text, expected) = (text.to_owned(), expected.to_owned());
    let officer = city_officer(1);
    bed.write(&officer, |cx| Box::pin(async move { policy::publish_text(cx, &text, &expected).await }))
        .await
        .expect("it is published")
}

pub fn eligible_firm() -> Value {
    json!({
        "registered_in_city": true, "is_manufacturer": true, "is_provider": false, "dishonest": false,
        "batch": {"rate_bp": 3000, "face_value_fen": 2_000_000, "validity_days": 365, "own_share_bp": 2000},
    })
}

pub async fn decide(bed: &TestBed, actor: &Actor, inputs: Value, as_of: Date) -> StoredDecision {
    let cmd = Decide {
        programme_id: "tianjin-2018".into(),
        instrument_id: "cloud-voucher".into(),
        org_id: "org_a".into(),
        inputs,
        as_of,
        kind: Kind::Eligibility,
    };
    bed.write(actor, |cx| Box::pin(async move { policy::decide::run(cx, cmd).await })).await.expect("it is decided")
}

pub fn of_draft(programme_id: &str, version: &str, sha256: &str) -> Publish {
    Publish { programme_id: programme_id.into(), version: version.into(), sha256: sha256.into() }
}

pub fn october() -> Date {
    day("2018-10-10")
}

/// What came back over HTTP.
pub struct Answer {
    pub status: u16,
    pub location: String,
    pub body: String,
}

fn app(bed: &TestBed) -> web::AppState {
    let site = web::Site { name: kernel::Text::new("云津", "Yunjin"), ..web::Site::default() };
    let uploads = bed.folder().join("uploads");
    std::sync::Arc::new(web::App::new(bed.db.clone(), bed.blobs.clone(), uploads, site, kernel::Calendar::default()))
}

pub async fn send(bed: &TestBed, actor: &Actor, request: axum::http::Request<axum::body::Body>) -> Answer {
    use tower::ServiceExt;
    let router = web::test_router(policy::routes(), app(bed), actor.clone());
    let response = router.oneshot(request).await.expect("a router answers");
    let location = response.headers().get("location").map_or(String::new(), |v| v.to_str().expect("text").to_owned());
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), 8 << 20).await.expect("a body");
    Answer { status, location, body: String::from_utf8(bytes.to_vec()).expect("text") }
}

/// GET in a language, `zh` or `en`.
pub async fn get(bed: &TestBed, actor: &Actor, path: &str, lang: &str) -> Answer {
    let request = axum::http::Request::get(path).header("accept-language", lang);
    send(bed, actor, request.body(axum::body::Body::empty()).expect("a request")).await
}

/// POST of a form with its CSRF token.
pub async fn post(bed: &TestBed, actor: &Actor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut all = vec![("_csrf", "test")];
    all.extend_from_slice(fields);
    let body = serde_urlencoded::to_string(all).expect("fields");
    let request = axum::http::Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    send(bed, actor, request.body(body.into()).expect("a request")).await
}

/// POST of JSON with an idempotency key.
pub async fn post_json(bed: &TestBed, actor: &Actor, path: &str, key: &str, body: &Value) -> Answer {
    let request =
        axum::http::Request::post(path).header("content-type", "application/json").header("idempotency-key", key);
    send(bed, actor, request.body(body.to_string().into()).expect("a request")).await
}

/// Puts statements into the records as another slice, or a hand that should not, would.
pub async fn sql(bed: &TestBed, statement: &'static str, values: Vec<store::Param>) {
    let done: Result<(), store::StoreError> = bed
        .write(&Actor::system(), move |cx| {
            Box::pin(async move {
                cx.execute(statement, values).await?;
                cx.journal("test.sql", "x", &(), &()).await
            })
        })
        .await;
    done.expect("the statement runs");
}

/// The enterprise `org_a` in 滨海新区, as `orgs` would have recorded it.
pub async fn record_org(bed: &TestBed) {
    let org = "INSERT INTO orgs_org (id, uscc, kind, name, name_key, simulated, created_at_us) \
               VALUES ('org_a', '91350100M000100Y43', 'enterprise', '津一精密', '41', TRUE, 0)";
    sql(bed, org, vec![]).await;
    let facts = [
        ("district", "\"120116\""),
        ("industry", "\"34\""),
        ("staff", "85"),
        ("revenue_fen", "1234567800"),
        ("registered_in_city", "true"),
    ];
    for (seq, (name, value)) in facts.into_iter().enumerate() {
        let fact = "INSERT INTO orgs_fact (org_id, seq, name, valid_from, value_json, stated_at_us, stated_by) \
                    VALUES ('org_a', $1, $2, '2018-01-01', $3, 0, 'acc')";
        sql(bed, fact, store::params![seq, name, value]).await;
    }
}
