//! What is wrong with a rule: everything at once, each by name and with the field that it is about (AL-6).

use std::collections::{BTreeMap, BTreeSet};

use kernel::Text;
use serde::{Deserialize, Serialize};

use crate::expression::{Expression, ExpressionError};
use crate::rule::{Condition, Leaf, RULE_LEAVES_MAX, Rule, Side, StepWhen, Suppression, Test};

/// Longest delay: a week.
const DELAY_S_MAX: i64 = 7 * 86_400;
/// Longest time aside: thirty days.
const SHELF_MINUTES_MAX: i64 = 30 * 24 * 60;
/// Most steps, contacts and escalations.
const LIST_MAX: usize = 10;
/// Most characters of a text that an operator reads in a hurry.
const TEXT_CHARS_MAX: usize = 500;
/// Deepest nesting of groups.
const GROUPS_DEEP_MAX: usize = 4;

/// What a property is, as the product's model says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PropertyKind {
    /// A number within limits, where the model states them.
    Number {
        /// Least.
        min: Option<f64>,
        /// Most.
        max: Option<f64>,
    },
    /// On or off.
    Flag,
    /// Words.
    Text,
}

/// A property that a rule may name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownProperty {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: PropertyKind,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// The field: `condition.0.limit` is the limit of the first test.
    pub field: String,
    /// Stable name.
    pub code: String,
    /// What, why and what to do.
    pub text: Text,
}

struct Finder<'a> {
    known: Option<&'a [KnownProperty]>,
    found: Vec<Defect>,
}

