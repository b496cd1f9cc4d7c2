//! Claims, their evidence, and which orders can be claimed.

use jiff::civil::Date;
use kernel::{Fen, Text};
use serde::{Deserialize, Serialize};
use store::{Cx, Param, Row, StoreError, params};

use super::known;
use crate::model::{Claim, ClaimState, Decided, Evidence, EvidenceKind, Gathered, Refused};

fn decided_of(r: &Row) -> Result<Option<Decided>, StoreError> {
    let Some(decision_id) = r.get::<Option<String>>("decision_id")? else { return Ok(None) };
    let text: String = r.get("gathered_json")?;
    let gathered: Gathered = serde_json::from_str(&text)
        .map_err(|source| StoreError::Json { what: "a claim's gathered_json".into(), source })?;
    let refused = match r.get::<Option<String>>("refused_code")? {
        Some(code) => Some(Refused { code, text: Text { zh: r.get("refused_zh")?, en: r.get("refused_en")? } }),
        None => None,
    };
    let (amount_fen, by, on) = (r.get("amount_fen")?, r.get("decided_by")?, r.get("decided_on")?);
    Ok(Some(Decided { decision_id, gathered, amount_fen, refused, by, on }))
}

fn claim_of(r: &Row) -> Result<Claim, StoreError> {
    Ok(Claim {
        id: r.get("id")?,
        number: r.get("number")?,
        order_id: r.get("order_id")?,
        order_number: r.get("order_number")?,
        provider_id: r.get("provider_id")?,
        enterprise_id: r.get("enterprise_id")?,
        voucher_id: r.get("voucher_id")?,
        batch_id: r.get("batch_id")?,
        programme_id: r.get("programme_id")?,
        instrument_id: r.get("instrument_id")?,
        district: r.get("district")?,
        state: known(r, "state", ClaimState::from_code)?,
        remark: r.get("remark")?,
        claimed_by: r.get("claimed_by")?,
        claimed_on: r.get("claimed_on")?,
        claimed_at: r.get("claimed_at_us")?,
        decided: decided_of(r)?,
        payment_id: r.get("payment_id")?,
        paid_on: r.get("paid_on")?,
    })
}

/// A claim by its id.
pub(crate) async fn claim(cx: &mut Cx, id: &str) -> Result<Option<Claim>, StoreError> {
    cx.opt("SELECT * FROM settlement_claim WHERE id = $1", params![id]).await?.as_ref().map(claim_of).transpose()
}

/// The claim of an order that is not refused, if there is one.
pub(crate) async fn standing_of_order(cx: &mut Cx, order_id: &str) -> Result<Option<Claim>, StoreError> {
    let sql = "SELECT * FROM settlement_claim WHERE order_id = $1 AND state <> 'refused'";
    cx.opt(sql, params![order_id]).await?.as_ref().map(claim_of).transpose()
}

/// The number of the next claim of a year: `DF-2019-000001`.
pub(crate) async fn next_number(cx: &mut Cx, prefix: &str) -> Result<String, StoreError> {
    let year = cx.today().year();
    let n = cx.next_number(&format!("settlement/{prefix}/{year}")).await?;
    Ok(format!("{prefix}-{year}-{n:06}"))
}

