//! Deciding: the one function behind an application's check, a settlement, "what can I get?" and "what if?".
//!
//! Everything that stands in the way is said at once. Nothing here panics on input: what is missing, malformed,
//! out of bounds or not computable is a named reason.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use kernel::Text;
use serde_json::{Value, json};

use crate::decision::{Act, DECISION_FORMAT, Decision, Reason, ReasonKind, Step, StepKind};
use crate::expression::{Expression, Scalar, Scope};
use crate::facts::canonical_inputs;
use crate::programme::{Computation, Instrument, Programme, Rule};

/// What is supposed to be otherwise in a forecast: dated values (`migration_rate_bp`), batch numbers
/// (`batch.face_value_fen`) and whole-number facts (`staff`), by name.
pub type Overrides = BTreeMap<String, i64>;

/// Who gets the instrument on this day, and how much.
pub fn decide(programme: &Programme, instrument_id: &str, inputs: &Value, as_of: Date) -> Decision {
    forecast(programme, Act::Award, instrument_id, inputs, as_of, &Overrides::new())
}

/// Whether evidence is paid on this day, and how much.
pub fn decide_settlement(programme: &Programme, instrument_id: &str, inputs: &Value, as_of: Date) -> Decision {
    forecast(programme, Act::Settlement, instrument_id, inputs, as_of, &Overrides::new())
}

/// The same with some numbers supposed to be otherwise ("if the rate were 15 %"). With no overrides it is the decision.
pub fn forecast(
    programme: &Programme,
    act: Act,
    instrument_id: &str,
    inputs: &Value,
    as_of: Date,
    overrides: &Overrides,
) -> Decision {
    let decision = Decision {
        format: DECISION_FORMAT,
        act,
        programme: programme.id.clone(),
        programme_version: programme.version.clone(),
        programme_sha256: programme.sha256.clone(),
        instrument: instrument_id.to_owned(),
        as_of,
        overrides: overrides.clone(),
        inputs: json!({}),
        eligible: false,
        reasons: Vec::new(),
        amount_fen: None,
        steps: Vec::new(),
    };
    let Some(instrument) = programme.instrument(instrument_id) else {
        let text = Text::new(
            format!("本方案没有“{instrument_id}”这一支持方式，请从方案所列项目中选择。"),
            format!("this programme has no instrument {instrument_id:?}; choose one that it lists"),
        );
        return refused(decision, "unknown-instrument", text);
    };
    let Some(rule) = instrument.rule(act) else {
        let text = Text::new("该支持方式没有结算规则。", "this instrument has no settlement rule");
        return refused(decision, "no-settlement", text);
    };
    let needs = Needs::of(programme, instrument, rule, act);
    let mut work = Work { programme, instrument, rule, needs, decision, scope: Scope::new() };
    work.read(inputs);
    work.judge();
    work.compute();
    work.decision
}

fn refused(mut decision: Decision, condition: &str, text: Text) -> Decision {
    let (condition, clause) = (condition.to_owned(), String::new());
    decision.reasons.push(Reason { kind: ReasonKind::Request, condition, clause, passed: false, text });
    decision
}

/// The names that a rule reads, by where they come from.
pub(crate) struct Needs {
    pub facts: BTreeSet<String>,
    pub optional_facts: BTreeSet<String>,
    pub values: BTreeSet<String>,
    pub batch: BTreeSet<String>,
}

