//! Packets that come rarely, decoded by `mqtt-protocol-core`, with the checks that it leaves to its user.

use mqtt_protocol_core::mqtt::packet::{Property, Qos, RetainHandling, SubEntry, v3_1_1, v5_0};
use mqtt_protocol_core::mqtt::result_code::MqttError;

use crate::frame::{Broken, Fields};
use crate::reason::Reason;

/// The protocol's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// MQTT 3.1.1, level 4.
    V311,
    /// MQTT 5.0, level 5.
    V5,
}

/// What the client wants to be said when it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Will {
    /// Where to.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
    /// 0, 1 or 2.
    pub qos: u8,
    /// To be kept for later subscribers.
    pub retain: bool,
    /// Seconds after the connection's end [3.1.3.2.2].
    pub delay_s: u32,
}

/// What a client says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// Which protocol it speaks.
    pub version: Version,
    /// Its identifier; empty: the server is to give one.
    pub client_id: String,
    /// Nothing of an earlier session is wanted.
    pub clean_start: bool,
    /// Seconds between two packets at most; 0: it promises nothing.
    pub keep_alive_s: u16,
    /// Who it says it is.
    pub user_name: Option<String>,
    /// Its secret.
    pub password: Option<Vec<u8>>,
    /// Its will.
    pub will: Option<Will>,
    /// For how many seconds the session outlives the connection; `u32::MAX` is for ever.
    pub session_expiry_s: u32,
    /// So many messages of QoS 1 and 2 may be on their way to it.
    pub receive_max: u16,
    /// The largest packet that it takes.
    pub packet_bytes_max: u32,
    /// So many topic aliases it takes.
    pub topic_alias_max: u16,
    /// It wants reason strings [3.1.2.11.7].
    pub problem_information: bool,
}

/// One filter of a SUBSCRIBE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) filter: String,
    pub(crate) qos: u8,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    /// 0 at each subscribe, 1 at a new one, 2 never [3.8.3.1].
    pub(crate) retain_handling: u8,
}

fn broken(packet: &str, error: MqttError) -> Broken {
    let code = match error {
        MqttError::ProtocolError => Reason::ProtocolError,
        MqttError::UnsupportedProtocolVersion => Reason::UnsupportedProtocolVersion,
        MqttError::ClientIdentifierNotValid => Reason::ClientIdNotValid,
        _ => Reason::MalformedPacket,
    };
    Broken(code, format!("{packet}: {error}"))
}

/// Reads a CONNECT's body.
pub(crate) fn connect(body: &[u8]) -> Result<Connect, Broken> {
    // Protocol name and level first: they say how to read the rest, and how to answer.
    let mut fields = Fields::new(body);
    let name = fields.text()?;
    let level = fields.u8()?;
    if name != "MQTT" || !matches!(level, 4 | 5) {
        // [MQTT-3.1.2-1] [MQTT-3.1.2-2]
        let what = format!("protocol {name:?} level {level}; MQTT 3.1.1 (level 4) and 5.0 (level 5) are spoken here");
        return Err(Broken(Reason::UnsupportedProtocolVersion, what));
    }
    let flags = fields.u8()?;
    if flags & 1 != 0 {
        return Err(Broken::malformed("CONNECT: the reserved flag is set")); // [MQTT-3.1.2-3]
    }
    let (will, will_qos, will_retain) = (flags & 4 != 0, (flags >> 3) & 3, flags & 0x20 != 0);
    // [MQTT-3.1.2-11] [MQTT-3.1.2-12] [MQTT-3.1.2-13]
    if will_qos == 3 || (!will && (will_qos != 0 || will_retain)) {
        return Err(Broken::malformed("CONNECT: the flags of the will contradict each other"));
    }
    let connect = match level {
        5 => connect_v5(body)?,
        _ => connect_v311(body)?,
    };
    let texts = [Some(&connect.client_id), connect.user_name.as_ref(), connect.will.as_ref().map(|w| &w.topic)];
    if texts.into_iter().flatten().any(|t| t.contains('\0')) {
        return Err(Broken::malformed("CONNECT: a string holds the character U+0000")); // [MQTT-1.5.4-2]
    }
    if connect.will.as_ref().is_some_and(|w| w.topic.is_empty() || w.topic.contains(['+', '#'])) {
        return Err(Broken(Reason::TopicNameInvalid, "CONNECT: the will's topic is no topic name".into()));
    }
    Ok(connect)
}

