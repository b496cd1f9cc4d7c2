//! The committed description of the API is the generated one.

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
