//! The ledger's invariants, checked on what is stored: `verify` runs this over every account and every transfer, and
//! the simulator after each step. It shares no arithmetic with the engine that it judges.

use std::borrow::Borrow;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use kernel::{Lang, Text};

use crate::account::{Account, AccountKind, Limit};
use crate::transfer::{Transfer, TransferKind};

/// What must hold at all times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Invariant {
    /// LG-1: over all accounts, debits equal credits, both pending and posted.
    DebitsEqualCredits,
    /// LG-2: no account is under its floor, now or after any transfer so far.
    NoneUnderItsFloor,
    /// LG-3: a hold resolves at most once, for no more than it holds, between its own accounts.
    HoldResolvesOnce,
    /// LG-4: each account's counters are the sums of its transfers.
    CountersAreSums,
    /// LG-5: every transfer moves an amount above zero between two different, existing accounts that its code may join.
    TransfersAreWellFormed,
}

impl Invariant {
    /// All, in the order of their ids.
    pub const ALL: [Invariant; 5] = [
        Invariant::DebitsEqualCredits,
        Invariant::NoneUnderItsFloor,
        Invariant::HoldResolvesOnce,
        Invariant::CountersAreSums,
        Invariant::TransfersAreWellFormed,
    ];

    /// `LG-1` … `LG-5`.
    pub fn id(self) -> &'static str {
        match self {
            Invariant::DebitsEqualCredits => "LG-1",
            Invariant::NoneUnderItsFloor => "LG-2",
            Invariant::HoldResolvesOnce => "LG-3",
            Invariant::CountersAreSums => "LG-4",
            Invariant::TransfersAreWellFormed => "LG-5",
        }
    }

    /// The rule in words.
    pub fn title(self, lang: Lang) -> &'static str {
        match self {
            Invariant::DebitsEqualCredits => lang.t("借贷相等", "debits equal credits"),
            Invariant::NoneUnderItsFloor => lang.t("账户不透支", "no account is under its floor"),
            Invariant::HoldResolvesOnce => lang.t("占用至多处理一次", "a hold resolves at most once"),
            Invariant::CountersAreSums => {
                lang.t("累计数等于转账之和", "each account's counters are the sums of its transfers")
            }
            Invariant::TransfersAreWellFormed => lang.t("每笔转账合规", "every transfer is well formed"),
        }
    }
}

/// One broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// The account or transfer that is broken; empty where it is the whole ledger.
    pub subject: String,
    /// What is wrong, with numbers.
    pub what: Text,
}

/// Each invariant names so many violations one by one; the rest are counted.
const NAMED_MAX: usize = 100;

/// Checks everything: all accounts as stored, all transfers in the order in which the ledger made them. No violation means
/// that the books are right.
pub fn check<A: Borrow<Account>, T: Borrow<Transfer>>(
    accounts: impl IntoIterator<Item = A>,
    transfers: impl IntoIterator<Item = T>,
) -> Vec<Violation> {
    let mut checker = Checker::new();
    for account in accounts {
        checker.account(account.borrow());
    }
    for transfer in transfers {
        checker.transfer(transfer.borrow());
    }
    checker.finish()
}

/// The same, fed row by row: first every account, then every transfer in order. Keeps one entry for each account and each
/// hold, and nothing of other transfers.
#[derive(Debug, Default)]
pub struct Checker {
    positions: HashMap<String, usize, RandomState>,
    books: Vec<Books>,
    holds: HashMap<String, Hold, RandomState>,
    violations: Vec<Violation>,
    counts: [usize; Invariant::ALL.len()],
}

/// Sums of fen: debits pending and posted, credits pending and posted. Wide, so that no stored number can overflow them.
type Sums = [i128; 4];
const SUM_NAMES: [&str; 4] = ["debits_pending", "debits_posted", "credits_pending", "credits_posted"];

#[derive(Debug)]
struct Books {
    id: String,
    kind: AccountKind,
    limit: Limit,
    stored: Sums,
    rebuilt: Sums,
    /// Reported once, at the transfer that broke it first.
    under_floor: bool,
}

#[derive(Debug)]
struct Hold {
    debit: Option<usize>,
    credit: Option<usize>,
    amount: i128,
    resolved_by: Option<String>,
}

