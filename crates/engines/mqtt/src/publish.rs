//! PUBLISH, read in place: topic and payload are borrowed from the bytes that the host read.

use std::sync::Arc;

use crate::acks::Ticket;
use crate::decode::Version;
use crate::frame::{Broken, Fields};
use crate::reason::Reason;

/// A topic's name, from the packet or from what its alias stands for.
#[derive(Clone, Debug)]
pub enum Topic<'a> {
    /// In the packet.
    Named(&'a str),
    /// By its alias.
    Aliased(Arc<str>),
}

impl Topic<'_> {
    /// The name.
    pub fn as_str(&self) -> &str {
        match self {
            Topic::Named(name) => name,
            Topic::Aliased(name) => name,
        }
    }
}

impl PartialEq for Topic<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// A message from the client.
#[derive(Clone, Debug, PartialEq)]
pub struct Publish<'a> {
    /// Where to.
    pub topic: Topic<'a>,
    /// What.
    pub payload: &'a [u8],
    /// 0, 1 or 2.
    pub qos: u8,
    /// To be kept for later subscribers.
    pub retain: bool,
    /// Sent before, as the client says.
    pub dup: bool,
    /// The payload is said to be UTF-8 [3.3.2.3.2].
    pub is_text: bool,
    /// By which the host answers it; `None` for QoS 0.
    pub ticket: Option<Ticket>,
}

/// A PUBLISH as it lies in the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Raw<'a> {
    pub(crate) topic: &'a str,
    pub(crate) packet_id: u16,
    pub(crate) alias: Option<u16>,
    pub(crate) is_text: bool,
    pub(crate) payload: &'a [u8],
}

/// Reads a PUBLISH's body. The flags were checked with its header.
pub(crate) fn read(first: u8, body: &[u8], version: Version) -> Result<Raw<'_>, Broken> {
    let mut fields = Fields::new(body);
    let topic = fields.text()?;
    // [MQTT-3.3.2-2] No wildcards in a topic's name.
    if memchr::memchr2(b'+', b'#', topic.as_bytes()).is_some() {
        return Err(Broken(Reason::TopicNameInvalid, "a topic name holds a wildcard".into()));
    }
    let packet_id = match first & 0b0110 {
        0 => 0, // [MQTT-2.2.1-2]
        _ => match fields.u16()? {
            0 => return Err(Broken::protocol("a PUBLISH has packet identifier 0")), // [MQTT-2.2.1-3]
            id => id,
        },
    };
    let mut raw = Raw { topic, packet_id, alias: None, is_text: false, payload: &[] };
    if version == Version::V5 {
        let bytes = fields.variable()? as usize;
        let properties = fields.take(bytes)?;
        if !properties.is_empty() {
            read_properties(properties, &mut raw)?;
        }
    }
    if topic.is_empty() && raw.alias.is_none() {
        return Err(Broken::protocol("a PUBLISH has neither topic nor alias")); // [MQTT-4.7.3-1], 3.3.2.1
    }
    raw.payload = fields.rest();
    Ok(raw)
}

fn read_properties(bytes: &[u8], raw: &mut Raw<'_>) -> Result<(), Broken> {
    let mut fields = Fields::new(bytes);
    let mut seen = 0_u64;
    while !fields.rest().is_empty() {
        let id = fields.u8()?;
        if id != 0x26 {
            let bit = 1_u64.checked_shl(u32::from(id)).unwrap_or(0);
            if seen & bit != 0 {
                return Err(Broken::protocol(format!("property {id:#04x} is there twice")));
            }
            seen |= bit;
        }
        match id {
            0x01 => match fields.u8()? {
                0 => {}
                1 => raw.is_text = true,
                _ => return Err(Broken::protocol("a payload format indicator is neither 0 nor 1")),
            },
            0x02 => drop(fields.u32()?),
            0x03 => drop(fields.text()?),
            0x08 => {
                // [MQTT-3.3.2-14]
                if memchr::memchr2(b'+', b'#', fields.text()?.as_bytes()).is_some() {
                    return Err(Broken::protocol("a response topic holds a wildcard"));
                }
            }
            0x09 => drop(fields.binary()?),
            0x23 => match fields.u16()? {
                0 => return Err(Broken(Reason::TopicAliasInvalid, "topic alias 0".into())), // [MQTT-3.3.2-8]
                alias => raw.alias = Some(alias),
            },
            0x26 => {
                fields.text()?;
                fields.text()?;
            }
            // [MQTT-3.3.4-6]
            0x0b => return Err(Broken::protocol("a client's PUBLISH has a subscription identifier")),
            _ => return Err(Broken::malformed(format!("property {id:#04x} does not belong to PUBLISH"))),
        }
    }
    Ok(())
}
