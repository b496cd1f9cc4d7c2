//! Reason codes (MQTT 5.0, 2.4) that this server sends or understands.

/// Why something was done or refused; the number is the one on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reason {
    /// 0x00; also normal disconnection and granted QoS 0.
    Success = 0x00,
    /// 0x04: the client leaves and wants its will to be published.
    DisconnectWithWill = 0x04,
    /// 0x10
    NoMatchingSubscribers = 0x10,
    /// 0x11
    NoSubscriptionExisted = 0x11,
    /// 0x80
    Unspecified = 0x80,
    /// 0x81
    MalformedPacket = 0x81,
    /// 0x82
    ProtocolError = 0x82,
    /// 0x83
    ImplementationSpecific = 0x83,
    /// 0x84
    UnsupportedProtocolVersion = 0x84,
    /// 0x85
    ClientIdNotValid = 0x85,
    /// 0x86
    BadUserNameOrPassword = 0x86,
    /// 0x87
    NotAuthorized = 0x87,
    /// 0x88
    ServerUnavailable = 0x88,
    /// 0x89
    ServerBusy = 0x89,
    /// 0x8B
    ServerShuttingDown = 0x8B,
    /// 0x8C
    BadAuthenticationMethod = 0x8C,
    /// 0x8D
    KeepAliveTimeout = 0x8D,
    /// 0x8E
    SessionTakenOver = 0x8E,
    /// 0x8F
    TopicFilterInvalid = 0x8F,
    /// 0x90
    TopicNameInvalid = 0x90,
    /// 0x92
    PacketIdNotFound = 0x92,
    /// 0x93
    ReceiveMaximumExceeded = 0x93,
    /// 0x94
    TopicAliasInvalid = 0x94,
    /// 0x95
    PacketTooLarge = 0x95,
    /// 0x96
    MessageRateTooHigh = 0x96,
    /// 0x97
    QuotaExceeded = 0x97,
    /// 0x98
    AdministrativeAction = 0x98,
    /// 0x99
    PayloadFormatInvalid = 0x99,
    /// 0x9A
    RetainNotSupported = 0x9A,
    /// 0x9E
    SharedSubscriptionsNotSupported = 0x9E,
    /// 0xA1
    SubscriptionIdsNotSupported = 0xA1,
}

impl Reason {
    /// The byte on the wire.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Whether it says that something went wrong [2.4].
    pub fn is_error(self) -> bool {
        self.code() >= 0x80
    }

    /// A word for counters and logs.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Success => "success",
            Reason::DisconnectWithWill => "disconnect-with-will",
            Reason::NoMatchingSubscribers => "no-matching-subscribers",
            Reason::NoSubscriptionExisted => "no-subscription-existed",
            Reason::Unspecified => "unspecified",
            Reason::MalformedPacket => "malformed-packet",
            Reason::ProtocolError => "protocol-error",
            Reason::ImplementationSpecific => "implementation-specific",
            Reason::UnsupportedProtocolVersion => "unsupported-protocol-version",
            Reason::ClientIdNotValid => "client-id-not-valid",
            Reason::BadUserNameOrPassword => "bad-user-name-or-password",
            Reason::NotAuthorized => "not-authorized",
            Reason::ServerUnavailable => "server-unavailable",
            Reason::ServerBusy => "server-busy",
            Reason::ServerShuttingDown => "server-shutting-down",
            Reason::BadAuthenticationMethod => "bad-authentication-method",
            Reason::KeepAliveTimeout => "keep-alive-timeout",
            Reason::SessionTakenOver => "session-taken-over",
            Reason::TopicFilterInvalid => "topic-filter-invalid",
            Reason::TopicNameInvalid => "topic-name-invalid",
            Reason::PacketIdNotFound => "packet-id-not-found",
            Reason::ReceiveMaximumExceeded => "receive-maximum-exceeded",
            Reason::TopicAliasInvalid => "topic-alias-invalid",
            Reason::PacketTooLarge => "packet-too-large",
            Reason::MessageRateTooHigh => "message-rate-too-high",
            Reason::QuotaExceeded => "quota-exceeded",
            Reason::AdministrativeAction => "administrative-action",
            Reason::PayloadFormatInvalid => "payload-format-invalid",
            Reason::RetainNotSupported => "retain-not-supported",
            Reason::SharedSubscriptionsNotSupported => "shared-subscriptions-not-supported",
            Reason::SubscriptionIdsNotSupported => "subscription-ids-not-supported",
        }
    }

    /// The return code of a 3.1.1 CONNACK (3.1.1, table 3.1) that comes nearest.
    pub(crate) fn connack_3_1_1(self) -> u8 {
        match self {
            Reason::Success => 0,
            Reason::UnsupportedProtocolVersion => 1,
            Reason::ClientIdNotValid => 2,
            Reason::BadUserNameOrPassword | Reason::BadAuthenticationMethod => 4,
            Reason::NotAuthorized => 5,
            _ => 3,
        }
    }
}
