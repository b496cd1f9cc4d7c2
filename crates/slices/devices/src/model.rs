//! What products, devices, credentials and commands are, and every legal change of their states. Pure.

use jiff::Timestamp;
use kernel::Lang;
use serde::{Deserialize, Serialize};

macro_rules! named_states {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $zh:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// Stable code.
            pub fn code(self) -> &'static str {
                match self { $($name::$variant => $code),* }
            }
            /// For a reader.
            pub fn label(self, lang: Lang) -> &'static str {
                match self { $($name::$variant => lang.t($zh, $en)),* }
            }
            /// By its code.
            pub fn from_code(code: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|s| s.code() == code)
            }
        }
    };
}

named_states! {
    /// May a device be let in?
    DeviceState {
        /// In use.
        Active = "active", "启用", "Active";
        /// Kept out for the time being.
        Disabled = "disabled", "停用", "Disabled";
        /// Gone for good; its records and readings stay.
        Retired = "retired", "退役", "Retired";
    }
}

/// Every legal change of a device's state (DV-6), and why it exists.
pub const DEVICE_TRANSITIONS: &[(DeviceState, DeviceState, &str)] = &[
    (DeviceState::Active, DeviceState::Disabled, "a device that misbehaves or was stolen is kept out"),
    (DeviceState::Disabled, DeviceState::Active, "the cause is gone"),
    (DeviceState::Active, DeviceState::Retired, "the machine was taken away"),
    (DeviceState::Disabled, DeviceState::Retired, "the machine was taken away"),
];

impl DeviceState {
    /// May it become that?
    pub fn may_become(self, to: DeviceState) -> bool {
        DEVICE_TRANSITIONS.iter().any(|(from, into, _)| *from == self && *into == to)
    }
}

named_states! {
    /// How a device proves who it is.
    CredentialKind {
        /// 32 random bytes as its MQTT user name, or in the address of a POST.
        Token = "token", "访问令牌", "Access token";
        /// A user name and a password.
        Password = "password", "用户名和密码", "User and password";
        /// A client certificate, by its fingerprint.
        Certificate = "certificate", "客户端证书", "Client certificate";
    }
}

named_states! {
    /// Where a command stands.
    CommandState {
        /// Waits for the device to be there.
        Queued = "queued", "待发送", "Waiting";
        /// Handed to the device's connection.
        Sent = "sent", "已发送", "Sent";
        /// The device answered.
        Acknowledged = "acknowledged", "已确认", "Acknowledged";
        /// The device answered that it could not.
        Failed = "failed", "设备报错", "Failed";
        /// No answer in time.
        TimedOut = "timed-out", "超时", "Timed out";
        /// Taken back before it was sent.
        Cancelled = "cancelled", "已取消", "Cancelled";
    }
}

/// Every legal change of a command's state (DV-6), and why it exists.
pub const COMMAND_TRANSITIONS: &[(CommandState, CommandState, &str)] = &[
    (CommandState::Queued, CommandState::Sent, "the device is connected"),
    (CommandState::Queued, CommandState::Acknowledged, "the answer overtook the note that it was sent"),
    (CommandState::Queued, CommandState::Failed, "the error overtook the note that it was sent"),
    (CommandState::Queued, CommandState::TimedOut, "the device did not come in time"),
    (CommandState::Queued, CommandState::Cancelled, "a person took it back"),
    (CommandState::Sent, CommandState::Acknowledged, "the device answered"),
    (CommandState::Sent, CommandState::Failed, "the device answered with an error"),
    (CommandState::Sent, CommandState::TimedOut, "no answer came in time"),
    (CommandState::TimedOut, CommandState::Acknowledged, "the answer came late; what the device did stands"),
    (CommandState::TimedOut, CommandState::Failed, "the error came late"),
];

impl CommandState {
    /// May it become that?
    pub fn may_become(self, to: CommandState) -> bool {
        COMMAND_TRANSITIONS.iter().any(|(from, into, _)| *from == self && *into == to)
    }
}

/// A product: what devices of one make have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub org_id: String,
    /// Unique within the organisation; a gateway names it as the `type` of a device.
    pub name: String,
    /// What it is.
    pub intro: String,
    /// The latest published version of its thing model, from 1.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A published version of a thing model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelVersion {
    /// Of which product.
    pub product_id: String,
    /// From 1.
    pub version: u32,
    /// The model in the form of `things`.
    pub model_json: String,
    /// What is new in it.
    pub note: String,
    /// Who published it.
    pub by_name: String,
    /// When.
    pub at: Timestamp,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub org_id: String,
    /// Of which make.
    pub product_id: String,
    /// By which version of its thing model it is read.
    pub model_version: u32,
    /// Unique within the organisation (DV-2).
    pub name: String,
    /// The maker's number; empty where unknown.
    pub serial: String,
    /// Anything else.
    pub note: String,
    /// Where it stands: plant/line/cell.
    pub place: String,
    /// Behind which gateway.
    pub gateway_id: Option<String>,
    /// Do others stand behind it?
    pub is_gateway: bool,
    /// The product of devices that this gateway brings and nobody registered; without one they are refused.
    pub children_product_id: Option<String>,
    /// Silent for longer than so many seconds is a signal.
    pub silent_after_s: Option<u32>,
    /// May it be let in?
    pub state: DeviceState,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When its record was last changed.
    pub updated_at: Timestamp,
}

