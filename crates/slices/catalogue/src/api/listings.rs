//! Providers' listings.

use axum::Json;
use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{ApiPost, AppError, Ctx, CursorPage};

use crate::decide_listing::{self, DecideListing};
use crate::model::{Listing, ListingState, ListingVerb, Service};
use crate::save_listing::{self, SaveListing};
use crate::{ListingRow, read, submit_listing};

const LIMIT: u32 = 100;

/// A listed provider.
#[derive(Serialize)]
pub(crate) struct ProviderAnswer {
    name: String,
    #[serde(flatten)]
    listing: Listing,
    services: Vec<Service>,
}

/// A listed provider with its services on offer.
#[utoipa::path(
    get, path = "/api/v1/catalogue/providers/{id}", tag = "catalogue", params(("id" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = web::Problem))
)]
pub(crate) async fn provider(ctx: Ctx, Path(id): Path<String>) -> Result<Json<ProviderAnswer>, AppError> {
    let found = ctx.read(|cx| Box::pin(async move { read::provider_page(cx, &id).await })).await?;
    Ok(Json(ProviderAnswer { name: found.name, listing: found.listing, services: found.services }))
}

/// Which listings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    state: String,
    after: String,
}

/// The officers' list of listings.
#[utoipa::path(
    get, path = "/api/v1/listings", tag = "catalogue",
    params(("state" = Option<String>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Value))
)]
pub(crate) async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Json<CursorPage<ListingRow>>, AppError> {
    let state = ListingState::from_code(&asked.state);
    let items = ctx.read(|cx| Box::pin(async move { read::listings(cx, state, &asked.after, LIMIT).await })).await?;
    let full = items.len() == LIMIT as usize;
    let next_cursor = items.last().filter(|_| full).map(|r| r.listing.provider_id.clone());
    Ok(Json(CursorPage { items, next_cursor }))
}

/// Saves the provider's own listing.
#[utoipa::path(
    post, path = "/api/v1/listings", tag = "catalogue", request_body = Value,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 422, body = web::Problem))
)]
pub(crate) async fn save(ctx: Ctx, post: ApiPost<SaveListing>) -> Result<Json<Listing>, AppError> {
    let cmd = post.body;
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(save_listing::run(cx, cmd))).await?))
}

/// Hands the listing in for review; the body is `{}`.
#[utoipa::path(
    post, path = "/api/v1/listings/{id}/submission", tag = "catalogue", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem))
)]
pub(crate) async fn submit(ctx: Ctx, Path(id): Path<String>, post: ApiPost<Value>) -> Result<Json<Listing>, AppError> {
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(submit_listing::run(cx, id))).await?))
}

/// A decision on a listing.
#[derive(Debug, Deserialize)]
pub(crate) struct Decision {
    verb: ListingVerb,
    #[serde(default)]
    reason: String,
}

/// Decides on a listing: list, return, suspend, resume, delist.
#[utoipa::path(
    post, path = "/api/v1/listings/{id}/decisions", tag = "catalogue", request_body = Value,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem))
)]
pub(crate) async fn decide(
    ctx: Ctx,
    Path(provider_id): Path<String>,
    post: ApiPost<Decision>,
) -> Result<Json<Listing>, AppError> {
    let cmd = DecideListing { provider_id, verb: post.body.verb, reason: post.body.reason };
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(decide_listing::run(cx, cmd))).await?))
}
