//! A reading, and how a message of readings lies in the log.

use std::borrow::Cow;

use kernel::{Quality, Value};
use serde::{Deserialize, Serialize};

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
