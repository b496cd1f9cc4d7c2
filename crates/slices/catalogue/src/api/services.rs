//! GET and POST of services.

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiPost, AppError, Ctx};

use crate::model::{Service, ServiceState};
use crate::read;
use crate::save_service::{self, SaveService};
use crate::withdraw_service;

/// A service with its provider and its versions.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ServiceWithVersions)]
pub(crate) struct ServiceAnswer {
    #[serde(flatten)]
    service: Service,
    provider_name: String,
    contact: String,
    versions: Vec<Service>,
}

/// A service on offer, with every version of it.
#[utoipa::path(
    get, path = "/api/v1/catalogue/services/{id}", tag = "catalogue", params(("id" = String, Path)),
    responses((status = 200, body = ServiceAnswer), (status = 404, body = web::Problem))
)]
pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Json<ServiceAnswer>, AppError> {
    let found = ctx.read(|cx| Box::pin(async move { read::service_page(cx, &id).await })).await?;
    let read::ServicePage { service, provider_name, contact, versions } = found;
    Ok(Json(ServiceAnswer { service, provider_name, contact, versions }))
}

/// Adds a service, or makes the next version of one.
#[utoipa::path(
    post, path = "/api/v1/catalogue/services", tag = "catalogue", request_body = SaveService,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Service), (status = 422, body = web::Problem))
)]
pub(crate) async fn post(ctx: Ctx, post: ApiPost<SaveService>) -> Result<Json<Service>, AppError> {
    let cmd = post.body;
    let run = ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(save_service::run(cx, cmd)));
    Ok(Json(run.await?))
}

/// Whether a service is on offer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferBody {
    /// `true` puts it on offer, `false` takes it off.
    on_offer: bool,
}

/// Takes a service off offer, or puts it back. Running orders are not touched.
#[utoipa::path(
    post, path = "/api/v1/catalogue/services/{id}/offer", tag = "catalogue", request_body = OfferBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Service), (status = 409, body = web::Problem))
)]
pub(crate) async fn offer(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<OfferBody>,
) -> Result<Json<Service>, AppError> {
    let state = if post.body.on_offer { ServiceState::Active } else { ServiceState::Withdrawn };
    let run = ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(withdraw_service::run(cx, id, state)));
    Ok(Json(run.await?))
}
