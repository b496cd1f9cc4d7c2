//! The board against records put in place by hand, on both databases, and its pages.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use kernel::{Actor, Text};
use statistics::{Board, BoardCache, Filter, board};
use store::{Cx, StoreError, params};
use testkit::{TestBed, auditor, city_officer, day, enterprise_owner};
use tower::ServiceExt;
use web::{App, AppState, Site, test_router};

/// One firm with one order at a level from a day on.
async fn firm(cx: &mut Cx, n: usize, place: (&str, &str, i64), level: &str, on: &str) -> Result<(), StoreError> {
    let id = format!("org_{n:04}");
    let sql = "INSERT INTO orgs_org (id, uscc, kind, name, name_key, simulated, created_at_us) VALUES ($1, $2, 'enterprise', $1, $1, $3, 0)";
    cx.execute(sql, params![&id, format!("USCC{n:014}"), true]).await?;
    let facts = [
        ("district", format!("{:?}", place.0)),
        ("industry", format!("{:?}", place.1)),
        ("staff", place.2.to_string()),
        ("revenue_fen", "50000000000".into()),
    ];
    for (seq, (name, value)) in facts.into_iter().enumerate() {
        let sql = "INSERT INTO orgs_fact (org_id, seq, name, valid_from, value_json, stated_at_us, stated_by) VALUES ($1, $2, $3, '2018-01-01', $4, 0, 'x')";
        cx.execute(sql, params![&id, seq + 1, name, value]).await?;
    }
    assessed(cx, n, "a", level, on, None).await
}

