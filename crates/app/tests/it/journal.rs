//! The journal's page: words, filters, links.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use kernel::{Actor, Role};
use store::{StoreError, params};

use yunjin::server;

use crate::support::{application, ask, config, signed_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_finds_rows_by_number_person_action_and_day() {
    let folder = tempfile::tempdir().unwrap();
    let (app, clock) = application(&config(&folder), "2019-03-04").await;
    let wang =
        Actor { user_id: "acc_w".into(), name: "王某".into(), role: Role::CityOfficer, org_id: None, district: None };
    app.db
        .write::<_, StoreError, _>(&wang, "test", |cx| {
            Box::pin(async move {
                let case = "INSERT INTO casework_case (id, number, programme_id, instrument_id, org_id, org_name, uscc, district, \
                            state, version, round, form_json, holder_role, due_on, due_provisional, events, started_at_us, \
                            moved_at_us) VALUES ('case_7', 'SQ-2019-000007', 'p', 'i', 'org_1', 'n', 'u', '120116', 'approved', \
                            1, 1, '{}', 'nobody', '9999-12-31', $1, 1, 0, 0)";
                cx.execute(case, params![false]).await?;
                let (before, after) = (serde_json::json!({"state": "city-review"}), serde_json::json!({"state": "approved"}));
                cx.journal("casework.conclude", "case/case_7", &before, &after).await
            })
        })
        .await
        .unwrap();
    clock.set(testkit::instant("2019-03-05"));
    app.db
        .write::<_, StoreError, _>(&Actor::system(), "test", |cx| {
            Box::pin(async move {
                cx.journal("vouchers.issue", "voucher/vch_7", &(), &serde_json::json!({"face_fen": 2000000})).await
            })
        })
        .await
        .unwrap();
    let auditor = signed_in(&app, "auditor", Role::Auditor, None, None).await;
    let router = server::router(app.clone());
    let journal = async |query: &str| {
        let request = auditor.request(Method::GET, &format!("/journal?{query}")).header(header::ACCEPT_LANGUAGE, "zh");
        let answer = ask(&router, request.body(Body::empty()).unwrap()).await;
        (answer.status, answer.text)
    };
    let encoded = |pairs: &[(&str, &str)]| serde_urlencoded::to_string(pairs).unwrap();
    let (concluded, issued) = ("href=\"/cases/case_7/review\"", "href=\"/vouchers/vch_7\"");
    let (_, all) = journal("").await;
    assert!(all.contains(concluded) && all.contains(issued) && all.contains("casework.conclude"), "{all}");
    assert!(all.contains("市级审核 → 已批准") && all.contains("¥20,000.00") && !all.contains("{&quot;"), "{all}");
    assert!(!all.contains("cas_…"), "the hint names ids as they are");
    for (query, finds_case) in [
        (encoded(&[("object", "SQ-2019-000007")]), true),
        (encoded(&[("object", "case/case_7")]), true),
        (encoded(&[("object", "case_7")]), true),
        (encoded(&[("object", "vch_7")]), false),
        (encoded(&[("actor", "王")]), true),
        (encoded(&[("actor", "system"), ("verb", "vouchers.issue")]), false),
        (encoded(&[("verb", "casework.conclude")]), true),
        (encoded(&[("from", "2019-03-05")]), false),
        (encoded(&[("to", "2019-03-04"), ("verb", "casework.conclude")]), true),
    ] {
        let (status, page) = journal(&query).await;
        assert_eq!(
            (status, page.contains(concluded), page.contains(issued)),
            (StatusCode::OK, finds_case, !finds_case),
            "{query}"
        );
    }
    let (status, page) = journal("from=gestern").await;
    assert!(status == StatusCode::BAD_REQUEST && page.contains("gestern"));
    let (_, file) = journal("verb=casework.conclude&format=csv").await;
    assert!(file.contains("公示期满，批准（casework.conclude）") && file.contains("状态：市级审核 → 已批准"), "{file}");
}
