//! A rule as the fields of a form, both ways. A rule that has no such form (nested groups, and what only the API writes)
//! is edited as JSON in one field.

use std::collections::HashMap;

use isa18::{
    Condition, Defect, Escalation, Leaf, Priority, Rule, Shelving, Side, Step, StepWhen, Suppression, Test, Watch,
};
use kernel::{Lang, Text};
use web::{FieldError, FormData};

/// Tests that the form offers.
pub(crate) const ROWS: usize = 4;
/// Steps that it offers.
pub(crate) const STEPS: usize = 3;
/// Escalations that it offers.
pub(crate) const ESCALATIONS: usize = 3;

/// Kinds of a test: code, words.
pub(crate) const KINDS: [(&str, &str, &str); 13] = [
    ("above", "高于限值", "Above a limit"),
    ("below", "低于限值", "Below a limit"),
    ("outside", "超出区间", "Outside of a band"),
    ("inside", "落在区间内", "Inside of a band"),
    ("rising", "上升过快", "Rising too fast"),
    ("falling", "下降过快", "Falling too fast"),
    ("changing", "变化过快（任一方向）", "Changing too fast, either way"),
    ("silent", "属性无数据", "A property is silent"),
    ("silent-device", "设备无数据", "The device is silent"),
    ("on", "开关量为“是”", "A flag is on"),
    ("off", "开关量为“否”", "A flag is off"),
    ("bad", "质量码为坏", "Bad quality"),
    ("cel", "表达式（CEL）", "Expression (CEL)"),
];

/// What is read of a form: the rule, and what could not be read.
pub(crate) struct Read {
    pub rule: Rule,
    pub errors: Vec<FieldError>,
}

