//! Replay: a stored decision is computed again from its own inputs and must come out the same, byte for byte.

use serde_json::Value;

use crate::check::ProgrammeError;
use crate::decide::forecast;
use crate::decision::{DECISION_FORMAT, Decision};
use crate::programme::Programme;

/// Why stored bytes do not replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayMismatch {
    /// The programme's text itself cannot be read.
    #[error("the programme cannot be read: {0}")]
    Programme(#[from] ProgrammeError),
    /// The bytes are not a decision.
    #[error("the stored bytes are not a decision: {detail}")]
    NotADecision {
        /// What the reader said.
        detail: String,
    },
    /// Made by a later or earlier form of this engine.
    #[error("the decision has form {found}, this engine replays form {DECISION_FORMAT}")]
    OtherForm {
        /// Its form.
        found: u32,
    },
    /// Made under another text.
    #[error("the decision was made under a programme with hash {stored}, this text has {given}")]
    OtherProgramme {
        /// In the decision.
        stored: String,
        /// Of the text given.
        given: String,
    },
    /// Computed again, it comes out otherwise.
    #[error("first difference at byte {at_byte}, {path}: stored {stored}, recomputed {recomputed}")]
    Differs {
        /// Offset in the stored bytes.
        at_byte: usize,
        /// Where in the decision, such as `/steps/2/value`; empty when only the spelling differs.
        path: String,
        /// What is stored there.
        stored: String,
        /// What comes out.
        recomputed: String,
    },
}

/// Replays stored bytes under a programme's text.
pub fn replay(programme_text: &str, stored: &[u8]) -> Result<(), ReplayMismatch> {
    replay_with(&Programme::parse(programme_text)?, stored)
}

/// The same under a programme that is read already, for many decisions.
pub fn replay_with(programme: &Programme, stored: &[u8]) -> Result<(), ReplayMismatch> {
    let was = Decision::from_bytes(stored).map_err(|e| ReplayMismatch::NotADecision { detail: e.to_string() })?;
    if was.format != DECISION_FORMAT {
        return Err(ReplayMismatch::OtherForm { found: was.format });
    }
    if was.programme_sha256 != programme.sha256 {
        let (stored, given) = (was.programme_sha256, programme.sha256.clone());
        return Err(ReplayMismatch::OtherProgramme { stored, given });
    }
    let again = forecast(programme, was.act, &was.instrument, &was.inputs, was.as_of, &was.overrides).canonical_bytes();
    if again == stored {
        return Ok(());
    }
    let at_byte = again.iter().zip(stored).take_while(|(a, b)| a == b).count();
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or(Value::Null);
    let (path, stored, recomputed) = first_difference("", &read(stored), &read(&again))
        .unwrap_or_else(|| (String::new(), String::new(), String::new()));
    Err(ReplayMismatch::Differs { at_byte, path, stored, recomputed })
}

/// The first place, in order of keys, where two documents differ. The digest is looked at last: it differs whenever
/// anything does.
fn first_difference(path: &str, a: &Value, b: &Value) -> Option<(String, String, String)> {
    let shown = |v: Option<&Value>| v.map_or_else(|| "nothing".to_owned(), Value::to_string);
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let mut keys: Vec<&String> = x.keys().chain(y.keys().filter(|k| !x.contains_key(*k))).collect();
            keys.sort_by_key(|k| (*k == "digest", *k));
            keys.into_iter().find_map(|key| {
                let at = format!("{path}/{key}");
                match (x.get(key), y.get(key)) {
                    (Some(p), Some(q)) => first_difference(&at, p, q),
                    (p, q) => Some((at, shown(p), shown(q))),
                }
            })
        }
        (Value::Array(x), Value::Array(y)) => (0..x.len().max(y.len())).find_map(|i| {
            let at = format!("{path}/{i}");
            match (x.get(i), y.get(i)) {
                (Some(p), Some(q)) => first_difference(&at, p, q),
                (p, q) => Some((at, shown(p), shown(q))),
            }
        }),
        _ if a == b => None,
        _ => Some((path.to_owned(), a.to_string(), b.to_string())),
    }
}
