//! Our JSON form → a model. Everything that is wrong is stated at once, so that a person mends it in one go.
//!
//! ```json
//! {"format": "yunjin-thing-model/1", "undeclared": "refuse",
//!  "properties": [{"name": "temperature", "label": {"zh": "温度", "en": "Temperature"}, "type": "number", "unit": "°C",
//!                  "min": -40, "max": 200, "report_every_s": 10, "writable": false},
//!                 {"name": "running", "type": "flag"}, {"name": "programme", "type": "text", "bytes_max": 64}],
//!  "events": [{"name": "overheated", "level": "warning", "fields": [{"name": "peak", "type": "number"}]}],
//!  "commands": [{"name": "setSpeed", "inputs": [{"name": "rpm", "type": "number"}], "outputs": [], "timeout_s": 30}]}
//! ```
//! Only `name` and `type` must be there. A label may be one text for both languages; without one the name stands.

use kernel::Text;
use serde_json::{Map, Value as Json};

use super::{
    COMMAND_TIMEOUT_S, Command, Event, EventLevel, Fault, Field, Kind, Model, ModelError, Property, TEXT_BYTES_MAX,
    Undeclared, What, foreign,
};

/// The name of our form.
pub(super) const FORMAT: &str = "yunjin-thing-model/1";

impl Model {
    /// Reads our form, or the form of Aliyun and JetLinks (`identifier` or `id`, with `dataType` or `valueType`).
    pub fn from_json(text: &str) -> Result<Model, ModelError> {
        let one = |what, detail: String| ModelError { faults: vec![Fault::new("", what, detail)] };
        let json: Json = serde_json::from_str(text).map_err(|e| one(What::NotJson, e.to_string()))?;
        let Json::Object(root) = &json else { return Err(one(What::NotAModel, String::new())) };
        let mut faults = Vec::new();
        let parts = match foreign::is_foreign(root) {
            true => foreign::read(root, &mut faults),
            false => read(root, &mut faults),
        };
        match Model::try_new(parts.properties, parts.events, parts.commands, parts.undeclared) {
            Ok(model) if faults.is_empty() => Ok(model),
            Ok(_) => Err(ModelError { faults }),
            Err(more) => {
                faults.extend(more.faults);
                Err(ModelError { faults })
            }
        }
    }
}

/// What was read, not yet checked together.
#[derive(Default)]
pub(super) struct Parts {
    pub properties: Vec<Property>,
    pub events: Vec<Event>,
    pub commands: Vec<Command>,
    pub undeclared: Undeclared,
}

fn read(root: &Map<String, Json>, faults: &mut Vec<Fault>) -> Parts {
    known("", root, &["format", "product", "version", "undeclared", "properties", "events", "commands"], faults);
    if let Some(format) = root.get("format")
        && format.as_str() != Some(FORMAT)
    {
        faults.push(Fault::new("format", What::Format, format.to_string()));
    }
    if !root.contains_key("properties") {
        faults.push(Fault::new("", What::NotAModel, ""));
    }
    let undeclared = match root.get("undeclared").map(|u| u.as_str()) {
        None | Some(Some("refuse")) => Undeclared::Refuse,
        Some(Some("keep")) => Undeclared::Keep,
        Some(_) => {
            faults.push(Fault::new("undeclared", What::Unknown, "refuse | keep"));
            Undeclared::Refuse
        }
    };
    Parts {
        properties: each("properties", root, faults, property),
        events: each("events", root, faults, event),
        commands: each("commands", root, faults, command),
        undeclared,
    }
}

/// Reads one object of a list; the first argument says where it stands.
type ReadOne<T> = fn(&str, &Map<String, Json>, &mut Vec<Fault>) -> Option<T>;

/// Reads a list of objects; a missing list is empty.
pub(super) fn each<T>(name: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>, one: ReadOne<T>) -> Vec<T> {
    each_at(name, of.get(name), faults, one)
}

/// The same where the list stands deeper: `at` is what a fault names.
pub(super) fn each_at<T>(at: &str, list: Option<&Json>, faults: &mut Vec<Fault>, one: ReadOne<T>) -> Vec<T> {
    let list = match list {
        None | Some(Json::Null) => return vec![],
        Some(Json::Array(list)) => list,
        Some(_) => {
            faults.push(Fault::new(at, What::WrongJsonType, "[…]"));
            return vec![];
        }
    };
    let mut out = Vec::with_capacity(list.len());
    for (i, entry) in list.iter().enumerate() {
        let at = format!("{at}[{i}]");
        match entry {
            Json::Object(entry) => out.extend(one(&at, entry, faults)),
            _ => faults.push(Fault::new(at, What::WrongJsonType, "{…}")),
        }
    }
    out
}

fn known(at: &str, of: &Map<String, Json>, names: &[&str], faults: &mut Vec<Fault>) {
    for name in of.keys().filter(|k| !names.contains(&k.as_str())) {
        faults.push(Fault::new(at, What::Unknown, crate::decode::short(name)));
    }
}

