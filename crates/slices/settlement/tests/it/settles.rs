//! From a proven order to the bank's reference.

use kernel::{EvidenceLevel, Fen};
use orders::OrderState;
use settlement::rules::eligible_paid::Bound;
use settlement::{ClaimState, EvidenceKind, jobs, read};
use store::{Refusal, StoreError};
use testkit::{city_officer, day, provider};

use crate::fixture::*;

testkit::on_both!(three_proven_months_are_paid_and_the_rest_goes_back_to_the_voucher, |bed| async move {
    let w = world(bed).await;
    let (firm, order) = w.proven(1).await;
    let claim = w.claim(&order).await.unwrap();
    assert_eq!((claim.state, claim.number.as_str()), (ClaimState::Claimed, "DF-2019-000001"));
    let decided = w.decide(&claim).await.unwrap();
    let how = decided.decided.clone().unwrap();
    assert_eq!((decided.state, how.amount_fen), (ClaimState::Payable, Some(Fen::from_yuan(612))), "{:?}", how.refused);
    assert_eq!((how.gathered.level, how.gathered.eligible.amount_fen), (EvidenceLevel::L3, Fen::from_yuan(2_040)));
    assert_eq!(how.gathered.eligible.bound(), Some(Bound::Invoiced), "the first of three that are equal");
    let kinds = |kind| how.gathered.evidence.iter().filter(|e| e.kind == kind).count();
    assert_eq!(EvidenceKind::ALL.iter().map(|k| kinds(*k)).collect::<Vec<_>>(), [1, 1, 1, 3]);
    // The money: 612 owed, the rest of the hold is the voucher's again; the order is settled.
    assert_eq!(w.available(funds::ids::payable(&w.provider)).await, Fen::from_yuan(612));
    assert_eq!(w.available(funds::ids::voucher(&firm.voucher)).await, Fen::from_yuan(3_000 - 612));
    let (id, who) = (claim.id.clone(), provider(&w.provider));
    let view = w.bed.read(&who, |cx| Box::pin(async move { read::view(cx, &id).await })).await.unwrap();
    assert_eq!((view.order.state, view.evidence.len(), view.entries.len()), (OrderState::Settled, 6, 3));
    assert_eq!(view.decision.unwrap().decision.amount_fen, Some(61_200));
    // The bank pays it.
    w.bed.on("2019-01-15");
    let payment = w.pay(612, " ICBC-0001 ", "2019-01-15").await.unwrap();
    assert_eq!((payment.claims, payment.paid_fen, payment.set_off_fen), (1, Fen::from_yuan(612), Fen::ZERO));
    assert_eq!(payment.bank_reference.as_deref(), Some("ICBC-0001"));
    assert_eq!(w.available(funds::ids::payable(&w.provider)).await, Fen::ZERO);
    let id = claim.id.clone();
    let view = w.bed.read(&city_officer(1), |cx| Box::pin(async move { read::view(cx, &id).await })).await.unwrap();
    assert_eq!((view.row.claim.state, view.row.claim.paid_on), (ClaimState::Paid, Some(day("2019-01-15"))));
    assert_eq!(w.verify().await, []);
});

testkit::on_both!(a_run_decides_all_that_waits_and_one_transfer_pays_them_all, |bed| async move {
    let w = world(bed).await;
    let (other, early) = w.agreed(2).await;
    let (firm, paid) = w.proven(1).await;
    w.papers(&other, &early, 680, 476).await;
    w.claim(&paid).await.unwrap();
    w.claim(&early).await.unwrap();
    let report = jobs::decide_due(&w.bed.db, &city_officer(1), "run").await.unwrap();
    assert_eq!((report.settled, report.settled_fen), (1, Fen::from_yuan(612)));
    assert_eq!(report.refused, [("DF-2019-000002".to_owned(), "evidence-level".to_owned())]);
    let again = jobs::decide_due(&w.bed.db, &city_officer(1), "run").await.unwrap();
    assert_eq!(again, jobs::RunReport::default(), "a second run finds nothing");
    // The months of the other one are billed too; its claim is made anew and paid.
    for month in ["2018-10", "2018-11", "2018-12"] {
        w.bill(month, &[(&firm, 680), (&other, 400)]).await;
    }
    w.claim(&early).await.unwrap();
    let report = jobs::decide_due(&w.bed.db, &city_officer(1), "run").await.unwrap();
    assert_eq!(report.settled_fen, Fen::from_yuan(204), "680 invoiced is the least; 30 % of it");
    let payment = w.pay(612 + 204, "ICBC-1", "2019-01-10").await.unwrap();
    assert_eq!((payment.claims, payment.gross_fen), (2, Fen::from_yuan(816)));
    assert_eq!(w.verify().await, []);
});