impl Finder<'_> {
    fn say(&mut self, field: &str, code: &str, zh: impl Into<String>, en: impl Into<String>) {
        self.found.push(Defect { field: field.to_owned(), code: code.to_owned(), text: Text::new(zh, en) });
    }

    fn finite(&mut self, field: &str, x: f64) -> bool {
        if !x.is_finite() {
            self.say(field, "not-a-number", "请填写数值。", "Enter a number.");
        }
        x.is_finite()
    }

    fn seconds(&mut self, field: &str, s: i64, min: i64) {
        if s < 0 {
            self.say(
                field,
                "negative-delay",
                format!("时间不能为负（填写的是 {s} 秒）。"),
                format!("A time cannot be negative ({s} s)."),
            );
        } else if s < min {
            self.say(field, "delay-too-short", format!("至少 {min} 秒。"), format!("At least {min} s."));
        } else if s > DELAY_S_MAX {
            self.say(field, "delay-too-long", "最长 7 天（604800 秒）。", "At most 7 days (604,800 s).");
        }
    }

    fn dead_band(&mut self, field: &str, dead_band: f64) {
        if self.finite(field, dead_band) && dead_band < 0.0 {
            self.say(field, "negative-dead-band", "死区不能为负。", "A dead-band cannot be negative.");
        }
    }

    /// The property's kind, said where it is unknown; none also where no model is at hand.
    fn property(&mut self, field: &str, name: &str, wanted: &str) -> Option<PropertyKind> {
        if name.is_empty() {
            self.say(field, "property-missing", "请选择属性。", "Choose a property.");
            return None;
        }
        let known = self.known?;
        let Some(found) = known.iter().find(|p| p.name == name) else {
            let names = known.iter().map(|p| p.name.as_str()).take(20).collect::<Vec<_>>().join(", ");
            let (zh, en) = (
                format!("物模型中没有属性“{name}”；可用：{names}。"),
                format!("The model has no property {name:?}; it has {names}."),
            );
            self.say(field, "unknown-property", zh, en);
            return None;
        };
        let fits = matches!(
            (wanted, found.kind),
            ("number", PropertyKind::Number { .. }) | ("flag", PropertyKind::Flag) | ("any", _)
        );
        if !fits {
            let (zh, en) = match wanted {
                "number" => (
                    format!("属性“{name}”不是数值，不能与限值比较。"),
                    format!("{name:?} is no number and has no limit."),
                ),
                _ => (format!("属性“{name}”不是开关量。"), format!("{name:?} is not an on/off property.")),
            };
            self.say(field, "wrong-type", zh, en);
        }
        Some(found.kind)
    }

    fn never(&mut self, field: &str, zh: &str, en: &str) {
        self.say(
            field,
            "never-true",
            format!("{zh}，这条规则永远不会报警。"),
            format!("{en}; this rule can never be in alarm."),
        );
    }

    fn always(&mut self, field: &str) {
        let (zh, en) = (
            "属性的取值范围全部在报警侧，这条规则会一直报警。",
            "The property's whole range is in alarm; this rule would never return.",
        );
        self.say(field, "always-true", zh, en);
    }

    fn threshold(&mut self, at: &str, property: &str, side: Side, limit: f64, dead_band: f64) {
        let kind = self.property(&format!("{at}.property"), property, "number");
        self.dead_band(&format!("{at}.dead_band"), dead_band);
        let field = format!("{at}.limit");
        if side == Side::Either {
            self.say(&format!("{at}.side"), "side-missing", "请选择高于或低于。", "Choose above or below.");
        }
        if !self.finite(&field, limit) {
            return;
        }
        let Some(PropertyKind::Number { min, max }) = kind else { return };
        let out_of_reach = match side {
            Side::Below => min.is_some_and(|m| limit <= m),
            _ => max.is_some_and(|m| limit >= m),
        };
        if out_of_reach {
            self.never(&field, "限值在该属性的取值范围之外", "The limit lies outside of the property's range");
        }
        let no_way_back = match side {
            Side::Below => max.is_some_and(|m| limit + dead_band > m),
            _ => min.is_some_and(|m| limit - dead_band < m),
        };
        if no_way_back && !out_of_reach {
            self.say(
                &format!("{at}.dead_band"),
                "dead-band-too-large",
                "限值减去死区后超出取值范围，报警后不能恢复。",
                "Limit and dead-band together leave the range: the alarm could never return.",
            );
        }
    }

    fn band(&mut self, at: &str, property: &str, (low, high): (f64, f64), inside: bool, dead_band: f64) {
        let kind = self.property(&format!("{at}.property"), property, "number");
        self.dead_band(&format!("{at}.dead_band"), dead_band);
        let both = self.finite(&format!("{at}.low"), low) & self.finite(&format!("{at}.high"), high);
        if !both {
            return;
        }
        if low >= high {
            let (zh, en) = ("下限须小于上限。", "The lower limit must be below the upper one.");
            self.say(&format!("{at}.high"), "band-upside-down", zh, en);
            return;
        }
        if !inside && dead_band.is_finite() && 2.0 * dead_band >= high - low {
            let (zh, en) = (
                format!("死区 {dead_band} 太大：区间宽 {}，死区须小于其一半，否则报警后不能恢复。", high - low),
                format!(
                    "The dead-band {dead_band} is too large: the band is {} wide, and the alarm returns only if it is less than half of that.",
                    high - low
                ),
            );
            self.say(&format!("{at}.dead_band"), "dead-band-larger-than-band", zh, en);
        }
        let Some(PropertyKind::Number { min, max }) = kind else { return };
        let covers = min.is_some_and(|m| low <= m) && max.is_some_and(|m| high >= m);
        let apart = max.is_some_and(|m| low > m) || min.is_some_and(|m| high < m);
        match (inside, covers, apart) {
            (false, true, _) => self.never(
                &format!("{at}.low"),
                "区间覆盖了该属性的全部取值",
                "The band covers the property's whole range",
            ),
            (true, _, true) => self.never(
                &format!("{at}.low"),
                "区间与该属性的取值范围不相交",
                "The band and the property's range do not meet",
            ),
            (true, true, _) | (false, _, true) => self.always(&format!("{at}.low")),
            _ => {}
        }
    }

    fn expression(&mut self, field: &str, cel: &str) {
        let mut names = BTreeSet::new();
        let made = Expression::compile(cel, &mut |name| {
            names.insert(name.to_owned());
            Some(0)
        });
        for name in &names {
            self.property(field, name, "any");
        }
        match made {
            Err(e) => {
                let code = match &e {
                    ExpressionError::Syntax(_) => "cel-does-not-parse",
                    ExpressionError::TooLarge => "cel-too-large",
                    ExpressionError::Forbidden(_) => "cel-not-allowed",
                    ExpressionError::UnknownFunction(_) => "cel-unknown-function",
                    ExpressionError::Types(_) => "cel-types",
                };
                self.say(field, code, format!("表达式不可用：{e}。"), format!("The expression cannot be used: {e}."));
            }
            Ok(made) if names.is_empty() => match made.constant() {
                Some(true) => self.say(
                    field,
                    "always-true",
                    "表达式不读取任何属性，恒为真。",
                    "The expression reads no property and is always true.",
                ),
                _ => self.never(
                    field,
                    "表达式不读取任何属性，恒为假",
                    "The expression reads no property and is never true",
                ),
            },
            Ok(_) => {}
        }
    }

    fn leaf(&mut self, at: &str, leaf: &Leaf) {
        self.seconds(&format!("{at}.on_delay_s"), leaf.on_delay_s, 0);
        self.seconds(&format!("{at}.off_delay_s"), leaf.off_delay_s, 0);
        let of = |name: &str| format!("{at}.{name}");
        match &leaf.test {
            Test::Threshold { property, side, limit, dead_band } => {
                self.threshold(at, property, *side, *limit, *dead_band);
            }
            Test::Band { property, low, high, inside, dead_band } => {
                self.band(at, property, (*low, *high), *inside, *dead_band);
            }
            Test::Rate { property, limit, per_s, over_s, dead_band, .. } => {
                self.property(&of("property"), property, "number");
                self.seconds(&of("per_s"), *per_s, 1);
                self.seconds(&of("over_s"), *over_s, 1);
                self.dead_band(&of("dead_band"), *dead_band);
                if self.finite(&of("limit"), *limit) {
                    if *limit <= 0.0 {
                        self.say(
                            &of("limit"),
                            "rate-not-positive",
                            "变化速度须大于 0；方向另选。",
                            "A rate is over 0; its direction is chosen apart.",
                        );
                    } else if *dead_band >= *limit {
                        self.say(
                            &of("dead_band"),
                            "dead-band-too-large",
                            "死区须小于变化速度限值，否则报警后不能恢复。",
                            "The dead-band must be less than the limit, or the alarm never returns.",
                        );
                    }
                }
            }
            Test::NoData { property, for_s } => {
                if let Some(p) = property {
                    self.property(&of("property"), p, "any");
                }
                self.seconds(&of("for_s"), *for_s, 1);
            }
            Test::Flag { property, .. } => {
                self.property(&of("property"), property, "flag");
            }
            Test::BadQuality { property } => {
                self.property(&of("property"), property, "any");
            }
            Test::Expression { cel } => self.expression(&of("cel"), cel),
        }
    }

    /// Tests and groups of one condition; `name` is `condition` or `suppression`.
    fn condition(&mut self, name: &str, condition: &Condition) {
        for (i, leaf) in condition.leaves().into_iter().enumerate() {
            self.leaf(&format!("{name}.{i}"), leaf);
        }
        self.groups(name, condition, 0);
    }

    fn groups(&mut self, name: &str, condition: &Condition, depth: usize) {
        let (Condition::All(parts) | Condition::Any(parts)) = condition else { return };
        if parts.is_empty() {
            self.say(name, "empty-group", "条件组里没有条件。", "A group has no condition in it.");
        }
        if depth >= GROUPS_DEEP_MAX {
            self.say(
                name,
                "groups-too-deep",
                "条件组嵌套过深（最多 4 层）。",
                "Groups are nested too deep (4 at most).",
            );
            return;
        }
        if let Condition::All(parts) = condition {
            self.contradiction(name, parts);
        }
        for part in parts {
            self.groups(name, part, depth + 1);
        }
    }

    /// Tests that must hold together and cannot.
    fn contradiction(&mut self, name: &str, parts: &[Condition]) {
        let mut spans: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        let mut flags: BTreeMap<&str, bool> = BTreeMap::new();
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for part in parts {
            let Condition::Leaf(Leaf { test, .. }) = part else { continue };
            let (property, low, high) = match test {
                Test::Threshold { property, side: Side::Below, limit, .. } => (property, f64::NEG_INFINITY, *limit),
                Test::Threshold { property, limit, .. } => (property, *limit, f64::INFINITY),
                Test::Band { property, low, high, inside: true, .. } => (property, *low, *high),
                Test::Flag { property, is } => {
                    if flags.insert(property, *is).is_some_and(|other| other != *is) && told.insert(property) {
                        self.never(
                            name,
                            &format!("“{property}”不能同时为是和否"),
                            &format!("{property:?} cannot be on and off at once"),
                        );
                    }
                    continue;
                }
                _ => continue,
            };
            let span = spans.entry(property).or_insert((f64::NEG_INFINITY, f64::INFINITY));
            *span = (span.0.max(low), span.1.min(high));
            if span.0 >= span.1 && told.insert(property) {
                self.never(
                    name,
                    &format!("“{property}”不能同时满足这些限值"),
                    &format!("{property:?} cannot meet these limits at once"),
                );
            }
        }
    }

    fn words(&mut self, field: &str, text: &Text, required: bool) {
        if required && text.zh.trim().is_empty() {
            self.say(&format!("{field}_zh"), "text-missing", "请用中文填写。", "Fill this in, in Chinese.");
        }
        if required && text.en.trim().is_empty() {
            self.say(&format!("{field}_en"), "text-missing", "请用英文填写。", "Fill this in, in English.");
        }
        for (lang, words) in [("zh", &text.zh), ("en", &text.en)] {
            if words.chars().count() > TEXT_CHARS_MAX {
                self.say(
                    &format!("{field}_{lang}"),
                    "text-too-long",
                    "最多 500 字：操作员要在几秒内读完。",
                    "At most 500 characters: an operator reads it in seconds.",
                );
            }
        }
    }
}

