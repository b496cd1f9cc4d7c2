//! Fixed headers: where a packet begins and ends, and what may not be one at all.

use crate::reason::Reason;

/// The kinds of packets by the upper half of their first byte (2.1.2).
pub(crate) mod kind {
    pub(crate) const CONNECT: u8 = 1;
    pub(crate) const CONNACK: u8 = 2;
    pub(crate) const PUBLISH: u8 = 3;
    pub(crate) const PUBACK: u8 = 4;
    pub(crate) const PUBREC: u8 = 5;
    pub(crate) const PUBREL: u8 = 6;
    pub(crate) const PUBCOMP: u8 = 7;
    pub(crate) const SUBSCRIBE: u8 = 8;
    pub(crate) const SUBACK: u8 = 9;
    pub(crate) const UNSUBSCRIBE: u8 = 10;
    pub(crate) const UNSUBACK: u8 = 11;
    pub(crate) const PINGREQ: u8 = 12;
    pub(crate) const PINGRESP: u8 = 13;
    pub(crate) const DISCONNECT: u8 = 14;
    pub(crate) const AUTH: u8 = 15;
}

/// Why bytes are no MQTT, with the words for the reason string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) Reason, pub(crate) String);

impl Broken {
    pub(crate) fn malformed(what: impl Into<String>) -> Broken {
        Broken(Reason::MalformedPacket, what.into())
    }
    pub(crate) fn protocol(what: impl Into<String>) -> Broken {
        Broken(Reason::ProtocolError, what.into())
    }
}

/// The packet at the beginning of what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framed<'a> {
    /// It is not whole; `bytes` is its length if the header tells already.
    More { bytes: Option<usize> },
    /// A whole one.
    Packet { first: u8, body: &'a [u8], bytes: usize },
}

/// A variable byte integer (1.5.5) and its length; `None` when more bytes are needed.
pub(crate) fn variable(bytes: &[u8]) -> Result<Option<(u32, usize)>, Broken> {
    let mut value = 0;
    for (i, byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            // [MQTT-1.5.5-1] The fewest bytes that can.
            if i > 0 && *byte == 0 {
                return Err(Broken::malformed("a length is written in more bytes than it needs"));
            }
            return Ok(Some((value, i + 1)));
        }
    }
    match bytes.len() {
        0..4 => Ok(None),
        _ => Err(Broken::malformed("a length has more than four bytes")),
    }
}

/// Looks at the next packet. One that is announced as larger than `bytes_max` is refused by its header alone.
pub(crate) fn next(input: &[u8], bytes_max: usize) -> Result<Framed<'_>, Broken> {
    let Some(first) = input.first().copied() else { return Ok(Framed::More { bytes: None }) };
    check_flags(first)?;
    let Some((length, length_bytes)) = variable(&input[1..])? else { return Ok(Framed::More { bytes: None }) };
    let bytes = 1 + length_bytes + length as usize;
    if bytes > bytes_max {
        return Err(Broken(
            Reason::PacketTooLarge,
            format!("a packet of {bytes} bytes is announced; {bytes_max} are the most"),
        ));
    }
    match input.get(1 + length_bytes..bytes) {
        Some(body) => Ok(Framed::Packet { first, body, bytes }),
        None => Ok(Framed::More { bytes: Some(bytes) }),
    }
}

/// [MQTT-2.1.3-1] Reserved flags are as the specification has them.
fn check_flags(first: u8) -> Result<(), Broken> {
    let flags = first & 0x0f;
    let right = match first >> 4 {
        kind::PUBLISH => {
            if flags & 0b0110 == 0b0110 {
                return Err(Broken::malformed("a PUBLISH has QoS 3")); // [MQTT-3.3.1-4]
            }
            // [MQTT-3.3.1-2] DUP is 0 for QoS 0.
            if flags & 0b1110 == 0b1000 {
                return Err(Broken::malformed("a PUBLISH of QoS 0 says that it is sent again"));
            }
            return Ok(());
        }
        kind::PUBREL | kind::SUBSCRIBE | kind::UNSUBSCRIBE => 0b0010,
        0 => return Err(Broken::malformed("packet type 0 is reserved")),
        _ => 0,
    };
    match flags == right {
        true => Ok(()),
        false => Err(Broken::malformed(format!("flags {flags:04b} on packet type {}", first >> 4))),
    }
}

/// Reads fields from a packet's body.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Fields<'a> {
        Fields { rest: body }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn take(&mut self, bytes: usize) -> Result<&'a [u8], Broken> {
        match self.rest.split_at_checked(bytes) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(Broken::malformed("a packet ends inside a field")),
        }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Broken> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Broken> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Broken> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    pub(crate) fn variable(&mut self) -> Result<u32, Broken> {
        match variable(self.rest)? {
            Some((value, bytes)) => {
                self.rest = &self.rest[bytes..];
                Ok(value)
            }
            None => Err(Broken::malformed("a packet ends inside a length")),
        }
    }

    pub(crate) fn binary(&mut self) -> Result<&'a [u8], Broken> {
        let bytes = self.u16()?;
        self.take(usize::from(bytes))
    }

    /// [MQTT-1.5.4-1] well-formed UTF-8, [MQTT-1.5.4-2] without U+0000.
    pub(crate) fn text(&mut self) -> Result<&'a str, Broken> {
        let bytes = self.binary()?;
        if memchr::memchr(0, bytes).is_some() {
            return Err(Broken::malformed("a string holds the character U+0000"));
        }
        std::str::from_utf8(bytes).map_err(|_| Broken::malformed("a string is not UTF-8"))
    }
}