impl Needs {
    pub(crate) fn of(programme: &Programme, instrument: &Instrument, rule: &Rule, act: Act) -> Needs {
        let mut needs = Needs {
            facts: BTreeSet::new(),
            optional_facts: BTreeSet::new(),
            values: BTreeSet::new(),
            batch: BTreeSet::new(),
        };
        let conditions = rule.conditions.iter().map(|c| (&c.when, false));
        let numbers = rule.steps.iter().chain(&rule.caps).map(|c| (&c.expression, c.optional));
        for (expression, optional) in conditions.chain(numbers) {
            for name in expression.references() {
                if programme.fact(name).is_some() {
                    let set = if optional { &mut needs.optional_facts } else { &mut needs.facts };
                    set.insert(name.clone());
                } else if programme.values.iter().any(|v| v.name == *name) {
                    needs.values.insert(name.clone());
                } else if let Some(field) = name.strip_prefix("batch.") {
                    needs.batch.insert(field.to_owned());
                }
            }
        }
        // A batch that leaves a number open is refused when vouchers are given out, not when they come to be paid.
        if act == Act::Award {
            needs.batch.extend(instrument.batch_fields.iter().map(|f| f.name.clone()));
        }
        needs.optional_facts.retain(|f| !needs.facts.contains(f));
        needs
    }
}

struct Work<'a> {
    programme: &'a Programme,
    instrument: &'a Instrument,
    rule: &'a Rule,
    needs: Needs,
    decision: Decision,
    scope: Scope,
}

