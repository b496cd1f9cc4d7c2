//! The pages, asked for over HTTP in both languages.

use kernel::Actor;
use store::params;
use testkit::{auditor, city_officer, district_officer, enterprise_owner, on_both};

use crate::support::*;

on_both!(public_pages_are_complete_in_both_languages, |bed| async move {
    bed.on("2018-10-10");
    publish(&bed, tianjin(), "").await;
    let public = Actor::public();
    for (path, zh, en) in [
        ("/programmes", "政策库", "Policies"),
        ("/programmes/tianjin-2018", "支持的云服务", "Cloud services supported"),
        ("/estimate", "实际投资额", "Actual investment"),
    ] {
        let (in_zh, in_en) = (get(&bed, &public, path, "zh").await, get(&bed, &public, path, "en").await);
        assert_eq!((in_zh.status, in_en.status), (200, 200), "{path}: {}", in_zh.body);
        assert!(in_zh.body.contains(zh) && in_zh.body.contains("lang=\"zh-CN\""), "{path}");
        assert!(in_en.body.contains(en) && in_en.body.contains("lang=\"en\""), "{path}");
        assert!(!in_en.body.contains(zh), "{path} says {zh} in English");
        // Beside the site's own name and the link to the other language, and the places in documents that clauses
        // name, an English page has no Chinese.
        if path != "/programmes/tianjin-2018" {
            let rest = in_en.body.replace("云津", "").replace("中文", "");
            let found: String = rest.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
            assert_eq!(found, "", "{path}");
        }
    }
});

on_both!(a_programme_is_shown_as_a_guide, |bed| async move {
    bed.on("2018-10-10");
    publish(&bed, tianjin(), "").await;
    let page = get(&bed, &Actor::public(), "/programmes/tianjin-2018", "zh").await.body;
    for anchor in
        ["basic", "conditions", "materials", "process", "phases", "targets", "coverage", "basis", "faq", "versions"]
    {
        assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
        assert!(anchor == "phases" || page.contains(&format!("href=\"#{anchor}\"")), "{anchor} is in the list");
    }
    // A figure, its unit and its clause; a rate and a ceiling from the dated values; all four phases.
    for words in [
        "≥ 2,000 家",
        "&#62; 5,000 家",
        "1–2 家",
        "三（一）",
        "20%",
        "¥500,000.00",
        "规模覆盖",
        "总结提升",
        "协同办公上云",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("aria-current=\"step\""), "a phase runs today");
    let toml = get(&bed, &Actor::public(), "/programmes/tianjin-2018/programme.toml", "zh").await;
    assert_eq!(toml.body, tianjin(), "byte for byte what was published");
    assert_eq!(get(&bed, &Actor::public(), "/programmes/none", "zh").await.status, 404);
    for (q, found) in [("云惠券 迁移", true), ("voucher", true), ("潜水艇", false)] {
        let query = serde_urlencoded::to_string([("q", q)]).unwrap();
        let list = get(&bed, &Actor::public(), &format!("/programmes?{query}"), "zh").await.body;
        assert_eq!(list.contains("href=\"/programmes/tianjin-2018\""), found, "{q}");
    }
});

const FIRM: [(&str, &str); 9] = [
    ("as_of", "2018-10-10"),
    ("industry", "34"),
    ("registered_in_city", "true"),
    ("is_provider", "false"),
    ("dishonest", "false"),
    ("other_grant", "false"),
    ("months_on_cloud", "6"),
    ("actual_investment_fen", "1,000,000.00"),
    ("district", "120116"),
];

/// Posts the form and follows to the address of its answers.
async fn answers(bed: &testkit::TestBed, actor: &Actor, fields: &[(&str, &str)]) -> Answer {
    let sent = post(bed, actor, "/estimate", fields).await;
    assert_eq!(sent.status, 303, "answers are at an address that can be gone back to: {}", sent.body);
    assert!(!sent.location.contains("_csrf"), "{}", sent.location);
    get(bed, actor, &sent.location, "zh").await
}

