//! Each refusal by its name, and nothing half-done after it.

use kernel::Fen;
use settlement::{ClaimState, read};
use store::{Refusal, StoreError};
use testkit::{auditor, city_officer, district_officer, enterprise_owner, provider};
use vouchers::freeze;

use crate::fixture::*;

testkit::on_both!(a_claim_is_refused_by_name, |bed| async move {
    let w = world(bed).await;
    let firm = w.firm(1).await;
    let (rival, _) = listed_provider(&w.bed, 901, "云乙").await;
    let bare = w.confirmed(&firm, true, Some(Fen::from_yuan(1_000))).await;
    let free = w.confirmed(&firm, false, None).await;
    let code = |r: Result<settlement::Claim, settlement::claim::ClaimError>| r.map(|c| c.number).unwrap_err().code();
    assert_eq!(code(w.claim(&bare).await), "no-evidence", "neither a paper nor a month of use");
    assert_eq!(code(w.claim(&free).await), "no-voucher");
    assert_eq!(code(w.claim_as(&provider(&rival), &bare.id).await), "not-found", "somebody else's order");
    for who in [enterprise_owner(&firm.id), city_officer(1), auditor(), district_officer(DISTRICT, 1)] {
        assert_eq!(code(w.claim_as(&who, &bare.id).await), "forbidden", "{}", who.name);
    }
    let end = orders::decline::End { order_id: bare.id.clone(), reason: "不再需要".into() };
    w.bed.write(&enterprise_owner(&firm.id), |cx| Box::pin(orders::cancel::run(cx, end))).await.unwrap();
    assert_eq!(code(w.claim(&bare).await), "order-not-claimable");
    let (_, order) = w.proven(2).await;
    w.claim(&order).await.unwrap();
    let twice = w.claim(&order).await.unwrap_err();
    assert_eq!(twice.code(), "already-claimed");
    assert!(twice.message(kernel::Lang::Zh).contains("DF-2019-000001"), "{twice}");
});

testkit::on_both!(too_little_evidence_pays_nothing_says_why_and_can_be_claimed_again, |bed| async move {
    let w = world(bed).await;
    let firm = w.firm(1).await;
    let order = w.contracted(&firm, None).await;
    w.bed.on("2018-12-21");
    w.papers(&firm, &order, 2_040, 1_428).await;
    w.bill("2018-10", &[(&firm, 680)]).await;
    w.bill("2018-11", &[(&firm, 680)]).await;
    let refused = w.settled(&order).await;
    let why = refused.decided.as_ref().unwrap().refused.clone().unwrap();
    assert_eq!((refused.state, why.code.as_str()), (ClaimState::Refused, "evidence-level"));
    assert!(why.text.zh.contains("服务商接入账单") && why.text.zh.contains('2'), "{}", why.text.zh);
    assert!(why.text.en.contains("Settle after the third"), "{}", why.text.en);
    assert_eq!(w.available(funds::ids::payable(&w.provider)).await, Fen::ZERO);
    assert_eq!(w.available(funds::ids::voucher(&firm.voucher)).await, Fen::from_yuan(3_000 - 2_448), "still held");
    assert_eq!(w.decide(&refused).await.unwrap_err().code(), "already-decided");
    // The third month is metered; the same order is claimed anew.
    w.bed.on("2019-01-10");
    w.bill("2018-12", &[(&firm, 680)]).await;
    let paid = w.settled(&order).await;
    assert_eq!((paid.state, paid.amount_fen()), (ClaimState::Payable, Fen::from_yuan(612)));
    assert_eq!(w.verify().await, []);
});

testkit::on_both!(the_same_evidence_pays_once, |bed| async move {
    let w = world(bed).await;
    let firm = w.firm(1).await;
    let half = Some(Fen::from_yuan(1_000));
    let (first, second) = (w.contracted(&firm, half).await, w.contracted(&firm, half).await);
    w.bed.on("2019-01-10");
    w.papers(&firm, &first, 2_040, 1_428).await;
    w.papers(&firm, &second, 2_040, 1_428).await;
    for month in ["2018-10", "2018-11", "2018-12"] {
        w.bill(month, &[(&firm, 680)]).await;
    }
    let paid = w.settled(&first).await;
    assert_eq!(paid.amount_fen(), Fen::from_yuan(612));
    let refused = w.settled(&second).await;
    let why = refused.decided.as_ref().unwrap().refused.clone().unwrap();
    assert_eq!((refused.state, why.code.as_str()), (ClaimState::Refused, "evidence-used"));
    assert!(why.text.zh.contains(&paid.number) && why.text.zh.contains("2018-11"), "{}", why.text.zh);
    assert!(why.text.en.contains(&paid.number), "{}", why.text.en);
    assert_eq!(w.available(funds::ids::payable(&w.provider)).await, Fen::from_yuan(612));
    assert_eq!(w.verify().await, []);
});

