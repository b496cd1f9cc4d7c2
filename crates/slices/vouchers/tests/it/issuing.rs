//! Issuing against quotas; cancelling and freezing.

use kernel::Fen;
use store::Refusal;
use testkit::{TestBed, city_officer, district_officer};
use vouchers::VoucherState::{Cancelled, Frozen, Issued, Reserved};
use vouchers::cancel::{self, Cancel, CancelError};
use vouchers::freeze::{self, Freeze, FreezeError};
use vouchers::issue::{self, Issue, IssueError};

use crate::rest::{at, batch, batch_state, books_are_right, issue, release, reserve, settle, voucher, yuan};

testkit::on_both!(a_case_earns_one_voucher, |bed| async move {
    let id = batch(&bed).await;
    let first = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap();
    assert_eq!(first.number, "YHQ-2018-000001");
    assert_eq!(first.expires_on.to_string(), "2018-12-02");
    let again = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap_err();
    assert!(matches!(&again, IssueError::CaseHasVoucher { number } if *number == first.number));
    let second = issue(&bed, &id, "org_e", "120101", "c2").await.unwrap();
    assert_eq!(second.number, "YHQ-2018-000002", "the refused one took no number");
    let (batch_id, org_id, district) = (id, "org_e".into(), "120101".into());
    let cmd = Issue { batch_id, org_id, district, case_id: "c3".into(), decision_id: "d".into() };
    let refused = bed.write(&district_officer("120101", 1), |cx| Box::pin(issue::run(cx, cmd))).await;
    assert!(matches!(refused, Err(IssueError::Forbidden)));
    books_are_right(&bed).await;
});

testkit::on_both!(each_quota_refuses_with_its_numbers, |bed| async move {
    let id = batch(&bed).await;
    for (org, case) in [("org_a", "c1"), ("org_b", "c2")] {
        issue(&bed, &id, org, "120102", case).await.unwrap();
    }
    let short = issue(&bed, &id, "org_c", "120102", "c3").await.unwrap_err();
    assert_eq!(
        short.to_string(),
        "Hedong has ¥0.00 of its quota left in this batch, less than the face value of ¥100.00."
    );
    issue(&bed, &id, "org_a", "120101", "c4").await.unwrap();
    let year = issue(&bed, &id, "org_a", "120101", "c5").await.unwrap_err();
    let (quota, issued, asked) = (Fen::from_yuan(200), Fen::from_yuan(200), Fen::from_yuan(100));
    match year {
        IssueError::EnterpriseYearQuotaExceeded { year: 2018, quota: q, issued: i, asked: a } => {
            assert_eq!((q, i, a), (quota, issued, asked));
        }
        other => panic!("{other}"),
    }
    bed.on("2019-01-02");
    issue(&bed, &id, "org_a", "120101", "c5").await.expect("the new year has its own quota");
    bed.on("2020-01-01");
    issue(&bed, &id, "org_d", "120101", "c6").await.expect("applied for in time, however long the review took");
    books_are_right(&bed).await;
});

testkit::on_both!(a_batch_that_is_used_up_says_so_and_opens_again_when_money_comes_back, |bed| async move {
    crate::rest::fund(&bed).await;
    let terms = crate::rest::terms();
    let hundred = Fen::from_yuan(100);
    let quotas = vec![("120101".to_owned(), hundred)];
    let terms = vouchers::open_batch::OpenBatch { budget: hundred, quotas, ..terms };
    let id = crate::rest::open(&bed, terms).await.unwrap();
    assert_eq!(batch_state(&bed, &id).await, vouchers::BatchState::Open);
    let issued = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap();
    assert_eq!(batch_state(&bed, &id).await, vouchers::BatchState::Exhausted);
    cancel(&bed, &issued.voucher_id).await.unwrap();
    assert_eq!(batch_state(&bed, &id).await, vouchers::BatchState::Open);
});

async fn cancel(bed: &TestBed, id: &str) -> Result<Fen, CancelError> {
    let cmd = Cancel { voucher_id: id.into(), reason: "企业注销".into() };
    bed.write(&city_officer(1), |cx| Box::pin(cancel::run(cx, cmd))).await
}

async fn freeze(bed: &TestBed, id: &str, frozen: bool) -> Result<(), FreezeError> {
    let cmd = Freeze { voucher_id: id.into(), frozen, reason: "核查".into() };
    bed.write(&city_officer(1), |cx| Box::pin(freeze::run(cx, cmd))).await
}

testkit::on_both!(a_cancelled_voucher_goes_back_to_its_quota, |bed| async move {
    let id = batch(&bed).await;
    let issued = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap();
    let v = issued.voucher_id.as_str();
    reserve(&bed, v, "o1", 30).await.unwrap();
    assert!(matches!(cancel(&bed, v).await, Err(CancelError::HasHolds { held }) if held == Fen::from_yuan(30)));
    settle(&bed, "o1", 10).await.unwrap();
    assert_eq!(cancel(&bed, v).await.unwrap(), Fen::from_yuan(90));
    assert_eq!(yuan(&bed, &format!("quota:{id}:120101")).await, 290);
    assert_eq!(at(&bed, v).await, (Cancelled, 0, 0));
    assert_eq!(voucher(&bed, v).await.0.reason, "企业注销");
    assert_eq!(cancel(&bed, v).await.unwrap_err().code(), "not-allowed");
    assert_eq!(reserve(&bed, v, "o2", 1).await.unwrap_err().code(), "voucher-not-usable");
    books_are_right(&bed).await;
});

testkit::on_both!(a_frozen_voucher_pays_nothing_but_lets_holds_go, |bed| async move {
    let id = batch(&bed).await;
    let issued = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap();
    let v = issued.voucher_id.as_str();
    reserve(&bed, v, "o1", 30).await.unwrap();
    reserve(&bed, v, "o2", 20).await.unwrap();
    freeze(&bed, v, true).await.unwrap();
    assert_eq!(reserve(&bed, v, "o3", 1).await.unwrap_err().code(), "voucher-not-usable");
    assert_eq!(settle(&bed, "o1", 30).await.unwrap_err().code(), "voucher-not-usable");
    release(&bed, "o1").await.unwrap();
    assert_eq!(at(&bed, v).await, (Frozen, 80, 20));
    assert_eq!(freeze(&bed, v, true).await.unwrap_err().code(), "not-allowed");
    freeze(&bed, v, false).await.unwrap();
    assert_eq!(at(&bed, v).await, (Reserved, 80, 20));
    release(&bed, "o2").await.unwrap();
    assert_eq!(at(&bed, v).await, (Issued, 100, 0));
    freeze(&bed, v, true).await.unwrap();
    assert_eq!(cancel(&bed, v).await.unwrap(), Fen::from_yuan(100), "a frozen one can be cancelled");
    books_are_right(&bed).await;
});
