//! What runs over many: all claims that wait, all corrections that nobody has looked at. Each in a transaction of its own,
//! so that one that is refused does not hold up the rest.

use kernel::{Actor, Fen, Text};
use serde::{Deserialize, Serialize};
use store::{Db, Refusal, StoreError};

use crate::model::ClaimState;
use crate::store::claims;
use crate::{decide, review_correction};

/// Claims looked up at a time.
const CHUNK: u32 = 200;

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// Claims settled.
    pub settled: u64,
    /// Their amounts together.
    pub settled_fen: Fen,
    /// Claims refused: number, code.
    pub refused: Vec<(String, String)>,
    /// Claims or corrections that wait on: id and why.
    pub waiting: Vec<(String, Text)>,
    /// Money recovered because of corrections.
    pub recovered_fen: Fen,
}

fn why(e: &impl Refusal) -> Text {
    Text::new(e.message(kernel::Lang::Zh), e.message(kernel::Lang::En))
}

/// Decides every claim that waits, the oldest first, as `actor`. A failure of the records ends the run.
pub async fn decide_due(db: &Db, actor: &Actor, request_id: &str) -> Result<RunReport, StoreError> {
    let (mut report, mut after) = (RunReport::default(), String::new());
    loop {
        let from = after.clone();
        let ids = db.read(actor, |cx| Box::pin(async move { claims::waiting(cx, &from, CHUNK).await })).await?;
        let Some(last) = ids.last() else { return Ok(report) };
        after = last.clone();
        for id in ids {
            let claim_id = id.clone();
            match db.write(actor, request_id, move |cx| Box::pin(decide::run(cx, claim_id))).await {
                Ok(claim) if claim.state == ClaimState::Refused => {
                    let code = claim.decided.and_then(|d| d.refused).map_or(String::new(), |r| r.code);
                    report.refused.push((claim.number, code));
                }
                Ok(claim) => {
                    report.settled += 1;
                    report.settled_fen += claim.amount_fen();
                }
                Err(decide::DecideError::Store(e)) => return Err(e),
                // Decided by somebody else in the meantime.
                Err(decide::DecideError::AlreadyDecided { .. }) => {}
                Err(e) => report.waiting.push((id, why(&e))),
            }
        }
    }
}

/// Reviews every correction that no settlement has dealt with, as `actor`.
pub async fn review_corrections(db: &Db, actor: &Actor, request_id: &str) -> Result<RunReport, StoreError> {
    let mut report = RunReport::default();
    loop {
        let open = db.read(actor, |cx| Box::pin(async move { usage::corrections::open(cx, CHUNK).await })).await?;
        // What could not be reviewed stays open; a round that gets nothing done is the last.
        let mut done = 0;
        for correction in open {
            let id = correction.id.clone();
            match db.write(actor, request_id, move |cx| Box::pin(review_correction::run(cx, id))).await {
                Ok(recoveries) => {
                    done += 1;
                    report.recovered_fen += recoveries.iter().map(|r| r.amount_fen).sum();
                }
                Err(review_correction::ReviewError::Store(e)) => return Err(e),
                Err(e) if !report.waiting.iter().any(|w| w.0 == correction.id) => {
                    report.waiting.push((correction.id, why(&e)));
                }
                Err(_) => {}
            }
        }
        if done == 0 {
            return Ok(report);
        }
    }
}

/// Reviews every open correction, then decides every claim that waits, as `actor`: what is due, by page and by API.
pub async fn run_due(db: &Db, actor: &Actor, request_id: &str) -> Result<RunReport, StoreError> {
    let reviewed = review_corrections(db, actor, request_id).await?;
    let mut run = decide_due(db, actor, request_id).await?;
    run.recovered_fen += reviewed.recovered_fen;
    run.waiting.extend(reviewed.waiting);
    Ok(run)
}
