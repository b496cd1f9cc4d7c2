//! Every SQL statement of this slice.

use jiff::civil::Date;
use kernel::Text;
use rules::Programme;
use serde_json::{Value, json};
use store::{Cx, Row, StoreError, params};

use crate::model::{DecisionRow, OpenBatch, Version};

const VERSION_COLUMNS: &str = "id, version, sha256, state, title_zh, title_en, illustrative, starts_on, ends_on, \
     applies_from, applies_until, drafted_by, drafted_at_us, published_by, published_at_us, ended_on, ended_reason";

const DECISION_COLUMNS: &str = "id, kind, programme_id, programme_version, programme_sha256, instrument_id, org_id, \
     as_of, eligible, amount_fen, bytes, bytes_sha256, at_us";

fn read_as<T: std::str::FromStr<Err = String>>(row: &Row, column: &str) -> Result<T, StoreError> {
    let text: String = row.get(column)?;
    text.parse().map_err(|why| StoreError::Column { column: column.to_owned(), why })
}

fn version_of(r: &Row) -> Result<Version, StoreError> {
    Ok(Version {
        id: r.get("id")?,
        version: r.get("version")?,
        sha256: r.get("sha256")?,
        state: read_as(r, "state")?,
        title: Text::new(r.get::<String>("title_zh")?, r.get::<String>("title_en")?),
        illustrative: r.get("illustrative")?,
        starts_on: r.get("starts_on")?,
        ends_on: r.get("ends_on")?,
        applies_from: r.get("applies_from")?,
        applies_until: r.get("applies_until")?,
        drafted_by: r.get("drafted_by")?,
        drafted_at: r.get("drafted_at_us")?,
        published_by: r.get("published_by")?,
        published_at: r.get("published_at_us")?,
        ended_on: r.get("ended_on")?,
        ended_reason: r.get("ended_reason")?,
    })
}

fn decision_of(r: &Row) -> Result<DecisionRow, StoreError> {
    Ok(DecisionRow {
        id: r.get("id")?,
        kind: read_as(r, "kind")?,
        programme_id: r.get("programme_id")?,
        programme_version: r.get("programme_version")?,
        programme_sha256: r.get("programme_sha256")?,
        instrument_id: r.get("instrument_id")?,
        org_id: r.get("org_id")?,
        as_of: r.get("as_of")?,
        eligible: r.get("eligible")?,
        amount_fen: r.get("amount_fen")?,
        bytes: r.get("bytes")?,
        bytes_sha256: r.get("bytes_sha256")?,
        at: r.get("at_us")?,
    })
}

/// All versions of a programme, drafts too, the latest first.
pub async fn versions(cx: &mut Cx, programme_id: &str) -> Result<Vec<Version>, StoreError> {
    let sql =
        format!("SELECT {VERSION_COLUMNS} FROM policy_programme WHERE id = $1 ORDER BY drafted_at_us DESC, version");
    cx.all(sql, params![programme_id]).await?.iter().map(version_of).collect()
}

/// All versions in a state, by id.
pub async fn in_state(cx: &mut Cx, state: &str) -> Result<Vec<Version>, StoreError> {
    let sql = format!("SELECT {VERSION_COLUMNS} FROM policy_programme WHERE state = $1 ORDER BY id, version");
    cx.all(sql, params![state]).await?.iter().map(version_of).collect()
}

/// The text with this hash, and the one of its expected decisions.
pub async fn texts(cx: &mut Cx, sha256: &str) -> Result<Option<(String, String)>, StoreError> {
    let sql = "SELECT toml, expected_toml FROM policy_programme WHERE sha256 = $1";
    let row = cx.opt(sql, params![sha256]).await?;
    row.map(|r| Ok((r.get("toml")?, r.get("expected_toml")?))).transpose()
}

