//! Reserving, releasing, settling; a voucher spent twice at the same moment.

use kernel::Fen;
use store::{Refusal, StoreError};
use testkit::{city_officer, day, enterprise_owner};
use vouchers::VoucherState::{Issued, Reserved, Used};
use vouchers::release::ReleaseError;
use vouchers::reserve::{self, Reserve, ReserveError};
use vouchers::settle_hold::SettleHoldError;

use crate::rest::{at, batch, books_are_right, issue, release, reserve, reserve_for, settle, yuan};

testkit::on_both!(a_voucher_spent_twice_at_the_same_moment_is_spent_once, |bed| async move {
    let id = batch(&bed).await;
    let voucher = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap().voucher_id;
    let mut tries = Vec::new();
    for n in 0..8 {
        let (db, voucher_id) = (bed.db.clone(), voucher.clone());
        tries.push(tokio::spawn(async move {
            let (order_id, provider_id) = (format!("o{n}"), "org_s".into());
            let cmd = Reserve { voucher_id, order_id, provider_id, amount: Fen::from_yuan(60) };
            db.write(&enterprise_owner("org_e"), "test", |cx| Box::pin(reserve::run(cx, cmd))).await
        }));
    }
    let (mut held, mut refused) = (0, 0);
    for each in tries {
        match each.await.unwrap() {
            Ok(_) => held += 1,
            Err(ReserveError::VoucherTooSmall { spendable, held, asked }) => {
                assert_eq!((spendable, held, asked), (Fen(4_000), Fen(6_000), Fen(6_000)));
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((held, refused), (1, 7));
    assert_eq!(at(&bed, &voucher).await, (Reserved, 40, 60));
    books_are_right(&bed).await;
});

testkit::on_both!(a_hold_is_settled_in_part_and_the_rest_is_the_vouchers_again, |bed| async move {
    let id = batch(&bed).await;
    let voucher = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap().voucher_id;
    let hold = reserve(&bed, &voucher, "o1", 60).await.unwrap();
    assert_eq!(hold, "o1/hold");
    assert_eq!(reserve(&bed, &voucher, "o1", 60).await.unwrap(), hold, "a retry is answered like the first time");
    assert!(matches!(reserve(&bed, &voucher, "o1", 61).await, Err(ReserveError::OrderHasReservation { .. })));
    let sixty = Fen::from_yuan(60);
    assert!(matches!(settle(&bed, "o1", 61).await, Err(SettleHoldError::MoreThanHeld { held, .. }) if held == sixty));
    settle(&bed, "o1", 45).await.unwrap();
    assert_eq!(at(&bed, &voucher).await, (Issued, 55, 0));
    assert_eq!(yuan(&bed, "payable:org_s").await, 45);
    assert_eq!(settle(&bed, "o1", 45).await.unwrap_err().code(), "already-settled");
    assert!(matches!(release(&bed, "o1").await, Err(ReleaseError::AlreadySettled { .. })));
    reserve(&bed, &voucher, "o2", 55).await.unwrap();
    settle(&bed, "o2", 55).await.unwrap();
    assert_eq!(at(&bed, &voucher).await, (Used, 0, 0));
    assert_eq!(reserve(&bed, &voucher, "o3", 1).await.unwrap_err().code(), "voucher-not-usable");
    books_are_right(&bed).await;
});

testkit::on_both!(a_released_hold_is_gone_and_may_be_released_again, |bed| async move {
    let id = batch(&bed).await;
    let voucher = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap().voucher_id;
    reserve(&bed, &voucher, "o1", 60).await.unwrap();
    release(&bed, "o1").await.unwrap();
    release(&bed, "o1").await.expect("a retry");
    assert_eq!(at(&bed, &voucher).await, (Issued, 100, 0));
    assert_eq!(settle(&bed, "o1", 1).await.unwrap_err().code(), "already-released");
    assert!(matches!(release(&bed, "o9").await, Err(ReleaseError::NotFound)));
});

testkit::on_both!(a_provider_takes_no_more_than_its_quota, |bed| async move {
    let id = batch(&bed).await;
    let mut vouchers = Vec::new();
    for (district, case) in [("120101", "c1"), ("120101", "c2")] {
        vouchers.push(issue(&bed, &id, "org_e", district, case).await.unwrap().voucher_id);
    }
    bed.on("2019-01-02");
    vouchers.push(issue(&bed, &id, "org_e", "120102", "c3").await.unwrap().voucher_id);
    bed.on("2018-11-01");
    reserve(&bed, &vouchers[0], "o1", 100).await.unwrap();
    settle(&bed, "o1", 90).await.unwrap();
    reserve(&bed, &vouchers[1], "o2", 100).await.unwrap();
    let refused = reserve(&bed, &vouchers[2], "o3", 61).await.unwrap_err();
    match refused {
        ReserveError::ProviderQuotaExceeded { quota, committed, asked } => {
            assert_eq!([quota, committed, asked], [250, 190, 61].map(Fen::from_yuan));
        }
        other => panic!("{other}"),
    }
    reserve_for(&bed, &vouchers[2], "o4", "org_t", 61).await.expect("another provider has its own quota");
    reserve(&bed, &vouchers[2], "o5", 39).await.unwrap();
    let third = vouchers[2].clone();
    let left = bed
        .read::<_, StoreError, _>(&city_officer(1), |cx| {
            Box::pin(async move { vouchers::remainders(cx, &third, "org_s", day("2018-11-02")).await })
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(left.voucher_fen, Fen::ZERO);
    assert_eq!(left.enterprise_year_fen, Some(Fen::from_yuan(110)));
    assert_eq!(left.provider_fen, Some(Fen::from_yuan(160)));
    assert_eq!(left.batch_fen, Fen::from_yuan(510));
});

testkit::on_both!(nobody_spends_another_enterprises_voucher, |bed| async move {
    let id = batch(&bed).await;
    let voucher_id = issue(&bed, &id, "org_e", "120101", "c1").await.unwrap().voucher_id;
    let cmd = Reserve { voucher_id, order_id: "o1".into(), provider_id: "org_s".into(), amount: Fen(1) };
    let refused = bed.write(&enterprise_owner("org_f"), |cx| Box::pin(reserve::run(cx, cmd))).await;
    assert!(matches!(refused, Err(ReserveError::Forbidden)));
    let cmd = vouchers::release::Release { order_id: "o1".into(), reason: String::new() };
    let refused = bed.write(&testkit::provider("org_t"), |cx| Box::pin(vouchers::release::run(cx, cmd))).await;
    assert!(matches!(refused, Err(ReleaseError::NotFound)));
});
