//! Findings, defects, approvals and ties.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Cx, Row, StoreError, params};

use super::code;
use crate::model::{Answer, Approval, Step};

impl std::str::FromStr for Step {
    type Err = String;
    fn from_str(s: &str) -> Result<Step, String> {
        [Step::District, Step::City].into_iter().find(|x| x.code() == s).ok_or_else(|| format!("{s:?} is no step"))
    }
}

/// A point that the enterprise is asked to correct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// The checklist item it is about; empty for what stands on no list.
    #[serde(default)]
    pub item: String,
    /// What exactly is wrong.
    pub remark: String,
}

pub(crate) async fn insert_answers(cx: &mut Cx, case: &str, seq: i64, answers: &[Answer]) -> Result<(), StoreError> {
    for a in answers {
        let sql = "INSERT INTO casework_check (case_id, event_seq, item, passed, remark) VALUES ($1, $2, $3, $4, $5)";
        cx.execute(sql, params![case, seq, &a.item, a.passed, &a.remark]).await?;
    }
    Ok(())
}

/// The findings of the latest formal check.
pub(crate) async fn latest_answers(cx: &mut Cx, case: &str) -> Result<Vec<Answer>, StoreError> {
    let sql = "SELECT item, passed, remark FROM casework_check WHERE case_id = $1 AND event_seq = \
               (SELECT MAX(event_seq) FROM casework_check WHERE case_id = $1) ORDER BY item";
    let rows = cx.all(sql, params![case]).await?;
    let answer = |r: &Row| Ok(Answer { item: r.get("item")?, passed: r.get("passed")?, remark: r.get("remark")? });
    let mut answers: Vec<Answer> = rows.iter().map(answer).collect::<Result<_, StoreError>>()?;
    answers.sort_by_key(|a| place(&a.item));
    Ok(answers)
}

pub(crate) async fn insert_defects(cx: &mut Cx, case: &str, seq: i64, defects: &[Defect]) -> Result<(), StoreError> {
    for (n, d) in defects.iter().enumerate() {
        // The same item may carry two points; a point off the list is numbered.
        let item = if d.item.is_empty() { format!("other-{}", n + 1) } else { d.item.clone() };
        let sql = "INSERT INTO casework_defect (case_id, event_seq, item, remark) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (case_id, event_seq, item) DO UPDATE SET \
                   remark = casework_defect.remark || ' ' || excluded.remark";
        cx.execute(sql, params![case, seq, item, &d.remark]).await?;
    }
    Ok(())
}

/// Where an item stands: on the checklist in its order, then what stands on no list, as it was numbered.
fn place(item: &str) -> (usize, usize) {
    let listed = crate::model::CHECKLIST.iter().position(|i| i.code == item);
    let number = item.strip_prefix("other-").and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
    (listed.unwrap_or(usize::MAX), number)
}

/// What the enterprise was last asked to correct, in the order of the checklist.
pub(crate) async fn latest_defects(cx: &mut Cx, case: &str) -> Result<Vec<Defect>, StoreError> {
    let sql = "SELECT item, remark FROM casework_defect WHERE case_id = $1 AND event_seq = \
               (SELECT MAX(event_seq) FROM casework_defect WHERE case_id = $1) ORDER BY item";
    let rows = cx.all(sql, params![case]).await?;
    let one = |r: &Row| Ok(Defect { item: r.get("item")?, remark: r.get("remark")? });
    let mut defects: Vec<Defect> = rows.iter().map(one).collect::<Result<_, StoreError>>()?;
    defects.sort_by_key(|d| place(&d.item));
    Ok(defects)
}

pub(crate) async fn insert_approval(cx: &mut Cx, case: &str, a: &Approval) -> Result<(), StoreError> {
    let sql = "INSERT INTO casework_approval (case_id, step, round, account_id, account_name, at_us, opinion, voided) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = params![case, a.step.code(), a.round, &a.account_id, &a.account_name, a.at, &a.opinion, a.voided];
    cx.execute(sql, values).await.map(drop)
}

