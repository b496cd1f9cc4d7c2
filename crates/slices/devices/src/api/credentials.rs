//! What a device shows to be let in.

use axum::Json;
use axum::extract::Path;
use kernel::IdSource;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::StoreError;
use web::{ApiPost, AppError, Ctx};

use crate::issue_credential::{self, IssueCredential, Proof};
use crate::model::CredentialRow;
use crate::{read, revoke_credential, sync_directory};

/// A device's credentials, newest first; never what they are.
#[utoipa::path(
    get, path = "/api/v1/devices/{id}/credentials", tag = "devices", params(("id" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = web::Problem))
)]
pub(crate) async fn list(ctx: Ctx, Path(id): Path<String>) -> Result<Json<Vec<CredentialRow>>, AppError> {
    Ok(Json(ctx.read(|cx| Box::pin(async move { read::credential_list(cx, &id).await })).await?))
}

/// A credential to make.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Wanted {
    /// A random token, answered once.
    Token,
    /// A user name and a password.
    Password {
        /// Unique in the platform.
        user_name: String,
        /// At least 12 characters.
        password: String,
    },
    /// A client certificate by its SHA-256.
    Certificate {
        /// 64 hex digits.
        fingerprint: String,
    },
}

/// What is asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Issue {
    #[serde(flatten)]
    wanted: Wanted,
    /// Older ones of this kind hold for so many more seconds; left out, they stay.
    #[serde(default)]
    others_end_after_s: Option<u32>,
}

/// One that was just made.
#[derive(Serialize)]
pub(crate) struct Made {
    #[serde(flatten)]
    row: CredentialRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Makes a credential. A token is in this answer and nowhere else; a repetition of the call makes another.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/credentials", tag = "devices", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem), (status = 422, body = web::Problem))
)]
pub(crate) async fn issue(ctx: Ctx, Path(id): Path<String>, post: ApiPost<Issue>) -> Result<Json<Made>, AppError> {
    let proof = match post.body.wanted {
        Wanted::Token => Proof::Token,
        Wanted::Certificate { fingerprint } => Proof::Certificate { fingerprint },
        Wanted::Password { user_name, password } => {
            let hashed =
                tokio::task::spawn_blocking(move || issue_credential::hash(&password, &mut IdSource::from_os()));
            let hash = hashed.await.map_err(|_| StoreError::Panicked)??;
            Proof::Password { user: user_name, hash }
        }
    };
    let cmd = IssueCredential { device_id: id, proof, others_end_after_s: post.body.others_end_after_s };
    // Not through the idempotent path: that would keep the answer, which is a secret.
    let issued = ctx.write(move |cx| Box::pin(issue_credential::run(cx, cmd))).await?;
    sync_directory(&ctx.app).await?;
    Ok(Json(Made { row: issued.row, token: issued.token }))
}

/// Revokes a credential at once; the body is `{}`.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/credentials/{credential}/revocation", tag = "devices", request_body = Value,
    params(("id" = String, Path), ("credential" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 404, body = web::Problem))
)]
pub(crate) async fn revoke(
    ctx: Ctx,
    Path((id, credential)): Path<(String, String)>,
    post: ApiPost<Value>,
) -> Result<Json<Value>, AppError> {
    let run =
        ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(revoke_credential::run(cx, id, credential)));
    run.await?;
    sync_directory(&ctx.app).await?;
    Ok(Json(serde_json::json!({ "revoked": true })))
}