/// Keeps a draft, in place of an earlier draft of the same version.
pub async fn put_draft(cx: &mut Cx, programme: &Programme, toml: &str, expected: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO policy_programme (id, version, toml, sha256, expected_toml, state, title_zh, title_en, \
               illustrative, starts_on, ends_on, drafted_by, drafted_at_us, counts_from) \
               VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, $9, $10, $11, $12, $13) \
               ON CONFLICT (id, version) DO UPDATE SET toml = excluded.toml, sha256 = excluded.sha256, \
               expected_toml = excluded.expected_toml, title_zh = excluded.title_zh, title_en = excluded.title_en, \
               illustrative = excluded.illustrative, starts_on = excluded.starts_on, ends_on = excluded.ends_on, \
               drafted_by = excluded.drafted_by, drafted_at_us = excluded.drafted_at_us, \
               counts_from = excluded.counts_from \
               WHERE policy_programme.state = 'draft'";
    let (by, now, p) = (cx.actor.user_id.clone(), cx.now, programme);
    let values = params![
        &p.id,
        &p.version,
        toml,
        &p.sha256,
        expected,
        &p.title.zh,
        &p.title.en,
        p.illustrative,
        p.period.from,
        p.period.until,
        by,
        now,
        p.evidence.counts_from,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// A draft is no more.
pub async fn discard(cx: &mut Cx, programme_id: &str, version: &str) -> Result<u64, StoreError> {
    let sql = "DELETE FROM policy_programme WHERE id = $1 AND version = $2 AND state = 'draft'";
    cx.execute(sql, params![programme_id, version]).await
}

/// The published version makes room for another.
pub async fn supersede(cx: &mut Cx, programme_id: &str, until: Date) -> Result<(), StoreError> {
    let sql = "UPDATE policy_programme SET state = 'superseded', applies_until = $2 \
               WHERE id = $1 AND state = 'published'";
    cx.execute(sql, params![programme_id, until]).await?;
    Ok(())
}

/// A draft becomes the published version.
pub async fn publish(cx: &mut Cx, programme_id: &str, version: &str, applies_from: Date) -> Result<u64, StoreError> {
    let sql = "UPDATE policy_programme SET state = 'published', applies_from = $3, published_by = $4, \
               published_at_us = $5 WHERE id = $1 AND version = $2 AND state = 'draft'";
    let (by, now) = (cx.actor.user_id.clone(), cx.now);
    cx.execute(sql, params![programme_id, version, applies_from, by, now]).await
}

/// The published version takes no more applications.
pub async fn end(cx: &mut Cx, programme_id: &str, on: Date, reason: &str) -> Result<(), StoreError> {
    let sql = "UPDATE policy_programme SET state = 'ended', ended_on = $2, ended_reason = $3 \
               WHERE id = $1 AND state = 'published'";
    cx.execute(sql, params![programme_id, on, reason]).await?;
    Ok(())
}

/// Writes down the figures of a version.
pub async fn put_targets(cx: &mut Cx, programme: &Programme) -> Result<(), StoreError> {
    let sql = "INSERT INTO policy_target (programme_id, version, code, position, title_zh, title_en, unit_zh, unit_en, \
               minimum, maximum, by_date, statistic, clause, clause_locator, clause_locator_en, exceeds) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    for (position, t) in programme.targets.iter().enumerate() {
        let locator = programme.clause(&t.clause).map_or_else(Text::default, |c| c.locator.clone());
        let values = params![
            &programme.id,
            &programme.version,
            &t.code,
            position,
            &t.title.zh,
            &t.title.en,
            &t.unit.zh,
            &t.unit.en,
            t.goal(),
            t.maximum,
            t.by,
            &t.statistic,
            &t.clause,
            locator.zh,
            locator.en,
            t.exceeds,
        ];
        cx.execute(sql, values).await?;
    }
    Ok(())
}

/// What a decision was made for: a settlement, or an application with the voucher that came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeFor {
    /// What it is called on paper.
    pub number: String,
    /// Its page.
    pub href: String,
    /// Which of them: `settlement`, `recovery`, `order`, `voucher` or `case`.
    pub what: &'static str,
}

/// The records that rest on a decision, by the public views of `settlement`, `casework` and `vouchers`.
pub async fn made_for(cx: &mut Cx, decision_id: &str) -> Result<Vec<MadeFor>, StoreError> {
    let made = |what, number: String, href: String| MadeFor { number, href, what };
    let mut out = Vec::new();
    let sql = "SELECT d.claim_id, d.number, d.order_id, d.order_number, d.voucher_id, d.recovery_number, \
               v.number AS voucher_number FROM pub_settlement_decision d \
               LEFT JOIN pub_vouchers_voucher v ON v.voucher_id = d.voucher_id WHERE d.decision_id = $1 LIMIT 1";
    if let Some(r) = cx.opt(sql, params![decision_id]).await? {
        let claim = format!("/settlements/{}", r.get::<String>("claim_id")?);
        out.push(made("settlement", r.get("number")?, claim.clone()));
        let recovery: String = r.get("recovery_number")?;
        if !recovery.is_empty() {
            out.push(made("recovery", recovery, format!("{claim}#back")));
        }
        out.push(made("order", r.get("order_number")?, format!("/orders/{}", r.get::<String>("order_id")?)));
        let voucher = r.get::<Option<String>>("voucher_number")?.unwrap_or_default();
        out.push(made("voucher", voucher, format!("/vouchers/{}", r.get::<String>("voucher_id")?)));
    }
    let sql = "SELECT c.case_id, c.number, v.voucher_id, v.number AS voucher_number FROM pub_casework_case c \
               LEFT JOIN pub_vouchers_voucher v ON v.case_id = c.case_id WHERE c.decision_id = $1 LIMIT 1";
    if let Some(r) = cx.opt(sql, params![decision_id]).await? {
        let number = r.get::<Option<String>>("number")?.unwrap_or_default();
        out.push(made("case", number, format!("/cases/{}", r.get::<String>("case_id")?)));
        if let Some(id) = r.get::<Option<String>>("voucher_id")? {
            let number = r.get::<Option<String>>("voucher_number")?.unwrap_or_default();
            out.push(made("voucher", number, format!("/vouchers/{id}")));
        }
    }
    Ok(out)
}

