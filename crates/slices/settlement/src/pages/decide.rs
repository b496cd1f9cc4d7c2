//! The button under the trace: decides the claim.

use axum::extract::Path;
use axum::response::Response;
use web::{AppError, Ctx, FormData};

use crate::decide;
use crate::model::ClaimState;

/// POST /settlements/{id}/decision
pub(super) async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let there = format!("/settlements/{id}");
    let claim = ctx.submit(&data, move |cx| Box::pin(decide::run(cx, id))).await?;
    let line = match claim.state {
        ClaimState::Refused => {
            ctx.t("已核定：不予兑付，原因见下。", "Decided: nothing is paid; the reasons are below.").to_owned()
        }
        _ => format!("{} {}", ctx.t("已核定，应付服务商", "Decided; owed to the provider:"), claim.amount_fen()),
    };
    Ok(ctx.redirect_saying(&there, &line))
}
