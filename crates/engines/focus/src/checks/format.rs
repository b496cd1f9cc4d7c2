//! Format checks of text (FOCUS 1.2, Attributes).

use serde_json::Value;

use super::Cell;

/// String Handling: valid Unicode without control characters. The bytes were checked as UTF-8 when read.
pub(super) fn string(cell: Cell<'_>) -> bool {
    matches!(cell, Cell::Text(t) if t.is_ascii() && !t.bytes().any(|b| b < 0x20 && b != b'\t' && b != b'\n' && b != b'\r')
        || !t.chars().any(|c| c.is_control() && !c.is_ascii_whitespace() || c == '\u{FFFD}'))
}

/// Currency Format: three capital letters, or a virtual currency's name as the provider writes it.
pub(super) fn currency(cell: Cell<'_>) -> bool {
    let Cell::Text(t) = cell else { return false };
    let letters = t.bytes().all(|b| b.is_ascii_alphabetic());
    if letters && t.len() == 3 {
        t.bytes().all(|b| b.is_ascii_uppercase())
    } else {
        !t.trim().is_empty() && t.trim() == t
    }
}

/// Key-Value Format: a JSON object with unique keys whose values are numbers, strings, booleans or null.
pub(super) fn key_value(cell: Cell<'_>) -> bool {
    let Cell::Text(t) = cell else { return false };
    let Ok(pairs) = serde_json::from_str::<Pairs>(t) else { return false };
    let mut keys: Vec<&str> = pairs.0.iter().map(|(k, _)| k.as_str()).collect();
    keys.sort_unstable();
    keys.windows(2).all(|w| w[0] != w[1]) && pairs.0.iter().all(|(_, v)| !v.is_object() && !v.is_array())
}

/// An object's pairs in order, repeated keys kept.
struct Pairs(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Pairs, D::Error> {
        struct Visit;
        impl<'de> serde::de::Visitor<'de> for Visit {
            type Value = Pairs;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<M: serde::de::MapAccess<'de>>(self, mut map: M) -> Result<Pairs, M::Error> {
                let mut all = vec![];
                while let Some(pair) = map.next_entry()? {
                    all.push(pair);
                }
                Ok(Pairs(all))
            }
        }
        d.deserialize_map(Visit)
    }
}

/// Data sizes, counts and times that the specification recommends (FOCUS 1.2, Unit Format).
const SIZES: [&str; 24] = [
    "b", "Kb", "Mb", "Gb", "Tb", "Pb", "Eb", "B", "KB", "MB", "GB", "TB", "PB", "EB", "Kib", "Mib", "Gib", "Tib",
    "Pib", "Eib", "KiB", "MiB", "GiB", "TiB",
];
const TIMES: [&str; 6] = ["Year", "Month", "Day", "Hour", "Minute", "Second"];

/// Unit Format: `Units`, `GB`, `GB-Hours`, `GB/Hour`, `1000 Requests`, `Units/3 Months`. Other nouns than the
/// recommended ones are allowed where those lack the dimension, in capitalised words.
pub(super) fn unit(cell: Cell<'_>) -> bool {
    let Cell::Text(t) = cell else { return false };
    match t.split_once('/') {
        Some((what, per)) => quantified(what) && interval(per),
        None => quantified(t),
    }
}

fn quantified(t: &str) -> bool {
    let noun = match t.split_once(' ') {
        Some((count, noun)) if whole(count) => noun,
        _ => t,
    };
    let (first, time) = noun.rsplit_once('-').map_or((noun, None), |(a, b)| (a, Some(b)));
    match time {
        Some(time) if timed(time, true) => name(first),
        _ => name(noun),
    }
}

fn interval(t: &str) -> bool {
    match t.split_once(' ') {
        Some((count, time)) => whole(count) && timed(time, true),
        None => timed(t, false),
    }
}

fn timed(t: &str, plural: bool) -> bool {
    TIMES.contains(&if plural { t.strip_suffix('s').unwrap_or(t) } else { t })
}

fn whole(t: &str) -> bool {
    !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit())
}

fn name(t: &str) -> bool {
    SIZES.contains(&t)
        || !t.is_empty()
            && t.split([' ', '-']).all(|w| w.chars().next().is_some_and(char::is_uppercase) || whole(w))
            && t.chars().all(|c| c.is_alphanumeric() || c == ' ' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_follow_the_three_forms() {
        for good in [
            "GB",
            "GB-Hours",
            "Hours",
            "Requests",
            "1000 Requests",
            "GB-Months",
            "Units/3 Months",
            "GB/Hour",
            "LCU-Hours",
        ] {
            assert!(unit(Cell::Text(good)), "{good}");
        }
        for bad in ["gb", "", "per hour", "GB per hour", "10K", "GB/hour", "requests", "GB-"] {
            assert!(!unit(Cell::Text(bad)), "{bad}");
        }
    }

    #[test]
    fn key_values_are_flat_objects_with_unique_keys() {
        assert!(key_value(Cell::Text(r#"{"环境":"生产","n":1,"t":true,"x":null}"#)));
        for bad in [r#"{"a":{}}"#, r#"{"a":[1]}"#, r#"{"a":1,"a":2}"#, "[1]", "a=b", r#"{"a": "b", " c": "d", "e"}"#] {
            assert!(!key_value(Cell::Text(bad)), "{bad}");
        }
    }

    #[test]
    fn strings_may_be_chinese_but_not_control_characters() {
        assert!(string(Cell::Text("天津一号机")) && string(Cell::Text("a b")));
        assert!(!string(Cell::Text("a\u{0}b")) && !string(Cell::Text("云\u{FFFD}")));
    }
}
