//! Route × role × tenant: whoever the table turns away from a record gets no word of it, at any address that names it.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use kernel::{Action, Role, Subject, permits};
use serde_json::{Map, Value};
use store::{StoreError, params};
use web::AppState;
use yunjin::server;

use crate::support::{Answer, Person, application, ask, config, copy, filled, signed_in, year};

/// One order of the year that was settled and paid, with everything that hangs on it, and who stands beside it.
struct Chain {
    enterprise: String,
    enterprise_name: String,
    enterprise_uscc: String,
    provider: String,
    district: String,
    ids: Vec<(&'static str, String)>,
    other_enterprise: String,
    other_provider: String,
    other_district: String,
}

async fn one(app: &AppState, sql: &'static str, values: Vec<store::Param>) -> store::Row {
    let system = kernel::Actor::system();
    let found = app.db.read::<_, StoreError, _>(&system, |cx| Box::pin(async move { cx.one(sql, values).await })).await;
    found.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

async fn text(app: &AppState, sql: &'static str, values: Vec<store::Param>) -> String {
    one(app, sql, values).await.get("found").unwrap()
}

/// A device, its product and a rule of another firm: nobody of this chain may see its machines.
async fn machines(app: &AppState, enterprise: &str) -> (String, String, String) {
    let sql = "SELECT id AS found FROM devices_device WHERE org_id <> $1 ORDER BY id LIMIT 1";
    let device = text(app, sql, params![enterprise]).await;
    let product = text(app, "SELECT id AS found FROM devices_product ORDER BY id LIMIT 1", vec![]).await;
    let rule = text(app, "SELECT id AS found FROM alarms_rule ORDER BY id LIMIT 1", vec![]).await;
    (device, product, rule)
}

impl Chain {
    async fn of(app: &AppState) -> Chain {
        let sql = "SELECT c.id AS claim, c.order_id, c.provider_id, c.enterprise_id, c.voucher_id, c.district, c.batch_id, \
                   c.programme_id, v.case_id, v.decision_id, o.service_id, e.name, e.uscc, p.document_sha256 \
                   FROM settlement_claim c JOIN vouchers_voucher v ON v.id = c.voucher_id \
                   JOIN orders_order o ON o.id = c.order_id JOIN orgs_org e ON e.id = c.enterprise_id \
                   JOIN orders_contract p ON p.order_id = o.id WHERE c.state = 'paid' ORDER BY c.id LIMIT 1";
        let r = one(app, sql, vec![]).await;
        let get = |name: &str| r.get::<String>(name).unwrap();
        let (enterprise, provider, district) = (get("enterprise_id"), get("provider_id"), get("district"));
        let sql = "SELECT id AS found FROM casework_notice WHERE case_id = $1 ORDER BY id LIMIT 1";
        let notice = text(app, sql, params![get("case_id")]).await;
        let sql = "SELECT id AS found FROM usage_import WHERE provider_id = $1 ORDER BY id LIMIT 1";
        let import = text(app, sql, params![&provider]).await;
        let sql =
            "SELECT id AS found FROM usage_account WHERE enterprise_id = $1 AND provider_id = $2 ORDER BY id LIMIT 1";
        let billing = text(app, sql, params![&enterprise, &provider]).await;
        let sql = "SELECT s.id AS found FROM usage_statement s JOIN usage_account a ON a.provider_id = s.provider_id \
                   AND a.billing_account_id = s.billing_account_id \
                   AND (a.sub_account_id = '' OR a.sub_account_id = s.sub_account_id) \
                   WHERE a.enterprise_id = $1 AND a.provider_id = $2 ORDER BY s.id LIMIT 1";
        let statement = text(app, sql, params![&enterprise, &provider]).await;
        let (device, product, rule) = machines(app, &enterprise).await;
        let funds = text(app, "SELECT id AS found FROM funds_account ORDER BY id LIMIT 1", vec![]).await;
        let sql =
            "SELECT org_id AS found FROM casework_case WHERE org_id <> $1 AND district <> $2 ORDER BY org_id LIMIT 1";
        let other_enterprise = text(app, sql, params![&enterprise, &district]).await;
        let sql = "SELECT district AS found FROM casework_case WHERE org_id = $1";
        let other_district = text(app, sql, params![&other_enterprise]).await;
        let sql = "SELECT id AS found FROM orgs_org WHERE kind = 'provider' AND id <> $1 ORDER BY id LIMIT 1";
        let other_provider = text(app, sql, params![&provider]).await;
        let ids = vec![
            ("claim", get("claim")),
            ("order", get("order_id")),
            ("voucher", get("voucher_id")),
            ("case", get("case_id")),
            ("decision", get("decision_id")),
            ("service", get("service_id")),
            ("batch", get("batch_id")),
            ("programme", get("programme_id")),
            ("document", get("document_sha256")),
            ("paper", "contract".to_owned()),
            ("notice", notice),
            ("objection", "obj_none".to_owned()),
            ("import", import),
            ("billing", billing),
            ("funds", funds),
            ("org", enterprise.clone()),
            ("listing", provider.clone()),
            ("tie", "tie_none".to_owned()),
            ("material", "mat_none".to_owned()),
            ("statement", statement),
            ("device", device),
            ("product", product),
            ("rule", rule),
            ("alarm", "alm_none".to_owned()),
            ("contact", "ctc_none".to_owned()),
            ("alarm notice", "ntc_none".to_owned()),
        ];
        Chain {
            enterprise_name: get("name"),
            enterprise_uscc: get("uscc"),
            enterprise,
            provider,
            district,
            ids,
            other_enterprise,
            other_provider,
            other_district,
        }
    }

    fn id(&self, kind: &str) -> String {
        let found = self.ids.iter().find(|(k, _)| *k == kind);
        found.unwrap_or_else(|| panic!("no id for {kind}")).1.clone()
    }

    /// To whom a record of this kind belongs.
    fn subject(&self, kind: &str) -> Subject<'_> {
        let (enterprise, provider, district) = (&*self.enterprise, &*self.provider, &*self.district);
        match kind {
            "claim" | "order" | "billing" => Subject::between(enterprise, provider, Some(district)),
            "voucher" | "case" | "decision" | "org" => Subject::org_in(enterprise, district),
            "service" | "listing" | "import" => Subject::org(provider),
            "account" | "token" => Subject::org(enterprise),
            "statement" => Subject::between(enterprise, provider, Some(district)),
            "device" | "product" | "rule" | "alarm" | "contact" | "alarm notice" => Subject::org("another"),
            // Public, or the city's alone.
            "batch" | "programme" | "notice" | "objection" | "funds" | "tie" => Subject::none(),
            other => panic!("to whom does a {other} belong?"),
        }
    }
}

/// What `{id}` names at an address. A new family of addresses must be put here before the walk passes.
fn kind(path: &str) -> &'static str {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let kinds = [
        ("/account/tokens/", "token"),
        ("/accounts/", "account"),
        ("/batches/", "batch"),
        ("/cases/", "case"),
        ("/catalogue/providers/", "listing"),
        ("/catalogue/services/", "service"),
        ("/catalogue/", "service"),
        ("/decisions/", "decision"),
        ("/funds/accounts/", "funds"),
        ("/listing/services/", "service"),
        ("/listings/", "listing"),
        ("/notices/", "notice"),
        ("/objections/", "objection"),
        ("/orders/", "order"),
        ("/orgs/", "org"),
        ("/programmes/", "programme"),
        ("/providers/", "listing"),
        ("/services/", "service"),
        ("/settlements/", "claim"),
        ("/ties/", "tie"),
        ("/alarms/rules/", "rule"),
        ("/alarms/contacts/", "contact"),
        ("/alarms/notices/", "alarm notice"),
        ("/alarms/", "alarm"),
        ("/alarm-rules/", "rule"),
        ("/alarm-contacts/", "contact"),
        ("/alarm-notices/", "alarm notice"),
        ("/devices/", "device"),
        ("/products/", "product"),
        ("/usage/statements/", "statement"),
        ("/usage/accounts/", "billing"),
        ("/usage/imports/", "import"),
        ("/vouchers/", "voucher"),
    ];
    kinds.iter().find(|k| path.starts_with(k.0)).unwrap_or_else(|| panic!("what does {path} name?")).1
}

