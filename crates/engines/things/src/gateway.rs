//! The messages of a ThingsBoard gateway: many devices' telemetry in one, devices that come and go, answers to commands.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::decode::{short, syntax};
use crate::{Reason, Refused};

/// What is done with each device's name and JSON.
pub type Each<'a> = dyn FnMut(&str, &[u8]) -> Result<(), Refused> + 'a;

/// Splits `{"Device A":[…],"Device B":[…]}` (telemetry) or `{"Device A":{…}}` (attributes) into each device's name and JSON,
/// which goes to [`crate::decode::thingsboard_telemetry`]. The JSON of each is not looked at here; the frame is.
pub fn thingsboard_gateway(payload: &[u8], each: &mut Each<'_>) -> Result<(), Refused> {
    let mut refused = None;
    let mut json = serde_json::Deserializer::from_slice(payload);
    let done = json.deserialize_map(Frame { each, refused: &mut refused }).and_then(|()| json.end());
    match (refused, done) {
        (Some(refused), _) => Err(refused),
        (None, Err(error)) => Err(syntax(payload, &error)),
        (None, Ok(())) => Ok(()),
    }
}

struct Frame<'a, 'f> {
    each: &'a mut Each<'f>,
    refused: &'a mut Option<Refused>,
}

impl<'de> Visitor<'de> for Frame<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of devices")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, json)) = map.next_entry::<Borrowed<'_>, &RawValue>()? {
            if let Err(refused) = (self.each)(&name.0, json.get().as_bytes()) {
                *self.refused = Some(Refused { detail: format!("{}: {}", short(&name.0), refused.detail), ..refused });
                return Err(serde::de::Error::custom(""));
            }
        }
        Ok(())
    }
}

/// A text that is borrowed from the payload where it holds no escapes.
#[derive(Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

/// `{"device":"Device A","type":"Product"}` on connect and disconnect.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GatewayDevice {
    /// Its name, unique behind the gateway.
    pub device: String,
    /// The product that the gateway says it is.
    #[serde(rename = "type")]
    pub product: Option<String>,
}

/// Reads a connect or disconnect message.
pub fn thingsboard_gateway_device(payload: &[u8]) -> Result<GatewayDevice, Refused> {
    let read: GatewayDevice = serde_json::from_slice(payload).map_err(|e| syntax(payload, &e))?;
    match read.device.trim().is_empty() || read.device.len() > crate::model::NAME_BYTES_MAX {
        true => Err(Refused::new(Reason::WrongShape, "device")),
        false => Ok(read),
    }
}

/// `{"device":"Device A","id":1,"data":{…}}`: the answer of a device behind a gateway to a command.
#[derive(Debug, Deserialize)]
pub struct GatewayReply<'a> {
    /// Which device.
    #[serde(borrow)]
    pub device: Cow<'a, str>,
    /// The number of the command.
    pub id: u64,
    /// What it answers, as JSON.
    #[serde(borrow)]
    pub data: &'a RawValue,
}

/// Reads a gateway's answer to a command.
pub fn thingsboard_gateway_reply(payload: &[u8]) -> Result<GatewayReply<'_>, Refused> {
    serde_json::from_slice(payload).map_err(|e| syntax(payload, &e))
}