/// A credential as shown to people: never what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialRow {
    /// Its id.
    pub id: String,
    /// Of which device.
    pub device_id: String,
    /// Which kind.
    pub kind: CredentialKind,
    /// The user name of a password.
    pub user_name: Option<String>,
    /// Enough to tell it apart: its last four signs.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it holds, where it has an end.
    pub until: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Who made it.
    pub by_name: String,
}

impl CredentialRow {
    /// Does it hold now?
    pub fn holds(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.until.is_none_or(|until| now < until)
    }
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRow {
    /// Its number: the request id on the wire.
    pub number: i64,
    /// To which device.
    pub device_id: String,
    /// The method.
    pub method: String,
    /// What it is given, as JSON.
    pub params_json: String,
    /// Where it stands.
    pub state: CommandState,
    /// What the device answered.
    pub answer: String,
    /// Who gave it.
    pub by_name: String,
    /// When.
    pub queued_at: Timestamp,
    /// When it was handed to the connection.
    pub sent_at: Option<Timestamp>,
    /// When it was answered or given up.
    pub ended_at: Option<Timestamp>,
    /// When it is given up.
    pub timeout_at: Timestamp,
}

/// Names of places on the way to a device: plant, line, cell …
pub const PLACE_DEPTH_MAX: usize = 6;
/// A name of a place.
const PLACE_NAME_CHARS_MAX: usize = 40;

/// A place as typed to a path: `一厂 / 二线` → `一厂/二线`. `None` where it is too deep or a name too long.
pub fn read_place(typed: &str) -> Option<String> {
    let names: Vec<&str> = typed.split(['/', '／']).map(str::trim).filter(|n| !n.is_empty()).collect();
    let fits = |n: &&str| n.chars().count() <= PLACE_NAME_CHARS_MAX && !n.chars().any(char::is_control);
    (names.len() <= PLACE_DEPTH_MAX && names.iter().all(fits)).then(|| names.join("/"))
}

/// One place of the tree, with how many devices are there and below.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its path.
    pub path: String,
    /// Its own name.
    pub name: String,
    /// From 0.
    pub depth: usize,
    /// Devices there and below.
    pub devices: i64,
}

/// The tree of places in order of their paths, from how many devices stand at each.
pub fn place_tree(counts: &[(String, i64)]) -> Vec<Place> {
    let mut sums = std::collections::BTreeMap::<Vec<&str>, i64>::new();
    for (path, n) in counts.iter().filter(|(path, _)| !path.is_empty()) {
        let names: Vec<&str> = path.split('/').collect();
        for depth in 1..=names.len() {
            *sums.entry(names[..depth].to_vec()).or_default() += n;
        }
    }
    let place = |(names, devices): (Vec<&str>, i64)| Place {
        path: names.join("/"),
        name: names.last().map_or("", |n| n).to_owned(),
        depth: names.len() - 1,
        devices,
    };
    sums.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_paths_and_their_tree_sums_what_is_below() {
        assert_eq!(read_place(" 一厂 ／ 二线/"), Some("一厂/二线".into()));
        assert_eq!(read_place(""), Some(String::new()));
        assert_eq!(read_place("a/b/c/d/e/f/g"), None);
        assert_eq!(read_place(&"x".repeat(41)), None);
        let tree =
            place_tree(&[("一厂/二线".into(), 2), ("一厂".into(), 1), ("一厂-东".into(), 4), (String::new(), 9)]);
        let seen: Vec<_> = tree.iter().map(|p| (p.path.as_str(), p.depth, p.devices)).collect();
        assert_eq!(seen, vec![("一厂", 0, 3), ("一厂/二线", 1, 2), ("一厂-东", 0, 4)]);
    }

    #[test]
    fn states_change_only_along_their_tables() {
        assert!(DeviceState::Active.may_become(DeviceState::Disabled));
        assert!(DeviceState::ALL.iter().all(|to| !DeviceState::Retired.may_become(*to)), "gone is gone");
        for end in [CommandState::Acknowledged, CommandState::Failed, CommandState::Cancelled] {
            assert!(CommandState::ALL.iter().all(|to| !end.may_become(*to)), "{end:?} is an end");
        }
        assert!(!CommandState::Sent.may_become(CommandState::Cancelled), "what was sent is not taken back");
    }
}
