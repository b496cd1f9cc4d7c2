//! `/api/v1/funds/appropriations` and `/api/v1/funds/allocations`

use axum::Json;
use axum::http::StatusCode;
use kernel::Fen;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiPost, AppError, Ctx, Problem};

use crate::allocate::{self, Allocate, Target};
use crate::appropriate::{self, Appropriate};

/// The document by which the treasury granted money.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppropriationBody {
    /// The programme.
    programme_id: String,
    /// Amount in fen.
    amount_fen: i64,
    /// The document's number (文号).
    document_number: String,
    /// Its title.
    document_title: String,
    /// Its date.
    #[schema(value_type = String, format = Date)]
    document_on: jiff::civil::Date,
}

/// Money for a programme out of its appropriation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationBody {
    /// The programme.
    programme_id: String,
    /// Amount in fen.
    amount_fen: i64,
    /// The decision it rests on.
    reference: String,
}

/// The transfer that was made.
#[derive(Serialize, ToSchema)]
pub struct MadeBody {
    /// Its id.
    transfer_id: String,
}

/// Records an appropriation.
#[utoipa::path(post, path = "/api/v1/funds/appropriations", tag = "funds", request_body = AppropriationBody,
    params(("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 201, body = MadeBody), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn appropriate(ctx: Ctx, post: ApiPost<AppropriationBody>) -> Result<(StatusCode, Json<MadeBody>), AppError> {
    let AppropriationBody { programme_id, amount_fen, document_number, document_title, document_on } = post.body;
    let cmd = Appropriate { programme_id, amount: Fen(amount_fen), document_number, document_title, document_on };
    let transfer_id = ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(appropriate::run(cx, cmd))).await?;
    Ok((StatusCode::CREATED, Json(MadeBody { transfer_id })))
}

/// Allocates money to a programme. Batches and quotas take theirs when a batch is opened.
#[utoipa::path(post, path = "/api/v1/funds/allocations", tag = "funds", request_body = AllocationBody,
    params(("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 201, body = MadeBody), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn allocate(ctx: Ctx, post: ApiPost<AllocationBody>) -> Result<(StatusCode, Json<MadeBody>), AppError> {
    let AllocationBody { programme_id, amount_fen, reference } = post.body;
    let cmd = Allocate { programme_id, target: Target::Programme, amount: Fen(amount_fen), reference };
    let transfer_id = ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(allocate::run(cx, cmd))).await?;
    Ok((StatusCode::CREATED, Json(MadeBody { transfer_id })))
}
