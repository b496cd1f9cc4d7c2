//! Bills from end to end: real, generated, broken, stopped and resumed.

mod bad_input;
mod common;
mod golden;
mod levels;
mod model;
mod oracle;
mod profiles;
mod resume;
mod sample;
