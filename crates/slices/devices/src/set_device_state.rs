//! Switches a device off, on again, or retires it (DV-6).

use kernel::Action;
use store::Cx;

use crate::model::{Device, DeviceState};
use crate::register_device::own_device;
use crate::store::devices as rows;

store::refusals! {
    /// Why a device's state is not changed.
    pub enum SetDeviceStateError {
        /// Not from where it is.
        WrongState { from: &'static str, to: &'static str } = 409, "device-wrong-state",
            zh "设备当前状态（{from}）不能改为 {to}。", en "A device that is {from} cannot become {to}.";
        /// Devices stand behind it.
        HasChildren { children: i64 } = 409, "gateway-has-devices",
            zh "后面还有 {children} 台设备，请先移走或退役它们。", en "{children} devices stand behind it: move or retire them first.";
    }
}

/// Changes the state; its connections are cut with the commit.
pub async fn run(cx: &mut Cx, id: String, to: DeviceState) -> Result<Device, SetDeviceStateError> {
    let before = own_device(cx, &id, Action::ManageDevices).await?.ok_or(SetDeviceStateError::NotFound)?;
    if before.state == to {
        return Ok(before);
    }
    if !before.state.may_become(to) {
        return Err(SetDeviceStateError::WrongState { from: before.state.code(), to: to.code() });
    }
    if to == DeviceState::Retired && before.is_gateway {
        let children = rows::children_count(cx, &id).await?;
        if children > 0 {
            return Err(SetDeviceStateError::HasChildren { children });
        }
    }
    let after = Device { state: to, updated_at: cx.now, ..before.clone() };
    rows::put_device(cx, &after).await?;
    cx.journal("devices.set_device_state", &format!("device/{id}"), &before, &after).await?;
    Ok(after)
}
