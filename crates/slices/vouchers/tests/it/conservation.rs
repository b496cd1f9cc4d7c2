//! Whatever is done in whatever order, no fen appears or is lost: checked after every step of random histories.

use kernel::{Actor, Fen};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::{Backend, StoreError, params};
use testkit::{TestBed, city_officer};
use vouchers::cancel::{self, Cancel};
use vouchers::freeze::{self, Freeze};
use vouchers::open_batch::OpenBatch;

use crate::rest::{fund, issue, open, release, reserve_for, settle, terms};
use crate::time::expire;

#[derive(Clone, Debug)]
enum Step {
    Issue { district: u8 },
    Reserve { voucher: u8, provider: u8, yuan: i64 },
    Release { order: u8 },
    Settle { order: u8, yuan: i64 },
    Cancel { voucher: u8 },
    Freeze { voucher: u8, frozen: bool },
    Days { days: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..2u8).prop_map(|district| Step::Issue { district }),
        6 => (0..6u8, 0..2u8, -1..70i64)
            .prop_map(|(voucher, provider, yuan)| Step::Reserve { voucher, provider, yuan }),
        3 => (0..10u8).prop_map(|order| Step::Release { order }),
        4 => (0..10u8, -1..50i64).prop_map(|(order, yuan)| Step::Settle { order, yuan }),
        1 => (0..6u8).prop_map(|voucher| Step::Cancel { voucher }),
        1 => (0..6u8, any::<bool>()).prop_map(|(voucher, frozen)| Step::Freeze { voucher, frozen }),
        2 => (1..40i64).prop_map(|days| Step::Days { days }),
    ]
}

struct History {
    bed: TestBed,
    batch_id: String,
    vouchers: Vec<String>,
    orders: u8,
    cases: u32,
    done: u32,
}

impl History {
    /// Carries out a step; a refusal is as good as a success, as long as the books are right afterwards.
    async fn take(&mut self, step: &Step) {
        let voucher = |n: &u8| match self.vouchers.len() {
            0 => "vch_none".to_owned(),
            len => self.vouchers[usize::from(*n) % len].clone(),
        };
        let done = match step {
            Step::Issue { district } => {
                self.cases += 1;
                let (district, case) = (["120101", "120102"][usize::from(*district)], format!("c{}", self.cases));
                let issued = issue(&self.bed, &self.batch_id, "org_e", district, &case).await;
                let done = issued.is_ok();
                self.vouchers.extend(issued.map(|i| i.voucher_id));
                done
            }
            Step::Reserve { voucher: v, provider, yuan } => {
                let (order, provider) = (format!("o{}", self.orders), ["org_s", "org_t"][usize::from(*provider)]);
                let reserved = reserve_for(&self.bed, &voucher(v), &order, provider, *yuan).await.is_ok();
                self.orders += u8::from(reserved);
                reserved
            }
            Step::Release { order } => release(&self.bed, &order_of(self.orders, *order)).await.is_ok(),
            Step::Settle { order, yuan } => settle(&self.bed, &order_of(self.orders, *order), *yuan).await.is_ok(),
            Step::Cancel { voucher: v } => {
                let cmd = Cancel { voucher_id: voucher(v), reason: "r".into() };
                self.bed.write(&city_officer(1), |cx| Box::pin(cancel::run(cx, cmd))).await.is_ok()
            }
            Step::Freeze { voucher: v, frozen } => {
                let cmd = Freeze { voucher_id: voucher(v), frozen: *frozen, reason: "r".into() };
                self.bed.write(&city_officer(1), |cx| Box::pin(freeze::run(cx, cmd))).await.is_ok()
            }
            Step::Days { days } => {
                self.bed.clock.advance(jiff::Span::new().hours(24 * days));
                expire(&self.bed).await != vouchers::expire_due::Expired::default()
            }
        };
        self.done += u32::from(done);
    }

