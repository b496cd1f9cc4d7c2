//! Registers a device.

use kernel::{Action, Subject};
use serde::{Deserialize, Serialize};
use store::{Cx, StoreError};
use things::Model;
use things::model::name_is_valid;

use crate::model::{Device, DeviceState, read_place};
use crate::publish_model::NOTE_CHARS_MAX;
use crate::store::{devices as rows, products};

/// A device to register, or what is stated about one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RegisterDevice {
    /// Whose it is.
    pub org_id: String,
    /// Of which product.
    pub product_id: String,
    /// By which version of its model it is read; `None` for the latest.
    #[serde(default)]
    pub model_version: Option<u32>,
    /// Its name.
    pub name: String,
    /// The maker's number.
    #[serde(default)]
    pub serial: String,
    /// Anything else.
    #[serde(default)]
    pub note: String,
    /// Where it stands: plant/line/cell.
    #[serde(default)]
    pub place: String,
    /// Behind which gateway.
    #[serde(default)]
    pub gateway_id: Option<String>,
    /// Do others stand behind it?
    #[serde(default)]
    pub is_gateway: bool,
    /// The product of devices that this gateway brings and nobody registered.
    #[serde(default)]
    pub children_product_id: Option<String>,
    /// Silent for longer than so many seconds is a signal; `None` takes three of the model's shortest reporting interval.
    #[serde(default)]
    pub silent_after_s: Option<u32>,
}

/// A year of silence is not watched for.
pub const SILENT_AFTER_S_MAX: u32 = 31_536_000;
/// Devices behind one gateway.
pub const CHILDREN_MAX: i64 = 10_000;

store::refusals! {
    /// Why a device is not registered or not changed.
    pub enum RegisterDeviceError {
        /// No usable name.
        NameWrong {} = 422, "device-name-wrong", field "name",
            zh "请填写设备名称（不超过 128 字节，首尾无空格）。", en "Give the device a name of at most 128 bytes without spaces around it.";
        /// Another device of the organisation has it (DV-2).
        NameTaken { name: String } = 409, "device-name-taken", field "name",
            zh "已有名为“{name}”的设备。", en "There is a device named {name} already.";
        /// Too much said.
        TooLong { chars_max: usize } = 422, "text-too-long", field "note",
            zh "文字过长，最多 {chars_max} 字。", en "The text is too long: at most {chars_max} characters.";
        /// No such product of the organisation.
        NoProduct {} = 422, "no-such-product", field "product_id",
            zh "请选择本单位的产品。", en "Choose a product of your organisation.";
        /// No such version.
        NoVersion { version: u32 } = 422, "no-such-version", field "model_version",
            zh "该产品没有第 {version} 版物模型。", en "The product has no version {version} of its thing model.";
        /// Not a path of places.
        PlaceWrong {} = 422, "place-wrong", field "place",
            zh "位置写作“工厂/产线/工位”，最多 6 级，每级不超过 40 字。", en "Write the place as plant/line/cell: at most 6 levels of at most 40 characters.";
        /// Not a gateway of the organisation, or itself.
        GatewayWrong {} = 422, "gateway-wrong", field "gateway_id",
            zh "请选择本单位的另一台网关；网关本身不能再接在网关后面。", en "Choose another device of yours that is a gateway; a gateway does not stand behind one.";
        /// The gateway has enough.
        GatewayFull { children_max: i64 } = 409, "gateway-full", field "gateway_id",
            zh "一台网关后面最多 {children_max} 台设备。", en "At most {children_max} devices stand behind one gateway.";
        /// It has devices behind it.
        StillGateway { children: i64 } = 409, "still-a-gateway", field "is_gateway",
            zh "后面还有 {children} 台设备，不能取消网关。", en "{children} devices stand behind it, so it remains a gateway.";
        /// Not a time.
        SilenceWrong {} = 422, "silence-wrong", field "silent_after_s",
            zh "无数据时长应为 1 至 31536000 秒。", en "The silence is between 1 and 31536000 seconds.";
    }
}

