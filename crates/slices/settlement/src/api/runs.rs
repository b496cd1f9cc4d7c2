//! `/api/v1/settlement-runs`: everything that is due, at once.

use axum::Json;
use kernel::{Fen, Text};
use serde::Serialize;
use web::{ApiPost, AppError, Ctx, NoFields};

use crate::jobs;

/// A claim that nothing is paid on.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RunRefused {
    /// The claim's number.
    number: String,
    /// The reason's stable name.
    code: String,
}

/// A claim or a correction that waits on.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RunWaiting {
    /// Its id.
    id: String,
    /// Why.
    #[schema(value_type = web::TextBody)]
    why: Text,
}

/// What a run came to.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SettlementRun {
    /// Claims settled.
    settled: u64,
    /// Their amounts together.
    #[schema(value_type = i64)]
    settled_fen: Fen,
    /// Claims refused.
    refused: Vec<RunRefused>,
    /// What waits on.
    waiting: Vec<RunWaiting>,
    /// Recovered because bills were corrected.
    #[schema(value_type = i64)]
    recovered_fen: Fen,
}

/// Reviews every correction of a bill and decides every claim that waits; the body is `{}`. Each is a transaction of
/// its own, so a retry finds what the first call left and does nothing twice.
#[utoipa::path(
    post, path = "/api/v1/settlement-runs", tag = "settlement", request_body = NoFields,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = SettlementRun), (status = 403, body = web::Problem))
)]
pub(crate) async fn create(ctx: Ctx, _post: ApiPost<NoFields>) -> Result<Json<SettlementRun>, AppError> {
    let run = jobs::run_due(&ctx.app.db, &ctx.actor, &ctx.visitor().request_id).await?;
    let refused = run.refused.into_iter().map(|(number, code)| RunRefused { number, code }).collect();
    let waiting = run.waiting.into_iter().map(|(id, why)| RunWaiting { id, why }).collect();
    let (settled, settled_fen, recovered_fen) = (run.settled, run.settled_fen, run.recovered_fen);
    Ok(Json(SettlementRun { settled, settled_fen, refused, waiting, recovered_fen }))
}
