//! Reading a programme, and everything that can be wrong with one. All defects are reported at once, each with its
//! place and what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::Fact;
use crate::decision::Act;
use crate::expression::{EvalError, Expression, Scalar, Scope};
use crate::facts::standard_fact;
use crate::programme::{BatchField, Clause, DatedValue, Instrument, Programme, Route, Rule};

/// Names end in one of these, so that every number carries its unit.
pub const UNITS: [&str; 6] = ["fen", "bp", "days", "months", "count", "score"];

/// Why a text is not a programme.
#[derive(Debug, thiserror::Error)]
pub enum ProgrammeError {
    /// Not TOML, a key that does not exist or is missing, a value of the wrong kind, or a bad expression.
    #[error("line {line}, column {column}: {message}")]
    Toml {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// The text reads, but does not hang together.
    #[error("{}", .0.iter().map(Defect::to_string).collect::<Vec<_>>().join("\n"))]
    Defects(Vec<Defect>),
}

/// One thing wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// A clause is named that is not declared.
    #[error("{place}: clause {clause:?} is not declared; add a [[clause]] with this id or correct the name")]
    UnknownClause {
        /// Where.
        place: String,
        /// The name.
        clause: String,
    },
    /// A clause that nothing follows from.
    #[error("clause {0:?} is not used; encode what it says, or remove it")]
    UnusedClause(String),
    /// A clause stands in a document that is not declared.
    #[error("clause {clause:?}: source {source_id:?} is not declared; add a [[source]] with this id")]
    UnknownSource {
        /// Which clause.
        clause: String,
        /// The name.
        source_id: String,
    },
    /// The same id twice.
    #[error("{what} {id:?} stands twice; ids are unique")]
    Duplicate {
        /// Of what.
        what: &'static str,
        /// Which.
        id: String,
    },
    /// An end before its beginning, or outside the programme.
    #[error("{place}: {from} to {until} is not a range within the programme; correct the dates")]
    Dates {
        /// Where.
        place: String,
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
    },
    /// A code that the taxonomy does not have.
    #[error("{place}: {code:?} is not in the taxonomy; see kernel::FAMILIES and kernel::SUB_ITEMS")]
    UnknownTaxonomy {
        /// Where.
        place: String,
        /// The code.
        code: String,
    },
    /// A target without a figure, with two, or with an upper end below the lower.
    #[error("target {0:?}: set exactly one of minimum and exceeds, and no maximum below it")]
    TargetFigures(String),
    /// An instrument names a route that is not declared.
    #[error("instrument {instrument:?}: route {route:?} is not declared; add a [[route]] with this id")]
    UnknownRoute {
        /// Which instrument.
        instrument: String,
        /// The name.
        route: String,
    },
    /// A route without stages, or a stage that nobody approves.
    #[error("route {0:?}: needs stages, each once and with at least one approver")]
    RouteStages(String),
    /// An expression reads a name that nothing gives.
    #[error(
        "{place}: {name:?} is not known; it must be a fact, a dated value, an earlier step, as_of, evidence.* or a declared batch.*"
    )]
    UnknownName {
        /// Where.
        place: String,
        /// The name.
        name: String,
    },
    /// A name is already used for something else.
    #[error("{place}: {name:?} already names a fact, a value or a step; choose another name")]
    NameTaken {
        /// Where.
        place: String,
        /// The name.
        name: String,
    },
    /// A number without its unit.
    #[error("{place}: {name:?} must end in its unit: {}", UNITS.map(|u| format!("_{u}")).join(", "))]
    NameWithoutUnit {
        /// Where.
        place: String,
        /// The name.
        name: String,
    },
    /// An expression that cannot give what is asked of it.
    #[error("{place}: {detail}")]
    Expression {
        /// Where.
        place: String,
        /// What is wrong.
        detail: String,
    },
    /// Two values of one name claim the same day.
    #[error("value {name:?}: two entries hold on {on}; end the earlier one before, or give different dates")]
    ValueOverlap {
        /// Its name.
        name: String,
        /// The first such day.
        on: Date,
    },
    /// Bounds that nothing fits.
    #[error("{place}: minimum {minimum} is above maximum {maximum}")]
    Bounds {
        /// Where.
        place: String,
        /// The lower bound.
        minimum: i64,
        /// The upper bound.
        maximum: i64,
    },
    /// A rule that computes nothing, or is optional where it must not be.
    #[error("{place}: {detail}")]
    Rule {
        /// Where.
        place: String,
        /// What is wrong.
        detail: &'static str,
    },
}