impl Rule {
    /// Everything that is wrong; `known` are the product's properties, none where no model is at hand.
    pub fn defects(&self, known: Option<&[KnownProperty]>) -> Vec<Defect> {
        let mut f = Finder { known, found: Vec::new() };
        f.words("name", &self.name, true);
        f.words("message", &self.message, true);
        f.words("response", &self.response, true);
        f.words("consequence", &self.consequence, false);
        f.condition("condition", &self.condition);
        let mut leaves = self.condition.leaves().len();
        match &self.suppression {
            Some(Suppression::State(c)) => {
                leaves += c.leaves().len();
                f.condition("suppression", c);
                if *c == self.condition {
                    f.never("suppression", "抑制条件与报警条件相同", "It is suppressed by its own condition");
                }
            }
            Some(Suppression::Rule(id)) if id.is_empty() => {
                f.say("suppression", "rule-missing", "请选择抑制它的规则。", "Choose the rule that suppresses it.");
            }
            _ => {}
        }
        if leaves > RULE_LEAVES_MAX {
            f.say(
                "condition",
                "too-many-tests",
                format!("一条规则最多 {RULE_LEAVES_MAX} 个条件，请拆成几条。"),
                format!("A rule has at most {RULE_LEAVES_MAX} tests; make several."),
            );
        }
        self.step_defects(&mut f);
        self.people_defects(&mut f);
        f.found
    }

