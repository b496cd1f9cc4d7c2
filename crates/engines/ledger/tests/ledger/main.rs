//! The ledger from outside: single decisions, linked chains, known failures of other ledgers, invariants, and random
//! histories against a naive model.

mod chains;
mod decisions;
mod invariants;
mod model;
mod regressions;
mod world;