impl Checker {
    /// Nothing seen yet.
    pub fn new() -> Checker {
        Checker::default()
    }

    /// Takes one account as stored.
    pub fn account(&mut self, account: &Account) {
        let c = &account.counters;
        let stored =
            [c.debits_pending, c.debits_posted, c.credits_pending, c.credits_posted].map(|fen| i128::from(fen.0));
        if under_floor(account.limit, &stored) {
            let (limit, short) = (account.limit, -available(account.limit, &stored));
            self.report(Invariant::NoneUnderItsFloor, &account.id, || {
                let zh = format!("账户存量低于下限 {short} 分（{}）", limit.code());
                (zh, format!("the stored account is {short} fen under its floor ({})", limit.code()))
            });
        }
        let (id, rebuilt, under_floor) = (account.id.clone(), Sums::default(), false);
        self.positions.insert(id.clone(), self.books.len());
        self.books.push(Books { id, kind: account.kind, limit: account.limit, stored, rebuilt, under_floor });
    }

    /// Takes the next transfer.
    pub fn transfer(&mut self, t: &Transfer) {
        let position = |id: &str| self.positions.get(id).copied();
        let (debit, credit) = (position(&t.debit), position(&t.credit));
        self.check_form(t, debit, credit);
        let amount = i128::from(t.amount.0);
        let (pending, posted) = match &t.kind {
            TransferKind::Posted => (0, amount),
            TransferKind::Pending { .. } => {
                self.holds.insert(t.id.clone(), Hold { debit, credit, amount, resolved_by: None });
                (amount, 0)
            }
            TransferKind::Post { pending_id } => (-self.resolve(t, pending_id, debit, credit), amount),
            TransferKind::Void { pending_id } | TransferKind::Expire { pending_id } => {
                (-self.resolve(t, pending_id, debit, credit), 0)
            }
        };
        // A missing account is LG-5's to name.
        if let Some(debit) = debit {
            self.add(t, debit, [pending, posted, 0, 0]);
        }
        if let Some(credit) = credit {
            self.add(t, credit, [0, 0, pending, posted]);
        }
    }

    /// What is broken, in the order of the invariants' ids.
    pub fn finish(mut self) -> Vec<Violation> {
        self.check_totals();
        self.check_counters();
        for invariant in Invariant::ALL {
            let more = self.counts[invariant as usize].saturating_sub(NAMED_MAX);
            if more > 0 {
                let what = Text::new(format!("另有 {more} 处"), format!("and {more} more"));
                self.violations.push(Violation { invariant, subject: String::new(), what });
            }
        }
        // Stable: within one invariant, in the order of finding.
        self.violations.sort_by_key(|v| v.invariant);
        self.violations
    }

    fn check_form(&mut self, t: &Transfer, debit: Option<usize>, credit: Option<usize>) {
        let kind = |position: Option<usize>| position.map(|position| self.books[position].kind);
        let (zh, en) = match (kind(debit), kind(credit)) {
            (None, _) => ("借方账户不存在", "its debit account does not exist"),
            (_, None) => ("贷方账户不存在", "its credit account does not exist"),
            _ if t.amount.0 <= 0 => ("金额不大于零", "its amount is not above zero"),
            _ if t.debit == t.credit => ("借贷为同一账户", "its debit and credit are the same account"),
            (Some(debit), Some(credit)) if !t.code.fits(&t.kind, debit, credit) => {
                ("用途与账户不符", "its code may not join these accounts")
            }
            _ => return,
        };
        let detail = format!("{} → {}, {} fen, {} ({})", t.debit, t.credit, t.amount.0, t.code.code(), t.kind.code());
        self.report(Invariant::TransfersAreWellFormed, &t.id, || {
            (format!("{zh}：{detail}"), format!("{en}: {detail}"))
        });
    }

