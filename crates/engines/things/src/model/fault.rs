//! What can be wrong with a thing model; everything is stated at once.

use std::collections::HashSet;
use std::fmt;

use kernel::Lang;

use super::{Command, Event, Field, Kind, PROPERTIES_MAX, Property, TEXT_BYTES_MAX, name_is_valid};

/// A model that cannot be taken, with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ModelError {
    /// In the order in which they stand.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            f.write_str(&fault.words(Lang::En))?;
        }
        Ok(())
    }
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: `properties[3].type`.
    pub at: String,
    /// What.
    pub what: What,
    /// The offending words.
    pub detail: String,
}

impl Fault {
    pub(crate) fn new(at: impl Into<String>, what: What, detail: impl Into<String>) -> Fault {
        Fault { at: at.into(), what, detail: detail.into() }
    }

    /// For a person.
    pub fn words(&self, lang: Lang) -> String {
        let what = self.what.words(lang);
        let place = if self.at.is_empty() { String::new() } else { format!("{}{}", self.at, lang.t("：", ": ")) };
        match self.detail.is_empty() {
            true => format!("{place}{what}"),
            false => format!("{place}{}", lang.aside(what, &self.detail)),
        }
    }
}

macro_rules! whats {
    ($($(#[$doc:meta])* $name:ident: $zh:literal, $en:literal;)*) => {
        /// What can be wrong with a model.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum What { $($(#[$doc])* $name),* }
        impl What {
            /// For a person.
            pub fn words(self, lang: Lang) -> &'static str {
                match self { $(What::$name => lang.t($zh, $en)),* }
            }
        }
    };
}

whats! {
    /// No JSON.
    NotJson: "不是合法的 JSON", "is not JSON";
    /// JSON, but no model of either form.
    NotAModel: "看不出是物模型：应有 properties 数组", "is no thing model: a list named properties is missing";
    /// Another type was expected there.
    WrongJsonType: "JSON 类型不对", "has the wrong JSON type";
    /// A member that must be there is missing.
    Missing: "缺少", "is missing";
    /// A member that is not known: probably a slip.
    Unknown: "不认识的成员", "is not known here";
    /// No name, too long, spaces around it or control characters in it.
    BadName: "名称为空、过长或含控制字符", "is no usable name: empty, too long, or with control characters";
    /// Two of one name (TM-1).
    Twice: "名称重复", "stands twice";
    /// Bounds the wrong way round or not finite.
    BadRange: "范围不对：min 应不大于 max", "is no range: min is above max";
    /// A length out of bounds.
    BadLength: "长度超出允许范围", "is a length out of bounds";
    /// An interval or a time-out of zero or above a year.
    BadInterval: "秒数应在 1 到 31536000 之间", "must be between 1 and 31536000 seconds";
    /// A type that cannot be told apart as number, flag or text.
    NoSuchType: "不支持的类型：用 number、flag 或 text", "is a type that is not supported: use number, flag or text";
    /// A level of an event that is none.
    NoSuchLevel: "级别应为 info、warning 或 error", "is no level: info, warning or error";
    /// More than a model may have.
    TooMany: "过多", "are too many";
    /// Another kind than in an earlier version (TM-3).
    KindChanged: "与已发布版本的类型不同：请换一个名称", "has another type than in the published version: give it another name";
    /// A form of a later program.
    Format: "不认识的 format", "is a format that is not known";
}

/// A year.
const INTERVAL_S_MAX: u32 = 31_536_000;

pub(super) fn check(properties: &[Property], events: &[Event], commands: &[Command], faults: &mut Vec<Fault>) {
    if properties.len() > PROPERTIES_MAX {
        faults.push(Fault::new("properties", What::TooMany, format!("{} > {PROPERTIES_MAX}", properties.len())));
    }
    names("properties", properties.iter().map(|p| p.name.as_str()), faults);
    for (i, property) in properties.iter().enumerate() {
        kind(&format!("properties[{i}]"), &property.kind, faults);
        if property.report_every_s.is_some_and(|s| s == 0 || s > INTERVAL_S_MAX) {
            faults.push(Fault::new(format!("properties[{i}].report_every_s"), What::BadInterval, ""));
        }
    }
    names("events", events.iter().map(|e| e.name.as_str()), faults);
    for (i, event) in events.iter().enumerate() {
        fields(&format!("events[{i}].fields"), &event.fields, faults);
    }
    names("commands", commands.iter().map(|c| c.name.as_str()), faults);
    for (i, command) in commands.iter().enumerate() {
        fields(&format!("commands[{i}].inputs"), &command.inputs, faults);
        fields(&format!("commands[{i}].outputs"), &command.outputs, faults);
        if command.timeout_s == 0 || command.timeout_s > INTERVAL_S_MAX {
            faults.push(Fault::new(
                format!("commands[{i}].timeout_s"),
                What::BadInterval,
                command.timeout_s.to_string(),
            ));
        }
    }
}

fn names<'a>(list: &str, all: impl Iterator<Item = &'a str>, faults: &mut Vec<Fault>) {
    let mut seen = HashSet::new();
    for (i, name) in all.enumerate() {
        if !name_is_valid(name) {
            faults.push(Fault::new(format!("{list}[{i}].name"), What::BadName, crate::decode::short(name)));
        } else if !seen.insert(name) {
            faults.push(Fault::new(format!("{list}[{i}].name"), What::Twice, name));
        }
    }
}

fn fields(list: &str, all: &[Field], faults: &mut Vec<Fault>) {
    names(list, all.iter().map(|f| f.name.as_str()), faults);
    for (i, field) in all.iter().enumerate() {
        kind(&format!("{list}[{i}]"), &field.kind, faults);
    }
}

fn kind(at: &str, kind: &Kind, faults: &mut Vec<Fault>) {
    match kind {
        Kind::Number { min, max, unit } => {
            let finite = min.is_none_or(f64::is_finite) && max.is_none_or(f64::is_finite);
            if !finite || matches!((min, max), (Some(min), Some(max)) if min > max) {
                faults.push(Fault::new(format!("{at}.min"), What::BadRange, ""));
            }
            if unit.len() > 32 {
                faults.push(Fault::new(format!("{at}.unit"), What::BadLength, crate::decode::short(unit)));
            }
        }
        Kind::Text { bytes_max } if *bytes_max == 0 || *bytes_max > TEXT_BYTES_MAX => {
            faults.push(Fault::new(
                format!("{at}.bytes_max"),
                What::BadLength,
                format!("{bytes_max} ∉ [1, {TEXT_BYTES_MAX}]"),
            ));
        }
        Kind::Flag | Kind::Text { .. } => {}
    }
}