on_both!(an_estimate_needs_no_sign_in_and_keeps_what_was_typed, |bed| async move {
    bed.on("2018-10-10");
    publish(&bed, tianjin(), "").await;
    let (_, other) = rules::bundled().iter().find(|(id, _)| *id == "present-2026").unwrap();
    publish(&bed, other, "").await;
    let public = Actor::public();
    // Only what is in force on the day is asked about; staff decides something in 2026 alone.
    assert!(!get(&bed, &public, "/estimate", "zh").await.body.contains("name=\"staff\""));
    assert!(get(&bed, &public, "/estimate?programme=present-2026", "zh").await.body.contains("name=\"staff\""));
    let page = answers(&bed, &public, &FIRM).await;
    assert_eq!(page.status, 200, "{}", page.body);
    // 20 % of a million, with its clause and the step that decided.
    assert!(page.body.contains("200,000.00") && page.body.contains("六（二）"), "{}", page.body);
    assert!(page.body.contains("is-binding") && page.body.contains("批次尚未公布"), "{}", page.body);
    assert!(page.body.contains("value=\"1,000,000.00\""), "what was typed is still there");
    assert!(page.body.contains("back=%2Festimate%3Fasked%3D1%26actual"), "the other language answers the same");
    let mut wrong = FIRM.to_vec();
    wrong[7] = ("actual_investment_fen", "十万");
    let page = answers(&bed, &public, &wrong).await.body;
    assert!(
        page.contains("error-summary")
            && page.contains("href=\"#actual_investment_fen\"")
            && page.contains("value=\"十万\"")
    );
    // With nothing filled in, what is missing is named as the form names it.
    let bare = post(&bed, &public, "/estimate", &[("as_of", "2018-10-10")]).await.location;
    let zh = get(&bed, &public, &bare, "zh").await.body;
    assert!(zh.contains("缺少“行业大类（GB/T 4754 两位）”") && !zh.contains("缺少“是否制造业企业”"), "{zh}");
    let en = get(&bed, &public, &bare, "en").await.body;
    assert!(
        en.contains("Not stated: industry division") && en.contains("Whether registered in the city is not stated"),
        "{en}"
    );
    // A refusal says what to do.
    let mut outside = FIRM.to_vec();
    outside[2] = ("registered_in_city", "false");
    let page = answers(&bed, &public, &outside).await.body;
    assert!(page.contains("请在注册地了解当地政策"), "{page}");
    // An open batch answers for the voucher, up to what is left for the district.
    let batch = "INSERT INTO vouchers_batch (id, programme_id, instrument_id, title_zh, title_en, rate_bp, own_share_bp, \
                 face_value_fen, validity_days, hold_days, opens_on, closes_on, budget_fen, state, opened_at_us) VALUES \
                 ('b1', 'tianjin-2018', 'cloud-voucher', '第一批', 'first', 3000, 2000, 2000000, 365, 90, '2018-10-08', \
                 '2018-12-28', 100000000, 'open', 0)";
    sql(&bed, batch, vec![]).await;
    let page = answers(&bed, &public, &FIRM).await.body;
    assert!(page.contains("第一批") && page.contains("20,000.00"), "{page}");
    // Supposing is offered to officers only.
    assert!(!page.contains("suppose_name"));
    let mut supposed = FIRM.to_vec();
    supposed.extend([("suppose_name", "migration_rate_bp"), ("suppose_value", "15")]);
    let page = answers(&bed, &city_officer(1), &supposed).await.body;
    assert!(page.contains("150,000.00") && page.contains("按现行数值：200,000.00"), "{page}");
    assert_eq!(answers(&bed, &public, &supposed).await.status, 403);
});

