//! Every route × role is let in or turned away as the one permission table says; nothing is reachable beside it.

use std::collections::HashSet;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use kernel::{Action, Actor, Role, Subject, permits};
use tower::ServiceExt;
use web::{RouteInfo, SESSION_COOKIE};
use yunjin::cli::serve::create_account;
use yunjin::server;

use crate::support::{application, config};

struct Person {
    actor: Actor,
    cookie: String,
}

async fn people(app: &web::AppState) -> Vec<Person> {
    let mut out = vec![Person { actor: Actor::public(), cookie: String::new() }];
    for role in Role::PEOPLE.into_iter().filter(|r| *r != Role::Public) {
        let login = format!("person-{}", role.code());
        let needs_org = matches!(role, Role::EnterpriseOwner | Role::EnterpriseMember | Role::Provider);
        let org = if needs_org { Some(organisation(app, role).await) } else { None };
        let district = (role == Role::DistrictOfficer).then_some("120101");
        create_account(app, &login, "a-long-passphrase-9", role.code(), role, org.as_deref(), district).await.unwrap();
        let passwords = app.part::<orgs::Passwords>();
        let sign_in = orgs::accounts::sign_in::SignIn {
            login: login.clone(),
            password: orgs::Password::new("a-long-passphrase-9"),
            replaces: None,
        };
        let session = orgs::accounts::sign_in::run(&app.db, &passwords, "test", sign_in).await.unwrap();
        let actor = session.account.actor();
        out.push(Person { actor, cookie: format!("{SESSION_COOKIE}={}", session.token) });
    }
    out
}

async fn organisation(app: &web::AppState, role: Role) -> String {
    let n = role as usize;
    let cmd = orgs::register::Register {
        kind: if role == Role::Provider { orgs::OrgKind::Provider } else { orgs::OrgKind::Enterprise },
        uscc: kernel::Uscc::compose("91", "120000", &format!("MB{n:06}")).unwrap().to_string(),
        name: format!("单位 {n}"),
        simulated: true,
        facts: orgs::StatedFacts { district: Some("120101".into()), industry: Some("34".into()), ..Default::default() },
        facts_from: testkit::day("2018-09-03"),
        owner: None,
    };
    app.db.write(&Actor::system(), "test", move |cx| Box::pin(orgs::register::run(cx, cmd))).await.unwrap().org_id
}

/// A path in which every parameter names nothing that exists.
fn address(info: &RouteInfo) -> String {
    let mut out = String::new();
    let mut rest = info.path.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push_str("nothing");
        rest = after.split_once('}').map_or("", |(_, r)| r);
    }
    out + rest
}

async fn call(router: &axum::Router, info: &RouteInfo, person: &Person) -> (StatusCode, String) {
    let mut request = Request::builder().method(info.method.clone()).uri(address(info));
    if !person.cookie.is_empty() {
        request = request.header(header::COOKIE, &person.cookie);
    }
    let body = if info.method == Method::POST && !info.path.starts_with("/api/") {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Body::from("_csrf=wrong")
    } else {
        Body::empty()
    };
    let response = router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status();
    let location = response.headers().get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let bytes = axum::body::to_bytes(response.into_body(), 4 << 20).await.unwrap();
    (status, format!("{location}\n{}", String::from_utf8_lossy(&bytes)))
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

#[test]
fn the_public_changes_nothing_but_by_name() {
    let open: Vec<String> = server::routes()
        .into_iter()
        .filter(|r| r.info.method != Method::GET && permits(&Actor::public(), r.info.action, &Subject::none()))
        .filter(|r| !matches!(r.info.action, Action::EnterAccount | Action::RaiseObjection | Action::Estimate))
        .map(|r| r.info.path)
        .collect();
    assert!(open.is_empty(), "anyone may post to {open:?}");
}
