//! Each invariant is broken by hand in the stored rows, and must be named with its subject.

use crate::world::*;
use kernel::Fen;
use ledger::{Account, Code, Invariant, Transfer, Violation, WorkingSet, check};

/// A right history with holds that were posted in part, voided and left open, and its accounts.
fn books() -> (Vec<Account>, Vec<Transfer>) {
    let (h1, h2) = (hold("h1", "v1", 60), hold("h2", "v2", 30));
    let mut history = funding();
    history.extend([h1.clone(), h2.clone(), post("s1", &h1, 50), void("x2", &h2), hold("h3", "v1", 20)]);
    history.push(posted("pay", Code::Pay, "p1", "bank", 50));
    let mut set = WorkingSet::new(empty(), &[]);
    assert!(set.apply(&history).iter().all(|o| o.refusal().is_none()));
    let accounts = snapshot(&set);
    (accounts, history)
}

fn found(accounts: &[Account], history: &[Transfer]) -> Vec<(&'static str, String)> {
    check(accounts, history).into_iter().map(|v| (v.invariant.id(), v.subject)).collect()
}

fn edit<'a>(accounts: &'a mut [Account], id: &str) -> &'a mut Account {
    accounts.iter_mut().find(|a| a.id == id).unwrap()
}

#[test]
fn right_books_have_nothing_to_report() {
    let (accounts, history) = books();
    assert_eq!(check(&accounts, &history), []);
}

#[test]
fn a_counter_changed_by_hand_is_named_with_both_numbers() {
    let (mut accounts, history) = books();
    edit(&mut accounts, "p2").counters.credits_posted = Fen(7);
    let violations = check(&accounts, &history);
    let ids: Vec<_> = violations.iter().map(|v| v.invariant.id()).collect();
    assert_eq!(ids, ["LG-1", "LG-4"]);
    let Violation { subject, what, .. } = &violations[1];
    assert_eq!(subject, "p2");
    assert_eq!(what.en, "credits_posted is stored as 7 fen, but its transfers make 0");
    assert!(what.zh.contains("credits_posted 存为 7 分"), "{}", what.zh);
    assert!(violations[0].what.en.ends_with("they differ by -7"), "{}", violations[0].what.en);
}

#[test]
fn an_account_under_its_floor_is_named() {
    let (mut accounts, history) = books();
    edit(&mut accounts, "v2").counters.debits_posted = Fen(101);
    assert!(found(&accounts, &history).contains(&("LG-2", "v2".into())));
}

#[test]
fn a_transfer_that_overdrew_for_a_while_is_named_though_the_end_is_right() {
    let (accounts, mut history) = books();
    // The issue of v1 is moved behind the hold that it should have covered.
    let issue = history.iter().position(|t| t.id == "fund/5").unwrap();
    let issue = history.remove(issue);
    history.push(issue);
    let violations = check(&accounts, &history);
    assert_eq!(violations.len(), 1);
    assert_eq!((violations[0].invariant.id(), violations[0].subject.as_str()), ("LG-2", "v1"));
    assert!(violations[0].what.en.contains("h1"), "{}", violations[0].what.en);
}

#[test]
fn a_hold_resolved_twice_too_much_or_from_nowhere_is_named() {
    let (accounts, history) = books();
    let h1 = history.iter().find(|t| t.id == "h1").unwrap().clone();
    let h3 = history.iter().find(|t| t.id == "h3").unwrap().clone();
    let with = |t: Transfer| found(&accounts, &[history.clone(), vec![t]].concat());
    assert!(with(void("x1", &h1)).contains(&("LG-3", "h1".into())));
    assert!(with(post("s3", &h3, 21)).contains(&("LG-3", "h3".into())));
    assert!(with(post("s9", &hold("h9", "v1", 1), 1)).contains(&("LG-3", "s9".into())));
    let diverted = Transfer { credit: "p2".into(), ..post("s3", &h3, 20) };
    assert!(with(diverted).contains(&("LG-3", "h3".into())));
}

#[test]
fn a_lost_or_altered_transfer_is_named_by_the_accounts_it_touched() {
    let (accounts, history) = books();
    let without: Vec<Transfer> = history.iter().filter(|t| t.id != "pay").cloned().collect();
    assert_eq!(found(&accounts, &without), [("LG-4", "bank".into()), ("LG-4", "p1".into())]);
    let mut altered = history.clone();
    altered.last_mut().unwrap().amount = Fen(49);
    assert_eq!(found(&accounts, &altered), [("LG-4", "bank".into()), ("LG-4", "p1".into())]);
}

#[test]
fn a_malformed_transfer_is_named() {
    let (accounts, history) = books();
    let last = |change: fn(&mut Transfer)| {
        let mut altered = history.clone();
        change(altered.last_mut().unwrap());
        found(&accounts, &altered)
    };
    let pay = ("LG-5", "pay".to_owned());
    assert!(last(|t| t.amount = Fen(-50)).contains(&pay));
    assert!(last(|t| t.credit = "elsewhere".into()).contains(&pay));
    assert!(last(|t| t.credit = t.debit.clone()).contains(&pay));
    assert!(last(|t| t.code = Code::Issue).contains(&pay));
}

#[test]
fn a_flood_of_violations_is_counted_and_not_listed() {
    let (accounts, _) = books();
    let flood: Vec<Transfer> = (0..350).map(|n| posted(&format!("f{n}"), Code::Issue, "batch", "lost", 1)).collect();
    let violations = check(&accounts, &flood);
    let malformed: Vec<_> = violations.iter().filter(|v| v.invariant == Invariant::TransfersAreWellFormed).collect();
    assert_eq!(malformed.len(), 101);
    assert_eq!(malformed[100].what.en, "and 250 more");
}
