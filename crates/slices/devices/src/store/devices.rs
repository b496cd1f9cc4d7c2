//! Devices: their records, the list, what changed since a number.

use store::{Cx, Row, StoreError, params};

use super::{coded, next_change, small};
use crate::model::{Device, DeviceState};

fn read_device(r: &Row) -> Result<Device, StoreError> {
    let silent: Option<i64> = r.get("silent_after_s")?;
    Ok(Device {
        id: r.get("id")?,
        org_id: r.get("org_id")?,
        product_id: r.get("product_id")?,
        model_version: small(r, "model_version")?,
        name: r.get("name")?,
        serial: r.get("serial")?,
        note: r.get("note")?,
        place: r.get("place")?,
        gateway_id: r.get("gateway_id")?,
        is_gateway: r.get("is_gateway")?,
        children_product_id: r.get("children_product_id")?,
        silent_after_s: silent.and_then(|s| u32::try_from(s).ok()),
        state: coded(r, "state", DeviceState::from_code)?,
        created_at: r.get("created_at_us")?,
        updated_at: r.get("updated_at_us")?,
    })
}

/// A device.
pub async fn device(cx: &mut Cx, id: &str) -> Result<Option<Device>, StoreError> {
    let row = cx.opt("SELECT * FROM devices_device WHERE id = $1", params![id]).await?;
    row.as_ref().map(read_device).transpose()
}

/// A device by its name.
pub async fn device_named(cx: &mut Cx, org_id: &str, name: &str) -> Result<Option<Device>, StoreError> {
    let row = cx.opt("SELECT * FROM devices_device WHERE org_id = $1 AND name = $2", params![org_id, name]).await?;
    row.as_ref().map(read_device).transpose()
}

