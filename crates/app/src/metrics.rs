//! Prometheus metrics: requests by route and status, their time, what the worker did.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{counter, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Starts recording; the handle renders `/metrics`. A second call in one process (tests) shares the first recorder.
pub fn start() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let buckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
            PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("seconds".into()), &buckets)
                .expect("the buckets are not empty")
                .install_recorder()
                .expect("there is one recorder in a process")
        })
        .clone()
}

/// Middleware: counts and times each request by its route, never by its address, which would be without bound.
pub async fn record(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("none".to_owned(), |p| p.as_str().to_owned());
    let method = request.method().to_string();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    counter!("http_requests_total", "route" => route.clone(), "method" => method, "status" => status).increment(1);
    histogram!("http_request_seconds", "route" => route).record(begun.elapsed().as_secs_f64());
    response
}
