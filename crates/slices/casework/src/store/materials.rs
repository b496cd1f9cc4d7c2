//! Papers of applications and answers to defects.

use store::{Cx, Row, StoreError, params};

use super::code;
use crate::model::{DefectAnswer, Material};

fn material(r: &Row) -> Result<Material, StoreError> {
    let text: String = r.get("document_json")?;
    let document = serde_json::from_str(&text)
        .map_err(|source| StoreError::Json { what: "a material's document_json".into(), source })?;
    Ok(Material {
        id: r.get("id")?,
        case_id: r.get("case_id")?,
        kind: code(r, "kind")?,
        item: r.get("item")?,
        event_seq: r.get("event_seq")?,
        note: r.get("note")?,
        document,
        added_by: r.get("added_by")?,
        added_at: r.get("added_at_us")?,
        removed_at: r.get("removed_at_us")?,
    })
}

pub(crate) async fn insert_material(cx: &mut Cx, m: &Material) -> Result<(), StoreError> {
    let document =
        serde_json::to_string(&m.document).map_err(|source| StoreError::Json { what: "a document".into(), source })?;
    let sql = "INSERT INTO casework_material (id, case_id, kind, item, event_seq, note, document_sha256, document_json, \
               added_by, added_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = params![
        &m.id,
        &m.case_id,
        m.kind.code(),
        &m.item,
        m.event_seq,
        &m.note,
        &m.document.sha256,
        document,
        &m.added_by,
        m.added_at,
    ];
    cx.execute(sql, values).await.map(drop)
}

/// The papers of a case that stand, in the order in which they came.
pub(crate) async fn materials_of(cx: &mut Cx, case: &str) -> Result<Vec<Material>, StoreError> {
    let sql = "SELECT * FROM casework_material WHERE case_id = $1 AND removed_at_us IS NULL ORDER BY added_at_us, id";
    cx.all(sql, params![case]).await?.iter().map(material).collect()
}

/// One paper, removed or not.
pub(crate) async fn material_by_id(cx: &mut Cx, id: &str) -> Result<Option<Material>, StoreError> {
    cx.opt("SELECT * FROM casework_material WHERE id = $1", params![id]).await?.as_ref().map(material).transpose()
}

pub(crate) async fn remove_material(cx: &mut Cx, id: &str) -> Result<(), StoreError> {
    let now = cx.now;
    let sql = "UPDATE casework_material SET removed_at_us = $2 WHERE id = $1 AND removed_at_us IS NULL";
    cx.execute(sql, params![id, now]).await.map(drop)
}

/// The event that last stated defects of a case; 0 where none did.
pub(crate) async fn last_return(cx: &mut Cx, case: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COALESCE(MAX(event_seq), 0) AS seq FROM casework_defect WHERE case_id = $1";
    cx.one(sql, params![case]).await?.get("seq")
}

pub(crate) async fn put_answer(cx: &mut Cx, case: &str, seq: i64, a: &DefectAnswer) -> Result<(), StoreError> {
    let now = cx.now;
    let sql = "INSERT INTO casework_defect_answer (case_id, event_seq, item, answer, answered_at_us) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (case_id, event_seq, item) DO UPDATE SET \
               answer = excluded.answer, answered_at_us = excluded.answered_at_us";
    cx.execute(sql, params![case, seq, &a.item, &a.answer, now]).await.map(drop)
}

/// What the enterprise says to the defects of the last return.
pub(crate) async fn answers_to_defects(cx: &mut Cx, case: &str) -> Result<Vec<DefectAnswer>, StoreError> {
    let seq = last_return(cx, case).await?;
    let sql = "SELECT item, answer FROM casework_defect_answer WHERE case_id = $1 AND event_seq = $2 ORDER BY item";
    let rows = cx.all(sql, params![case, seq]).await?;
    rows.iter().map(|r| Ok(DefectAnswer { item: r.get("item")?, answer: r.get("answer")? })).collect()
}