async fn assessed(
    cx: &mut Cx,
    n: usize,
    which: &str,
    level: &str,
    on: &str,
    until: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO usage_level (id, order_id, seq, enterprise_id, provider_id, sub_item, district, level, reason_zh, reason_en, \
               months_metered, net_fen, statement_ids_json, assessed_on, assessed_at_us, replaced_on) \
               VALUES ($1, $2, $7, $3, 'org_p', 'platform/database', NULL, $4, '', '', 3, 100, '[]', $5, 0, $6)";
    let values = params![
        format!("lvl_{n}_{which}"),
        format!("ord_{n}"),
        format!("org_{n:04}"),
        level,
        on,
        until,
        i64::from(until.is_some()) + 1
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

async fn fill(bed: &TestBed) {
    bed.on("2019-06-30");
    bed.write::<_, StoreError, _>(&Actor::system(), |cx| {
        Box::pin(async move {
            for n in 0..7 {
                firm(cx, n, ("120116", "36", 500), "L3", "2019-02-10").await?;
            }
            for n in 7..10 {
                firm(cx, n, ("120101", "34", 100), "L2", "2019-05-10").await?;
            }
            // Declared and paid for, but never confirmed: not on the cloud.
            firm(cx, 10, ("120101", "34", 100), "L1", "2019-03-01").await?;
            // Was on the cloud, was not any longer from June on.
            firm(cx, 11, ("120102", "34", 10), "L1", "2019-06-01").await?;
            assessed(cx, 11, "b", "L2", "2019-03-01", Some("2019-06-01")).await?;
            cx.journal("test.fill", "x", &(), &()).await
        })
    })
    .await
    .unwrap();
}

async fn board_on(bed: &TestBed, cache: &Arc<BoardCache>, as_of: &str, district: Option<&str>) -> Arc<Board> {
    let filter = Filter { as_of: Some(day(as_of)), district: district.map(Into::into) };
    let cache = cache.clone();
    bed.read(&city_officer(1), |cx| Box::pin(async move { board::run(cx, &cache, filter).await })).await.unwrap()
}

// A programme of another year counts from another level; its order is that of a firm whose papers are all that is there.
testkit::on_both!(the_programme_says_from_which_level_an_order_counts, |bed| async move {
    fill(&bed).await;
    let cache = Arc::new(BoardCache::default());
    assert_eq!(board_on(&bed, &cache, "2019-06-30", None).await.on_cloud, 10);
    bed.write::<_, StoreError, _>(&Actor::system(), |cx| {
        Box::pin(async move {
            let programme = "INSERT INTO policy_programme (id, version, toml, sha256, expected_toml, state, title_zh, title_en, \
                illustrative, starts_on, ends_on, applies_from, drafted_by, drafted_at_us, counts_from) \
                VALUES ('p', $1, '', $1, '', $2, '', '', FALSE, '2019-01-01', '2019-12-31', $3, 'x', 0, $4)";
            cx.execute(programme, params!["1", "superseded", "2019-01-01", "L2"]).await?;
            cx.execute(programme, params!["2", "published", "2019-06-15", "L1"]).await?;
            let order = "INSERT INTO orders_order (id, number, enterprise_id, provider_id, service_id, service_version, \
                sub_item, programme_id, quantity, months, discount_bp, rate_bp, list_fen, platform_share_fen, \
                public_share_fen, own_share_fen, state, starts_on, ends_on, placed_at_us, end_reason) \
                VALUES ('ord_10', 'n', 'org_0010', 'org_p', 's', 1, 'platform/database', 'p', 1, 1, 0, 0, 1, 0, 0, 1, \
                'contracted', '2019-03-01', '2019-12-31', 0, '')";
            cx.execute(order, params![]).await?;
            cx.journal("test.programme", "x", &(), &()).await
        })
    })
    .await
    .unwrap();
    let fresh = || Arc::new(BoardCache::default());
    assert_eq!(board_on(&bed, &fresh(), "2019-06-30", None).await.on_cloud, 11, "L1 is enough for that order now");
    assert_eq!(board_on(&bed, &fresh(), "2019-06-14", None).await.on_cloud, 10, "it was not before");
});

testkit::on_both!(the_board_counts_as_at_the_day, |bed| async move {
    fill(&bed).await;
    let cache = Arc::new(BoardCache::default());
    let june = board_on(&bed, &cache, "2019-06-30", None).await;
    assert_eq!(june.on_cloud, 10);
    assert_eq!(june.by_level, [0, 2, 3, 7, 0, 0]);
    assert_eq!(june.by_district.iter().map(|d| d.1).sum::<i64>(), june.on_cloud, "SB-2");
    assert_eq!(june.by_industry, [("36".to_owned(), 7), ("34".to_owned(), 3)]);
    assert_eq!(june.by_size.iter().find(|s| s.0 == "medium").unwrap().1, 7);
    assert_eq!(june.by_size.iter().map(|s| s.1).sum::<i64>(), june.on_cloud, "SB-2");
    let database = june.sub_items.iter().find(|s| s.sub_item == "platform/database").unwrap();
    assert_eq!((database.enterprises, database.metered, database.net_fen.0), (10, 7, 1_000));
    let by_month: Vec<i64> = june.new_by_month.iter().map(|m| m.1).collect();
    assert_eq!(by_month, [0, 0, 0, 0, 0, 0, 0, 7, 1, 0, 3, 0]);
    let april = board_on(&bed, &cache, "2019-04-30", None).await;
    assert_eq!(april.on_cloud, 8, "seven, and the one that fell back in June");
    let january = board_on(&bed, &cache, "2019-01-31", None).await;
    assert_eq!(january.on_cloud, 0);
    let binhai = board_on(&bed, &cache, "2019-06-30", Some("120116")).await;
    assert_eq!((binhai.on_cloud, binhai.cells.len()), (7, 1));
});

testkit::on_both!(nothing_is_known_of_tomorrow, |bed| async move {
    bed.on("2019-06-30");
    let filter = Filter { as_of: Some(day("2019-07-01")), district: None };
    let refused = bed
        .read(&Actor::public(), |cx| Box::pin(async move { board::run(cx, &BoardCache::default(), filter).await }))
        .await
        .unwrap_err();
    assert_eq!(store::Refusal::code(&refused), "as-of-in-the-future");
});

async fn app(bed: &TestBed) -> AppState {
    let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
    let app =
        App::new(bed.db.clone(), bed.blobs.clone(), bed.folder().join("uploads"), site, kernel::Calendar::default());
    Arc::new(app.with(Arc::new(BoardCache::default())))
}

async fn get(app: &AppState, actor: Actor, path: &str, lang: &str) -> (StatusCode, String) {
    let request = Request::get(path).header("accept-language", lang).body(Body::empty()).unwrap();
    let response = test_router(statistics::routes(), app.clone(), actor).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 22).await.unwrap();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

/// A file as anybody gets it.
async fn bytes(app: &AppState, path: &str) -> Vec<u8> {
    let router = test_router(statistics::routes(), app.clone(), Actor::public());
    let response = router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let kind = response.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
    assert!(kind.contains("spreadsheetml"), "{kind}");
    axum::body::to_bytes(response.into_body(), 1 << 22).await.unwrap().to_vec()
}

testkit::on_both!(the_public_sees_no_small_cell, |bed| async move {
    fill(&bed).await;
    let app = app(&bed).await;
    let (status, page) = get(&app, Actor::public(), "/board", "zh").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("示意图，非地图") && page.contains("滨海"), "{page}");
    // Three firms in Heping: neither that cell nor the one it could be worked out from is shown.
    let (_, json) = get(&app, Actor::public(), "/api/v1/statistics/board", "en").await;
    let board: serde_json::Value = serde_json::from_str(&json).unwrap();
    let of = |code: &str| {
        let rows = board["by_district"].as_array().unwrap();
        rows.iter().find(|r| r["code"] == code).unwrap()["enterprises"].clone()
    };
    assert!(of("120101").is_null() && of("120116").is_null(), "{json}");
    assert_eq!(of("120103"), 0);
    // Nor in the files, which are what people keep.
    let (status, csv) = get(&app, Actor::public(), "/board?format=csv", "zh").await;
    assert_eq!(status, StatusCode::OK);
    let line = |place: &str| csv.lines().find(|l| l.starts_with(place)).unwrap_or_else(|| panic!("{place}: {csv}"));
    assert!(line("河西区").starts_with("河西区,0,"), "{csv}");
    let xlsx = bytes(&app, "/board?format=xlsx").await;
    let heads = [("区", "District"), ("上云企业（家）", "n"), ("已兑付，扣除追回（元）", "paid")];
    let sheet = web::read_sheet("board.xlsx", &xlsx, &heads).unwrap();
    assert_eq!(sheet.rows.len(), 16);
    for (_, row) in &sheet.rows {
        let withheld = row[0] == "滨海新区" || row[0] == "和平区";
        let numbers = row[1..].iter().filter(|c| c.parse::<f64>().is_ok()).count();
        assert_eq!(numbers, if withheld { 0 } else { 2 }, "{row:?}");
        assert_eq!(line(&row[0]).split(',').skip(1).filter(|c| c.parse::<f64>().is_ok()).count(), numbers, "{csv}");
    }
    let (status, _) = get(&app, enterprise_owner("org_0001"), "/board/officers", "zh").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
});

testkit::on_both!(a_target_reads_as_the_programme_states_it, |bed| async move {
    fill(&bed).await;
    bed.write::<_, StoreError, _>(&Actor::system(), |cx| {
        Box::pin(async move {
            let programme = "INSERT INTO policy_programme (id, version, toml, sha256, expected_toml, state, title_zh, title_en, \
                             illustrative, starts_on, ends_on, drafted_by, drafted_at_us) VALUES ('p', '1', '', '', '', \
                             'published', '', '', $1, '2018-09-01', '2020-12-31', '', 0)";
            cx.execute(programme, params![false]).await?;
            let target = "INSERT INTO policy_target (programme_id, version, code, position, title_zh, title_en, unit_zh, unit_en, \
                          minimum, exceeds, by_date, statistic, clause, clause_locator) VALUES ('p', '1', $1, 1, '目标', \
                          'target', '家', 'enterprises', $2, $3, '2020-12-31', 'enterprises_on_cloud_new', '1', '一')";
            // Eleven firms are new: of 320 that is 3.4375 per cent.
            cx.execute(target, params!["enterprises-on-cloud", 320, None::<i64>]).await?;
            cx.execute(target, params!["more", 5_001, Some(5_000_i64)]).await?;
            cx.journal("test.targets", "x", &(), &()).await
        })
    })
    .await
    .unwrap();
    let app = app(&bed).await;
    let (_, page) = get(&app, Actor::public(), "/board", "en").await;
    assert!(page.contains("≥ 320 enterprises") && page.contains("&gt; 5,000 enterprises"), "{page}");
    assert!(!page.contains("5001") && !page.contains("5,001"));
    // Ten are on the cloud now, eleven ever were: each share is rounded the same way, down to a tenth.
    assert!(page.contains("aim 320, 3.1% reached") && page.contains("</progress> 3.4%"), "{page}");
});

testkit::on_both!(officers_see_every_cell_in_both_languages_and_as_files, |bed| async move {
    fill(&bed).await;
    let app = app(&bed).await;
    let (status, page) = get(&app, auditor(), "/board/officers?district=120116&as_of=2019-06-30", "en").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Motor vehicles") && page.contains("Binhai New Area"), "{page}");
    let router = test_router(statistics::routes(), app.clone(), auditor());
    let request = Request::get("/board/officers?format=xlsx").body(Body::empty()).unwrap();
    let xlsx = router.oneshot(request).await.unwrap().into_body();
    let xlsx = axum::body::to_bytes(xlsx, 1 << 22).await.unwrap();
    let heads = [("区", "District"), ("行业", "Industry"), ("规模", "Size"), ("上云企业（家）", "n")];
    let sheet = web::read_sheet("board.xlsx", &xlsx, &heads).unwrap();
    assert!(sheet.rows.iter().any(|r| r.1 == ["滨海新区", "36 汽车制造业", "中型", "7"]), "{:?}", sheet.rows);
    let (_, csv) = get(&app, auditor(), "/board/officers?format=csv", "zh").await;
    assert!(csv.contains("滨海新区,36 汽车制造业,中型,7"), "{csv}");
    let (status, page) = get(&app, auditor(), "/board/officers?as_of=gestern", "en").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        page.contains("value=\"gestern\"") && page.contains("id=\"as_of-error\"") && page.contains("Motor vehicles")
    );
    let (status, page) = get(&app, Actor::public(), "/board?as_of=2030-01-01", "zh").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("id=\"as_of-error\"") && page.contains("示意图，非地图"), "the page stays: {page}");
});

