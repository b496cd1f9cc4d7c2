//! Pages as a browser meets them, without scripts.

use alarms::model::Verb;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use kernel::{Actor, Role, Value};
use scraper::{Html, Selector};
use tower::ServiceExt;
use web::AppState;

use crate::fixture::{ORG, OTHER, hot, leaf, owner, person, rule, world};

pub struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub mime: String,
    pub body: String,
}

pub async fn send(app: &AppState, actor: &Actor, request: Request<Body>) -> Answer {
    let router = web::test_router(alarms::routes(), app.clone(), actor.clone());
    let response = router.oneshot(request).await.unwrap();
    let head = |name| response.headers().get(name).map_or("", |v| v.to_str().unwrap()).to_owned();
    let (status, location, mime) = (response.status(), head(header::LOCATION), head(header::CONTENT_TYPE));
    let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
    Answer { status, location, mime, body: String::from_utf8_lossy(&bytes).into_owned() }
}

async fn get(app: &AppState, actor: &Actor, path: &str, lang: &str) -> Answer {
    let request = Request::get(path).header("accept-language", lang).body(Body::empty()).unwrap();
    send(app, actor, request).await
}

async fn post(app: &AppState, actor: &Actor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut all = vec![("_csrf", "test")];
    all.extend_from_slice(fields);
    let pairs: Vec<String> = all
        .into_iter()
        .map(|(name, value)| {
            let escaped: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
            format!("{name}={escaped}")
        })
        .collect();
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    send(app, actor, request.body(Body::from(pairs.join("&"))).unwrap()).await
}

/// How many elements a selector finds.
fn count(page: &str, selector: &str) -> usize {
    Html::parse_document(page).select(&Selector::parse(selector).unwrap()).count()
}

const RULE: [(&str, &str); 22] = [
    ("name_zh", "轴承过热"),
    ("name_en", "Hot bearing"),
    ("watch", "product:prd_pump"),
    ("join", "all"),
    ("c0_kind", "above"),
    ("c0_property", "temp"),
    ("c0_a", "80"),
    ("c0_dead_band", "5"),
    ("c0_on_delay_s", "0"),
    ("c1_kind", "on"),
    ("c1_property", "running"),
    ("priority", "high"),
    ("s0_kind", "above"),
    ("s0_property", "temp"),
    ("s0_value", "100"),
    ("s0_priority", "critical"),
    ("message_zh", "轴承温度过高<注意>"),
    ("message_en", "The bearing is too hot"),
    ("response_zh", "降速"),
    ("response_en", "Slow down"),
    ("shelving", "60"),
    ("late_after_s", "300"),
];

