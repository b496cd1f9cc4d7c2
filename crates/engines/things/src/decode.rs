//! The ThingsBoard dialect's telemetry JSON → readings, by the thing model. The hot path: one pass, no tree of values, nothing
//! allocated but the output (and texts). A message is taken whole or refused whole.
//!
//! Shapes: `{"a":1,"b":true}` at the time of arrival; `{"ts":ms,"values":{…}}` at the device's time; a list of either. Ours
//! besides, behind a `ts`: `"quality":{"a":"bad"|"uncertain"}` of values that are not good, and `"server_ts":ms`, when a server
//! between device and gateway had it, which is passed over (`docs/edge.md`).
//! Numbers are 64-bit floating point, so integers beyond 2⁵³ are rounded.

use std::collections::BTreeMap;
use std::fmt;

use kernel::{Quality, Value};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::model::{Kind, Model, TEXT_BYTES_MAX, name_is_valid};
use crate::{Reason, Refused};

/// Which series of a device a reading belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    /// A property of the model, by its index.
    Declared(u16),
    /// A property the model does not have, where it keeps such.
    Other(Box<str>),
}

/// A reading taken from a payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// Of which property.
    pub property: Which,
    /// Device time, or the time of arrival where the message has none.
    pub at_us: i64,
    /// What was read.
    pub value: Value,
    /// How far it can be trusted.
    pub quality: Quality,
}

impl Taken {
    /// The property's name.
    pub fn name<'a>(&'a self, model: &'a Model) -> &'a str {
        match &self.property {
            Which::Declared(index) => &model.properties()[usize::from(*index)].name,
            Which::Other(name) => name,
        }
    }
}

/// Which device times are believed, and how much one message may hold.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimits {
    /// The oldest device time that is taken, absolute. A clock that was never set says 1970.
    pub earliest_us: i64,
    /// How far ahead of the arrival a device time may be.
    pub ahead_us_max: i64,
    /// Readings in one message.
    pub readings_max: usize,
}

/// 2000-01-01T00:00:00Z.
const YEAR_2000_US: i64 = 946_684_800_000_000;

impl Default for TimeLimits {
    /// From the year 2000 (plants bring old records too) to one day ahead; 100,000 readings a message.
    fn default() -> TimeLimits {
        TimeLimits { earliest_us: YEAR_2000_US, ahead_us_max: 86_400_000_000, readings_max: 100_000 }
    }
}

impl TimeLimits {
    /// Is this device time believed?
    pub fn check(&self, at_us: i64, now_us: i64) -> Result<(), Refused> {
        if at_us < self.earliest_us {
            return Err(Refused::new(Reason::TooOld, format!("ts {}", at_us / 1000)));
        }
        if at_us > now_us.saturating_add(self.ahead_us_max) {
            return Err(Refused::new(Reason::TooFarAhead, format!("ts {}", at_us / 1000)));
        }
        Ok(())
    }
}

/// Telemetry or attributes of one device. On a refusal `out` is as it was before.
pub fn thingsboard_telemetry(
    payload: &[u8],
    model: &Model,
    now_us: i64,
    limits: &TimeLimits,
    out: &mut Vec<Taken>,
) -> Result<(), Refused> {
    let start = out.len();
    let mut state = State { model, now_us, limits, start, out, refused: None, hint: 0 };
    let mut json = serde_json::Deserializer::from_slice(payload);
    let done = Message(&mut state).deserialize(&mut json).and_then(|()| json.end());
    let refused = match (state.refused.take(), done) {
        (Some(refused), _) => Some(refused),
        (None, Err(error)) => Some(syntax(payload, &error)),
        (None, Ok(())) if out.len() == start => Some(Refused::new(Reason::Empty, "")),
        (None, Ok(())) => None,
    };
    match refused {
        None => Ok(()),
        Some(refused) => {
            out.truncate(start);
            Err(refused)
        }
    }
}

/// Names what serde_json disliked.
pub(crate) fn syntax(payload: &[u8], error: &serde_json::Error) -> Refused {
    if let Err(utf8) = std::str::from_utf8(payload) {
        return Refused::new(Reason::NotUtf8, format!("byte {}", utf8.valid_up_to()));
    }
    let detail = error.to_string();
    let reason = match error.classify() {
        _ if detail.starts_with("number out of range") => Reason::NotANumber,
        serde_json::error::Category::Data => Reason::WrongShape,
        _ if looks_infinite(payload) => Reason::NotANumber,
        _ => Reason::NotJson,
    };
    Refused::new(reason, detail)
}

/// Python and JavaScript write NaN and Infinity, which are no JSON; the person should read what it was.
fn looks_infinite(payload: &[u8]) -> bool {
    let text = String::from_utf8_lossy(payload);
    [":NaN", ": NaN", ":Infinity", ": Infinity", ":-Infinity", ": -Infinity"].iter().any(|w| text.contains(w))
}

struct State<'a> {
    model: &'a Model,
    now_us: i64,
    limits: &'a TimeLimits,
    start: usize,
    out: &'a mut Vec<Taken>,
    refused: Option<Refused>,
    /// Devices send their properties in the same order each time, so the next one is tried first.
    hint: u16,
}

