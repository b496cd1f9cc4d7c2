//! Readings by HTTP: stored before they are answered, refused by name, counted.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use devices::{jobs, read, sync_directory, verify};
use jiff::Span;
use kernel::Actor;
use serde_json::Value;
use store::StoreError;
use testkit::enterprise_owner;
use things::Directory;

use crate::fixture::{Answer, app, device_with_token, get, named, org, publish, register, send};

async fn telemetry(app: &web::AppState, path: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post(path).header("accept-language", "en").body(body.into()).unwrap();
    send(app, &Actor::public(), request).await
}

testkit::on_both!(what_is_answered_is_stored_and_what_is_refused_is_named_and_counted, |bed| async move {
    let (a, app) = (org(&bed, 1).await, app(&bed));
    let (device, token) = device_with_token(&bed, &app, &a, "1 号").await;
    let path = format!("/api/v1/{token}/telemetry");
    let done = telemetry(&app, &path, r#"{"temperature":21.5,"running":true}"#).await;
    assert_eq!((done.status, done.body.as_str()), (StatusCode::OK, r#"{"stored":2}"#));
    let values = get(&app, &enterprise_owner(&a), &format!("/api/v1/devices/{}/values", device.id), "en").await;
    let values: Value = serde_json::from_str(&values.body).unwrap();
    assert_eq!((&values[0]["property"], &values[0]["last"]["value"]), (&"temperature".into(), &21.5.into()));
    let by_path = telemetry(&app, &format!("/api/v1/telemetry/{token}"), r#"[{"speed":1},{"speed":2}]"#).await;
    assert_eq!(by_path.body, r#"{"stored":2}"#);
    for (body, status, reason) in [
        ("{", 400, "not-json"),
        (r#"{"pressure":1}"#, 422, "unknown-property"),
        (r#"{"temperature":"x"}"#, 422, "wrong-type"),
        (r#"{"temperature":999}"#, 422, "out-of-range"),
        (r#"{"ts":1000,"values":{"speed":1}}"#, 422, "too-old"),
        (r#"{"ts":4070908800000,"values":{"speed":1}}"#, 422, "too-far-ahead"),
        ("[]", 422, "empty"),
    ] {
        let refused = telemetry(&app, &path, body).await;
        assert_eq!(refused.status.as_u16(), status, "{body}");
        assert!(refused.body.contains(&format!("urn:yunjin:problem:{reason}")), "{}", refused.body);
    }
    let large = telemetry(&app, &path, vec![b' '; (1 << 20) + 1]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let unknown = telemetry(&app, "/api/v1/not-a-token/telemetry", "{}").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.body.contains("unknown-device"));
    let counters = format!("/api/v1/devices/{}/counters", device.id);
    let before = get(&app, &enterprise_owner(&a), &counters, "en").await.body;
    let seen: Value = serde_json::from_str(&before).unwrap();
    assert_eq!((&seen["received"], &seen["stored"], &seen["points"]), (&10.into(), &2.into(), &4.into()));
    assert_eq!(seen["rejected"]["out-of-range"], 1);
    assert_eq!(jobs::persist_counters(&app).await.unwrap(), 1);
    assert_eq!(jobs::persist_counters(&app).await.unwrap(), 0, "written down once");
    assert_eq!(get(&app, &enterprise_owner(&a), &counters, "en").await.body, before, "the same from the records");
    let faults = app.db.read::<_, StoreError, _>(&Actor::system(), |cx| Box::pin(verify(cx))).await.unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    bed.write::<_, StoreError, _>(&Actor::system(), |cx| {
        Box::pin(async move {
            cx.execute("UPDATE devices_counter SET stored = stored + 1", vec![]).await?;
            cx.journal("test", "devices", &(), &()).await
        })
    })
    .await
    .unwrap();
    let faults = app.db.read::<_, StoreError, _>(&Actor::system(), |cx| Box::pin(verify(cx))).await.unwrap();
    assert!(faults.len() == 1 && faults[0].contains("DV-3"), "{faults:?}");
});

testkit::on_both!(many_devices_stand_each_for_itself, |bed| async move {
    let (a, b, app) = (org(&bed, 1).await, org(&bed, 2).await, app(&bed));
    let (one, _) = device_with_token(&bed, &app, &a, "1 号").await;
    let (two, _) = device_with_token(&bed, &app, &a, "2 号").await;
    let (foreign, _) = device_with_token(&bed, &app, &b, "别家的").await;
    let owner = enterprise_owner(&a);
    let many = async |body: String| {
        let request = Request::post("/api/v1/telemetry").body(Body::from(body)).unwrap();
        send(&app, &owner, request).await
    };
    let good = many(format!(r#"{{"{}":{{"speed":1}},"2 号":[{{"speed":2}},{{"speed":3}}]}}"#, one.id)).await;
    assert_eq!(good.status, StatusCode::OK, "{}", good.body);
    let mixed = many(format!(
        r#"{{"1 号":{{"speed":4}},"2 号":{{"speed":"x"}},"{}":{{"speed":5}},"别家的":{{"speed":6}}}}"#,
        foreign.id
    ))
    .await;
    assert_eq!(mixed.status, StatusCode::MULTI_STATUS);
    let seen: Value = serde_json::from_str(&mixed.body).unwrap();
    assert_eq!((&seen["stored"], &seen["refused"]), (&1.into(), &3.into()));
    assert_eq!(seen["devices"][1]["reason"], "wrong-type");
    assert_eq!(seen["devices"][2]["reason"], "unknown-device", "another organisation's device does not exist");
    assert_eq!(many(r#"{"2 号":{"speed":"x"}}"#.into()).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(many("[]".into()).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let directory = app.part::<Directory>();
    let counted = directory.by_id(&two.id).unwrap().counters.read();
    assert_eq!((counted.received, counted.stored, counted.points, counted.rejected_total()), (3, 1, 2, 2));
    let public = Request::post("/api/v1/telemetry").body(Body::from("{}")).unwrap();
    assert_eq!(send(&app, &Actor::public(), public).await.status, StatusCode::UNAUTHORIZED);
});

testkit::on_both!(silence_is_a_signal_that_begins_and_ends, |bed| async move {
    let (a, app) = (org(&bed, 1).await, app(&bed));
    let (device, token) = device_with_token(&bed, &app, &a, "1 号").await;
    assert_eq!(jobs::watch_silence(&app).await.unwrap(), (0, 0));
    bed.clock.advance(Span::new().seconds(31));
    assert_eq!(jobs::watch_silence(&app).await.unwrap(), (1, 0), "three of the model's intervals are thirty seconds");
    assert_eq!(jobs::watch_silence(&app).await.unwrap(), (0, 0), "said once");
    telemetry(&app, &format!("/api/v1/{token}/telemetry"), r#"{"speed":1}"#).await;
    assert_eq!(jobs::watch_silence(&app).await.unwrap(), (0, 1));
    let id = device.id.clone();
    let page = bed.read(&enterprise_owner(&a), |cx| Box::pin(async move { read::device_page(cx, &id).await })).await;
    let silences = page.unwrap().silences;
    assert!(silences.len() == 1 && silences[0].until_us.unwrap() - silences[0].since_us == 31_000_000, "{silences:?}");
});

testkit::on_both!(a_product_without_a_model_keeps_whatever_comes, |bed| async move {
    let (a, app) = (org(&bed, 1).await, app(&bed));
    let product = publish(&bed, &a, None, "通用", "").await.unwrap().product.id;
    let device = register(&bed, named(&a, &product, "未知机器")).await.unwrap();
    let token = crate::fixture::token(&bed, &a, &device.id, None).await;
    sync_directory(&app).await.unwrap();
    let done = telemetry(&app, &format!("/api/v1/{token}/telemetry"), r#"{"主轴温度":55.5,"报警":"无"}"#).await;
    assert_eq!(done.body, r#"{"stored":2}"#);
    let shown = get(&app, &enterprise_owner(&a), &format!("/devices/{}", device.id), "zh").await;
    assert!(shown.body.contains("主轴温度") && shown.body.contains("55.5"), "{}", shown.body);
});
