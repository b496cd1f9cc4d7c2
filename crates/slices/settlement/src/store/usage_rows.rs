//! What settlement reads of `usage`, by its public views.

use kernel::Fen;
use store::{Cx, Param, Row, StoreError, params};

/// One standing statement of use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MonthOfUse {
    pub statement_id: String,
    pub provider_id: String,
    pub billing_account_id: String,
    pub sub_account_id: String,
    pub month: String,
    pub billed: String,
    pub service_category: String,
    pub service_name: String,
    pub active_days: i64,
    pub net_fen: Fen,
}

impl MonthOfUse {
    /// Names the month of use for good: a later version of the same statement has the same name (ST-1).
    pub fn reference(&self) -> String {
        let bill = if self.billed == self.month { String::new() } else { format!(" ({})", self.billed) };
        let sub = if self.sub_account_id.is_empty() { String::new() } else { format!(".{}", self.sub_account_id) };
        format!(
            "{}{bill} {} / {} · {}{sub} @ {}",
            self.month, self.service_name, self.service_category, self.billing_account_id, self.provider_id
        )
    }
}

fn read(r: &Row) -> Result<MonthOfUse, StoreError> {
    Ok(MonthOfUse {
        statement_id: r.get("statement_id")?,
        provider_id: r.get("provider_id")?,
        billing_account_id: r.get("billing_account_id")?,
        sub_account_id: r.get("sub_account_id")?,
        month: r.get("month")?,
        billed: r.get("billed")?,
        service_category: r.get("service_category")?,
        service_name: r.get("service_name")?,
        active_days: r.get("active_days")?,
        net_fen: r.get("net_fen")?,
    })
}

/// The statements with these ids that stand, in yuan, by month.
pub(crate) async fn months_of_use(cx: &mut Cx, ids: &[String]) -> Result<Vec<MonthOfUse>, StoreError> {
    let mut out = Vec::new();
    for some in ids.chunks(200) {
        let marks: Vec<String> = (1..=some.len()).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT * FROM pub_usage_statement WHERE statement_id IN ({}) AND currency = 'CNY'",
            marks.join(", ")
        );
        let values: Vec<Param> = some.iter().map(Param::from).collect();
        for r in cx.all(sql, values).await? {
            out.push(read(&r)?);
        }
    }
    out.sort_by_key(MonthOfUse::reference);
    Ok(out)
}

/// A correction of a bill, for one claim that rests on what it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CorrectionOfClaim {
    pub correction_id: String,
    pub claim_id: String,
    pub difference_fen: Fen,
}

/// The claims that one correction concerns.
pub(crate) async fn claims_corrected(cx: &mut Cx, correction_id: &str) -> Result<Vec<CorrectionOfClaim>, StoreError> {
    let sql = "SELECT correction_id, claim_id, difference_fen FROM pub_usage_correction \
               WHERE correction_id = $1 ORDER BY claim_id";
    let one = |r: &Row| {
        Ok(CorrectionOfClaim {
            correction_id: r.get("correction_id")?,
            claim_id: r.get("claim_id")?,
            difference_fen: r.get("difference_fen")?,
        })
    };
    cx.all(sql, params![correction_id]).await?.iter().map(one).collect()
}

/// What all corrections up to this one have changed of a claim's metered cost.
pub(crate) async fn corrected_so_far(cx: &mut Cx, claim_id: &str, up_to: &str) -> Result<Fen, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(difference_fen), 0) AS BIGINT) AS fen FROM pub_usage_correction \
               WHERE claim_id = $1 AND correction_id <= $2";
    cx.one(sql, params![claim_id, up_to]).await?.get("fen")
}

/// How many corrections of bills nobody has looked at, of those that a settlement rests on.
pub(crate) async fn corrections_waiting(cx: &mut Cx) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(DISTINCT correction_id) AS n FROM pub_usage_correction WHERE NOT handled";
    cx.one(sql, params![]).await?.get("n")
}
