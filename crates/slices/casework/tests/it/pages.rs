//! The pages, clicked through: from a draft to a notice and an objection, by the forms as they are rendered.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use casework::model::State;
use kernel::{Actor, Text};
use testkit::{TestBed, auditor, city_officer, district_officer};
use tower::ServiceExt;
use web::{App, AppState, Site, test_router};

use crate::act;
use crate::world::{BATCH, DISTRICT, World, full_form};

struct Seen {
    status: StatusCode,
    location: String,
    body: String,
}

/// The site in front of a world, with someone to look at it.
struct Front {
    w: World,
    app: AppState,
}

impl Front {
    async fn new(bed: TestBed) -> Front {
        let w = World::new(bed).await;
        let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
        let (db, blobs, uploads) = (w.bed.db.clone(), w.bed.blobs.clone(), w.bed.folder().join("uploads"));
        let app = Arc::new(App::new(db, blobs, uploads, site, kernel::Calendar::default()));
        Front { w, app }
    }

    async fn call(&self, actor: &Actor, request: Request<Body>) -> Seen {
        let router = test_router(casework::routes(), self.app.clone(), actor.clone());
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let location = response.headers().get(header::LOCATION).map_or("", |v| v.to_str().unwrap()).to_owned();
        let bytes = axum::body::to_bytes(response.into_body(), 4 << 20).await.unwrap();
        Seen { status, location, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// A page in both languages; each must render, say something in its language, and repeat no element's id.
    async fn get(&self, actor: &Actor, path: &str) -> Seen {
        let english = Request::get(path).header("accept-language", "en").body(Body::empty()).unwrap();
        let en = self.call(actor, english).await;
        let zh = self.call(actor, Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(zh.status, en.status);
        if zh.status == StatusCode::OK && zh.body.starts_with("<!doctype") {
            assert!(en.body.contains("<html lang=\"en\"") && zh.body.contains("<html lang=\"zh-CN\""));
            for body in [&zh.body, &en.body] {
                let mut ids: Vec<&str> = body.split(" id=\"").skip(1).filter_map(|r| r.split('"').next()).collect();
                ids.sort_unstable();
                let repeated: Vec<_> = ids.windows(2).filter(|w| w[0] == w[1]).collect();
                assert!(repeated.is_empty(), "{path}: {repeated:?}");
            }
        }
        zh
    }

    async fn post(&self, actor: &Actor, path: &str, fields: &[(&str, &str)]) -> Seen {
        let mut all = vec![("_csrf", "test")];
        all.extend(fields);
        let body = serde_urlencoded::to_string(&all).unwrap();
        let form = "application/x-www-form-urlencoded";
        self.call(actor, Request::post(path).header("content-type", form).body(Body::from(body)).unwrap()).await
    }

    /// Sends the form of a page to `action`, as rendered: with its key and hidden fields.
    async fn send(&self, actor: &Actor, page: &Seen, action: &str, fields: &[(&str, &str)]) -> Seen {
        let start = page.body.find(&format!("action=\"{action}\"")).unwrap_or_else(|| panic!("no form to {action}"));
        let form = &page.body[start..start + page.body[start..].find("</form>").unwrap()];
        let mut all: Vec<(String, String)> = Vec::new();
        for input in form.split("<input type=\"hidden\" ").skip(1) {
            let value = |key: &str| input.split(&format!("{key}=\"")).nth(1).unwrap().split('"').next().unwrap();
            if value("name") != "_csrf" {
                all.push((value("name").to_owned(), value("value").to_owned()));
            }
        }
        all.extend(fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.post(actor, action, &all).await
    }
}

const FIELDS: [(&str, &str); 9] = [
    ("sub_items", "platform/iot"),
    ("sub_items", "business/design"),
    ("contract", "80,000.50"),
    ("contact_person", "王工"),
    ("contact_phone", "13820001234"),
    ("undertakings", "true"),
    ("undertakings", "own-use"),
    ("undertakings", "funded-once"),
    ("undertakings", "evidence"),
];

testkit::on_both!(an_enterprise_applies_by_the_pages, |bed| async move {
    let s = Front::new(bed).await;
    let owner = s.w.owner.clone();
    assert!(s.get(&owner, "/cases").await.body.contains("新建申请"));
    let new = s.get(&owner, "/cases/new").await;
    let begun = s.send(&owner, &new, "/cases/new", &[("batch_id", BATCH)]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
    let edit_path = begun.location;
    let edit = s.get(&owner, &edit_path).await;
    // Half filled in: kept, and everything that is missing is named, each with its field.
    let half =
        s.send(&owner, &edit, &edit_path, &[("batch_id", BATCH), ("contact_person", "王工"), ("then", "check")]).await;
    assert_eq!(half.status, StatusCode::OK);
    for field in ["sub_items", "contract", "contact_phone", "undertakings"] {
        assert!(half.body.contains(&format!("href=\"#{field}\"")), "{field}");
    }
    assert!(s.get(&owner, &edit_path).await.body.contains("王工"), "what was typed is kept");
    let mut fields = vec![("batch_id", BATCH), ("then", "check")];
    fields.extend(FIELDS);
    let full = s.send(&owner, &s.get(&owner, &edit_path).await, &edit_path, &fields).await;
    let check_path = edit_path.replace("/edit", "/check");
    assert_eq!((full.status, full.location.as_str()), (StatusCode::SEE_OTHER, check_path.as_str()), "{}", full.body);
    let check = s.get(&owner, &check_path).await;
    assert!(check.body.contains("80,000.50") && check.body.contains("滨海新区"));
    let sent = s.send(&owner, &check, &check_path, &[]).await;
    assert_eq!(sent.location, edit_path.replace("/edit", "/receipt"), "{}", sent.body);
    // The second click of the same form gets the same answer.
    assert_eq!(s.send(&owner, &check, &check_path, &[]).await.location, sent.location);
    let receipt = s.get(&owner, &sent.location).await;
    assert!(receipt.body.contains("SQ-2018-000001") && receipt.body.contains("2018-09-10"));
    let progress = s.get(&owner, edit_path.trim_end_matches("/edit")).await;
    assert!(progress.body.contains("还剩 5 个工作日") && progress.body.contains("区级主管部门"), "{}", progress.body);
    let list = s.get(&owner, "/cases").await;
    assert!(list.body.contains("SQ-2018-000001"));
    let csv = s.get(&owner, "/cases?format=csv").await;
    assert!(csv.body.contains("SQ-2018-000001"));
});

testkit::on_both!(officers_review_by_the_pages, |bed| async move {
    let s = Front::new(bed).await;
    let case = s.w.submitted().await;
    let sheet = format!("/cases/{}/review", case.id);
    let at = |verb: &str| format!("/cases/{}/{verb}", case.id);
    let (district, one, two) = (district_officer(DISTRICT, 1), city_officer(1), city_officer(2));
    let work = s.get(&district, "/work").await;
    assert!(work.body.contains("SQ-2018-000001") && work.body.contains("待形式审查 1"), "{}", work.body);
    assert!(s.get(&auditor(), "/work?format=csv").await.body.contains("SQ-2018-000001"));
    let page = s.get(&district, &sheet).await;
    let partial = s.send(&district, &page, &at("formal-check"), &[("pass_identity", "1")]).await;
    assert_eq!(partial.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(partial.body.contains("href=\"#check_answers\"") && partial.body.contains("id=\"check_answers\""));
    let names: Vec<String> = casework::model::CHECKLIST.iter().map(|i| format!("pass_{}", i.code)).collect();
    let all: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "1")).collect();
    let page = s.get(&district, &sheet).await;
    let done = s.send(&district, &page, &at("formal-check"), &all).await;
    assert_eq!((done.status, &done.location), (StatusCode::SEE_OTHER, &sheet), "{}", done.body);
    let page = s.get(&district, &sheet).await;
    assert!(page.body.contains("table-trace") && !page.body.contains(&at("approve")));
    let done = s.send(&district, &page, &at("recommend"), &[("recommend_opinion", "情况属实")]).await;
    assert_eq!(done.location, sheet, "{}", done.body);
    for officer in [&one, &two] {
        let page = s.get(officer, &sheet).await;
        let done = s.send(officer, &page, &at("approve"), &[("approve_opinion", "同意")]).await;
        assert_eq!(done.location, sheet, "{}", done.body);
    }
    let page = s.get(&one, &sheet).await;
    s.send(&one, &page, &at("publish-notice"), &[]).await;
    assert_eq!(s.w.reload(&case.id).await.state, State::PublicNotice);
    s.w.bed.on("2018-09-11");
    let page = s.get(&one, &sheet).await;
    assert!(page.body.contains(&format!("action=\"{}\"", at("conclude"))), "the app's flow takes it from here");
    // A notice that is over waits to be concluded, on every page in the same words; nobody is late.
    for path in [&sheet, &format!("/cases/{}", case.id), &"/notices".to_owned()] {
        let seen = s.get(&one, path).await.body;
        assert!(seen.contains("公示期满，待批准") && !seen.contains("超期 "), "{path}: {seen}");
    }
    assert!(page.body.contains("公示已于 2018-09-10 期满") && page.body.contains("申请回避"), "{}", page.body);
    // Once approved: the voucher is a click away, and nobody is asked to step back any more.
    let id = case.id.clone();
    s.w.bed
        .write(&city_officer(1), move |cx| Box::pin(async move { casework::conclude::run(cx, &id).await }))
        .await
        .unwrap();
    let id = case.id.clone();
    s.w.bed
        .write::<_, store::StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move {
                let sql = "INSERT INTO vouchers_voucher (id, number, batch_id, programme_id, instrument_id, org_id, district, \
                           case_id, decision_id, face_fen, returned_fen, issued_on, expires_on, state, reason) VALUES \
                           ('vch_1', 'QY-1', 'b', 'p', 'i', 'o', '120116', $1, 'd', 1, 0, '2018-09-11', '2019-03-01', 'issued', '')";
                cx.execute(sql, store::params![id]).await?;
                cx.journal("test.voucher", "x", &(), &()).await
            })
        })
        .await
        .unwrap();
    let closed = s.get(&one, &sheet).await.body;
    assert!(closed.contains("href=\"/vouchers/vch_1\"") && !closed.contains("申请回避"), "{closed}");
    assert!(s.get(&s.w.owner, &format!("/cases/{}", case.id)).await.body.contains("href=\"/vouchers/vch_1\""));
});

testkit::on_both!(a_refused_step_is_said_on_the_sheet, |bed| async move {
    let s = Front::new(bed).await;
    let case = s.w.at_city().await;
    let (sheet, approve) = (format!("/cases/{}/review", case.id), format!("/cases/{}/approve", case.id));
    let one = city_officer(1);
    let page = s.get(&one, &sheet).await;
    s.send(&one, &page, &approve, &[]).await;
    let waits = s.get(&one, &sheet).await;
    assert!(waits.body.contains("您已同意") && !waits.body.contains(&approve), "nobody is offered to approve twice");
    let again = s.post(&one, &approve, &[("round", "1")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains("须由另一位市级人员审核"));
    let two = city_officer(2);
    let page = s.get(&two, &sheet).await;
    let tie = format!("/cases/{}/step-back-by-city", case.id);
    let tied = s.send(&two, &page, &tie, &[("tie_kind", "family"), ("tie_remark", "亲属任职")]).await;
    assert_eq!(tied.location, sheet, "{}", tied.body);
    let recused = s.get(&two, &sheet).await;
    assert!(recused.body.contains("您应当回避") && !recused.body.contains(&approve));
    let tried = s.send(&two, &page, &approve, &[]).await;
    // The old page's key has been used for stepping back: other content under it is refused as such.
    assert!(tried.status.is_client_error());
    let forced = s.post(&two, &approve, &[("round", "1")]).await;
    assert_eq!(forced.status, StatusCode::FORBIDDEN);
    assert!(forced.body.contains("应当回避"), "{}", forced.body);
    for outsider in [&s.w.owner, &district_officer("120101", 1), &auditor()] {
        assert_eq!(s.post(outsider, &approve, &[("round", "1")]).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(s.get(&district_officer("120101", 1), &sheet).await.status, StatusCode::FORBIDDEN);
    assert_eq!(s.get(&s.w.owner, &sheet).await.status, StatusCode::FORBIDDEN);
});

testkit::on_both!(the_public_reads_notices_and_objects, |bed| async move {
    let s = Front::new(bed).await;
    let (case, notice) = s.w.on_notice().await;
    let public = Actor::public();
    assert!(s.get(&public, "/notices").await.body.contains(&case.org_name));
    let path = format!("/notices/{}", notice.id);
    let page = s.get(&public, &path).await;
    assert!(!page.body.contains("13820001234"), "the enterprise's contact is not the public's");
    let nameless =
        s.send(&public, &page, &path, &[("phone", "13911112222"), ("statement", "内容与事实不符，附照片")]).await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    let bare = s.send(&public, &s.get(&public, &path).await, &path, &[]).await;
    for field in ["name", "phone", "identity", "statement"] {
        assert!(bare.body.contains(&format!("href=\"#{field}\"")), "{field} is named with the others: {}", bare.body);
    }
    assert!(!bare.body.contains("aria-current=\"page\">错误"), "the way back has the page's own name");
    assert!(nameless.body.contains("匿名异议不予受理") && nameless.body.contains("13911112222"));
    let fields = [
        ("name", "孙立诚"),
        ("phone", "13911112222"),
        ("identity", "120101199001011239"),
        ("statement", "该企业已停产，内容与事实不符。"),
    ];
    let taken = s.send(&public, &s.get(&public, &path).await, &path, &fields).await;
    assert_eq!(taken.status, StatusCode::OK);
    assert!(taken.body.contains("YY-2018-000001"), "{}", taken.body);
    let sheet = format!("/cases/{}/review", case.id);
    let page = s.get(&city_officer(1), &sheet).await;
    assert!(page.body.contains("孙立诚"));
    for reader in [auditor(), district_officer(DISTRICT, 1)] {
        assert!(!s.get(&reader, &sheet).await.body.contains("孙立诚"));
    }
    for path in [format!("/cases/{}", case.id), path.clone()] {
        assert!(!s.get(&s.w.owner, &path).await.body.contains("孙立诚"));
    }
    let action = page.body.split("action=\"/objections/").nth(1).unwrap().split('"').next().unwrap();
    let fields = [("objection_reason", "经核查，企业正常生产。"), ("upheld", "0")];
    let done = s.send(&city_officer(1), &page, &format!("/objections/{action}"), &fields).await;
    assert_eq!(done.location, sheet, "{}", done.body);
    assert_eq!(s.w.reload(&case.id).await.state, State::PublicNotice);
});

testkit::on_both!(what_must_be_corrected_is_on_the_enterprises_pages, |bed| async move {
    let s = Front::new(bed).await;
    let case = s.w.submitted().await;
    let case = s.w.check(&case, &["scope", "contact"]).await.unwrap();
    let owner = s.w.owner.clone();
    let progress = s.get(&owner, &format!("/cases/{}", case.id)).await;
    assert!(progress.body.contains("需要补正的全部事项") && progress.body.contains("视为撤回"));
    let edit = s.get(&owner, &format!("/cases/{}/edit", case.id)).await;
    assert!(edit.body.contains("请更换可联系的在职联系人及电话"));
    let path = format!("/cases/{}/withdraw", case.id);
    let confirm = s.get(&owner, &path).await;
    let gone = s.send(&owner, &confirm, &path, &[("reason", "不再需要")]).await;
    assert_eq!(gone.location, format!("/cases/{}", case.id), "{}", gone.body);
    assert_eq!(s.w.reload(&case.id).await.state, State::Withdrawn);
    assert_eq!(s.get(&owner, &format!("/cases/{}/edit", case.id)).await.status, StatusCode::SEE_OTHER);
});

testkit::on_both!(a_changed_draft_leads_to_itself_as_it_is_now, |bed| async move {
    let s = Front::new(bed).await;
    let owner = s.w.owner.clone();
    let case = s.w.draft_as(&owner, full_form()).await.unwrap();
    let path = format!("/cases/{}/edit", case.id);
    let stale = s.get(&owner, &path).await;
    let mut fields = vec![("batch_id", BATCH), ("then", "save")];
    fields.extend(FIELDS);
    s.send(&owner, &s.get(&owner, &path).await, &path, &fields).await;
    fields[1].1 = "check";
    let refused = s.send(&owner, &stale, &path, &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert!(refused.body.contains(&format!("<li><a href=\"{path}\">打开页面之后")), "{}", refused.body);
    // A second application for the batch leads to the first.
    let new = s.get(&owner, "/cases/new").await;
    s.w.submit(&s.w.reload(&case.id).await).await.unwrap();
    let second = s.send(&owner, &new, "/cases/new", &[("batch_id", BATCH)]).await;
    assert!(second.body.contains(&format!("<a href=\"/cases/{}\">本企业在该批次已有申请", case.id)), "{}", second.body);
});

testkit::on_both!(what_ended_shows_nothing_pending_and_only_who_may_is_offered_to_end_it, |bed| async move {
    let s = Front::new(bed).await;
    let (owner, member) = (s.w.owner.clone(), Actor { role: kernel::Role::EnterpriseMember, ..s.w.owner.clone() });
    let draft = s.w.draft_as(&owner, full_form()).await.unwrap();
    let page = s.get(&member, &format!("/cases/{}", draft.id)).await;
    assert!(page.body.contains("放弃草稿") && !page.body.contains(">撤回<"), "{}", page.body);
    let confirm = s.get(&member, &format!("/cases/{}/withdraw", draft.id)).await;
    assert!(confirm.body.contains("放弃这份草稿？"));
    s.w.submit(&draft).await.unwrap();
    let case = s.w.reload(&draft.id).await;
    let (here, path) = (format!("/cases/{}", case.id), format!("/cases/{}/withdraw", case.id));
    assert!(!s.get(&member, &here).await.body.contains(&path), "not offered to whom it would be refused");
    assert_eq!(s.get(&member, &path).await.status, StatusCode::FORBIDDEN);
    let before = s.get(&owner, &here).await.body;
    assert!(before.contains("拟发券面额") && before.contains("办理：") && before.contains(&path));
    s.send(&owner, &s.get(&owner, &path).await, &path, &[]).await;
    let after = s.get(&owner, &here).await.body;
    assert!(after.contains("已撤回") && !after.contains("拟发券面额"), "{after}");
    assert!(!after.contains("办理：") && !after.contains("is-next"), "{after}");
    assert_eq!(s.get(&owner, &path).await.status, StatusCode::SEE_OTHER, "nothing is left to take back");
});

testkit::on_both!(an_ineligible_application_shows_reason_and_clause, |bed| async move {
    let s = Front::new(bed).await;
    let case = s.w.draft_as(&s.w.owner, full_form()).await.unwrap();
    s.w.state_facts_dishonest().await;
    let path = format!("/cases/{}/check", case.id);
    let page = s.get(&s.w.owner, &path).await;
    let refused = s.send(&s.w.owner, &page, &path, &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("为什么暂不符合条件") && refused.body.contains("依据"), "{}", refused.body);
    let decision = refused.body.split("href=\"/decisions/").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let decision = decision.to_owned();
    let stored = s.w.bed.read(&s.w.owner, |cx| Box::pin(async move { policy::decision(cx, &decision).await }));
    let stored = stored.await.unwrap().expect("the decision that refused it is on record");
    assert!(!stored.decision.eligible && stored.decision.failures().count() > 0);
});

testkit::on_both!(the_api_carries_a_case_to_the_city, |bed| async move {
    let s = Front::new(bed).await;
    let read = |seen: &Seen| serde_json::from_str::<serde_json::Value>(&seen.body).unwrap_or_default();
    let (owner, district) = (s.w.owner.clone(), district_officer(DISTRICT, 1));
    let draft = serde_json::json!({"programme_id": "tianjin-2018", "instrument_id": "cloud-voucher"});
    let begun = s.call(&owner, json("/api/v1/cases", "k1", draft.clone())).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.body);
    let retried = s.call(&owner, json("/api/v1/cases", "k1", draft)).await;
    assert_eq!(read(&retried), read(&begun), "a retry is the same draft");
    let id = read(&begun)["id"].as_str().unwrap().to_owned();
    let at = |verb: &str| format!("/api/v1/cases/{id}/{verb}");
    let early = s.call(&owner, json(&at("submit"), "k2", serde_json::json!({"version": 1}))).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(read(&early)["errors"].as_array().unwrap().len(), 6, "every gap: {}", early.body);
    let form = serde_json::json!({"version": 1, "form": {"batch_id": BATCH, "sub_items": ["platform/ai"],
        "contract_fen": 5_000_000, "contact_person": "王工", "contact_phone": "13820001234",
        "undertakings": ["true", "own-use", "funded-once", "evidence"]}});
    let saved = s.call(&owner, json(&at("form"), "k3", form)).await;
    assert_eq!(read(&saved)["version"], 2, "{}", saved.body);
    let sent = s.call(&owner, json(&at("submit"), "k4", serde_json::json!({"version": 2}))).await;
    assert_eq!(read(&sent)["number"], "SQ-2018-000001", "{}", sent.body);
    let list = s.call(&district, Request::get("/api/v1/work?limit=5").body(Body::empty()).unwrap()).await;
    assert_eq!(read(&list)["items"][0]["id"], id.as_str());
    let answers: Vec<_> =
        casework::model::CHECKLIST.iter().map(|i| serde_json::json!({"item": i.code, "passed": true})).collect();
    let body = serde_json::json!({"version": 3, "answers": answers});
    let checked = s.call(&district, json(&at("formal-check"), "k5", body)).await;
    assert_eq!(read(&checked)["state"], "district-review", "{}", checked.body);
    let stale = serde_json::json!({"version": 3, "text": "属实"});
    let stale = s.call(&district, json(&at("recommend"), "k6", stale)).await;
    assert_eq!((stale.status, read(&stale)["title"].as_str()), (StatusCode::CONFLICT, Some("case-changed")));
    let body = serde_json::json!({"version": 4, "text": "属实"});
    let passed = s.call(&district, json(&at("recommend"), "k7", body)).await;
    assert_eq!(read(&passed)["state"], "city-review", "{}", passed.body);
    let shown = s.call(&owner, Request::get(format!("/api/v1/cases/{id}")).body(Body::empty()).unwrap()).await;
    assert_eq!(read(&shown)["events"].as_array().unwrap().len(), 4);
    let unknown = s.call(&district, Request::get("/api/v1/work?state=nowhere").body(Body::empty()).unwrap()).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
});

/// A write through the API.
fn json(path: &str, key: &str, body: serde_json::Value) -> Request<Body> {
    Request::post(path)
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()))
        .unwrap()
}

testkit::on_both!(the_api_shows_what_is_decided_on_and_lets_people_step_back, |bed| async move {
    let s = Front::new(bed).await;
    let (case, notice) = s.w.on_notice().await;
    let at = |path: String| Request::get(path).body(Body::empty()).unwrap();
    let ask = async |actor: &Actor, path: String| s.call(actor, at(path)).await;
    let read = |seen: &Seen| serde_json::from_str::<serde_json::Value>(&seen.body).unwrap();
    // One notice, by anybody.
    let one = ask(&Actor::public(), format!("/api/v1/notices/{}", notice.id)).await;
    assert_eq!((read(&one)["id"].as_str(), read(&one)["state"].as_str()), (Some(notice.id.as_str()), Some("running")));
    let objection = serde_json::json!({"name": "李四", "phone": "13820001234", "identity": "110101199003074514",
        "statement": "该企业所报服务与其业务无关，附上证据。"});
    let raised =
        s.call(&Actor::public(), json(&format!("/api/v1/notices/{}/objections", notice.id), "o1", objection)).await;
    assert_eq!(raised.status, StatusCode::OK, "{}", raised.body);
    // The sheet has the codes that the steps ask for.
    let sheet = format!("/api/v1/cases/{}/review", case.id);
    let city = read(&ask(&city_officer(3), sheet.clone()).await);
    let items = city["checklist"].as_array().unwrap();
    assert_eq!(items.len(), casework::model::CHECKLIST.len());
    assert!(items.iter().all(|i| i["passed"] == true && !i["what"]["zh"].as_str().unwrap().is_empty()), "{city}");
    let objected = &city["objections"][0];
    assert_eq!((objected["state"].as_str(), objected["objector_name"].as_str()), (Some("open"), Some("李四")));
    let causes: Vec<_> = city["moves"].as_array().unwrap().iter().map(|m| m["cause"].as_str().unwrap()).collect();
    assert!(causes.contains(&"uphold-objection") && causes.contains(&"dismiss-last"), "{causes:?}");
    let district = read(&ask(&district_officer(DISTRICT, 1), sheet.clone()).await);
    assert_eq!(district["objections"][0]["objector_name"], "", "who objects is kept from the district");
    assert_eq!(ask(&district_officer("120101", 1), sheet.clone()).await.status, StatusCode::FORBIDDEN);
    // Stepping back takes every move away; another person of the city ends it.
    let third = city_officer(3);
    let back = serde_json::json!({"kind": "family", "remark": "亲属任职"});
    for _ in 0..2 {
        let tie =
            s.call(&third, json(&format!("/api/v1/cases/{}/step-back-by-city", case.id), "t1", back.clone())).await;
        assert_eq!(
            (tie.status, read(&tie)["kind"].as_str().map(str::to_owned)),
            (StatusCode::OK, Some("family".into())),
            "{}",
            tie.body
        );
    }
    let recused = read(&ask(&third, sheet.clone()).await);
    assert_eq!(
        (recused["moves"].as_array().map(Vec::len), recused["recused"]["kind"].as_str()),
        (Some(0), Some("family"))
    );
    assert_eq!(recused["objections"][0]["objector_name"], "", "nor does one who steps back read it");
    let tie = recused["recused"]["id"].as_str().unwrap().to_owned();
    let end = |key: &str| json(&format!("/api/v1/ties/{tie}/end"), key, serde_json::json!({"reason": "已离职"}));
    let own = s.call(&third, end("e1")).await;
    assert_eq!(
        (own.status, read(&own)["title"].as_str().map(str::to_owned)),
        (StatusCode::FORBIDDEN, Some("tie-own".into()))
    );
    let ended = s.call(&city_officer(4), end("e2")).await;
    assert!(read(&ended)["ended_at"].is_string(), "{}", ended.body);
    let by_city = serde_json::json!({"account_id": third.user_id, "org_id": case.org_id, "kind": "interest"});
    assert_eq!(s.call(&city_officer(4), json("/api/v1/ties", "t2", by_city)).await.status, StatusCode::OK);
    assert_eq!(read(&ask(&third, sheet).await)["ties"].as_array().unwrap().len(), 2);
});

#[test]
fn every_route_has_its_own_address_and_the_api_is_described() {
    let routes = casework::routes();
    let mut places: Vec<String> = routes.iter().map(|r| format!("{} {}", r.info.method, r.info.path)).collect();
    places.sort();
    let count = places.len();
    places.dedup();
    assert_eq!(places.len(), count);
    let api = web::openapi(&routes, "t", "1");
    let described = api.paths.paths.values().map(|p| usize::from(p.get.is_some()) + usize::from(p.post.is_some()));
    assert_eq!(described.sum::<usize>(), routes.iter().filter(|r| r.info.path.starts_with("/api/")).count());
}

testkit::on_both!(a_case_read_long_ago_changes_nothing, |bed| async move {
    let s = Front::new(bed).await;
    let case = s.w.draft_as(&s.w.owner, full_form()).await.unwrap();
    let path = format!("/cases/{}/edit", case.id);
    let old = s.get(&s.w.owner, &path).await;
    let cmd = casework::save::Save { case_id: case.id.clone(), version: 1, form: full_form() };
    act!(s.w, s.w.owner, casework::save::run, casework::save::SaveError, cmd).unwrap();
    let mut fields = vec![("batch_id", BATCH), ("then", "save")];
    fields.extend(FIELDS);
    let late = s.send(&s.w.owner, &old, &path, &fields).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("已被他人更新") && late.body.contains("80,000.50"), "what was typed is still there");
});

/// A multipart form as a browser sends it: fields, then files with their names.
fn upload(path: &str, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Request<Body> {
    let mut body = Vec::new();
    for (name, value) in [("_csrf", "test")].iter().chain(fields) {
        body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    for (name, file_name, content) in files {
        let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\r\n");
        body.extend(head.bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    Request::post(path).header("content-type", "multipart/form-data; boundary=b").body(Body::from(body)).unwrap()
}

testkit::on_both!(a_firm_answers_each_defect_attaches_papers_and_the_officer_opens_them, |bed| async move {
    let s = Front::new(bed).await;
    let (owner, district) = (s.w.owner.clone(), district_officer(DISTRICT, 1));
    let draft = s.w.draft_as(&owner, full_form()).await.unwrap();
    let materials = format!("/cases/{}/materials", draft.id);
    let licence: &[u8] = b"%PDF-1.4 licence";
    let sent = s.call(&owner, upload(&materials, &[], &[("file_licence", "执照.pdf", licence)])).await;
    assert_eq!((sent.status, sent.location.as_str()), (StatusCode::SEE_OTHER, materials.as_str()), "{}", sent.body);
    let nothing = s.call(&owner, upload(&materials, &[], &[])).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = s.call(&owner, upload(&materials, &[], &[("file_other", "x.pdf", b"MZ")])).await;
    assert!(wrong.body.contains("只接受 PDF"), "{}", wrong.body);
    // Handed in: the officer opens the licence at the formal check; others do not, and the firm cannot take it out.
    s.w.bed.on("2018-09-04");
    s.w.submit(&draft).await.unwrap();
    let case = s.w.reload(&draft.id).await;
    let sheet = s.get(&district, &format!("/cases/{}/review", case.id)).await.body;
    let at = format!("{materials}/mat_");
    let file = sheet.split("href=\"").find(|p| p.starts_with(&at)).unwrap().split('"').next().unwrap().to_owned();
    let opened = s.call(&district, Request::get(file.as_str()).body(Body::empty()).unwrap()).await;
    assert_eq!((opened.status, opened.body.as_bytes()), (StatusCode::OK, licence));
    let stranger =
        s.call(&district_officer("120101", 1), Request::get(file.as_str()).body(Body::empty()).unwrap()).await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN);
    assert_eq!(
        s.call(&owner, upload(&materials, &[], &[("file_other", "x.pdf", licence)])).await.status,
        StatusCode::CONFLICT
    );
    // Two defects, stated out of order, are shown under their headings in the order of the checklist.
    s.w.check(&case, &["undertakings", "located"]).await.unwrap();
    let case = s.w.reload(&case.id).await;
    for (who, path) in [(&owner, format!("/cases/{}", case.id)), (&district, format!("/cases/{}/review", case.id))] {
        let page = s.get(who, &path).await.body;
        let (first, second) = (page.find("<b>实际经营地在本区</b>"), page.find("<b>承诺事项齐全，由负责人提交</b>"));
        assert!(first.is_some() && first < second, "{path}: {page}");
    }
    let fields = [("answer_located", "厂房在本区，附租赁合同")];
    let sent = s.call(&owner, upload(&materials, &fields, &[("file_located", "租赁.pdf", licence)])).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let page = s.get(&owner, &materials).await.body;
    assert!(page.contains("厂房在本区") && page.contains("租赁.pdf"), "{page}");
    let case_id = case.id.clone();
    let unknown = s.w.bed.write(&owner, move |cx| {
        let answers = vec![casework::model::DefectAnswer { item: "amount".into(), answer: "x".into() }];
        let cmd = casework::supplement::Supplement { case_id, answers, materials: Vec::new() };
        Box::pin(async move { casework::supplement::run(cx, cmd).await })
    });
    assert_eq!(store::Refusal::code(&unknown.await.unwrap_err()), "defect-unknown");
    // What was handed in stays; what was just added may go. The batch is not offered for change any more.
    let licence_out = s.post(&owner, &format!("{file}/take-out"), &[]).await;
    assert!(
        licence_out.status == StatusCode::CONFLICT && licence_out.body.contains("不能撤下"),
        "{}",
        licence_out.body
    );
    let check = s.get(&owner, &format!("/cases/{}/check", case.id)).await.body;
    assert!(!check.contains("edit#batch_id") && check.contains("edit#sub_items"), "{check}");
    s.w.submit(&case).await.unwrap();
    let sheet = s.get(&district, &format!("/cases/{}/review", case.id)).await.body;
    assert!(sheet.contains("企业说明：") && sheet.contains("厂房在本区") && sheet.contains("租赁.pdf"), "{sheet}");
});
