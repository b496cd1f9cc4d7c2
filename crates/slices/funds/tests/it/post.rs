//! Posting: all or nothing, retries, what is kept of a batch, numbers without gaps.

use kernel::{Actor, Fen};
use ledger::{Code, Outcome, Refusal, Transfer, TransferKind};
use store::{StoreError, params};

use crate::rest::{available, open, post, post_batch, transfer, verify};

fn hold(id: &str, fen: i64) -> Transfer {
    let kind = TransferKind::Pending { expires_on: None };
    Transfer { kind, ..transfer(id, "voucher:v", "payable:s", fen, Code::Hold) }
}

fn settle(id: &str, hold: &str, fen: i64) -> Transfer {
    let kind = TransferKind::Post { pending_id: hold.into() };
    Transfer { kind, ..transfer(id, "voucher:v", "payable:s", fen, Code::Settle) }
}

testkit::on_both!(a_batch_with_one_refusal_leaves_nothing, |bed| async move {
    open(&bed).await;
    let batch = vec![hold("o/hold", 600), hold("p/hold", 500)];
    let refused = post(&bed, batch).await.unwrap_err();
    let funds::PostError::Refused(refused) = refused else { panic!("{refused}") };
    assert_eq!(refused.transfer_id, "p/hold");
    let available_fen = Fen(400);
    assert_eq!(
        refused.refusal,
        Refusal::ExceedsAvailable { account: "voucher:v".into(), available: available_fen, asked: Fen(500) }
    );
    assert_eq!(available(&bed, "voucher:v").await, 1_000, "the first was not made either");
    assert!(verify(&bed).await.is_empty());
});

testkit::on_both!(bulk_keeps_what_succeeded_and_a_retry_makes_nothing_twice, |bed| async move {
    open(&bed).await;
    let batch = vec![hold("o/hold", 600), hold("p/hold", 500), settle("o/settle", "o/hold", 250)];
    let first = post_batch(&bed, batch.clone()).await;
    assert_eq!(first[0], Outcome::Created);
    assert!(matches!(first[1], Outcome::Refused(Refusal::ExceedsAvailable { .. })));
    assert_eq!(first[2], Outcome::Created);
    assert_eq!(available(&bed, "voucher:v").await, 750, "the settled part is gone, the rest of the hold is back");
    let second = post_batch(&bed, batch).await;
    assert_eq!(second[0], Outcome::Exists);
    assert_eq!(second[1], Outcome::Created, "nothing is stored of a refused transfer, so its id was free");
    assert_eq!(second[2], Outcome::Exists);
    assert_eq!(available(&bed, "voucher:v").await, 250);
    let altered = post(&bed, vec![hold("o/hold", 601)]).await.unwrap_err();
    assert!(altered.to_string().contains("belongs to another transfer"), "{altered}");
    assert!(verify(&bed).await.is_empty());
});

testkit::on_both!(a_hold_resolves_once_across_batches, |bed| async move {
    open(&bed).await;
    post(&bed, vec![hold("o/hold", 600)]).await.unwrap();
    post(&bed, vec![settle("o/settle", "o/hold", 600)]).await.unwrap();
    let void = TransferKind::Void { pending_id: "o/hold".into() };
    let again = Transfer { kind: void, ..transfer("o/release", "voucher:v", "payable:s", 600, Code::Release) };
    let refused = post(&bed, vec![again]).await.unwrap_err();
    assert!(refused.to_string().contains("already been posted by o/settle"), "{refused}");
});

testkit::on_both!(large_batches_number_on_without_gaps_and_accounts_walk_back, |bed| async move {
    open(&bed).await;
    let mut batch = Vec::new();
    for i in 0..700 {
        batch.push(transfer(&format!("i/{i}"), "batch:b", "voucher:v", 1, Code::Issue));
        batch.push(transfer(&format!("r/{i}"), "voucher:v", "batch:b", 1, Code::Release));
    }
    assert!(post_batch(&bed, batch).await.iter().all(|o| *o == Outcome::Created));
    assert!(verify(&bed).await.is_empty());
    let (last, count, walked) = bed
        .read::<_, StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move {
                let row = cx.one("SELECT MAX(seq) AS last, COUNT(*) AS n FROM funds_transfer", params![]).await?;
                let mut walked = Vec::new();
                loop {
                    let before = walked.last().map(|e: &funds::Entry| e.seq);
                    let page = funds::entries(cx, "voucher:v", before, 100).await?;
                    if page.is_empty() {
                        break;
                    }
                    walked.extend(page);
                }
                Ok((row.get::<i64>("last")?, row.get::<i64>("n")?, walked))
            })
        })
        .await
        .unwrap();
    assert_eq!((last, count), (1_404, 1_404));
    assert_eq!(walked.len(), 1_401, "its issue, and 700 pairs");
    assert!(walked.windows(2).all(|w| w[0].seq > w[1].seq), "newest first, none twice");
    assert_eq!((walked[0].id.as_str(), walked[0].taken), ("r/699", false));
    assert_eq!((walked[1400].id.as_str(), walked[1400].taken), ("t/4", true));
});
