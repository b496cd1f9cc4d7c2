//! The committed description of the API is the generated one.

use serde_json::Value;

#[test]
fn the_committed_description_is_current() {
    let committed = include_str!("../../../../docs/openapi.json");
    let generated = yunjin::cli::openapi::text().unwrap();
    assert!(
        committed == generated,
        "docs/openapi.json differs from the code: run `cargo xtask generate` and look at the change"
    );
}

#[test]
fn every_endpoint_is_described_once_and_under_v1() {
    let routes = yunjin::server::routes();
    let api = yunjin::server::openapi();
    let described: usize = api
        .paths
        .paths
        .values()
        .map(|p| [&p.get, &p.post, &p.put, &p.delete].iter().filter(|o| o.is_some()).count())
        .sum();
    let undescribed = ["/api/v1/openapi.json"];
    let in_routes = routes
        .iter()
        .filter(|r| r.info.path.starts_with("/api/") && !undescribed.contains(&r.info.path.as_str()))
        .count();
    assert_eq!(described, in_routes, "an endpoint lacks its description");
    assert!(api.paths.paths.keys().all(|p| p.starts_with("/api/v1/")));
}

/// Every place in a description, with its path.
fn walk(value: &Value, at: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(at, value);
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| walk(v, &format!("{at}/{k}"), visit)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| walk(v, &format!("{at}/{i}"), visit)),
        _ => {}
    }
}

fn described() -> Value {
    serde_json::to_value(yunjin::server::openapi()).unwrap()
}

/// Families whose bodies are described in words only; the list may only shrink.
const UNTYPED_YET: [&str; 5] =
    ["/api/v1/alarm", "/api/v1/devices", "/api/v1/products", "/api/v1/telemetry", "/api/v1/{token}"];
/// Where machines send readings: the same instant sent again replaces itself, so no key is asked for.
const READINGS: [&str; 4] =
    ["/api/v1/telemetry", "/api/v1/telemetry/{token}", "/api/v1/{token}/attributes", "/api/v1/{token}/telemetry"];

#[test]
fn every_body_has_a_schema_that_says_something() {
    let (api, mut empty, mut dangling) = (described(), Vec::new(), Vec::new());
    walk(&api, "", &mut |at, v| {
        let mut names = at.rsplit('/');
        let (last, before) = (names.next().unwrap_or(""), names.next().unwrap_or(""));
        let schema = matches!(last, "schema" | "items") || before == "properties";
        if schema && v.as_object().is_some_and(serde_json::Map::is_empty) {
            empty.push(at.to_owned());
        }
        let target = v.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
        if target.is_some_and(|t| api.pointer(t).is_none()) {
            dangling.push(format!("{at} → {v}"));
        }
    });
    empty.retain(|at| !UNTYPED_YET.iter().any(|family| at.starts_with(&format!("/paths/{family}"))));
    assert!(empty.is_empty(), "any JSON would do: {empty:#?}");
    assert!(dangling.is_empty(), "schemas that are not there: {dangling:#?}");
}

#[test]
fn every_write_says_that_it_needs_a_key_and_every_caller_how_to_sign_in() {
    let api = described();
    let (mut lacking, mut writes) = (Vec::new(), 0);
    for (path, item) in api["paths"].as_object().unwrap() {
        let Some(post) = item.get("post") else { continue };
        let parameters = post["parameters"].as_array().cloned().unwrap_or_default();
        let key = parameters.iter().find(|p| p["name"] == "Idempotency-Key" && p["in"] == "header");
        if key.is_none_or(|k| k["required"] != true) && !READINGS.contains(&path.as_str()) {
            lacking.push(path.clone());
        }
        writes += 1;
    }
    assert!(lacking.is_empty(), "these lack Idempotency-Key: {lacking:#?}");
    assert!(writes > 40, "only {writes} endpoints write");
    let schemes = &api["components"]["securitySchemes"];
    assert_eq!(
        (schemes["bearer"]["scheme"].as_str(), schemes["bearer"]["type"].as_str()),
        (Some("bearer"), Some("http"))
    );
    assert_eq!(
        (schemes["cookie"]["in"].as_str(), schemes["cookie"]["name"].as_str()),
        (Some("cookie"), Some("yj_session"))
    );
    let offered = api["security"].as_array().unwrap();
    assert!(offered.iter().any(|s| s.get("bearer").is_some()) && offered.iter().any(|s| s.get("cookie").is_some()));
}