/// The least that a schema allows.
fn sample(api: &Value, schema: &Value) -> Value {
    if let Some(target) = schema["$ref"].as_str() {
        let found = api.pointer(target.trim_start_matches('#'));
        return sample(api, found.unwrap_or_else(|| panic!("{target} is not there")));
    }
    if let Some(all) = schema["allOf"].as_array() {
        let mut out = Map::new();
        all.iter().for_each(|part| out.extend(sample(api, part).as_object().cloned().unwrap_or_default()));
        return Value::Object(out);
    }
    if let Some(any) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return sample(api, any.iter().find(|s| s["type"] != "null").unwrap_or(&Value::Null));
    }
    if let Some(first) = schema["enum"].as_array().and_then(|e| e.first()) {
        return first.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|k| *k != "null").and_then(Value::as_str).unwrap_or("null"),
        one => one.as_str().unwrap_or("null"),
    };
    match (kind, schema["format"].as_str()) {
        ("object", _) => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let field = |name: &Value| {
                let name = name.as_str().unwrap_or_default();
                (name.to_owned(), sample(api, &schema["properties"][name]))
            };
            Value::Object(required.iter().map(field).collect())
        }
        ("array", _) => Value::Array(vec![sample(api, &schema["items"])]),
        ("string", Some("date")) => "2019-06-03".into(),
        ("string", Some("date-time")) => "2019-06-03T01:00:00Z".into(),
        ("string", _) => "x".into(),
        ("integer" | "number", _) => 1.into(),
        ("boolean", _) => true.into(),
        _ => Value::Null,
    }
}

