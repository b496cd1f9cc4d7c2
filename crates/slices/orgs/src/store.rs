//! Every SQL statement about organisations and facts; accounts and sessions are in [`accounts`].

pub(crate) mod accounts;

use jiff::civil::Date;
use kernel::{SizeClass, Uscc};
use serde_json::Value;
use store::{Cx, Param, Row, StoreError, params};

use crate::model::{FactRow, Org};

const COLUMNS: &str = "id, uscc, kind, name, simulated, created_at_us, district, industry, size";

fn parsed<T: std::str::FromStr<Err = String>>(r: &Row, column: &str) -> Result<T, StoreError> {
    let text: String = r.get(column)?;
    text.parse().map_err(|why| StoreError::Column { column: column.to_owned(), why })
}

fn org(r: &Row) -> Result<Org, StoreError> {
    let size: Option<String> = r.get("size")?;
    Ok(Org {
        id: r.get("id")?,
        uscc: r.get("uscc")?,
        kind: parsed(r, "kind")?,
        name: r.get("name")?,
        simulated: r.get("simulated")?,
        created_at: r.get("created_at_us")?,
        district: r.get("district")?,
        industry: r.get("industry")?,
        size: size.map(|_| parsed(r, "size")).transpose()?,
    })
}

/// Sorts and ranges the same under every collation.
pub(crate) fn name_key(name: &str) -> String {
    hex::encode(name)
}

pub(crate) async fn insert_org(cx: &mut Cx, o: &Org, next_fact_on: Option<Date>) -> Result<(), StoreError> {
    let sql = "INSERT INTO orgs_org (id, uscc, kind, name, name_key, simulated, created_at_us, district, industry, \
               size, next_fact_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let key = name_key(&o.name);
    let mut values = params![&o.id, &o.uscc, o.kind.code(), &o.name, key, o.simulated, o.created_at];
    let size = o.size.map(SizeClass::code);
    values.extend(params![o.district.clone(), o.industry.clone(), size, next_fact_on]);
    cx.execute(sql, values).await?;
    Ok(())
}

pub(crate) async fn org_by_id(cx: &mut Cx, id: &str) -> Result<Option<Org>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM orgs_org WHERE id = $1");
    cx.opt(sql, params![id]).await?.as_ref().map(org).transpose()
}

pub(crate) async fn org_by_uscc(cx: &mut Cx, uscc: &Uscc) -> Result<Option<Org>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM orgs_org WHERE uscc = $1");
    cx.opt(sql, params![uscc]).await?.as_ref().map(org).transpose()
}

/// Which of these credit codes are registered, with the names they are registered under.
pub(crate) async fn registered_among(cx: &mut Cx, codes: &[String]) -> Result<Vec<(String, String)>, StoreError> {
    let mut found = Vec::new();
    for chunk in codes.chunks(500) {
        let places: Vec<String> = (1..=chunk.len()).map(|i| format!("${i}")).collect();
        let sql = format!("SELECT uscc, name FROM orgs_org WHERE uscc IN ({})", places.join(", "));
        for r in cx.all(sql, chunk.iter().map(Param::from).collect()).await? {
            found.push((r.get("uscc")?, r.get("name")?));
        }
    }
    Ok(found)
}

/// Which organisations to list, all conditions joined by "and".
#[derive(Clone, Debug, Default)]
pub(crate) struct ListQuery {
    pub kind: Option<&'static str>,
    pub district: Option<String>,
    pub industry: Option<String>,
    pub name_prefix: Option<String>,
    pub after: Option<(String, String)>,
    pub limit: u32,
}