/// Every approval a case ever had, void ones too, in order of time.
pub(crate) async fn approvals_of(cx: &mut Cx, case: &str) -> Result<Vec<Approval>, StoreError> {
    let sql = "SELECT * FROM casework_approval WHERE case_id = $1 ORDER BY at_us, account_id";
    let rows = cx.all(sql, params![case]).await?;
    let approval = |r: &Row| {
        Ok(Approval {
            step: code(r, "step")?,
            account_id: r.get("account_id")?,
            account_name: r.get("account_name")?,
            at: r.get("at_us")?,
            round: r.get("round")?,
            opinion: r.get("opinion")?,
            voided: r.get("voided")?,
        })
    };
    rows.iter().map(approval).collect()
}

/// A send-back: nothing that was approved so far stands.
pub(crate) async fn void_approvals(cx: &mut Cx, case: &str) -> Result<u64, StoreError> {
    cx.execute("UPDATE casework_approval SET voided = TRUE WHERE case_id = $1 AND voided = FALSE", params![case]).await
}

/// A tie between a person and an organisation, for which the person must step back (回避).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tie {
    /// `tie_…`
    pub id: String,
    /// The person's account.
    pub account_id: String,
    /// The organisation.
    pub org_id: String,
    /// `family`, `employment`, `interest` or `other`.
    pub kind: String,
    /// What it is.
    pub remark: String,
    /// By whose account it was recorded.
    pub recorded_by: String,
    /// Since when.
    pub recorded_at: Timestamp,
    /// Until when.
    pub ended_at: Option<Timestamp>,
}

fn tie(r: &Row) -> Result<Tie, StoreError> {
    Ok(Tie {
        id: r.get("id")?,
        account_id: r.get("account_id")?,
        org_id: r.get("org_id")?,
        kind: r.get("kind")?,
        remark: r.get("remark")?,
        recorded_by: r.get("recorded_by")?,
        recorded_at: r.get("recorded_at_us")?,
        ended_at: r.get("ended_at_us")?,
    })
}

pub(crate) async fn insert_tie(cx: &mut Cx, t: &Tie) -> Result<(), StoreError> {
    let sql = "INSERT INTO casework_tie (id, account_id, org_id, kind, remark, recorded_by, recorded_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = params![&t.id, &t.account_id, &t.org_id, &t.kind, &t.remark, &t.recorded_by, t.recorded_at];
    cx.execute(sql, values).await.map(drop)
}

pub(crate) async fn end_tie(cx: &mut Cx, id: &str) -> Result<(), StoreError> {
    let now = cx.now;
    cx.execute("UPDATE casework_tie SET ended_at_us = $2 WHERE id = $1", params![id, now]).await.map(drop)
}

pub(crate) async fn tie_by_id(cx: &mut Cx, id: &str) -> Result<Option<Tie>, StoreError> {
    cx.opt("SELECT * FROM casework_tie WHERE id = $1", params![id]).await?.as_ref().map(tie).transpose()
}

/// The tie that stands between a person and an organisation, if one does.
pub(crate) async fn standing_tie(cx: &mut Cx, account: &str, org: &str) -> Result<Option<Tie>, StoreError> {
    let sql = "SELECT * FROM casework_tie WHERE account_id = $1 AND org_id = $2 AND ended_at_us IS NULL LIMIT 1";
    cx.opt(sql, params![account, org]).await?.as_ref().map(tie).transpose()
}

/// Ties to an organisation, ended ones too.
pub(crate) async fn ties_to(cx: &mut Cx, org: &str) -> Result<Vec<Tie>, StoreError> {
    let rows = cx.all("SELECT * FROM casework_tie WHERE org_id = $1 ORDER BY id", params![org]).await?;
    rows.iter().map(tie).collect()
}
