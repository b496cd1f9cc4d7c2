//! The journal: one row for every use case that changed something, in the same transaction.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::{Conn, Cx, Param, Row, StoreError, params};

/// One row of the journal.
#[derive(Clone, Debug, Serialize)]
pub struct JournalEntry {
    /// Numbered from 1 without gaps (JR-2).
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who: the account.
    pub actor_id: String,
    /// Who, by name.
    pub actor_name: String,
    /// In which role.
    pub role: String,
    /// The use case, such as `vouchers.issue`.
    pub verb: String,
    /// On what, such as `voucher/vch_01…`.
    pub object: String,
    /// What it was before.
    pub before: Value,
    /// What it is after.
    pub after: Value,
    /// The request that caused it.
    pub request_id: String,
}

impl JournalEntry {
    pub(crate) fn from_row(r: &Row) -> Result<JournalEntry, StoreError> {
        Ok(JournalEntry {
            seq: r.get("seq")?,
            at: r.get("at_us")?,
            actor_id: r.get("actor_id")?,
            actor_name: r.get("actor_name")?,
            role: r.get("role")?,
            verb: r.get("verb")?,
            object: r.get("object")?,
            before: r.get("before_json")?,
            after: r.get("after_json")?,
            request_id: r.get("request_id")?,
        })
    }
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Json { what: "journal row".into(), source })
}

pub(crate) async fn append(
    cx: &mut Cx,
    verb: &str,
    object: &str,
    before: &impl Serialize,
    after: &impl Serialize,
) -> Result<(), StoreError> {
    let (before, after) = (json(before)?, json(after)?);
    // There is one writer, so the next number is the highest plus one and no number is ever skipped.
    let sql = "INSERT INTO journal_row (seq, at_us, actor_id, actor_name, role, verb, object, before_json, after_json, \
               request_id) SELECT COALESCE(MAX(seq), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9 FROM journal_row";
    let (actor, request) = (cx.actor.clone(), cx.request_id.clone());
    let values = params![cx.now, actor.user_id, actor.name, actor.role.code(), verb, object, before, after, request];
    cx.execute(sql, values).await?;
    Ok(())
}

/// Which rows to list; what is empty does not narrow.
#[derive(Clone, Debug, Default)]
pub struct JournalFilter {
    /// Only rows about this object.
    pub object: Option<String>,
    /// Only rows about one of these, where there are any.
    pub objects: Vec<String>,
    /// Only rows by this account.
    pub actor_id: Option<String>,
    /// Only rows by somebody whose name has this in it.
    pub actor_name: Option<String>,
    /// Only rows of this use case.
    pub verb: Option<String>,
    /// Only rows from this instant on.
    pub from: Option<Timestamp>,
    /// Only rows before this instant.
    pub until: Option<Timestamp>,
    /// Only rows with a lower number: the cursor.
    pub before_seq: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// The newest rows first.
pub async fn list_journal(conn: &mut Cx, filter: &JournalFilter) -> Result<Vec<JournalEntry>, StoreError> {
    list(&mut conn.conn, filter).await
}

/// A text as a pattern of `LIKE … ESCAPE '!'` that finds it anywhere.
fn anywhere(text: &str) -> String {
    format!("%{}%", text.replace('!', "!!").replace('%', "!%").replace('_', "!_"))
}

async fn list(conn: &mut Conn, f: &JournalFilter) -> Result<Vec<JournalEntry>, StoreError> {
    let mut values = params![f.before_seq.unwrap_or(i64::MAX)];
    let mut sql = "SELECT * FROM journal_row WHERE seq < $1".to_owned();
    let mut narrow = |condition: &str, value: Option<Param>| {
        if let Some(value) = value {
            values.push(value);
            sql.push_str(&format!(" AND {}", condition.replace('?', &format!("${}", values.len()))));
        }
    };
    narrow("object = ?", f.object.clone().map(Param::from));
    narrow("actor_id = ?", f.actor_id.clone().map(Param::from));
    narrow("actor_name LIKE ? ESCAPE '!'", f.actor_name.as_deref().map(|n| Param::from(anywhere(n))));
    narrow("verb = ?", f.verb.clone().map(Param::from));
    narrow("at_us >= ?", f.from.map(Param::from));
    narrow("at_us < ?", f.until.map(Param::from));
    if !f.objects.is_empty() {
        let first = values.len() + 1;
        values.extend(f.objects.iter().map(Param::from));
        let marks: Vec<String> = (first..=values.len()).map(|n| format!("${n}")).collect();
        sql.push_str(&format!(" AND object IN ({})", marks.join(", ")));
    }
    values.extend(params![f.limit]);
    sql.push_str(&format!(" ORDER BY seq DESC LIMIT ${}", values.len()));
    let rows = conn.all(sql, values).await?;
    rows.iter().map(JournalEntry::from_row).collect()
}
