//! Stored decisions over the API.

use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use serde_json::Value;
use store::StoreError;
use utoipa::ToSchema;
use web::{AppError, Ctx, Problem};

use crate::{decide, replay};

/// Something that does not hold about a stored decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct BrokenItem {
    /// `PD-1`, `PD-2` or `PD-3`.
    pub invariant: String,
    /// What was found.
    pub detail: String,
}

/// A stored decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionDoc {
    /// Its id.
    pub id: String,
    /// `eligibility` or `settlement`.
    pub kind: String,
    /// About whom.
    pub org_id: String,
    /// When it was made (RFC 3339).
    pub at: String,
    /// SHA-256 of its canonical bytes.
    pub bytes_sha256: String,
    /// The decision itself, as stored, with its trace.
    #[schema(value_type = Object)]
    pub decision: Value,
    /// What a replay just now found; empty when it comes out the same, byte for byte.
    pub broken: Vec<BrokenItem>,
}

/// A stored decision with its trace, replayed as it is read.
#[utoipa::path(get, path = "/api/v1/decisions/{id}", tag = "policy", params(("id" = String, Path)),
    responses((status = 200, body = DecisionDoc), (status = 404, body = Problem)))]
pub async fn show(ctx: Ctx, Path(id): Path<String>) -> Result<Json<DecisionDoc>, AppError> {
    let (row, broken) = ctx
        .read(|cx| {
            Box::pin(async move {
                let row = decide::show(cx, &id).await?;
                let broken = replay::replay_one(cx, &row).await?;
                Ok::<_, decide::ShowError>((row, broken))
            })
        })
        .await?;
    let decision = serde_json::from_str(&row.bytes)
        .map_err(|source| StoreError::Json { what: format!("decision {}", row.id), source })?;
    let broken = broken.into_iter().map(|b| BrokenItem { invariant: b.invariant.to_owned(), detail: b.detail });
    Ok(Json(DecisionDoc {
        id: row.id,
        kind: row.kind.code().to_owned(),
        org_id: row.org_id,
        at: row.at.to_string(),
        bytes_sha256: row.bytes_sha256,
        decision,
        broken: broken.collect(),
    }))
}