struct Reader<'a> {
    data: &'a FormData,
    lang: Lang,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    fn get(&self, name: &str) -> &str {
        self.data.get(name)
    }

    fn refuse(&mut self, field: &str, zh: &str, en: &str) {
        self.errors.push(FieldError { field: field.to_owned(), message: self.lang.t(zh, en).to_owned() });
    }

    fn text(&self, name: &str) -> Text {
        Text::new(self.get(&format!("{name}_zh")), self.get(&format!("{name}_en")))
    }

    /// A number; empty is `empty`, or refused where that is none.
    fn number(&mut self, field: &str, empty: Option<f64>) -> f64 {
        let text = self.get(field).replace([',', '，', ' '], "");
        match (text.parse::<f64>(), empty) {
            (Ok(x), _) => x,
            (Err(_), Some(x)) if text.is_empty() => x,
            _ => {
                self.refuse(field, "请填写数值，如 80 或 -0.5", "Enter a number, such as 80 or -0.5");
                0.0
            }
        }
    }

    fn whole(&mut self, field: &str, empty: Option<i64>) -> i64 {
        let text = self.get(field).to_owned();
        match (text.parse::<i64>(), empty) {
            (Ok(n), _) => n,
            (Err(_), Some(n)) if text.is_empty() => n,
            _ => {
                self.refuse(field, "请填写整数", "Enter a whole number");
                1
            }
        }
    }

    fn leaf(&mut self, row: usize) -> Option<Condition> {
        let at = |name: &str| format!("c{row}_{name}");
        let kind = self.get(&at("kind")).to_owned();
        if kind.is_empty() {
            return None;
        }
        let property = self.get(&at("property")).to_owned();
        let side = match kind.as_str() {
            "below" | "falling" => Side::Below,
            "changing" => Side::Either,
            _ => Side::Above,
        };
        let test = match kind.as_str() {
            "above" | "below" => {
                let (limit, dead_band) = (self.number(&at("a"), None), self.number(&at("dead_band"), Some(0.0)));
                Test::Threshold { property, side, limit, dead_band }
            }
            "outside" | "inside" => Test::Band {
                property,
                low: self.number(&at("a"), None),
                high: self.number(&at("b"), None),
                inside: kind == "inside",
                dead_band: self.number(&at("dead_band"), Some(0.0)),
            },
            "rising" | "falling" | "changing" => {
                let s = self.whole(&at("s"), None);
                let (limit, dead_band) = (self.number(&at("a"), None), self.number(&at("dead_band"), Some(0.0)));
                Test::Rate { property, side, limit, per_s: s, over_s: s, dead_band }
            }
            "silent" => Test::NoData { property: Some(property), for_s: self.whole(&at("s"), None) },
            "silent-device" => Test::NoData { property: None, for_s: self.whole(&at("s"), None) },
            "on" | "off" => Test::Flag { property, is: kind == "on" },
            "bad" => Test::BadQuality { property },
            "cel" => Test::Expression { cel: self.get(&at("cel")).to_owned() },
            _ => {
                self.refuse(&at("kind"), "请选择条件类型", "Choose a kind of condition");
                return None;
            }
        };
        let on_delay_s = self.whole(&at("on_delay_s"), Some(0));
        let off_delay_s = self.whole(&at("off_delay_s"), Some(0));
        Some(Condition::Leaf(Leaf { test, on_delay_s, off_delay_s }))
    }

    fn condition(&mut self) -> Condition {
        let json = self.get("condition_json").to_owned();
        if !json.is_empty() {
            return serde_json::from_str(&json).unwrap_or_else(|e| {
                let (zh, en) = (format!("条件 JSON 不可读：{e}"), format!("The condition's JSON cannot be read: {e}"));
                self.refuse("condition_json", &zh, &en);
                Condition::Any(Vec::new())
            });
        }
        let mut rows: Vec<Condition> = (0..ROWS).filter_map(|row| self.leaf(row)).collect();
        match (rows.len(), self.get("join")) {
            (1, _) => rows.remove(0),
            (0, _) => {
                self.refuse("c0_kind", "请至少填写一个条件", "State at least one condition");
                Condition::Any(rows)
            }
            (_, "any") => Condition::Any(rows),
            _ => Condition::All(rows),
        }
    }

    fn steps(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for i in 0..STEPS {
            let at = |name: &str| format!("s{i}_{name}");
            let kind = self.get(&at("kind")).to_owned();
            let when = match kind.as_str() {
                "" => continue,
                "after" => StepWhen::After { s: self.whole(&at("value"), None) },
                _ => StepWhen::Value {
                    property: self.get(&at("property")).to_owned(),
                    side: if kind == "below" { Side::Below } else { Side::Above },
                    limit: self.number(&at("value"), None),
                    dead_band: self.number(&at("dead_band"), Some(0.0)),
                },
            };
            let Some(priority) = Priority::from_code(self.get(&at("priority"))) else {
                self.refuse(&at("priority"), "请选择级别", "Choose a priority");
                continue;
            };
            steps.push(Step { when, priority });
        }
        steps
    }

    fn suppression(&mut self) -> Option<Suppression> {
        let property = self.get("sup_property").to_owned();
        let test = match self.get("sup_kind") {
            "rule" => return Some(Suppression::Rule(self.get("sup_rule").to_owned())),
            "on" => Test::Flag { property, is: true },
            "off" => Test::Flag { property, is: false },
            "cel" => Test::Expression { cel: self.get("sup_cel").to_owned() },
            _ => return None,
        };
        Some(Suppression::State(Condition::Leaf(Leaf { test, on_delay_s: 0, off_delay_s: 0 })))
    }

    fn escalations(&mut self) -> Vec<Escalation> {
        let mut all = Vec::new();
        for i in 0..ESCALATIONS {
            let contact_id = self.get(&format!("e{i}_contact")).to_owned();
            let field = format!("e{i}_after_s");
            if contact_id.is_empty() && self.get(&field).is_empty() {
                continue;
            }
            all.push(Escalation { after_s: self.whole(&field, None), contact_id });
        }
        all
    }
}

