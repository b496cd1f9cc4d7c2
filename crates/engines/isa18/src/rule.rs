//! A rule: what is watched, when it is an alarm, how urgent, and what a person should then do.

use kernel::{Lang, Text};
use serde::{Deserialize, Serialize};

/// Most conditions in one rule, those of its suppression included: what a person can still follow.
pub const RULE_LEAVES_MAX: usize = 16;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $zh:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
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
            pub fn label(self, lang: kernel::Lang) -> &'static str {
                match self { $($name::$variant => lang.t($zh, $en)),* }
            }
            /// By its code.
            pub fn from_code(code: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|s| s.code() == code)
            }
        }
    };
}
pub(crate) use named;

named! {
    /// How urgent: the four levels that ISA-18.2 (16.5.3) finds enough; they order from low to critical.
    Priority {
        /// Look at it within the shift.
        Low = "low", "低", "Low";
        /// Look at it within the hour.
        Medium = "medium", "中", "Medium";
        /// Act soon.
        High = "high", "高", "High";
        /// Act at once.
        Critical = "critical", "紧急", "Critical";
    }
}

named! {
    /// On which side of a limit an alarm lies.
    Side {
        /// Over it; for a rate: rising faster.
        Above = "above", "高于", "above";
        /// Under it; for a rate: falling faster.
        Below = "below", "低于", "below";
        /// For a rate: either way.
        Either = "either", "任一方向", "either way";
    }
}

/// What a rule watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watch {
    /// Every device of a product, each with an alarm of its own.
    Product(String),
    /// One device.
    Device(String),
}

/// What is tested on the readings of one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Test {
    /// A value beyond a limit. Once beyond, it must come back by the dead-band to have returned.
    Threshold {
        /// The property.
        property: String,
        /// Above or below.
        side: Side,
        /// The limit; the limit itself is still normal.
        limit: f64,
        /// In the property's unit.
        #[serde(default)]
        dead_band: f64,
    },
    /// A value outside of a band, or inside of one (a critical speed to pass through).
    Band {
        /// The property.
        property: String,
        /// Lower limit.
        low: f64,
        /// Upper limit.
        high: f64,
        /// Is the alarm inside?
        #[serde(default)]
        inside: bool,
        /// In the property's unit.
        #[serde(default)]
        dead_band: f64,
    },
    /// A value that changes too fast, measured between readings that lie `over_s` apart or more.
    Rate {
        /// The property.
        property: String,
        /// Rising, falling or either.
        side: Side,
        /// Change per `per_s`.
        limit: f64,
        /// The unit of time of the limit, in seconds.
        per_s: i64,
        /// Shortest span that is measured, in seconds.
        over_s: i64,
        /// Change per `per_s`.
        #[serde(default)]
        dead_band: f64,
    },
    /// Nothing heard: of one property, or of the device at all.
    NoData {
        /// The property; none: any of them.
        #[serde(default)]
        property: Option<String>,
        /// For so long, in seconds.
        for_s: i64,
    },
    /// A flag that is on, or off.
    Flag {
        /// The property.
        property: String,
        /// Which is the alarm?
        is: bool,
    },
    /// A sensor that says it cannot be trusted.
    BadQuality {
        /// The property.
        property: String,
    },
    /// CEL over several properties; true is the alarm.
    Expression {
        /// The text.
        cel: String,
    },
}

/// A test with its delays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leaf {
    /// What is tested.
    #[serde(flatten)]
    pub test: Test,
    /// It must hold for so long before it counts, in seconds.
    #[serde(default)]
    pub on_delay_s: i64,
    /// It must have ceased for so long before it has returned, in seconds.
    #[serde(default)]
    pub off_delay_s: i64,
}

/// Tests, joined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// One test.
    Leaf(Leaf),
    /// All of them.
    All(Vec<Condition>),
    /// Any of them.
    Any(Vec<Condition>),
}

impl Condition {
    /// Its tests, in order.
    pub fn leaves(&self) -> Vec<&Leaf> {
        match self {
            Condition::Leaf(l) => vec![l],
            Condition::All(c) | Condition::Any(c) => c.iter().flat_map(Condition::leaves).collect(),
        }
    }
}

/// When a step applies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum StepWhen {
    /// While a value is beyond a limit.
    Value {
        /// The property.
        property: String,
        /// Above or below.
        side: Side,
        /// The limit.
        limit: f64,
        /// In the property's unit.
        #[serde(default)]
        dead_band: f64,
    },
    /// From so many seconds after the alarm occurred.
    After {
        /// Seconds.
        s: i64,
    },
}

/// Another priority while something holds. Of several that hold, the last in the list decides; so a priority rises with
/// the value and falls again with it, and may fall with time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub when: StepWhen,
    /// Which.
    pub priority: Priority,
}

/// Whom to tell when nobody acknowledges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// Seconds after it occurred, while it is not acknowledged.
    pub after_s: i64,
    /// The contact.
    pub contact_id: String,
}

/// How long an operator may set an alarm aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shelving {
    /// At most so many minutes at a time; 0: not at all.
    pub minutes_max: i64,
}

