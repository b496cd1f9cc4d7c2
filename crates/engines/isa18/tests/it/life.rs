//! The life of an alarm, walked along the standard's figure.

use isa18::{Act, Alarm, Cause, Priority, State, TRANSITIONS};

fn act(cause: Cause) -> Act {
    Act { cause, at_us: 1, priority: None, until_us: Some(9), latched: false }
}

fn walk(latched: bool, causes: &[Cause]) -> Vec<State> {
    let mut alarm = Alarm::new(Priority::Low);
    let step = |c: &Cause| {
        alarm = alarm.apply(&Act { latched, ..act(*c) }).unwrap();
        alarm.state
    };
    causes.iter().map(step).collect()
}

#[test]
fn the_standards_figure_is_walked_from_normal_to_normal() {
    use Cause::*;
    use State::*;
    assert_eq!(walk(false, &[Occurs, Acknowledge, Returns]), [Unacknowledged, Acknowledged, Normal]);
    assert_eq!(walk(false, &[Occurs, Returns, Acknowledge]), [Unacknowledged, ReturnedUnacknowledged, Normal]);
    assert_eq!(walk(false, &[Occurs, Returns, Occurs])[2], Unacknowledged);
    assert_eq!(
        walk(true, &[Occurs, Acknowledge, Returns, Reset]),
        [Unacknowledged, Acknowledged, LatchedAcknowledged, Normal]
    );
    assert_eq!(
        walk(true, &[Occurs, Returns, Acknowledge, Reset]),
        [Unacknowledged, LatchedUnacknowledged, LatchedAcknowledged, Normal]
    );
    assert_eq!(walk(false, &[Occurs, Acknowledge, Rises])[2], Unacknowledged, "what got worse must be seen again");
    assert_eq!(walk(false, &[Occurs, Acknowledge, Falls])[2], Acknowledged);
}

#[test]
fn what_was_set_aside_comes_back_as_the_process_is_by_then() {
    use Cause::*;
    use State::*;
    assert_eq!(walk(false, &[Occurs, Acknowledge, Shelve, Unshelve])[3], Unacknowledged, "it must be seen again");
    assert_eq!(walk(false, &[Occurs, Shelve, Returns, ShelfEnds])[3], Normal);
    assert_eq!(walk(false, &[Shelve, Occurs, Suppress, Unshelve])[3], Suppressed);
    assert_eq!(walk(false, &[Suppress, Occurs, Unsuppress])[2], Unacknowledged);
    assert_eq!(walk(false, &[Occurs, Shelve, TakeOut, Returns, PutBack])[4], Normal);
    assert_eq!(walk(false, &[TakeOut, Occurs, PutBack])[2], Unacknowledged);
    assert_eq!(walk(false, &[Occurs, Shelve, Retire])[2], Normal);
}

#[test]
fn what_the_table_does_not_list_is_refused_by_name() {
    let normal = Alarm::new(Priority::Low);
    let refused = normal.apply(&act(Cause::Acknowledge)).unwrap_err();
    assert_eq!(refused.to_string(), "an alarm that is normal cannot acknowledge");
    assert!(normal.apply(&act(Cause::Returns)).is_err());
    assert!(normal.apply(&act(Cause::Unshelve)).is_err());
    let on = normal.apply(&act(Cause::Occurs)).unwrap();
    assert!(on.apply(&act(Cause::Occurs)).is_err(), "the process says it once");
    assert!(on.apply(&act(Cause::Reset)).is_err());
}

#[test]
fn times_and_counts_are_kept() {
    let at = |cause, at_us| Act { at_us, ..act(cause) };
    let a = Alarm::new(Priority::Low).apply(&at(Cause::Occurs, 5)).unwrap();
    let a = a.apply(&at(Cause::Acknowledge, 7)).unwrap();
    let a = a.apply(&at(Cause::Rises, 8)).unwrap().apply(&at(Cause::Acknowledge, 9)).unwrap();
    let a = a.apply(&at(Cause::Returns, 10)).unwrap();
    assert_eq!((a.occurred_us, a.acknowledged_us, a.returned_us, a.occurrences), (Some(5), Some(7), Some(10), 1));
    let shelved = a.apply(&act(Cause::Shelve)).unwrap();
    assert_eq!(shelved.shelved_until_us, Some(9));
    assert_eq!(shelved.apply(&act(Cause::ShelfEnds)).unwrap().shelved_until_us, None);
}

#[test]
fn the_table_says_each_thing_once_and_reaches_every_state() {
    for (i, a) in TRANSITIONS.iter().enumerate() {
        for b in &TRANSITIONS[i + 1..] {
            assert!((a.from, a.cause, a.given) != (b.from, b.cause, b.given), "{a:?} {b:?}");
        }
    }
    for state in State::ALL {
        assert!(TRANSITIONS.iter().any(|t| t.to == *state) && TRANSITIONS.iter().any(|t| t.from == *state));
    }
}
