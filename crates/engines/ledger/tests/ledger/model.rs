//! Random histories against a model that is too simple to be wrong in the same way: it keeps only the list of accepted
//! transfers, recomputes every sum from the beginning, and copies itself before each chain.

use crate::world::*;
use kernel::{Fen, beijing_date};
use ledger::{Account, Accounts, Code, Counters, Limit, Outcome, Transfer, TransferKind, WorkingSet, check};
use proptest::prelude::*;

#[derive(Clone)]
struct Model {
    accounts: Vec<Account>,
    accepted: Vec<Transfer>,
}

/// What both must agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Created,
    Exists,
    Refused,
}

impl Model {
    fn sum(&self, of: impl Fn(&Transfer) -> bool, what: impl Fn(&Transfer) -> i128) -> i128 {
        self.accepted.iter().filter(|t| of(t)).map(what).sum()
    }

    fn resolver(&self, hold: &str) -> Option<&Transfer> {
        self.accepted.iter().find(|t| t.kind.pending_id() == Some(hold))
    }

    /// Debits pending and posted, credits pending and posted.
    fn sums(&self, account: &str) -> [i128; 4] {
        let amount = |t: &Transfer| i128::from(t.amount.0);
        let open = |t: &Transfer| matches!(t.kind, TransferKind::Pending { .. }) && self.resolver(&t.id).is_none();
        let moved = |t: &Transfer| matches!(t.kind, TransferKind::Posted | TransferKind::Post { .. });
        [
            self.sum(|t| t.debit == account && open(t), amount),
            self.sum(|t| t.debit == account && moved(t), amount),
            self.sum(|t| t.credit == account && open(t), amount),
            self.sum(|t| t.credit == account && moved(t), amount),
        ]
    }

    /// Right when every account is within its floor and within 64 bits.
    fn sound(&self) -> bool {
        self.accounts.iter().all(|account| {
            let [dp, d, cp, c] = self.sums(&account.id);
            let floor = match account.limit {
                Limit::None => true,
                Limit::CreditsMustNotFallBelowDebits => c - d - dp >= 0,
                Limit::DebitsMustNotFallBelowCredits => d - c - cp >= 0,
            };
            floor && d + dp <= i128::from(i64::MAX) && c + cp <= i128::from(i64::MAX)
        })
    }

    fn resolves_rightly(&self, t: &Transfer) -> bool {
        let Some(pending_id) = t.kind.pending_id() else { return true };
        let Some(hold) = self.accepted.iter().find(|h| h.id == pending_id) else { return false };
        let TransferKind::Pending { expires_on } = hold.kind else { return false };
        let today = beijing_date(t.at);
        let in_time = match t.kind {
            TransferKind::Post { .. } => t.amount <= hold.amount && expires_on.is_none_or(|day| today <= day),
            TransferKind::Expire { .. } => t.amount == hold.amount && expires_on.is_some_and(|day| today > day),
            _ => t.amount == hold.amount,
        };
        in_time && self.resolver(pending_id).is_none() && hold.debit == t.debit && hold.credit == t.credit
    }

    fn one(&mut self, t: &Transfer) -> Verdict {
        if let Some(first) = self.accepted.iter().find(|known| known.id == t.id) {
            return if (Transfer { at: first.at, ..t.clone() }) == *first { Verdict::Exists } else { Verdict::Refused };
        }
        let find = |id: &str| self.accounts.iter().find(|a| a.id == id);
        let (Some(debit), Some(credit)) = (find(&t.debit), find(&t.credit)) else { return Verdict::Refused };
        let only_undoes = matches!(t.kind, TransferKind::Void { .. } | TransferKind::Expire { .. });
        let allowed = !t.id.is_empty()
            && t.amount.0 > 0
            && t.debit != t.credit
            && t.code.fits(&t.kind, debit.kind, credit.kind)
            && (only_undoes || !(debit.closed || credit.closed))
            && self.resolves_rightly(t);
        self.accepted.push(t.clone());
        if allowed && self.sound() {
            return Verdict::Created;
        }
        self.accepted.pop();
        Verdict::Refused
    }