testkit::on_both!(a_retry_and_a_race_pay_once, |bed| async move {
    let w = world(bed).await;
    let (_, order) = w.proven(1).await;
    let claim = w.claim(&order).await.unwrap();
    let officers = [city_officer(1), city_officer(2), city_officer(3), city_officer(4)];
    let tries = officers.iter().map(|who| {
        let id = claim.id.clone();
        let (db, who) = (w.bed.db.clone(), who.clone());
        tokio::spawn(async move {
            db.write(&who, "race", move |cx| Box::pin(settlement::decide::run(cx, id))).await.map_err(|e| e.code())
        })
    });
    let (mut won, mut lost) = (0, Vec::new());
    for handle in tries.collect::<Vec<_>>() {
        match handle.await.unwrap() {
            Ok(_) => won += 1,
            Err(code) => lost.push(code),
        }
    }
    assert_eq!((won, lost), (1, vec!["already-decided"; 3]));
    assert_eq!(w.available(funds::ids::payable(&w.provider)).await, Fen::from_yuan(612));
    // The same submission again is answered with the first answer, and the bank's payment is one.
    let pay = || settlement::pay::Pay {
        provider_id: w.provider.clone(),
        amount: Fen::from_yuan(612),
        bank_reference: "ICBC-1".into(),
        paid_on: day("2019-01-10"),
    };
    let (mut numbers, officer) = (Vec::new(), city_officer(1));
    for _ in 0..2 {
        let cmd = pay();
        let run = w.bed.db.write_once(&officer, "r", "key-1", "same", |cx| Box::pin(settlement::pay::run(cx, cmd)));
        numbers.push(run.await.unwrap().number);
    }
    assert_eq!(numbers, ["BF-2019-000001", "BF-2019-000001"]);
    let cmd = pay();
    let other = w.bed.db.write_once(&officer, "r", "key-2", "same", |cx| Box::pin(settlement::pay::run(cx, cmd)));
    assert_eq!(other.await.unwrap_err().code(), "nothing-owed");
    assert_eq!(w.verify().await, []);
});

testkit::on_both!(what_is_seen_before_deciding_is_what_is_decided, |bed| async move {
    let w = world(bed).await;
    let (_, order) = w.proven(1).await;
    let id = order.id.clone();
    let before: Result<_, read::ReadError> =
        w.bed.read(&provider(&w.provider), |cx| Box::pin(async move { read::before_claiming(cx, &id).await })).await;
    assert!(before.is_ok(), "the provider sees the outlook before it claims");
    let claim = w.claim(&order).await.unwrap();
    let id = claim.id.clone();
    let seen = w.bed.read(&city_officer(1), |cx| Box::pin(async move { read::preview(cx, &id).await })).await;
    let (outlook, _) = seen.unwrap();
    let decided = w.decide(&claim).await.unwrap();
    let id = decided.decided.clone().unwrap().decision_id;
    let stored: Result<_, StoreError> =
        w.bed.read(&city_officer(1), |cx| Box::pin(async move { policy::decision(cx, &id).await })).await;
    assert_eq!(outlook.decision.unwrap(), stored.unwrap().unwrap().decision);
    assert_eq!(outlook.gathered, decided.decided.unwrap().gathered);
});