/// Every field that a form of ours may ask for; each takes what it knows.
const FORM: &str = "reason=r&text=t&opinion=o&version=1&round=1&kind=other&amount=1&date=2019-06-03&staff=9&days=1\
    &valid_from=2018-09-01&remark=r&case_id=nothing&lift_reason=r&tie_kind=other&approve_opinion=o&sendback_reason=r\
    &reject_reason=r&return_defects=d&objection_reason=r&upheld=1&password=another-long-phrase-8&disabled=1&verb=return\
    &dishonest=yes&state=withdrawn&code=correction&amount_yuan=1&quota=1&district=120101&recommend_opinion=o&decision=confirm\
    &confirm=1&truthful=1&voucher_id=x&public_max=1";

fn request(person: &Person, method: &Method, uri: &str, path: &str, api: &Value) -> Request<Body> {
    if *method == Method::GET {
        return person.get(uri);
    }
    if path.starts_with("/api/") {
        let schema = &api["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        let mut body = sample(api, schema);
        if path.ends_with("/usage/accounts/{id}/decision") {
            // Its schema calls the verb a text and names the two words beside it.
            body["verb"] = "confirm".into();
        }
        return person.json(uri, &format!("k-{}", person.actor.user_id), &body);
    }
    person
        .request(method.clone(), uri)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("_csrf={}&{FORM}", person.csrf)))
        .unwrap()
}

/// A refusal that says nothing: of the role or the record, and not a form drawn with somebody else's words.
fn says_nothing(answer: &Answer, chain: &Chain) -> bool {
    let refused = matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND);
    refused && !answer.text.contains(&chain.enterprise_name) && !answer.text.contains(&chain.enterprise_uscc)
}

async fn persons(app: &AppState, c: &Chain) -> Vec<(&'static str, Person)> {
    let owner = Role::EnterpriseOwner;
    let officer = Role::DistrictOfficer;
    vec![
        ("own owner", signed_in(app, "t-own-owner", owner, Some(&c.enterprise), None).await),
        ("other owner", signed_in(app, "t-other-owner", owner, Some(&c.other_enterprise), None).await),
        ("own member", signed_in(app, "t-own-member", Role::EnterpriseMember, Some(&c.enterprise), None).await),
        (
            "other member",
            signed_in(app, "t-other-member", Role::EnterpriseMember, Some(&c.other_enterprise), None).await,
        ),
        ("own district", signed_in(app, "t-own-district", officer, None, Some(&c.district)).await),
        ("other district", signed_in(app, "t-other-district", officer, None, Some(&c.other_district)).await),
        ("own provider", signed_in(app, "t-own-provider", Role::Provider, Some(&c.provider), None).await),
        ("other provider", signed_in(app, "t-other-provider", Role::Provider, Some(&c.other_provider), None).await),
    ]
}

