//! Placing, confirming, declining, calling off; the voucher follows.

use catalogue::model::ServiceState;
use catalogue::{ListingVerb, decide_listing, save_service, withdraw_service};
use kernel::Fen;
use orders::confirm;
use orders::place::{self, Place};
use orders::{OrderState, jobs, mark_settled};
use orgs::OrgKind;
use store::{Refusal, StoreError};
use testkit::{TestBed, city_officer, day, enterprise_owner, provider};

use crate::fixture::{batch, listed_provider, org, region, voucher};

testkit::on_both!(an_order_stores_three_shares_and_holds_the_public_one, |bed| async move {
    let r = region(bed).await;
    let order = r.place(r.a_year()).await.unwrap();
    let shares = [order.list_fen, order.platform_share_fen, order.public_share_fen, order.own_share_fen];
    assert_eq!(shares, [9_600, 1_440, 2_448, 5_712].map(Fen::from_yuan));
    assert_eq!((order.state, order.number.as_str()), (OrderState::Placed, "DD-2018-000001"));
    assert_eq!((order.starts_on, order.ends_on), (day("2018-10-01"), day("2019-09-30")));
    assert_eq!(order.district.as_deref(), Some("120116"));
    assert_eq!(r.left().await, Fen::from_yuan(552), "3,000 less the 2,448 held");
    // What is left of the voucher caps the next order's public share.
    let second = r.place(r.a_year()).await.unwrap();
    assert_eq!(second.public_share_fen, Fen::from_yuan(552));
    assert_eq!(second.own_share_fen, Fen::from_yuan(8_160 - 552));
    let third = r.place(r.a_year()).await.unwrap_err();
    assert_eq!((third.code(), third.field()), ("voucher-spent", Some("voucher_id")));
});

testkit::on_both!(a_voucher_spent_twice_at_the_same_moment_is_refused_for_one, |bed| async move {
    let r = region(bed).await;
    // Each would take 2,970 of 3,000; each was shown as possible before either was placed.
    let big = Place { quantity: 3, public_max_fen: Some(Fen::from_yuan(2_970)), ..r.a_year() };
    let owner = enterprise_owner(&r.enterprise);
    let shown = big.clone();
    let quoted = r.bed.read(&owner, |cx| Box::pin(async move { place::quote(cx, &shown).await })).await.unwrap();
    assert_eq!(quoted.shares.public_fen, Fen::from_yuan(2_970));
    let at_once = |cmd: Place| {
        let (db, owner) = (r.bed.db.clone(), owner.clone());
        tokio::spawn(async move { db.write(&owner, "at once", |cx| Box::pin(place::run(cx, cmd))).await })
    };
    // The second asks for all it saw: with less than that left it must not quietly get less.
    let big = Place { public_seen_fen: Some(quoted.shares.public_fen), ..big };
    let (a, b) = (at_once(big.clone()), at_once(big));
    let mut results = [a.await.unwrap(), b.await.unwrap()];
    results.sort_by_key(Result::is_err);
    let [Ok(won), Err(lost)] = results else { panic!("exactly one of the two must be placed") };
    assert_eq!(lost.code(), "voucher-changed");
    assert_eq!(won.public_share_fen, Fen::from_yuan(2_970));
    assert_eq!(r.left().await, Fen::from_yuan(30));
    let listed = r
        .bed
        .read(&owner, |cx| {
            Box::pin(
                async move { orders::read::list(cx, orders::OrderFilter { limit: 10, ..Default::default() }).await },
            )
        })
        .await
        .unwrap();
    assert_eq!(listed.len(), 1, "the refused order left nothing behind");
});

testkit::on_both!(the_whole_voucher_spent_twice_at_once_is_refused_for_one, |bed| async move {
    let r = region(bed).await;
    let all = Place { quantity: 3, ..r.a_year() };
    let owner = enterprise_owner(&r.enterprise);
    let at_once = |cmd: Place| {
        let (db, owner) = (r.bed.db.clone(), owner.clone());
        tokio::spawn(async move { db.write(&owner, "at once", |cx| Box::pin(place::run(cx, cmd))).await })
    };
    let (a, b) = (at_once(all.clone()), at_once(all));
    let codes: Vec<&str> =
        [a.await.unwrap(), b.await.unwrap()].iter().filter_map(|r| r.as_ref().err().map(Refusal::code)).collect();
    assert_eq!(codes, ["voucher-spent"]);
    assert_eq!(r.left().await, Fen::ZERO);
});