fn property(at: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>) -> Option<Property> {
    known(at, of, &["name", "label", "type", "unit", "min", "max", "bytes_max", "report_every_s", "writable"], faults);
    let field = plain_field(at, of, faults)?;
    Some(Property {
        name: field.name,
        label: field.label,
        kind: field.kind,
        report_every_s: whole(at, of, "report_every_s", faults),
        writable: flag(at, of, "writable", faults),
    })
}

fn field(at: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>) -> Option<Field> {
    known(at, of, &["name", "label", "type", "unit", "min", "max", "bytes_max"], faults);
    plain_field(at, of, faults)
}

fn plain_field(at: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>) -> Option<Field> {
    let name = text(at, of, "name", faults);
    let kind = kind(at, of, faults);
    let name = name?;
    Some(Field { label: label(at, of, &name, faults), name, kind: kind? })
}

fn kind(at: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>) -> Option<Kind> {
    let code = text(at, of, "type", faults)?;
    match code.as_str() {
        "number" => Some(Kind::Number {
            min: number(at, of, "min", faults),
            max: number(at, of, "max", faults),
            unit: if of.contains_key("unit") { text(at, of, "unit", faults)? } else { String::new() },
        }),
        "flag" => Some(Kind::Flag),
        "text" => Some(Kind::Text { bytes_max: whole(at, of, "bytes_max", faults).unwrap_or(TEXT_BYTES_MAX) }),
        other => {
            faults.push(Fault::new(format!("{at}.type"), What::NoSuchType, crate::decode::short(other)));
            None
        }
    }
}

fn event(at: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>) -> Option<Event> {
    known(at, of, &["name", "label", "level", "fields"], faults);
    let name = text(at, of, "name", faults)?;
    let level = match of.get("level").map(|l| l.as_str()) {
        None | Some(Some("info")) => EventLevel::Info,
        Some(Some("warning")) => EventLevel::Warning,
        Some(Some("error")) => EventLevel::Error,
        Some(_) => {
            faults.push(Fault::new(format!("{at}.level"), What::NoSuchLevel, ""));
            EventLevel::Info
        }
    };
    let fields = each_at(&format!("{at}.fields"), of.get("fields"), faults, field);
    Some(Event { label: label(at, of, &name, faults), name, level, fields })
}

fn command(at: &str, of: &Map<String, Json>, faults: &mut Vec<Fault>) -> Option<Command> {
    known(at, of, &["name", "label", "inputs", "outputs", "timeout_s"], faults);
    let name = text(at, of, "name", faults)?;
    Some(Command {
        label: label(at, of, &name, faults),
        inputs: each_at(&format!("{at}.inputs"), of.get("inputs"), faults, field),
        outputs: each_at(&format!("{at}.outputs"), of.get("outputs"), faults, field),
        timeout_s: whole(at, of, "timeout_s", faults).unwrap_or(COMMAND_TIMEOUT_S),
        name,
    })
}

pub(super) fn text(at: &str, of: &Map<String, Json>, name: &str, faults: &mut Vec<Fault>) -> Option<String> {
    let (what, detail) = match of.get(name) {
        Some(Json::String(text)) => return Some(text.clone()),
        None => (What::Missing, ""),
        Some(_) => (What::WrongJsonType, "\"…\""),
    };
    faults.push(Fault::new(format!("{at}.{name}"), what, detail));
    None
}

fn label(at: &str, of: &Map<String, Json>, name: &str, faults: &mut Vec<Fault>) -> Text {
    match of.get("label") {
        None => return Text::new(name, name),
        Some(Json::String(both)) => return Text::new(both, both),
        Some(Json::Object(pair)) => {
            if let (Some(zh), Some(en)) = (pair.get("zh").and_then(Json::as_str), pair.get("en").and_then(Json::as_str))
            {
                return Text::new(zh, en);
            }
            faults.push(Fault::new(format!("{at}.label"), What::Missing, "zh, en"));
        }
        Some(_) => faults.push(Fault::new(format!("{at}.label"), What::WrongJsonType, "{\"zh\":…,\"en\":…}")),
    }
    Text::new(name, name)
}

fn number(at: &str, of: &Map<String, Json>, name: &str, faults: &mut Vec<Fault>) -> Option<f64> {
    let found = of.get(name).filter(|n| !n.is_null())?;
    if found.as_f64().is_none() {
        faults.push(Fault::new(format!("{at}.{name}"), What::WrongJsonType, "1.0"));
    }
    found.as_f64()
}

fn whole(at: &str, of: &Map<String, Json>, name: &str, faults: &mut Vec<Fault>) -> Option<u32> {
    let found = of.get(name).filter(|n| !n.is_null())?;
    let whole = found.as_u64().and_then(|n| u32::try_from(n).ok());
    if whole.is_none() {
        faults.push(Fault::new(format!("{at}.{name}"), What::WrongJsonType, "1"));
    }
    whole
}

fn flag(at: &str, of: &Map<String, Json>, name: &str, faults: &mut Vec<Fault>) -> bool {
    match of.get(name) {
        None | Some(Json::Null) => false,
        Some(Json::Bool(flag)) => *flag,
        Some(_) => {
            faults.push(Fault::new(format!("{at}.{name}"), What::WrongJsonType, "true"));
            false
        }
    }
}
