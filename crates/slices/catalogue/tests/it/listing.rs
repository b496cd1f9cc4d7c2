//! Listing, reviewing, prices and their versions.

use catalogue::model::ServiceState;
use catalogue::{ListingState, ListingVerb, read, service, service_at, withdraw_service};
use kernel::Fen;
use orgs::OrgKind;
use store::{JournalFilter, Refusal, StoreError};
use testkit::{auditor, city_officer, enterprise_owner, provider};

use crate::fixture::{add, decide, listed, offer, org, save, submit};

testkit::on_both!(a_provider_is_listed_only_after_an_officer_decided, |bed| async move {
    let id = org(&bed, OrgKind::Provider, 1, "津云科技有限公司").await;
    assert_eq!(save(&bed, &id, 500).await.unwrap().state, ListingState::Draft);
    assert_eq!(submit(&bed, &id).await.unwrap_err().code(), "nothing-offered");
    add(&bed, &id, None, offer("platform/iot", "设备接入", "Device access", 300)).await.unwrap();
    submit(&bed, &id).await.unwrap();
    assert_eq!(submit(&bed, &id).await.unwrap_err().code(), "listing-wrong-state");
    let page = |bed: &testkit::TestBed, id: String| {
        let db = bed.db.clone();
        async move {
            db.read(&kernel::Actor::public(), |cx| Box::pin(async move { read::provider_page(cx, &id).await })).await
        }
    };
    assert_eq!(page(&bed, id.clone()).await.err().unwrap().code(), "not-found", "not public before the decision");
    assert_eq!(decide(&bed, &id, ListingVerb::Return, " ").await.unwrap_err().code(), "reason-missing");
    decide(&bed, &id, ListingVerb::Return, "请补充资质说明").await.unwrap();
    submit(&bed, &id).await.unwrap();
    decide(&bed, &id, ListingVerb::List, "").await.unwrap();
    assert_eq!(decide(&bed, &id, ListingVerb::List, "").await.unwrap_err().code(), "listing-wrong-state");
    let shown = page(&bed, id.clone()).await.unwrap();
    assert_eq!((shown.name.as_str(), shown.services.len()), ("津云科技有限公司", 1));
    let own = id.clone();
    let seen = bed.read(&provider(&id), |cx| Box::pin(async move { read::own_listing(cx, &own).await })).await.unwrap();
    let verbs: Vec<_> = seen.steps.iter().map(|s| s.verb.code()).collect();
    assert_eq!(verbs, ["submit", "return", "submit", "list"]);
    assert_eq!(seen.steps[1].reason, "请补充资质说明");
});

testkit::on_both!(only_its_own_provider_edits_and_only_the_city_decides, |bed| async move {
    let (id, services) = listed(&bed, 1, "津云", vec![offer("platform/iot", "设备接入", "Device access", 300)]).await;
    let other = org(&bed, OrgKind::Provider, 2, "海云").await;
    save(&bed, &other, 0).await.unwrap();
    let stolen = add(&bed, &other, Some(services[0].id.clone()), offer("platform/iot", "x", "x", 1)).await;
    assert_eq!(stolen.unwrap_err().code(), "not-found", "another's service does not exist for it");
    for actor in [provider(&other), enterprise_owner(&other), auditor()] {
        let service_id = services[0].id.clone();
        let refused = bed
            .write(&actor, |cx| Box::pin(withdraw_service::run(cx, service_id, ServiceState::Withdrawn)))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "forbidden", "{:?}", actor.role);
    }
    let cmd = catalogue::decide_listing::DecideListing {
        provider_id: id.clone(),
        verb: ListingVerb::Delist,
        reason: "x".into(),
    };
    let refused = bed.write(&provider(&id), |cx| Box::pin(catalogue::decide_listing::run(cx, cmd))).await;
    assert_eq!(refused.unwrap_err().code(), "forbidden");
    let enterprise = org(&bed, OrgKind::Enterprise, 3, "某厂").await;
    assert_eq!(save(&bed, &enterprise, 0).await.unwrap_err().code(), "not-a-provider");
});

