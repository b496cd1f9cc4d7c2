//! Which message is whose reading: topic filters with what `+` stood for, and payloads of JSON. Pure.

use std::sync::Arc;

use kernel::Value;
use serde_json::Value as Json;

use crate::config::TopicConfig;
use crate::reading::Reading;
use crate::words::{Complaint, both};

/// Deepest nesting of objects that becomes names with dots.
const DEPTH_MAX: usize = 8;
/// Readings from one message at most.
const READINGS_MAX: usize = 5000;

/// A filter and what its messages are.
#[derive(Clone, Debug)]
pub struct Topic {
    /// The filter.
    pub filter: String,
    device: String,
    property: Option<String>,
    time_key: Option<String>,
}

impl Topic {
    /// From the configuration; patterns may name only what the filter has.
    pub fn try_new(config: &TopicConfig) -> Result<Topic, Complaint> {
        let place = format!("topic {}", config.filter);
        let levels: Vec<&str> = config.filter.split('/').collect();
        let last = levels.len() - 1;
        let misplaced = levels.iter().enumerate().any(|(i, l)| match *l {
            "#" => i != last,
            "+" => false,
            l => l.contains(['#', '+']),
        });
        if misplaced || config.filter.is_empty() {
            return Err(Complaint::new(
                place,
                both("不是有效的主题过滤器", "it is not a valid topic filter"),
                both("+ 占一整级，# 只能在最后", "+ takes a whole level, # stands last"),
            ));
        }
        let wild = levels.iter().filter(|l| **l == "+").count();
        let named = [Some(&config.device), config.property.as_ref()].into_iter().flatten().flat_map(|p| numbers(p));
        if let Some(beyond) = named.into_iter().find(|n| *n == 0 || *n > wild) {
            return Err(Complaint::new(
                place,
                both(
                    format!("{{{beyond}}} 没有对应的 +（过滤器中有 {wild} 个）"),
                    format!("{{{beyond}}} names no + of the filter, which has {wild}"),
                ),
                both("从 {1} 数起", "count from {1}"),
            ));
        }
        Ok(Topic {
            filter: config.filter.clone(),
            device: config.device.clone(),
            property: config.property.clone(),
            time_key: config.time_key.clone(),
        })
    }

    /// What `+` stood for, if the topic fits.
    fn fits<'a>(&self, topic: &'a str) -> Option<Vec<&'a str>> {
        let mut wild = Vec::new();
        let mut levels = topic.split('/');
        for wanted in self.filter.split('/') {
            match (wanted, levels.next()) {
                ("#", _) => return Some(wild),
                ("+", Some(l)) => wild.push(l),
                (w, Some(l)) if w == l => {}
                _ => return None,
            }
        }
        levels.next().is_none().then_some(wild)
    }
}

/// The numbers in a pattern's braces.
fn numbers(pattern: &str) -> Vec<usize> {
    pattern.split('{').skip(1).filter_map(|p| p.split_once('}')).filter_map(|(n, _)| n.parse().ok()).collect()
}

fn filled(pattern: &str, wild: &[&str]) -> Arc<str> {
    let mut out = pattern.to_owned();
    for (i, w) in wild.iter().enumerate() {
        out = out.replace(&format!("{{{}}}", i + 1), w);
    }
    out.into()
}

/// Why a message is no reading; counted under this name.
pub type NoReading = &'static str;

/// The readings of a message by the first topic that fits.
pub fn readings(topics: &[Topic], topic: &str, payload: &[u8], now_us: i64) -> Result<Vec<Reading>, NoReading> {
    let (t, wild) = topics.iter().find_map(|t| t.fits(topic).map(|w| (t, w))).ok_or("topic-fits-nothing")?;
    let device = filled(&t.device, &wild);
    if let Some(property) = &t.property {
        let value = one_value(payload)?;
        return Ok(vec![Reading::good(&device, &filled(property, &wild), now_us, value)]);
    }
    let text = std::str::from_utf8(payload).map_err(|_| "not-utf8")?;
    let json: Json = serde_json::from_str(text).map_err(|_| "not-json")?;
    let Json::Object(object) = &json else { return Err("not-an-object") };
    let at_us = match t.time_key.as_ref().and_then(|k| object.get(k)) {
        None => now_us,
        Some(time) => {
            let ms = time.as_i64().or(time.as_f64().map(|f| f as i64)).ok_or("time-not-a-number")?;
            ms.checked_mul(1000).ok_or("time-out-of-range")?
        }
    };
    let mut out = Vec::new();
    flatten(&json, &mut String::new(), 0, &mut |name, value| {
        if t.time_key.as_deref() != Some(name) && out.len() < READINGS_MAX {
            out.push(Reading::good(&device, &name.into(), at_us, value));
        }
    })?;
    if out.is_empty() { Err("no-values") } else { Ok(out) }
}

