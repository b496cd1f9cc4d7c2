//! One rule a file; all pure.

pub mod allocate;
pub mod eligible_paid;
pub mod in_use;
pub mod refusal;
