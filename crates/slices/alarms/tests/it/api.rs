//! The same use cases for programs.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::fixture::{World, hot, leaf, owner, rule, world};
use crate::pages::{Answer, send};

async fn call(w: &World, path: &str, key: &str, body: &Value) -> Answer {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("accept-language", "en")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()))
        .unwrap();
    send(&w.app, &owner(), request).await
}

async fn get(w: &World, path: &str) -> Value {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = send(&w.app, &owner(), request).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn a_rule() -> Value {
    serde_json::to_value(rule(leaf(hot()))).unwrap()
}

testkit::on_both!(rules_and_alarms_are_objects_of_the_api, |bed| async move {
    let w = world(bed).await;
    let saved = call(&w, "/api/v1/alarm-rules", "k1", &json!({ "rule": a_rule() })).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.body);
    let again = call(&w, "/api/v1/alarm-rules", "k1", &json!({ "rule": a_rule() })).await;
    assert_eq!(again.body, saved.body, "a retry gets the first answer");
    let id = serde_json::from_str::<Value>(&saved.body).unwrap()["id"].as_str().unwrap().to_owned();
    let published = call(&w, &format!("/api/v1/alarm-rules/{id}/publication"), "k2", &json!({ "version": 1 })).await;
    assert_eq!(published.status, StatusCode::OK, "{}", published.body);
    w.advance_s(2);
    w.work().await;
    w.read("dev_1", "temp", 90.0).await;
    let list = get(&w, "/api/v1/alarms").await;
    let alarm = &list["items"][0];
    assert_eq!(
        (&alarm["state"], &alarm["priority"], &alarm["device_name"]),
        (&json!("unacknowledged"), &json!("high"), &json!("一号泵"))
    );
    let alarm_id = alarm["id"].as_str().unwrap().to_owned();
    let act = |verb: &str| json!({ "alarm_ids": [alarm_id], "verb": verb });
    let done = call(&w, "/api/v1/alarms/actions", "k3", &act("acknowledge")).await;
    assert_eq!(serde_json::from_str::<Value>(&done.body).unwrap()["done"], json!([alarm_id]));
    let twice = call(&w, "/api/v1/alarms/actions", "k4", &act("acknowledge")).await;
    assert_eq!((twice.status, twice.mime.as_str()), (StatusCode::CONFLICT, "application/problem+json"));
    assert!(twice.body.contains("urn:yunjin:problem:alarm-wrong-state"));
    let noted = call(&w, &format!("/api/v1/alarms/{alarm_id}/comments"), "k5", &json!({ "comment": "seen" })).await;
    assert_eq!(noted.status, StatusCode::OK);
    let one = get(&w, &format!("/api/v1/alarms/{alarm_id}")).await;
    assert_eq!(one["message"]["en"], "The bearing is too hot");
    assert_eq!(one["history"].as_array().unwrap().len(), 3);
    let report = get(&w, "/api/v1/alarm-report?from=2018-09-03T00:00:00Z&to=2018-09-04T00:00:00Z").await;
    assert_eq!(report["annunciated"], 1);
    assert_eq!(get(&w, "/api/v1/alarm-rules").await["items"].as_array().unwrap().len(), 1);
    let gone = call(&w, &format!("/api/v1/alarm-rules/{id}/retirement"), "k6", &json!({})).await;
    assert_eq!(gone.status, StatusCode::OK);
    assert_eq!(get(&w, &format!("/api/v1/alarm-rules/{id}")).await[0]["state"], "retired");
});

testkit::on_both!(a_bad_rule_is_a_problem_with_every_defect_as_a_field, |bed| async move {
    let w = world(bed).await;
    let mut bad = a_rule();
    bad["condition"] = json!({ "all": [
        { "leaf": { "kind": "threshold", "property": "tmep", "side": "above", "limit": 1, "on_delay_s": -3 } },
        { "leaf": { "kind": "expression", "cel": "1 +" } },
        { "leaf": { "kind": "band", "property": "pressure", "low": 1, "high": 2, "dead_band": 1 } }
    ] });
    let told = call(&w, "/api/v1/alarm-rules", "k1", &json!({ "rule": bad })).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Value = serde_json::from_str(&told.body).unwrap();
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["condition.0.on_delay_s", "condition.0.property", "condition.1.cel", "condition.2.dead_band"]);
    assert!(told.body.contains("[unknown-property]") && told.body.contains("[cel-does-not-parse]"));
    let mut odd = a_rule();
    odd["condition"] = json!({ "sometimes": [] });
    let told = call(&w, "/api/v1/alarm-rules", "k2", &json!({ "rule": odd })).await;
    assert!(told.status.is_client_error(), "{}", told.body);
    let request = Request::get("/api/v1/alarm-report?from=x&to=y").body(Body::empty()).unwrap();
    assert_eq!(send(&w.app, &owner(), request).await.status, StatusCode::BAD_REQUEST);
});
