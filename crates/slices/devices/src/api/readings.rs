//! Readings out: last values, history in buckets, single readings.

use axum::Json;
use axum::extract::{Path, Query};
use lake::{Bucket, Lake, Point};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use things::Directory;
use web::{AppError, Ctx};

use crate::{read, readings};

/// A reading.
#[derive(Serialize)]
pub(crate) struct Reading {
    at_us: i64,
    server_at_us: i64,
    value: Value,
    quality: &'static str,
}

fn reading(p: &Point) -> Reading {
    let value = match &p.value {
        lake::Value::Number(n) => Value::from(*n),
        lake::Value::Flag(flag) => Value::from(*flag),
        lake::Value::Text(text) => Value::from(text.as_str()),
    };
    let quality = match p.quality {
        things::Quality::Good => "good",
        things::Quality::Uncertain => "uncertain",
        things::Quality::Bad => "bad",
    };
    Reading { at_us: p.at_us, server_at_us: p.server_at_us, value, quality }
}

/// A property and its last reading.
#[derive(Serialize)]
pub(crate) struct Last {
    property: String,
    unit: String,
    declared: bool,
    last: Option<Reading>,
}

async fn may_read(ctx: &Ctx, id: &str) -> Result<(), AppError> {
    let id = id.to_owned();
    ctx.read(|cx| Box::pin(async move { read::device_to_read(cx, &id).await })).await?;
    Ok(())
}

/// The last value of each property.
#[utoipa::path(
    get, path = "/api/v1/devices/{id}/values", tag = "devices", params(("id" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = web::Problem))
)]
pub(crate) async fn values(ctx: Ctx, Path(id): Path<String>) -> Result<Json<Vec<Last>>, AppError> {
    may_read(&ctx, &id).await?;
    let entry = ctx.app.part::<Directory>().by_id(&id);
    let all = entry.map(|e| readings::last_values(&ctx.app.part::<Lake>(), &e)).unwrap_or_default();
    let last = |v: readings::LastValue| Last {
        property: v.name,
        unit: v.unit,
        declared: v.declared,
        last: v.point.as_ref().map(reading),
    };
    Ok(Json(all.into_iter().map(last).collect()))
}

/// Which readings: of a property, from and up to (without) two instants in microseconds since 1970 UTC.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    property: String,
    from_us: i64,
    to_us: i64,
    #[serde(default)]
    buckets: Option<u32>,
}

/// Buckets of one answer.
const BUCKETS_MAX: u32 = 10_000;
/// Readings of one answer; what follows is asked for from the last one on.
const POINTS_MAX: usize = 100_000;

fn stretch(asked: &Asked) -> Result<(i64, i64), AppError> {
    match asked.from_us < asked.to_us {
        true => Ok((asked.from_us, asked.to_us)),
        false => {
            let (zh, en) = ("from_us 应小于 to_us。", "from_us must be less than to_us.");
            Err(AppError::bad_request("stretch-wrong", zh, en))
        }
    }
}

/// A bucket.
#[derive(Serialize)]
pub(crate) struct BucketAnswer {
    from_us: i64,
    count: u64,
    min: f64,
    max: f64,
    first: f64,
    last: f64,
    mean: f64,
}

/// A property's history in buckets of equal width; those without readings are left out.
#[utoipa::path(
    get, path = "/api/v1/devices/{id}/history", tag = "devices",
    params(("id" = String, Path), ("property" = String, Query), ("from_us" = i64, Query), ("to_us" = i64, Query),
           ("buckets" = Option<u32>, Query)),
    responses((status = 200, body = Value), (status = 400, body = web::Problem), (status = 404, body = web::Problem))
)]
pub(crate) async fn history(
    ctx: Ctx,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<BucketAnswer>>, AppError> {
    may_read(&ctx, &id).await?;
    let (stretch, buckets) = (stretch(&asked)?, asked.buckets.unwrap_or(500).clamp(1, BUCKETS_MAX));
    let all = readings::downsample(&ctx.app, &id, &asked.property, stretch, buckets).await?;
    let answer = |b: Bucket| BucketAnswer {
        from_us: b.from_us,
        count: b.count,
        min: b.min,
        max: b.max,
        first: b.first,
        last: b.last,
        mean: b.mean,
    };
    Ok(Json(all.into_iter().map(answer).collect()))
}

/// Single readings.
#[derive(Serialize)]
pub(crate) struct Points {
    items: Vec<Reading>,
    /// There are more: ask again from here.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_from_us: Option<i64>,
}

/// A property's readings, oldest first.
#[utoipa::path(
    get, path = "/api/v1/devices/{id}/readings", tag = "devices",
    params(("id" = String, Path), ("property" = String, Query), ("from_us" = i64, Query), ("to_us" = i64, Query)),
    responses((status = 200, body = Value), (status = 400, body = web::Problem), (status = 404, body = web::Problem))
)]
pub(crate) async fn points(
    ctx: Ctx,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Points>, AppError> {
    may_read(&ctx, &id).await?;
    let all = readings::range(&ctx.app, &id, &asked.property, stretch(&asked)?).await?;
    let next_from_us = all.get(POINTS_MAX).map(|p| p.at_us);
    Ok(Json(Points { items: all.iter().take(POINTS_MAX).map(reading).collect(), next_from_us }))
}