on_both!(an_enterprise_finds_its_own_facts_filled_in, |bed| async move {
    bed.on("2018-10-10");
    publish(&bed, tianjin(), "").await;
    record_org(&bed).await;
    let page = get(&bed, &enterprise_owner("org_a"), "/estimate", "zh").await.body;
    assert!(
        page.contains("<option value=\"120116\" selected>") && page.contains("<option value=\"34\" selected>"),
        "{page}"
    );
    assert!(!get(&bed, &Actor::public(), "/estimate", "zh").await.body.contains("selected"));
});

on_both!(an_officer_drafts_checks_and_publishes, |bed| async move {
    bed.on("2018-09-03");
    let officer = city_officer(1);
    let broken = tianjin().replacen("clause = \"5\"", "clause = \"no such\"", 1);
    let page = post(&bed, &officer, "/programmes/new", &[("toml", &broken)]).await;
    assert!(page.body.contains("条款“no such”未声明") && page.body.contains("error-summary"), "{}", page.body);
    assert!(page.body.contains("no such&quot;"), "the text is still in the box");
    let typo = post(&bed, &officer, "/programmes/new", &[("toml", "id = \"x\"\nversion = ")]).await.body;
    assert!(typo.contains("第 2 行"), "{typo}");

    // A browser sends CR LF; the text is kept as it was written.
    let crlf = tianjin().replace('\n', "\r\n");
    let done = post(&bed, &officer, "/programmes/new", &[("toml", &crlf), ("expected_toml", EXPECTED)]).await;
    assert_eq!((done.status, done.location.as_str()), (303, "/programmes/tianjin-2018/publish?version=1.0.0"));
    assert_eq!(
        get(&bed, &Actor::public(), "/programmes/tianjin-2018", "zh").await.status,
        404,
        "a draft is not public"
    );
    let drafts = get(&bed, &officer, "/programmes/drafts", "zh").await.body;
    assert!(drafts.contains("核对并发布"));
    let check = get(&bed, &officer, &done.location, "zh").await.body;
    assert!(check.contains("条全部符合") && check.contains("无，首次发布"), "{check}");
    let sha = check.split("name=\"sha256\" value=\"").nth(1).unwrap()[..64].to_owned();
    let path = "/programmes/tianjin-2018/publish";
    let unconfirmed = post(&bed, &officer, path, &[("version", "1.0.0"), ("sha256", &sha)]).await.body;
    assert!(unconfirmed.contains("请勾选确认"));
    let confirmed = [("version", "1.0.0"), ("sha256", sha.as_str()), ("confirm", "1")];
    let done = post(&bed, &officer, path, &confirmed).await;
    assert_eq!((done.status, done.location.as_str()), (303, "/programmes/tianjin-2018"), "{}", done.body);
    assert_eq!(get(&bed, &Actor::public(), "/programmes/tianjin-2018/programme.toml", "zh").await.body, tianjin());

    // The next version shows what it changes, and only that.
    let next = next_version(1500);
    post(&bed, &officer, "/programmes/new", &[("toml", &next)]).await;
    let check = get(&bed, &officer, "/programmes/tianjin-2018/publish?version=1.1.0", "zh").await.body;
    assert!(
        check.contains("20%（2018-09-01 起，6.2）")
            && check.contains("15%（2018-09-01 起，6.2）")
            && !check.contains("跨行业跨领域"),
        "{check}"
    );
    for actor in [auditor(), enterprise_owner("org_a"), district_officer("120116", 1)] {
        assert_eq!(get(&bed, &actor, "/programmes/new", "zh").await.status, 403);
        assert_eq!(post(&bed, &actor, path, &confirmed).await.status, 403);
    }

    let blank = post(&bed, &officer, "/programmes/tianjin-2018/end", &[("reason", " ")]).await;
    assert!(blank.body.contains("请写明结束的原因"), "{}", blank.body);
    let ended = post(&bed, &officer, "/programmes/tianjin-2018/end", &[("reason", "资金用完")]).await;
    assert_eq!(ended.status, 303);
    assert!(get(&bed, &Actor::public(), "/programmes/tianjin-2018", "zh").await.body.contains("资金用完"));
});