    /// LG-3. The fen that the resolution takes off what is pending: nothing for one that should not have been.
    fn resolve(&mut self, t: &Transfer, pending_id: &str, debit: Option<usize>, credit: Option<usize>) -> i128 {
        let Some(hold) = self.holds.get_mut(pending_id) else {
            self.report(Invariant::HoldResolvesOnce, &t.id, || {
                let zh = format!("处理的占用 {pending_id} 不存在或在其后");
                (zh, format!("it resolves the hold {pending_id}, which does not exist or comes later"))
            });
            return 0;
        };
        if let Some(first) = &hold.resolved_by {
            let first = first.clone();
            self.report(Invariant::HoldResolvesOnce, pending_id, || {
                let zh = format!("占用先由 {first} 处理，又由 {} 处理", t.id);
                (zh, format!("the hold was resolved by {first} and again by {}", t.id))
            });
            return 0;
        }
        hold.resolved_by = Some(t.id.clone());
        let (held, asked) = (hold.amount, i128::from(t.amount.0));
        let same_accounts = hold.debit == debit && hold.credit == credit;
        let right_amount = if matches!(t.kind, TransferKind::Post { .. }) { asked <= held } else { asked == held };
        if !same_accounts || !right_amount {
            self.report(Invariant::HoldResolvesOnce, pending_id, || {
                let zh = format!("{} 以 {asked} 分处理 {held} 分的占用，金额或账户不符", t.id);
                (zh, format!("{} resolves it with {asked} of {held} fen, or between other accounts", t.id))
            });
        }
        held
    }

    fn add(&mut self, t: &Transfer, position: usize, delta: Sums) {
        let books = &mut self.books[position];
        for (sum, by) in books.rebuilt.iter_mut().zip(delta) {
            *sum += by;
        }
        if books.under_floor || !under_floor(books.limit, &books.rebuilt) {
            return;
        }
        books.under_floor = true;
        let (id, short) = (books.id.clone(), -available(books.limit, &books.rebuilt));
        self.report(Invariant::NoneUnderItsFloor, &id, || {
            let zh = format!("转账 {} 使账户低于下限 {short} 分", t.id);
            (zh, format!("the transfer {} took it {short} fen under its floor", t.id))
        });
    }

    fn check_totals(&mut self) {
        let mut total = Sums::default();
        for books in &self.books {
            for (sum, stored) in total.iter_mut().zip(books.stored) {
                *sum += stored;
            }
        }
        for (debits, credits, zh, en) in
            [(total[0], total[2], "占用", "pending"), (total[1], total[3], "入账", "posted")]
        {
            if debits != credits {
                self.report(Invariant::DebitsEqualCredits, "", || {
                    let zh = format!("{zh}借方合计 {debits} 分，贷方合计 {credits} 分，相差 {} 分", debits - credits);
                    let by = debits - credits;
                    (zh, format!("{en} debits are {debits} fen and {en} credits {credits} fen: they differ by {by}"))
                });
            }
        }
    }

    fn check_counters(&mut self) {
        let mut wrong: Vec<(String, usize, i128, i128)> = Vec::new();
        for books in &self.books {
            for (i, (&stored, &rebuilt)) in books.stored.iter().zip(&books.rebuilt).enumerate() {
                if stored != rebuilt {
                    wrong.push((books.id.clone(), i, stored, rebuilt));
                }
            }
        }
        // The record may hand accounts over in any order; a report that people compare must have one.
        wrong.sort_unstable();
        for (id, i, stored, rebuilt) in wrong {
            self.report(Invariant::CountersAreSums, &id, || {
                let name = SUM_NAMES[i];
                let zh = format!("{name} 存为 {stored} 分，按转账应为 {rebuilt} 分");
                (zh, format!("{name} is stored as {stored} fen, but its transfers make {rebuilt}"))
            });
        }
    }

    fn report(&mut self, invariant: Invariant, subject: &str, what: impl FnOnce() -> (String, String)) {
        let count = &mut self.counts[invariant as usize];
        *count += 1;
        if *count <= NAMED_MAX {
            let (zh, en) = what();
            self.violations.push(Violation { invariant, subject: subject.to_owned(), what: Text { zh, en } });
        }
    }
}

fn available(limit: Limit, sums: &Sums) -> i128 {
    let [debits_pending, debits_posted, credits_pending, credits_posted] = sums;
    match limit {
        Limit::None => 0,
        Limit::CreditsMustNotFallBelowDebits => credits_posted - debits_posted - debits_pending,
        Limit::DebitsMustNotFallBelowCredits => debits_posted - credits_posted - credits_pending,
    }
}

fn under_floor(limit: Limit, sums: &Sums) -> bool {
    available(limit, sums) < 0
}