/// Reads a form.
pub(crate) fn read(data: &FormData, lang: Lang) -> Read {
    let mut r = Reader { data, lang, errors: Vec::new() };
    let watch = match data.get("watch").split_once(':') {
        Some(("device", id)) => Watch::Device(id.to_owned()),
        Some((_, id)) => Watch::Product(id.to_owned()),
        None => {
            r.refuse("watch", "请选择监视的产品或设备", "Choose the product or device to watch");
            Watch::Product(String::new())
        }
    };
    let priority = Priority::from_code(data.get("priority")).unwrap_or_else(|| {
        r.refuse("priority", "请选择级别", "Choose a priority");
        Priority::Medium
    });
    let rule = Rule {
        name: r.text("name"),
        watch,
        condition: r.condition(),
        priority,
        steps: r.steps(),
        message: r.text("message"),
        consequence: r.text("consequence"),
        response: r.text("response"),
        latched: data.get("latched") == "1",
        notify: data.all("notify").to_vec(),
        escalations: r.escalations(),
        shelving: Shelving { minutes_max: r.whole("shelving", Some(480)) },
        suppression: r.suppression(),
        late_after_s: r.whole("late_after_s", Some(300)),
    };
    Read { rule, errors: r.errors }
}

/// The field of the form that a defect is about.
fn field_of(defect: &str) -> String {
    let parts: Vec<&str> = defect.split('.').collect();
    match parts.as_slice() {
        ["condition", row, part] if row.parse::<usize>().is_ok_and(|r| r < ROWS) => {
            let part = match *part {
                "limit" | "low" => "a",
                "high" => "b",
                "side" => "kind",
                "for_s" | "per_s" | "over_s" => "s",
                other => other,
            };
            format!("c{row}_{part}")
        }
        ["condition", ..] => "c0_kind".into(),
        ["steps", row, part] => {
            let part = match *part {
                "limit" | "s" => "value",
                "side" => "kind",
                other => other,
            };
            format!("s{row}_{part}")
        }
        ["suppression", _, "cel"] => "sup_cel".into(),
        ["suppression", _, "property"] => "sup_property".into(),
        ["suppression", ..] => "sup_kind".into(),
        ["escalations", row, "contact_id"] => format!("e{row}_contact"),
        ["escalations", row, part] => format!("e{row}_{part}"),
        ["escalations"] => "e0_after_s".into(),
        ["steps"] => "s0_kind".into(),
        _ => defect.to_owned(),
    }
}

/// Defects as errors of the form. The same is not said twice of one field.
pub(crate) fn errors_of(defects: &[Defect], lang: Lang) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = Vec::new();
    for d in defects {
        let e = FieldError { field: field_of(&d.field), message: d.text.get(lang).to_owned() };
        if !errors.iter().any(|known| known.field == e.field && known.message == e.message) {
            errors.push(e);
        }
    }
    errors
}

type Fields = HashMap<String, Vec<String>>;

fn put(f: &mut Fields, name: impl Into<String>, value: impl ToString) {
    f.insert(name.into(), vec![value.to_string()]);
}

