//! Tells a device to do something. The command waits until the device is connected, is sent, answered, or timed out.

use jiff::SignedDuration;
use kernel::Action;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::Cx;
use things::{Kind, Model};

use crate::model::{CommandRow, CommandState, DeviceState};
use crate::register_device::own_device;
use crate::store::{commands as rows, products};

/// A command to send.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendCommand {
    /// To which device.
    pub device_id: String,
    /// The method.
    pub method: String,
    /// What it is given, as JSON; empty for nothing.
    #[serde(default)]
    pub params: String,
    /// How long an answer is waited for; `None` takes the model's.
    #[serde(default)]
    pub timeout_s: Option<u32>,
}

/// Commands that wait for one device.
pub const WAITING_MAX: i64 = 100;
/// The longest parameters.
pub const PARAMS_BYTES_MAX: usize = 16 << 10;
/// The longest wait: a week.
pub const TIMEOUT_S_MAX: u32 = 7 * 86_400;

store::refusals! {
    /// Why a command is not sent.
    pub enum SendCommandError {
        /// It is switched off or gone.
        NotActive {} = 409, "device-not-active", zh "设备已停用或退役。", en "The device is switched off or retired.";
        /// The model has no such command.
        UnknownMethod { method: String } = 422, "unknown-method", field "method",
            zh "物模型里没有命令“{method}”。", en "The thing model has no command {method}.";
        /// Not JSON, or too much.
        ParamsWrong { why: String } = 422, "params-wrong", field "params",
            zh "参数不对：{why}", en "The parameters are not right: {why}";
        /// Not a time.
        TimeoutWrong { seconds_max: u32 } = 422, "timeout-wrong", field "timeout_s",
            zh "超时应为 1 至 {seconds_max} 秒。", en "The time-out is 1 to {seconds_max} seconds.";
        /// Enough wait.
        TooManyWait { waiting_max: i64 } = 409, "too-many-wait",
            zh "已有 {waiting_max} 条命令在等待该设备。", en "{waiting_max} commands wait for this device already.";
        /// Not from where it is.
        WrongState { from: &'static str } = 409, "command-wrong-state",
            zh "命令当前状态为 {from}，不能取消。", en "A command that is {from} cannot be cancelled.";
    }
}

fn check_params(model: &Model, method: &str, text: &str) -> Result<(String, Option<u32>), SendCommandError> {
    let wrong = |why: String| SendCommandError::ParamsWrong { why };
    if text.len() > PARAMS_BYTES_MAX {
        return Err(wrong(format!("> {PARAMS_BYTES_MAX} bytes")));
    }
    let text = if text.trim().is_empty() { "{}" } else { text };
    let params: Json = serde_json::from_str(text).map_err(|e| wrong(e.to_string()))?;
    let Some(command) = model.command(method) else {
        // Where a model keeps what it does not know, a person may try what it does not know.
        let free = model.keeps_undeclared() && things::model::name_is_valid(method);
        let unknown = || SendCommandError::UnknownMethod { method: method.to_owned() };
        return if free { Ok((params.to_string(), None)) } else { Err(unknown()) };
    };
    let Json::Object(given) = &params else { return Err(wrong("{…}".to_owned())) };
    for name in given.keys().filter(|k| !command.inputs.iter().any(|i| i.name == **k)) {
        return Err(wrong(format!("{name}: ?")));
    }
    for input in &command.inputs {
        let value = given.get(&input.name).ok_or_else(|| wrong(format!("{}: …", input.name)))?;
        value_fits(&input.kind, value).map_err(|why| wrong(format!("{}: {why}", input.name)))?;
    }
    Ok((params.to_string(), Some(command.timeout_s)))
}

/// Does a JSON value fit a kind of the model?
pub(crate) fn value_fits(kind: &Kind, value: &Json) -> Result<(), String> {
    let read = match value {
        Json::Number(n) => things::Value::Number(n.as_f64().unwrap_or(f64::NAN)),
        Json::Bool(flag) => things::Value::Flag(*flag),
        Json::String(text) => things::Value::Text(text.clone()),
        _ => return Err(kind.code().to_owned()),
    };
    things::decode::check(kind, &read).map_err(|(_, why)| why)
}

/// The model by which a device is read.
pub(crate) async fn model_of(cx: &mut Cx, product_id: &str, version: u32) -> Result<Model, store::StoreError> {
    let row = products::version(cx, product_id, version).await?;
    let model = row.and_then(|v| Model::from_json(&v.model_json).ok());
    Ok(model.unwrap_or_else(Model::keep_all).published(product_id, version))
}

/// Puts the command into the queue; it leaves within a second if the device is connected.
pub async fn run(cx: &mut Cx, cmd: SendCommand) -> Result<CommandRow, SendCommandError> {
    let device = own_device(cx, &cmd.device_id, Action::CommandDevice).await?.ok_or(SendCommandError::NotFound)?;
    if device.state != DeviceState::Active {
        return Err(SendCommandError::NotActive {});
    }
    let model = model_of(cx, &device.product_id, device.model_version).await?;
    let (params_json, timeout_of_model) = check_params(&model, &cmd.method, &cmd.params)?;
    let timeout_s = cmd.timeout_s.or(timeout_of_model).unwrap_or(things::model::COMMAND_TIMEOUT_S);
    if timeout_s == 0 || timeout_s > TIMEOUT_S_MAX {
        return Err(SendCommandError::TimeoutWrong { seconds_max: TIMEOUT_S_MAX });
    }
    if rows::queued_count(cx, &device.id).await? >= WAITING_MAX {
        return Err(SendCommandError::TooManyWait { waiting_max: WAITING_MAX });
    }
    let timeout_at = cx.now.checked_add(SignedDuration::from_secs(i64::from(timeout_s))).unwrap_or(cx.now);
    let command = CommandRow {
        number: cx.next_number("devices/command").await?,
        device_id: device.id.clone(),
        method: cmd.method,
        params_json,
        state: CommandState::Queued,
        answer: String::new(),
        by_name: cx.actor.name.clone(),
        queued_at: cx.now,
        sent_at: None,
        ended_at: None,
        timeout_at,
    };
    rows::put(cx, &command).await?;
    cx.journal("devices.send_command", &format!("device/{}", device.id), &(), &command).await?;
    Ok(command)
}

/// Takes back a command that waits.
pub async fn cancel(cx: &mut Cx, device_id: String, number: i64) -> Result<CommandRow, SendCommandError> {
    let device = own_device(cx, &device_id, Action::CommandDevice).await?.ok_or(SendCommandError::NotFound)?;
    let before = rows::command(cx, number).await?.filter(|c| c.device_id == device.id);
    let before = before.ok_or(SendCommandError::NotFound)?;
    if !before.state.may_become(CommandState::Cancelled) {
        return Err(SendCommandError::WrongState { from: before.state.code() });
    }
    let after = CommandRow { state: CommandState::Cancelled, ended_at: Some(cx.now), ..before.clone() };
    rows::put(cx, &after).await?;
    cx.journal("devices.cancel_command", &format!("device/{device_id}"), &before, &after).await?;
    Ok(after)
}