testkit::on_both!(a_price_change_makes_a_version_and_keeps_the_one_before, |bed| async move {
    let (id, services) = listed(&bed, 1, "津云", vec![offer("platform/iot", "设备接入", "Device access", 300)]).await;
    let first = &services[0];
    let same = add(&bed, &id, Some(first.id.clone()), first.offer.clone()).await.unwrap();
    assert_eq!(same.version, 1, "saving what stands makes no version");
    bed.on("2018-10-01");
    let mut dearer = first.offer.clone();
    dearer.list_price_fen = Fen::from_yuan(360);
    let second = add(&bed, &id, Some(first.id.clone()), dearer).await.unwrap();
    assert_eq!(second.version, 2);
    let sid = first.id.clone();
    let (now, then) = bed
        .read::<_, StoreError, _>(&kernel::Actor::public(), |cx| {
            Box::pin(async move { Ok((service(cx, &sid).await?, service_at(cx, &sid, 1).await?)) })
        })
        .await
        .unwrap();
    assert_eq!(now.unwrap().offer.list_price_fen, Fen::from_yuan(360));
    assert_eq!(then.unwrap(), *first);
});

testkit::on_both!(a_promise_holds_while_listed_and_raising_it_raises_every_service, |bed| async move {
    let (id, services) = listed(
        &bed,
        1,
        "津云",
        vec![offer("platform/iot", "设备接入", "Device access", 300), offer("platform/ai", "质检", "Inspection", 900)],
    )
    .await;
    let mut stingy = services[0].offer.clone();
    stingy.discount_bp = 499;
    let refused = add(&bed, &id, Some(services[0].id.clone()), stingy).await.unwrap_err();
    assert_eq!((refused.code(), refused.field()), ("discount-below-promise", Some("discount_bp")));
    assert_eq!(save(&bed, &id, 400).await.unwrap_err().code(), "promise-lowered");
    save(&bed, &id, 2_000).await.unwrap();
    let own = id.clone();
    let seen = bed.read(&provider(&id), |cx| Box::pin(async move { read::own_listing(cx, &own).await })).await.unwrap();
    assert!(seen.services.iter().all(|s| s.offer.discount_bp == 2_000 && s.version == 2));
});

testkit::on_both!(what_is_wrong_with_a_service_is_said_by_name, |bed| async move {
    let id = org(&bed, OrgKind::Provider, 1, "津云").await;
    let good = offer("platform/iot", "设备接入", "Device access", 300);
    assert_eq!(add(&bed, &id, None, good.clone()).await.unwrap_err().code(), "no-listing");
    save(&bed, &id, 0).await.unwrap();
    let with = |change: fn(&mut catalogue::Offer)| {
        let mut o = good.clone();
        change(&mut o);
        o
    };
    let cases: [(&str, catalogue::Offer); 7] = [
        ("unknown-sub-item", with(|o| o.sub_item = "platform/quantum".into())),
        ("name-missing", with(|o| o.name.zh = " ".into())),
        ("unit-missing", with(|o| o.unit.zh.clear())),
        ("description-missing", with(|o| o.description.zh.clear())),
        ("text-too-long", with(|o| o.description.en = "x".repeat(4_001))),
        ("price-out-of-range", with(|o| o.list_price_fen = Fen::ZERO)),
        ("discount-out-of-range", with(|o| o.discount_bp = 10_000)),
    ];
    for (code, bad) in cases {
        let refused = add(&bed, &id, None, bad).await.unwrap_err();
        assert_eq!(refused.code(), code);
        assert!(refused.message(kernel::Lang::Zh) != refused.message(kernel::Lang::En));
    }
});

testkit::on_both!(every_change_leaves_a_journal_row, |bed| async move {
    listed(&bed, 1, "津云", vec![offer("platform/iot", "设备接入", "Device access", 300)]).await;
    let filter = JournalFilter { limit: 20, ..Default::default() };
    let rows = bed
        .read::<_, StoreError, _>(&auditor(), |cx| Box::pin(async move { store::list_journal(cx, &filter).await }))
        .await
        .unwrap();
    let verbs: Vec<&str> = rows.iter().map(|r| r.verb.as_str()).filter(|v| v.starts_with("catalogue.")).collect();
    let expected =
        ["catalogue.decide_listing", "catalogue.submit_listing", "catalogue.save_service", "catalogue.save_listing"];
    assert_eq!(verbs, expected);
    let listings =
        bed.read(&city_officer(1), |cx| Box::pin(async move { read::listings(cx, None, "", 10).await })).await.unwrap();
    assert_eq!((listings.len(), listings[0].services), (1, 1));
});
