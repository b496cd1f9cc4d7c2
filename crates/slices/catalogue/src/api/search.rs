//! GET /api/v1/catalogue/services

use axum::Json;
use axum::extract::Query;
use web::{AppError, Ctx};

use crate::pages::search::Params;
use crate::{SearchIndex, search as find};

/// Services an answer holds at most.
const LIMIT: usize = 50;

/// Searches services on offer. Facets count what each choice of a filter would leave.
#[utoipa::path(
    get, path = "/api/v1/catalogue/services", tag = "catalogue",
    params(
        ("q" = Option<String>, Query, description = "Words, Chinese or English"),
        ("family" = Option<String>, Query, description = "Family of cloud service"),
        ("sub_item" = Option<String>, Query, description = "Sub-item of cloud service"),
        ("deployment" = Option<String>, Query, description = "public, private or hybrid"),
        ("provider" = Option<String>, Query, description = "Provider's id"),
        ("price_min" = Option<String>, Query, description = "Lowest price after discount, yuan a unit and month"),
        ("price_max" = Option<String>, Query, description = "Highest price after discount, yuan a unit and month"),
        ("sort" = Option<String>, Query, description = "price-up, price-down, discount or newest; else by match"),
        ("page" = Option<String>, Query, description = "Page of 50, from 1")
    ),
    responses((status = 200, body = find::Hits))
)]
pub(crate) async fn search(ctx: Ctx, Query(asked): Query<Params>) -> Result<Json<find::Hits>, AppError> {
    let index = ctx.app.part::<SearchIndex>();
    let query = asked.query(LIMIT);
    Ok(Json(ctx.read(|cx| Box::pin(async move { find::run(cx, &index, &query).await })).await?))
}
