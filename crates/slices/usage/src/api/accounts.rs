//! `/api/v1/usage/accounts`

use axum::Json;
use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiPost, AppError, Ctx, CursorPage, Problem};

use super::bounded;
use crate::claim_account::{self, ClaimAccount};
use crate::confirm_account::{self, ConfirmAccount};
use crate::model::{Account, ClaimState, ClaimVerb};
use crate::{AccountFilter, read};

/// A claim that a billing account is an enterprise's.
#[derive(Serialize, ToSchema)]
#[schema(as = BillingAccountBody)]
pub struct AccountBody {
    /// `bac_…`
    id: String,
    /// Whose customer account it is.
    provider_id: String,
    /// FOCUS BillingAccountId.
    billing_account_id: String,
    /// FOCUS SubAccountId; empty: the whole account.
    sub_account_id: String,
    /// Who claims it.
    enterprise_id: String,
    /// `claimed`, `confirmed`, `rejected`.
    state: &'static str,
    /// Why it was rejected.
    reason: String,
    /// RFC 3339.
    claimed_at: String,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<String>,
}

impl From<Account> for AccountBody {
    fn from(a: Account) -> AccountBody {
        AccountBody {
            id: a.id,
            provider_id: a.provider_id,
            billing_account_id: a.billing_account_id,
            sub_account_id: a.sub_account_id,
            enterprise_id: a.enterprise_id,
            state: a.state.code(),
            reason: a.reason,
            claimed_at: a.claimed_at.to_string(),
            decided_at: a.decided_at.map(|t| t.to_string()),
        }
    }
}

/// Which claims.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccountParams {
    /// Only in this state.
    state: Option<String>,
    /// The cursor of the page before.
    after: Option<String>,
    /// Items of a page.
    limit: Option<u32>,
}

/// Claims that the caller may see, newest first.
#[utoipa::path(get, path = "/api/v1/usage/accounts", tag = "usage", params(AccountParams),
    responses((status = 200, body = CursorPage<AccountBody>), (status = 403, body = Problem)))]
pub async fn list(ctx: Ctx, Query(q): Query<AccountParams>) -> Result<Json<CursorPage<AccountBody>>, AppError> {
    let state = q.state.as_deref().and_then(ClaimState::from_code);
    let filter = AccountFilter { state, after: q.after, limit: bounded(q.limit), ..AccountFilter::default() };
    let found = ctx.read(|cx| Box::pin(read::accounts(cx, filter))).await?;
    let items = found.items.into_iter().map(|r| r.account.into()).collect();
    Ok(Json(CursorPage { items, next_cursor: found.next }))
}

/// What an enterprise claims.
#[derive(Deserialize, ToSchema)]
pub struct ClaimBody {
    /// Whose customer account it is.
    provider_id: String,
    /// Exactly as BillingAccountId on the bill.
    billing_account_id: String,
    /// Only to claim one sub-account.
    #[serde(default)]
    sub_account_id: Option<String>,
}

/// Claims a billing account for the caller's enterprise.
#[utoipa::path(post, path = "/api/v1/usage/accounts", tag = "usage", request_body = ClaimBody,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = AccountBody), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn claim(ctx: Ctx, post: ApiPost<ClaimBody>) -> Result<Json<AccountBody>, AppError> {
    let cmd = ClaimAccount {
        enterprise_id: ctx.actor.org().to_owned(),
        provider_id: post.body.provider_id,
        billing_account_id: post.body.billing_account_id,
        sub_account_id: post.body.sub_account_id,
    };
    let account = ctx
        .submit_keyed(&post.key, &post.content, move |cx| Box::pin(async move { claim_account::run(cx, cmd).await }))
        .await?;
    Ok(Json(account.into()))
}

/// What a provider decides.
#[derive(Deserialize, ToSchema)]
pub struct DecisionBody {
    /// `confirm` or `reject`.
    #[schema(value_type = String)]
    verb: ClaimVerb,
    /// Needed for a rejection.
    #[serde(default)]
    reason: String,
}

/// Confirms or rejects a claim.
#[utoipa::path(post, path = "/api/v1/usage/accounts/{id}/decision", tag = "usage", request_body = DecisionBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = AccountBody), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub async fn decide(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<DecisionBody>,
) -> Result<Json<AccountBody>, AppError> {
    let cmd = ConfirmAccount { account_id: id, verb: post.body.verb, reason: post.body.reason };
    let account = ctx
        .submit_keyed(&post.key, &post.content, move |cx| Box::pin(async move { confirm_account::run(cx, cmd).await }))
        .await?;
    Ok(Json(account.into()))
}
