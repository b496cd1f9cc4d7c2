//! Single transfers: what is made, what is refused, with which numbers.

use crate::world::*;
use kernel::Fen;
use ledger::{Account, Accounts, Code, Counters, Limit, Outcome, Refusal, Transfer, TransferKind, WorkingSet};

/// The outcome of the last transfer of a batch on the funded ledger.
fn last(batch: &[Transfer]) -> Outcome {
    WorkingSet::new(funded(), &[]).apply(batch).pop().expect("one outcome each")
}

fn refused(batch: &[Transfer]) -> Refusal {
    last(batch).refusal().expect("should be refused").clone()
}

#[test]
fn a_malformed_transfer_is_refused_by_name() {
    let issue = |fen| posted("x", Code::Issue, "batch", "v1", fen);
    assert_eq!(refused(&[Transfer { id: String::new(), ..issue(1) }]), Refusal::EmptyId);
    assert_eq!(refused(&[issue(0)]), Refusal::AmountNotPositive { amount: Fen(0) });
    assert_eq!(refused(&[issue(i64::MIN)]), Refusal::AmountNotPositive { amount: Fen(i64::MIN) });
    let same = posted("x", Code::Correct, "v1", "v1", 1);
    assert_eq!(refused(&[same]), Refusal::SameAccount { account: "v1".into() });
    let nowhere = posted("x", Code::Issue, "batch", "v9", 1);
    assert_eq!(refused(&[nowhere]), Refusal::AccountNotFound { account: "v9".into() });
    let straight_out = posted("x", Code::Pay, "v1", "bank", 1);
    assert_eq!(refused(&[straight_out]).code(), "code-does-not-fit");
}

#[test]
fn more_than_is_there_is_refused_with_both_numbers() {
    let too_much = posted("x", Code::Release, "v1", "batch", 101);
    let numbers = Refusal::ExceedsAvailable { account: "v1".into(), available: Fen(100), asked: Fen(101) };
    assert_eq!(refused(&[too_much]), numbers);
    assert_eq!(last(&[posted("x", Code::Release, "v1", "batch", 100)]), Outcome::Created);
    // An asset's floor is pressed from the credit side: the treasury cannot take back what the bank has not got.
    let mut bank_only = funded();
    let bank = bank_only.get("bank").unwrap().clone();
    bank_only.insert(Account { counters: Counters { credits_pending: Fen(400), ..bank.counters }, ..bank });
    let batch = [posted("x", Code::Correct, "batch", "bank", 601)];
    let outcome = WorkingSet::new(bank_only, &[]).apply(&batch).remove(0);
    let numbers = Refusal::ExceedsAvailable { account: "bank".into(), available: Fen(600), asked: Fen(601) };
    assert_eq!(outcome, Outcome::Refused(numbers));
}

#[test]
fn a_retry_exists_even_when_nothing_of_it_would_be_possible_now() {
    let spend = posted("x", Code::Release, "v1", "batch", 100);
    let stored = [spend.clone()];
    let mut accounts = funded();
    let emptied = Account { closed: true, counters: Counters::default(), ..accounts.get("v1").unwrap().clone() };
    accounts.insert(emptied);
    let mut set = WorkingSet::new(accounts, &stored);
    let retry = [on("2019-01-01T00:00:00Z", spend.clone()), Transfer { amount: Fen(99), ..spend }];
    let different = Outcome::Refused(Refusal::ExistsWithDifferent { id: "x".into(), field: "amount" });
    assert_eq!(set.apply(&retry), [Outcome::Exists, different]);
    assert_eq!(set.changed().len(), 0);
}

#[test]
fn a_partial_post_moves_its_part_and_releases_the_rest() {
    let h = hold("h", "v1", 60);
    let batch = [h.clone(), post("s", &h, 45)];
    let mut set = WorkingSet::new(funded(), &[]);
    assert_eq!(names(&set.apply(&batch)), ["created", "created"]);
    let counters = |id: &str| set.account(id).unwrap().counters;
    let v1 = Counters { debits_posted: Fen(45), credits_posted: Fen(100), ..Counters::default() };
    assert_eq!((counters("v1"), counters("p1").credits_posted, counters("p1").credits_pending), (v1, Fen(45), Fen(0)));
    assert_eq!(available(&set, "v1"), 55);
    assert_eq!(set.changed().map(|a| a.id.as_str()).collect::<Vec<_>>(), ["v1", "p1"]);
}

#[test]
fn a_hold_is_resolved_within_its_amount_and_between_its_accounts() {
    let h = hold("h", "v1", 60);
    let pending = || "h".to_owned();
    let more = Refusal::ExceedsPending { pending: pending(), held: Fen(60), asked: Fen(61) };
    assert_eq!(refused(&[h.clone(), post("s", &h, 61)]), more);
    let part = Transfer { amount: Fen(59), ..void("s", &h) };
    let not_whole = Refusal::NotWholePending { pending: pending(), held: Fen(60), asked: Fen(59) };
    assert_eq!(refused(&[h.clone(), part]), not_whole);
    let diverted = Transfer { credit: "p2".into(), ..post("s", &h, 60) };
    let differ = Refusal::PendingAccountsDiffer { pending: pending(), debit: "v1".into(), credit: "p1".into() };
    assert_eq!(refused(&[h.clone(), diverted]), differ);
    assert_eq!(refused(&[post("s", &h, 60)]), Refusal::PendingNotFound { pending: pending() });
    let not_a_hold = Transfer { kind: TransferKind::Post { pending_id: "i".into() }, ..post("s", &h, 60) };
    let issue = posted("i", Code::Issue, "batch", "v1", 60);
    assert_eq!(refused(&[issue, not_a_hold]), Refusal::NotPending { pending: "i".into() });
}

