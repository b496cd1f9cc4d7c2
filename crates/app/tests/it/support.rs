//! A whole application on a temporary folder, and people who are signed in to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use indicatif::ProgressBar;
use kernel::{Actor, Clock, ManualClock, Role};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tower::ServiceExt;
use web::{AppState, SESSION_COOKIE};
use yunjin::app;
use yunjin::cli::serve::create_account;
use yunjin::config::{Config, PasswordCost};
use yunjin::demo::{Scenario, Summary, TIANJIN_YEAR, replay};

const PASSWORD: &str = "a-long-passphrase-9";

/// A configuration whose data vanish with the folder.
pub fn config(folder: &TempDir) -> Config {
    let passwords = PasswordCost { memory_kib: 8, passes: 1 };
    Config { data: folder.path().to_owned(), passwords, ..Config::default() }
}

/// The application, standing at nine in the morning in China on `day`.
pub async fn application(config: &Config, day: &str) -> (AppState, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(testkit::instant(day)));
    let shared: Arc<dyn Clock> = clock.clone();
    (app::build(config, shared, Some(5)).await.expect("the application builds"), clock)
}

/// Somebody with a browser.
pub struct Person {
    pub actor: Actor,
    /// What the browser sends; empty for somebody who is not signed in.
    pub cookie: String,
    /// What its forms send back.
    pub csrf: String,
}

impl Person {
    /// Not signed in.
    pub fn public() -> Person {
        Person { actor: Actor::public(), cookie: String::new(), csrf: String::new() }
    }

    /// A request of theirs, so far.
    pub fn request(&self, method: Method, uri: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(uri);
        if self.cookie.is_empty() { request } else { request.header(header::COOKIE, &self.cookie) }
    }

    /// GET.
    pub fn get(&self, uri: &str) -> Request<Body> {
        self.request(Method::GET, uri).body(Body::empty()).unwrap()
    }

    /// A JSON body under an idempotency key, with what a cookie needs besides.
    pub fn json(&self, uri: &str, key: &str, body: &serde_json::Value) -> Request<Body> {
        self.request(Method::POST, uri)
            .header("x-csrf-token", &self.csrf)
            .header("idempotency-key", key)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap()
    }
}

/// An account of this role, signed in.
pub async fn signed_in(app: &AppState, login: &str, role: Role, org: Option<&str>, district: Option<&str>) -> Person {
    create_account(app, login, PASSWORD, login, role, org, district).await.unwrap();
    enter(app, login, PASSWORD).await
}

/// Signs in to an account that is there.
pub async fn enter(app: &AppState, login: &str, password: &str) -> Person {
    let passwords = app.part::<orgs::Passwords>();
    let cmd = orgs::accounts::sign_in::SignIn {
        login: login.to_owned(),
        password: orgs::Password::new(password),
        replaces: None,
    };
    let session = orgs::accounts::sign_in::run(&app.db, &passwords, "test", cmd).await.unwrap();
    let token = session.token.clone();
    let nobody = Actor::public();
    let found = app.db.read::<_, store::StoreError, _>(&nobody, |cx| {
        Box::pin(async move { orgs::accounts::authenticate(cx, &token).await })
    });
    let csrf = found.await.unwrap().unwrap().csrf;
    Person { actor: session.account.actor(), cookie: format!("{SESSION_COOKIE}={}", session.token), csrf }
}

/// One of every role, the public first.
pub async fn people(app: &AppState) -> Vec<Person> {
    let mut out = vec![Person::public()];
    for role in Role::PEOPLE.into_iter().filter(|r| *r != Role::Public) {
        let login = format!("person-{}", role.code());
        let needs_org = matches!(role, Role::EnterpriseOwner | Role::EnterpriseMember | Role::Provider);
        let org = if needs_org { Some(organisation(app, role).await) } else { None };
        let district = (role == Role::DistrictOfficer).then_some("120101");
        out.push(signed_in(app, &login, role, org.as_deref(), district).await);
    }
    out
}

async fn organisation(app: &AppState, role: Role) -> String {
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

/// Every `{parameter}` of a path as `value` says.
pub fn filled(path: &str, value: impl Fn(&str) -> String) -> String {
    let (mut out, mut rest) = (String::new(), path);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(&value(name));
        rest = after;
    }
    out + rest
}

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// Where it leads.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or("")
    }

    /// As JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
}

/// Asks the whole service.
pub async fn ask(router: &axum::Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = axum::body::to_bytes(response.into_body(), 16 << 20).await.unwrap();
    Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}

/// The demonstration's own scenario with fewer firms and fewer days.
pub fn small_story() -> Scenario {
    let mut story = Scenario::parse(TIANJIN_YEAR).unwrap();
    story.firms.count = 20;
    story.firms.until = testkit::day("2018-10-31");
    story.ends = testkit::day("2019-06-30");
    story
}

/// A small year, replayed once for all tests of this binary: its folder, to be copied, and its summary.
pub async fn year() -> &'static (PathBuf, Summary) {
    static YEAR: OnceCell<(PathBuf, Summary)> = OnceCell::const_new();
    YEAR.get_or_init(|| async {
        // One place, cleared at every start: a folder that is never dropped would be left behind by each run.
        let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("replayed-year");
        let _ = std::fs::remove_dir_all(&data);
        std::fs::create_dir_all(&data).unwrap();
        let config = Config { data: data.clone(), ..Config::default() };
        let summary = replay(&config, small_story(), ProgressBar::hidden()).await.unwrap_or_else(|e| panic!("{e:#}"));
        (data, summary)
    })
    .await
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
