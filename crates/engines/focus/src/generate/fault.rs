//! Faults that a bill can be given.

/// A fault, or a trait of a source that would be one elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Ends of periods are written as their last second.
    InclusiveEnds,
    /// Every row is in this currency instead of CNY.
    Currency(&'static str),
    /// One row in so many corrects an earlier charge.
    CorrectionEvery(u64),
    /// One row in so many is a credit.
    CreditEvery(u64),
    /// One row in so many has a quantity of 0: provisioned, not used.
    IdleEvery(u64),
    /// One row in so many names no resource.
    NoResourceEvery(u64),
    /// Every account has one resource only, metered at every hour with the same quantity: made-up use.
    Synthetic,
    /// ConsumedQuantity and ConsumedUnit are null throughout.
    NoConsumed,
}