testkit::on_both!(a_rule_is_written_tried_published_and_changed_through_its_pages, |bed| async move {
    let w = world(bed).await;
    let new = get(&w.app, &owner(), "/alarms/rules/new", "zh").await;
    assert_eq!(new.status, StatusCode::OK);
    assert_eq!(count(&new.body, "option[value='product:prd_pump']"), 1);
    assert_eq!(count(&new.body, "option[value='device:dev_9']"), 0, "another's device is not offered");
    assert_eq!(count(&new.body, "datalist option[value='temp']"), 1);
    let saved = post(&w.app, &owner(), "/alarms/rules/new", &RULE).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let at = saved.location.clone();
    let page = get(&w.app, &owner(), &at, "zh").await;
    assert!(page.body.contains("temp 高于 80（死区 5） 且 running 为“是”"), "{}", page.body);
    assert!(
        page.body.contains("轴承温度过高&#60;注意&#62;") || page.body.contains("轴承温度过高&lt;注意&gt;"),
        "texts are escaped"
    );
    for (minute, x) in [(1, 70.0), (2, 90.0), (3, 120.0), (4, 60.0)] {
        w.advance_s(minute);
        w.say_to(None, "dev_1", "running", Value::Flag(true));
        w.say_to(None, "dev_1", "temp", Value::Number(x));
    }
    w.advance_s(1);
    let tried = get(&w.app, &owner(), &format!("{at}/try?device=dev_1&from=2018-09-03&to=2018-09-03"), "en").await;
    assert_eq!(tried.status, StatusCode::OK);
    assert!(tried.body.contains("Would have occurred"), "{}", tried.body);
    assert_eq!(count(&tried.body, "#changes tbody tr"), 3, "occurs, rises, returns");
    let wrong = get(&w.app, &owner(), &format!("{at}/try?device=dev_9&from=2018-13-01&to=x"), "en").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(count(&wrong.body, ".error-summary li"), 3, "device and both dates");
    let long = get(&w.app, &owner(), &format!("{at}/try?device=dev_1&from=2017-01-01&to=2018-01-01"), "en").await;
    assert!(long.body.contains("At most 31 days"));
    assert_eq!(
        post(&w.app, &owner(), &format!("{at}/publish"), &[("version", "7")]).await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(post(&w.app, &owner(), &format!("{at}/publish"), &[("version", "1")]).await.location, at);
    let edit = get(&w.app, &owner(), &format!("{at}/edit"), "en").await;
    assert_eq!(count(&edit.body, "input#c0_a[value='80']"), 1);
    assert_eq!(count(&edit.body, "select#c1_kind option[value='on'][selected]"), 1);
    let mut changed = RULE.to_vec();
    changed[6].1 = "85";
    assert_eq!(post(&w.app, &owner(), &format!("{at}/edit"), &changed).await.location, at);
    let list = get(&w.app, &owner(), "/alarms/rules?state=published", "en").await;
    assert!(list.body.contains("changes not published"), "{}", list.body);
    let csv = get(&w.app, &owner(), "/alarms/rules?format=csv", "zh").await;
    assert!(csv.mime.starts_with("text/csv") && csv.body.contains("轴承过热"));
    assert_eq!(post(&w.app, &owner(), &format!("{at}/retire"), &[]).await.location, at);
});

testkit::on_both!(a_bad_rule_comes_back_with_every_error_at_its_field_and_what_was_typed, |bed| async move {
    let w = world(bed).await;
    let mut bad = RULE.to_vec();
    bad[0].1 = "";
    bad[5].1 = "tmep";
    bad[6].1 = "eighty";
    bad[8].1 = "-5";
    bad[20].1 = "99999999";
    let told = post(&w.app, &owner(), "/alarms/rules/new", &bad).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["name_zh", "c0_property", "c0_a", "c0_on_delay_s", "shelving"] {
        assert_eq!(count(&told.body, &format!(".error-summary a[href='#{field}']")), 1, "{field}");
        assert_eq!(count(&told.body, &format!("#{field}[aria-invalid]")), 1, "{field}");
    }
    assert_eq!(count(&told.body, "input#c0_a[value='eighty']"), 1);
    let mut bad = RULE.to_vec();
    bad.push(("c2_kind", "cel"));
    bad.push(("c2_cel", "temp >"));
    bad.push(("condition_json", ""));
    let told = post(&w.app, &owner(), "/alarms/rules/new", &bad).await;
    assert_eq!(count(&told.body, ".error-summary a[href='#c2_cel']"), 1);
    let mut bad = RULE.to_vec();
    bad.push(("condition_json", "{\"all\": 3}"));
    let told = post(&w.app, &owner(), "/alarms/rules/new", &bad).await;
    assert_eq!(count(&told.body, ".error-summary a[href='#condition_json']"), 1);
});

testkit::on_both!(operators_work_the_list_and_an_alarm_without_scripts, |bed| async move {
    let w = world(bed).await;
    w.published(rule(leaf(hot()))).await;
    w.read("dev_1", "temp", 90.0).await;
    w.read("dev_2", "temp", 90.0).await;
    let list = get(&w.app, &owner(), "/alarms", "zh").await;
    assert_eq!(count(&list.body, "#alarms tbody tr"), 2);
    assert_eq!(count(&list.body, "#alarm-list[hx-trigger='every 10s']"), 1);
    assert_eq!(count(&list.body, "form#act input[name='_csrf']"), 1);
    assert_eq!(count(&list.body, "#alarm-list form"), 0, "a refresh must not send the form's secrets in an address");
    let ids: Vec<String> = w.alarms("open").await.into_iter().map(|a| a.id).collect();
    let kept = get(&w.app, &owner(), &format!("/alarms?show=open&alarm_ids={}", ids[1]), "zh").await;
    assert_eq!(count(&kept.body, &format!("input[checked][value='{}']", ids[1])), 1, "what was ticked stays ticked");
    assert_eq!(count(&kept.body, "input[checked]"), 1);
    let none = post(&w.app, &owner(), "/alarms/act", &[("verb", "acknowledge")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = post(
        &w.app,
        &owner(),
        "/alarms/act",
        &[("verb", "acknowledge"), ("alarm_ids", &ids[0]), ("alarm_ids", &ids[1])],
    )
    .await;
    assert_eq!(done.location, "/alarms", "{}", done.body);
    assert_eq!(w.states().await, ["acknowledged", "acknowledged"]);
    assert_eq!(count(&get(&w.app, &owner(), "/alarms?show=unacknowledged", "zh").await.body, "#alarms tbody tr"), 0);
    let at = format!("/alarms/{}", ids[0]);
    let bare = post(&w.app, &owner(), &at, &[("verb", "shelve"), ("minutes", "10")]).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(count(&bare.body, ".error-summary a[href='#comment']"), 1);
    let shelved = post(&w.app, &owner(), &at, &[("verb", "shelve"), ("minutes", "10"), ("comment", "换<轴承>")]).await;
    assert_eq!(shelved.location, at);
    assert_eq!(post(&w.app, &owner(), &format!("{at}/comments"), &[("comment", "已派工")]).await.location, at);
    let page = get(&w.app, &owner(), &at, "en").await;
    assert!(page.body.contains("Slow down, look at the lubrication") && page.body.contains("已派工"));
    assert!(!page.body.contains("换<轴承>"));
    assert_eq!(count(&page.body, ".timeline > li"), 4);
    assert_eq!(count(&page.body, "button[value='unshelve']"), 1);
    assert_eq!(count(&page.body, "button[value='acknowledge']"), 0, "only what the standard's table allows is offered");
    let csv = get(&w.app, &owner(), "/alarms?show=all&format=csv", "zh").await;
    assert!(csv.body.contains("轴承温度过高,"), "{}", csv.body);
    let odd = get(&w.app, &owner(), "/alarms?show=x&priority=y&page=-3&format=pdf&device=%00", "zh").await;
    assert_eq!(odd.status, StatusCode::OK, "a slip in the address breaks nothing");
});

testkit::on_both!(the_report_counts_and_exports, |bed| async move {
    let w = world(bed).await;
    w.published(rule(leaf(hot()))).await;
    for _ in 0..3 {
        w.read("dev_1", "temp", 90.0).await;
        w.read("dev_1", "temp", 20.0).await;
    }
    let a = w.alarms("open").await[0].id.clone();
    w.advance_s(60);
    w.handle(&[&a], Verb::Acknowledge, None, "").await.unwrap();
    let page = get(&w.app, &owner(), "/alarms/report", "en").await;
    assert_eq!(page.status, StatusCode::OK);
    let actor = Html::parse_document(&page.body);
    let cells: Vec<String> =
        actor.select(&Selector::parse("#actors tbody td").unwrap()).map(|c| c.text().collect::<String>()).collect();
    assert_eq!(
        cells[..5],
        ["The bearing is too hot", "一号泵", "3", "1", "3"],
        "three times within a minute, each fleeting"
    );
    let xlsx = get(&w.app, &owner(), "/alarms/report?table=figures&format=xlsx", "zh").await;
    assert!(xlsx.mime.contains("spreadsheetml"));
    let csv = get(&w.app, &owner(), "/alarms/report?table=actors&format=csv", "zh").await;
    assert!(csv.body.contains("轴承温度过高,一号泵,3,1,3"), "{}", csv.body);
    let wrong = get(&w.app, &owner(), "/alarms/report?from=2018-09-03&to=2018-09-01&operators=0", "en").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(count(&wrong.body, ".error-summary li"), 2);
});

testkit::on_both!(contacts_are_kept_and_a_secret_is_shown_once, |bed| async move {
    let w = world(bed).await;
    let bad =
        post(&w.app, &owner(), "/alarms/contacts", &[("name", "x"), ("channel", "webhook"), ("address", "nonsense")])
            .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(count(&bad.body, ".error-summary a[href='#address']"), 1);
    let added = post(
        &w.app,
        &owner(),
        "/alarms/contacts",
        &[("name", "班组"), ("channel", "webhook"), ("address", "https://x.example/h")],
    )
    .await;
    assert!(added.status == StatusCode::OK && added.body.contains("whsec_"));
    let later = get(&w.app, &owner(), "/alarms/contacts", "zh").await;
    assert!(later.body.contains("班组") && !later.body.contains("whsec_"));
    assert_eq!(count(&later.body, "#contacts tbody tr"), 1);
});

testkit::on_both!(no_page_is_open_to_others, |bed| async move {
    let w = world(bed).await;
    w.published(rule(leaf(hot()))).await;
    w.read("dev_1", "temp", 90.0).await;
    let a = w.alarms("open").await[0].clone();
    let paths = [
        format!("/alarms/{}", a.id),
        format!("/alarms/rules/{}", a.rule_id),
        format!("/alarms/rules/{}/try", a.rule_id),
    ];
    let stranger = person(Role::EnterpriseOwner, Some(OTHER));
    for path in &paths {
        assert_eq!(get(&w.app, &stranger, path, "zh").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(count(&get(&w.app, &stranger, "/alarms?show=all", "zh").await.body, "#alarms tbody tr"), 0);
    for role in [Role::DistrictOfficer, Role::CityOfficer, Role::Auditor, Role::Provider, Role::Administrator] {
        for path in ["/alarms", "/alarms/report", "/alarms/rules"] {
            let seen = get(&w.app, &person(role, Some(ORG)), path, "zh").await;
            assert_eq!(seen.status, StatusCode::FORBIDDEN, "{role} {path}");
        }
    }
    assert!(get(&w.app, &Actor::public(), "/alarms", "zh").await.location.starts_with("/sign-in"));
});