/// What is stated, checked: the device with the product's id, its version and its default silence in place.
pub(crate) async fn checked(
    cx: &mut Cx,
    cmd: &RegisterDevice,
    before: Option<&Device>,
) -> Result<Device, RegisterDeviceError> {
    let name = cmd.name.trim().to_owned();
    if !name_is_valid(&name) {
        return Err(RegisterDeviceError::NameWrong {});
    }
    if cmd.note.chars().count() > NOTE_CHARS_MAX || cmd.serial.chars().count() > NOTE_CHARS_MAX {
        return Err(RegisterDeviceError::TooLong { chars_max: NOTE_CHARS_MAX });
    }
    let place = read_place(&cmd.place).ok_or(RegisterDeviceError::PlaceWrong {})?;
    if cmd.silent_after_s.is_some_and(|s| s == 0 || s > SILENT_AFTER_S_MAX) {
        return Err(RegisterDeviceError::SilenceWrong {});
    }
    if rows::device_named(cx, &cmd.org_id, &name).await?.is_some_and(|d| Some(&d.id) != before.map(|b| &b.id)) {
        return Err(RegisterDeviceError::NameTaken { name });
    }
    let (model_version, silence) = version_of(cx, cmd).await?;
    gateway_of(cx, cmd, before).await?;
    if let Some(id) = &cmd.children_product_id {
        let product = products::product(cx, id).await?;
        product.filter(|p| p.org_id == cmd.org_id).ok_or(RegisterDeviceError::NoProduct {})?;
    }
    Ok(Device {
        id: before.map_or_else(|| cx.new_id("dev"), |b| b.id.clone()),
        org_id: cmd.org_id.clone(),
        product_id: cmd.product_id.clone(),
        model_version,
        name,
        serial: cmd.serial.trim().to_owned(),
        note: cmd.note.trim().to_owned(),
        place,
        gateway_id: cmd.gateway_id.clone(),
        is_gateway: cmd.is_gateway,
        children_product_id: cmd.children_product_id.clone().filter(|_| cmd.is_gateway),
        silent_after_s: cmd.silent_after_s.or(if before.is_some() { None } else { silence }),
        state: before.map_or(DeviceState::Active, |b| b.state),
        created_at: before.map_or(cx.now, |b| b.created_at),
        updated_at: cx.now,
    })
}

/// The version of the model, and three of its shortest reporting interval.
async fn version_of(cx: &mut Cx, cmd: &RegisterDevice) -> Result<(u32, Option<u32>), RegisterDeviceError> {
    let product = products::product(cx, &cmd.product_id).await?;
    let product = product.filter(|p| p.org_id == cmd.org_id).ok_or(RegisterDeviceError::NoProduct {})?;
    let version = cmd.model_version.unwrap_or(product.version);
    let published = products::version(cx, &product.id, version).await?;
    let published = published.ok_or(RegisterDeviceError::NoVersion { version })?;
    let every_s = Model::from_json(&published.model_json).ok().and_then(|m| m.report_every_s());
    Ok((version, every_s.map(|s| (s.saturating_mul(3)).clamp(10, SILENT_AFTER_S_MAX))))
}

async fn gateway_of(cx: &mut Cx, cmd: &RegisterDevice, before: Option<&Device>) -> Result<(), RegisterDeviceError> {
    if let Some(before) = before.filter(|b| b.is_gateway && !cmd.is_gateway) {
        let children = rows::children_count(cx, &before.id).await?;
        if children > 0 {
            return Err(RegisterDeviceError::StillGateway { children });
        }
    }
    let Some(gateway_id) = &cmd.gateway_id else { return Ok(()) };
    let gateway = rows::device(cx, gateway_id).await?;
    let fits = gateway.is_some_and(|g| {
        g.org_id == cmd.org_id
            && g.is_gateway
            && g.state != DeviceState::Retired
            && Some(&g.id) != before.map(|b| &b.id)
    });
    if !fits || cmd.is_gateway {
        return Err(RegisterDeviceError::GatewayWrong {});
    }
    let stays = before.is_some_and(|b| b.gateway_id == cmd.gateway_id);
    if !stays && rows::children_count(cx, gateway_id).await? >= CHILDREN_MAX {
        return Err(RegisterDeviceError::GatewayFull { children_max: CHILDREN_MAX });
    }
    Ok(())
}

/// Writes a new device, without a journal row of its own: the use case that calls it writes one.
pub(crate) async fn insert(cx: &mut Cx, cmd: &RegisterDevice) -> Result<Device, RegisterDeviceError> {
    let device = checked(cx, cmd, None).await?;
    rows::put_device(cx, &device).await?;
    Ok(device)
}

/// Registers it.
pub async fn run(cx: &mut Cx, cmd: RegisterDevice) -> Result<Device, RegisterDeviceError> {
    if !cx.permits(Action::ManageDevices, &Subject::org(&cmd.org_id)) {
        return Err(RegisterDeviceError::Forbidden);
    }
    let device = insert(cx, &cmd).await?;
    cx.journal("devices.register_device", &format!("device/{}", device.id), &(), &device).await?;
    Ok(device)
}

/// The device as the actor may change it: of another organisation it does not exist.
pub(crate) async fn own_device(cx: &mut Cx, id: &str, action: Action) -> Result<Option<Device>, StoreError> {
    let device = rows::device(cx, id).await?;
    Ok(device.filter(|d| cx.permits(action, &Subject::org(&d.org_id))))
}
