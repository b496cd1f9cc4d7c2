//! What the days bring.

use kernel::{Actor, Fen};
use store::Refusal;
use testkit::{TestBed, auditor, day};
use vouchers::VoucherState::{Expired, Issued, Reserved, Used};
use vouchers::expire_due::{self, ExpireError};
use vouchers::open_batch::OpenBatch;
use vouchers::{BatchState, VoucherState};

use crate::rest::{at, batch, batch_state, books_are_right, fund, issue, open, release, reserve, settle, terms, yuan};

pub async fn expire(bed: &TestBed) -> expire_due::Expired {
    bed.write::<_, ExpireError, _>(&Actor::system(), |cx| Box::pin(expire_due::run(cx))).await.unwrap()
}

testkit::on_both!(an_unused_voucher_expires_and_its_money_can_be_issued_again, |bed| async move {
    let id = batch(&bed).await;
    let mut last = String::new();
    for (org, case) in [("a", "c1"), ("b", "c2"), ("c", "c3")] {
        last = issue(&bed, &id, org, "120101", case).await.unwrap().voucher_id;
    }
    assert_eq!(issue(&bed, &id, "d", "120101", "c4").await.unwrap_err().code(), "district-quota-short");
    bed.on("2018-12-02");
    assert_eq!(expire(&bed).await.vouchers, 0, "the last day counts");
    bed.on("2018-12-03");
    let done = expire(&bed).await;
    assert_eq!((done.vouchers, done.returned_fen), (3, Fen::from_yuan(300)));
    assert_eq!(at(&bed, &last).await, (Expired, 0, 0));
    assert_eq!(expire(&bed).await, expire_due::Expired::default(), "a second run finds nothing");
    issue(&bed, &id, "d", "120101", "c4").await.unwrap();
    let refused = bed.write(&auditor(), |cx| Box::pin(expire_due::run(cx))).await;
    assert!(matches!(refused, Err(ExpireError::Forbidden)));
    books_are_right(&bed).await;
});

testkit::on_both!(an_order_keeps_its_money_past_the_vouchers_last_day, |bed| async move {
    let id = batch(&bed).await;
    let voucher = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap().voucher_id;
    reserve(&bed, &voucher, "o1", 60).await.unwrap();
    bed.on("2018-12-03");
    assert_eq!(reserve(&bed, &voucher, "o2", 1).await.unwrap_err().code(), "voucher-expired");
    assert_eq!(expire(&bed).await.returned_fen, Fen::from_yuan(40));
    assert_eq!(at(&bed, &voucher).await, (Reserved, 0, 60));
    settle(&bed, "o1", 50).await.unwrap();
    assert_eq!(at(&bed, &voucher).await, (Issued, 10, 0));
    assert_eq!(expire(&bed).await.returned_fen, Fen::from_yuan(10), "what the settlement left goes back too");
    assert_eq!(at(&bed, &voucher).await.0, Expired);
    assert_eq!(yuan(&bed, &format!("quota:{id}:120101")).await, 250);
    books_are_right(&bed).await;
});

testkit::on_both!(a_hold_that_nobody_settles_runs_out, |bed| async move {
    let id = batch(&bed).await;
    let voucher = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap().voucher_id;
    reserve(&bed, &voucher, "o1", 100).await.unwrap();
    bed.on("2019-03-22");
    assert_eq!(expire(&bed).await.holds, 0, "200 days after 2018-09-03");
    bed.on("2019-03-23");
    assert_eq!(settle(&bed, "o1", 100).await.unwrap_err().code(), "money-refused");
    let done = expire(&bed).await;
    assert_eq!((done.holds, done.vouchers, done.returned_fen), (1, 1, Fen::from_yuan(100)));
    assert_eq!(at(&bed, &voucher).await, (Expired, 0, 0));
    assert_eq!(release(&bed, "o1").await.map_err(|e| e.code()), Ok(()), "released already");
    books_are_right(&bed).await;
});

testkit::on_both!(a_planned_batch_opens_on_its_day, |bed| async move {
    fund(&bed).await;
    let id = open(&bed, OpenBatch { opens_on: day("2018-10-08"), ..terms() }).await.unwrap();
    assert_eq!(issue(&bed, &id, "e", "120101", "c1").await.unwrap_err().code(), "batch-not-yet-open");
    bed.on("2018-10-08");
    assert_eq!(expire(&bed).await.batches_opened, 1);
    assert_eq!(batch_state(&bed, &id).await, BatchState::Open);
    let voucher = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap().voucher_id;
    reserve(&bed, &voucher, "o1", 100).await.unwrap();
    settle(&bed, "o1", 100).await.unwrap();
    let ended: VoucherState = at(&bed, &voucher).await.0;
    assert_eq!(ended, Used);
});