testkit::on_both!(each_way_an_order_cannot_be_placed_has_its_name, |bed| async move {
    let r = region(bed).await;
    let other = org(&r.bed, OrgKind::Enterprise, 3, "别家工厂").await;
    let others = voucher(&r.bed, &r.batch, &other, "case_2").await;
    let cases: Vec<(&str, Place)> = vec![
        ("voucher-not-yours", Place { voucher_id: Some(others), ..r.a_year() }),
        ("voucher-not-yours", Place { voucher_id: Some("vch_none".into()), ..r.a_year() }),
        ("service-unknown", Place { service_id: "svc_none".into(), ..r.a_year() }),
        ("price-changed", Place { service_version: Some(7), ..r.a_year() }),
        ("quantity-out-of-range", Place { quantity: 0, ..r.a_year() }),
        ("months-out-of-range", Place { months: 37, ..r.a_year() }),
        ("start-out-of-range", Place { starts_on: day("2018-09-02"), ..r.a_year() }),
        ("public-share-zero", Place { public_max_fen: Some(Fen::ZERO), ..r.a_year() }),
        ("public-max-negative", Place { public_max_fen: Some(Fen(-1)), ..r.a_year() }),
        ("forbidden", Place { enterprise_id: other, ..r.a_year() }),
    ];
    for (code, cmd) in cases {
        assert_eq!(r.place(cmd).await.unwrap_err().code(), code);
    }
    r.bed.on("2019-01-02");
    let late = Place { starts_on: day("2019-02-01"), ..r.a_year() };
    assert_eq!(r.place(late).await.unwrap_err().code(), "voucher-expired");
    assert_eq!(r.left().await, Fen::from_yuan(3_000), "refusals hold nothing");
});

testkit::on_both!(only_a_listed_providers_service_on_offer_is_ordered, |bed| async move {
    let r = region(bed).await;
    let sid = r.service.id.clone();
    r.bed
        .write(&provider(&r.provider), |cx| Box::pin(withdraw_service::run(cx, sid, ServiceState::Withdrawn)))
        .await
        .unwrap();
    assert_eq!(r.place(r.a_year()).await.unwrap_err().code(), "service-withdrawn");
    let sid = r.service.id.clone();
    r.bed
        .write(&provider(&r.provider), |cx| Box::pin(withdraw_service::run(cx, sid, ServiceState::Active)))
        .await
        .unwrap();
    let cmd = decide_listing::DecideListing {
        provider_id: r.provider.clone(),
        verb: ListingVerb::Suspend,
        reason: "核查".into(),
    };
    r.bed.write(&city_officer(1), |cx| Box::pin(decide_listing::run(cx, cmd))).await.unwrap();
    assert_eq!(r.place(r.a_year()).await.unwrap_err().code(), "provider-not-listed");
});

testkit::on_both!(a_price_change_does_not_touch_a_placed_order, |bed| async move {
    let r = region(bed).await;
    let order = r.place(r.a_year()).await.unwrap();
    let mut dearer = r.service.offer.clone();
    dearer.list_price_fen = Fen::from_yuan(1_600);
    let cmd = save_service::SaveService {
        service_id: Some(r.service.id.clone()),
        provider_id: r.provider.clone(),
        offer: dearer,
    };
    r.bed.write(&provider(&r.provider), |cx| Box::pin(save_service::run(cx, cmd))).await.unwrap();
    assert_eq!(r.place(r.a_year()).await.unwrap_err().code(), "price-changed");
    let id = order.id.clone();
    let stands = r
        .bed
        .read::<_, StoreError, _>(&kernel::Actor::system(), |cx| Box::pin(async move { orders::order(cx, &id).await }))
        .await
        .unwrap();
    assert_eq!(stands.unwrap(), order);
});

testkit::on_both!(an_order_over_the_providers_quota_is_refused_with_what_is_left, |bed| async move {
    let enterprise = org(&bed, OrgKind::Enterprise, 1, "滨海精密机械厂").await;
    let (provider_id, service) = listed_provider(&bed, 2, "津云科技").await;
    let batch = batch(&bed, "津财〔2018〕2号", Some(Fen::from_yuan(3_000))).await;
    let vouchers = [voucher(&bed, &batch, &enterprise, "c1").await, voucher(&bed, &batch, &enterprise, "c2").await];
    let [first, second] = vouchers;
    let r = crate::fixture::Region { bed, enterprise, provider: provider_id, service, batch, voucher: first };
    r.place(r.a_year()).await.unwrap();
    let again = Place { voucher_id: Some(second), ..r.a_year() };
    let refused = r.place(again.clone()).await.unwrap_err();
    assert_eq!(refused.code(), "provider-quota-exceeded");
    assert!(refused.to_string().contains("¥552.00"), "{refused}");
    let fits = Place { public_max_fen: Some(Fen::from_yuan(552)), ..again };
    assert_eq!(r.place(fits).await.unwrap().public_share_fen, Fen::from_yuan(552));
});