impl Programme {
    /// Reads a programme and checks all of it.
    pub fn parse(text: &str) -> Result<Programme, ProgrammeError> {
        let mut programme: Programme = toml::from_str(text).map_err(|error| {
            let before = text.get(..error.span().map_or(0, |s| s.start)).unwrap_or("");
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            ProgrammeError::Toml { line, column, message: error.message().to_owned() }
        })?;
        programme.sha256 = hex::encode(Sha256::digest(text));
        let defects = Checker { programme: &programme, used: BTreeSet::new(), defects: Vec::new() }.run();
        if defects.is_empty() { Ok(programme) } else { Err(ProgrammeError::Defects(defects)) }
    }

    /// The instrument of this id.
    pub fn instrument(&self, id: &str) -> Option<&Instrument> {
        self.instruments.iter().find(|i| i.id == id)
    }

    /// The clause of this id.
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.iter().find(|c| c.id == id)
    }

    /// The route of this id.
    pub fn route(&self, id: &str) -> Option<&Route> {
        self.routes.iter().find(|r| r.id == id)
    }

    /// The fact of this name, standard or the programme's own.
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        standard_fact(name).or_else(|| self.facts.iter().find(|f| f.name == name))
    }

    /// The value in force on a day: the latest that has begun, unless it has ended.
    pub fn value_at(&self, name: &str, on: Date) -> Option<&DatedValue> {
        let begun = self.values.iter().filter(|v| v.name == name && v.from <= on);
        begun.max_by_key(|v| v.from).filter(|v| v.until.is_none_or(|until| on <= until))
    }

    /// The facts that an act on an instrument reads: what a form must ask, and a caller hand in. The second list is
    /// read when stated.
    pub fn facts_read(&self, instrument: &Instrument, act: Act) -> (Vec<Fact>, Vec<Fact>) {
        let Some(rule) = instrument.rule(act) else { return (Vec::new(), Vec::new()) };
        let needs = crate::decide::Needs::of(self, instrument, rule, act);
        let facts = |names: &BTreeSet<String>| names.iter().filter_map(|n| self.fact(n).cloned()).collect();
        (facts(&needs.facts), facts(&needs.optional_facts))
    }

    pub(crate) fn evidence_scope(&self) -> Scope {
        let e = &self.evidence;
        Scope::from([
            ("evidence.counts_from".to_owned(), Scalar::Text(e.counts_from.code().to_owned())),
            ("evidence.pays_from".to_owned(), Scalar::Text(e.pays_from.code().to_owned())),
            ("evidence.metered_months".to_owned(), Scalar::Int(i64::from(e.metered_months))),
        ])
    }
}

impl Instrument {
    /// The rule for an act.
    pub fn rule(&self, act: Act) -> Option<&Rule> {
        match act {
            Act::Award => Some(&self.award),
            Act::Settlement => self.settlement.as_ref(),
        }
    }

    /// The bound that the programme sets on a batch's number.
    pub fn batch_field(&self, name: &str) -> Option<&BatchField> {
        self.batch_fields.iter().find(|f| f.name == name)
    }
}

struct Checker<'a> {
    programme: &'a Programme,
    used: BTreeSet<String>,
    defects: Vec<Defect>,
}

