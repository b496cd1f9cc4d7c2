//! A reading, and how readings lie in a record of the queue.
//!
//! A record is one version byte (1) and a postcard body: the names that occur, and the points that refer to them. So a
//! record of a thousand readings of one machine holds each name once, and needs no other file to be understood.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::{Quality, Value};
use serde::{Deserialize, Serialize};

/// What one property of one device said at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The device's name at the platform.
    pub device: Arc<str>,
    /// The property's name.
    pub property: Arc<str>,
    /// Device time, µs since 1970 UTC: when it was measured (OPC UA: source time; Modbus: when it was read).
    pub at_us: i64,
    /// When the server that we read from (OPC UA) took it up, if it says so.
    pub server_at_us: Option<i64>,
    /// What it said. Of quality bad: the last value that was known, or the type's zero.
    pub value: Value,
    /// How far it can be trusted.
    pub quality: Quality,
}

impl Reading {
    /// A good reading of now.
    pub fn good(device: &Arc<str>, property: &Arc<str>, at_us: i64, value: Value) -> Reading {
        Reading {
            device: device.clone(),
            property: property.clone(),
            at_us,
            server_at_us: None,
            value,
            quality: Quality::Good,
        }
    }

    /// JSON has no word for what is not a number: such a reading is bad, and its value 0.
    pub fn finite(mut self) -> Reading {
        if matches!(self.value, Value::Number(n) if !n.is_finite()) {
            self.value = Value::Number(0.0);
            self.quality = Quality::Bad;
        }
        self
    }
}

const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Body {
    names: Vec<String>,
    points: Vec<Point>,
}

#[derive(Serialize, Deserialize)]
struct Point {
    device: u32,
    property: u32,
    at_us: i64,
    server_at_us: Option<i64>,
    value: Value,
    quality: u8,
}

/// Why a record cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A later program wrote it.
    #[error("version {0} of a record is not known here")]
    Version(u8),
    /// It is not what it should be.
    #[error("not a record of readings: {0}")]
    Garbled(String),
}

/// The bytes of a record.
pub fn encode(readings: &[Reading]) -> Vec<u8> {
    let mut names = Vec::new();
    let mut index: HashMap<Arc<str>, u32> = HashMap::new();
    let mut name_of = |name: &Arc<str>| {
        *index.entry(name.clone()).or_insert_with(|| {
            names.push(name.to_string());
            (names.len() - 1) as u32
        })
    };
    let points = readings
        .iter()
        .map(|r| Point {
            device: name_of(&r.device),
            property: name_of(&r.property),
            at_us: r.at_us,
            server_at_us: r.server_at_us,
            value: r.value.clone(),
            quality: r.quality.code() as u8,
        })
        .collect();
    postcard::to_extend(&Body { names, points }, vec![VERSION]).expect("a vector takes any bytes")
}

/// The readings of a record.
pub fn decode(bytes: &[u8]) -> Result<Vec<Reading>, RecordError> {
    let (version, body) = bytes.split_first().ok_or_else(|| RecordError::Garbled("empty".into()))?;
    if *version != VERSION {
        return Err(RecordError::Version(*version));
    }
    let body: Body = postcard::from_bytes(body).map_err(|e| RecordError::Garbled(e.to_string()))?;
    let names: Vec<Arc<str>> = body.names.into_iter().map(Arc::from).collect();
    let name = |i: u32| names.get(i as usize).cloned().ok_or_else(|| RecordError::Garbled("a name is missing".into()));
    body.points
        .into_iter()
        .map(|p| {
            Ok(Reading {
                device: name(p.device)?,
                property: name(p.property)?,
                at_us: p.at_us,
                server_at_us: p.server_at_us,
                value: p.value,
                quality: Quality::from_code(i32::from(p.quality)),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_reading() -> impl Strategy<Value = Reading> {
        let value = prop_oneof![
            any::<f64>().prop_filter("equal to itself", |n| !n.is_nan()).prop_map(Value::Number),
            any::<bool>().prop_map(Value::Flag),
            ".{0,12}".prop_map(Value::Text),
        ];
        ("[a-c]", "[p-r]", any::<i64>(), any::<Option<i64>>(), value, 0..3i32).prop_map(|(d, p, at, server, v, q)| {
            Reading {
                device: d.as_str().into(),
                property: p.as_str().into(),
                at_us: at,
                server_at_us: server,
                value: v,
                quality: Quality::from_code(q),
            }
        })
    }

    proptest! {
        #[test]
        fn what_went_into_a_record_comes_out(readings in proptest::collection::vec(any_reading(), 0..40)) {
            prop_assert_eq!(decode(&encode(&readings)), Ok(readings));
        }

        #[test]
        fn garbage_is_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_later_version_is_named() {
        assert_eq!(decode(&[9, 0, 0]), Err(RecordError::Version(9)));
    }

    #[test]
    fn what_is_not_a_number_becomes_a_bad_zero() {
        let r = Reading::good(&"d".into(), &"p".into(), 1, Value::Number(f64::NAN)).finite();
        assert_eq!((r.value, r.quality), (Value::Number(0.0), Quality::Bad));
    }
}
