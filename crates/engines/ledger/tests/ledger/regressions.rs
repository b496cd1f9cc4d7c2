//! Failures that users of other ledgers have reported, each as a test. Numbers are issues of blnkfinance/blnk.

use crate::world::*;
use kernel::Fen;
use ledger::{Account, AccountKind, Code, Invariant, Outcome, Refusal, Transfer, WorkingSet, check};

/// Issue 41: voiding a hold twice gave the money back twice.
#[test]
fn a_hold_voided_twice_is_released_once() {
    let h = hold("h", "v1", 60);
    let batch = [h.clone(), void("x1", &h), void("x2", &h)];
    let mut set = WorkingSet::new(funded(), &[]);
    let again = Refusal::AlreadyVoided { pending: "h".into(), by: "x1".into() };
    assert_eq!(set.apply(&batch)[2], Outcome::Refused(again));
    assert_eq!(available(&set, "v1"), 100);
}

/// Issue 181: holds did not count against the balance, so the same money could be promised many times.
#[test]
fn holds_count_against_what_is_available() {
    let batch = [hold("h1", "v1", 60), hold("h2", "v1", 50), posted("r", Code::Release, "v1", "batch", 41)];
    let mut set = WorkingSet::new(funded(), &[]);
    let outcomes = set.apply(&batch);
    for (outcome, asked) in [(&outcomes[1], 50), (&outcomes[2], 41)] {
        let short = Refusal::ExceedsAvailable { account: "v1".into(), available: Fen(40), asked: Fen(asked) };
        assert_eq!(*outcome, Outcome::Refused(short));
    }
    // Nor may money be spent that is only held towards an account.
    let early = [posted("pay", Code::Pay, "p1", "bank", 60)];
    assert_eq!(names(&set.apply(&early)), ["exceeds-available"]);
}

/// Issue 182: a hold that had been rejected could still be committed.
#[test]
fn a_rejected_hold_cannot_be_committed() {
    let h = hold("h", "v1", 101);
    let batch = [h.clone(), post("s", &h, 101), post("s2", &h, 1), void("x", &h)];
    let mut set = WorkingSet::new(funded(), &[]);
    let gone = "pending-not-found";
    assert_eq!(names(&set.apply(&batch)), ["exceeds-available", gone, gone, gone]);
    assert_eq!(set.changed().len(), 0);
}

/// Issue 195: a commit of many holds at once found none of them.
#[test]
fn a_bulk_commit_finds_every_hold() {
    let issue = |n: usize| posted(&format!("v{n}/issue"), Code::Issue, "batch", &format!("big/{n}"), 1);
    let mut accounts = funded();
    for n in 0..800 {
        accounts.insert(Account::new(format!("big/{n}"), AccountKind::Voucher, at()));
    }
    let issues: Vec<Transfer> = (0..800).map(issue).collect();
    let holds: Vec<Transfer> = (0..800).map(|n| hold(&format!("o{n}/hold"), &format!("big/{n}"), 1)).collect();
    let mut set = WorkingSet::new(accounts, &[]);
    set.apply(&issues);
    assert!(set.apply(&holds).iter().all(|o| *o == Outcome::Created));
    // In the same working set, and in a fresh one that has read them from the record.
    let posts: Vec<Transfer> = holds.iter().map(|h| post(&format!("{}/settle", h.id), h, 1)).collect();
    let mut fresh = WorkingSet::new(set.clone().into_accounts(), &holds);
    for set in [&mut set, &mut fresh] {
        assert!(set.apply(&posts).iter().all(|o| *o == Outcome::Created));
        assert_eq!(set.account("p1").unwrap().posted(), Fen(800));
    }
}

/// Pull request 171: two commits at the same moment read the same remainder and both took it.
#[test]
fn concurrent_commits_of_the_same_remainder() {
    let stored = [hold("h", "v1", 60)];
    let h = &stored[0];
    let mut set = WorkingSet::new(funded(), &[]);
    set.apply(&stored);
    let accounts = set.into_accounts();
    // Grouped into one batch, the second is refused by name.
    let both = [post("s1", h, 60), post("s2", h, 60)];
    let mut set = WorkingSet::new(accounts.clone(), &stored);
    let again = Refusal::AlreadyPosted { pending: "h".into(), by: "s1".into() };
    assert_eq!(set.apply(&both), [Outcome::Created, Outcome::Refused(again)]);
    // Decided from two readings of the same state, both look right: hence the record's unique key on the resolved hold.
    // Were it missing, `verify` would name the hold.
    for one in &both {
        assert_eq!(WorkingSet::new(accounts.clone(), &stored).apply(std::slice::from_ref(one)), [Outcome::Created]);
    }
    let history: Vec<Transfer> = funding().into_iter().chain(stored.clone()).chain(both.clone()).collect();
    let found = check(set.into_accounts().iter(), &history);
    assert!(found.iter().any(|v| v.invariant == Invariant::HoldResolvesOnce && v.subject == "h"), "{found:?}");
}

/// Issue 42: a payment that came in after the void was still taken.
#[test]
fn a_late_post_after_void_or_expiry_is_refused() {
    let h1 = hold("h1", "v1", 60);
    let h2 = until("2018-12-31", hold("h2", "v2", 60));
    let new_year = "2019-01-01T01:00:00Z";
    let stored = [h1.clone(), h2.clone(), void("x", &h1), on(new_year, expire("e", &h2))];
    let batch = [on(new_year, post("s1", &h1, 60)), on(new_year, post("s2", &h2, 60)), on(new_year, void("x2", &h2))];
    let voided = Refusal::AlreadyVoided { pending: "h1".into(), by: "x".into() };
    let expired = Refusal::AlreadyExpired { pending: "h2".into(), by: "e".into() };
    let wanted = [voided, expired.clone(), expired].map(Outcome::Refused);
    // Whether the ledger made the resolution in this working set or read it back from the record.
    let mut live = WorkingSet::new(funded(), &[]);
    assert!(live.apply(&stored).iter().all(|o| *o == Outcome::Created));
    assert_eq!(live.apply(&batch), wanted);
    let mut read = WorkingSet::new(live.into_accounts(), &stored);
    assert_eq!(read.apply(&batch), wanted);
    assert_eq!((available(&read, "v1"), available(&read, "v2")), (100, 100));
}