/// In order of name. The text is assembled from fixed pieces so that each combination can use its index.
pub(crate) async fn list(cx: &mut Cx, q: &ListQuery) -> Result<Vec<Org>, StoreError> {
    let (mut conditions, mut values) = (Vec::new(), Vec::new());
    let mut place = |value: Param| {
        values.push(value);
        format!("${}", values.len())
    };
    for (column, value) in [("kind", q.kind), ("district", q.district.as_deref()), ("industry", q.industry.as_deref())]
    {
        if let Some(value) = value {
            conditions.push(format!("{column} = {}", place(value.into())));
        }
    }
    if let Some(prefix) = &q.name_prefix {
        let from = name_key(prefix);
        // `g` comes after every hex digit.
        let to = format!("{from}g");
        let (from, to) = (place(from.into()), place(to.into()));
        conditions.push(format!("name_key >= {from} AND name_key < {to}"));
    }
    if let Some((key, id)) = &q.after {
        let (k1, k2, i) = (place(key.into()), place(key.into()), place(id.into()));
        conditions.push(format!("name_key >= {k1} AND (name_key > {k2} OR id > {i})"));
    }
    let filter = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    let limit = place(q.limit.into());
    let sql = format!("SELECT {COLUMNS} FROM orgs_org {filter} ORDER BY name_key, id LIMIT {limit}");
    cx.all(sql, values).await?.iter().map(org).collect()
}

/// The number of the last statement; 0 when there is none.
pub(crate) async fn last_fact_seq(cx: &mut Cx, org_id: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COALESCE(MAX(seq), 0) AS seq FROM orgs_fact WHERE org_id = $1";
    cx.one(sql, params![org_id]).await?.get("seq")
}

/// Adds statements, numbered on from `after_seq`, in one statement.
pub(crate) async fn insert_facts(
    cx: &mut Cx,
    org_id: &str,
    after_seq: i64,
    valid_from: Date,
    facts: &[(String, Value)],
) -> Result<(), StoreError> {
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for (seq, (name, value)) in (after_seq + 1..).zip(facts) {
        let (now, by) = (cx.now, cx.actor.user_id.clone());
        values.extend(params![org_id, seq, name, valid_from, value, now, by]);
        let places: Vec<String> = (values.len() - 6..=values.len()).map(|i| format!("${i}")).collect();
        rows.push(format!("({})", places.join(", ")));
    }
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO orgs_fact (org_id, seq, name, valid_from, value_json, stated_at_us, stated_by) VALUES {}",
        rows.join(", ")
    );
    cx.execute(sql, values).await?;
    Ok(())
}

/// The whole history, in order of statement.
pub(crate) async fn facts(cx: &mut Cx, org_id: &str) -> Result<Vec<FactRow>, StoreError> {
    let sql = "SELECT seq, name, valid_from, value_json, stated_at_us, stated_by FROM orgs_fact \
               WHERE org_id = $1 ORDER BY seq";
    let read = |r: &Row| {
        Ok(FactRow {
            seq: r.get("seq")?,
            name: r.get("name")?,
            valid_from: r.get("valid_from")?,
            value: r.get("value_json")?,
            stated_at: r.get("stated_at_us")?,
            stated_by: r.get("stated_by")?,
        })
    };
    cx.all(sql, params![org_id]).await?.iter().map(read).collect()
}

/// What lists show, and when it changes by itself.
pub(crate) async fn set_current(
    cx: &mut Cx,
    org_id: &str,
    district: Option<&str>,
    industry: Option<&str>,
    size: Option<&str>,
    next_fact_on: Option<Date>,
) -> Result<(), StoreError> {
    let sql = "UPDATE orgs_org SET district = $1, industry = $2, size = $3, next_fact_on = $4 WHERE id = $5";
    cx.execute(sql, params![district, industry, size, next_fact_on, org_id]).await?;
    Ok(())
}

/// Organisations of which a fact stated ahead begins to hold by `today`.
pub(crate) async fn due_for_refresh(cx: &mut Cx, today: Date) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM orgs_org WHERE next_fact_on <= $1 ORDER BY id LIMIT 1000";
    cx.all(sql, params![today]).await?.iter().map(|r| r.get("id")).collect()
}
