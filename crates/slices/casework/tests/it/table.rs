//! The table of moves itself: complete, reachable, and written down.

use std::collections::BTreeSet;
use std::path::Path;

use casework::model::{Cause, Clock, EDGES, Holder, State, moves_from, transition, transitions_markdown};
use proptest::prelude::*;

#[test]
fn every_edge_is_reachable_and_no_state_or_cause_is_idle() {
    let mut reached: BTreeSet<State> = BTreeSet::new();
    let mut frontier: Vec<State> = EDGES.iter().filter(|e| e.from.is_none()).map(|e| e.to).collect();
    while let Some(state) = frontier.pop() {
        if reached.insert(state) {
            frontier.extend(moves_from(state).map(|e| e.to));
        }
    }
    assert_eq!(reached, State::ALL.iter().copied().collect());
    let used: BTreeSet<Cause> = EDGES.iter().map(|e| e.cause).collect();
    assert_eq!(used, Cause::ALL.iter().copied().collect());
}

#[test]
fn a_cause_leads_from_a_state_to_one_place_only() {
    for (n, e) in EDGES.iter().enumerate() {
        let same = EDGES[n + 1..].iter().any(|f| f.from == e.from && f.cause == e.cause);
        assert!(!same, "{:?} {:?} stands twice", e.from, e.cause);
        assert_eq!(transition(e.from, e.cause), Some(e));
    }
}

#[test]
fn what_the_table_does_not_list_is_refused() {
    let pairs = State::ALL.iter().flat_map(|s| Cause::ALL.iter().map(move |c| (*s, *c)));
    let legal = pairs.filter(|(s, c)| transition(Some(*s), *c).is_some()).count();
    assert_eq!(legal, EDGES.len() - 1, "all edges but the beginning");
    for closed in [State::Approved, State::Rejected, State::Withdrawn] {
        assert_eq!(moves_from(closed).count(), 0);
        assert_eq!(closed.holder(), Holder::Nobody);
    }
}

#[test]
fn open_states_have_a_way_out_and_a_clock() {
    for state in State::ALL.iter().filter(|s| !s.is_closed()) {
        assert!(moves_from(*state).any(|e| e.to != *state), "{state:?} is a trap");
        for e in EDGES.iter().filter(|e| e.to == *state && *state != State::Draft) {
            assert_ne!(e.clock, Clock::None, "{:?} begins no clock", e.cause);
        }
    }
}

#[test]
fn codes_and_wordings_are_all_different_and_read_back() {
    for s in State::ALL {
        assert_eq!(s.code().parse::<State>().unwrap(), *s);
    }
    for c in Cause::ALL {
        assert_eq!(c.code().parse::<Cause>().unwrap(), *c);
    }
    let words: BTreeSet<&str> = State::ALL.iter().map(|s| s.staff(kernel::Lang::Zh)).collect();
    assert_eq!(words.len(), State::ALL.len());
}

#[test]
fn the_document_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/casework-transitions.md");
    let wanted = transitions_markdown();
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    if found != wanted {
        std::fs::write(&path, &wanted).unwrap();
        panic!("docs/casework-transitions.md was not what the table says; it has been written anew, commit it");
    }
}

proptest! {
    #[test]
    fn a_walk_keeps_to_the_table(steps in prop::collection::vec(0usize..Cause::ALL.len(), 1..60)) {
        let mut at: Option<State> = None;
        let mut sent_back = 0;
        for n in steps {
            let cause = Cause::ALL[n];
            let Some(edge) = transition(at, cause) else { continue };
            prop_assert!(EDGES.contains(edge));
            prop_assert!(at.is_none_or(|s| !s.is_closed()), "a closed case moved");
            sent_back += u32::from(edge.voids_approvals);
            // Approvals can only fall when somebody of the two bureaus must look again.
            if edge.voids_approvals {
                prop_assert!(matches!(edge.to, State::Returned | State::DistrictReview));
            }
            // Nobody comes before the public without the city's last approval, or back from an objection.
            if edge.to == State::PublicNotice {
                prop_assert!(matches!(at, Some(State::AwaitingNotice | State::ObjectionInvestigation)));
            }
            if edge.to == State::Approved {
                prop_assert_eq!(at, Some(State::PublicNotice));
            }
            at = Some(edge.to);
        }
        prop_assert!(sent_back < 60);
    }
}