    fn chain(&mut self, chain: &[Transfer]) -> Vec<Verdict> {
        let before = self.clone();
        let verdicts: Vec<Verdict> = chain.iter().map(|t| self.one(t)).collect();
        let closed = chain.last().is_some_and(|t| !t.linked);
        if closed && verdicts[0] != Verdict::Refused && verdicts.iter().all(|v| *v == verdicts[0]) {
            return verdicts;
        }
        *self = before;
        vec![Verdict::Refused; chain.len()]
    }

    fn apply(&mut self, batch: &[Transfer]) -> Vec<Verdict> {
        batch.chunk_by(|t, _| t.linked).flat_map(|chain| self.chain(chain)).collect()
    }
}

fn verdict(outcome: &Outcome) -> Verdict {
    match outcome {
        Outcome::Created => Verdict::Created,
        Outcome::Exists => Verdict::Exists,
        Outcome::Refused(_) => Verdict::Refused,
    }
}

/// The funded accounts' starting point: the bank may be without a floor, so that sums can grow past 64 bits.
fn start(bank_unlimited: bool, frozen: bool) -> Accounts {
    let mut accounts = empty();
    let change = |account: &Account| match account.id.as_str() {
        "bank" if bank_unlimited => Account { limit: Limit::None, ..account.clone() },
        "v2" => Account { closed: frozen, ..account.clone() },
        _ => account.clone(),
    };
    let changed: Vec<Account> = accounts.iter().map(change).collect();
    for account in changed {
        accounts.insert(account);
    }
    accounts
}

/// Moves that can happen, between accounts that mostly have money.
const MOVES: [(Code, &str, &str); 15] = [
    (Code::Appropriate, "bank", "city"),
    (Code::Allocate, "city", "programme"),
    (Code::Issue, "batch", "v1"),
    (Code::Issue, "batch", "v2"),
    (Code::Release, "v1", "batch"),
    (Code::Expire, "v2", "batch"),
    (Code::Pay, "p1", "bank"),
    (Code::Pay, "p2", "bank"),
    (Code::Recover, "owed", "recovered"),
    (Code::Recover, "p1", "recovered"),
    (Code::Repay, "bank", "owed"),
    (Code::Return, "recovered", "programme"),
    (Code::Return, "recovered", "bank"),
    (Code::WriteOff, "recovered", "owed"),
    (Code::Correct, "v1", "v2"),
];

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![30 => 1i64..60, 4 => 60i64..300, 1 => -1i64..=0, 1 => Just(i64::MAX)]
}

/// Times around the last day of the holds that have one.
fn when() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("2018-12-30T01:00:00Z"), 2 => Just("2019-01-01T01:00:00Z")]
}

/// A transfer out of small pools of ids, so that repeats, conflicts and resolutions of each other's holds are common.
fn transfer() -> impl Strategy<Value = Transfer> {
    let plain = (0usize..MOVES.len(), 0u8..60, amount(), any::<bool>()).prop_map(|(m, id, fen, two_phase)| {
        let (code, debit, credit) = MOVES[m];
        let kind = TransferKind::Pending { expires_on: None };
        let t = posted(&format!("t{id}"), code, debit, credit, fen);
        if two_phase && id % 4 == 0 { Transfer { kind, ..t } } else { t }
    });
    // A hold's content follows from its id, so that those who resolve it know it.
    let holds = (0u8..24).prop_map(known_hold);
    let resolutions = (0u8..24, 0u8..40, 0u8..3, 0i64..=45).prop_map(|(h, id, how, fen)| {
        let h = known_hold(h);
        let id = format!("r{id}");
        match how {
            0 => post(&id, &h, fen),
            1 => void(&id, &h),
            _ => expire(&id, &h),
        }
    });
    let misfits = ("[a-z]{0,2}", 0usize..Code::ALL.len(), 0usize..ACCOUNTS.len(), 0usize..ACCOUNTS.len())
        .prop_map(|(id, code, d, c)| posted(&id, Code::ALL[code], ACCOUNTS[d].0, ACCOUNTS[c].0, 5));
    let any_of = prop_oneof![6 => plain, 6 => holds, 8 => resolutions, 1 => misfits];
    (any_of, prop::bool::weighted(0.25), when()).prop_map(|(t, linked, when)| on(when, Transfer { linked, ..t }))
}

