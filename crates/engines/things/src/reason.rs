//! Why a payload is refused: one small code a reason, counted per device and said in both languages.

use kernel::Lang;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $zh:literal, $en:literal;)*) => {
        /// Why a payload, or a device, is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Reason { $($(#[$doc])* $name),* }

        impl Reason {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [Reason] = &[$(Reason::$name),*];
            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The stable code for programs, for records and for reason strings: never changes.
            pub fn code(self) -> &'static str {
                match self { $(Reason::$name => $code),* }
            }

            /// What it means and what to do, for a person.
            pub fn words(self, lang: Lang) -> &'static str {
                match self { $(Reason::$name => lang.t($zh, $en)),* }
            }

            /// From its stable code.
            pub fn from_code(code: &str) -> Option<Reason> {
                match code { $($code => Some(Reason::$name),)* _ => None }
            }
        }
    };
}

reasons! {
    /// The bytes are no UTF-8.
    NotUtf8, "not-utf8", "报文不是 UTF-8 编码", "the payload is not UTF-8";
    /// The text is no JSON.
    NotJson, "not-json", "报文不是合法的 JSON", "the payload is not JSON";
    /// JSON, but not of the dialect's shape.
    WrongShape, "wrong-shape", "JSON 的结构不对：应为 {属性: 值} 或 {\"ts\": 毫秒, \"values\": {…}}", "the JSON has another shape than {property: value} or {\"ts\": ms, \"values\": {…}}";
    /// The message says nothing.
    Empty, "empty", "报文里没有任何属性值", "the message holds no reading";
    /// The model knows no such property, and keeps no others.
    UnknownProperty, "unknown-property", "物模型里没有这个属性：请改名，或发布带有它的新版本", "the thing model has no such property: rename it or publish a version that has it";
    /// A value of another type than the model's.
    WrongType, "wrong-type", "值的类型与物模型不符", "the value has another type than the model says";
    /// A value outside the model's range, or a text over its length.
    OutOfRange, "out-of-range", "值超出物模型允许的范围", "the value is outside the range of the model";
    /// NaN, an infinity, or a number too large for 64-bit floating point.
    NotANumber, "not-a-number", "不是有限的数（NaN、无穷或过大）", "not a finite number";
    /// A device time too far back: a clock that was never set says 1970.
    TooOld, "too-old", "设备时间过早：设备的时钟可能没有校准", "the device time is too far back: its clock may never have been set";
    /// A device time too far ahead.
    TooFarAhead, "too-far-ahead", "设备时间超前过多：请校准设备的时钟", "the device time is too far ahead: set its clock";
    /// More bytes or more readings than one message may have.
    TooLarge, "too-large", "报文过大", "the message is too large";
    /// More properties outside the model than one device may bring.
    TooManyProperties, "too-many-properties", "物模型之外的属性过多", "too many properties outside the model";
    /// A topic that no device may publish to.
    UnknownTopic, "unknown-topic", "没有这个主题", "no such topic";
    /// A device behind a gateway that nobody registered.
    UnknownDevice, "unknown-device", "没有这台设备", "no such device";
    /// A topic or a device that is not the sender's own; a disabled device.
    NotAllowed, "not-allowed", "不允许：设备已停用、凭证已吊销，或主题不属于它", "not allowed: the device is disabled, its credential revoked, or the topic is not its own";
    /// Faster than it may, or more waiting than the budget allows.
    OverQuota, "over-quota", "超出配额：请放慢", "over the quota: slow down";
    /// The lake could not take it: a full disk, a stopped log.
    NotStored, "not-stored", "平台未能落盘：请稍后重发", "the platform could not store it: send it again later";
    /// The bytes are no Sparkplug payload.
    NotSparkplug, "not-sparkplug", "报文不是 Sparkplug B 编码", "the payload is not Sparkplug B";
    /// Sparkplug data from a node or device whose birth has not been seen.
    NotBorn, "not-born", "未收到出生报文（BIRTH）：已请求重新上线", "no birth message was seen: a rebirth is asked for";
    /// A Sparkplug alias that the birth did not declare.
    UnknownAlias, "unknown-alias", "别名未在出生报文中声明", "the birth declared no such alias";
}

/// A refusal: the reason and which part of the message it is about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", reason.code())]
pub struct Refused {
    /// Why.
    pub reason: Reason,
    /// What exactly, for the person who looks: a property's name and value, a position.
    pub detail: String,
}

impl Refused {
    /// A refusal.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Refused {
        Refused { reason, detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_come_back() {
        for (at, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, at);
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        }
        assert_eq!(Reason::from_code("no-such"), None);
    }
}
