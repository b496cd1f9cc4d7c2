//! Every route × role is let in or turned away as the one permission table says; nothing is reachable beside it.

use std::collections::{BTreeSet, HashSet};

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use kernel::{Action, Actor, Role, Subject, permits};
use web::RouteInfo;
use yunjin::server;

use crate::support::{Person, application, ask, config, filled, people};

async fn call(router: &axum::Router, info: &RouteInfo, person: &Person) -> (StatusCode, String) {
    // Every parameter names nothing that exists.
    let mut request = person.request(info.method.clone(), &filled(&info.path, |_| "nothing".to_owned()));
    let body = if info.method == Method::POST && !info.path.starts_with("/api/") {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Body::from("_csrf=wrong")
    } else {
        Body::empty()
    };
    let answer = ask(router, request.body(body).unwrap()).await;
    (answer.status, format!("{}\n{}", answer.location(), answer.text))
}

/// Turned away by the gate: asked to sign in, or told that the role does not allow it.
fn turned_away(status: StatusCode, text: &str, person: &Person) -> bool {
    if person.actor.role == Role::Public {
        return status == StatusCode::UNAUTHORIZED || text.starts_with("/sign-in?next=");
    }
    // A wrong CSRF token is refused with 403 too, but only behind the gate and by its own name.
    status == StatusCode::FORBIDDEN && !text.contains(">csrf<") && !text.contains("problem:csrf")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_lets_in_whom_the_table_lets_in() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2018-09-03").await;
    let people = people(&app).await;
    let router = server::router(app.clone());
    let mut wrong = Vec::new();
    let mut checked = 0;
    for route in server::routes() {
        for person in &people {
            let allowed = permits(&person.actor, route.info.action, &Subject::none());
            let (status, text) = call(&router, &route.info, person).await;
            checked += 1;
            if allowed == turned_away(status, &text, person) {
                wrong.push(format!(
                    "{} {} as {}: {status}, table says {allowed}",
                    route.info.method, route.info.path, person.actor.role
                ));
            }
            if status.is_server_error() {
                wrong.push(format!("{} {} as {}: {status}", route.info.method, route.info.path, person.actor.role));
            }
        }
    }
    assert!(wrong.is_empty(), "{checked} checked, wrong:\n{}", wrong.join("\n"));
    assert!(checked > 500, "only {checked} combinations were there to check");
}

#[test]
fn no_route_stands_twice_and_none_is_beside_the_table() {
    let mut seen = HashSet::new();
    for route in server::routes() {
        assert!(
            seen.insert((route.info.method.to_string(), route.info.path.clone())),
            "{} {} stands twice",
            route.info.method,
            route.info.path
        );
        assert!(kernel::PERMISSIONS.iter().any(|p| p.action == route.info.action), "{} has no row", route.info.path);
    }
}

/// Addresses that the service answers beside the table, with the reason.
const BESIDE: [&str; 1] = [
    // Style sheets, scripts and pictures: the same for everybody.
    "/assets/{*path}",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_answers_at_the_addresses_of_the_table_and_at_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _clock) = application(&config(&folder), "2018-09-03").await;
    // axum lists what it routes nowhere but in its debug output.
    let shown = format!("{:?}", server::router(app));
    let served: BTreeSet<&str> =
        shown.split('"').filter(|part| part.starts_with('/') && !part.contains("axum_fallback")).collect();
    let routes = server::routes();
    let walked: BTreeSet<&str> = routes.iter().map(|r| r.info.path.as_str()).chain(BESIDE).collect();
    assert!(walked.len() > 100, "only {}", walked.len());
    assert_eq!(served, walked);
}

#[test]
fn the_public_changes_nothing_but_by_name() {
    let open: Vec<String> = server::routes()
        .into_iter()
        .filter(|r| r.info.method != Method::GET && permits(&Actor::public(), r.info.action, &Subject::none()))
        .filter(|r| !matches!(r.info.action, Action::EnterAccount | Action::RaiseObjection | Action::Estimate))
        // A machine has no account: the token in its address is what admits it.
        .filter(|r| r.info.action != Action::SendReadings)
        .map(|r| r.info.path)
        .collect();
    assert!(open.is_empty(), "anyone may post to {open:?}");
}
