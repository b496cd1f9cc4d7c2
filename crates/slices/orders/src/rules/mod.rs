//! One rule a file. Pure.

pub mod invoice_number;
pub mod shares;
