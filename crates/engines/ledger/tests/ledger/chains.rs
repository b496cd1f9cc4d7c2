//! Linked chains: together or not at all, exactly.

use crate::world::*;
use kernel::Fen;
use ledger::{Code, Outcome, Refusal, WorkingSet};

#[test]
fn a_failed_chain_leaves_no_trace_and_names_its_cause() {
    let before_batch = [hold("h", "v1", 60)];
    let h = &before_batch[0];
    let mut set = WorkingSet::new(funded(), &[]);
    set.apply(&before_batch);
    let (accounts, changed) = (snapshot(&set), set.changed().cloned().collect::<Vec<_>>());
    // It posts a hold, makes and voids another, touches one account thrice, and fails at the end.
    let inner = hold("h2", "v1", 40);
    let chain = [
        linked(post("s", h, 50)),
        linked(inner.clone()),
        linked(void("x", &inner)),
        linked(posted("r", Code::Release, "v2", "batch", 100)),
        posted("r2", Code::Release, "v2", "batch", 1),
    ];
    let outcomes = set.apply(&chain);
    let cause = Refusal::ExceedsAvailable { account: "v2".into(), available: Fen(0), asked: Fen(1) };
    assert_eq!(outcomes[4], Outcome::Refused(cause));
    for outcome in &outcomes[..4] {
        assert_eq!(*outcome, Outcome::Refused(Refusal::LinkedFailed { cause: "r2".into() }));
    }
    assert_eq!(snapshot(&set), accounts);
    assert!(set.changed().eq(&changed), "only what the batch before it changed is written back");
    // Each member's id is free again, the hold is unresolved again, and the hold made within is gone.
    let afterwards = [void("s", h), post("y", &inner, 40), hold("h2", "v1", 100)];
    assert_eq!(names(&set.apply(&afterwards)), ["created", "pending-not-found", "created"]);
}

#[test]
fn city_and_district_shares_are_issued_together() {
    let shares = [
        linked(posted("v1/city", Code::Issue, "batch", "v1", 70)),
        posted("v1/district", Code::Issue, "batch", "v1", 30),
    ];
    let mut set = WorkingSet::new(funded(), &[]);
    assert_eq!(names(&set.apply(&shares)), ["created", "created"]);
    assert_eq!(names(&set.apply(&shares)), ["exists", "exists"]);
    assert_eq!(available(&set, "v1"), 200);
}

#[test]
fn a_month_is_settled_and_the_rest_held_again_in_one_chain() {
    let h = hold("m0", "v1", 100);
    let rest = hold("m1", "v1", 70);
    let batch =
        [h.clone(), linked(post("s1", &h, 30)), rest.clone(), linked(post("s2", &rest, 70)), hold("m2", "v1", 1)];
    let mut set = WorkingSet::new(funded(), &[]);
    assert_eq!(names(&set.apply(&batch)), ["created", "created", "created", "linked-failed", "exceeds-available"]);
    let v1 = set.account("v1").unwrap();
    assert_eq!((v1.posted(), v1.held()), (Fen(70), Fen(70)));
}

#[test]
fn a_chain_that_the_batch_cuts_off_is_refused() {
    let batch = [
        posted("a", Code::Issue, "batch", "v1", 1),
        linked(posted("b", Code::Issue, "batch", "v1", 1)),
        linked(posted("c", Code::Issue, "batch", "v1", 1)),
    ];
    let mut set = WorkingSet::new(funded(), &[]);
    assert_eq!(names(&set.apply(&batch)), ["created", "linked-failed", "chain-open"]);
    assert_eq!(available(&set, "v1"), 101);
}

#[test]
fn a_chain_is_new_or_a_retry_as_a_whole() {
    let (a, b) = (posted("a", Code::Issue, "batch", "v1", 1), posted("b", Code::Issue, "batch", "v1", 1));
    let stored = [linked(a.clone()), b.clone()];
    let old_first = [linked(a.clone()), posted("n", Code::Issue, "batch", "v1", 1)];
    let new_first = [linked(posted("n", Code::Issue, "batch", "v1", 1)), b.clone()];
    let twice =
        [linked(posted("n", Code::Issue, "batch", "v1", 1)), linked(posted("n", Code::Issue, "batch", "v1", 1)), b];
    let mut set = WorkingSet::new(funded(), &stored);
    assert_eq!(names(&set.apply(&old_first)), ["linked-failed", "chain-partly-exists"]);
    assert_eq!(names(&set.apply(&new_first)), ["linked-failed", "chain-partly-exists"]);
    assert_eq!(names(&set.apply(&twice)), ["linked-failed", "chain-partly-exists", "linked-failed"]);
    // Taken out of its chain it is not the transfer that was made.
    let alone = [a];
    let different = Refusal::ExistsWithDifferent { id: "a".into(), field: "linked" };
    assert_eq!(set.apply(&alone), [Outcome::Refused(different)]);
    assert_eq!(set.changed().len(), 0);
}
