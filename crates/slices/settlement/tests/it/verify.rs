//! `verify` is silent on sound records and names each hand-made corruption with its claim.

use store::params;

use crate::fixture::*;

testkit::on_both!(each_corruption_is_named, |bed| async move {
    let w = world(bed).await;
    let [(_, one), (_, two)] = w.two_proven().await;
    let (claim, second) = (w.settled(&one).await, w.settled(&two).await);
    w.pay(1_224, "B-1", "2019-01-10").await.unwrap();
    assert_eq!(w.broken().await, [] as [&str; 0]);
    let (a, b) = ([format!("ST-2 {}", claim.number)], [format!("ST-2 {}", second.number)]);
    // Each is put right again before the next.
    let set = "UPDATE settlement_claim SET amount_fen = $2 WHERE id = $1";
    w.corrupt(set, params![&claim.id, 61_300_i64]).await;
    let paid = [vec!["ST-4 BF-2019-000001".to_owned()], a.to_vec()].concat();
    assert_eq!(w.broken().await, paid, "a claim that says more than its hold, its decision and its rate");
    w.corrupt(set, params![&claim.id, 61_200_i64]).await;

    let set = "UPDATE settlement_payment SET gross_fen = gross_fen + $1, paid_fen = paid_fen + $1";
    w.corrupt(set, params![1_i64]).await;
    assert_eq!(w.broken().await, ["ST-4 BF-2019-000001"], "neither its claims nor the ledger say so");
    w.corrupt(set, params![-1_i64]).await;

    let set = "UPDATE settlement_claim SET decision_id = $2 WHERE id = $1";
    let own = second.decided.as_ref().unwrap().decision_id.clone();
    w.corrupt(set, params![&second.id, "dec_gone"]).await;
    assert_eq!(w.broken().await, b, "its decision is gone");
    w.corrupt(set, params![&second.id, own]).await;

    let set = "UPDATE funds_transfer SET amount_fen = $2 WHERE pending_id IN (SELECT id FROM vouchers_reservation WHERE order_id = $1)";
    w.corrupt(set, params![&second.order_id, 61_201_i64]).await;
    assert_eq!(w.broken().await, b, "the hold was posted with another amount");
    w.corrupt(set, params![&second.order_id, 61_200_i64]).await;

    let set = "UPDATE settlement_claim SET gathered_json = REPLACE(gathered_json, $2, $3) WHERE id = $1";
    w.corrupt(set, params![&claim.id, "\"level\":\"L3\"", "\"level\":\"L2\""]).await;
    assert_eq!(w.broken().await, [format!("ST-3 {}", claim.number)]);
    w.corrupt(set, params![&claim.id, "\"level\":\"L2\"", "\"level\":\"L3\""]).await;
    assert_eq!(w.broken().await, [] as [&str; 0]);

    let set = "UPDATE settlement_claim SET state = $2 WHERE id = $1";
    w.corrupt(set, params![&claim.id, "refused"]).await;
    let broken = w.broken().await;
    assert!(broken.contains(&format!("ST-2 order {}", claim.order_id)), "money without a claim: {broken:?}");
});

testkit::on_both!(evidence_that_pays_twice_or_is_gone_is_named, |bed| async move {
    let w = world(bed).await;
    let [(_, one), (_, two)] = w.two_proven().await;
    let (claim, second) = (w.settled(&one).await, w.settled(&two).await);
    // The schema itself keeps one reference from standing twice; the row behind it is watched by verify.
    let steal = "UPDATE settlement_evidence SET record_id = (SELECT MIN(e.record_id) FROM settlement_evidence e \
                 WHERE e.claim_id = $1 AND e.kind = 'invoice') WHERE claim_id = $2 AND kind = 'invoice'";
    w.corrupt(steal, params![&claim.id, &second.id]).await;
    let broken = w.broken().await;
    assert!(broken.contains(&format!("ST-1 {}, {}", claim.number, second.number)), "{broken:?}");
    assert!(broken.contains(&format!("ST-1 {}", second.number)), "{broken:?}");
    w.corrupt("DELETE FROM settlement_evidence WHERE claim_id = $1 AND kind = 'statement'", params![&claim.id]).await;
    assert!(w.broken().await.contains(&format!("ST-1 {}", claim.number)));
});

testkit::on_both!(the_schema_keeps_one_reference_under_one_claim, |bed| async move {
    let w = world(bed).await;
    let (_, order) = w.proven(1).await;
    let claim = w.settled(&order).await;
    let copy = "INSERT INTO settlement_evidence (claim_id, kind, ref, record_id, amount_fen) \
                SELECT 'other', kind, ref, 'other', amount_fen FROM settlement_evidence WHERE claim_id = $1 AND kind = 'invoice'";
    let done: Result<(), store::StoreError> = w
        .bed
        .write(&kernel::Actor::system(), move |cx| {
            Box::pin(async move {
                cx.execute(copy, params![&claim.id]).await?;
                cx.journal("test.corrupt", "test", &(), &()).await
            })
        })
        .await;
    assert!(done.is_err());
    assert_eq!(w.verify().await, []);
});
