//! Rules and plants to test with.

use std::sync::Arc;

use isa18::{
    Condition, Leaf, Moment, Plant, Priority, Restored, Rule, RuleOn, SECOND_US, Shelving, Side, Signal, SignalKind,
    Test, Watch,
};
use kernel::{Quality, Text, Value};

pub fn leaf(test: Test) -> Condition {
    delayed(test, 0, 0)
}

pub fn delayed(test: Test, on_delay_s: i64, off_delay_s: i64) -> Condition {
    Condition::Leaf(Leaf { test, on_delay_s, off_delay_s })
}

pub fn above(property: &str, limit: f64, dead_band: f64) -> Test {
    Test::Threshold { property: property.into(), side: Side::Above, limit, dead_band }
}

pub fn rule(condition: Condition) -> Rule {
    Rule {
        name: Text::new("轴承过热", "Bearing too hot"),
        watch: Watch::Product("pump".into()),
        condition,
        priority: Priority::Medium,
        steps: Vec::new(),
        message: Text::new("轴承温度过高", "The bearing is too hot"),
        consequence: Text::new("轴承损坏", "The bearing fails"),
        response: Text::new("降速并检查润滑", "Slow down, look at the lubrication"),
        latched: false,
        notify: Vec::new(),
        escalations: Vec::new(),
        shelving: Shelving { minutes_max: 480 },
        suppression: None,
        late_after_s: 300,
    }
}

/// A plant of one pump, and what it has told.
pub struct Bench {
    pub plant: Plant,
    pub told: Vec<Signal>,
}

impl Bench {
    pub fn of(rules: Vec<(&str, Rule)>) -> Bench {
        Bench::restored(rules, Vec::new(), 0)
    }

    pub fn restored(rules: Vec<(&str, Rule)>, restored: Vec<Restored>, at_s: i64) -> Bench {
        let on = rules.into_iter().map(|(id, rule)| RuleOn { id: id.into(), version: 1, rule: Arc::new(rule) });
        let devices = [("p1".into(), "pump".into()), ("f1".into(), "fan".into())];
        let plant = Plant::new(on.collect(), &devices, restored, at_s * SECOND_US).unwrap();
        Bench { plant, told: Vec::new() }
    }

    /// Begins telling.
    pub fn started(mut self) -> Bench {
        self.plant.reconcile(0, &mut self.told);
        self
    }

    pub fn one(rule: Rule) -> Bench {
        Bench::of(vec![("r", rule)]).started()
    }

    /// A reading that arrives as it is taken.
    pub fn read(&mut self, at_s: i64, property: &str, value: impl Into<V>) {
        self.read_with(at_s, at_s, property, value, Quality::Good);
    }

    pub fn read_with(&mut self, now_s: i64, at_s: i64, property: &str, value: impl Into<V>, quality: Quality) {
        let Some(series) = self.plant.series("p1", property) else { return };
        let moment = Moment { series, at_us: at_s * SECOND_US, value: value.into().0, quality };
        self.plant.take(now_s * SECOND_US, &moment, &mut self.told);
    }

    pub fn tick(&mut self, now_s: i64) {
        self.plant.tick(now_s * SECOND_US, &mut self.told);
    }

    /// Kinds and seconds of what was told, taken out.
    pub fn said(&mut self) -> Vec<(SignalKind, i64)> {
        self.told.drain(..).map(|s| (s.kind, s.at_us / SECOND_US)).collect()
    }
}

/// A value, made from what tests write.
pub struct V(pub Value);
impl From<f64> for V {
    fn from(x: f64) -> V {
        V(Value::Number(x))
    }
}
impl From<bool> for V {
    fn from(b: bool) -> V {
        V(Value::Flag(b))
    }
}
impl From<&str> for V {
    fn from(t: &str) -> V {
        V(Value::Text(t.into()))
    }
}