/// When the alarm is known to mean nothing (ISA-18.2: suppressed by design).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suppression {
    /// While another rule is in alarm on the same device: its consequence needs no alarm of its own.
    Rule(String),
    /// While the device is in a state: stopped, in maintenance.
    State(Condition),
}

/// A rule as a person wrote it. Versioned by whoever keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Short name.
    pub name: Text,
    /// What is watched.
    pub watch: Watch,
    /// When it is an alarm.
    pub condition: Condition,
    /// How urgent, unless a step says otherwise.
    pub priority: Priority,
    /// Other priorities by value and duration.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What the operator reads.
    pub message: Text,
    /// What happens if nobody acts.
    #[serde(default)]
    pub consequence: Text,
    /// What the operator should do.
    pub response: Text,
    /// Stays until it is reset, though the process has returned.
    #[serde(default)]
    pub latched: bool,
    /// Contacts told when it occurs.
    #[serde(default)]
    pub notify: Vec<String>,
    /// Contacts told when nobody acknowledges, in order of time.
    #[serde(default)]
    pub escalations: Vec<Escalation>,
    /// How long it may be set aside.
    pub shelving: Shelving,
    /// When it means nothing.
    #[serde(default)]
    pub suppression: Option<Suppression>,
    /// A reading that arrives later than so many seconds after it was taken changes nothing (AL-5).
    #[serde(default = "late_after_s")]
    pub late_after_s: i64,
}

fn late_after_s() -> i64 {
    300
}

impl Test {
    /// The property that it reads, if it is one.
    pub fn property(&self) -> Option<&str> {
        match self {
            Test::Threshold { property, .. }
            | Test::Band { property, .. }
            | Test::Rate { property, .. }
            | Test::Flag { property, .. }
            | Test::BadQuality { property } => Some(property),
            Test::NoData { property, .. } => property.as_deref(),
            Test::Expression { .. } => None,
        }
    }

    /// In one line, for a reader.
    pub fn words(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        match self {
            Test::Threshold { property, side, limit, dead_band } if *dead_band > 0.0 => match zh {
                true => format!("{property} {} {limit}（死区 {dead_band}）", side.label(lang)),
                false => format!("{property} {} {limit} (dead-band {dead_band})", side.label(lang)),
            },
            Test::Threshold { property, side, limit, .. } => format!("{property} {} {limit}", side.label(lang)),
            Test::Band { property, low, high, inside, .. } => {
                let where_ = if *inside { lang.t("在区间内", "inside") } else { lang.t("超出区间", "outside") };
                format!("{property} {where_} {low} – {high}")
            }
            Test::Rate { property, side, limit, per_s, .. } => match zh {
                true => format!("{property} 每 {per_s} 秒变化超过 {limit}（{}）", side.label(lang)),
                false => format!("{property} changes by over {limit} per {per_s} s ({})", side.label(lang)),
            },
            Test::NoData { property, for_s } => {
                let what = property.as_deref().unwrap_or_else(|| lang.t("设备", "the device"));
                if zh {
                    format!("{what} 超过 {for_s} 秒无数据")
                } else {
                    format!("nothing from {what} for {for_s} s")
                }
            }
            Test::Flag { property, is } => {
                let state = if *is { lang.t("为“是”", "is on") } else { lang.t("为“否”", "is off") };
                format!("{property} {state}")
            }
            Test::BadQuality { property } => {
                format!("{property} {}", lang.t("质量码为坏", "has bad quality"))
            }
            Test::Expression { cel } => cel.clone(),
        }
    }
}

impl Leaf {
    /// In one line with its delays.
    pub fn words(&self, lang: Lang) -> String {
        let mut out = self.test.words(lang);
        if self.on_delay_s > 0 {
            let held = match lang {
                Lang::Zh => format!("，持续 {} 秒", self.on_delay_s),
                Lang::En => format!(", for {} s", self.on_delay_s),
            };
            out.push_str(&held);
        }
        if self.off_delay_s > 0 {
            let gone = match lang {
                Lang::Zh => format!("，恢复 {} 秒后解除", self.off_delay_s),
                Lang::En => format!(", gone for {} s before it returns", self.off_delay_s),
            };
            out.push_str(&gone);
        }
        out
    }
}

impl Condition {
    /// In one line.
    pub fn words(&self, lang: Lang) -> String {
        let joined = |c: &[Condition], with: &str| c.iter().map(|c| c.words(lang)).collect::<Vec<_>>().join(with);
        match self {
            Condition::Leaf(l) => l.words(lang),
            Condition::All(c) => joined(c, lang.t(" 且 ", " and ")),
            Condition::Any(c) => joined(c, lang.t(" 或 ", " or ")),
        }
    }
}

impl Rule {
    /// The properties that it reads, and whether it also waits for anything at all from the device.
    pub fn properties(&self) -> Result<(Vec<String>, bool), crate::ExpressionError> {
        let compiled = crate::condition::Compiled::new(self)?;
        Ok((compiled.properties, compiled.hears_all))
    }
}
