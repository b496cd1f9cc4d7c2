//! Pages and endpoints through the router, on both databases.

use axum::http::StatusCode;
use kernel::{Actor, Role};
use orgs::totp_code_at;
use serde_json::json;
use testkit::{city_officer, district_officer, enterprise_owner, on_both};

use crate::help::*;
use crate::site::{app, get, get_english, post, post_file, post_json};

fn no_chinese(text: &str) -> bool {
    // The other language's own name, and names of things, stay Chinese on an English page.
    let body = text.split("<main").nth(1).unwrap_or(text).split("</main>").next().unwrap_or("");
    let named = ["中文", "张伟", "企业1", "管理员"];
    let bare = named.iter().fold(body.to_owned(), |b, n| b.replace(n, ""));
    !bare.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

on_both!(every_page_is_drawn_in_both_languages, |bed| async move {
    let app = app(&bed);
    let made = with_owner(&bed, 1, "owner").await;
    let owner = try_sign_in(&bed, "owner", GOOD).await.unwrap().account.actor();
    let admin_id = account(&bed, "root", Role::Administrator, None).await;
    let admin = Actor { user_id: admin_id.clone(), ..administrator() };
    let public = Actor::public();
    let org = format!("/orgs/{}", made.org_id);
    let account_page = format!("/accounts/{admin_id}");
    let pages: [(&Actor, &str); 15] = [
        (&public, "/register"),
        (&public, "/register?kind=provider"),
        (&public, "/sign-in?next=/org"),
        (&owner, "/account"),
        (&owner, "/account/totp"),
        (&owner, "/account/tokens"),
        (&owner, "/org"),
        (&owner, org.as_str()),
        (&city_officer(1), "/orgs"),
        (&city_officer(1), "/orgs?name=%E4%BC%81%E4%B8%9A1&kind=enterprise&industry=34"),
        (&city_officer(1), org.as_str()),
        (&city_officer(1), "/orgs/import"),
        (&admin, "/accounts"),
        (&admin, "/accounts/new"),
        (&admin, account_page.as_str()),
    ];
    for (actor, path) in pages {
        let zh = get(&app, actor, path).await;
        assert_eq!(zh.status, StatusCode::OK, "{path}: {}", zh.text());
        assert_eq!(zh.text().matches("<h1").count(), 1, "{path}");
        let en = get_english(&app, actor, path).await;
        assert!(no_chinese(&en.text()), "{path} in English: {}", en.text());
        assert!(!en.text().contains(" style="), "{path}");
    }
    assert!(get(&app, &city_officer(1), "/orgs").await.text().contains(uscc(1).as_str()));
    for (actor, path) in [(&owner, "/orgs"), (&city_officer(1), "/accounts"), (&testkit::expert(), "/orgs/import")] {
        assert_eq!(get(&app, actor, path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(get(&app, &enterprise_owner("org_x"), &org).await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&app, &public, "/org").await.location, "/sign-in?next=%2Forg");
});

const FORM: [(&str, &str); 10] = [
    ("kind", "enterprise"),
    ("name", "甲精密机械有限公司"),
    ("district", "120116"),
    ("industry", "34"),
    ("staff", "86"),
    ("revenue", "32,000,000"),
    ("person_name", "张伟"),
    ("login", "Zhang.Wei"),
    ("password", "four plain words here"),
    ("password_again", "four plain words here"),
];

on_both!(an_enterprise_registers_and_signs_in, |bed| async move {
    let (app, public) = (app(&bed), Actor::public());
    let bad = post(&app, &public, "/register", &[("uscc", "91350100M000100Y44"), ("password", "short")], None).await;
    let text = bad.text();
    assert_eq!(bad.status, StatusCode::OK);
    for anchor in ["#uscc", "#name", "#district", "#person_name", "#login", "#password", "#truthful"] {
        assert!(text.contains(&format!("href=\"{anchor}\"")), "{anchor} in {text}");
    }
    assert!(text.contains("91350100M000100Y44") && !text.contains("value=\"short\""));

    let code = uscc(1).to_string();
    let mut fields = FORM.to_vec();
    fields.extend([("uscc", code.as_str()), ("truthful", "1"), ("_key", "k1")]);
    for _ in 0..2 {
        let done = post(&app, &public, "/register", &fields, None).await;
        assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, "/sign-in"), "{}", done.text());
    }
    fields.pop();
    fields.push(("_key", "k2"));
    let again = post(&app, &public, "/register", &fields, None).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text().contains("已登记") && again.text().contains("href=\"#uscc\""));

    let wrong = post(&app, &public, "/sign-in", &[("login", "zhang.wei"), ("password", "no")], None).await;
    assert_eq!((wrong.status, wrong.token()), (StatusCode::UNAUTHORIZED, None));
    assert!(wrong.text().contains("登录名或密码不正确") && wrong.text().contains("value=\"zhang.wei\""));
    let typed = [("login", "zhang.wei"), ("password", GOOD), ("next", "//evil.example")];
    let done = post(&app, &public, "/sign-in", &typed, None).await;
    assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, "/dashboard"));
    let cookie = done.cookies.iter().find(|c| c.starts_with("yj_session=")).unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let token = done.token().unwrap();
    let me = who(&bed, &token).await.unwrap().actor;
    assert_eq!(me.role, Role::EnterpriseOwner);
    let out = post(&app, &me, "/sign-out", &[], Some(&token)).await;
    assert!(out.cookies.iter().any(|c| c.starts_with("yj_session=;") && c.contains("Max-Age=0")));
    assert!(who(&bed, &token).await.is_none());
});

