//! Changes what is stated of a device: name, place, gateway, the version it is read by.

use kernel::Action;
use store::Cx;

use crate::model::{Device, DeviceState};
use crate::register_device::{RegisterDevice, RegisterDeviceError, checked, own_device};
use crate::store::devices as rows;

/// Changes it. Saving what already stands changes nothing. A device keeps its organisation; one that is retired is not changed.
pub async fn run(cx: &mut Cx, id: String, mut cmd: RegisterDevice) -> Result<Device, RegisterDeviceError> {
    let before = own_device(cx, &id, Action::ManageDevices).await?.ok_or(RegisterDeviceError::NotFound)?;
    if before.state == DeviceState::Retired {
        return Err(RegisterDeviceError::NotFound);
    }
    cmd.org_id.clone_from(&before.org_id);
    let after = Device { updated_at: before.updated_at, ..checked(cx, &cmd, Some(&before)).await? };
    if after == before {
        return Ok(before);
    }
    let after = Device { updated_at: cx.now, ..after };
    rows::put_device(cx, &after).await?;
    cx.journal("devices.edit_device", &format!("device/{id}"), &before, &after).await?;
    Ok(after)
}
