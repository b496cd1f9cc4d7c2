//! A gateway brings a device that nobody registered: it is entered under the gateway's organisation, if the gateway may.

use serde_json::json;
use store::Cx;

use crate::model::{Device, DeviceState};
use crate::register_device::{self, RegisterDevice, RegisterDeviceError};
use crate::store::{devices as rows, products};

/// Enters it. Runs as the system on behalf of the gateway, whose credential was its proof: the product is the one of the name
/// that the gateway says, else the gateway's own for such devices; without either it is refused.
pub async fn run(
    cx: &mut Cx,
    gateway_id: String,
    name: String,
    product_name: Option<String>,
) -> Result<Device, RegisterDeviceError> {
    let gateway = rows::device(cx, &gateway_id).await?.ok_or(RegisterDeviceError::NotFound)?;
    if !gateway.is_gateway || gateway.state != DeviceState::Active {
        return Err(RegisterDeviceError::GatewayWrong {});
    }
    if let Some(known) = rows::device_named(cx, &gateway.org_id, &name).await? {
        // Two messages of the gateway named it at the same moment.
        let same = known.gateway_id.as_ref() == Some(&gateway_id);
        return if same { Ok(known) } else { Err(RegisterDeviceError::NameTaken { name }) };
    }
    let named = match &product_name {
        Some(product_name) => products::product_named(cx, &gateway.org_id, product_name).await?.map(|p| p.id),
        None => None,
    };
    // Where the gateway has no product for new devices, a person wants to register each.
    let fallback = gateway.children_product_id.clone().ok_or(RegisterDeviceError::NoProduct {})?;
    let cmd = RegisterDevice {
        org_id: gateway.org_id.clone(),
        product_id: named.unwrap_or(fallback),
        name,
        place: gateway.place.clone(),
        gateway_id: Some(gateway_id.clone()),
        ..RegisterDevice::default()
    };
    let device = register_device::insert(cx, &cmd).await?;
    let after = json!({ "device": device, "gateway": gateway_id });
    cx.journal("devices.register_child", &format!("device/{}", device.id), &(), &after).await?;
    Ok(device)
}