fn one_value(payload: &[u8]) -> Result<Value, NoReading> {
    let text = std::str::from_utf8(payload).map_err(|_| "not-utf8")?.trim();
    match serde_json::from_str::<Json>(text) {
        Ok(json) => scalar(&json).ok_or("not-one-value"),
        // Many devices send a bare word.
        Err(_) if !text.is_empty() && !text.starts_with(['{', '[', '"']) => Ok(Value::Text(text.to_owned())),
        Err(_) => Err("not-json"),
    }
}

fn scalar(json: &Json) -> Option<Value> {
    match json {
        Json::Number(n) => n.as_f64().map(Value::Number),
        Json::Bool(b) => Some(Value::Flag(*b)),
        Json::String(s) => Some(Value::Text(s.clone())),
        _ => None,
    }
}

/// Objects in objects become names with dots; elements of arrays, names with their number. `null` says nothing.
fn flatten(json: &Json, name: &mut String, depth: usize, each: &mut impl FnMut(&str, Value)) -> Result<(), NoReading> {
    if depth > DEPTH_MAX {
        return Err("nested-too-deep");
    }
    let mut below = |key: &str, value: &Json, each: &mut _| {
        let length = name.len();
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(key);
        let done = flatten(value, name, depth + 1, each);
        name.truncate(length);
        done
    };
    match json {
        Json::Object(object) => object.iter().try_for_each(|(k, v)| below(k, v, each)),
        Json::Array(list) => list.iter().enumerate().try_for_each(|(i, v)| below(&i.to_string(), v, each)),
        other => {
            if let Some(value) = scalar(other) {
                each(name, value);
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(filter: &str, device: &str, property: Option<&str>, time_key: Option<&str>) -> Topic {
        Topic::try_new(&TopicConfig {
            filter: filter.into(),
            device: device.into(),
            property: property.map(str::to_owned),
            time_key: time_key.map(str::to_owned),
        })
        .unwrap_or_else(|c| panic!("{c}"))
    }

    fn said(topics: &[Topic], name: &str, payload: &str) -> Result<Vec<(String, i64, Value)>, NoReading> {
        let out = readings(topics, name, payload.as_bytes(), 5)?;
        Ok(out.into_iter().map(|r| (format!("{}/{}", r.device, r.property), r.at_us, r.value)).collect())
    }

    #[test]
    fn an_object_becomes_a_reading_for_each_of_its_values() {
        let t = [topic("plant/+/+/data", "{1}-{2}", None, Some("ts"))];
        assert_eq!(
            said(&t, "plant/a/7/data", r#"{"ts":1700,"t":21.5,"on":true,"m":{"x":"y","z":null},"l":[1,2]}"#),
            Ok(vec![
                ("a-7/t".into(), 1_700_000, Value::Number(21.5)),
                ("a-7/on".into(), 1_700_000, Value::Flag(true)),
                ("a-7/m.x".into(), 1_700_000, Value::Text("y".into())),
                ("a-7/l.0".into(), 1_700_000, Value::Number(1.0)),
                ("a-7/l.1".into(), 1_700_000, Value::Number(2.0)),
            ])
        );
    }

    #[test]
    fn one_value_is_named_by_the_topic() {
        let t = [topic("p/+/+", "{1}", Some("{2}"), None)];
        assert_eq!(said(&t, "p/press/t", "21"), Ok(vec![("press/t".into(), 5, Value::Number(21.0))]));
        assert_eq!(
            said(&t, "p/press/state", "running"),
            Ok(vec![("press/state".into(), 5, Value::Text("running".into()))])
        );
        assert_eq!(said(&t, "p/press/t", "[1]"), Err("not-one-value"));
    }

    #[test]
    fn what_is_no_reading_says_why() {
        let t = [topic("p/+", "{1}", None, Some("ts"))];
        for (name, payload, why) in [
            ("q/x", "{}", "topic-fits-nothing"),
            ("p/x/y", "{}", "topic-fits-nothing"),
            ("p/x", "{", "not-json"),
            ("p/x", "[1]", "not-an-object"),
            ("p/x", "{}", "no-values"),
            ("p/x", r#"{"ts":"soon","t":1}"#, "time-not-a-number"),
            ("p/x", r#"{"ts":9223372036854775807,"t":1}"#, "time-out-of-range"),
        ] {
            assert_eq!(said(&t, name, payload), Err(why), "{payload}");
        }
        assert_eq!(readings(&t, "p/x", &[0xff], 0), Err("not-utf8"));
        let deep = format!("{}1{}", r#"{"a":"#.repeat(20), "}".repeat(20));
        assert_eq!(said(&t, "p/x", &deep), Err("nested-too-deep"));
    }

    #[test]
    fn filters_and_patterns_that_cannot_be_are_refused() {
        for (filter, device) in [("a/#/b", "d"), ("a+/b", "d"), ("", "d"), ("a/+", "{2}"), ("a/+", "{0}")] {
            let config = TopicConfig { filter: filter.into(), device: device.into(), property: None, time_key: None };
            assert!(Topic::try_new(&config).is_err(), "{filter} {device}");
        }
    }
}
