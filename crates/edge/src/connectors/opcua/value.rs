//! What an OPC UA data value says: value, quality, both times. Pure.

use std::sync::Arc;

use kernel::{Quality, Value};
use opcua::types::{DataValue, DateTime, StatusCode, Variant};

use crate::reading::Reading;

/// The severity of a status code; no code means good (Part 6, 5.2.2.17).
pub fn quality(status: Option<StatusCode>) -> Quality {
    match status {
        None => Quality::Good,
        Some(s) if s.is_good() => Quality::Good,
        Some(s) if s.is_uncertain() => Quality::Uncertain,
        Some(_) => Quality::Bad,
    }
}

/// A scalar in our words; `None` for what is none (arrays, structures, nothing).
pub fn scalar(v: &Variant) -> Option<Value> {
    Some(match v {
        Variant::Boolean(b) => Value::Flag(*b),
        Variant::SByte(n) => Value::Number(f64::from(*n)),
        Variant::Byte(n) => Value::Number(f64::from(*n)),
        Variant::Int16(n) => Value::Number(f64::from(*n)),
        Variant::UInt16(n) => Value::Number(f64::from(*n)),
        Variant::Int32(n) => Value::Number(f64::from(*n)),
        Variant::UInt32(n) => Value::Number(f64::from(*n)),
        Variant::Int64(n) => Value::Number(*n as f64),
        Variant::UInt64(n) => Value::Number(*n as f64),
        Variant::Float(n) => Value::Number(f64::from(*n)),
        Variant::Double(n) => Value::Number(*n),
        Variant::String(s) => Value::Text(s.as_ref().to_owned()),
        Variant::LocalizedText(t) => Value::Text(t.text.as_ref().to_owned()),
        Variant::DateTime(t) => Value::Text(t.to_rfc3339()),
        Variant::StatusCode(s) => Value::Text(s.to_string()),
        Variant::Guid(g) => Value::Text(g.to_string()),
        Variant::NodeId(n) => Value::Text(n.to_string()),
        Variant::Variant(v) => return scalar(v),
        _ => return None,
    })
}

/// µs since 1970; `None` for the null time and for what lies out of reach.
fn micros(t: &Option<DateTime>) -> Option<i64> {
    t.as_ref().filter(|t| !t.is_null()).map(|t| t.as_chrono().timestamp_micros())
}

/// The reading of a data value, and under which name it is counted if it is none that can be used.
pub fn reading(data: &DataValue, device: &Arc<str>, property: &Arc<str>, now_us: i64) -> (Reading, Option<String>) {
    let server_at_us = micros(&data.server_timestamp);
    let at_us = micros(&data.source_timestamp).or(server_at_us).unwrap_or(now_us);
    let quality = quality(data.status);
    let value = data.value.as_ref().and_then(scalar);
    let problem = match (&value, quality) {
        (_, Quality::Bad) => Some(data.status.unwrap_or(StatusCode::Bad).to_string()),
        (None, _) if matches!(data.value, None | Some(Variant::Empty)) => Some("no-value".into()),
        (None, _) => Some("unsupported-type".into()),
        (Some(Value::Number(n)), _) if !n.is_finite() => Some("not-a-number".into()),
        _ => None,
    };
    let reading = Reading {
        device: device.clone(),
        property: property.clone(),
        at_us,
        server_at_us,
        value: value.filter(|v| !matches!(v, Value::Number(n) if !n.is_finite())).unwrap_or(Value::Number(0.0)),
        quality: if problem.is_some() { Quality::Bad } else { quality },
    };
    (reading, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(data: &DataValue) -> (Reading, Option<String>) {
        reading(data, &"d".into(), &"p".into(), 77)
    }

    fn data(value: impl Into<Variant>, status: StatusCode) -> DataValue {
        DataValue {
            value: Some(value.into()),
            status: Some(status),
            source_timestamp: Some(DateTime::ymd_hms(2026, 11, 28, 8, 0, 0)),
            server_timestamp: Some(DateTime::ymd_hms(2026, 11, 28, 8, 0, 2)),
            ..DataValue::default()
        }
    }

    #[test]
    fn the_source_time_is_device_time_and_the_servers_is_kept() {
        let (r, problem) = said(&data(21.5f64, StatusCode::Good));
        assert_eq!((r.value, r.quality, problem), (Value::Number(21.5), Quality::Good, None));
        assert_eq!(r.server_at_us.unwrap() - r.at_us, 2_000_000);
        let none = DataValue { value: Some(Variant::from(1i32)), ..DataValue::default() };
        assert_eq!((said(&none).0.at_us, said(&none).0.quality), (77, Quality::Good));
    }

    #[test]
    fn status_codes_become_quality_and_bad_ones_are_named() {
        let (r, problem) = said(&data(1.0f64, StatusCode::UncertainLastUsableValue));
        assert_eq!((r.quality, problem), (Quality::Uncertain, None));
        let (r, problem) = said(&data(1.0f64, StatusCode::BadSensorFailure));
        assert_eq!((r.value, r.quality), (Value::Number(1.0), Quality::Bad));
        assert_eq!(problem.as_deref(), Some("BadSensorFailure"));
    }

    #[test]
    fn what_is_no_value_is_bad_and_named() {
        for (value, name) in [
            (Variant::from(vec![1i32, 2]), "unsupported-type"),
            (Variant::Empty, "no-value"),
            (Variant::from(f64::NAN), "not-a-number"),
        ] {
            let (r, problem) = said(&data(value, StatusCode::Good));
            assert_eq!((r.quality, problem.as_deref()), (Quality::Bad, Some(name)));
        }
    }
}