/// Kind and values of one row; false where the form has no such row.
fn put_leaf(f: &mut Fields, row: usize, leaf: &Leaf) -> bool {
    let mut set = |name: &str, value: String| put(f, format!("c{row}_{name}"), value);
    let kind = match &leaf.test {
        Test::Threshold { side, limit, dead_band, .. } => {
            set("a", limit.to_string());
            set("dead_band", dead_band.to_string());
            side.code()
        }
        Test::Band { low, high, inside, dead_band, .. } => {
            set("a", low.to_string());
            set("b", high.to_string());
            set("dead_band", dead_band.to_string());
            if *inside { "inside" } else { "outside" }
        }
        Test::Rate { side, limit, per_s, over_s, dead_band, .. } if per_s == over_s => {
            set("a", limit.to_string());
            set("s", per_s.to_string());
            set("dead_band", dead_band.to_string());
            match side {
                Side::Above => "rising",
                Side::Below => "falling",
                Side::Either => "changing",
            }
        }
        Test::Rate { .. } => return false,
        Test::NoData { property, for_s } => {
            set("s", for_s.to_string());
            if property.is_some() { "silent" } else { "silent-device" }
        }
        Test::Flag { is, .. } => {
            if *is {
                "on"
            } else {
                "off"
            }
        }
        Test::BadQuality { .. } => "bad",
        Test::Expression { cel } => {
            set("cel", cel.clone());
            "cel"
        }
    };
    set("kind", kind.to_owned());
    set("property", leaf.test.property().unwrap_or("").to_owned());
    set("on_delay_s", leaf.on_delay_s.to_string());
    set("off_delay_s", leaf.off_delay_s.to_string());
    true
}

fn put_condition(f: &mut Fields, condition: &Condition) {
    let (join, parts): (&str, Vec<&Condition>) = match condition {
        Condition::Leaf(_) => ("all", vec![condition]),
        Condition::All(parts) => ("all", parts.iter().collect()),
        Condition::Any(parts) => ("any", parts.iter().collect()),
    };
    let mut rows = Fields::new();
    let fits = parts.len() <= ROWS
        && parts.iter().enumerate().all(|(i, c)| match c {
            Condition::Leaf(leaf) => put_leaf(&mut rows, i, leaf),
            _ => false,
        });
    if fits {
        f.extend(rows);
        put(f, "join", join);
    } else {
        put(f, "condition_json", serde_json::to_string_pretty(condition).unwrap_or_default());
    }
}

fn put_suppression(f: &mut Fields, suppression: &Suppression) {
    match suppression {
        Suppression::Rule(id) => {
            put(f, "sup_kind", "rule");
            put(f, "sup_rule", id);
        }
        Suppression::State(Condition::Leaf(Leaf { test: Test::Flag { property, is }, .. })) => {
            put(f, "sup_kind", if *is { "on" } else { "off" });
            put(f, "sup_property", property);
        }
        Suppression::State(Condition::Leaf(Leaf { test: Test::Expression { cel }, .. })) => {
            put(f, "sup_kind", "cel");
            put(f, "sup_cel", cel);
        }
        // What only the API writes; said above the form.
        Suppression::State(_) => {}
    }
}

/// A rule that this form can carry whole; one that it cannot is changed by the API.
pub(crate) fn fits(rule: &Rule) -> bool {
    let suppression = match &rule.suppression {
        Some(Suppression::State(Condition::Leaf(l))) => {
            matches!(l.test, Test::Flag { .. } | Test::Expression { .. }) && l.on_delay_s == 0 && l.off_delay_s == 0
        }
        Some(Suppression::State(_)) => false,
        _ => true,
    };
    suppression && rule.steps.len() <= STEPS && rule.escalations.len() <= ESCALATIONS
}

