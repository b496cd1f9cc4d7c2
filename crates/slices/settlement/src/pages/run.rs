//! Decides every claim that waits and reviews every correction. Each is a transaction of its own, and doing it again finds
//! nothing, so it needs no key.

use axum::response::Response;
use web::{AppError, Ctx, FormData};

use crate::jobs;

/// POST /settlements/run
pub(super) async fn post(ctx: Ctx, _data: FormData) -> Result<Response, AppError> {
    let run = jobs::run_due(&ctx.app.db, &ctx.actor, &ctx.visitor().request_id).await?;
    let waiting = run.waiting.len();
    let line = match ctx.lang {
        kernel::Lang::Zh => format!(
            "兑付 {} 件共 {}，不予兑付 {} 件，因账单更正追回 {}，暂缓 {waiting} 件。",
            run.settled,
            run.settled_fen,
            run.refused.len(),
            run.recovered_fen
        ),
        kernel::Lang::En => format!(
            "{} settled with {}, {} refused, {} recovered for corrected bills, {waiting} wait.",
            run.settled,
            run.settled_fen,
            run.refused.len(),
            run.recovered_fen
        ),
    };
    Ok(ctx.redirect_saying("/settlements", &line))
}
