//! Opening, quotas, closing.

use kernel::{Fen, Text};
use store::Refusal;
use testkit::{auditor, city_officer, day};
use vouchers::assign_quota::{self, AssignQuota, AssignQuotaError};
use vouchers::close_batch::{self, CloseBatch, CloseBatchError};
use vouchers::open_batch::{self, OpenBatch, OpenBatchError};

use crate::rest::{batch, books_are_right, fund, issue, open, terms, yuan};

testkit::on_both!(a_batch_opens_with_its_money_in_the_right_places, |bed| async move {
    let id = batch(&bed).await;
    assert_eq!(yuan(&bed, "programme:p").await, 400);
    assert_eq!(yuan(&bed, &format!("batch:{id}")).await, 100);
    assert_eq!(yuan(&bed, &format!("quota:{id}:120101")).await, 300);
    assert_eq!(yuan(&bed, &format!("quota:{id}:120102")).await, 200);
    let refused = bed.write(&auditor(), |cx| Box::pin(open_batch::run(cx, terms()))).await;
    assert!(matches!(refused, Err(OpenBatchError::Forbidden)));
    books_are_right(&bed).await;
});

testkit::on_both!(a_batch_with_a_mistake_is_refused_by_name_and_leaves_nothing, |bed| async move {
    fund(&bed).await;
    let quota = |code: &str, yuan| (code.to_owned(), Fen::from_yuan(yuan));
    let mistakes = [
        ("title-missing", OpenBatch { title: Text::new("第一批", " "), ..terms() }),
        ("rate-out-of-range", OpenBatch { rate_bp: 10_001, ..terms() }),
        ("own-share-out-of-range", OpenBatch { own_share_bp: 8_001, ..terms() }),
        ("face-value-out-of-range", OpenBatch { face_value: Fen::from_yuan(601), ..terms() }),
        ("days-out-of-range", OpenBatch { validity_days: 0, ..terms() }),
        ("days-out-of-range", OpenBatch { hold_days: 9_999, ..terms() }),
        ("window-empty", OpenBatch { closes_on: day("2018-09-02"), ..terms() }),
        ("limit-below-face-value", OpenBatch { enterprise_year_quota: Some(Fen::from_yuan(99)), ..terms() }),
        ("district-unknown", OpenBatch { quotas: vec![quota("110101", 1)], ..terms() }),
        ("district-twice", OpenBatch { quotas: vec![quota("120101", 1), quota("120101", 1)], ..terms() }),
        ("quota-not-positive", OpenBatch { quotas: vec![quota("120101", 0)], ..terms() }),
        ("quotas-over-budget", OpenBatch { quotas: vec![quota("120101", 601)], ..terms() }),
        ("not-funded", OpenBatch { budget: Fen::from_yuan(1_001), ..terms() }),
    ];
    for (name, terms) in mistakes {
        assert_eq!(open(&bed, terms).await.unwrap_err().code(), name);
    }
    assert_eq!(yuan(&bed, "programme:p").await, 1_000);
});

testkit::on_both!(a_district_gets_more_of_the_reserve_as_far_as_it_reaches, |bed| async move {
    let id = batch(&bed).await;
    let assign = async |yuan| {
        let (batch_id, district, reason) = (id.clone(), "120103".into(), "申请多".into());
        let cmd = AssignQuota { batch_id, district, amount: Fen::from_yuan(yuan), reason };
        bed.write(&city_officer(1), |cx| Box::pin(assign_quota::run(cx, cmd))).await
    };
    let hundred = Fen::from_yuan(100);
    assert!(matches!(assign(101).await, Err(AssignQuotaError::ReserveShort { available, .. }) if available == hundred));
    assert_eq!(issue(&bed, &id, "org_e", "120103", "c1").await.unwrap_err().code(), "district-quota-short");
    assign(100).await.unwrap();
    issue(&bed, &id, "org_e", "120103", "c1").await.unwrap();
    assert_eq!(yuan(&bed, "programme:p").await, 400);
    let moved: Result<Vec<(String, String, String)>, store::StoreError> = bed
        .read(&auditor(), |cx| {
            Box::pin(async move {
                let sql = "SELECT debit, credit, code FROM pub_funds_transfer WHERE transfer_id LIKE 'asg_%'";
                let rows = cx.all(sql, vec![]).await?;
                rows.iter().map(|r| Ok((r.get("debit")?, r.get("credit")?, r.get("code")?))).collect()
            })
        })
        .await;
    let one = (format!("batch:{id}"), format!("quota:{id}:120103"), "assign".to_owned());
    assert_eq!(moved.unwrap(), [one], "one transfer, and none through the programme, whose sums stay as they were");
    books_are_right(&bed).await;
});

testkit::on_both!(a_closed_batch_gives_back_what_is_left_and_its_vouchers_stay_good, |bed| async move {
    let id = batch(&bed).await;
    let issued = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap();
    let close = async || {
        let cmd = CloseBatch { batch_id: id.clone(), reason: "年度结束".into() };
        bed.write(&city_officer(1), |cx| Box::pin(close_batch::run(cx, cmd))).await
    };
    assert_eq!(close().await.unwrap(), Fen::from_yuan(500));
    assert_eq!(yuan(&bed, "programme:p").await, 900);
    assert!(matches!(close().await, Err(CloseBatchError::AlreadyClosed {})));
    assert_eq!(issue(&bed, &id, "org_f", "120101", "c2").await.unwrap_err().code(), "batch-closed");
    crate::rest::reserve(&bed, &issued.voucher_id, "o1", 40).await.unwrap();
    // When it expires, what no order holds goes on to the programme: the batch keeps nothing any more.
    bed.on("2018-12-03");
    crate::time::expire(&bed).await;
    assert_eq!(yuan(&bed, "programme:p").await, 960);
    assert_eq!(yuan(&bed, &format!("quota:{id}:120101")).await, 0);
    books_are_right(&bed).await;
});

testkit::on_both!(a_batch_keeps_to_what_its_published_programme_allows, |bed| async move {
    const TOML: &str = include_str!("../../../../../programmes/tianjin-2018/programme.toml");
    const EXPECTED: &str = include_str!("../../../../../programmes/tianjin-2018/expected.toml");
    bed.write(&city_officer(1), |cx| Box::pin(policy::publish_text(cx, TOML, EXPECTED))).await.unwrap();
    let real = || OpenBatch { programme_id: "tianjin-2018".into(), ..terms() };
    let outside = open(&bed, OpenBatch { validity_days: 853, ..real() }).await.unwrap_err();
    assert_eq!(outside.code(), "outside-programme");
    assert!(outside.to_string().contains("1 … 852 (clause practice.batch); it is 853"), "{outside}");
    let none = open(&bed, OpenBatch { instrument_id: "gift".into(), ..real() }).await.unwrap_err();
    assert_eq!(none.code(), "instrument-unknown");
    assert_eq!(open(&bed, real()).await.unwrap_err().code(), "not-funded", "within bounds, only the money is missing");
});
