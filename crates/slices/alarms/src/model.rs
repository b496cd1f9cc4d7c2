//! Rules, alarms, events, contacts and notices as they are kept. Pure.

use isa18::{Alarm, Priority, Rule, State};
use jiff::Timestamp;
use kernel::{Lang, Text, Value};
use serde::{Deserialize, Serialize};

macro_rules! named {
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

named! {
    /// Where a rule stands.
    RuleState {
        /// Never published.
        Draft = "draft", "草稿", "Draft";
        /// Evaluated.
        Published = "published", "已发布", "Published";
        /// No longer.
        Retired = "retired", "已停用", "Retired";
    }
}

named! {
    /// How a contact is reached.
    Channel {
        /// HTTP POST of a CloudEvent.
        Webhook = "webhook", "Webhook", "Webhook";
        /// SMTP.
        Mail = "mail", "邮件", "Mail";
    }
}

named! {
    /// Where a notice stands.
    NoticeState {
        /// To be sent, or to be tried again.
        Waiting = "waiting", "待发送", "Waiting";
        /// Taken by the other side.
        Sent = "sent", "已送达", "Sent";
        /// Given up.
        Dead = "dead", "发送失败", "Given up";
    }
}

named! {
    /// Why someone is told.
    NoticeKind {
        /// It occurred, or got worse.
        Occurred = "occurred", "发生", "Occurred";
        /// Nobody acknowledged it.
        Escalated = "escalated", "升级", "Escalated";
        /// A person asked whether it arrives.
        Test = "test", "测试", "Test";
    }
}

named! {
    /// What an operator does with alarms.
    Verb {
        /// Has seen it.
        Acknowledge = "acknowledge", "确认", "Acknowledge";
        /// Lets a latched one go.
        Reset = "reset", "复位", "Reset";
        /// Sets it aside for a time.
        Shelve = "shelve", "搁置", "Shelve";
        /// Takes it back.
        Unshelve = "unshelve", "取消搁置", "Unshelve";
        /// Takes it out for maintenance.
        TakeOut = "take-out", "停用", "Take out of service";
        /// Puts it back.
        PutBack = "put-back", "恢复使用", "Return to service";
    }
}

impl Verb {
    /// As the standard's table has it.
    pub fn cause(self) -> isa18::Cause {
        match self {
            Verb::Acknowledge => isa18::Cause::Acknowledge,
            Verb::Reset => isa18::Cause::Reset,
            Verb::Shelve => isa18::Cause::Shelve,
            Verb::Unshelve => isa18::Cause::Unshelve,
            Verb::TakeOut => isa18::Cause::TakeOut,
            Verb::PutBack => isa18::Cause::PutBack,
        }
    }
    /// Must say why: an alarm that is not shown can hide a danger.
    pub fn needs_reason(self) -> bool {
        matches!(self, Verb::Shelve | Verb::TakeOut)
    }
}

/// A rule with one of its versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleRow {
    /// `alr_…`
    pub id: String,
    /// Whose.
    pub org_id: String,
    /// Where it stands.
    pub state: RuleState,
    /// Which version this is.
    pub version: i64,
    /// The latest version.
    pub latest_version: i64,
    /// The version that is evaluated.
    pub published_version: Option<i64>,
    /// The rule.
    pub rule: Rule,
    /// Who wrote this version.
    pub by_name: String,
    /// When.
    pub at: Timestamp,
}

impl RuleRow {
    /// Is this version still to be published?
    pub fn is_draft(&self) -> bool {
        self.published_version != Some(self.version)
    }
}

/// One rule on one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmRow {
    /// `alm_…`
    pub id: String,
    /// Whose.
    pub org_id: String,
    /// The rule.
    pub rule_id: String,
    /// The version that last said something.
    pub rule_version: i64,
    /// The device.
    pub device_id: String,
    /// The device's name, where it is still known.
    pub device_name: String,
    /// Where it stands.
    #[serde(flatten)]
    pub alarm: Alarm,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The property whose value is told.
    pub property: String,
    /// The value.
    pub value_text: String,
    /// The rule.
    #[serde(skip)]
    pub rule: Option<Rule>,
    /// How many escalations went out.
    pub escalated: i64,
    /// When the next is due.
    pub escalate_at_us: Option<i64>,
    /// Events so far.
    pub events: i64,
}

