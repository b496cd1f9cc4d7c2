//! Thing models (物模型): what the devices of a product measure, report and obey, versioned.
//!
//! TM-1: names are unique within a model's properties, events and commands. TM-2: a published version never changes.
//! TM-3: a property keeps its kind through the versions of a product, so that a series holds one kind of value.

mod fault;
mod foreign;
mod read;
mod write;

use std::collections::HashMap;
use std::sync::Arc;

pub use fault::{Fault, ModelError, What};
use foldhash::fast::FixedState;
use kernel::Text;

/// The longest name of a property, event, command or device, in bytes.
pub const NAME_BYTES_MAX: usize = 128;
/// The longest text value, and the bound where a model states none.
pub const TEXT_BYTES_MAX: u32 = 4096;
/// Properties of one model.
pub const PROPERTIES_MAX: usize = 2000;

/// A thing model. Built by [`Model::from_json`], so that what it promises holds.
#[derive(Clone, Debug)]
pub struct Model {
    product: Arc<str>,
    version: u32,
    properties: Vec<Property>,
    events: Vec<Event>,
    commands: Vec<Command>,
    undeclared: Undeclared,
    index: HashMap<Box<str>, u16, FixedState>,
}

/// Two models are the same when they say the same.
impl PartialEq for Model {
    fn eq(&self, other: &Model) -> bool {
        self.product == other.product
            && self.version == other.version
            && self.properties == other.properties
            && self.events == other.events
            && self.commands == other.commands
            && self.undeclared == other.undeclared
    }
}

/// What becomes of a property that the model does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Undeclared {
    /// The message is refused: what is stored is what was agreed.
    #[default]
    Refuse,
    /// It is kept under its own name: to begin with an unknown machine.
    Keep,
}

/// Something that is measured or set.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// The key in payloads.
    pub name: String,
    /// For people.
    pub label: Text,
    /// Its type.
    pub kind: Kind,
    /// How often it should be reported, in seconds: for "no data" and for the share of expected readings.
    pub report_every_s: Option<u32>,
    /// Can a desired value be set for the device to follow?
    pub writable: bool,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A finite number within bounds, both inclusive.
    Number {
        /// Not under.
        min: Option<f64>,
        /// Not over.
        max: Option<f64>,
        /// As written after the number; empty for none.
        unit: String,
    },
    /// On or off.
    Flag,
    /// A text.
    Text {
        /// Its most bytes of UTF-8.
        bytes_max: u32,
    },
}

impl Kind {
    /// As in the JSON form.
    pub fn code(&self) -> &'static str {
        match self {
            Kind::Number { .. } => "number",
            Kind::Flag => "flag",
            Kind::Text { .. } => "text",
        }
    }

    /// The unit of a number; empty for the others.
    pub fn unit(&self) -> &str {
        match self {
            Kind::Number { unit, .. } => unit,
            _ => "",
        }
    }
}

/// A named value in an event or a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The key.
    pub name: String,
    /// For people.
    pub label: Text,
    /// Its type.
    pub kind: Kind,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The key.
    pub name: String,
    /// For people.
    pub label: Text,
    /// How grave.
    pub level: EventLevel,
    /// What it brings with it.
    pub fields: Vec<Field>,
}

/// How grave an event is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventLevel {
    /// To be known.
    #[default]
    Info,
    /// To be looked at.
    Warning,
    /// To be acted on.
    Error,
}

/// Something a device can be told to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The method's name.
    pub name: String,
    /// For people.
    pub label: Text,
    /// What it is given.
    pub inputs: Vec<Field>,
    /// What it answers.
    pub outputs: Vec<Field>,
    /// How long an answer is waited for, in seconds.
    pub timeout_s: u32,
}

/// How long a command waits for its answer where its model says nothing.
pub const COMMAND_TIMEOUT_S: u32 = 30;

impl Model {
    /// Puts a model together, or names everything that is wrong with it.
    pub fn try_new(
        properties: Vec<Property>,
        events: Vec<Event>,
        commands: Vec<Command>,
        undeclared: Undeclared,
    ) -> Result<Model, ModelError> {
        let mut faults = Vec::new();
        fault::check(&properties, &events, &commands, &mut faults);
        if !faults.is_empty() {
            return Err(ModelError { faults });
        }
        let index = properties.iter().enumerate().map(|(i, p)| (p.name.as_str().into(), i as u16)).collect();
        Ok(Model { product: Arc::from(""), version: 0, properties, events, commands, undeclared, index })
    }

    /// A model without properties that keeps whatever comes: where a device has no product yet.
    pub fn keep_all() -> Model {
        Model::try_new(vec![], vec![], vec![], Undeclared::Keep).expect("nothing in it can be wrong")
    }

    /// The same as a product's published version.
    pub fn published(mut self, product: &str, version: u32) -> Model {
        self.product = Arc::from(product);
        self.version = version;
        self
    }

    /// Of which product; empty for a draft.
    pub fn product(&self) -> &Arc<str> {
        &self.product
    }
    /// Which version, from 1; 0 for a draft.
    pub fn version(&self) -> u32 {
        self.version
    }
    /// In the order in which they were declared; an index of [`Model::index`] is a place in it.
    pub fn properties(&self) -> &[Property] {
        &self.properties
    }
    /// All events.
    pub fn events(&self) -> &[Event] {
        &self.events
    }
    /// All commands.
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }
    /// A command by its name.
    pub fn command(&self, name: &str) -> Option<&Command> {
        self.commands.iter().find(|c| c.name == name)
    }
    /// What becomes of other properties.
    pub fn undeclared(&self) -> Undeclared {
        self.undeclared
    }
    /// Are other properties kept?
    pub fn keeps_undeclared(&self) -> bool {
        self.undeclared == Undeclared::Keep
    }
    /// The place of a property.
    pub fn index(&self, name: &str) -> Option<u16> {
        self.index.get(name).copied()
    }
    /// A property by its name.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.index(name).map(|i| &self.properties[usize::from(i)])
    }

    /// The shortest stated reporting interval, in seconds: a device silent for much longer is silent.
    pub fn report_every_s(&self) -> Option<u32> {
        self.properties.iter().filter_map(|p| p.report_every_s).min()
    }

    /// What keeps this from following `earlier` as a version of the same product (TM-3).
    pub fn check_follows(&self, earlier: &Model) -> Result<(), ModelError> {
        let faults: Vec<Fault> = self
            .properties
            .iter()
            .enumerate()
            .filter_map(|(i, p)| Some((i, p, earlier.property(&p.name)?)))
            .filter(|(_, p, before)| p.kind.code() != before.kind.code())
            .map(|(i, p, before)| {
                Fault::new(
                    format!("properties[{i}].type"),
                    What::KindChanged,
                    format!("{}: {} → {}", p.name, before.kind.code(), p.kind.code()),
                )
            })
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(ModelError { faults }) }
    }
}

/// May this be the name of a property, an event, a command or a device behind a gateway?
pub fn name_is_valid(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.trim() == name && !name.chars().any(char::is_control)
}
