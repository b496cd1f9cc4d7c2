//! Reading: what an enterprise sees of its own devices, and what an auditor sees of all: records and counters, no readings.

use kernel::{Action, Subject};
use store::Cx;
use things::Counted;

use crate::model::{CommandRow, CredentialRow, Device, ModelVersion, Place, Product, place_tree};
use crate::store::commands::Desired;
use crate::store::counters::Silence;
use crate::store::{commands, counters, credentials, devices, products};

pub use crate::store::devices::{DeviceFilter, DeviceRow};
pub use crate::store::products::ProductRow;

store::refusals! {
    /// Why something of devices is not shown.
    pub enum ReadError {}
}

/// Whose devices the actor sees: its own organisation's, or all.
fn scope(cx: &Cx) -> Result<Option<String>, ReadError> {
    if !cx.permits(Action::ViewDevices, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let all = cx.permits(Action::ViewDevices, &Subject::org("nobody's"));
    match (&cx.actor.org_id, all) {
        (_, true) => Ok(None),
        (Some(org), false) => Ok(Some(org.clone())),
        (None, false) => Err(ReadError::Forbidden),
    }
}

/// A page of devices.
pub async fn list(cx: &mut Cx, mut filter: DeviceFilter) -> Result<Vec<DeviceRow>, ReadError> {
    filter.org_id = scope(cx)?;
    Ok(devices::devices(cx, &filter).await?)
}

/// How many there are.
pub async fn count(cx: &mut Cx, mut filter: DeviceFilter) -> Result<i64, ReadError> {
    filter.org_id = scope(cx)?;
    Ok(devices::count(cx, &filter).await?)
}

/// The tree of places.
pub async fn places(cx: &mut Cx) -> Result<Vec<Place>, ReadError> {
    let org = scope(cx)?;
    Ok(place_tree(&devices::place_counts(cx, org.as_deref()).await?))
}

/// A device's record; of another organisation it does not exist.
pub async fn device(cx: &mut Cx, id: &str) -> Result<Device, ReadError> {
    scope(cx)?;
    let found = devices::device(cx, id).await?;
    found.filter(|d| cx.permits(Action::ViewDevices, &Subject::org(&d.org_id))).ok_or(ReadError::NotFound)
}

/// The same for who wants its readings.
pub async fn device_to_read(cx: &mut Cx, id: &str) -> Result<Device, ReadError> {
    let found = device(cx, id).await?;
    if !cx.permits(Action::ViewReadings, &Subject::org(&found.org_id)) {
        return Err(ReadError::Forbidden);
    }
    Ok(found)
}

/// Everything about a device that stands in the records.
pub struct DevicePage {
    /// The device.
    pub device: Device,
    /// Its product.
    pub product: Product,
    /// The gateway it stands behind.
    pub gateway: Option<Device>,
    /// How many stand behind it.
    pub children: i64,
    /// What it can show, newest first.
    pub credentials: Vec<CredentialRow>,
    /// Its last commands, newest first.
    pub commands: Vec<CommandRow>,
    /// What its properties should be.
    pub desired: Vec<Desired>,
    /// What was counted, as written down.
    pub counted: Counted,
    /// Its last silences, newest first.
    pub silences: Vec<Silence>,
}

/// Everything about a device.
pub async fn device_page(cx: &mut Cx, id: &str) -> Result<DevicePage, ReadError> {
    let device = device(cx, id).await?;
    let product = products::product(cx, &device.product_id).await?.ok_or(ReadError::NotFound)?;
    let gateway = match &device.gateway_id {
        Some(gateway_id) => devices::device(cx, gateway_id).await?,
        None => None,
    };
    let children = if device.is_gateway { devices::children_count(cx, id).await? } else { 0 };
    Ok(DevicePage {
        product,
        gateway,
        children,
        credentials: credentials::of_device(cx, id).await?,
        commands: commands::of_device(cx, id, i64::MAX, 20).await?,
        desired: commands::desired(cx, id).await?,
        counted: counters::counted(cx, id).await?,
        silences: counters::silences(cx, id, 10).await?,
        device,
    })
}

/// A page of a device's commands, newest first, before a number.
pub async fn command_list(cx: &mut Cx, id: &str, before: i64, limit: u32) -> Result<Vec<CommandRow>, ReadError> {
    device(cx, id).await?;
    Ok(commands::of_device(cx, id, before, limit).await?)
}

/// What a device can show.
pub async fn credential_list(cx: &mut Cx, id: &str) -> Result<Vec<CredentialRow>, ReadError> {
    device(cx, id).await?;
    Ok(credentials::of_device(cx, id).await?)
}

/// What was counted of a device, as written down.
pub async fn counted(cx: &mut Cx, id: &str) -> Result<Counted, ReadError> {
    device(cx, id).await?;
    Ok(counters::counted(cx, id).await?)
}

/// Products, after an id.
pub async fn product_list(cx: &mut Cx, after: &str, limit: u32) -> Result<Vec<ProductRow>, ReadError> {
    let org = scope(cx)?;
    Ok(products::products(cx, org.as_deref(), after, limit).await?)
}

/// A product, its versions, and how many devices are read by each.
pub struct ProductPage {
    /// The product.
    pub product: Product,
    /// Newest first.
    pub versions: Vec<ModelVersion>,
    /// Devices by version.
    pub devices: Vec<(u32, i64)>,
}

/// A product; of another organisation it does not exist.
pub async fn product_page(cx: &mut Cx, id: &str) -> Result<ProductPage, ReadError> {
    scope(cx)?;
    let product = products::product(cx, id).await?;
    let product = product.filter(|p| cx.permits(Action::ViewDevices, &Subject::org(&p.org_id)));
    let product = product.ok_or(ReadError::NotFound)?;
    let versions = products::versions(cx, id).await?;
    let devices = products::devices_by_version(cx, id).await?;
    Ok(ProductPage { product, versions, devices })
}

/// What is written down and what was counted since, together.
pub fn together(written: &Counted, live: &Counted) -> Counted {
    let mut out = written.clone();
    out.received += live.received;
    out.stored += live.stored;
    out.points += live.points;
    out.last_seen_us = out.last_seen_us.max(live.last_seen_us);
    out.connected = live.connected;
    for (reason, n) in &live.rejected {
        match out.rejected.iter_mut().find(|(r, _)| r == reason) {
            Some((_, known)) => *known += n,
            None => out.rejected.push((*reason, *n)),
        }
    }
    out
}
