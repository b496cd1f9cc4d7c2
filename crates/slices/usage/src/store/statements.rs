//! Monthly statements, which settlements rest on them, and corrections.

use std::collections::BTreeMap;

use kernel::Fen;
use serde::{Deserialize, Serialize};
use store::{Cx, Row, StoreError, params};

use crate::model::{Correction, Figures, LineKey, StatementRow};
use crate::store::{Conditions, json, to_json};

/// Statements with the enterprise that a confirmed claim ties them to. Claims do not overlap (US-1), so at most one.
const FROM: &str = "FROM usage_statement s LEFT JOIN usage_account a ON a.provider_id = s.provider_id \
     AND a.billing_account_id = s.billing_account_id AND a.state = 'confirmed' \
     AND (a.sub_account_id = '' OR a.sub_account_id = s.sub_account_id) \
     LEFT JOIN pub_orgs_org e ON e.org_id = a.enterprise_id";
const COLUMNS: &str = "s.*, a.enterprise_id, e.name AS enterprise_name";

fn read(r: &Row) -> Result<StatementRow, StoreError> {
    let key = LineKey {
        billing_account_id: r.get("billing_account_id")?,
        sub_account_id: r.get("sub_account_id")?,
        provider_name: r.get("provider_name")?,
        service_name: r.get("service_name")?,
        service_category: r.get("service_category")?,
        currency: r.get("currency")?,
        month: r.get("month")?,
        billed: r.get("billed")?,
    };
    let figures = Figures {
        bill_rows: r.get("bill_rows")?,
        real_use_rows: r.get("real_use_rows")?,
        fallback_rows: r.get("fallback_rows")?,
        idle_rows: r.get("idle_rows")?,
        active_day_bits: r.get("active_day_bits")?,
        active_days: r.get("active_days")?,
        active_hours: r.get("active_hours")?,
        resources: r.get("resources")?,
        quantities: json(&r.get::<String>("quantities_json")?, "usage_statement.quantities_json")?,
        gross_fen: r.get("gross_fen")?,
        credits_fen: r.get("credits_fen")?,
        corrections_fen: r.get("corrections_fen")?,
        tax_fen: r.get("tax_fen")?,
        net_fen: r.get("net_fen")?,
        first_use: r.get("first_use")?,
        last_use: r.get("last_use")?,
    };
    Ok(StatementRow {
        id: r.get("id")?,
        provider_id: r.get("provider_id")?,
        key,
        version: r.get("version")?,
        figures,
        profile: r.get("profile")?,
        import_id: r.get("import_id")?,
        made_at: r.get("made_at_us")?,
        superseded_by: r.get("superseded_by")?,
        enterprise_id: r.get("enterprise_id")?,
        enterprise_name: r.get("enterprise_name")?,
    })
}

/// Standing statements of one account of a provider.
pub(crate) async fn standing_of(
    cx: &mut Cx,
    provider_id: &str,
    account: &str,
) -> Result<Vec<StatementRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} {FROM} \
         WHERE s.provider_id = $1 AND s.billing_account_id = $2 AND s.superseded_by IS NULL ORDER BY s.id"
    );
    cx.all(sql, params![provider_id, account]).await?.iter().map(read).collect()
}

/// Standing statements of an enterprise with a provider, in order of month.
pub(crate) async fn of_enterprise(
    cx: &mut Cx,
    enterprise_id: &str,
    provider_id: &str,
) -> Result<Vec<StatementRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} {FROM} WHERE a.enterprise_id = $1 AND s.provider_id = $2 \
         AND s.superseded_by IS NULL ORDER BY s.month, s.service_name, s.id"
    );
    cx.all(sql, params![enterprise_id, provider_id]).await?.iter().map(read).collect()
}

/// One statement, standing or not.
pub(crate) async fn get(cx: &mut Cx, id: &str) -> Result<Option<StatementRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE s.id = $1");
    cx.opt(sql, params![id]).await?.as_ref().map(read).transpose()
}

/// Marks what `new_id` takes the place of; before the new one is inserted, since one version stands at a time.
pub(crate) async fn supersede(cx: &mut Cx, old_id: &str, new_id: &str) -> Result<(), StoreError> {
    let now = cx.now;
    let sql =
        "UPDATE usage_statement SET superseded_by = $2, superseded_at_us = $3 WHERE id = $1 AND superseded_by IS NULL";
    match cx.execute(sql, params![old_id, new_id, now]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Missing(format!("the standing statement {old_id}"))),
    }
}