/// A stretch of readings, as each of the addresses that ask for one calls it.
const STRETCH: &str = "property=x&from_ms=0&to_ms=1&from_us=0&to_us=1";

/// Reading that the table gives and the record's own state takes away again, with the reason.
const NOT_NOW: [&str; 6] = [
    // A case that is decided takes no more papers, and this one has none.
    "/cases/{id}/materials",
    "/cases/{id}/materials/{material}",
    // The case is handed in and decided: there is no draft to edit, check or take back.
    "/cases/{id}/edit",
    "/cases/{id}/check",
    "/cases/{id}/withdraw",
    // A contract is on record: another is not asked for.
    "/orders/{id}/papers/{kind}",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reaches_a_record_that_the_table_keeps_from_them() {
    let (data, _) = year().await;
    let folder = tempfile::tempdir().unwrap();
    copy(data, folder.path());
    let (app, _clock) = application(&config(&folder), "2019-07-01").await;
    let mut chain = Chain::of(&app).await;
    let people = persons(&app, &chain).await;
    let own = people[0].1.actor.clone();
    chain.ids.push(("account", own.user_id.clone()));
    let made = app.db.write(&own, "test", |cx| Box::pin(orgs::accounts::tokens::create(cx, "t".into(), 9)));
    chain.ids.push(("token", made.await.unwrap().stored.id));
    let (router, api) = (server::router(app), serde_json::to_value(server::openapi()).unwrap());
    let (mut wrong, mut denied, mut given) = (Vec::new(), 0, 0);
    // Machines show a token and no person; what is done to devices and alarms by a form or a body that is described in words
    // only is walked by those slices' own tests.
    let own_tests = |i: &web::RouteInfo| {
        i.action == Action::SendReadings
            || i.method != Method::GET
                && matches!(kind(&i.path), "device" | "product" | "rule" | "alarm" | "contact" | "alarm notice")
    };
    let routes = server::routes().into_iter().map(|r| r.info).filter(|i| i.path.contains('{'));
    let routes: Vec<_> = routes.filter(|i| !own_tests(i)).collect();
    // Whoever may change something does so last, when nobody else needs the records any more.
    for (who_may, methods) in [(false, [Method::GET, Method::POST]), (true, [Method::GET, Method::POST])] {
        for (method, info) in
            methods.iter().flat_map(|m| routes.iter().filter(move |i| i.method == *m).map(move |i| (m, i)))
        {
            let kind = kind(&info.path);
            let uri = filled(&info.path, |name| match name {
                "sha256" => chain.id("document"),
                "kind" => chain.id("paper"),
                "id" => chain.id(kind),
                "material" => chain.id("material"),
                "number" | "version" => "1".to_owned(),
                "credential" => "crd_none".to_owned(),
                other => panic!("what is {{{other}}} in {}?", info.path),
            });
            // A stretch of time is asked for before anything is looked up.
            let asks = ["/points", "/history", "/readings"].iter().any(|end| uri.ends_with(end));
            let uri = if asks { format!("{uri}?{STRETCH}") } else { uri };
            for (who, person) in &people {
                let mine = kind != "token" || *who == "own owner";
                let may = mine && permits(&person.actor, info.action, &chain.subject(kind));
                if may != who_may {
                    continue;
                }
                let answer = ask(&router, request(person, method, &uri, &info.path, &api)).await;
                let name = format!("{method} {} as {who}: {}", info.path, answer.status);
                if answer.status.is_server_error() || answer.text.contains("problem:invalid-body") {
                    wrong.push(format!("{name} {}", answer.text.chars().take(300).collect::<String>()));
                }
                if !may {
                    denied += 1;
                    if !says_nothing(&answer, &chain) {
                        wrong.push(format!("{name}, and the table says no"));
                    }
                } else if *method == Method::GET {
                    given += 1;
                    let seen = answer.status.is_success() || NOT_NOW.contains(&info.path.as_str());
                    if !seen {
                        wrong.push(format!("{name}, and the table says yes"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{denied} refused, {given} given; wrong:\n{}", wrong.join("\n"));
    assert!(denied > 300 && given > 60, "only {denied} refused and {given} given");
}