on_both!(two_step_sign_in_by_its_pages, |bed| async move {
    let app = app(&bed);
    account(&bed, "wang", Role::CityOfficer, None).await;
    let session = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    let me = session.account.actor();
    assert_eq!(post(&app, &me, "/account/totp", &[], None).await.location, "/account/totp");
    let offered = get(&app, &me, "/account/totp").await.text();
    assert!(offered.contains("class=\"qr\""), "{offered}");
    let secret = offered.split("<span class=\"code\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let wrong = post(&app, &me, "/account/totp/confirm", &[("code", "1")], None).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let code = totp_code_at(&secret, bed.db.clock().now()).unwrap();
    let on = post(&app, &me, "/account/totp/confirm", &[("code", &code)], None).await;
    assert_eq!(on.text().matches("<li class=\"code\">").count(), 10);
    minutes(&bed, 2);

    let public = Actor::public();
    let typed = [("login", "wang"), ("password", GOOD), ("next", "/orgs?kind=provider")];
    let first = post(&app, &public, "/sign-in", &typed, None).await;
    assert_eq!(first.location, "/sign-in/code?next=%2Forgs%3Fkind%3Dprovider");
    let half = first.token().unwrap();
    assert_eq!(get(&app, &public, "/sign-in/code").await.location, "/sign-in", "no first step, no second");
    let bad = post(&app, &public, "/sign-in/code", &[("code", "000000")], Some(&half)).await;
    assert_eq!(bad.status, StatusCode::UNAUTHORIZED);
    let code = totp_code_at(&secret, bed.db.clock().now()).unwrap();
    let typed = [("code", code.as_str()), ("next", "/orgs?kind=provider")];
    let done = post(&app, &public, "/sign-in/code", &typed, Some(&half)).await;
    assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, "/orgs?kind=provider"));
    assert!(who(&bed, &done.token().unwrap()).await.unwrap().has_totp);
});

