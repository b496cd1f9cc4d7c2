//! The double-entry ledger that all public money moves through: appropriation → programme → district quota → voucher
//! batch → voucher → provider payable → bank, and back by coded recovery.
//!
//! Pure: no SQL, no sockets, no clock. A slice loads what a batch touches ([`Wanted`]), the engine decides on the whole
//! batch ([`WorkingSet::apply`]), and the slice writes the created transfers and the changed accounts in one database
//! transaction. The record must have a unique key on a transfer's id and another on the hold that a transfer resolves, and
//! one writer at a time between loading and writing: the engine judges what it was shown.
//!
//! # How money is held
//!
//! An account has four counters (debits and credits, pending and posted) and usually a floor ([`Limit`]). A transfer moves
//! money from the debited to the credited account: at once, or in two phases. A *hold* (pending) reserves; it is then
//! resolved once, by a post of all or part of it (the rest is released in the same step), a void or an expiry. To settle
//! an order month by month, link the post of the month with a new hold for the rest: both happen or neither does.
//!
//! Nothing is edited. A mistake is answered by a further transfer with its own [`Code`], and [`Code::moves`] is the one
//! table of which code may join which accounts.
//!
//! Ids are made by the caller out of the business key. The same id with the same content answers [`Outcome::Exists`], with
//! other content a refusal; so any batch can be sent again after a lost answer. A refused transfer leaves nothing behind.
//! Neighbours joined by [`Transfer::linked`] (the city's and the district's share of one voucher) are made together or
//! not at all.
//!
//! # Invariants
//!
//! | id | what holds |
//! |---|---|
//! | LG-1 | over all accounts, debits equal credits, both pending and posted |
//! | LG-2 | no account is under its floor; holds count against it |
//! | LG-3 | a hold resolves at most once, for no more than it holds |
//! | LG-4 | each account's counters are the sums of its transfers |
//! | LG-5 | every transfer is above zero, between two existing accounts that its code may join |
//!
//! `apply` keeps them; [`check`] and [`Checker`] prove them on stored rows, without using the engine's arithmetic.
//! Absent on purpose: floating-point money, negative amounts, a stored "balance", updates, deletes, ambient time.
//!
//! # Example
//!
//! One voucher's life. The bank and what is owed to us grow by debits, everything else by credits.
//!
//! ```
//! use kernel::Fen;
//! use ledger::{Account, AccountKind::*, Accounts, Code, Outcome, Transfer, TransferKind, WorkingSet, check};
//!
//! let at: jiff::Timestamp = "2018-09-03T01:00:00Z".parse()?;
//! let new = |id: &str, debit: &str, credit: &str, yuan: i64, code: Code| Transfer {
//!     id: id.into(), debit: debit.into(), credit: credit.into(), amount: Fen::from_yuan(yuan), code,
//!     kind: TransferKind::Posted, linked: false, reference: "example".into(), at,
//! };
//! let accounts: Accounts = [
//!     ("bank", Bank), ("city", Appropriation), ("programme", Programme), ("district", District), ("batch", Batch),
//!     ("voucher", Voucher), ("provider", ProviderPayable), ("owed", Receivable), ("recovered", Recovered),
//! ]
//! .into_iter().map(|(id, kind)| Account::new(id, kind, at)).collect();
//!
//! // Down the chain, then an order holds 30,000 of the voucher's 50,000 yuan.
//! let hold = Transfer { kind: TransferKind::Pending { expires_on: None }, ..new("o1/hold", "voucher", "provider", 30_000, Code::Hold) };
//! // Use is proven for 24,000: that is settled, and the other 6,000 return to the voucher in the same step.
//! let settle = Transfer {
//!     id: "o1/settle".into(), amount: Fen::from_yuan(24_000), code: Code::Settle,
//!     kind: TransferKind::Post { pending_id: hold.id.clone() }, ..hold.clone()
//! };
//! let batch = [
//!     new("a/appropriate", "bank", "city", 1_000_000, Code::Appropriate),
//!     new("p/allocate", "city", "programme", 800_000, Code::Allocate),
//!     new("d/allocate", "programme", "district", 300_000, Code::Allocate),
//!     new("b/allocate", "district", "batch", 100_000, Code::Allocate),
//!     new("v/issue", "batch", "voucher", 50_000, Code::Issue),
//!     hold,
//!     settle,
//!     new("s1/pay", "provider", "bank", 24_000, Code::Pay),
//!     // What the voucher no longer needs goes back to its batch.
//!     new("v/release", "voucher", "batch", 26_000, Code::Release),
//!     // A corrected bill shows that 4,000 were too much: owed, repaid, returned to the programme.
//!     new("c1/recover", "owed", "recovered", 4_000, Code::Recover),
//!     new("c1/repay", "bank", "owed", 4_000, Code::Repay),
//!     new("c1/return", "recovered", "programme", 4_000, Code::Return),
//! ];
//! let mut set = WorkingSet::new(accounts, &[]);
//! assert!(set.apply(&batch).iter().all(|outcome| *outcome == Outcome::Created));
//! let yuan = |id: &str| set.account(id).unwrap().posted().0 / 100;
//! assert_eq!((yuan("voucher"), yuan("batch"), yuan("provider")), (0, 76_000, 0));
//! assert_eq!((yuan("owed"), yuan("recovered"), yuan("programme")), (0, 0, 504_000));
//! assert_eq!(yuan("bank"), 1_000_000 - 24_000 + 4_000);
//!
//! // The same batch again changes nothing, and the books are right.
//! let before: Vec<Account> = set.changed().cloned().collect();
//! assert!(set.apply(&batch).iter().all(|outcome| *outcome == Outcome::Exists));
//! assert!(set.changed().eq(&before));
//! assert_eq!(check(set.into_accounts().iter(), &batch), []);
//! # Ok::<(), jiff::Error>(())
//! ```

mod account;
mod code;
mod decide;
mod invariants;
mod refusal;
mod transfer;
mod working_set;

pub use account::{Account, AccountKind, Accounts, Counters, Limit, Side};
pub use code::Code;
pub use invariants::{Checker, Invariant, Violation, check};
pub use refusal::Refusal;
pub use transfer::{Transfer, TransferKind, Wanted};
pub use working_set::{Outcome, WorkingSet};