/// A new claim.
pub(crate) async fn insert(cx: &mut Cx, c: &Claim) -> Result<(), StoreError> {
    let sql = "INSERT INTO settlement_claim (id, number, order_id, order_number, provider_id, enterprise_id, voucher_id, \
               batch_id, programme_id, instrument_id, district, state, remark, claimed_by, claimed_on, claimed_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    let values = params![
        &c.id,
        &c.number,
        &c.order_id,
        &c.order_number,
        &c.provider_id,
        &c.enterprise_id,
        &c.voucher_id,
        &c.batch_id,
        &c.programme_id,
        &c.instrument_id,
        &c.district,
        c.state.code(),
        &c.remark,
        &c.claimed_by,
        c.claimed_on,
        c.claimed_at,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// Writes how a claim was decided.
pub(crate) async fn decide(cx: &mut Cx, claim: &Claim, decided: &Decided) -> Result<(), StoreError> {
    let gathered = serde_json::to_string(&decided.gathered)
        .map_err(|source| StoreError::Json { what: "a claim's gathered_json".into(), source })?;
    let refused = decided.refused.as_ref();
    let sql = "UPDATE settlement_claim SET state = $2, level = $3, eligible_paid_fen = $4, amount_fen = $5, \
               decision_id = $6, gathered_json = $7, refused_code = $8, refused_zh = $9, refused_en = $10, \
               decided_by = $11, decided_on = $12 WHERE id = $1";
    let values = params![
        &claim.id,
        claim.state.code(),
        decided.gathered.level,
        decided.gathered.eligible.amount_fen,
        decided.amount_fen,
        &decided.decision_id,
        gathered,
        refused.map(|r| r.code.clone()),
        refused.map(|r| r.text.zh.clone()),
        refused.map(|r| r.text.en.clone()),
        &decided.by,
        decided.on,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// The claims of `provider_id` that are owed become paid.
pub(crate) async fn mark_paid(cx: &mut Cx, payment_id: &str, provider_id: &str, on: Date) -> Result<u64, StoreError> {
    let sql = "UPDATE settlement_claim SET state = 'paid', payment_id = $1, paid_on = $3 \
               WHERE provider_id = $2 AND state = 'payable'";
    cx.execute(sql, params![payment_id, provider_id, on]).await
}

/// ST-1: keeps a piece of evidence, unless it has paid already: then the number of the claim that it paid on.
pub(crate) async fn insert_evidence(cx: &mut Cx, claim_id: &str, e: &Evidence) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO settlement_evidence (claim_id, kind, ref, record_id, amount_fen) VALUES ($1, $2, $3, $4, $5)";
    cx.execute(sql, params![claim_id, e.kind.code(), &e.reference, &e.record_id, e.amount_fen]).await?;
    Ok(())
}

/// The number of the claim that a piece of evidence has paid on.
pub(crate) async fn paid_on(cx: &mut Cx, e: &Evidence) -> Result<Option<String>, StoreError> {
    let sql = "SELECT c.number FROM settlement_evidence x JOIN settlement_claim c ON c.id = x.claim_id \
               WHERE x.kind = $1 AND (x.ref = $2 OR x.record_id = $3)";
    let row = cx.opt(sql, params![e.kind.code(), &e.reference, &e.record_id]).await?;
    row.map(|r| r.get("number")).transpose()
}

pub(crate) fn evidence_of(r: &Row) -> Result<Evidence, StoreError> {
    Ok(Evidence {
        kind: known(r, "kind", EvidenceKind::from_code)?,
        reference: r.get("ref")?,
        record_id: r.get("record_id")?,
        amount_fen: r.get("amount_fen")?,
    })
}

/// What a claim was paid on.
pub(crate) async fn evidence(cx: &mut Cx, claim_id: &str) -> Result<Vec<Evidence>, StoreError> {
    let sql = "SELECT * FROM settlement_evidence WHERE claim_id = $1 ORDER BY kind, ref";
    cx.all(sql, params![claim_id]).await?.iter().map(evidence_of).collect()
}

/// Which claims to list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimFilter {
    /// Of one provider.
    pub provider_id: Option<String>,
    /// Of one enterprise.
    pub enterprise_id: Option<String>,
    /// Of one district.
    pub district: Option<String>,
    /// In one state.
    pub state: Option<ClaimState>,
    /// Of one order.
    pub order_id: Option<String>,
    /// In one payment.
    pub payment_id: Option<String>,
    /// Older than the claim with this id: the cursor.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// A claim with the names that a list shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettlementClaimRow)]
pub struct ClaimRow {
    /// The claim.
    #[serde(flatten)]
    pub claim: Claim,
    /// Who claims.
    pub provider_name: String,
    /// Whose voucher.
    pub enterprise_name: String,
    /// What had to be recovered of it.
    #[schema(value_type = i64)]
    pub recovered_fen: Fen,
}

fn conditions(f: &ClaimFilter) -> (String, Vec<Param>) {
    let (mut text, mut values): (String, Vec<Param>) = ("1 = 1".into(), Vec::new());
    let mut add = |condition: &str, value: Option<String>| {
        if let Some(value) = value {
            values.push(value.into());
            text.push_str(&format!(" AND {condition} ${}", values.len()));
        }
    };
    add("c.provider_id =", f.provider_id.clone());
    add("c.enterprise_id =", f.enterprise_id.clone());
    add("c.district =", f.district.clone());
    add("c.state =", f.state.map(|s| s.code().to_owned()));
    add("c.order_id =", f.order_id.clone());
    add("c.payment_id =", f.payment_id.clone());
    add("c.id <", f.after.clone());
    (text, values)
}

/// Lists claims with their names.
pub(crate) async fn list(cx: &mut Cx, f: &ClaimFilter) -> Result<Vec<ClaimRow>, StoreError> {
    let (text, mut values) = conditions(f);
    values.push(f.limit.into());
    let sql = format!(
        "SELECT c.*, p.name AS provider_name, e.name AS enterprise_name, v.recovered_fen FROM settlement_claim c \
         JOIN pub_orgs_org p ON p.org_id = c.provider_id JOIN pub_orgs_org e ON e.org_id = c.enterprise_id \
         JOIN pub_settlement_claim v ON v.id = c.id WHERE {text} ORDER BY c.id DESC LIMIT ${}",
        values.len()
    );
    let one = |r: &Row| {
        Ok(ClaimRow {
            claim: claim_of(r)?,
            provider_name: r.get("provider_name")?,
            enterprise_name: r.get("enterprise_name")?,
            recovered_fen: r.get("recovered_fen")?,
        })
    };
    cx.all(sql, values).await?.iter().map(one).collect()
}

/// How many claims stand in each state and what they carry together, of what the filter leaves (its state and cursor
/// put aside).
pub(crate) async fn totals(cx: &mut Cx, f: &ClaimFilter) -> Result<Vec<(ClaimState, i64, Fen)>, StoreError> {
    let (text, values) = conditions(&ClaimFilter { state: None, after: None, ..f.clone() });
    let sql = format!(
        "SELECT c.state, COUNT(*) AS n, CAST(COALESCE(SUM(c.amount_fen), 0) AS BIGINT) AS fen \
         FROM settlement_claim c WHERE {text} GROUP BY c.state"
    );
    let mut out = Vec::new();
    for r in cx.all(sql, values).await? {
        out.push((known(&r, "state", ClaimState::from_code)?, r.get("n")?, r.get("fen")?));
    }
    out.sort_by_key(|t: &(ClaimState, i64, Fen)| ClaimState::ALL.iter().position(|s| *s == t.0));
    Ok(out)
}

/// Claims that wait to be decided, the oldest first, after the one with this id.
pub(crate) async fn waiting(cx: &mut Cx, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM settlement_claim WHERE state = 'claimed' AND id > $1 ORDER BY id LIMIT $2";
    cx.all(sql, params![after, limit]).await?.iter().map(|r| r.get("id")).collect()
}

/// The next claims by id, for a walk over all; one that cannot be read is answered with its id and why.
pub(crate) async fn walk(
    cx: &mut Cx,
    after: &str,
    limit: u32,
) -> Result<Vec<(String, String, Result<Claim, StoreError>)>, StoreError> {
    let rows =
        cx.all("SELECT * FROM settlement_claim WHERE id > $1 ORDER BY id LIMIT $2", params![after, limit]).await?;
    rows.iter().map(|r| Ok((r.get("id")?, r.get("number")?, claim_of(r)))).collect()
}

/// An order that its provider can claim, now or once its use is proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimable {
    /// The order.
    pub order_id: String,
    /// Its number.
    pub order_number: String,
    /// Who ordered.
    pub enterprise_name: String,
    /// What the public pays at most.
    pub public_share_fen: Fen,
    /// First day of use.
    pub starts_on: Date,
    /// Last day of use.
    pub ends_on: Date,
    /// The level of evidence, if it was assessed.
    pub level: Option<kernel::EvidenceLevel>,
    /// The programme that pays.
    pub programme_id: String,
    /// From which level on the programme pays; `None` where it is not published.
    pub pays_from: Option<kernel::EvidenceLevel>,
    /// Why an earlier claim was refused.
    pub refused: Option<Text>,
}

impl Claimable {
    /// Is its use proven as far as the programme asks?
    pub fn is_proven(&self) -> bool {
        match (self.level, self.pays_from) {
            (Some(level), Some(from)) => level >= from,
            _ => false,
        }
    }
}

/// Orders with a voucher that have no standing claim, newest first, after the one with this id.
pub(crate) async fn claimable(
    cx: &mut Cx,
    provider_id: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Claimable>, StoreError> {
    let cursor = if after.is_some() { "AND o.order_id < $3" } else { "AND $3 = ''" };
    let sql = format!(
        "SELECT o.order_id, o.number, e.name, o.public_share_fen, o.starts_on, o.ends_on, l.level, o.programme_id, r.refused_zh, \
         r.refused_en FROM pub_orders_order o JOIN pub_orgs_org e ON e.org_id = o.enterprise_id \
         LEFT JOIN pub_usage_level l ON l.order_id = o.order_id AND l.replaced_on IS NULL \
         LEFT JOIN settlement_claim r ON r.id = (SELECT MAX(x.id) FROM settlement_claim x WHERE x.order_id = o.order_id) \
         WHERE o.provider_id = $1 AND o.state IN ('confirmed', 'contracted') AND o.voucher_id IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM settlement_claim c WHERE c.order_id = o.order_id AND c.state <> 'refused') \
         {cursor} ORDER BY o.order_id DESC LIMIT $2"
    );
    let rows = cx.all(sql, params![provider_id, limit, after.unwrap_or("")]).await?;
    let one = |r: &Row| {
        let zh: Option<String> = r.get("refused_zh")?;
        let en: Option<String> = r.get("refused_en")?;
        Ok(Claimable {
            order_id: r.get("order_id")?,
            order_number: r.get("number")?,
            enterprise_name: r.get("name")?,
            public_share_fen: r.get("public_share_fen")?,
            starts_on: r.get("starts_on")?,
            ends_on: r.get("ends_on")?,
            level: r.get("level")?,
            programme_id: r.get::<Option<String>>("programme_id")?.unwrap_or_default(),
            pays_from: None,
            refused: zh.zip(en).map(|(zh, en)| Text { zh, en }),
        })
    };
    rows.iter().map(one).collect()
}

/// Is the provider in the catalogue?
pub(crate) async fn is_listed(cx: &mut Cx, provider_id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS yes FROM pub_catalogue_listing WHERE provider_id = $1 AND state = 'listed'";
    Ok(cx.opt(sql, params![provider_id]).await?.is_some())
}

/// What a posted hold of an order moved, by the ledger, and the hold's own amount: `None` if it was never posted.
pub(crate) async fn posted(cx: &mut Cx, order_id: &str) -> Result<Option<Fen>, StoreError> {
    let hold = vouchers::reservation_of_order(cx, order_id).await?;
    let Some(hold) = hold else { return Ok(None) };
    let sql = "SELECT amount_fen FROM pub_funds_transfer WHERE pending_id = $1 AND kind = 'post'";
    cx.opt(sql, params![hold.id]).await?.map(|r| r.get("amount_fen")).transpose()
}

/// Posted holds that no claim carries: the order of each with the amount.
pub(crate) async fn posts_without_claim(cx: &mut Cx) -> Result<Vec<(String, Fen)>, StoreError> {
    let sql = "SELECT t.reference, t.amount_fen FROM pub_funds_transfer t \
               LEFT JOIN settlement_claim c ON c.order_id = t.reference AND c.state IN ('payable', 'paid') \
               WHERE t.code = 'settle' AND t.kind = 'post' AND c.id IS NULL ORDER BY t.seq";
    cx.all(sql, vec![]).await?.iter().map(|r| Ok((r.get("reference")?, r.get("amount_fen")?))).collect()
}

/// ST-1 on disk: references or rows that stand under more than one claim: kind, what, how many, the least claim's number.
pub(crate) async fn evidence_twice(cx: &mut Cx) -> Result<Vec<(String, String, i64, String)>, StoreError> {
    let mut out = Vec::new();
    for column in ["ref", "record_id"] {
        let sql = format!(
            "SELECT x.kind, x.{column} AS what, COUNT(*) AS n, MIN(c.number) AS first, MAX(c.number) AS last \
             FROM settlement_evidence x JOIN settlement_claim c ON c.id = x.claim_id \
             GROUP BY x.kind, x.{column} HAVING COUNT(*) > 1 ORDER BY x.kind, x.{column}"
        );
        for r in cx.all(sql, vec![]).await? {
            let (first, last): (String, String) = (r.get("first")?, r.get("last")?);
            let who = if first == last { first } else { format!("{first}, {last}") };
            out.push((r.get("kind")?, r.get("what")?, r.get("n")?, who));
        }
    }
    Ok(out)
}

/// Numbers of the decided claims whose level, as lists and statistics read it, is not the one that was looked at.
pub(crate) async fn levels_apart(cx: &mut Cx) -> Result<Vec<String>, StoreError> {
    let rows =
        cx.all("SELECT number, level, gathered_json FROM settlement_claim WHERE level IS NOT NULL", vec![]).await?;
    let mut out = Vec::new();
    for r in rows {
        let gathered: serde_json::Value = r.get("gathered_json")?;
        let level: String = r.get("level")?;
        if gathered.get("level").and_then(serde_json::Value::as_str) != Some(level.as_str()) {
            out.push(r.get("number")?);
        }
    }
    Ok(out)
}