pub(crate) async fn insert(cx: &mut Cx, s: &StatementRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO usage_statement (id, provider_id, provider_name, billing_account_id, sub_account_id, \
               service_name, service_category, currency, month, billed, version, bill_rows, real_use_rows, \
               fallback_rows, idle_rows, active_day_bits, active_days, active_hours, resources, quantities_json, \
               gross_fen, credits_fen, corrections_fen, tax_fen, net_fen, first_use, last_use, profile, import_id, \
               made_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
               $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)";
    let (k, f) = (&s.key, &s.figures);
    let values = params![
        &s.id,
        &s.provider_id,
        &k.provider_name,
        &k.billing_account_id,
        &k.sub_account_id,
        &k.service_name,
        &k.service_category,
        &k.currency,
        &k.month,
        &k.billed,
        s.version,
        f.bill_rows,
        f.real_use_rows,
        f.fallback_rows,
        f.idle_rows,
        f.active_day_bits,
        f.active_days,
        f.active_hours,
        f.resources,
        to_json(&f.quantities, "usage_statement.quantities_json")?,
        f.gross_fen,
        f.credits_fen,
        f.corrections_fen,
        f.tax_fen,
        f.net_fen,
        f.first_use.clone(),
        f.last_use.clone(),
        &s.profile,
        &s.import_id,
        s.made_at,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// Which statements to list, latest month first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementFilter {
    /// Of one provider's bills.
    pub provider_id: Option<String>,
    /// Attributed to one enterprise.
    pub enterprise_id: Option<String>,
    /// Attributed to an enterprise with an assessed order in this district.
    pub district: Option<String>,
    /// Made by one import; superseded versions too.
    pub import_id: Option<String>,
    /// Of one month.
    pub month: Option<String>,
    /// Only those that nobody's confirmed claim covers.
    pub unattributed: bool,
    /// After the one with this month and id: the cursor `2019-05.stm_…`.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// The cursor that leads past `row`.
pub(crate) fn cursor(row: &StatementRow) -> String {
    format!("{}.{}", row.key.month, row.id)
}

pub(crate) async fn list(cx: &mut Cx, f: &StatementFilter) -> Result<Vec<StatementRow>, StoreError> {
    let mut c = Conditions::default();
    c.add("s.provider_id = $", f.provider_id.clone());
    c.add("a.enterprise_id = $", f.enterprise_id.clone());
    let in_district = "EXISTS (SELECT 1 FROM usage_level l WHERE l.enterprise_id = a.enterprise_id AND l.district = $)";
    c.add(in_district, f.district.clone());
    c.add("s.import_id = $", f.import_id.clone());
    c.add("s.month = $", f.month.clone());
    let mut text = c.text();
    if let Some((month, id)) = f.after.as_deref().and_then(|a| a.split_once('.')) {
        c.values.extend(params![month, id]);
        let n = c.values.len();
        text.push_str(&format!(" AND s.month <= ${m} AND (s.month < ${m} OR s.id < ${n})", m = n - 1));
    }
    if f.import_id.is_none() {
        text.push_str(" AND s.superseded_by IS NULL");
    }
    if f.unattributed {
        text.push_str(" AND a.enterprise_id IS NULL");
    }
    let limit = c.limit(f.limit);
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE {text} ORDER BY s.month DESC, s.id DESC {limit}");
    cx.all(sql, c.values).await?.iter().map(read).collect()
}

/// What the versions that an import took the place of had said, by the id of the new one.
pub(crate) async fn net_before(cx: &mut Cx, import_id: &str) -> Result<BTreeMap<String, Fen>, StoreError> {
    let sql = "SELECT old.superseded_by AS new_id, old.net_fen FROM usage_statement old \
               JOIN usage_statement new_one ON new_one.id = old.superseded_by WHERE new_one.import_id = $1";
    cx.all(sql, params![import_id]).await?.iter().map(|r| Ok((r.get("new_id")?, r.get("net_fen")?))).collect()
}

/// Enterprises that a statement of an import belongs to.
pub(crate) async fn enterprises_of_import(cx: &mut Cx, import_id: &str) -> Result<Vec<String>, StoreError> {
    let sql = format!(
        "SELECT DISTINCT a.enterprise_id {FROM} WHERE s.import_id = $1 AND a.enterprise_id IS NOT NULL \
         ORDER BY a.enterprise_id"
    );
    cx.all(sql, params![import_id]).await?.iter().map(|r| r.get("enterprise_id")).collect()
}

/// Writes that a settlement rests on a statement; again is harmless.
pub(crate) async fn rest_on(cx: &mut Cx, statement_id: &str, claim_id: &str) -> Result<(), StoreError> {
    let now = cx.now;
    let sql = "INSERT INTO usage_statement_use (statement_id, claim_id, at_us) VALUES ($1, $2, $3) \
               ON CONFLICT (statement_id, claim_id) DO NOTHING";
    cx.execute(sql, params![statement_id, claim_id, now]).await?;
    Ok(())
}

/// Settlements that rest on a statement.
pub(crate) async fn claims_on(cx: &mut Cx, statement_id: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT claim_id FROM usage_statement_use WHERE statement_id = $1 ORDER BY claim_id";
    cx.all(sql, params![statement_id]).await?.iter().map(|r| r.get("claim_id")).collect()
}

/// The version that a statement took the place of.
pub(crate) async fn replaced_by(cx: &mut Cx, statement_id: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT id FROM usage_statement WHERE superseded_by = $1 ORDER BY version DESC LIMIT 1";
    cx.opt(sql, params![statement_id]).await?.map(|r| r.get("id")).transpose()
}

/// Settlements that rest on a statement: id and number, by the public view of `settlement`.
pub(crate) async fn settlements_on(cx: &mut Cx, statement_id: &str) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT u.claim_id, COALESCE(c.number, u.claim_id) AS number FROM usage_statement_use u \
               LEFT JOIN pub_settlement_claim c ON c.id = u.claim_id WHERE u.statement_id = $1 ORDER BY u.claim_id";
    cx.all(sql, params![statement_id]).await?.iter().map(|r| Ok((r.get("claim_id")?, r.get("number")?))).collect()
}

/// The statement by which the month's own bill states the same service, when settlements rest on it.
pub(crate) async fn used_sibling(cx: &mut Cx, provider_id: &str, key: &LineKey) -> Result<Option<String>, StoreError> {
    let sql = "SELECT s.id FROM usage_statement s WHERE s.provider_id = $1 AND s.billing_account_id = $2 \
               AND s.month = $3 AND s.billed = $3 AND s.sub_account_id = $4 AND s.service_name = $5 \
               AND s.service_category = $6 AND s.currency = $7 AND s.superseded_by IS NULL \
               AND EXISTS (SELECT 1 FROM usage_statement_use u WHERE u.statement_id = s.id) ORDER BY s.id LIMIT 1";
    let values = params![
        provider_id,
        &key.billing_account_id,
        &key.month,
        &key.sub_account_id,
        &key.service_name,
        &key.service_category,
        &key.currency,
    ];
    cx.opt(sql, values).await?.map(|r| r.get("id")).transpose()
}

pub(crate) async fn insert_correction(cx: &mut Cx, c: &Correction) -> Result<(), StoreError> {
    let sql = "INSERT INTO usage_correction (id, statement_id, new_statement_id, difference_fen, import_id, at_us, \
               handled, handled_note) VALUES ($1, $2, $3, $4, $5, $6, $7, '')";
    let values = params![&c.id, &c.statement_id, &c.new_statement_id, c.difference_fen, &c.import_id, c.at, c.handled];
    cx.execute(sql, values).await?;
    Ok(())
}

fn read_correction(r: &Row) -> Result<Correction, StoreError> {
    Ok(Correction {
        id: r.get("id")?,
        statement_id: r.get("statement_id")?,
        new_statement_id: r.get("new_statement_id")?,
        difference_fen: r.get::<Fen>("difference_fen")?,
        import_id: r.get("import_id")?,
        at: r.get("at_us")?,
        handled: r.get("handled")?,
    })
}

/// Corrections that no settlement has dealt with.
pub(crate) async fn open_corrections(cx: &mut Cx, limit: u32) -> Result<Vec<Correction>, StoreError> {
    let sql = "SELECT * FROM usage_correction WHERE handled = $1 ORDER BY at_us, id LIMIT $2";
    cx.all(sql, params![false, limit]).await?.iter().map(read_correction).collect()
}

/// Corrections that one import raised.
pub(crate) async fn corrections_of(cx: &mut Cx, import_id: &str) -> Result<Vec<Correction>, StoreError> {
    let sql = "SELECT * FROM usage_correction WHERE import_id = $1 ORDER BY at_us, id";
    cx.all(sql, params![import_id]).await?.iter().map(read_correction).collect()
}

/// Marks a correction as dealt with. Answers false when it was already or is not there.
pub(crate) async fn handle(cx: &mut Cx, id: &str, note: &str) -> Result<bool, StoreError> {
    let now = cx.now;
    let sql = "UPDATE usage_correction SET handled = $2, handled_at_us = $3, handled_note = $4 \
               WHERE id = $1 AND handled = $5";
    Ok(cx.execute(sql, params![id, true, now, note, false]).await? == 1)
}