impl AlarmRow {
    /// What the operator reads.
    pub fn message(&self, lang: Lang) -> &str {
        self.rule.as_ref().map_or("", |r| r.message.get(lang))
    }
    /// The rule's name.
    pub fn name(&self, lang: Lang) -> &str {
        self.rule.as_ref().map_or("", |r| r.name.get(lang))
    }
    /// Property and value.
    pub fn value_words(&self) -> String {
        match (self.property.is_empty(), self.value_text.is_empty()) {
            (true, _) | (_, true) => String::new(),
            _ => format!("{} = {}", self.property, self.value_text),
        }
    }
}

/// Where an alarm stands in the list of what must be looked at: 4 critical … 1 low; 0: need not be.
pub fn urgency(alarm: &Alarm) -> i64 {
    if alarm.state.annunciated() { alarm.priority as i64 + 1 } else { 0 }
}

/// One thing that happened to an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    /// The alarm.
    pub alarm_id: String,
    /// 1, 2, 3 …
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// A cause of the standard's table, `comment` or `escalated`.
    pub cause: String,
    /// Before.
    pub from: State,
    /// After.
    pub to: State,
    /// How urgent.
    pub priority: Priority,
    /// The value that was told.
    pub value_text: String,
    /// Who.
    pub by_name: String,
    /// Why, in their words.
    pub comment: String,
}

/// Whom to tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// `con_…`
    pub id: String,
    /// Whose.
    pub org_id: String,
    /// A person's or a system's name.
    pub name: String,
    /// How.
    pub channel: Channel,
    /// URL or mail address.
    pub address: String,
}

/// What is to be sent, or was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// `ntc_…`; the CloudEvent's id, so that a receiver knows a repetition.
    pub id: String,
    /// Whose.
    pub org_id: String,
    /// To whom.
    pub contact_id: String,
    /// Their name.
    pub contact_name: String,
    /// About what.
    pub alarm_id: String,
    /// Why.
    pub kind: NoticeKind,
    /// What is said.
    pub body: serde_json::Value,
    /// Where it stands.
    pub state: NoticeState,
    /// How often it was tried.
    pub tries: i64,
    /// When next.
    pub next_at: Timestamp,
    /// Why the last try failed.
    pub last_error: String,
    /// When it was written.
    pub made_at: Timestamp,
    /// When it arrived.
    pub sent_at: Option<Timestamp>,
}

/// Without control characters but line breaks: PostgreSQL stores no NUL, and a device or a person may send one.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

/// A value as a person reads it: at most six decimals.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::Number(x) if x.abs() >= 1e15 => format!("{x:e}"),
        Value::Number(x) => {
            let text = format!("{x:.6}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Value::Flag(b) => b.to_string(),
        Value::Text(t) => clean(t).chars().take(200).collect(),
    }
}

/// The rule's words for a notice, both languages: the receiver's is not known.
pub fn both(text: &Text) -> String {
    match (text.zh.trim(), text.en.trim()) {
        (zh, "") => zh.to_owned(),
        ("", en) => en.to_owned(),
        (zh, en) => format!("{zh} / {en}"),
    }
}

/// An instant from stored microseconds; what is out of range becomes 1970, since a device's clock may say anything.
pub fn instant(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Tries before a notice is given up.
pub const TRIES_MAX: i64 = 8;

/// How long after a failed try the next one is due: 10 s, doubled each time, at most an hour.
pub fn back_off_us(tries: i64) -> i64 {
    let doubled = 10_i64 << (tries.clamp(1, 12) - 1);
    doubled.min(3_600) * isa18::SECOND_US
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_and_whole() {
        assert_eq!(value_text(&Value::Number(80.0)), "80");
        assert_eq!(value_text(&Value::Number(-0.25)), "-0.25");
        assert_eq!(value_text(&Value::Number(1e300)), "1e300");
        assert_eq!(value_text(&Value::Flag(true)), "true");
        assert_eq!(value_text(&Value::Text("a\u{0}b\u{7}".into())), "ab");
    }

    #[test]
    fn tries_come_later_and_later_within_an_hour() {
        let seconds: Vec<_> = (1..=TRIES_MAX).map(|n| back_off_us(n) / isa18::SECOND_US).collect();
        assert_eq!(seconds, [10, 20, 40, 80, 160, 320, 640, 1_280]);
        assert_eq!(back_off_us(100), 3_600 * isa18::SECOND_US);
    }
}
