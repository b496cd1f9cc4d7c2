//! How many transfers a second the engine decides, alone: no record is written. Run with `--release`.
//!
//! Each batch has 8,190 transfers over its own vouchers: an issue, a hold and a post of most of it for each. Accounts stay
//! in one cache, as a single writer would keep them; a working set is made anew for every batch, which is part of the time.
#![expect(clippy::print_stdout, reason = "a figure for the person who runs it")]

use std::time::{Duration, Instant};

use kernel::Fen;
use ledger::{Account, AccountKind, Accounts, Code, Outcome, Transfer, TransferKind, WorkingSet, check};

const BATCHES: usize = 100;
const VOUCHERS_PER_BATCH: usize = 2_730;

fn main() {
    let (mut accounts, history) = build();
    let mut taken: Vec<Duration> = Vec::with_capacity(BATCHES);
    for batch in &history {
        let start = Instant::now();
        let mut set = WorkingSet::new(accounts, &[]);
        let outcomes = set.apply(batch);
        accounts = set.into_accounts();
        taken.push(start.elapsed());
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Created));
    }
    // The first batch is only the funding.
    taken.remove(0);
    taken.sort_unstable();
    let rate = |count: usize, time: Duration| count as f64 / time.as_secs_f64() / 1e6;
    let (count, cached) = (3 * VOUCHERS_PER_BATCH, accounts.len());
    let (median, slowest) = (rate(count, taken[BATCHES / 2]), rate(count, taken[BATCHES - 1]));
    println!(
        "decide: median {median:.2}, slowest {slowest:.2} million transfers/s, {count} a batch, {cached} accounts"
    );

    let start = Instant::now();
    assert_eq!(check(accounts.iter(), history.iter().flatten()), []);
    let all = count * BATCHES + 1;
    println!("verify: {:.2} million transfers/s over {all}", rate(all, start.elapsed()));
}

fn build() -> (Accounts, Vec<Vec<Transfer>>) {
    let at = "2018-09-03T01:00:00Z".parse().expect("is a time");
    let transfer = |id: &str, debit: &str, credit: &str, fen: i64, code, kind| Transfer {
        id: id.into(),
        debit: debit.into(),
        credit: credit.into(),
        amount: Fen(fen),
        code,
        kind,
        linked: false,
        reference: "rate".into(),
        at,
    };
    let mut accounts = Accounts::default();
    accounts.insert(Account::new("bank", AccountKind::Bank, at));
    accounts.insert(Account::new("batch", AccountKind::Batch, at));
    let mut history = vec![vec![transfer("fund", "bank", "batch", 1 << 50, Code::Correct, TransferKind::Posted)]];
    for b in 0..BATCHES {
        let provider = format!("prv_01JD3K5T9V{b:016}");
        accounts.insert(Account::new(provider.as_str(), AccountKind::ProviderPayable, at));
        let mut batch = Vec::with_capacity(3 * VOUCHERS_PER_BATCH);
        for v in 0..VOUCHERS_PER_BATCH {
            let voucher = format!("vch_01JD3K5T9V{:016}", b * VOUCHERS_PER_BATCH + v);
            accounts.insert(Account::new(voucher.as_str(), AccountKind::Voucher, at));
            let id = |step: &str| format!("{voucher}/{step}");
            let pending = TransferKind::Pending { expires_on: None };
            let post = TransferKind::Post { pending_id: id("hold") };
            batch.push(transfer(&id("issue"), "batch", &voucher, 1_000, Code::Issue, TransferKind::Posted));
            batch.push(transfer(&id("hold"), &voucher, &provider, 900, Code::Hold, pending));
            batch.push(transfer(&id("settle"), &voucher, &provider, 800, Code::Settle, post));
        }
        history.push(batch);
    }
    (accounts, history)
}