/// Appends a decision.
pub async fn put_decision(cx: &mut Cx, d: &DecisionRow) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO policy_decision ({DECISION_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    );
    let values = params![
        &d.id,
        d.kind.code(),
        &d.programme_id,
        &d.programme_version,
        &d.programme_sha256,
        &d.instrument_id,
        &d.org_id,
        d.as_of,
        d.eligible,
        d.amount_fen,
        &d.bytes,
        &d.bytes_sha256,
        d.at,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// The decision with this id.
pub async fn decision(cx: &mut Cx, id: &str) -> Result<Option<DecisionRow>, StoreError> {
    let sql = format!("SELECT {DECISION_COLUMNS} FROM policy_decision WHERE id = $1");
    cx.opt(sql, params![id]).await?.as_ref().map(decision_of).transpose()
}

/// The next decisions after `after`, by id; a row that cannot be read is answered with its id and why.
pub async fn decisions_after(
    cx: &mut Cx,
    after: &str,
    limit: u32,
) -> Result<Vec<(String, Result<DecisionRow, StoreError>)>, StoreError> {
    let sql = format!("SELECT {DECISION_COLUMNS} FROM policy_decision WHERE id > $1 ORDER BY id LIMIT $2");
    let rows = cx.all(sql, params![after, limit]).await?;
    rows.iter().map(|r| Ok((r.get("id")?, decision_of(r)))).collect()
}

/// Every text that was ever published: id, version, hash and text.
pub async fn published_texts(cx: &mut Cx) -> Result<Vec<[String; 4]>, StoreError> {
    let sql = "SELECT id, version, sha256, toml FROM policy_programme WHERE state <> 'draft' ORDER BY id, version";
    let rows = cx.all(sql, vec![]).await?;
    rows.iter().map(|r| Ok([r.get("id")?, r.get("version")?, r.get("sha256")?, r.get("toml")?])).collect()
}

/// What an organisation is, by the public view of `orgs`: credit code, kind and name.
pub async fn org(cx: &mut Cx, org_id: &str) -> Result<Option<[String; 3]>, StoreError> {
    let row = cx.opt("SELECT uscc, kind, name FROM pub_orgs_org WHERE org_id = $1", params![org_id]).await?;
    row.map(|r| Ok([r.get("uscc")?, r.get("kind")?, r.get("name")?])).transpose()
}

/// What an organisation has stated that holds on a day, the latest statement last, by the public view of `orgs`.
pub async fn facts(cx: &mut Cx, org_id: &str, on: Date) -> Result<Vec<(String, Value)>, StoreError> {
    let sql = "SELECT name, value_json FROM pub_orgs_fact WHERE org_id = $1 AND valid_from <= $2 \
               ORDER BY valid_from, seq";
    let rows = cx.all(sql, params![org_id, on]).await?;
    rows.iter().map(|r| Ok((r.get("name")?, r.get("value_json")?))).collect()
}

/// Batches of vouchers that take applications on a day, by the public view of `vouchers`, and what remains of a
/// district's quota in each, by the public view of `funds`.
pub async fn open_batches(cx: &mut Cx, on: Date, district: Option<&str>) -> Result<Vec<OpenBatch>, StoreError> {
    let sql = "SELECT b.batch_id, b.programme_id, b.instrument_id, b.title_zh, b.title_en, b.rate_bp, b.own_share_bp, \
               b.face_value_fen, b.validity_days, b.closes_on, a.available_fen \
               FROM pub_vouchers_batch b \
               LEFT JOIN pub_funds_account a ON a.account_id = 'quota:' || b.batch_id || ':' || $2 \
               WHERE b.opens_on <= $1 AND b.closes_on >= $1 AND b.state IN ('planned', 'open') \
               ORDER BY b.opens_on, b.batch_id";
    let rows = cx.all(sql, params![on, district.unwrap_or("")]).await?;
    let read = |r: &Row| {
        Ok(OpenBatch {
            id: r.get("batch_id")?,
            programme_id: r.get("programme_id")?,
            instrument_id: r.get("instrument_id")?,
            title: Text::new(r.get::<String>("title_zh")?, r.get::<String>("title_en")?),
            fixes: json!({
                "rate_bp": r.get::<i64>("rate_bp")?, "own_share_bp": r.get::<i64>("own_share_bp")?,
                "face_value_fen": r.get::<i64>("face_value_fen")?, "validity_days": r.get::<i64>("validity_days")?,
            }),
            closes_on: r.get("closes_on")?,
            district_remaining_fen: r.get("available_fen")?,
        })
    };
    rows.iter().map(read).collect()
}
