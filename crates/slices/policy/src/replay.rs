//! Proves the stored decisions: each comes out the same again, to the byte.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::{Action, Subject};
use rules::{Decision, Programme};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::Cx;

use crate::model::DecisionRow;
use crate::store as sql;

/// Rows looked at in one query.
const CHUNK: u32 = 500;

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// `PD-1`, `PD-2` or `PD-3`.
    pub invariant: &'static str,
    /// What it is about: `decision/dec_…` or `programme/<id>/<version>`.
    pub object: String,
    /// What was found.
    pub detail: String,
}

store::refusals! {
    /// Why nothing is verified.
    pub enum ReplayError {}
}

/// Walks all stored decisions in chunks; what is broken, by name. Texts are read from the records, not from memory.
pub async fn replay_all(cx: &mut Cx) -> Result<Vec<Broken>, ReplayError> {
    if !cx.permits(Action::RunVerify, &Subject::none()) {
        return Err(ReplayError::Forbidden);
    }
    let mut broken = Vec::new();
    let programmes = programmes(cx, &mut broken).await?;
    let mut after = String::new();
    loop {
        let rows = sql::decisions_after(cx, &after, CHUNK).await?;
        let Some((last, _)) = rows.last() else { return Ok(broken) };
        after = last.clone();
        for (id, row) in rows {
            match row {
                Ok(row) => broken.extend(judge(&row, programmes.get(&row.programme_sha256).map(Arc::as_ref))),
                Err(e) => {
                    broken.push(Broken { invariant: "PD-3", object: format!("decision/{id}"), detail: e.to_string() })
                }
            }
        }
    }
}

/// Every published text that has the hash it is stored under (PD-2), by that hash.
async fn programmes(
    cx: &mut Cx,
    broken: &mut Vec<Broken>,
) -> Result<HashMap<String, Arc<Programme>>, store::StoreError> {
    let mut out = HashMap::new();
    for [id, version, sha256, toml] in sql::published_texts(cx).await? {
        let found = hex::encode(Sha256::digest(&toml));
        let detail = if found != sha256 {
            format!("the text has hash {found}, its record says {sha256}")
        } else {
            match Programme::parse(&toml) {
                Ok(programme) => {
                    out.insert(sha256, Arc::new(programme));
                    continue;
                }
                Err(e) => format!("the text does not read any more: {e}"),
            }
        };
        broken.push(Broken { invariant: "PD-2", object: format!("programme/{id}/{version}"), detail });
    }
    Ok(out)
}

/// What is broken about one decision; empty when it replays.
pub fn judge(row: &DecisionRow, programme: Option<&Programme>) -> Vec<Broken> {
    let object = format!("decision/{}", row.id);
    let name = |invariant, detail: String| Broken { invariant, object: object.clone(), detail };
    let mut broken = Vec::new();
    let found = hex::encode(Sha256::digest(&row.bytes));
    if found != row.bytes_sha256 {
        broken.push(name("PD-1", format!("the bytes have hash {found}, its record says {}", row.bytes_sha256)));
    }
    match programme {
        None => broken.push(name("PD-2", format!("no published programme has the hash {}", row.programme_sha256))),
        Some(programme) => {
            if let Err(e) = rules::replay_with(programme, row.bytes.as_bytes()) {
                broken.push(name("PD-1", e.to_string()));
            }
        }
    }
    if let Ok(decision) = Decision::from_bytes(row.bytes.as_bytes()) {
        let columns = row.columns_that_differ(&decision);
        if !columns.is_empty() {
            broken.push(name("PD-3", format!("the record says otherwise than the decision: {}", columns.join(", "))));
        }
    }
    broken
}

/// One decision under the text that it names.
pub async fn replay_one(cx: &mut Cx, row: &DecisionRow) -> Result<Vec<Broken>, store::StoreError> {
    let programme = match sql::texts(cx, &row.programme_sha256).await? {
        Some((toml, _)) => Programme::parse(&toml).ok(),
        None => None,
    };
    Ok(judge(row, programme.as_ref()))
}
