//! Sets what a property of a device should be; what it is, the device reports.

use kernel::Action;
use serde_json::{Value as Json, json};
use store::{Cx, StoreError};

use crate::register_device::own_device;
use crate::send_command::{model_of, value_fits};
use crate::store::commands::{self as rows, Desired};

store::refusals! {
    /// Why a desired value is not set.
    pub enum SetDesiredError {
        /// The model has no such property, or nobody may set it.
        NotWritable { property: String } = 422, "not-writable", field "property",
            zh "属性“{property}”不可设置：请在物模型中标为可写。", en "The property {property} cannot be set: mark it as writable in the thing model.";
        /// Not of its kind or out of its range.
        ValueWrong { why: String } = 422, "value-wrong", field "value",
            zh "值不符合物模型：{why}", en "The value does not fit the thing model: {why}";
    }
}

/// Sets it, or takes it back where `value` is null.
pub async fn run(
    cx: &mut Cx,
    device_id: String,
    property: String,
    value: Json,
) -> Result<Vec<Desired>, SetDesiredError> {
    let device = own_device(cx, &device_id, Action::CommandDevice).await?.ok_or(SetDesiredError::NotFound)?;
    let model = model_of(cx, &device.product_id, device.model_version).await?;
    let before = rows::desired(cx, &device.id).await?;
    if value.is_null() {
        rows::unset_desired(cx, &device.id, &property).await?;
    } else {
        let declared = model.property(&property).filter(|p| p.writable);
        let declared = declared.ok_or_else(|| SetDesiredError::NotWritable { property: property.clone() })?;
        value_fits(&declared.kind, &value).map_err(|why| SetDesiredError::ValueWrong { why })?;
        let by_name = cx.actor.name.clone();
        let desired = Desired { property, value_json: value.to_string(), by_name, at: cx.now };
        rows::set_desired(cx, &device.id, &desired).await?;
    }
    let after = rows::desired(cx, &device.id).await?;
    cx.journal("devices.set_desired", &format!("device/{}", device.id), &before, &after).await?;
    Ok(after)
}

/// All desired values of a device as one JSON object: the answer to its request for shared attributes.
pub async fn desired_json(cx: &mut Cx, device_id: &str) -> Result<String, StoreError> {
    let all = rows::desired(cx, device_id).await?;
    let value = |d: &Desired| serde_json::from_str::<Json>(&d.value_json).unwrap_or(Json::Null);
    let object: serde_json::Map<String, Json> = all.iter().map(|d| (d.property.clone(), value(d))).collect();
    Ok(json!(object).to_string())
}