/// Writes a device, new or changed, under the next change number.
pub async fn put_device(cx: &mut Cx, d: &Device) -> Result<(), StoreError> {
    let change = next_change(cx).await?;
    let sql = "INSERT INTO devices_device (id, org_id, product_id, model_version, name, serial, note, place, gateway_id, \
               is_gateway, children_product_id, silent_after_s, state, created_at_us, updated_at_us, change_number) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
               ON CONFLICT (id) DO UPDATE SET product_id = excluded.product_id, model_version = excluded.model_version, \
               name = excluded.name, serial = excluded.serial, note = excluded.note, place = excluded.place, \
               gateway_id = excluded.gateway_id, is_gateway = excluded.is_gateway, \
               children_product_id = excluded.children_product_id, silent_after_s = excluded.silent_after_s, \
               state = excluded.state, updated_at_us = excluded.updated_at_us, change_number = excluded.change_number";
    let values = params![
        &d.id,
        &d.org_id,
        &d.product_id,
        d.model_version,
        &d.name,
        &d.serial,
        &d.note,
        &d.place,
        d.gateway_id.clone(),
        d.is_gateway,
        d.children_product_id.clone(),
        d.silent_after_s,
        d.state.code(),
        d.created_at,
        d.updated_at,
        change,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// A device's credentials changed: the directory has to look again.
pub async fn touch(cx: &mut Cx, device_id: &str) -> Result<(), StoreError> {
    let change = next_change(cx).await?;
    cx.execute("UPDATE devices_device SET change_number = $1 WHERE id = $2", params![change, device_id]).await?;
    Ok(())
}

/// Moves all devices of a product that are not retired to a version. Answers how many moved.
pub async fn move_to_version(cx: &mut Cx, product_id: &str, version: u32) -> Result<u64, StoreError> {
    let change = next_change(cx).await?;
    let now = cx.now;
    let sql = "UPDATE devices_device SET model_version = $1, change_number = $2, updated_at_us = $3 \
               WHERE product_id = $4 AND model_version <> $1 AND state <> 'retired'";
    cx.execute(sql, params![version, change, now, product_id]).await
}

/// Which devices.
#[derive(Clone, Debug, Default)]
pub struct DeviceFilter {
    /// Of this organisation.
    pub org_id: Option<String>,
    /// Whose name, serial number or id holds this.
    pub words: Option<String>,
    /// At this place or below.
    pub place: Option<String>,
    /// Of this product.
    pub product_id: Option<String>,
    /// Behind this gateway.
    pub gateway_id: Option<String>,
    /// In this state.
    pub state: Option<DeviceState>,
    /// Gateways alone.
    pub gateways_only: bool,
    /// After this name and id, in their order.
    pub after: Option<(String, String)>,
    /// At most so many.
    pub limit: u32,
}

/// A device in a list.
#[derive(Clone, Debug, serde::Serialize)]
pub struct DeviceRow {
    /// The device.
    #[serde(flatten)]
    pub device: Device,
    /// Its organisation's name.
    pub org_name: String,
    /// Its product's name.
    pub product_name: String,
    /// When it was last heard, as recorded.
    pub last_seen_us: Option<i64>,
}

const FILTER: &str = "($1 IS NULL OR d.org_id = $1) AND ($2 IS NULL OR LOWER(d.name) LIKE $2 ESCAPE '\\' \
    OR LOWER(d.serial) LIKE $2 ESCAPE '\\' OR LOWER(d.id) LIKE $2 ESCAPE '\\') \
    AND ($3 IS NULL OR d.place = $3 OR SUBSTR(d.place, 1, LENGTH($3) + 1) = $3 || '/') \
    AND ($4 IS NULL OR d.product_id = $4) AND ($5 IS NULL OR d.gateway_id = $5) AND (d.state = $6 OR ($6 IS NULL AND \
    d.state <> 'retired')) AND (NOT $7 OR d.is_gateway)";

fn values(f: &DeviceFilter) -> Vec<store::Param> {
    let escaped = |w: &String| {
        let literal = w.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        format!("%{literal}%")
    };
    params![
        f.org_id.clone(),
        f.words.as_ref().map(escaped),
        f.place.clone(),
        f.product_id.clone(),
        f.gateway_id.clone(),
        f.state.map(|s| s.code().to_owned()),
        f.gateways_only,
    ]
}

/// Devices in order of their names.
pub async fn devices(cx: &mut Cx, f: &DeviceFilter) -> Result<Vec<DeviceRow>, StoreError> {
    let sql = format!(
        "SELECT d.*, p.name AS product_name, o.name AS org_name, c.last_seen_us FROM devices_device d \
         JOIN devices_product p ON p.id = d.product_id JOIN pub_orgs_org o ON o.org_id = d.org_id LEFT JOIN devices_counter c ON c.device_id = d.id \
         WHERE {FILTER} AND ($8 IS NULL OR d.name > $8 OR (d.name = $8 AND d.id > $9)) ORDER BY d.name, d.id LIMIT $10"
    );
    let mut values = values(f);
    let (name, id) = f.after.clone().unzip();
    values.extend(params![name, id, f.limit]);
    let rows = cx.all(sql, values).await?;
    let read = |r: &Row| {
        Ok(DeviceRow {
            device: read_device(r)?,
            org_name: r.get("org_name")?,
            product_name: r.get("product_name")?,
            last_seen_us: r.get("last_seen_us")?,
        })
    };
    rows.iter().map(read).collect()
}

/// How many there are.
pub async fn count(cx: &mut Cx, f: &DeviceFilter) -> Result<i64, StoreError> {
    cx.one(format!("SELECT COUNT(*) AS n FROM devices_device d WHERE {FILTER}"), values(f)).await?.get("n")
}

/// How many devices stand at each place.
pub async fn place_counts(cx: &mut Cx, org_id: Option<&str>) -> Result<Vec<(String, i64)>, StoreError> {
    let sql = "SELECT place, COUNT(*) AS n FROM devices_device WHERE ($1 IS NULL OR org_id = $1) AND state <> 'retired' \
               GROUP BY place";
    let rows = cx.all(sql, params![org_id.map(str::to_owned)]).await?;
    rows.iter().map(|r| Ok((r.get("place")?, r.get("n")?))).collect()
}

/// Names of these that are taken in an organisation.
pub async fn names_taken(cx: &mut Cx, org_id: &str, names: &[String]) -> Result<Vec<String>, StoreError> {
    let list = serde_json::to_string(names).expect("texts can be written");
    let sql = match cx.is_postgres() {
        true => {
            "SELECT name FROM devices_device WHERE org_id = $1 AND name IN (SELECT * FROM json_array_elements_text($2::json))"
        }
        false => "SELECT name FROM devices_device WHERE org_id = $1 AND name IN (SELECT value FROM json_each($2))",
    };
    let rows = cx.all(sql, params![org_id, list]).await?;
    rows.iter().map(|r| r.get("name")).collect()
}

/// How many devices stand behind a gateway.
pub async fn children_count(cx: &mut Cx, gateway_id: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM devices_device WHERE gateway_id = $1 AND state <> 'retired'";
    cx.one(sql, params![gateway_id]).await?.get("n")
}

/// Devices that changed after a number, in its order, with the number of each.
pub async fn changed_after(cx: &mut Cx, change: i64, limit: u32) -> Result<Vec<(Device, i64)>, StoreError> {
    // All devices of one change come together, so that none is skipped when the caller goes on after it.
    let sql = "SELECT * FROM devices_device WHERE change_number > $1 AND change_number <= COALESCE((SELECT change_number \
               FROM devices_device WHERE change_number > $1 ORDER BY change_number LIMIT 1 OFFSET $2), $3) \
               ORDER BY change_number";
    let rows = cx.all(sql, params![change, limit, i64::MAX]).await?;
    rows.iter().map(|r| Ok((read_device(r)?, r.get("change_number")?))).collect()
}