testkit::on_both!(a_frozen_voucher_makes_the_claim_wait, |bed| async move {
    let w = world(bed).await;
    let (firm, order) = w.proven(1).await;
    let claim = w.claim(&order).await.unwrap();
    let cmd = freeze::Freeze { voucher_id: firm.voucher.clone(), frozen: true, reason: "核查中".into() };
    w.bed.write(&city_officer(1), |cx| Box::pin(freeze::run(cx, cmd))).await.unwrap();
    assert_eq!(w.decide(&claim).await.unwrap_err().code(), "voucher-not-usable");
    let report = settlement::jobs::decide_due(&w.bed.db, &city_officer(1), "run").await.unwrap();
    assert_eq!((report.settled, report.waiting.len()), (0, 1));
    let id = claim.id.clone();
    let view = w.bed.read(&city_officer(1), |cx| Box::pin(async move { read::view(cx, &id).await })).await.unwrap();
    assert_eq!(view.row.claim.state, ClaimState::Claimed, "it waits");
    let decisions: Result<i64, StoreError> = w
        .bed
        .read(&city_officer(1), |cx| {
            Box::pin(async move { cx.one("SELECT COUNT(*) AS n FROM policy_decision", vec![]).await?.get("n") })
        })
        .await;
    assert_eq!(decisions.unwrap(), 0, "nothing is half-done");
});

testkit::on_both!(only_the_city_decides_and_pays_and_a_payment_is_refused_by_name, |bed| async move {
    let w = world(bed).await;
    let [(firm, order), (_, second)] = w.two_proven().await;
    let claim = w.claim(&order).await.unwrap();
    for who in [provider(&w.provider), enterprise_owner(&firm.id), auditor(), district_officer(DISTRICT, 1)] {
        let id = claim.id.clone();
        let refused = w.bed.write(&who, |cx| Box::pin(settlement::decide::run(cx, id))).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden", "{}", who.name);
    }
    let code = |r: Result<settlement::Payment, settlement::pay::PayError>| r.map(|p| p.number).unwrap_err().code();
    assert_eq!(code(w.pay(612, "B-1", "2019-01-10").await), "nothing-owed");
    w.decide(&claim).await.unwrap();
    assert_eq!(code(w.pay(611, "B-1", "2019-01-10").await), "amount-differs");
    assert_eq!(code(w.pay(612, " ", "2019-01-10").await), "bank-reference-missing");
    assert_eq!(code(w.pay(612, "B-1", "2019-01-11").await), "paid-in-future");
    w.pay(612, "B-1", "2019-01-10").await.unwrap();
    w.settled(&second).await;
    assert_eq!(code(w.pay(612, "B-1", "2019-01-10").await), "bank-reference-used");
    assert_eq!(w.available(funds::ids::payable(&w.provider)).await, Fen::from_yuan(612), "nothing was half-done");
});

testkit::on_both!(readers_see_their_own_claims, |bed| async move {
    let w = world(bed).await;
    let [(firm, order), (other, _)] = w.two_proven().await;
    let (rival, _) = listed_provider(&w.bed, 901, "云乙").await;
    let claim = w.settled(&order).await;
    for (who, sees) in [
        (provider(&w.provider), true),
        (enterprise_owner(&firm.id), true),
        (district_officer(DISTRICT, 1), true),
        (city_officer(1), true),
        (auditor(), true),
        (provider(&rival), false),
        (enterprise_owner(&other.id), false),
        (district_officer("120101", 1), false),
    ] {
        let id = claim.id.clone();
        let one = w.bed.read(&who, |cx| Box::pin(async move { read::view(cx, &id).await })).await;
        assert_eq!(one.is_ok(), sees, "{}", who.name);
        let filter = settlement::ClaimFilter { limit: 10, ..Default::default() };
        let list = w.bed.read(&who, |cx| Box::pin(read::list(cx, filter))).await.unwrap();
        assert_eq!(list.items.len(), usize::from(sees), "{}", who.name);
    }
});