    /// LG-1 … LG-5; VC-2 for each voucher; VC-3 for the batch; each reservation agrees with the ledger.
    async fn check(&self) {
        let batch_id = self.batch_id.clone();
        let broken = self.bed.read::<_, StoreError, _>(&Actor::system(), |cx| Box::pin(funds::verify(cx))).await;
        assert_eq!(broken.unwrap(), vec![]);
        let (rows, quotas) = self
            .bed
            .read::<_, StoreError, _>(&Actor::system(), |cx| {
                Box::pin(async move {
                    let sql = "SELECT v.id, v.state, v.face_fen, v.returned_fen, a.available_fen, a.held_fen, \
                               CAST(COALESCE(SUM(r.settled_fen), 0) AS BIGINT) AS settled_fen, \
                               CAST(COALESCE(SUM(CASE WHEN r.state = 'held' THEN r.amount_fen ELSE 0 END), 0) AS BIGINT) \
                               AS reserved_fen FROM vouchers_voucher v \
                               JOIN pub_funds_account a ON a.account_id = 'voucher:' || v.id \
                               LEFT JOIN vouchers_reservation r ON r.voucher_id = v.id \
                               GROUP BY v.id, v.state, v.face_fen, v.returned_fen, a.available_fen, a.held_fen";
                    let rows = cx.all(sql, vec![]).await?;
                    let sql = "SELECT CAST(SUM(available_fen) AS BIGINT) AS fen FROM pub_funds_account \
                               WHERE kind = 'batch' AND (parent = $1 OR account_id = $1)";
                    let quotas: Fen = cx.one(sql, params![funds::ids::batch(&batch_id)]).await?.get("fen")?;
                    Ok((rows, quotas))
                })
            })
            .await
            .unwrap();
        let mut out = Fen::ZERO;
        for r in &rows {
            let fen = |column: &str| r.get::<i64>(column).unwrap();
            let state: String = r.get("state").unwrap();
            let (face, returned, settled) = (fen("face_fen"), fen("returned_fen"), fen("settled_fen"));
            let (spendable, held) = (fen("available_fen"), fen("held_fen"));
            assert_eq!(face, spendable + held + settled + returned, "VC-2, {state}");
            assert_eq!(held, fen("reserved_fen"), "the reservations are the holds, {state}");
            let at_end = matches!(state.as_str(), "used" | "expired" | "cancelled");
            assert!(!at_end || spendable + held == 0, "a {state} voucher has {spendable} and {held}");
            assert_eq!(state == "reserved", held > 0 && state != "frozen", "{state} with {held} held");
            out += Fen(face - returned);
        }
        assert_eq!(quotas + out, Fen::from_yuan(600), "VC-3: the batch is where its vouchers and quotas are");
    }
}

/// One of the orders that hold or held something.
fn order_of(orders: u8, n: u8) -> String {
    format!("o{}", n % orders.max(1))
}

fn histories_keep_every_fen(backend: Backend) {
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    let most_done = std::cell::Cell::new(0);
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let result = runner.run(&proptest::collection::vec(step(), 1..60), |steps| {
        let mut done = 0;
        TestBed::run_on(backend, |bed| async {
            fund(&bed).await;
            let batch_id = open(&bed, OpenBatch { enterprise_year_quota: None, ..terms() }).await.unwrap();
            let mut history = History { bed, batch_id, vouchers: Vec::new(), orders: 0, cases: 0, done: 0 };
            for step in &steps {
                history.take(step).await;
                history.check().await;
            }
            done = history.done;
        });
        most_done.set(most_done.get().max(done));
        Ok(())
    });
    result.unwrap();
    assert!(most_done.get() > 20, "histories in which nothing happens prove nothing");
}

#[test]
fn histories_keep_every_fen_sqlite() {
    histories_keep_every_fen(Backend::Sqlite);
}

#[test]
fn histories_keep_every_fen_postgres() {
    histories_keep_every_fen(Backend::Postgres);
}