fn connect_v5(body: &[u8]) -> Result<Connect, Broken> {
    let (packet, read) = v5_0::Connect::parse(body).map_err(|e| broken("CONNECT", e))?;
    if read != body.len() {
        return Err(Broken::malformed("CONNECT: bytes after its end"));
    }
    let mut connect = Connect {
        version: Version::V5,
        client_id: packet.client_id().to_owned(),
        clean_start: packet.clean_start(),
        keep_alive_s: packet.keep_alive(),
        user_name: packet.user_name().map(str::to_owned),
        password: packet.password().map(<[u8]>::to_vec),
        will: None,
        session_expiry_s: 0,
        receive_max: u16::MAX,
        packet_bytes_max: u32::MAX,
        topic_alias_max: 0,
        problem_information: true,
    };
    for property in packet.props() {
        match property {
            Property::SessionExpiryInterval(p) => connect.session_expiry_s = p.val(),
            Property::ReceiveMaximum(p) => connect.receive_max = p.val(),
            Property::MaximumPacketSize(p) => connect.packet_bytes_max = p.val(),
            Property::TopicAliasMaximum(p) => connect.topic_alias_max = p.val(),
            Property::RequestProblemInformation(p) => connect.problem_information = p.val() != 0,
            Property::AuthenticationMethod(p) => {
                // [MQTT-4.12.0-1]
                let what = format!("authentication method {:?} is not spoken here", p.val());
                return Err(Broken(Reason::BadAuthenticationMethod, what));
            }
            _ => {}
        }
    }
    if packet.will_flag() {
        let mut delay_s = 0;
        for property in packet.will_props() {
            if let Property::WillDelayInterval(p) = property {
                delay_s = p.val();
            }
        }
        connect.will = Some(Will {
            topic: packet.will_topic().unwrap_or_default().to_owned(),
            payload: packet.will_payload().unwrap_or_default().to_vec(),
            qos: packet.will_qos() as u8,
            retain: packet.will_retain(),
            delay_s,
        });
    }
    Ok(connect)
}

fn connect_v311(body: &[u8]) -> Result<Connect, Broken> {
    let (packet, read) = v3_1_1::Connect::parse(body).map_err(|e| broken("CONNECT", e))?;
    if read != body.len() {
        return Err(Broken::malformed("CONNECT: bytes after its end"));
    }
    let clean_start = packet.clean_session();
    if packet.client_id().is_empty() && !clean_start {
        // [MQTT-3.1.3-8] of 3.1.1
        return Err(Broken(Reason::ClientIdNotValid, "a client without identifier must start clean".into()));
    }
    let will = packet.will_flag().then(|| Will {
        topic: packet.will_topic().unwrap_or_default().to_owned(),
        payload: packet.will_payload().unwrap_or_default().to_vec(),
        qos: packet.will_qos() as u8,
        retain: packet.will_retain(),
        delay_s: 0,
    });
    Ok(Connect {
        version: Version::V311,
        client_id: packet.client_id().to_owned(),
        clean_start,
        keep_alive_s: packet.keep_alive(),
        user_name: packet.user_name().map(str::to_owned),
        password: packet.password().map(<[u8]>::to_vec),
        will,
        session_expiry_s: if clean_start { 0 } else { u32::MAX },
        receive_max: u16::MAX,
        packet_bytes_max: u32::MAX,
        topic_alias_max: 0,
        problem_information: false,
    })
}

fn wanted(entry: &SubEntry) -> Wanted {
    let options = entry.sub_opts();
    Wanted {
        filter: entry.topic_filter().to_owned(),
        qos: match options.qos() {
            Qos::AtMostOnce => 0,
            Qos::AtLeastOnce => 1,
            Qos::ExactlyOnce => 2,
        },
        no_local: options.nl(),
        retain_as_published: options.rap(),
        retain_handling: match options.rh() {
            RetainHandling::SendRetained => 0,
            RetainHandling::SendRetainedIfNotExists => 1,
            RetainHandling::DoNotSendRetained => 2,
        },
    }
}

