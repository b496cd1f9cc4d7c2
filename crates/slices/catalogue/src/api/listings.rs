//! Providers' listings.

use axum::Json;
use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use web::{ApiPost, AppError, Ctx, CursorPage, NoFields};

use crate::decide_listing::{self, DecideListing};
use crate::model::{Listing, ListingState, ListingVerb, Service, Step};
use crate::save_listing::{self, SaveListing};
use crate::{ListingRow, read, submit_listing};

const LIMIT: u32 = 100;

/// A listed provider.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ListedProvider)]
pub(crate) struct ProviderAnswer {
    name: String,
    #[serde(flatten)]
    listing: Listing,
    services: Vec<Service>,
}

/// A listed provider with its services on offer.
#[utoipa::path(
    get, path = "/api/v1/catalogue/providers/{id}", tag = "catalogue", params(("id" = String, Path)),
    responses((status = 200, body = ProviderAnswer), (status = 404, body = web::Problem))
)]
pub(crate) async fn provider(ctx: Ctx, Path(id): Path<String>) -> Result<Json<ProviderAnswer>, AppError> {
    let found = ctx.read(|cx| Box::pin(async move { read::provider_page(cx, &id).await })).await?;
    Ok(Json(ProviderAnswer { name: found.name, listing: found.listing, services: found.services }))
}

/// A listing as its provider and the officers see it, in whatever state.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = WholeListing)]
pub(crate) struct WholeListing {
    /// The provider's name.
    name: String,
    /// The listing, once begun.
    listing: Option<Listing>,
    /// All services, withdrawn ones too.
    services: Vec<Service>,
    /// What happened to the listing.
    steps: Vec<Step>,
}

async fn whole(ctx: &Ctx, id: String) -> Result<Json<WholeListing>, AppError> {
    let found = ctx.read(|cx| Box::pin(async move { read::own_listing(cx, &id).await })).await?;
    let read::OwnListing { listing, services, steps, name } = found;
    Ok(Json(WholeListing { name, listing, services, steps }))
}

/// The provider's own listing with all its services.
#[utoipa::path(
    get, path = "/api/v1/listing", tag = "catalogue",
    responses((status = 200, body = WholeListing), (status = 404, body = web::Problem))
)]
pub(crate) async fn own(ctx: Ctx) -> Result<Json<WholeListing>, AppError> {
    whole(&ctx, ctx.actor.org().to_owned()).await
}

/// A listing to be reviewed, with all its services.
#[utoipa::path(
    get, path = "/api/v1/listings/{id}", tag = "catalogue",
    params(("id" = String, Path, description = "The provider's `org_…`")),
    responses((status = 200, body = WholeListing), (status = 404, body = web::Problem))
)]
pub(crate) async fn show(ctx: Ctx, Path(id): Path<String>) -> Result<Json<WholeListing>, AppError> {
    whole(&ctx, id).await
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
    responses((status = 200, body = CursorPage<ListingRow>))
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
    post, path = "/api/v1/listings", tag = "catalogue", request_body = SaveListing,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Listing), (status = 422, body = web::Problem))
)]
pub(crate) async fn save(ctx: Ctx, post: ApiPost<SaveListing>) -> Result<Json<Listing>, AppError> {
    let cmd = post.body;
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(save_listing::run(cx, cmd))).await?))
}

/// Hands the listing in for review; the body is `{}`.
#[utoipa::path(
    post, path = "/api/v1/listings/{id}/submission", tag = "catalogue", request_body = NoFields,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Listing), (status = 409, body = web::Problem))
)]
pub(crate) async fn submit(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<NoFields>,
) -> Result<Json<Listing>, AppError> {
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(submit_listing::run(cx, id))).await?))
}

/// A decision on a listing.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = ListingDecision)]
pub(crate) struct Decision {
    verb: ListingVerb,
    #[serde(default)]
    reason: String,
}

/// Decides on a listing: list, return, suspend, resume, delist.
#[utoipa::path(
    post, path = "/api/v1/listings/{id}/decisions", tag = "catalogue", request_body = Decision,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Listing), (status = 409, body = web::Problem))
)]
pub(crate) async fn decide(
    ctx: Ctx,
    Path(provider_id): Path<String>,
    post: ApiPost<Decision>,
) -> Result<Json<Listing>, AppError> {
    let cmd = DecideListing { provider_id, verb: post.body.verb, reason: post.body.reason };
    Ok(Json(ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(decide_listing::run(cx, cmd))).await?))
}
