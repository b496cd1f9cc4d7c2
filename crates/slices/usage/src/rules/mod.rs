//! The slice's rules, one a file. Pure.

pub mod billed;
pub mod figures;
pub mod level;
pub mod overlap;
pub mod refused_file;
pub mod service_family;
pub mod versions;