impl Checker<'_> {
    fn run(mut self) -> Vec<Defect> {
        self.identities();
        self.text();
        self.values();
        for instrument in &self.programme.instruments {
            self.instrument(instrument);
        }
        for clause in &self.programme.clauses {
            if !self.used.contains(&clause.id) {
                self.defects.push(Defect::UnusedClause(clause.id.clone()));
            }
        }
        self.defects
    }

    fn clause(&mut self, place: impl fmt::Display, clause: &str) {
        if self.programme.clause(clause).is_none() {
            self.defects.push(Defect::UnknownClause { place: place.to_string(), clause: clause.to_owned() });
        }
        self.used.insert(clause.to_owned());
    }

    fn unique<'i>(&mut self, what: &'static str, ids: impl Iterator<Item = &'i String>) {
        let mut seen = BTreeSet::new();
        for id in ids {
            if !seen.insert(id) {
                self.defects.push(Defect::Duplicate { what, id: id.clone() });
            }
        }
    }

    fn identities(&mut self) {
        let p = self.programme;
        self.unique("source", p.sources.iter().map(|s| &s.id));
        self.unique("clause", p.clauses.iter().map(|c| &c.id));
        self.unique("section", p.sections.iter().map(|s| &s.id));
        self.unique("phase", p.phases.iter().map(|s| &s.id));
        self.unique("target", p.targets.iter().map(|t| &t.code));
        self.unique("coverage", p.coverage.iter().map(|c| &c.family));
        self.unique("fact", p.facts.iter().map(|f| &f.name));
        self.unique("route", p.routes.iter().map(|r| &r.id));
        self.unique("instrument", p.instruments.iter().map(|i| &i.id));
        for fact in p.facts.iter().filter(|f| standard_fact(&f.name).is_some()) {
            self.defects.push(Defect::NameTaken { place: "fact".to_owned(), name: fact.name.clone() });
        }
    }

    fn dates(&mut self, place: String, from: Date, until: Date, within_period: bool) {
        let period = &self.programme.period;
        if until < from || (within_period && (from < period.from || until > period.until)) {
            self.defects.push(Defect::Dates { place, from, until });
        }
    }

    /// Everything but values and instruments.
    fn text(&mut self) {
        let p = self.programme;
        self.clause("period", &p.period.clause);
        self.dates("period".to_owned(), p.period.from, p.period.until, false);
        self.clause("evidence", &p.evidence.clause);
        self.clause("notice", &p.notice.clause);
        self.clause("clocks", &p.clocks.clause);
        for clause in &p.clauses {
            if !p.sources.iter().any(|s| s.id == clause.source) {
                let (clause, source_id) = (clause.id.clone(), clause.source.clone());
                self.defects.push(Defect::UnknownSource { clause, source_id });
            }
        }
        for section in &p.sections {
            self.clause(format_args!("section {:?}", section.id), &section.clause);
        }
        for phase in &p.phases {
            self.clause(format_args!("phase {:?}", phase.id), &phase.clause);
            self.dates(format!("phase {:?}", phase.id), phase.from, phase.until, true);
        }
        for target in &p.targets {
            self.clause(format_args!("target {:?}", target.code), &target.clause);
            let one = target.minimum.is_some() != target.exceeds.is_some();
            if !one || target.maximum.is_some_and(|m| m < target.goal()) {
                self.defects.push(Defect::TargetFigures(target.code.clone()));
            }
        }
        for share in &p.shares {
            self.clause("share", &share.clause);
        }
        for coverage in &p.coverage {
            let place = format!("coverage {:?}", coverage.family);
            self.clause(&place, &coverage.clause);
            let family = kernel::family(&coverage.family).is_none().then_some(&coverage.family);
            let is_foreign = |code: &&String| kernel::sub_item(code).is_none_or(|s| s.family != coverage.family);
            for code in family.into_iter().chain(coverage.sub_items.iter().filter(is_foreign)) {
                self.defects.push(Defect::UnknownTaxonomy { place: place.clone(), code: code.clone() });
            }
        }
        for route in &p.routes {
            self.clause(format_args!("route {:?}", route.id), &route.clause);
            let kinds: BTreeSet<_> = route.stages.iter().map(|s| s.stage).collect();
            let approved = route.stages.iter().all(|s| s.approvers > 0);
            if route.stages.is_empty() || kinds.len() < route.stages.len() || !approved {
                self.defects.push(Defect::RouteStages(route.id.clone()));
            }
        }
    }

    fn values(&mut self) {
        let p = self.programme;
        let mut by_name: BTreeMap<&str, Vec<&DatedValue>> = BTreeMap::new();
        for value in &p.values {
            self.clause(format_args!("value {:?}", value.name), &value.clause);
            self.unit("value", &value.name);
            if p.fact(&value.name).is_some() {
                self.defects.push(Defect::NameTaken { place: "value".to_owned(), name: value.name.clone() });
            }
            if let Some(until) = value.until {
                self.dates(format!("value {:?}", value.name), value.from, until, false);
            }
            by_name.entry(&value.name).or_default().push(value);
        }
        for (name, mut entries) in by_name {
            entries.sort_by_key(|v| v.from);
            for pair in entries.windows(2) {
                let meets = pair[0].until.is_some_and(|until| until >= pair[1].from);
                if meets || pair[0].from == pair[1].from {
                    self.defects.push(Defect::ValueOverlap { name: name.to_owned(), on: pair[1].from });
                }
            }
        }
    }

    fn unit(&mut self, place: &str, name: &str) {
        if !name.rsplit_once('_').is_some_and(|(_, unit)| UNITS.contains(&unit)) {
            self.defects.push(Defect::NameWithoutUnit { place: place.to_owned(), name: name.to_owned() });
        }
    }

    fn instrument(&mut self, instrument: &Instrument) {
        let place = format!("instrument {:?}", instrument.id);
        self.clause(&place, &instrument.clause);
        if self.programme.route(&instrument.route).is_none() {
            let (instrument, route) = (instrument.id.clone(), instrument.route.clone());
            self.defects.push(Defect::UnknownRoute { instrument, route });
        }
        for window in &instrument.windows {
            self.dates(format!("{place}, window"), window.from, window.until, true);
        }
        self.unique("batch field", instrument.batch_fields.iter().map(|f| &f.name));
        for field in &instrument.batch_fields {
            let place = format!("{place}, batch {:?}", field.name);
            self.clause(&place, &field.clause);
            self.unit(&place, &field.name);
            if field.minimum > field.maximum {
                self.defects.push(Defect::Bounds { place, minimum: field.minimum, maximum: field.maximum });
            }
        }
        self.rule(&format!("{place}, award"), instrument, &instrument.award);
        if let Some(settlement) = &instrument.settlement {
            let place = format!("{place}, settlement");
            if settlement.caps.iter().any(|c| c.optional) {
                let detail =
                    "a cap of a settlement cannot be optional: money never moves past a limit that is not known";
                self.defects.push(Defect::Rule { place: place.clone(), detail });
            }
            self.rule(&place, instrument, settlement);
        }
    }

    /// Checks a rule's clauses and names, then tries every expression on two sets of sample facts.
    fn rule(&mut self, place: &str, instrument: &Instrument, rule: &Rule) {
        if rule.steps.is_empty() || rule.steps.iter().any(|s| s.optional) {
            let detail = "needs at least one step, and no step is optional";
            self.defects.push(Defect::Rule { place: place.to_owned(), detail });
        }
        if let Some(until) = &rule.until {
            self.clause(place, &until.clause);
            self.dates(place.to_owned(), self.programme.period.from, until.day, false);
        }
        self.unique("condition", rule.conditions.iter().map(|c| &c.id));
        let mut scopes = [0, 1].map(|which| self.sample_scope(instrument, which));
        for condition in &rule.conditions {
            let place = format!("{place}, condition {:?}", condition.id);
            self.clause(&place, &condition.clause);
            self.expression(&place, &condition.when, &scopes, |e, scope| e.truth(scope).map(|_| ()));
        }
        for computation in rule.steps.iter().chain(&rule.caps) {
            let place = format!("{place}, {:?}", computation.name);
            self.clause(&place, &computation.clause);
            self.unit(&place, &computation.name);
            self.expression(&place, &computation.expression, &scopes, |e, scope| e.number(scope).map(|_| ()));
            for scope in &mut scopes {
                let value = computation.expression.number(scope).unwrap_or(1);
                if scope.insert(computation.name.clone(), Scalar::Int(value)).is_some() {
                    self.defects.push(Defect::NameTaken { place: place.clone(), name: computation.name.clone() });
                    break;
                }
            }
        }
    }

    fn sample_scope(&self, instrument: &Instrument, which: usize) -> Scope {
        let p = self.programme;
        let mut scope = p.evidence_scope();
        scope.insert("as_of".to_owned(), Scalar::Text(p.period.from.to_string()));
        for fact in crate::facts::standard_facts().iter().chain(&p.facts) {
            scope.insert(fact.name.clone(), fact.kind.samples()[which].clone());
        }
        scope.extend(p.values.iter().map(|v| (v.name.clone(), Scalar::Int(v.value))));
        for field in &instrument.batch_fields {
            let bound = if which == 0 { field.minimum } else { field.maximum };
            scope.insert(format!("batch.{}", field.name), Scalar::Int(bound));
        }
        scope
    }

    fn expression(
        &mut self,
        place: &str,
        expression: &Expression,
        scopes: &[Scope],
        attempt: impl Fn(&Expression, &Scope) -> Result<(), EvalError>,
    ) {
        let unknown: Vec<&String> = expression.references().iter().filter(|n| !scopes[0].contains_key(*n)).collect();
        for name in &unknown {
            self.defects.push(Defect::UnknownName { place: place.to_owned(), name: (*name).clone() });
        }
        if !unknown.is_empty() {
            return;
        }
        // What depends on the numbers (beyond 64 bits, a division by zero) is answered when it is decided.
        let failed = scopes.iter().find_map(|scope| match attempt(expression, scope) {
            Ok(()) | Err(EvalError::Arithmetic { .. }) => None,
            Err(error) => Some(error.to_string()),
        });
        if let Some(detail) = failed {
            self.defects.push(Defect::Expression { place: place.to_owned(), detail });
        }
    }
}
