//! Products and the versions of their thing models.

use store::{Cx, Row, StoreError, params};

use super::small;
use crate::model::{ModelVersion, Product};

fn read_product(r: &Row) -> Result<Product, StoreError> {
    Ok(Product {
        id: r.get("id")?,
        org_id: r.get("org_id")?,
        name: r.get("name")?,
        intro: r.get("intro")?,
        version: small(r, "version")?,
        created_at: r.get("created_at_us")?,
        updated_at: r.get("updated_at_us")?,
    })
}

/// A product.
pub async fn product(cx: &mut Cx, id: &str) -> Result<Option<Product>, StoreError> {
    let row = cx.opt("SELECT * FROM devices_product WHERE id = $1", params![id]).await?;
    row.as_ref().map(read_product).transpose()
}

/// A product by its name.
pub async fn product_named(cx: &mut Cx, org_id: &str, name: &str) -> Result<Option<Product>, StoreError> {
    let sql = "SELECT * FROM devices_product WHERE org_id = $1 AND name = $2";
    let row = cx.opt(sql, params![org_id, name]).await?;
    row.as_ref().map(read_product).transpose()
}

/// Writes a product, new or changed.
pub async fn put_product(cx: &mut Cx, p: &Product) -> Result<(), StoreError> {
    let sql = "INSERT INTO devices_product (id, org_id, name, intro, version, created_at_us, updated_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
               intro = excluded.intro, version = excluded.version, updated_at_us = excluded.updated_at_us";
    let values = params![&p.id, &p.org_id, &p.name, &p.intro, p.version, p.created_at, p.updated_at];
    cx.execute(sql, values).await?;
    Ok(())
}

/// A product in a list, with how many devices are of it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ProductRow {
    /// The product.
    #[serde(flatten)]
    pub product: Product,
    /// Devices that are not retired.
    pub devices: i64,
}

/// Products of an organisation (or of all, for who may see all), by name, after `after`.
pub async fn products(
    cx: &mut Cx,
    org_id: Option<&str>,
    after: &str,
    limit: u32,
) -> Result<Vec<ProductRow>, StoreError> {
    let sql = "SELECT p.*, (SELECT COUNT(*) FROM devices_device d WHERE d.product_id = p.id AND d.state <> 'retired') \
               AS devices FROM devices_product p WHERE ($1 IS NULL OR p.org_id = $1) AND p.id > $2 \
               ORDER BY p.id LIMIT $3";
    let rows = cx.all(sql, params![org_id.map(str::to_owned), after, limit]).await?;
    rows.iter().map(|r| Ok(ProductRow { product: read_product(r)?, devices: r.get("devices")? })).collect()
}

fn read_version(r: &Row) -> Result<ModelVersion, StoreError> {
    Ok(ModelVersion {
        product_id: r.get("product_id")?,
        version: small(r, "version")?,
        model_json: r.get("model_json")?,
        note: r.get("note")?,
        by_name: r.get("by_name")?,
        at: r.get("at_us")?,
    })
}

/// Adds a version; those before it stay as they are (DV-1).
pub async fn add_version(cx: &mut Cx, v: &ModelVersion) -> Result<(), StoreError> {
    let sql = "INSERT INTO devices_model (product_id, version, model_json, note, by_id, by_name, at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let by_id = cx.actor.user_id.clone();
    cx.execute(sql, params![&v.product_id, v.version, &v.model_json, &v.note, by_id, &v.by_name, v.at]).await?;
    Ok(())
}

/// A published version.
pub async fn version(cx: &mut Cx, product_id: &str, version: u32) -> Result<Option<ModelVersion>, StoreError> {
    let sql = "SELECT * FROM devices_model WHERE product_id = $1 AND version = $2";
    let row = cx.opt(sql, params![product_id, version]).await?;
    row.as_ref().map(read_version).transpose()
}

/// All versions, newest first.
pub async fn versions(cx: &mut Cx, product_id: &str) -> Result<Vec<ModelVersion>, StoreError> {
    let sql = "SELECT * FROM devices_model WHERE product_id = $1 ORDER BY version DESC";
    let rows = cx.all(sql, params![product_id]).await?;
    rows.iter().map(read_version).collect()
}

/// How many devices are read by each version.
pub async fn devices_by_version(cx: &mut Cx, product_id: &str) -> Result<Vec<(u32, i64)>, StoreError> {
    let sql = "SELECT model_version, COUNT(*) AS n FROM devices_device WHERE product_id = $1 AND state <> 'retired' \
               GROUP BY model_version";
    let rows = cx.all(sql, params![product_id]).await?;
    rows.iter().map(|r| Ok((small(r, "model_version")?, r.get("n")?))).collect()
}
