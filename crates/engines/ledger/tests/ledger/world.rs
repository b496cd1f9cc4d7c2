//! A small ledger with money in it, and short words for transfers.

use jiff::Timestamp;
use kernel::Fen;
use ledger::{Account, AccountKind, Accounts, Code, Outcome, Transfer, TransferKind, WorkingSet};

/// 2018-09-03 09:00 in China.
pub fn at() -> Timestamp {
    "2018-09-03T01:00:00Z".parse().unwrap()
}

/// One account of each kind, a second voucher and a second provider.
pub const ACCOUNTS: [(&str, AccountKind); 11] = [
    ("bank", AccountKind::Bank),
    ("city", AccountKind::Appropriation),
    ("programme", AccountKind::Programme),
    ("district", AccountKind::District),
    ("batch", AccountKind::Batch),
    ("v1", AccountKind::Voucher),
    ("v2", AccountKind::Voucher),
    ("p1", AccountKind::ProviderPayable),
    ("p2", AccountKind::ProviderPayable),
    ("owed", AccountKind::Receivable),
    ("recovered", AccountKind::Recovered),
];

/// All accounts, empty.
pub fn empty() -> Accounts {
    ACCOUNTS.into_iter().map(|(id, kind)| Account::new(id, kind, at())).collect()
}

/// An immediate transfer.
pub fn posted(id: &str, code: Code, debit: &str, credit: &str, fen: i64) -> Transfer {
    Transfer {
        id: id.into(),
        debit: debit.into(),
        credit: credit.into(),
        amount: Fen(fen),
        code,
        kind: TransferKind::Posted,
        linked: false,
        reference: "test".into(),
        at: at(),
    }
}

/// An order's hold on a voucher, without a last day.
pub fn hold(id: &str, voucher: &str, fen: i64) -> Transfer {
    let kind = TransferKind::Pending { expires_on: None };
    Transfer { kind, ..posted(id, Code::Hold, voucher, "p1", fen) }
}

/// The same hold, good until this day.
pub fn until(day: &str, hold: Transfer) -> Transfer {
    Transfer { kind: TransferKind::Pending { expires_on: Some(day.parse().unwrap()) }, ..hold }
}

/// A post of `fen` of a hold.
pub fn post(id: &str, hold: &Transfer, fen: i64) -> Transfer {
    let kind = TransferKind::Post { pending_id: hold.id.clone() };
    Transfer { id: id.into(), amount: Fen(fen), code: Code::Settle, kind, ..hold.clone() }
}

/// A void of all of a hold.
pub fn void(id: &str, hold: &Transfer) -> Transfer {
    let kind = TransferKind::Void { pending_id: hold.id.clone() };
    Transfer { id: id.into(), code: Code::Release, kind, ..hold.clone() }
}

/// An expiry of all of a hold.
pub fn expire(id: &str, hold: &Transfer) -> Transfer {
    let kind = TransferKind::Expire { pending_id: hold.id.clone() };
    Transfer { id: id.into(), code: Code::Expire, kind, ..hold.clone() }
}

/// The same transfer, joined with the next.
pub fn linked(t: Transfer) -> Transfer {
    Transfer { linked: true, ..t }
}

/// The same transfer, taken by the ledger at another time.
pub fn on(when: &str, t: Transfer) -> Transfer {
    Transfer { at: when.parse().unwrap(), ..t }
}

/// 1,000 fen appropriated and handed down; each voucher is issued with 100, the batch keeps 800.
pub fn funding() -> Vec<Transfer> {
    vec![
        posted("fund/1", Code::Appropriate, "bank", "city", 1_000),
        posted("fund/2", Code::Allocate, "city", "programme", 1_000),
        posted("fund/3", Code::Allocate, "programme", "district", 1_000),
        posted("fund/4", Code::Allocate, "district", "batch", 1_000),
        posted("fund/5", Code::Issue, "batch", "v1", 100),
        posted("fund/6", Code::Issue, "batch", "v2", 100),
    ]
}

/// The accounts after [`funding`].
pub fn funded() -> Accounts {
    let funding = funding();
    let mut set = WorkingSet::new(empty(), &[]);
    assert!(set.apply(&funding).iter().all(|outcome| *outcome == Outcome::Created));
    set.into_accounts()
}

/// Outcomes as `created`, `exists` or the refusal's code.
pub fn names(outcomes: &[Outcome]) -> Vec<&'static str> {
    let name = |outcome: &Outcome| match outcome {
        Outcome::Created => "created",
        Outcome::Exists => "exists",
        Outcome::Refused(refusal) => refusal.code(),
    };
    outcomes.iter().map(name).collect()
}

/// The whole working set as comparable values.
pub fn snapshot(set: &WorkingSet<'_>) -> Vec<Account> {
    ACCOUNTS.iter().map(|(id, _)| set.account(id).expect("is loaded").clone()).collect()
}

/// What a voucher has available, in fen.
pub fn available(set: &WorkingSet<'_>, id: &str) -> i64 {
    set.account(id).expect("is loaded").available().expect("has a floor").0
}