impl Work<'_> {
    fn say(&mut self, kind: ReasonKind, condition: &str, clause: &str, passed: bool, text: Text) {
        let (condition, clause) = (condition.to_owned(), clause.to_owned());
        self.decision.reasons.push(Reason { kind, condition, clause, passed, text });
    }

    /// Checks the day and reads everything that the rule asks for into the scope.
    fn read(&mut self, inputs: &Value) {
        let facts: BTreeSet<String> = self.needs.facts.union(&self.needs.optional_facts).cloned().collect();
        self.decision.inputs = canonical_inputs(inputs, &facts, &self.needs.batch);
        self.scope.insert("as_of".into(), Scalar::Text(self.decision.as_of.to_string()));
        self.scope.extend(self.programme.evidence_scope());
        self.read_period();
        self.read_overrides();
        for name in facts {
            self.read_fact(&name);
        }
        for name in self.needs.batch.clone() {
            self.read_batch_field(&name);
        }
        for name in self.needs.values.clone() {
            self.read_value(&name);
        }
    }

    fn read_period(&mut self) {
        let (period, as_of) = (&self.programme.period, self.decision.as_of);
        let (until, clause) = match &self.rule.until {
            Some(deadline) => (deadline.day, deadline.clause.clone()),
            None => (period.until, period.clause.clone()),
        };
        let from = period.from;
        let inside = (from..=until).contains(&as_of);
        let text = if inside {
            Text::new(format!("实施期：{from} 至 {until}。"), format!("in force from {from} to {until}"))
        } else {
            Text::new(
                format!("{as_of} 不在实施期内（{from} 至 {until}），请在实施期内办理，或查看现行方案。"),
                format!("{as_of} is outside {from} to {until}; come back within it, or see the programme now in force"),
            )
        };
        self.say(ReasonKind::Period, "period", &clause, inside, text);
        let windows = &self.instrument.windows;
        if self.decision.act == Act::Settlement || windows.is_empty() {
            return;
        }
        let open = windows.iter().any(|w| (w.from..=w.until).contains(&as_of));
        let list: Vec<String> = windows.iter().map(|w| format!("{} – {}", w.from, w.until)).collect();
        let list = list.join(", ");
        let text = if open {
            Text::new(format!("申报窗口：{list}。"), format!("applications are taken {list}"))
        } else {
            Text::new(
                format!("{as_of} 不在申报窗口内（{list}），请在窗口开放时申报。"),
                format!("applications are taken {list}, not on {as_of}; apply when the window is open"),
            )
        };
        self.say(ReasonKind::Period, "window", &self.instrument.clause, open, text);
    }

    fn read_overrides(&mut self) {
        for name in self.decision.overrides.clone().keys() {
            let is_number = self.programme.fact(name).is_some_and(|f| matches!(f.kind.samples()[0], Scalar::Int(_)));
            let is_batch = name.strip_prefix("batch.").is_some_and(|f| self.instrument.batch_field(f).is_some());
            if !is_number && !is_batch && !self.programme.values.iter().any(|v| v.name == *name) {
                let text = Text::new(
                    format!("试算中的“{name}”不是本方案的数值，请核对名称。"),
                    format!("{name:?} is no number of this programme; check the name"),
                );
                self.say(ReasonKind::Request, name, "", false, text);
            }
        }
    }

    /// What was handed in under this name, or is supposed to be.
    fn stated(&self, name: &str) -> Option<Value> {
        let supposed = self.decision.overrides.get(name).map(|n| json!(n));
        supposed.or_else(|| match name.strip_prefix("batch.") {
            Some(field) => self.decision.inputs.get("batch")?.get(field).cloned(),
            None => self.decision.inputs.get(name).cloned(),
        })
    }

    fn read_fact(&mut self, name: &str) {
        let fact = self.programme.fact(name).expect("names were resolved when the programme was read");
        let (zh, en) = (&fact.label.zh, &fact.label.en);
        match self.stated(name).map(|value| fact.kind.read(&value)) {
            Some(Ok(scalar)) => {
                self.scope.insert(name.to_owned(), scalar);
            }
            Some(Err(form)) => {
                let text = Text::new(
                    format!("“{zh}”填写有误，应为{}。", form.zh),
                    format!("{en} cannot be read; it should be {}", form.en),
                );
                self.say(ReasonKind::Malformed, name, "", false, text);
            }
            None if self.needs.optional_facts.contains(name) => {}
            None => {
                let text = Text::new(
                    format!("缺少“{zh}”，请补充后再试。"),
                    format!("{en} is not stated; state it and ask again"),
                );
                self.say(ReasonKind::Missing, name, "", false, text);
            }
        }
    }

    fn read_batch_field(&mut self, field: &str) {
        let bound =
            self.instrument.batch_field(field).expect("names were resolved when the programme was read").clone();
        let name = format!("batch.{field}");
        let Some(value) = self.stated(&name) else {
            let text = Text::new(
                format!("批次尚未公布“{}”，公布后即可测算。", bound.title.zh),
                format!("the batch does not state its {} yet; ask again once it is published", bound.title.en),
            );
            return self.say(ReasonKind::Missing, &name, &bound.clause, false, text);
        };
        match value.as_i64().filter(|n| (bound.minimum..=bound.maximum).contains(n)) {
            Some(n) => {
                self.scope.insert(name.clone(), Scalar::Int(n));
                self.decision.steps.push(Step {
                    kind: StepKind::Batch,
                    name,
                    title: bound.title.clone(),
                    value: n,
                    clause: bound.clause.clone(),
                    expression: format!("{} ≤ {field} ≤ {}", bound.minimum, bound.maximum),
                    binding: false,
                });
            }
            None => {
                let (low, high) = (bound.minimum, bound.maximum);
                let text = Text::new(
                    format!("批次的“{}”应为 {low} 至 {high} 的整数，请修改批次配置。", bound.title.zh),
                    format!(
                        "the batch's {} must be a whole number from {low} to {high}; correct the batch",
                        bound.title.en
                    ),
                );
                self.say(ReasonKind::Batch, &name, &bound.clause, false, text);
            }
        }
    }

    fn read_value(&mut self, name: &str) {
        let as_of = self.decision.as_of;
        let Some(dated) = self.programme.value_at(name, as_of).cloned() else {
            let text = Text::new(
                format!("{as_of} 没有生效的“{name}”，请由发布单位补充该日数值。"),
                format!("no value of {name} is in force on {as_of}; the issuer must give one for this day"),
            );
            return self.say(ReasonKind::Value, name, "", false, text);
        };
        let supposed = self.decision.overrides.get(name).copied();
        let since = match supposed {
            Some(_) => "supposed".to_owned(),
            None => format!("from {}", dated.from),
        };
        let value = supposed.unwrap_or(dated.value);
        self.scope.insert(name.to_owned(), Scalar::Int(value));
        self.decision.steps.push(Step {
            kind: StepKind::Value,
            name: name.to_owned(),
            title: dated.title,
            value,
            clause: dated.clause,
            expression: since,
            binding: false,
        });
    }

    fn is_known(&self, expression: &Expression) -> bool {
        expression.references().iter().all(|name| self.scope.contains_key(name))
    }

    /// Judges every condition whose facts are known; one whose facts are not is already named by what is missing.
    fn judge(&mut self) {
        for condition in &self.rule.conditions {
            if !self.is_known(&condition.when) {
                continue;
            }
            match condition.when.truth(&self.scope) {
                Ok(passed) => {
                    let text = if passed { condition.title.clone() } else { condition.failed.clone() };
                    self.say(ReasonKind::Condition, &condition.id, &condition.clause, passed, text);
                }
                Err(error) => self.say_uncomputable(&condition.id, &condition.clause, &error.to_string()),
            }
        }
    }

    fn say_uncomputable(&mut self, name: &str, clause: &str, detail: &str) {
        let text = Text::new(
            format!("“{name}”无法计算（{detail}），请核对所填数值。"),
            format!("{name} cannot be computed ({detail}); check the numbers stated"),
        );
        self.say(ReasonKind::Amount, name, clause, false, text);
    }

    /// Computes the amount when nothing stands in the way; otherwise leaves no half of a calculation behind.
    fn compute(&mut self) {
        if self.decision.failures().next().is_some() {
            self.decision.steps.clear();
            return;
        }
        let (rule, mut numbers) = (self.rule, Vec::new());
        for (kind, computation) in
            rule.steps.iter().map(|c| (StepKind::Step, c)).chain(rule.caps.iter().map(|c| (StepKind::Cap, c)))
        {
            if computation.optional && !self.is_known(&computation.expression) {
                continue;
            }
            match computation.expression.number(&self.scope) {
                Ok(value) => {
                    self.scope.insert(computation.name.clone(), Scalar::Int(value));
                    numbers.push(traced(kind, computation, value));
                }
                Err(error) => {
                    self.decision.steps.clear();
                    return self.say_uncomputable(&computation.name, &computation.clause, &error.to_string());
                }
            }
        }
        self.conclude(numbers);
    }

    /// The least of the last step and of every cap; on a tie the earlier one counts as binding.
    fn conclude(&mut self, mut numbers: Vec<Step>) {
        let last_step = numbers.iter().rposition(|s| s.kind == StepKind::Step).expect("a rule has a step");
        let binding = (last_step..numbers.len()).min_by_key(|i| numbers[*i].value).expect("at least the last step");
        numbers[binding].binding = true;
        let least = numbers[binding].clone();
        let among: Vec<&str> = numbers[last_step..].iter().map(|s| s.name.as_str()).collect();
        let amount = least.value.max(0);
        let result = Step {
            kind: StepKind::Result,
            name: "amount_fen".into(),
            title: Text::new("金额", "amount"),
            value: amount,
            clause: least.clause.clone(),
            expression: format!("max(0, min({}))", among.join(", ")),
            binding: false,
        };
        self.decision.steps.append(&mut numbers);
        self.decision.steps.push(result);
        if amount == 0 {
            let text = Text::new(
                format!("受“{}”限制，可得金额为零。", least.title.zh),
                format!("nothing is left: the amount comes to zero because of the {}", least.title.en),
            );
            return self.say(ReasonKind::Exhausted, &least.name, &least.clause, false, text);
        }
        self.decision.eligible = true;
        self.decision.amount_fen = Some(amount);
    }
}

fn traced(kind: StepKind, computation: &Computation, value: i64) -> Step {
    Step {
        kind,
        name: computation.name.clone(),
        title: computation.title.clone(),
        value,
        clause: computation.clause.clone(),
        expression: computation.expression.source().to_owned(),
        binding: false,
    }
}