#[test]
fn a_hold_is_good_through_its_last_day_in_china() {
    let h = until("2018-12-31", hold("h", "v1", 60));
    let last_minute = "2018-12-31T15:59:59Z";
    let midnight = "2018-12-31T16:00:00Z";
    assert_eq!(last(&[h.clone(), on(last_minute, post("s", &h, 60))]), Outcome::Created);
    assert_eq!(refused(&[h.clone(), on(midnight, post("s", &h, 60))]).code(), "pending-lapsed");
    assert_eq!(refused(&[h.clone(), on(last_minute, expire("e", &h))]).code(), "not-yet-lapsed");
    assert_eq!(last(&[h.clone(), on(midnight, expire("e", &h))]), Outcome::Created);
    assert_eq!(last(&[h.clone(), on(midnight, void("e", &h))]), Outcome::Created);
    let endless = hold("h", "v1", 60);
    assert_eq!(refused(&[endless.clone(), expire("e", &endless)]), Refusal::NeverLapses { pending: "h".into() });
}

#[test]
fn a_closed_account_lets_its_holds_go_and_nothing_else() {
    let h = hold("h", "v1", 60);
    let stored = [h.clone()];
    let mut set = WorkingSet::new(funded(), &[]);
    set.apply(&stored);
    let mut accounts = set.into_accounts();
    let frozen = Account { closed: true, ..accounts.get("v1").unwrap().clone() };
    accounts.insert(frozen);
    let mut set = WorkingSet::new(accounts, &stored);
    let batch = [
        post("s", &h, 10),
        hold("h2", "v1", 1),
        posted("i", Code::Issue, "batch", "v1", 1),
        posted("r", Code::Release, "v1", "batch", 1),
        void("x", &h),
    ];
    let closed = "account-closed";
    assert_eq!(names(&set.apply(&batch)), [closed, closed, closed, closed, "created"]);
    assert_eq!(available(&set, "v1"), 100);
}

#[test]
fn overflow_and_broken_counters_are_refusals() {
    let mut accounts = empty();
    let unlimited = Account { limit: Limit::None, ..accounts.get("bank").unwrap().clone() };
    accounts.insert(unlimited);
    let mut set = WorkingSet::new(accounts, &[]);
    let batch =
        [posted("a", Code::Appropriate, "bank", "city", i64::MAX), posted("b", Code::Appropriate, "bank", "city", 1)];
    assert_eq!(set.apply(&batch)[1], Outcome::Refused(Refusal::Overflow { account: "bank".into() }));

    // A hold is on record, but somebody has set the voucher's counters back.
    let h = hold("h", "v1", 60);
    let stored = [h.clone()];
    let batch = [post("s", &h, 60)];
    let outcome = WorkingSet::new(funded(), &stored).apply(&batch).remove(0);
    assert_eq!(outcome, Outcome::Refused(Refusal::CountersBroken { account: "v1".into() }));

    // Counters that no ledger could have made lead to refusals too.
    let broken = |counters| -> Accounts {
        let mut all = funded();
        let account = Account { counters, ..all.get("v1").unwrap().clone() };
        all.insert(account);
        all
    };
    let (least, most) = (Fen(i64::MIN), Fen(i64::MAX));
    for counters in [
        Counters { debits_posted: most, debits_pending: most, credits_posted: least, credits_pending: least },
        Counters { debits_posted: least, debits_pending: least, credits_posted: most, credits_pending: most },
    ] {
        let batch = [hold("h", "v1", i64::MAX), posted("i", Code::Issue, "batch", "v1", 800)];
        let outcomes = WorkingSet::new(broken(counters), &[]).apply(&batch);
        assert!(outcomes.iter().all(|o| o.refusal().is_some()), "{outcomes:?}");
    }
}

#[test]
fn a_payment_in_flight_can_come_back_from_the_bank() {
    let h = hold("h", "v1", 60);
    let flight =
        Transfer { kind: TransferKind::Pending { expires_on: None }, ..posted("pay/1", Code::Pay, "p1", "bank", 60) };
    let bounced = Transfer { code: Code::Return, ..void("pay/1/returned", &flight) };
    let again = posted("pay/2", Code::Pay, "p1", "bank", 60);
    let batch =
        [h.clone(), post("s", &h, 60), flight, again.clone(), bounced, Transfer { id: "pay/3".into(), ..again }];
    let mut set = WorkingSet::new(funded(), &[]);
    // Nothing is paid twice while the first payment is under way.
    let wanted = ["created", "created", "created", "exceeds-available", "created", "created"];
    assert_eq!(names(&set.apply(&batch)), wanted);
    assert_eq!(set.account("bank").unwrap().posted(), Fen(940));
}
