//! What casework reads of a batch of vouchers, from the vouchers' public view.

use jiff::civil::Date;
use kernel::{Fen, Text};
use serde::Serialize;
use serde_json::{Value, json};
use store::{Cx, Row, StoreError, params};

/// A batch that can be applied for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// Its id.
    pub id: String,
    /// Under which programme.
    pub programme_id: String,
    /// For which instrument.
    pub instrument_id: String,
    /// Its name.
    pub title: Text,
    /// Share that the voucher pays, in basis points.
    pub rate_bp: i64,
    /// The enterprise's minimum own share, in basis points.
    pub own_share_bp: i64,
    /// Face value of each voucher.
    pub face_value_fen: Fen,
    /// Days that a voucher is good for.
    pub validity_days: i64,
    /// First day of applying.
    pub opens_on: Date,
    /// Last day of applying.
    pub closes_on: Date,
    /// `planned`, `open`, `exhausted` or `closed`.
    pub state: String,
}

impl Batch {
    /// What the batch fixes, under the names that rules read (`batch.…`).
    pub fn rule_inputs(&self) -> Value {
        json!({
            "rate_bp": self.rate_bp,
            "own_share_bp": self.own_share_bp,
            "face_value_fen": self.face_value_fen,
            "validity_days": self.validity_days,
        })
    }
}

fn batch(r: &Row) -> Result<Batch, StoreError> {
    Ok(Batch {
        id: r.get("batch_id")?,
        programme_id: r.get("programme_id")?,
        instrument_id: r.get("instrument_id")?,
        title: Text::new(r.get::<String>("title_zh")?, r.get::<String>("title_en")?),
        rate_bp: r.get("rate_bp")?,
        own_share_bp: r.get("own_share_bp")?,
        face_value_fen: r.get("face_value_fen")?,
        validity_days: r.get("validity_days")?,
        opens_on: r.get("opens_on")?,
        closes_on: r.get("closes_on")?,
        state: r.get("state")?,
    })
}

const BATCH: &str = "SELECT batch_id, programme_id, instrument_id, title_zh, title_en, rate_bp, own_share_bp, \
                     face_value_fen, validity_days, opens_on, closes_on, state FROM pub_vouchers_batch";

/// The batch of this id.
pub(crate) async fn by_id(cx: &mut Cx, id: &str) -> Result<Option<Batch>, StoreError> {
    cx.opt(format!("{BATCH} WHERE batch_id = $1"), params![id]).await?.as_ref().map(batch).transpose()
}

/// The batches that take applications today, the one that closes first in front.
pub(crate) async fn taking_applications(cx: &mut Cx) -> Result<Vec<Batch>, StoreError> {
    let today = cx.today();
    let sql =
        format!("{BATCH} WHERE state = 'open' AND opens_on <= $1 AND closes_on >= $1 ORDER BY closes_on, batch_id");
    let rows = cx.all(sql, params![today]).await?;
    rows.iter().map(batch).collect()
}