fn known_hold(n: u8) -> Transfer {
    let h = hold(&format!("h{n}"), if n.is_multiple_of(3) { "v2" } else { "v1" }, 5 + i64::from(n) * 2);
    if n.is_multiple_of(2) { until("2018-12-31", h) } else { h }
}

fn counters(sums: [i128; 4]) -> Counters {
    let [dp, d, cp, c] = sums.map(|sum| Fen(i64::try_from(sum).expect("within 64 bits")));
    Counters { debits_pending: dp, debits_posted: d, credits_pending: cp, credits_posted: c }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Batch after batch, each in a fresh working set that has read back what the earlier ones made: engine and model give
    /// the same answers and the same sums, money is conserved, no floor is broken, no hold resolves twice.
    #[test]
    fn any_history_agrees_with_the_model(
        batches in prop::collection::vec(prop::collection::vec(transfer(), 1..40), 1..6),
        bank_unlimited in any::<bool>(),
        frozen in prop::bool::weighted(0.2),
    ) {
        let mut accounts = start(bank_unlimited, frozen);
        let mut model = Model { accounts: accounts.iter().cloned().collect(), accepted: Vec::new() };
        let mut stored: Vec<Transfer> = Vec::new();
        for batch in std::iter::once(funding()).chain(batches) {
            let before = accounts.clone();
            let mut set = WorkingSet::new(accounts, &stored);
            let outcomes = set.apply(&batch);
            let verdicts: Vec<Verdict> = outcomes.iter().map(verdict).collect();
            prop_assert_eq!(&verdicts, &model.apply(&batch), "{:#?}", outcomes);
            for account in before.iter() {
                let now = set.account(&account.id).unwrap();
                prop_assert_eq!(now.counters, counters(model.sums(&account.id)), "{}", account.id);
                let written_back = set.changed().any(|a| a.id == account.id);
                prop_assert!(written_back || now == account, "{} changed unnoticed", account.id);
            }
            accounts = set.into_accounts();
            let made = batch.iter().zip(&verdicts).filter(|(_, v)| **v == Verdict::Created).map(|(t, _)| t.clone());
            let made: Vec<Transfer> = made.collect();
            stored.extend(made);
        }
        prop_assert_eq!(&stored, &model.accepted);
        prop_assert_eq!(check(accounts.iter(), &stored), []);
    }

    /// Whatever was made can be sent again, in one batch or chain by chain in any order, and changes nothing.
    #[test]
    fn a_retry_of_anything_changes_nothing(
        batch in prop::collection::vec(transfer(), 1..80),
        order in any::<prop::sample::Index>(),
    ) {
        let batch = [funding(), batch].concat();
        let mut set = WorkingSet::new(empty(), &[]);
        let outcomes = set.apply(&batch);
        let made = batch.iter().zip(&outcomes).filter(|(_, o)| **o == Outcome::Created).map(|(t, _)| t.clone());
        let made: Vec<Transfer> = made.collect();
        let mut chains: Vec<&[Transfer]> = made.chunk_by(|t, _| t.linked).collect();
        let turn = order.index(chains.len());
        chains.rotate_left(turn);
        let shuffled: Vec<Transfer> = chains.concat().into_iter().map(|t| on("2019-06-01T00:00:00Z", t)).collect();
        let before = snapshot(&set);
        let mut fresh = WorkingSet::new(set.clone().into_accounts(), &made);
        for set in [&mut set, &mut fresh] {
            prop_assert!(set.apply(&shuffled).iter().all(|o| *o == Outcome::Exists));
            prop_assert_eq!(snapshot(set), before.clone());
        }
        prop_assert_eq!(fresh.changed().len(), 0);
    }

    /// However a batch is cut (never within a chain), the outcomes are the same.
    #[test]
    fn batching_does_not_matter(batch in prop::collection::vec(transfer(), 1..80)) {
        let batch = [funding(), batch].concat();
        let whole = WorkingSet::new(empty(), &[]).apply(&batch);
        let mut set = WorkingSet::new(empty(), &[]);
        let piecewise: Vec<Outcome> = batch.chunk_by(|t, _| t.linked).flat_map(|chain| set.apply(chain)).collect();
        prop_assert_eq!(whole, piecewise);
    }
}