on_both!(password_tokens_and_language_by_their_pages, |bed| async move {
    let app = app(&bed);
    account(&bed, "wang", Role::CityOfficer, None).await;
    let session = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    let me = session.account.actor();
    let made = post(&app, &me, "/account/tokens", &[("name", "对账"), ("days", "30")], None).await;
    let token = made.text().split("<span class=\"code\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(token.starts_with("yj_") && token.len() == 67, "{token}");
    let listed = get(&app, &me, "/account/tokens").await.text();
    assert!(listed.contains("对账") && !listed.contains(&token), "shown once");
    let revoke = listed.split("action=\"/account/tokens/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let gone = post(&app, &me, &format!("/account/tokens/{revoke}"), &[], None).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    let bad = post(&app, &me, "/account/tokens", &[("name", ""), ("days", "0")], None).await;
    assert!(bad.text().contains("href=\"#days\""));

    let mut fields = vec![("current", GOOD), ("new", "another fine sentence"), ("new_again", "other")];
    let differ = post(&app, &me, "/account/password", &fields, Some(&session.token)).await;
    assert!(differ.text().contains("两次输入的新密码不一致") && !differ.text().contains("another fine"));
    fields[2].1 = "another fine sentence";
    let changed = post(&app, &me, "/account/password", &fields, Some(&session.token)).await;
    assert_eq!(changed.location, "/account", "{}", changed.text());
    assert!(who(&bed, &session.token).await.is_none() && who(&bed, &changed.token().unwrap()).await.is_some());
    let english = post(&app, &me, "/account/language", &[("lang", "en")], None).await;
    assert!(english.cookies.iter().any(|c| c.starts_with("yj_lang=en")));
});

on_both!(facts_are_stated_and_recorded_by_their_pages, |bed| async move {
    let app = app(&bed);
    let made = with_owner(&bed, 1, "owner").await;
    let owner = try_sign_in(&bed, "owner", GOOD).await.unwrap().account.actor();
    let done = post(&app, &owner, "/org/facts", &[("valid_from", "2018-09-01"), ("staff", "120")], None).await;
    assert_eq!(done.location, "/org", "{}", done.text());
    let shown = get(&app, &owner, "/org").await.text();
    assert!(shown.contains("120 人") && shown.contains("86 人"), "what holds, and the history");
    let empty = post(&app, &owner, "/org/facts", &[("valid_from", "2018-09-01")], None).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let bad = [("valid_from", "tomorrow"), ("staff", "-4"), ("revenue", "32万"), ("established_on", "2099-01-01")];
    let bad = post(&app, &owner, "/org/facts", &bad, None).await.text();
    for anchor in ["#valid_from", "#staff", "#revenue", "#established_on"] {
        assert!(bad.contains(&format!("href=\"{anchor}\"")), "{anchor}");
    }
    let record = format!("/orgs/{}/record", made.org_id);
    let said = [("dishonest", "yes"), ("valid_from", "2018-09-01")];
    let refused = post(&app, &district_officer("120101", 1), &record, &said, None).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let done = post(&app, &district_officer("120116", 1), &record, &said, None).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(get(&app, &owner, "/org").await.text().contains("严重失信记录"));
});

on_both!(a_spreadsheet_goes_in_and_comes_out, |bed| async move {
    let (app, officer) = (app(&bed), city_officer(1));
    let template = get(&app, &officer, "/orgs/import/template").await;
    assert!(template.mime.contains("spreadsheetml") && template.bytes.starts_with(b"PK"));
    let english = get_english(&app, &officer, "/orgs/import/template").await;
    let sheet = web::read_sheet("t.xlsx", &english.bytes, &[("x", "Registered name"), ("y", "Registered in the city")]);
    assert_eq!(sheet.unwrap().rows[0].1, ["Jingu Precision Machinery Co., Ltd", "yes"]);
    let heads = "统一社会信用代码,企业名称,所在区,行业大类,从业人员数,上年营业收入（元）,成立日期,是否在本市注册";
    let file = |n: u32, district: &str| format!("{heads}\n{},=甲厂,{district},34,86,32000000,2009-05-18,是\n", uscc(n));
    let day = ("facts_from", "2018-01-01");
    let trial = post_file(&app, &officer, "/orgs/import", &[day, ("trial", "1")], file(1, "滨海新区").as_bytes()).await;
    assert!(trial.text().contains("检查通过"), "{}", trial.text());
    let bad = post_file(&app, &officer, "/orgs/import", &[day], file(1, "火星").as_bytes()).await;
    assert!(bad.text().contains("未导入任何一行") && bad.text().contains("火星"));
    let empty = post_file(&app, &officer, "/orgs/import", &[day], b"a,b\n1,2\n").await;
    assert!(empty.text().contains("缺少列"));
    let done = post_file(&app, &officer, "/orgs/import", &[day], file(1, "滨海新区").as_bytes()).await;
    assert_eq!(done.location, "/orgs", "{}", done.text());
    let csv = get(&app, &officer, "/orgs?format=csv").await.text();
    assert!(csv.contains(&format!("{},'=甲厂,企业,滨海新区", uscc(1))), "{csv}");
    let xlsx = get(&app, &officer, "/orgs?format=xlsx&district=120116").await;
    let heads = [("统一社会信用代码", "x"), ("名称", "y")];
    let sheet = web::read_sheet("orgs.xlsx", &xlsx.bytes, &heads).unwrap();
    assert_eq!(sheet.rows[0].1, [uscc(1).to_string(), "=甲厂".to_owned()]);
});

on_both!(the_administrator_works_by_pages, |bed| async move {
    let app = app(&bed);
    let admin_id = account(&bed, "root", Role::Administrator, None).await;
    let admin = Actor { user_id: admin_id.clone(), ..administrator() };
    let fields = [
        ("login", "officer"),
        ("person_name", "李娜"),
        ("role", "district-officer"),
        ("district", "120116"),
        ("password", "a first password given"),
    ];
    let made = post(&app, &admin, "/accounts/new", &fields, None).await;
    assert!(made.location.starts_with("/accounts/acc_"), "{}", made.text());
    let taken = post(&app, &admin, "/accounts/new", &fields, None).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    let session = try_sign_in(&bed, "officer", "a first password given").await.unwrap();
    let public = Actor::public();
    let typed = [("login", "officer"), ("password", "a first password given"), ("next", "/orgs")];
    assert_eq!(post(&app, &public, "/sign-in", &typed, None).await.location, "/account", "change the password first");
    let off = post(&app, &admin, &format!("{}/switch", made.location), &[("disabled", "1")], None).await;
    assert_eq!(off.location, made.location);
    assert!(who(&bed, &session.token).await.is_none());
    let own = post(&app, &admin, &format!("/accounts/{admin_id}/switch"), &[("disabled", "1")], None).await;
    assert_eq!(own.status, StatusCode::CONFLICT);
    post(&app, &admin, &format!("{}/switch", made.location), &[("disabled", "0")], None).await;
    let weak = post(&app, &admin, &format!("{}/reset", made.location), &[("password", "short")], None).await;
    assert!(weak.text().contains("href=\"#password\""));
    post(&app, &admin, &format!("{}/reset", made.location), &[("password", "yet another password")], None).await;
    try_sign_in(&bed, "officer", "yet another password").await.unwrap();
});

on_both!(the_api_registers_states_lists_and_says_who_one_is, |bed| async move {
    let (app, officer) = (app(&bed), city_officer(1));
    let facts = json!({ "district": "120116", "industry": "34", "staff": 86, "revenue_fen": 3_200_000_000_i64 });
    let body = json!({ "kind": "enterprise", "uscc": uscc(1).as_str(), "name": "甲", "facts_from": "2018-01-01", "facts": facts });
    let made = post_json(&app, &officer, "/api/v1/orgs", "k1", &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let retried = post_json(&app, &officer, "/api/v1/orgs", "k1", &body).await;
    assert_eq!(retried.json(), made.json(), "a retry answers the same");
    let twice = post_json(&app, &officer, "/api/v1/orgs", "k2", &body).await;
    assert_eq!((twice.status, twice.json()["title"].as_str()), (StatusCode::CONFLICT, Some("uscc-taken")));
    assert_eq!(twice.mime, "application/problem+json");
    let wrong =
        json!({ "kind": "enterprise", "uscc": "91350100M000100Y44", "name": "乙", "facts": { "district": "120116" } });
    let wrong = post_json(&app, &officer, "/api/v1/orgs", "k3", &wrong).await.json();
    assert_eq!(wrong["errors"][0]["field"], "uscc");
    let many = json!({ "kind": "enterprise", "uscc": "9", "name": "", "facts": { "staff": -1 } });
    let many = post_json(&app, &officer, "/api/v1/orgs", "k4", &many).await.json();
    assert_eq!(many["errors"].as_array().unwrap().len(), 4, "{many}");

    let id = made.json()["org_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/orgs/{id}/facts");
    let change = json!({ "valid_from": "2018-09-01", "facts": { "staff": 400, "revenue_fen": 5_000_000_000_i64 } });
    let refused = post_json(&app, &enterprise_owner("org_x"), &path, "k5", &change).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let stated = post_json(&app, &enterprise_owner(&id), &path, "k5", &change).await;
    assert_eq!((stated.status, stated.json()["size"].as_str()), (StatusCode::OK, Some("medium")));
    let cheat = json!({ "facts": { "dishonest": false } });
    let cheat = post_json(&app, &enterprise_owner(&id), &path, "k6", &cheat).await;
    assert_eq!(cheat.json()["title"], "invalid-body");
    let then = get(&app, &officer, &format!("{path}?date=2018-06-01")).await.json();
    assert_eq!((then["staff"].as_i64(), then["size"].as_str()), (Some(86), Some("small")));
    assert_eq!(get(&app, &enterprise_owner("org_x"), &path).await.status, StatusCode::NOT_FOUND);

    let list = get(&app, &officer, "/api/v1/orgs?limit=1&district=120116").await.json();
    assert_eq!((list["items"][0]["id"].as_str(), list.get("next_cursor")), (Some(id.as_str()), None));
    let one = get(&app, &officer, &format!("/api/v1/orgs/{id}")).await.json();
    assert_eq!((one["uscc"].as_str(), one["size"].as_str()), (Some(uscc(1).as_str()), Some("medium")));
    assert_eq!(get(&app, &officer, "/api/v1/orgs?kind=x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    account(&bed, "wang", Role::CityOfficer, None).await;
    let me = try_sign_in(&bed, "wang", GOOD).await.unwrap().account.actor();
    assert_eq!(get(&app, &me, "/api/v1/me").await.json()["role"], "city-officer");
    assert_eq!(get(&app, &Actor::public(), "/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
});

#[test]
fn every_endpoint_is_described() {
    let api = web::openapi(&orgs::routes(), "Yunjin", "1");
    let paths: Vec<&String> = api.paths.paths.keys().collect();
    let known = ["/api/v1/me", "/api/v1/orgs", "/api/v1/orgs/imports", "/api/v1/orgs/{id}", "/api/v1/orgs/{id}/facts"];
    assert_eq!(paths, known);
    let text = api.to_json().unwrap();
    for schema in ["OrgBody", "RegisterBody", "StatedFactsBody", "FactsBody", "Me", "Problem"] {
        assert!(text.contains(&format!("\"{schema}\"")), "{schema}");
    }
}