/// A rule as the form would send it.
pub(crate) fn fields(rule: &Rule) -> FormData {
    let mut f = Fields::new();
    let texts = [
        ("name", &rule.name),
        ("message", &rule.message),
        ("response", &rule.response),
        ("consequence", &rule.consequence),
    ];
    for (name, text) in texts {
        put(&mut f, format!("{name}_zh"), &text.zh);
        put(&mut f, format!("{name}_en"), &text.en);
    }
    match &rule.watch {
        Watch::Product(id) => put(&mut f, "watch", format!("product:{id}")),
        Watch::Device(id) => put(&mut f, "watch", format!("device:{id}")),
    }
    put_condition(&mut f, &rule.condition);
    put(&mut f, "priority", rule.priority.code());
    for (i, step) in rule.steps.iter().enumerate() {
        match &step.when {
            StepWhen::After { s } => {
                put(&mut f, format!("s{i}_kind"), "after");
                put(&mut f, format!("s{i}_value"), s);
            }
            StepWhen::Value { property, side, limit, dead_band } => {
                put(&mut f, format!("s{i}_kind"), side.code());
                put(&mut f, format!("s{i}_property"), property);
                put(&mut f, format!("s{i}_value"), limit);
                put(&mut f, format!("s{i}_dead_band"), dead_band);
            }
        }
        put(&mut f, format!("s{i}_priority"), step.priority.code());
    }
    if rule.latched {
        put(&mut f, "latched", "1");
    }
    f.insert("notify".into(), rule.notify.clone());
    for (i, e) in rule.escalations.iter().enumerate() {
        put(&mut f, format!("e{i}_after_s"), e.after_s);
        put(&mut f, format!("e{i}_contact"), &e.contact_id);
    }
    put(&mut f, "shelving", rule.shelving.minutes_max);
    put(&mut f, "late_after_s", rule.late_after_s);
    if let Some(s) = &rule.suppression {
        put_suppression(&mut f, s);
    }
    FormData::of(f)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(test: Test) -> Condition {
        Condition::Leaf(Leaf { test, on_delay_s: 10, off_delay_s: 0 })
    }

    fn rule(condition: Condition) -> Rule {
        Rule {
            name: Text::new("过热", "Hot"),
            watch: Watch::Product("pump".into()),
            condition,
            priority: Priority::High,
            steps: vec![
                Step {
                    when: StepWhen::Value { property: "temp".into(), side: Side::Above, limit: 95.5, dead_band: 1.0 },
                    priority: Priority::Critical,
                },
                Step { when: StepWhen::After { s: 600 }, priority: Priority::Low },
            ],
            message: Text::new("过热", "Hot"),
            consequence: Text::default(),
            response: Text::new("降速", "Slow down"),
            latched: true,
            notify: vec!["con_1".into(), "con_2".into()],
            escalations: vec![Escalation { after_s: 300, contact_id: "con_2".into() }],
            shelving: Shelving { minutes_max: 60 },
            suppression: Some(Suppression::Rule("alr_1".into())),
            late_after_s: 120,
        }
    }

    #[test]
    fn a_rule_survives_its_form_whatever_its_condition() {
        let hot = || leaf(Test::Threshold { property: "temp".into(), side: Side::Above, limit: 80.25, dead_band: 2.0 });
        let band = Test::Band { property: "rpm".into(), low: -1.0, high: 2.0, inside: true, dead_band: 0.5 };
        let rate = |per_s, over_s| {
            let property = "temp".into();
            leaf(Test::Rate { property, side: Side::Either, limit: 5.0, per_s, over_s, dead_band: 1.0 })
        };
        let conditions = [
            hot(),
            Condition::All(vec![hot(), leaf(band), leaf(Test::Flag { property: "run".into(), is: false })]),
            Condition::Any(vec![leaf(Test::NoData { property: None, for_s: 60 }), rate(60, 60)]),
            Condition::Any(vec![
                hot(),
                Condition::All(vec![hot(), leaf(Test::BadQuality { property: "temp".into() })]),
            ]),
            Condition::Any(vec![rate(60, 10), leaf(Test::Expression { cel: "a > 1".into() })]),
        ];
        for condition in conditions {
            let rule = rule(condition);
            assert!(fits(&rule));
            let read = read(&fields(&rule), Lang::En);
            assert!(read.errors.is_empty());
            assert_eq!(read.rule, rule);
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_by_field_all_at_once() {
        let data = |pairs: &[(&str, &str)]| {
            FormData::of(pairs.iter().map(|(k, v)| (k.to_string(), vec![v.to_string()])).collect())
        };
        let told =
            read(&data(&[("c0_kind", "above"), ("c0_a", "hot"), ("c1_kind", "x"), ("shelving", "1.5")]), Lang::En);
        let fields: Vec<_> = told.errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["watch", "priority", "c0_a", "c1_kind", "shelving"]);
    }
}