/// Reads a SUBSCRIBE's body: packet identifier and filters.
pub(crate) fn subscribe(body: &[u8], version: Version) -> Result<(u16, Vec<Wanted>), Broken> {
    let error = |e| match e {
        // An empty or ill-formed name of a share is said of the filter, not of the packet.
        MqttError::TopicFilterInvalid => Broken(Reason::TopicFilterInvalid, "SUBSCRIBE: a filter is none".into()),
        e => broken("SUBSCRIBE", e),
    };
    let (id, wanted) = match version {
        Version::V5 => {
            let (packet, _) = v5_0::Subscribe::parse(body).map_err(error)?;
            if packet.props.iter().any(|p| matches!(p, Property::SubscriptionIdentifier(_))) {
                let what = "subscription identifiers are not kept here, as CONNACK said";
                return Err(Broken(Reason::SubscriptionIdsNotSupported, what.into()));
            }
            (packet.packet_id(), packet.entries().iter().map(wanted).collect())
        }
        Version::V311 => {
            let (packet, _) = v3_1_1::Subscribe::parse(body).map_err(error)?;
            let entries: Vec<Wanted> = packet.entries().iter().map(wanted).collect();
            // [MQTT-3.8.3-4] of 3.1.1: the upper bits are reserved.
            if packet.entries().iter().any(|e| e.sub_opts().to_buffer()[0] & 0xfc != 0) {
                return Err(Broken::malformed("SUBSCRIBE: reserved bits are set"));
            }
            (packet.packet_id(), entries)
        }
    };
    match id {
        0 => Err(Broken::protocol("SUBSCRIBE: packet identifier 0")), // [MQTT-2.2.1-3]
        id => Ok((id, wanted)),
    }
}

/// Reads an UNSUBSCRIBE's body: packet identifier and filters.
pub(crate) fn unsubscribe(body: &[u8], version: Version) -> Result<(u16, Vec<String>), Broken> {
    let (id, filters): (u16, Vec<String>) = match version {
        Version::V5 => {
            let (packet, _) = v5_0::Unsubscribe::parse(body).map_err(|e| broken("UNSUBSCRIBE", e))?;
            (packet.packet_id(), packet.entries().iter().map(|e| e.as_str().to_owned()).collect())
        }
        Version::V311 => {
            let (packet, _) = v3_1_1::Unsubscribe::parse(body).map_err(|e| broken("UNSUBSCRIBE", e))?;
            (packet.packet_id(), packet.entries().iter().map(|e| e.as_str().to_owned()).collect())
        }
    };
    match id {
        0 => Err(Broken::protocol("UNSUBSCRIBE: packet identifier 0")), // [MQTT-2.2.1-3]
        id => Ok((id, filters)),
    }
}

/// Reads a DISCONNECT's body: whether the will is to be published all the same, and a new session expiry.
pub(crate) fn disconnect(body: &[u8], version: Version) -> Result<(bool, Option<u32>), Broken> {
    if version == Version::V311 {
        return match body.is_empty() {
            true => Ok((false, None)),
            false => Err(Broken::malformed("DISCONNECT: bytes after its end")),
        };
    }
    let (packet, read) = v5_0::Disconnect::parse(body).map_err(|e| broken("DISCONNECT", e))?;
    if read != body.len() {
        return Err(Broken::malformed("DISCONNECT: bytes after its end"));
    }
    let expiry = packet.props().iter().flatten().find_map(|p| match p {
        Property::SessionExpiryInterval(p) => Some(p.val()),
        _ => None,
    });
    // [MQTT-3.1.2-10] Only a normal disconnection deletes the will.
    let with_will = body.first().is_some_and(|code| *code != 0);
    Ok((with_will, expiry))
}

/// Reads PUBACK, PUBREC, PUBREL or PUBCOMP: packet identifier, and whether it says that something failed.
pub(crate) fn acknowledgement(body: &[u8], version: Version) -> Result<(u16, bool), Broken> {
    let mut fields = Fields::new(body);
    let id = fields.u16()?;
    if id == 0 {
        return Err(Broken::protocol("an acknowledgement has packet identifier 0"));
    }
    if version == Version::V311 || fields.rest().is_empty() {
        return match fields.rest().is_empty() {
            true => Ok((id, false)),
            false => Err(Broken::malformed("an acknowledgement has bytes after its end")),
        };
    }
    let failed = fields.u8()? >= 0x80;
    if !fields.rest().is_empty() {
        let bytes = fields.variable()? as usize;
        let mut properties = Fields::new(fields.take(bytes)?);
        let mut reasons = 0;
        while !properties.rest().is_empty() {
            match properties.u8()? {
                0x1f => {
                    properties.text()?;
                    reasons += 1;
                }
                0x26 => {
                    properties.text()?;
                    properties.text()?;
                }
                id => return Err(Broken::malformed(format!("property {id:#04x} does not belong there"))),
            }
        }
        if reasons > 1 {
            return Err(Broken::protocol("a reason string is there twice"));
        }
        if !fields.rest().is_empty() {
            return Err(Broken::malformed("an acknowledgement has bytes after its end"));
        }
    }
    Ok((id, failed))
}
