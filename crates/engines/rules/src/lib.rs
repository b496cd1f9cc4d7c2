//! Rules: a programme is data, and a decision carries its trace.
//!
//! A programme (period, phases, targets, instruments, rules, dated values, each with the clause it follows from) is a
//! TOML text. [`decide`] and [`decide_settlement`] answer who gets what, and what is paid, as at a date, with every
//! condition, every number and the clause behind it; [`forecast`] answers the same with numbers supposed otherwise;
//! [`replay`] proves that a stored decision comes out the same again.
//!
//! Invariants: RU-1 equal programme, inputs and date give equal bytes. RU-2 an amount is at most every cap, rounds down
//! and is never negative. RU-3 no input makes the engine panic: each refusal is a named reason. RU-4 a decision holds the
//! facts that its rule reads and no others. Pure: no SQL, no clock, no network; only [`load_dir`] reads files.

mod batches;
pub mod calendar;
mod check;
mod decide;
mod decision;
pub mod expected;
mod expression;
mod facts;
mod load;
mod programme;
mod replay;
mod words;

pub use batches::{Batch, BatchError, DistrictQuota, parse_batches};
pub use check::{Defect, ProgrammeError, UNITS};
pub use decide::{Overrides, decide, decide_settlement, forecast};
pub use decision::{Act, DECISION_FORMAT, Decision, Outcome, Reason, ReasonKind, Step, StepKind};
pub use expression::{
    BRACKETS_MAX, DEPTH_MAX, EXPRESSION_CHARS_MAX, EvalError, Expression, ExpressionError, FUNCTIONS, OPERATORS_MAX,
    Scalar, Scope,
};
pub use facts::{Fact, FactKind, shown_label, standard_fact, standard_facts};
pub use load::{LoadError, Loaded, bundled, bundled_calendar, load_dir};
pub use programme::{
    BatchField, Clause, Clocks, Computation, Condition, Coverage, DateRange, DatedValue, DayCount, Deadline,
    EvidenceThresholds, Holder, Instrument, InstrumentKind, Notice, Part, Period, Phase, Programme, Route, RouteStage,
    Rule, Section, Share, ShareParty, Source, Stage, Target,
};
pub use replay::{ReplayMismatch, replay, replay_with};
pub use words::{in_words, step_in_words};