async fn confirm_as(r: &crate::fixture::Region, actor: kernel::Actor, id: &str) -> Result<OrderState, &'static str> {
    let id = id.to_owned();
    let done = r.bed.write(&actor, |cx| Box::pin(confirm::run(cx, id))).await;
    done.map(|o| o.state).map_err(|e| e.code())
}

testkit::on_both!(declined_and_cancelled_orders_give_the_money_back, |bed| async move {
    let r = region(bed).await;
    let (owner, seller) = (enterprise_owner(&r.enterprise), provider(&r.provider));
    let order = r.place(r.a_year()).await.unwrap();
    assert_eq!(confirm_as(&r, owner.clone(), &order.id).await, Err("forbidden"));
    assert_eq!(confirm_as(&r, provider("org_other"), &order.id).await, Err("forbidden"));
    let declined = r.end(seller.clone(), &order.id, false).await.unwrap();
    assert_eq!((declined.state, declined.end_reason.as_str()), (OrderState::Declined, "情况有变"));
    assert_eq!(r.left().await, Fen::from_yuan(3_000));
    assert_eq!(confirm_as(&r, seller.clone(), &order.id).await, Err("order-wrong-state"));
    let order = r.place(r.a_year()).await.unwrap();
    assert_eq!(confirm_as(&r, seller.clone(), &order.id).await, Ok(OrderState::Confirmed));
    assert_eq!(r.end(seller.clone(), &order.id, false).await.unwrap_err().code(), "order-wrong-state");
    assert_eq!(r.end(seller, &order.id, true).await.unwrap_err().code(), "forbidden");
    r.end(owner.clone(), &order.id, true).await.unwrap();
    assert_eq!(r.left().await, Fen::from_yuan(3_000));
    assert_eq!(r.end(owner, &order.id, true).await.unwrap_err().code(), "order-wrong-state");
});

testkit::on_both!(without_a_voucher_the_enterprise_pays_all_of_it, |bed| async move {
    let r = region(bed).await;
    let order = r.place(Place { voucher_id: None, ..r.a_year() }).await.unwrap();
    assert_eq!((order.public_share_fen, order.own_share_fen), (Fen::ZERO, Fen::from_yuan(8_160)));
    r.end(enterprise_owner(&r.enterprise), &order.id, true).await.unwrap();
});

async fn settle(bed: &TestBed, id: &str) -> Result<OrderState, &'static str> {
    let id = id.to_owned();
    let system = kernel::Actor::system();
    let done = bed.write(&system, |cx| Box::pin(async move { mark_settled::run(cx, &id).await })).await;
    done.map(|o| o.state).map_err(|e| e.code())
}

testkit::on_both!(a_settled_order_closes_when_its_time_is_over, |bed| async move {
    let r = region(bed).await;
    let early = r.confirmed().await;
    assert_eq!(settle(&r.bed, &early.id).await, Err("order-wrong-state"), "no contract yet");
    r.record_contract(r.contract(&early)).await.unwrap();
    assert_eq!(settle(&r.bed, &early.id).await, Ok(OrderState::Settled));
    assert_eq!(settle(&r.bed, &early.id).await, Ok(OrderState::Settled), "again changes nothing");
    let owner = enterprise_owner(&r.enterprise);
    assert_eq!(r.end(owner, &early.id, true).await.unwrap_err().code(), "order-wrong-state");
    let close = |bed: &TestBed| {
        let db = bed.db.clone();
        async move {
            let system = kernel::Actor::system();
            db.write(&system, "job", |cx| Box::pin(jobs::close_ended(cx))).await.unwrap()
        }
    };
    r.bed.on("2019-09-30");
    assert_eq!(close(&r.bed).await, 0);
    r.bed.on("2019-10-01");
    assert_eq!(close(&r.bed).await, 1);
    assert_eq!(close(&r.bed).await, 0);
});