/// Vouchers, payments and recoveries in two districts, put in place by hand.
async fn pay(bed: &TestBed) {
    bed.write::<_, StoreError, _>(&Actor::system(), |cx| {
        Box::pin(async move {
            for (n, district, face, paid, back) in [(0, "120116", 20_000, 12_000, 2_000), (7, "120101", 10_000, 5_000, 0)] {
                let voucher = "INSERT INTO vouchers_voucher (id, number, batch_id, programme_id, instrument_id, org_id, \
                    district, case_id, decision_id, face_fen, returned_fen, issued_on, expires_on, state, reason) \
                    VALUES ($1, $1, 'b', 'p', 'i', $2, $3, $1, 'd', $4, 0, '2019-03-01', '2020-03-01', 'issued', '')";
                cx.execute(voucher, params![format!("v{n}"), format!("org_{n:04}"), district, face]).await?;
                let claim = "INSERT INTO settlement_claim (id, number, order_id, order_number, provider_id, enterprise_id, \
                    voucher_id, batch_id, programme_id, instrument_id, district, state, remark, claimed_by, claimed_on, \
                    claimed_at_us, amount_fen, paid_on) \
                    VALUES ($1, $1, $1, $1, 'org_p', $2, $1, 'b', 'p', 'i', $3, 'paid', '', 'x', '2019-04-01', 0, $4, '2019-04-20')";
                cx.execute(claim, params![format!("c{n}"), format!("org_{n:04}"), district, paid]).await?;
                if back > 0 {
                    let recovery = "INSERT INTO settlement_recovery (id, number, claim_id, provider_id, batch_id, amount_fen, \
                        code, reason_zh, reason_en, transfer_id, made_by, made_on, made_at_us) \
                        VALUES ($1, $1, $2, 'org_p', 'b', $3, 'refunded', '', '', $1, 'x', '2019-05-10', 0)";
                    cx.execute(recovery, params![format!("r{n}"), format!("c{n}"), back]).await?;
                }
            }
            cx.journal("test.fill", "y", &(), &()).await
        })
    })
    .await
    .unwrap();
}

