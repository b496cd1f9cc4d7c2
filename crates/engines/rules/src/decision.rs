//! A decision with its trace, and its one canonical form in bytes.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kernel::{Fen, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Form of the stored bytes; raised when a field is added or changes its meaning.
pub const DECISION_FORMAT: u32 = 1;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Whether an applicant gets an instrument, and how much.
    Award,
    /// Whether evidence is paid, and how much.
    Settlement,
}

/// What a reason is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    /// The programme has no such instrument, or the instrument no settlement, or an override names nothing.
    Request,
    /// Before or after the programme, or outside the window for applications.
    Period,
    /// A fact is not stated.
    Missing,
    /// A fact is stated in a form that cannot be read.
    Malformed,
    /// The batch leaves out a number or steps over the programme's bounds.
    Batch,
    /// No dated value is in force on this day.
    Value,
    /// A condition of the programme.
    Condition,
    /// The amount cannot be computed (beyond 64 bits).
    Amount,
    /// Nothing is left: the amount comes to zero.
    Exhausted,
}

/// Why, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// What it is about.
    pub kind: ReasonKind,
    /// The condition's id, the fact's name, the value's name …
    pub condition: String,
    /// The clause it follows from; empty where it follows from none.
    pub clause: String,
    /// Did it hold?
    pub passed: bool,
    /// What is asked (when it held); what is wrong and what to do (when not).
    pub text: Text,
}

/// What a number in the trace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// A dated value in force.
    Value,
    /// A number that the batch fixes.
    Batch,
    /// Computed on the way.
    Step,
    /// A ceiling.
    Cap,
    /// The amount.
    Result,
}

/// One number of the trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// Its name; the unit is its last part.
    pub name: String,
    /// For a reader.
    pub title: Text,
    /// The number.
    pub value: i64,
    /// The clause that gave it.
    pub clause: String,
    /// How it came about.
    pub expression: String,
    /// Is this what the amount came from? Exactly one step or cap of a computed amount is.
    pub binding: bool,
}

impl Step {
    /// The number with its unit, as a reader wants it: `¥100.00`, `20%`, `12`.
    pub fn shown(&self) -> String {
        self.shown_as(self.value)
    }

    /// Another number in this step's unit.
    pub fn shown_as(&self, value: i64) -> String {
        match self.name.rsplit(['_', '.']).next() {
            Some("fen") => Fen(value).to_string(),
            Some("bp") if value % 100 == 0 => format!("{}%", value / 100),
            Some("bp") => format!("{}.{:02}%", value / 100, value % 100),
            _ => value.to_string(),
        }
    }
}

/// In one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything holds and an amount stands.
    Granted,
    /// Nothing speaks against it, but facts are not stated yet.
    Incomplete,
    /// At least one thing speaks against it.
    Refused,
}

/// A decision. Its bytes are stored; see [`Decision::canonical_bytes`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// [`DECISION_FORMAT`] when it was made.
    pub format: u32,
    /// What was decided.
    pub act: Act,
    /// The programme's id.
    pub programme: String,
    /// The programme's version.
    pub programme_version: String,
    /// SHA-256 of the programme's text.
    pub programme_sha256: String,
    /// The instrument's id.
    pub instrument: String,
    /// As at which day.
    pub as_of: Date,
    /// What was supposed to be otherwise: empty but for a forecast.
    pub overrides: BTreeMap<String, i64>,
    /// The facts that the rules read, and no others.
    pub inputs: Value,
    /// Does everything hold?
    pub eligible: bool,
    /// Every condition that could be judged, and everything that stood in the way: all at once.
    pub reasons: Vec<Reason>,
    /// The amount in fen, above zero; none when not eligible.
    pub amount_fen: Option<i64>,
    /// How the amount came about.
    pub steps: Vec<Step>,
}

impl Decision {
    /// Canonical JSON: keys sorted, no spaces, whole numbers only, with a `digest` over the rest so that a changed
    /// byte shows even where it would not change the outcome. Equal decisions have equal bytes.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut value = serde_json::to_value(self).expect("a decision is plain data");
        let digest = hex::encode(Sha256::digest(canonical(&value)));
        value["digest"] = Value::String(digest);
        canonical(&value).into_bytes()
    }

    /// Reads stored bytes. The digest is not checked here: [`crate::replay`] does that and more.
    pub fn from_bytes(bytes: &[u8]) -> Result<Decision, serde_json::Error> {
        let mut value: Value = serde_json::from_slice(bytes)?;
        if let Some(map) = value.as_object_mut() {
            map.remove("digest");
        }
        serde_json::from_value(value)
    }

    /// In one word.
    pub fn outcome(&self) -> Outcome {
        let mut against = self.failures().peekable();
        if against.peek().is_none() {
            Outcome::Granted
        } else if against.all(|r| r.kind == ReasonKind::Missing) {
            Outcome::Incomplete
        } else {
            Outcome::Refused
        }
    }

    /// What speaks against it, in order.
    pub fn failures(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(|r| !r.passed)
    }

    /// The step or cap that the amount came from.
    pub fn binding(&self) -> Option<&Step> {
        self.steps.iter().find(|s| s.binding)
    }

    /// Was something supposed to be otherwise? A forecast must never be stored as a decision.
    pub fn is_forecast(&self) -> bool {
        !self.overrides.is_empty()
    }
}

/// Sorted keys, no spaces.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            let members: Vec<String> =
                sorted.into_iter().map(|(k, v)| format!("{}:{}", Value::String(k.clone()), canonical(v))).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        scalar => scalar.to_string(),
    }
}
