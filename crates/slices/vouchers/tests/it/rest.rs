//! What the tests have in common: a programme with money, a batch, and each use case as a short call.

use funds::allocate::{self, Allocate, Target};
use funds::appropriate::{self, Appropriate};
use kernel::{Actor, Fen, Text};
use store::StoreError;
use testkit::{TestBed, city_officer, day, enterprise_owner};
use vouchers::issue::{self, Issue, IssueError, Issued};
use vouchers::open_batch::{self, OpenBatch, OpenBatchError};
use vouchers::release::{self, Release, ReleaseError};
use vouchers::reserve::{self, Reserve, ReserveError};
use vouchers::settle_hold::{self, SettleHold, SettleHoldError};
use vouchers::{BatchState, Standing, Voucher, VoucherState};

/// A programme with 1,000 yuan.
pub async fn fund(bed: &TestBed) {
    let granted = Appropriate {
        programme_id: "p".into(),
        amount: Fen::from_yuan(1_000),
        document_number: "津财〔2018〕1号".into(),
        document_title: "资金下达".into(),
        document_on: day("2018-09-01"),
    };
    bed.write(&city_officer(1), |cx| Box::pin(appropriate::run(cx, granted))).await.unwrap();
    let (programme_id, reference) = ("p".into(), "决定 1".into());
    let given = Allocate { programme_id, target: Target::Programme, amount: Fen::from_yuan(1_000), reference };
    bed.write(&city_officer(1), |cx| Box::pin(allocate::run(cx, given))).await.unwrap();
}

/// 600 yuan in vouchers of 100 yuan, 300 for Heping, 200 for Hedong, 100 in reserve; 20 %, 90 days, holds of 200 days;
/// an enterprise may have 200 a year, a provider 250.
pub fn terms() -> OpenBatch {
    OpenBatch {
        programme_id: "p".into(),
        instrument_id: "cloud-voucher".into(),
        title: Text::new("第一批", "First batch"),
        rate_bp: 2_000,
        own_share_bp: 2_000,
        face_value: Fen::from_yuan(100),
        validity_days: 90,
        hold_days: 200,
        opens_on: day("2018-09-03"),
        closes_on: day("2019-12-31"),
        budget: Fen::from_yuan(600),
        provider_quota: Some(Fen::from_yuan(250)),
        enterprise_year_quota: Some(Fen::from_yuan(200)),
        quotas: vec![("120101".into(), Fen::from_yuan(300)), ("120102".into(), Fen::from_yuan(200))],
    }
}

pub async fn open(bed: &TestBed, terms: OpenBatch) -> Result<String, OpenBatchError> {
    bed.write(&city_officer(1), |cx| Box::pin(open_batch::run(cx, terms))).await
}

/// A funded programme and the batch of [`terms`].
pub async fn batch(bed: &TestBed) -> String {
    fund(bed).await;
    open(bed, terms()).await.unwrap()
}

pub async fn issue(bed: &TestBed, batch_id: &str, org: &str, district: &str, case: &str) -> Result<Issued, IssueError> {
    let (batch_id, org_id, district) = (batch_id.into(), org.into(), district.into());
    let cmd = Issue { batch_id, org_id, district, case_id: case.into(), decision_id: "dec_1".into() };
    bed.write(&city_officer(1), |cx| Box::pin(issue::run(cx, cmd))).await
}

/// Yuan of voucher `voucher_id`, owned by `org_e`, for provider `org_s`.
pub async fn reserve(bed: &TestBed, voucher_id: &str, order: &str, yuan: i64) -> Result<String, ReserveError> {
    reserve_for(bed, voucher_id, order, "org_s", yuan).await
}

pub async fn reserve_for(
    bed: &TestBed,
    voucher_id: &str,
    order: &str,
    provider: &str,
    yuan: i64,
) -> Result<String, ReserveError> {
    let (voucher_id, order_id, provider_id) = (voucher_id.into(), order.into(), provider.into());
    let cmd = Reserve { voucher_id, order_id, provider_id, amount: Fen::from_yuan(yuan) };
    bed.write(&enterprise_owner("org_e"), |cx| Box::pin(reserve::run(cx, cmd))).await
}

pub async fn release(bed: &TestBed, order: &str) -> Result<(), ReleaseError> {
    let cmd = Release { order_id: order.into(), reason: "declined".into() };
    bed.write(&testkit::provider("org_s"), |cx| Box::pin(release::run(cx, cmd))).await
}

pub async fn settle(bed: &TestBed, order: &str, yuan: i64) -> Result<(), SettleHoldError> {
    let cmd = SettleHold { order_id: order.into(), amount: Fen::from_yuan(yuan) };
    bed.write(&city_officer(1), |cx| Box::pin(settle_hold::run(cx, cmd))).await
}

pub async fn voucher(bed: &TestBed, id: &str) -> (Voucher, Standing) {
    let id = id.to_owned();
    bed.read::<_, StoreError, _>(&Actor::system(), |cx| {
        Box::pin(async move {
            let voucher = vouchers::voucher(cx, &id).await?.unwrap();
            let balance = funds::balance(cx, &funds::ids::voucher(&id)).await?.unwrap();
            Ok((voucher, Standing { spendable: balance.available, held: balance.held }))
        })
    })
    .await
    .unwrap()
}

/// State, spendable yuan, held yuan.
pub async fn at(bed: &TestBed, id: &str) -> (VoucherState, i64, i64) {
    let (voucher, standing) = voucher(bed, id).await;
    (voucher.state, standing.spendable.0 / 100, standing.held.0 / 100)
}

pub async fn yuan(bed: &TestBed, account: &str) -> i64 {
    let (id, system) = (account.to_owned(), Actor::system());
    let balance = bed.read::<_, StoreError, _>(&system, |cx| Box::pin(async move { funds::balance(cx, &id).await }));
    balance.await.unwrap().map_or(0, |b| b.available.0 / 100)
}

/// Where a batch stands.
pub async fn batch_state(bed: &TestBed, id: &str) -> BatchState {
    let (id, system) = (id.to_owned(), Actor::system());
    let found = bed.read::<_, StoreError, _>(&system, |cx| Box::pin(async move { vouchers::batch(cx, &id).await }));
    found.await.unwrap().unwrap().state
}

pub async fn books_are_right(bed: &TestBed) {
    let broken = bed.read::<_, StoreError, _>(&Actor::system(), |cx| Box::pin(funds::verify(cx))).await.unwrap();
    assert!(broken.is_empty(), "{broken:?}");
}
