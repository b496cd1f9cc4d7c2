//! What a machine says: a value, and how far it can be trusted.

use serde::{Deserialize, Serialize};

/// What was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// A measurement or a count.
    Number(f64),
    /// On or off.
    Flag(bool),
    /// Words, such as the name of a programme.
    Text(String),
}

/// How far a reading can be trusted: the three severities of OPC UA (Part 8, 6.3.1). A bad reading is kept, since that the
/// sensor failed is a fact too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quality {
    /// To be used.
    #[default]
    Good,
    /// To be used with care.
    Uncertain,
    /// Not to be used.
    Bad,
}

impl Quality {
    /// As stored: 0, 1, 2.
    pub fn code(self) -> i32 {
        match self {
            Quality::Good => 0,
            Quality::Uncertain => 1,
            Quality::Bad => 2,
        }
    }

    /// From its stored code; what nobody defined is bad.
    pub fn from_code(code: i32) -> Quality {
        match code {
            0 => Quality::Good,
            1 => Quality::Uncertain,
            _ => Quality::Bad,
        }
    }
}
