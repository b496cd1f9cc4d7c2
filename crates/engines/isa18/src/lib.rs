//! Alarms after ISA-18.2 / IEC 62682: rules, their evaluation over a stream of readings, the life of an alarm, and the
//! figures by which an alarm system is judged. Pure.
//!
//! A [`Rule`] says what is watched, when it is an alarm, and what a person should then do. [`Plant`] evaluates rules over
//! readings and ticks and answers [`Signal`]s: the process went into alarm, came back, got worse. [`Alarm`] is one rule on
//! one device; [`Alarm::apply`] moves it along [`TRANSITIONS`] by a [`Cause`], whether the process or a person gave it.
//! Evaluation and life are apart because they live in different places: evaluation in memory beside the stream, the life
//! of an alarm in the records, where people act on it.
//!
//! Invariants, each with its property test in `tests/it`:
//! * AL-1 an alarm changes state only along [`TRANSITIONS`]; what is not listed is refused and changes nothing.
//! * AL-2 the same inputs give the same signals, and a restored [`Plant`] goes on as if it had not stopped.
//! * AL-3 within its dead-band a value changes nothing.
//! * AL-4 a reading of bad quality neither raises nor clears an alarm on a value.
//! * AL-5 a reading that is late or out of order changes nothing and is counted.
//! * AL-6 a rule with a defect cannot be compiled, so it never reaches the stream; defects are told all at once.
//! * AL-7 signals of one alarm alternate: it occurs, then returns, and rises or falls only in between.
//!
//! A reading costs time in proportion to the conditions that read its property, whatever the history.

mod check;
mod condition;
mod expression;
mod kpi;
mod life;
mod plant;
mod replay;
mod rule;

pub use check::{Defect, KnownProperty, PropertyKind, cyclic};
pub use condition::{LeafMemory, Memory};
pub use expression::{Expression, ExpressionError, Scope};
pub use kpi::{
    BadActor, CHATTER_COUNT, CHATTER_WITHIN_US, Event, FLEETING_US_MAX, FLOOD_ENDS_BELOW, FLOOD_OVER, FLOOD_WINDOW_US,
    Flood, Kpi, STANDING_US, kpi,
};
pub use life::{Act, Alarm, Cause, Illegal, State, TRANSITIONS, Transition};
pub use plant::{Counts, Moment, Plant, Restored, RuleOn, Signal, SignalKind};
pub use replay::{Past, Replayed, replay};
pub use rule::{
    Condition, Escalation, Leaf, Priority, RULE_LEAVES_MAX, Rule, Shelving, Side, Step, StepWhen, Suppression, Test,
    Watch,
};

/// Microseconds in a second.
pub const SECOND_US: i64 = 1_000_000;