on_both!(a_decision_is_shown_to_those_it_concerns_and_says_when_it_is_broken, |bed| async move {
    publish(&bed, tianjin(), "").await;
    record_org(&bed).await;
    let kept = decide(&bed, &enterprise_owner("org_a"), eligible_firm(), october()).await;
    let path = format!("/decisions/{}", kept.id);
    for (actor, status) in [
        (enterprise_owner("org_a"), 200),
        (enterprise_owner("org_b"), 404),
        (district_officer("120116", 1), 200),
        (district_officer("120101", 1), 404),
        (city_officer(1), 200),
        (auditor(), 200),
        (Actor::public(), 303),
    ] {
        assert_eq!(get(&bed, &actor, &path, "zh").await.status, status, "{}", actor.name);
    }
    let page = get(&bed, &auditor(), &path, "zh").await.body;
    for words in [
        "¥20,000.00",
        "逐字节一致",
        "/orgs/org_a\">津一精密</a>",
        "是否在本市注册",
        "批次 · 补助比例",
        "30%",
        "is-binding",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.contains(&kept.decision.programme_sha256));
    let english = get(&bed, &auditor(), &path, "en").await.body;
    assert!(english.contains("byte for byte") && english.contains("whether registered in the city"));
    let change =
        "UPDATE policy_decision SET bytes = REPLACE(bytes, '\"eligible\":true', '\"eligible\":false') WHERE id = $1";
    sql(&bed, change, params![&kept.id]).await;
    let page = get(&bed, &auditor(), &path, "zh").await.body;
    assert!(page.contains("重算结果不一致") && page.contains("PD-1") && page.contains("/eligible"), "{page}");
});

on_both!(a_decision_leads_to_what_was_made_of_it_and_names_the_amount_before_the_discount, |bed| async move {
    bed.on("2018-10-10");
    publish(&bed, tianjin(), "").await;
    record_org(&bed).await;
    let owner = enterprise_owner("org_a");
    let kept = decide(&bed, &owner, eligible_firm(), october()).await;
    let path = format!("/decisions/{}", kept.id);
    assert!(!get(&bed, &owner, &path, "zh").await.body.contains("href=\"/cases/"));
    let claim = "INSERT INTO settlement_claim (id, number, order_id, order_number, provider_id, enterprise_id, voucher_id, \
                 batch_id, programme_id, instrument_id, district, state, remark, claimed_by, claimed_on, claimed_at_us, \
                 decision_id) VALUES ('stl_1', 'DF-1', 'ord_1', 'DD-1', 'org_p', 'org_a', 'vch_1', 'b', 'p', 'i', '120116', \
                 'payable', '', 'x', '2018-10-10', 0, $1)";
    sql(&bed, claim, params![&kept.id]).await;
    let voucher = "INSERT INTO vouchers_voucher (id, number, batch_id, programme_id, instrument_id, org_id, district, case_id, \
                   decision_id, face_fen, returned_fen, issued_on, expires_on, state, reason) VALUES ('vch_1', 'QY-1', 'b', \
                   'p', 'i', 'org_a', '120116', 'cas_1', 'd', 1, 0, '2018-09-11', '2019-03-01', 'issued', '')";
    sql(&bed, voucher, vec![]).await;
    let page = get(&bed, &auditor(), &path, "zh").await.body;
    for link in ["/settlements/stl_1\">DF-1", "/orders/ord_1\">DD-1", "/vouchers/vch_1\">QY-1", "href=\"/settlements\""]
    {
        assert!(page.contains(link), "{link}: {page}");
    }
    let fact = rules::standard_fact("contract_fen").unwrap();
    assert_eq!(fact.label.zh, "合同金额", "it stands in stored decisions");
    assert!(rules::shown_label(fact).zh.starts_with("优惠前金额"));
});
