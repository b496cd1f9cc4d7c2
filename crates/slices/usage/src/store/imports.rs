//! Imports of bill files.

use serde::{Deserialize, Serialize};
use store::{Cx, Row, StoreError, params};

use crate::model::{BillImport, FileRefusal, ImportResult, ImportState};
use crate::store::{Conditions, coded, json, to_json};
use kernel::Text;

/// All but what is large: the checkpoint and the report.
const COLUMNS: &str = "i.id, i.number, i.provider_id, i.profile, i.file_name, i.file_sha256, i.size_bytes, i.state, \
     i.bytes_read, i.rows_read, i.rows_accepted, i.rows_rejected, i.result_json, i.refused_code, i.refused_zh, \
     i.refused_en, i.uploaded_by, i.uploaded_at_us, i.finished_at_us";

fn read(r: &Row) -> Result<BillImport, StoreError> {
    let result: Option<String> = r.get("result_json")?;
    let refusal = match r.get::<Option<String>>("refused_code")? {
        Some(code) => {
            Some(FileRefusal { code, text: Text::new(r.get::<String>("refused_zh")?, r.get::<String>("refused_en")?) })
        }
        None => None,
    };
    Ok(BillImport {
        id: r.get("id")?,
        number: r.get("number")?,
        provider_id: r.get("provider_id")?,
        profile: r.get("profile")?,
        file_name: r.get("file_name")?,
        file_sha256: r.get("file_sha256")?,
        size_bytes: r.get("size_bytes")?,
        state: coded(r, "state", ImportState::from_code)?,
        bytes_read: r.get("bytes_read")?,
        rows_read: r.get("rows_read")?,
        rows_accepted: r.get("rows_accepted")?,
        rows_rejected: r.get("rows_rejected")?,
        result: result.map(|t| json::<ImportResult>(&t, "usage_import.result_json")).transpose()?,
        refusal,
        uploaded_by: r.get("uploaded_by")?,
        uploaded_at: r.get("uploaded_at_us")?,
        finished_at: r.get("finished_at_us")?,
    })
}

pub(crate) async fn get(cx: &mut Cx, id: &str) -> Result<Option<BillImport>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM usage_import i WHERE i.id = $1");
    cx.opt(sql, params![id]).await?.as_ref().map(read).transpose()
}

/// The import under which a file counts or is about to.
pub(crate) async fn by_file(cx: &mut Cx, sha256: &str) -> Result<Option<BillImport>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM usage_import i WHERE i.file_sha256 = $1 AND i.state <> 'failed'");
    cx.opt(sql, params![sha256]).await?.as_ref().map(read).transpose()
}

pub(crate) async fn insert(cx: &mut Cx, i: &BillImport) -> Result<(), StoreError> {
    let sql = "INSERT INTO usage_import (id, number, provider_id, profile, file_name, file_sha256, size_bytes, state, \
               bytes_read, rows_read, rows_accepted, rows_rejected, uploaded_by, uploaded_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, $9, $10)";
    let values = params![
        &i.id,
        &i.number,
        &i.provider_id,
        &i.profile,
        &i.file_name,
        &i.file_sha256,
        i.size_bytes,
        i.state.code(),
        &i.uploaded_by,
        i.uploaded_at,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// Keeps where reading stands. Answers false when the import is no longer running.
pub(crate) async fn keep_checkpoint(
    cx: &mut Cx,
    id: &str,
    checkpoint_json: &str,
    bytes: i64,
    rows: i64,
) -> Result<bool, StoreError> {
    let sql = "UPDATE usage_import SET checkpoint_json = $2, bytes_read = $3, rows_read = $4 \
               WHERE id = $1 AND state = 'running'";
    Ok(cx.execute(sql, params![id, checkpoint_json, bytes, rows]).await? == 1)
}

pub(crate) async fn checkpoint(cx: &mut Cx, id: &str) -> Result<Option<String>, StoreError> {
    cx.one("SELECT checkpoint_json FROM usage_import WHERE id = $1", params![id]).await?.get("checkpoint_json")
}

/// Writes how an import ended.
pub(crate) async fn end(cx: &mut Cx, i: &BillImport, report_json: Option<String>) -> Result<(), StoreError> {
    let sql = "UPDATE usage_import SET state = $2, bytes_read = $3, rows_read = $4, rows_accepted = $5, \
               rows_rejected = $6, checkpoint_json = NULL, report_json = $7, result_json = $8, refused_code = $9, \
               refused_zh = $10, refused_en = $11, finished_at_us = $12 WHERE id = $1";
    let result = i.result.as_ref().map(|r| to_json(r, "usage_import.result_json")).transpose()?;
    let values = params![
        &i.id,
        i.state.code(),
        i.bytes_read,
        i.rows_read,
        i.rows_accepted,
        i.rows_rejected,
        report_json,
        result,
        i.refusal.as_ref().map(|r| r.code.clone()),
        i.refusal.as_ref().map(|r| r.text.zh.clone()),
        i.refusal.as_ref().map(|r| r.text.en.clone()),
        i.finished_at,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

pub(crate) async fn report(cx: &mut Cx, id: &str) -> Result<Option<focus::Report>, StoreError> {
    let text: Option<String> =
        cx.one("SELECT report_json FROM usage_import WHERE id = $1", params![id]).await?.get("report_json")?;
    text.map(|t| json(&t, "usage_import.report_json")).transpose()
}

/// Imports that a restart takes up again.
pub(crate) async fn running(cx: &mut Cx) -> Result<Vec<String>, StoreError> {
    let rows = cx.all("SELECT id FROM usage_import WHERE state = 'running' ORDER BY id", vec![]).await?;
    rows.iter().map(|r| r.get("id")).collect()
}

/// Which imports to list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFilter {
    /// Of one provider.
    pub provider_id: Option<String>,
    /// In one state.
    pub state: Option<ImportState>,
    /// Older than the import with this id: the cursor.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// An import with its provider's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// The import.
    #[serde(flatten)]
    pub import: BillImport,
    /// Whose bill it is.
    pub provider_name: String,
}

pub(crate) async fn list(cx: &mut Cx, f: &ImportFilter) -> Result<Vec<ImportRow>, StoreError> {
    let mut c = Conditions::default();
    c.add("i.provider_id = $", f.provider_id.clone());
    c.add("i.state = $", f.state.map(ImportState::code));
    c.add("i.id < $", f.after.clone());
    let (text, limit) = (c.text(), c.limit(f.limit));
    let sql = format!(
        "SELECT {COLUMNS}, p.name AS provider_name FROM usage_import i \
         JOIN pub_orgs_org p ON p.org_id = i.provider_id WHERE {text} ORDER BY i.id DESC {limit}"
    );
    let one = |r: &Row| Ok(ImportRow { import: read(r)?, provider_name: r.get("provider_name")? });
    cx.all(sql, c.values).await?.iter().map(one).collect()
}