impl State<'_> {
    /// Keeps the refusal for the caller; the error that goes through serde carries nothing.
    fn refuse<E: de::Error>(&mut self, reason: Reason, detail: impl Into<String>) -> E {
        self.refused = Some(Refused::new(reason, detail));
        E::custom("")
    }

    fn which(&mut self, name: &str) -> Result<Which, Refused> {
        let properties = self.model.properties();
        let index = match properties.get(usize::from(self.hint)) {
            Some(next) if next.name == name => Some(self.hint),
            _ => self.model.index(name),
        };
        match index {
            Some(index) => {
                self.hint = index + 1;
                Ok(Which::Declared(index))
            }
            None if self.model.keeps_undeclared() && name_is_valid(name) => Ok(Which::Other(name.into())),
            None => Err(Refused::new(Reason::UnknownProperty, short(name))),
        }
    }

    fn push<E: de::Error>(&mut self, property: Which, value: Value) -> Result<(), E> {
        if self.out.len() - self.start >= self.limits.readings_max {
            return Err(self.refuse(Reason::TooLarge, format!("> {} readings", self.limits.readings_max)));
        }
        let fits = match &property {
            Which::Declared(index) => check(&self.model.properties()[usize::from(*index)].kind, &value),
            Which::Other(_) => check_other(&value),
        };
        if let Err((reason, what)) = fits {
            let name = Taken { property, at_us: 0, value, quality: Quality::Good };
            let detail = format!("{}: {what}", short(name.name(self.model)));
            return Err(self.refuse(reason, detail));
        }
        self.out.push(Taken { property, at_us: self.now_us, value, quality: Quality::Good });
        Ok(())
    }

    /// How far values can be trusted came with them: sets it on those that this object brought.
    fn rate<E: de::Error>(&mut self, from: usize, qualities: &[(String, String)]) -> Result<(), E> {
        for (name, word) in qualities {
            let quality = match word.as_str() {
                "good" => Quality::Good,
                "uncertain" => Quality::Uncertain,
                "bad" => Quality::Bad,
                other => return Err(self.refuse(Reason::WrongShape, format!("quality {}", short(other)))),
            };
            let model = self.model;
            self.out[from..].iter_mut().filter(|t| t.name(model) == *name).for_each(|t| t.quality = quality);
        }
        Ok(())
    }

    /// The device's time came with the values: sets it on all that this object brought.
    fn date<E: de::Error>(&mut self, from: usize, ts_ms: i64) -> Result<(), E> {
        let at_us = ts_ms.saturating_mul(1000);
        if let Err(refused) = self.limits.check(at_us, self.now_us) {
            self.refused = Some(refused);
            return Err(E::custom(""));
        }
        for taken in &mut self.out[from..] {
            taken.at_us = at_us;
        }
        Ok(())
    }
}

/// Does a value fit the model's kind? The answer names what is wrong.
pub fn check(kind: &Kind, value: &Value) -> Result<(), (Reason, String)> {
    match (kind, value) {
        (Kind::Number { min, max, .. }, Value::Number(n)) => {
            if !n.is_finite() {
                return Err((Reason::NotANumber, n.to_string()));
            }
            if min.is_some_and(|min| *n < min) || max.is_some_and(|max| *n > max) {
                let bound = |b: &Option<f64>| b.map_or("…".to_owned(), |b| b.to_string());
                return Err((Reason::OutOfRange, format!("{n} ∉ [{}, {}]", bound(min), bound(max))));
            }
            Ok(())
        }
        (Kind::Flag, Value::Flag(_)) => Ok(()),
        (Kind::Text { bytes_max }, Value::Text(text)) if text.len() <= *bytes_max as usize => Ok(()),
        (Kind::Text { bytes_max }, Value::Text(text)) => {
            Err((Reason::OutOfRange, format!("{} > {bytes_max} bytes", text.len())))
        }
        (kind, value) => Err((Reason::WrongType, format!("{} ≠ {}", kind_of(value), kind.code()))),
    }
}

fn check_other(value: &Value) -> Result<(), (Reason, String)> {
    match value {
        Value::Number(n) if !n.is_finite() => Err((Reason::NotANumber, n.to_string())),
        Value::Text(text) if text.len() > TEXT_BYTES_MAX as usize => {
            Err((Reason::OutOfRange, format!("{} > {TEXT_BYTES_MAX} bytes", text.len())))
        }
        _ => Ok(()),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => "number",
        Value::Flag(_) => "flag",
        Value::Text(_) => "text",
    }
}

/// A stranger's words, cut to what fits a line of a report.
pub(crate) fn short(words: &str) -> String {
    match words.char_indices().nth(64) {
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words.to_owned(),
    }
}

/// The whole message: one object or a list of them.
struct Message<'s, 'a>(&'s mut State<'a>);

impl<'de> DeserializeSeed<'de> for Message<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Message<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of readings or a list of them")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Object(self.0))?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        Object(self.0).visit_map(map)
    }
}

/// One object: readings, or `ts` and `values`.
struct Object<'s, 'a>(&'s mut State<'a>);

