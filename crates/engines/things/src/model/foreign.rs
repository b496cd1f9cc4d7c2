//! The thing-model JSON of Aliyun (`identifier`, `dataType`, `services`) and JetLinks (`id`, `valueType`, `functions`): read so
//! that a plant can bring the models it has. Types that are neither number, flag nor text are named as faults.

use kernel::Text;
use serde_json::{Map, Value as Json};

use super::read::{Parts, each, each_at};
use super::{COMMAND_TIMEOUT_S, Command, Event, EventLevel, Fault, Field, Kind, Property, TEXT_BYTES_MAX, What};

/// Has any entry the marks of their forms? Ours has `type` beside `name`.
pub(super) fn is_foreign(root: &Map<String, Json>) -> bool {
    let marked = |list: &str| {
        root.get(list).and_then(Json::as_array).is_some_and(|all| {
            all.iter().any(|e| ["identifier", "dataType", "valueType"].iter().any(|mark| e.get(mark).is_some()))
        })
    };
    !root.contains_key("format")
        && (marked("properties") || marked("events") || root.contains_key("services") || root.contains_key("functions"))
}

pub(super) fn read(root: &Map<String, Json>, faults: &mut Vec<Fault>) -> Parts {
    let mut commands = each("services", root, faults, command);
    commands.extend(each("functions", root, faults, command));
    Parts {
        properties: each("properties", root, faults, property),
        events: each("events", root, faults, event),
        commands,
        ..Parts::default()
    }
}

fn key(at: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>) -> Option<String> {
    let found = of.get("identifier").or_else(|| of.get("id")).and_then(Json::as_str);
    if found.is_none() {
        faults.push(Fault::new(format!("{at}.identifier"), What::Missing, ""));
    }
    found.map(str::to_owned)
}

/// Their `name` is one text in one language; it stands for both until someone translates it.
fn label(of: &Map<String, Json>, key: &str) -> Text {
    let name = of.get("name").and_then(Json::as_str).filter(|n| !n.is_empty()).unwrap_or(key);
    Text::new(name, name)
}

fn field(at: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>) -> Option<Field> {
    let key = key(at, of, faults);
    let kind = kind(at, of, faults);
    let key = key?;
    Some(Field { label: label(of, &key), name: key, kind: kind? })
}

fn property(at: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>) -> Option<Property> {
    let writable = of.get("accessMode").and_then(Json::as_str).is_some_and(|m| m.contains('w'))
        || of
            .get("expands")
            .and_then(|e| e.get("type"))
            .and_then(Json::as_array)
            .is_some_and(|t| t.iter().any(|t| t == "write"));
    let field = field(at, of, faults)?;
    Some(Property { name: field.name, label: field.label, kind: field.kind, report_every_s: None, writable })
}

fn kind(at: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>) -> Option<Kind> {
    let (place, data) = match (of.get("dataType"), of.get("valueType")) {
        (Some(data), _) => ("dataType", data),
        (None, Some(data)) => ("valueType", data),
        (None, None) => {
            faults.push(Fault::new(format!("{at}.dataType"), What::Missing, ""));
            return None;
        }
    };
    let code = data.get("type").and_then(Json::as_str).unwrap_or("");
    // Aliyun puts the bounds under `specs`, as texts; JetLinks beside the type, as numbers.
    let spec = |name: &str| data.get("specs").and_then(|s| s.get(name)).or_else(|| data.get(name));
    let number = |name: &str| spec(name).and_then(|n| n.as_f64().or_else(|| n.as_str()?.trim().parse().ok()));
    match code {
        "int" | "int32" | "long" | "float" | "double" | "date" => Some(Kind::Number {
            min: number("min"),
            max: number("max"),
            unit: spec("unit").and_then(Json::as_str).unwrap_or("").to_owned(),
        }),
        "bool" | "boolean" => Some(Kind::Flag),
        // Aliyun's enumerations are whole numbers, JetLinks's texts.
        "enum" if place == "dataType" => Some(Kind::Number { min: None, max: None, unit: String::new() }),
        "text" | "string" | "password" | "enum" => {
            let length = number("length").or_else(|| number("maxLength")).unwrap_or(f64::from(TEXT_BYTES_MAX));
            // Their lengths count characters or bytes, and allow more than ours do.
            Some(Kind::Text { bytes_max: length.clamp(1.0, f64::from(TEXT_BYTES_MAX)) as u32 })
        }
        other => {
            faults.push(Fault::new(format!("{at}.{place}.type"), What::NoSuchType, crate::decode::short(other)));
            None
        }
    }
}

fn event(at: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>) -> Option<Event> {
    let key = key(at, of, faults)?;
    let level = of.get("type").or_else(|| of.get("expands").and_then(|e| e.get("level"))).and_then(Json::as_str);
    let level = match level {
        Some("alert" | "warn") => EventLevel::Warning,
        Some("error" | "urgent") => EventLevel::Error,
        _ => EventLevel::Info,
    };
    let fields = match of.get("outputData") {
        Some(list) => each_at(&format!("{at}.outputData"), Some(list), faults, field),
        None => {
            let list = of.get("valueType").and_then(|v| v.get("properties"));
            each_at(&format!("{at}.valueType.properties"), list, faults, field)
        }
    };
    Some(Event { label: label(of, &key), name: key, level, fields })
}

fn command(at: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>) -> Option<Command> {
    let key = key(at, of, faults)?;
    let (inputs, named) = match of.get("inputData") {
        Some(list) => (Some(list), "inputData"),
        None => (of.get("inputs"), "inputs"),
    };
    let inputs = each_at(&format!("{at}.{named}"), inputs, faults, field);
    let outputs = each_at(&format!("{at}.outputData"), of.get("outputData"), faults, field);
    Some(Command { label: label(of, &key), name: key, inputs, outputs, timeout_s: COMMAND_TIMEOUT_S })
}
