//! What the tests have in common.

use kernel::{Actor, Fen};
use ledger::{AccountKind, Code, Outcome, Transfer, TransferKind, Violation};
use store::{Param, StoreError};
use testkit::TestBed;

/// A posted transfer.
pub fn transfer(id: &str, debit: &str, credit: &str, fen: i64, code: Code) -> Transfer {
    Transfer {
        id: id.into(),
        debit: debit.into(),
        credit: credit.into(),
        amount: Fen(fen),
        code,
        kind: TransferKind::Posted,
        linked: false,
        reference: "ref".into(),
        at: testkit::instant("2018-09-03"),
    }
}

/// A voucher with 1,000 fen in it, fed from the bank down; and a payable.
pub async fn open(bed: &TestBed) {
    use AccountKind::*;
    let accounts = [
        ("bank", Bank),
        ("appropriation:p", Appropriation),
        ("programme:p", Programme),
        ("batch:b", Batch),
        ("voucher:v", Voucher),
        ("payable:s", ProviderPayable),
    ];
    bed.write::<_, StoreError, _>(&Actor::system(), move |cx| {
        Box::pin(async move {
            for (id, kind) in accounts {
                funds::open_account(cx, id, kind, kind.usual_limit()).await?;
            }
            cx.journal("test.open", "x", &(), &()).await
        })
    })
    .await
    .unwrap();
    let down = vec![
        transfer("t/1", "bank", "appropriation:p", 5_000, Code::Appropriate),
        transfer("t/2", "appropriation:p", "programme:p", 4_000, Code::Allocate),
        transfer("t/3", "programme:p", "batch:b", 3_000, Code::Allocate),
        transfer("t/4", "batch:b", "voucher:v", 1_000, Code::Issue),
    ];
    post(bed, down).await.unwrap();
}

pub async fn post(bed: &TestBed, transfers: Vec<Transfer>) -> Result<(), funds::PostError> {
    bed.write(&Actor::system(), move |cx| {
        Box::pin(async move {
            funds::post(cx, &transfers).await?;
            cx.journal("test.post", "x", &(), &()).await?;
            Ok(())
        })
    })
    .await
}

pub async fn post_batch(bed: &TestBed, transfers: Vec<Transfer>) -> Vec<Outcome> {
    bed.write::<_, StoreError, _>(&Actor::system(), move |cx| {
        Box::pin(async move {
            let outcomes = funds::post_batch(cx, &transfers).await?;
            cx.journal("test.post", "x", &(), &()).await?;
            Ok(outcomes)
        })
    })
    .await
    .unwrap()
}

pub async fn available(bed: &TestBed, id: &'static str) -> i64 {
    bed.read::<_, StoreError, _>(&Actor::system(), |cx| Box::pin(funds::balance(cx, id)))
        .await
        .unwrap()
        .map_or(0, |b| b.available.0)
}

pub async fn verify(bed: &TestBed) -> Vec<Violation> {
    bed.read::<_, StoreError, _>(&Actor::system(), |cx| Box::pin(funds::verify(cx))).await.unwrap()
}

/// A statement beside the rules, as somebody with the database file could run it.
pub async fn tamper(bed: &TestBed, sql: &'static str, values: Vec<Param>) {
    bed.write::<_, StoreError, _>(&Actor::system(), move |cx| {
        Box::pin(async move {
            assert_eq!(cx.execute(sql, values).await?, 1, "{sql}");
            cx.journal("test.tamper", "x", &(), &()).await
        })
    })
    .await
    .unwrap();
}
