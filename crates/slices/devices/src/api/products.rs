//! Products and their thing models.

use axum::Json;
use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{ApiPost, AppError, Ctx, CursorPage};

use crate::model::Product;
use crate::publish_model::{self, PublishModel, Published};
use crate::read::{self, ProductRow};
use crate::sync_directory;

const LIMIT: u32 = 100;

/// Which page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    after: String,
}

/// The organisation's products.
#[utoipa::path(
    get, path = "/api/v1/products", tag = "devices", params(("after" = Option<String>, Query)),
    responses((status = 200, body = Value))
)]
pub(crate) async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Json<CursorPage<ProductRow>>, AppError> {
    let items = ctx.read(|cx| Box::pin(async move { read::product_list(cx, &asked.after, LIMIT).await })).await?;
    let full = items.len() == LIMIT as usize;
    let next_cursor = items.last().filter(|_| full).map(|r| r.product.id.clone());
    Ok(Json(CursorPage { items, next_cursor }))
}

/// A version with its model as JSON, not as text in JSON.
#[derive(Serialize)]
struct Version {
    version: u32,
    note: String,
    by_name: String,
    at: jiff::Timestamp,
    model: Value,
}

/// A product with its versions.
#[derive(Serialize)]
pub(crate) struct ProductAnswer {
    #[serde(flatten)]
    product: Product,
    versions: Vec<Version>,
}

/// A product with every version of its thing model, newest first.
#[utoipa::path(
    get, path = "/api/v1/products/{id}", tag = "devices", params(("id" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = web::Problem))
)]
pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Json<ProductAnswer>, AppError> {
    let found = ctx.read(|cx| Box::pin(async move { read::product_page(cx, &id).await })).await?;
    let version = |v: crate::model::ModelVersion| Version {
        version: v.version,
        note: v.note,
        by_name: v.by_name,
        at: v.at,
        model: serde_json::from_str(&v.model_json).unwrap_or(Value::Null),
    };
    Ok(Json(ProductAnswer { product: found.product, versions: found.versions.into_iter().map(version).collect() }))
}

/// Makes a product, or publishes the next version of one (`product_id`). `model` is a thing model in our form, Aliyun's or
/// JetLinks's; without it a new product keeps whatever its devices report.
#[derive(Debug, Deserialize)]
pub(crate) struct Publish {
    #[serde(default)]
    product_id: Option<String>,
    name: String,
    #[serde(default)]
    intro: String,
    #[serde(default)]
    model: Value,
    #[serde(default)]
    note: String,
    #[serde(default)]
    move_devices: bool,
}

/// Makes a product or publishes the next version of its thing model.
#[utoipa::path(
    post, path = "/api/v1/products", tag = "devices", request_body = Value,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Value), (status = 409, body = web::Problem), (status = 422, body = web::Problem))
)]
pub(crate) async fn publish(ctx: Ctx, post: ApiPost<Publish>) -> Result<Json<Published>, AppError> {
    let b = post.body;
    let cmd = PublishModel {
        product_id: b.product_id,
        org_id: ctx.actor.org_id.clone().ok_or_else(AppError::forbidden)?,
        name: b.name,
        intro: b.intro,
        model_json: if b.model.is_null() { String::new() } else { b.model.to_string() },
        note: b.note,
        move_devices: b.move_devices,
    };
    let done = ctx.submit_keyed(&post.key, &post.content, |cx| Box::pin(publish_model::run(cx, cmd))).await?;
    sync_directory(&ctx.app).await?;
    Ok(Json(done))
}
