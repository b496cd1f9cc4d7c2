//! Pages and endpoints, as a browser or a program meets them.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use devices::{Live, jobs};
use kernel::Actor;
use testkit::{auditor, city_officer, enterprise_owner};

use crate::fixture::{MODEL, api, app, device_with_token, get, org, post, send};

/// What stands between two marks of a page.
fn between<'a>(body: &'a str, from: &str, to: &str) -> &'a str {
    let start = body.find(from).unwrap_or_else(|| panic!("{from} is not in {body}")) + from.len();
    &body[start..start + body[start..].find(to).expect("it ends")]
}

testkit::on_both!(the_guided_page_leads_from_a_name_to_the_first_reading, |bed| async move {
    let (a, app) = (org(&bed, 1).await, app(&bed));
    app.part::<Live>().listens_at(1883);
    let owner = enterprise_owner(&a);
    assert!(get(&app, &owner, "/devices/connect", "zh").await.body.contains("接入第一台设备"));
    let wrong = post(&app, &owner, "/devices/connect", &[("name", ""), ("product_id", "")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("href=\"#name\""), "{}", wrong.body);
    let made =
        post(&app, &owner, "/devices/connect", &[("name", "1 号车床"), ("place", "一厂"), ("product_id", "")]).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let token = between(&made.body, "data-copy=\"", "\"").to_owned();
    assert_eq!(token.len(), 43, "32 bytes in base64url");
    assert!(
        made.body.contains(&format!(
            "mosquitto_pub -h plant.example -p 1883 -q 1 -t v1/devices/me/telemetry -u &#39;{token}&#39;"
        )) || made.body.contains(&format!(
            "mosquitto_pub -h plant.example -p 1883 -q 1 -t v1/devices/me/telemetry -u &#x27;{token}&#x27;"
        )),
        "{}",
        made.body
    );
    let id = between(&made.body, "hx-get=\"/devices/", "/first").to_owned();
    let waits = get(&app, &owner, &format!("/devices/{id}/first"), "zh").await;
    assert!(waits.body.contains("正在等待第一条数据") && !waits.body.contains(&token), "the token is shown once");
    let request =
        Request::post(format!("/api/v1/{token}/telemetry")).body(Body::from(r#"{"temperature":21.5}"#)).unwrap();
    assert_eq!(send(&app, &Actor::public(), request).await.status, StatusCode::OK);
    let fragment =
        Request::get(format!("/devices/{id}/first")).header("hx-request", "true").body(Body::empty()).unwrap();
    let seen = send(&app, &owner, fragment).await;
    assert!(seen.body.starts_with("<div id=\"first\"") && seen.body.contains("21.5"), "{}", seen.body);
    assert!(!seen.body.contains("every 2s"), "it need not ask any more");
    let again = post(&app, &owner, "/devices/connect", &[("name", "1 号车床"), ("product_id", "")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
});

testkit::on_both!(a_device_is_registered_shown_changed_and_switched_through_its_pages, |bed| async move {
    let (a, app) = (org(&bed, 1).await, app(&bed));
    let owner = enterprise_owner(&a);
    let product = post(&app, &owner, "/products/new", &[("name", "车床<1>"), ("model_json", MODEL)]).await;
    assert!(product.location.starts_with("/products/prd_"), "{}", product.body);
    let wrong = post(&app, &owner, "/products/new", &[("name", "x"), ("model_json", "{\"properties\":[{}]}")]).await;
    assert!(wrong.body.contains("properties[0].name") && wrong.body.contains("id=\"model_json-error\""));
    let product_id = product.location.trim_start_matches("/products/").to_owned();
    let shown = get(&app, &owner, &product.location, "en").await;
    assert!(shown.body.contains("Temperature") && shown.body.contains("setSpeed"));
    let file = get(&app, &owner, &format!("{}/models/1", product.location), "en").await;
    assert!(file.mime.starts_with("application/json") && file.body.contains("yunjin-thing-model/1"));
    assert!(
        get(&app, &owner, "/products", "zh").await.body.contains("车床&#60;1&#62;")
            || get(&app, &owner, "/products", "zh").await.body.contains("车床&lt;1&gt;")
    );
    let fields =
        [("name", "1 号"), ("product_id", product_id.as_str()), ("place", "一厂/二线"), ("silent_after_s", "x")];
    let wrong = post(&app, &owner, "/devices/new", &fields).await;
    assert!(wrong.body.contains("silent_after_s-error") && wrong.body.contains("一厂/二线"), "typed values stay");
    let made = post(&app, &owner, "/devices/new", &fields[..3]).await;
    assert!(made.location.starts_with("/devices/dev_"), "{}", made.body);
    let here = made.location;
    let list = get(&app, &owner, "/devices?q=1&place=%E4%B8%80%E5%8E%82", "zh").await;
    assert!(list.body.contains(&here) && list.body.contains("place-tree"), "{}", list.body);
    let csv = get(&app, &owner, "/devices?format=csv", "zh").await;
    assert!(csv.mime.starts_with("text/csv") && csv.body.contains("1 号"));
    assert_eq!(
        post(&app, &owner, &format!("{here}/edit"), &[("name", "一号"), ("product_id", &product_id)]).await.location,
        here
    );
    let token = post(&app, &owner, &format!("{here}/credentials"), &[("kind", "token")]).await;
    assert_eq!(token.status, StatusCode::OK);
    assert!(token.body.contains("只显示这一次"));
    let short = [("kind", "password"), ("user_name", "lathe"), ("password", "short")];
    let refused = post(&app, &owner, &format!("{here}/credentials"), &short).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && !refused.body.contains("value=\"short\""));
    let command =
        post(&app, &owner, &format!("{here}/commands"), &[("method", "setSpeed"), ("params", "{\"rpm\":5}")]).await;
    assert_eq!(command.location, here);
    let bad = post(&app, &owner, &format!("{here}/commands"), &[("method", "setSpeed"), ("params", "{}")]).await;
    assert!(bad.body.contains("href=\"#params\""), "{}", bad.body);
    assert_eq!(
        post(&app, &owner, &format!("{here}/desired"), &[("property", "speed"), ("value", "900")]).await.location,
        here
    );
    let page = get(&app, &owner, &here, "zh").await;
    assert!(page.body.contains("一号") && page.body.contains("900") && page.body.contains("setSpeed"), "{}", page.body);
    assert!(page.body.contains("class=\"qr\""));
    assert_eq!(post(&app, &owner, &format!("{here}/state"), &[("state", "disabled")]).await.location, here);
    assert!(get(&app, &owner, &here, "en").await.body.contains("Switch on"));
    let other = enterprise_owner(&org(&bed, 2).await);
    assert_eq!(get(&app, &other, &here, "zh").await.status, StatusCode::NOT_FOUND);
});

testkit::on_both!(readings_are_drawn_for_the_enterprise_and_for_nobody_else, |bed| async move {
    let (a, app) = (org(&bed, 1).await, app(&bed));
    let (device, token) = device_with_token(&bed, &app, &a, "1 号").await;
    let owner = enterprise_owner(&a);
    let now_ms = app.db.clock().now().as_millisecond();
    for i in 0..20i64 {
        let body = format!(r#"{{"ts":{},"values":{{"temperature":{}}}}}"#, now_ms - i * 60_000, 20 - i);
        let request = Request::post(format!("/api/v1/{token}/telemetry")).body(Body::from(body)).unwrap();
        assert_eq!(send(&app, &Actor::public(), request).await.status, StatusCode::OK);
    }
    let bad = Request::post(format!("/api/v1/{token}/telemetry")).body(Body::from(r#"{"temperature":999}"#)).unwrap();
    send(&app, &Actor::public(), bad).await;
    let here = format!("/devices/{}", device.id);
    let page = get(&app, &owner, &format!("{here}?property=temperature&span=6h"), "en").await;
    assert!(page.body.contains("<polyline class=\"line\"") && page.body.contains("Temperature"), "{}", page.body);
    assert!(page.body.contains("out-of-range") && page.body.contains("999"), "what was refused and why");
    let live = get(&app, &owner, &format!("{here}/live"), "en").await;
    assert!(live.body.starts_with("<div id=\"live\"") && live.body.contains("every 2s"));
    let csv = get(&app, &owner, &format!("{here}/readings?property=temperature&span=1h&format=csv"), "en").await;
    assert_eq!(csv.body.lines().count(), 21, "{}", csv.body);
    assert!(csv.body.contains(",1,Good") && !csv.body.contains("'"), "numbers are numbers");
    let wrong = get(&app, &owner, &format!("{here}/readings?property=temperature&from=yesterday"), "en").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let seen = get(&app, &auditor(), &here, "zh").await;
    assert!(seen.status == StatusCode::OK && seen.body.contains("out-of-range"), "an auditor sees counters");
    assert!(!seen.body.contains("polyline") && !seen.body.contains("id=\"live\""), "and no readings");
    assert!(get(&app, &auditor(), "/devices", "zh").await.body.contains("企业 1"), "and whose each device is");
    assert_eq!(get(&app, &auditor(), &format!("{here}/live"), "zh").await.status, StatusCode::FORBIDDEN);
    assert_eq!(get(&app, &city_officer(1), &here, "zh").await.status, StatusCode::FORBIDDEN);
    let from = (now_ms - 3_600_000) * 1000;
    let history =
        format!("/api/v1{here}/history?property=temperature&from_us={from}&to_us={}&buckets=10", now_ms * 1000 + 1);
    let history = get(&app, &owner, &history, "en").await;
    let buckets: serde_json::Value = serde_json::from_str(&history.body).unwrap();
    let count: u64 = buckets.as_array().unwrap().iter().map(|b| b["count"].as_u64().unwrap()).sum();
    assert_eq!(count, 20);
});

testkit::on_both!(the_api_keeps_devices_and_refuses_as_problem_details, |bed| async move {
    let (a, app) = (org(&bed, 1).await, app(&bed));
    let owner = enterprise_owner(&a);
    let made = api(&app, &owner, "/api/v1/products", "k1", &format!(r#"{{"name":"Lathe","model":{MODEL}}}"#)).await;
    let made: serde_json::Value = serde_json::from_str(&made.body).unwrap();
    let product = made["product"]["id"].as_str().unwrap();
    let body = format!(r#"{{"name":"L1","product_id":"{product}"}}"#);
    let first = api(&app, &owner, "/api/v1/devices", "k2", &body).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    assert_eq!(
        api(&app, &owner, "/api/v1/devices", "k2", &body).await.body,
        first.body,
        "a retry gets the first answer"
    );
    let taken = api(&app, &owner, "/api/v1/devices", "k3", &body).await;
    assert_eq!((taken.status, taken.mime.as_str()), (StatusCode::CONFLICT, "application/problem+json"));
    assert!(taken.body.contains("urn:yunjin:problem:device-name-taken"));
    let device: serde_json::Value = serde_json::from_str(&first.body).unwrap();
    let here = format!("/api/v1/devices/{}", device["id"].as_str().unwrap());
    let token = api(&app, &owner, &format!("{here}/credentials"), "k4", r#"{"kind":"token"}"#).await;
    let token: serde_json::Value = serde_json::from_str(&token.body).unwrap();
    assert_eq!(token["token"].as_str().unwrap().len(), 43);
    let revoke = format!("{here}/credentials/{}/revocation", token["id"].as_str().unwrap());
    assert_eq!(api(&app, &owner, &revoke, "k5", "{}").await.status, StatusCode::OK);
    let listed = get(&app, &owner, &format!("{here}/credentials"), "en").await;
    assert!(listed.body.contains("revoked_at\":\"20") && !listed.body.contains(token["token"].as_str().unwrap()));
    let command =
        api(&app, &owner, &format!("{here}/commands"), "k6", r#"{"method":"setSpeed","params":{"rpm":7}}"#).await;
    assert!(command.body.contains("\"state\":\"queued\""), "{}", command.body);
    let state = api(&app, &owner, &format!("{here}/state"), "k7", r#"{"state":"disabled"}"#).await;
    assert!(state.body.contains("\"state\":\"disabled\""));
    let off = api(&app, &owner, &format!("{here}/commands"), "k8", r#"{"method":"setSpeed","params":{"rpm":7}}"#).await;
    assert!(off.body.contains("device-not-active"));
    let list = get(&app, &owner, "/api/v1/devices?q=l1", "en").await;
    assert!(list.body.contains("\"product_name\":\"Lathe\""));
    assert_eq!(get(&app, &auditor(), &format!("{here}/values"), "en").await.status, StatusCode::FORBIDDEN);
    assert!(jobs::change_number(&app).await.unwrap() >= 4);
});