testkit::on_both!(a_districts_board_has_its_own_vouchers_and_money_and_says_what_is_the_citys, |bed| async move {
    fill(&bed).await;
    pay(&bed).await;
    let cache = Arc::new(BoardCache::default());
    let of = |b: &Board| (b.vouchers, b.voucher_face.0, b.claims_paid, b.paid.0, b.recovered.0);
    let city = board_on(&bed, &cache, "2019-06-30", None).await;
    assert_eq!(of(&city), (2, 30_000, 2, 17_000, 2_000));
    let binhai = board_on(&bed, &cache, "2019-06-30", Some("120116")).await;
    assert_eq!(of(&binhai), (1, 20_000, 1, 12_000, 2_000));
    let heping = board_on(&bed, &cache, "2019-06-30", Some("120101")).await;
    assert_eq!(of(&heping), (1, 10_000, 1, 5_000, 0));
    // What is recovered later was not recovered yet.
    assert_eq!(board_on(&bed, &cache, "2019-05-09", None).await.recovered.0, 0);
    // The districts side by side are the city's sums, net of what was recovered, whatever district is chosen.
    for board in [&city, &binhai] {
        let sum: i64 = board.by_district.iter().map(|d| d.2.0).sum();
        assert_eq!(sum, city.paid.0 - city.recovered.0, "the cards and the table agree");
        assert_eq!(board.by_district.iter().map(|d| d.1).sum::<i64>(), city.on_cloud);
        assert_eq!(board.by_district.iter().find(|d| d.0 == "120116").unwrap().2.0, 10_000);
    }
    assert_eq!(binhai.targets, city.targets, "targets are the city's");
    let app = app(&bed).await;
    let (_, page) = get(&app, auditor(), "/board/officers?district=120116&as_of=2019-06-30", "zh").await;
    assert!(page.contains("任务目标（全市）") && page.contains("全市口径，不随区筛选"), "{page}");
    assert!(page.contains("截至 2019-06-30 · 滨海新区"), "{page}");
});

testkit::on_both!(the_boards_file_has_every_table_and_the_name_of_its_day, |bed| async move {
    fill(&bed).await;
    pay(&bed).await;
    let app = app(&bed).await;
    let path = "/board/officers?as_of=2019-04-30&district=120116&format=";
    let request = Request::get(format!("{path}csv")).header("accept-language", "zh").body(Body::empty()).unwrap();
    let response = test_router(statistics::routes(), app.clone(), auditor()).oneshot(request).await.unwrap();
    assert_eq!(
        response.headers()["content-disposition"],
        "attachment; filename=\"board-officers-120116-2019-04-30.csv\""
    );
    let (_, csv) = get(&app, auditor(), &format!("{path}csv"), "zh").await;
    for caption in
        ["总览", "证据等级", "各月新增上云企业", "任务目标（全市）", "全市各区对照", "应用情况", "区 × 行业 × 规模"]
    {
        assert!(csv.trim_start_matches('\u{feff}').lines().any(|l| l == caption), "{caption}: {csv}");
    }
    assert!(csv.contains("已兑付，扣除追回（元）,滨海新区,120.00"), "{csv}");
});