impl<'de> DeserializeSeed<'de> for Object<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of readings")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let state = self.0;
        let from = state.out.len();
        let (mut ts_ms, mut values, mut plain) = (None, false, false);
        let mut qualities = Vec::new();
        while let Some(key) = map.next_key_seed(Key { state, nested: false, dated: ts_ms.is_some() })? {
            match key {
                Name::Quality => qualities = map.next_value::<BTreeMap<String, String>>()?.into_iter().collect(),
                Name::ServerTs => drop(map.next_value::<f64>()?),
                Name::Ts => ts_ms = Some(map.next_value_seed(Ts(state))?),
                Name::Values => {
                    map.next_value_seed(Values(state))?;
                    values = true;
                }
                Name::Property(which) => {
                    map.next_value_seed(Reading { state, which })?;
                    plain = true;
                }
            }
        }
        match (ts_ms, values, plain) {
            (Some(ts_ms), true, false) => {
                state.rate(from, &qualities)?;
                state.date(from, ts_ms)
            }
            (None, false, _) => Ok(()),
            (Some(_), false, _) => Err(state.refuse(Reason::WrongShape, "ts without values")),
            (None, true, _) => Err(state.refuse(Reason::WrongShape, "values without ts")),
            (Some(_), true, true) => Err(state.refuse(Reason::WrongShape, "properties beside ts and values")),
        }
    }
}

/// The object under `values`.
struct Values<'s, 'a>(&'s mut State<'a>);

impl<'de> DeserializeSeed<'de> for Values<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Values<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of readings under values")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let state = self.0;
        while let Some(key) = map.next_key_seed(Key { state, nested: true, dated: true })? {
            if let Name::Property(which) = key {
                map.next_value_seed(Reading { state, which })?;
            }
        }
        Ok(())
    }
}

enum Name {
    Ts,
    Values,
    Quality,
    ServerTs,
    Property(Which),
}

struct Key<'s, 'a> {
    state: &'s mut State<'a>,
    /// Under `values` the words are names like others.
    nested: bool,
    /// Has this object said its time? Only then are the words of our extension more than names.
    dated: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = Name;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Name, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = Name;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property's name")
    }
    fn visit_str<E: de::Error>(self, name: &str) -> Result<Name, E> {
        match name {
            "ts" if !self.nested => Ok(Name::Ts),
            "values" if !self.nested => Ok(Name::Values),
            "quality" if !self.nested && self.dated => Ok(Name::Quality),
            "server_ts" if !self.nested && self.dated => Ok(Name::ServerTs),
            name => self.state.which(name).map(Name::Property).map_err(|refused| {
                self.state.refused = Some(refused);
                E::custom("")
            }),
        }
    }
}

/// The device's time in milliseconds.
struct Ts<'s, 'a>(&'s mut State<'a>);

impl<'de> DeserializeSeed<'de> for Ts<'_, '_> {
    type Value = i64;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<i64, D::Error> {
        json.deserialize_any(self)
    }
}

impl Visitor<'_> for Ts<'_, '_> {
    type Value = i64;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ts in whole milliseconds since 1970")
    }
    fn visit_u64<E: de::Error>(self, ts: u64) -> Result<i64, E> {
        Ok(i64::try_from(ts).unwrap_or(i64::MAX))
    }
    fn visit_i64<E: de::Error>(self, ts: i64) -> Result<i64, E> {
        Ok(ts)
    }
    fn visit_f64<E: de::Error>(self, ts: f64) -> Result<i64, E> {
        // Lua and JavaScript clients write 1.7e12; the cast saturates, and the limits refuse what is absurd.
        match ts.fract() == 0.0 {
            true => Ok(ts as i64),
            false => Err(self.0.refuse(Reason::WrongType, format!("ts {ts}"))),
        }
    }
}

/// One value.
struct Reading<'s, 'a> {
    state: &'s mut State<'a>,
    which: Which,
}

impl Reading<'_, '_> {
    fn wrong<E: de::Error>(self, what: &str) -> E {
        let taken = Taken { property: self.which, at_us: 0, value: Value::Flag(false), quality: Quality::Bad };
        let detail = format!("{}: {what}", short(taken.name(self.state.model)));
        self.state.refuse(Reason::WrongType, detail)
    }
}

impl<'de> DeserializeSeed<'de> for Reading<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, true or false, or a text")
    }
    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<(), E> {
        self.state.push(self.which, Value::Flag(flag))
    }
    fn visit_u64<E: de::Error>(self, n: u64) -> Result<(), E> {
        self.state.push(self.which, Value::Number(n as f64))
    }
    fn visit_i64<E: de::Error>(self, n: i64) -> Result<(), E> {
        self.state.push(self.which, Value::Number(n as f64))
    }
    fn visit_f64<E: de::Error>(self, n: f64) -> Result<(), E> {
        self.state.push(self.which, Value::Number(n))
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.state.push(self.which, Value::Text(text.to_owned()))
    }
    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Err(self.wrong("null"))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.wrong("[…]"))
    }
    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.wrong("{…}"))
    }
}
