//! A model → our JSON form, in one order, so that the same model is the same text.

use serde_json::{Map, Value as Json, json};

use super::read::FORMAT;
use super::{Event, EventLevel, Field, Kind, Model, Undeclared};

impl Model {
    /// The form that [`Model::from_json`] reads, indented for people.
    pub fn to_json(&self) -> String {
        let mut root = Map::new();
        root.insert("format".into(), json!(FORMAT));
        if self.version > 0 {
            root.insert("product".into(), json!(&*self.product));
            root.insert("version".into(), json!(self.version));
        }
        let undeclared = match self.undeclared {
            Undeclared::Refuse => "refuse",
            Undeclared::Keep => "keep",
        };
        root.insert("undeclared".into(), json!(undeclared));
        let properties = self.properties.iter().map(|p| {
            let mut out = field(&p.name, &p.label, &p.kind);
            if let Some(every) = p.report_every_s {
                out.insert("report_every_s".into(), json!(every));
            }
            if p.writable {
                out.insert("writable".into(), json!(true));
            }
            Json::Object(out)
        });
        root.insert("properties".into(), properties.collect());
        root.insert("events".into(), self.events.iter().map(event).collect());
        let commands = self.commands.iter().map(|c| {
            json!({"name": c.name, "label": {"zh": c.label.zh, "en": c.label.en}, "inputs": fields(&c.inputs),
                   "outputs": fields(&c.outputs), "timeout_s": c.timeout_s})
        });
        root.insert("commands".into(), commands.collect());
        serde_json::to_string_pretty(&Json::Object(root)).expect("a tree of JSON values can be written")
    }
}

fn event(event: &Event) -> Json {
    let level = match event.level {
        EventLevel::Info => "info",
        EventLevel::Warning => "warning",
        EventLevel::Error => "error",
    };
    json!({"name": event.name, "label": {"zh": event.label.zh, "en": event.label.en}, "level": level,
           "fields": fields(&event.fields)})
}

fn fields(all: &[Field]) -> Json {
    all.iter().map(|f| Json::Object(field(&f.name, &f.label, &f.kind))).collect()
}

fn field(name: &str, label: &kernel::Text, kind: &Kind) -> Map<String, Json> {
    let mut out = Map::new();
    out.insert("name".into(), json!(name));
    out.insert("label".into(), json!({"zh": label.zh, "en": label.en}));
    out.insert("type".into(), json!(kind.code()));
    match kind {
        Kind::Number { min, max, unit } => {
            let bounds =
                [("min", min), ("max", max)].into_iter().filter_map(|(n, b)| Some((n.to_owned(), json!((*b)?))));
            out.extend(bounds);
            if !unit.is_empty() {
                out.insert("unit".into(), json!(unit));
            }
        }
        Kind::Flag => {}
        Kind::Text { bytes_max } => {
            out.insert("bytes_max".into(), json!(bytes_max));
        }
    }
    out
}
