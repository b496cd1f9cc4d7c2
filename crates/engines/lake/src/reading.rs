//! A reading, and how a message of readings lies in the log.

use std::borrow::Cow;

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
    /// As stored in segments: 0, 1, 2.
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

/// One value of one property at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The property's name in the thing model.
    pub property: String,
    /// When the device read it: microseconds since 1970, UTC.
    pub at_us: i64,
    /// What it read.
    pub value: Value,
    /// How far it can be trusted.
    pub quality: Quality,
}

/// What arrived at once from one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Which device.
    pub device: String,
    /// When it arrived: microseconds since 1970, UTC.
    pub server_at_us: i64,
    /// The readings.
    pub readings: Vec<Reading>,
}

/// A record of the log. New kinds are added at the end: the number of a kind is its place.
#[derive(Debug, Serialize, Deserialize)]
enum Record<'a> {
    Message(Cow<'a, Message>),
}

/// The bytes for the log.
pub(crate) fn encode(message: &Message) -> Vec<u8> {
    postcard::to_stdvec(&Record::Message(Cow::Borrowed(message))).expect("plain values go into a vector")
}

/// The message of a record; `None` for bytes that no version of this program wrote.
pub(crate) fn decode(bytes: &[u8]) -> Option<Message> {
    postcard::from_bytes(bytes).ok().map(|Record::Message(message)| message.into_owned())
}