    fn step_defects(&self, f: &mut Finder<'_>) {
        if self.steps.len() > LIST_MAX {
            f.say("steps", "too-many-steps", "最多 10 级。", "At most 10 steps.");
        }
        for (i, step) in self.steps.iter().enumerate() {
            let at = format!("steps.{i}");
            match &step.when {
                StepWhen::Value { property, side, limit, dead_band } => {
                    f.threshold(&at, property, *side, *limit, *dead_band);
                }
                StepWhen::After { s } => f.seconds(&format!("{at}.s"), *s, 1),
            }
        }
    }

    fn people_defects(&self, f: &mut Finder<'_>) {
        if !(0..=SHELF_MINUTES_MAX).contains(&self.shelving.minutes_max) {
            f.say(
                "shelving",
                "shelving-out-of-range",
                "搁置上限为 0 到 43200 分钟（30 天）。",
                "Shelving is limited to 0 to 43,200 minutes (30 days).",
            );
        }
        f.seconds("late_after_s", self.late_after_s, 1);
        if self.notify.len() > LIST_MAX || self.escalations.len() > LIST_MAX {
            f.say(
                "escalations",
                "too-many-contacts",
                "通知人和升级各最多 10 个。",
                "At most 10 contacts to notify and 10 escalations.",
            );
        }
        let mut before = 0;
        for (i, e) in self.escalations.iter().enumerate() {
            f.seconds(&format!("escalations.{i}.after_s"), e.after_s, 1);
            if e.after_s <= before && e.after_s > 0 {
                let (zh, en) = ("升级时间须逐级加长。", "Each escalation comes later than the one before.");
                f.say(&format!("escalations.{i}.after_s"), "escalation-not-later", zh, en);
            }
            before = before.max(e.after_s);
            if e.contact_id.is_empty() {
                f.say(&format!("escalations.{i}.contact_id"), "contact-missing", "请选择联系人。", "Choose a contact.");
            }
        }
    }
}

/// The first rule, in order of id, that is suppressed by itself through others; all of them would be silent at once.
pub fn cyclic(suppressed_by: &BTreeMap<String, String>) -> Option<String> {
    suppressed_by
        .keys()
        .find(|start| {
            let mut at = *start;
            for _ in 0..=suppressed_by.len() {
                match suppressed_by.get(at) {
                    Some(next) if next == *start => return true,
                    Some(next) => at = next,
                    None => return false,
                }
            }
            false
        })
        .cloned()
}
