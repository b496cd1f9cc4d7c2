//! Rules compiled once against a header: columns become numbers, equal checks are shared, references are resolved.

use std::collections::{BTreeMap, HashMap};

use kernel::Text;

use crate::batch::Kind;
use crate::checks::{Check, Pair, Test};
use crate::model::{Keyword, ModelError, ModelRule, RuleModel};
use crate::profile::Profile;
use crate::report::Severity;

/// A column that is read.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub name: String,
    /// Its place in the file; `None` when absent.
    pub at: Option<usize>,
    pub kind: Kind,
}

/// One shared check.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    And(Vec<usize>),
    Or(Vec<usize>),
    One { col: usize, test: Test },
    Two { a: usize, b: usize, test: Pair },
    Product { a: usize, b: usize, result: usize },
}

/// A rule that runs on rows.
#[derive(Clone, Debug)]
pub(crate) struct RowRule {
    pub id: String,
    pub column: usize,
    pub condition: usize,
    pub requirement: usize,
    pub severity: Severity,
}

/// A rule that runs on the whole dataset.
#[derive(Clone, Debug)]
pub(crate) struct DistinctRule {
    pub id: String,
    pub condition: usize,
    pub a: usize,
    pub b: usize,
    pub count: u64,
    pub severity: Severity,
}

/// Where a rule stands before any row is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Runs; its breaches are counted.
    Runs,
    /// The column is there, or not.
    Presence(bool),
    /// Holds if its parts do.
    Composite(Vec<String>),
    /// One of the alternatives of another rule; judged there.
    AlternativeOf(String),
    /// A permission; cannot be breached.
    Permission,
    /// Its criteria do not hold for the source.
    NotApplicable,
    /// Cannot be decided, and why.
    Undecided(Text),
}

/// What a report says of a rule.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    pub column: String,
    pub message: Text,
    pub citation: String,
    pub severity: Severity,
    pub allowed_because: Option<Text>,
}

/// The compiled rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub columns: Vec<Column>,
    pub nodes: Vec<Node>,
    pub row_rules: Vec<RowRule>,
    pub distinct_rules: Vec<DistinctRule>,
    pub standings: BTreeMap<String, Standing>,
    pub words: BTreeMap<String, Words>,
}

impl Plan {
    /// Compiles `model` for a file with this header; `roles` are columns that are read in any case.
    pub(crate) fn compile(
        model: &RuleModel,
        header: &[String],
        profile: &Profile,
        roles: &[&str],
    ) -> Result<Plan, ModelError> {
        let mut compiler =
            Compiler { header, profile, plan: Plan::default(), shared: HashMap::new(), family: Family::of(model)? };
        for role in roles {
            compiler.column(role);
        }
        for (id, rule) in &model.model_rules {
            let standing = compiler.rule(id, rule);
            compiler.plan.standings.insert(id.clone(), standing);
            compiler.plan.words.insert(id.clone(), words(id, rule, profile));
        }
        Ok(compiler.plan)
    }

    /// The number of a column that is read.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }
}

fn severity(id: &str, keyword: Keyword, profile: &Profile) -> Severity {
    match keyword {
        _ if profile.allows(id).is_some() => Severity::AllowedByProfile,
        Keyword::Must | Keyword::MustNot => Severity::Rejected,
        _ => Severity::Warning,
    }
}

fn words(id: &str, rule: &ModelRule, profile: &Profile) -> Words {
    let criteria = &rule.validation_criteria;
    let zh = if criteria.must_satisfy_zh.is_empty() { &criteria.must_satisfy } else { &criteria.must_satisfy_zh };
    let citation = match rule.specification.as_str() {
        "" => format!("FOCUS 1.2, {}, {id}", rule.reference),
        cited => cited.to_owned(),
    };
    Words {
        column: rule.reference.clone(),
        message: Text::new(zh, &criteria.must_satisfy),
        citation,
        severity: severity(id, criteria.keyword, profile),
        allowed_because: profile.allows(id).cloned(),
    }
}

/// Requirements, conditions and who refers to whom, read once.
struct Family {
    requirements: HashMap<String, Check>,
    conditions: HashMap<String, Check>,
    criteria: HashMap<String, Vec<String>>,
    /// Rule → the composites that list it, and whether as one of alternatives.
    parents: HashMap<String, Vec<(String, bool)>>,
}

impl Family {
    fn of(model: &RuleModel) -> Result<Family, ModelError> {
        let mut family = Family {
            requirements: HashMap::new(),
            conditions: HashMap::new(),
            criteria: HashMap::new(),
            parents: HashMap::new(),
        };
        for (id, rule) in &model.model_rules {
            let named = |source| ModelError::Check { rule: id.clone(), source };
            let requirement = rule.requirement().map_err(named)?;
            let alternatives = matches!(requirement, Check::Or(_));
            requirement.each(&mut |c| {
                if let Check::Rule(child) = c {
                    family.parents.entry(child.clone()).or_default().push((id.clone(), alternatives));
                }
            });
            family.requirements.insert(id.clone(), requirement);
            family.conditions.insert(id.clone(), rule.condition().map_err(named)?);
            family.criteria.insert(id.clone(), rule.applicability_criteria.clone());
        }
        Ok(family)
    }

    /// The rule's own condition, under that of the composites it stands in. `depth` guards against circles.
    fn condition(&self, id: &str, depth: usize) -> Check {
        let own = self.conditions.get(id).cloned().unwrap_or(Check::And(vec![]));
        let all = Check::And(vec![]);
        let parents = self.parents.get(id).map_or(&[][..], Vec::as_slice);
        let inherited: Vec<Check> =
            if depth > 8 { vec![] } else { parents.iter().map(|(p, _)| self.condition(p, depth + 1)).collect() };
        match (own == all, inherited.is_empty() || inherited.contains(&all)) {
            (_, true) => own,
            (true, false) => Check::Or(inherited),
            (false, false) => Check::And(vec![own, Check::Or(inherited)]),
        }
    }

    fn applies(&self, id: &str, profile: &Profile, depth: usize) -> bool {
        let own = self.criteria.get(id).is_none_or(|c| profile.supports_all(c));
        let parents = self.parents.get(id).map_or(&[][..], Vec::as_slice);
        own && (parents.is_empty() || depth > 8 || parents.iter().any(|(p, _)| self.applies(p, profile, depth + 1)))
    }
}

struct Compiler<'a> {
    header: &'a [String],
    profile: &'a Profile,
    plan: Plan,
    shared: HashMap<Node, usize>,
    family: Family,
}

impl Compiler<'_> {
    fn column(&mut self, name: &str) -> usize {
        if let Some(known) = self.plan.column(name) {
            return known;
        }
        let at = self.header.iter().position(|h| h == name);
        self.plan.columns.push(Column { name: name.to_owned(), at, kind: Kind::of(name) });
        self.plan.columns.len() - 1
    }

    fn node(&mut self, node: Node) -> usize {
        if let Some(&known) = self.shared.get(&node) {
            return known;
        }
        self.plan.nodes.push(node.clone());
        self.shared.insert(node, self.plan.nodes.len() - 1);
        self.plan.nodes.len() - 1
    }

    fn check(&mut self, check: &Check) -> usize {
        let node = match check {
            Check::And(items) => Node::And(items.iter().map(|i| self.check(i)).collect()),
            Check::Or(items) => Node::Or(items.iter().map(|i| self.check(i)).collect()),
            Check::Rule(id) => {
                let inner = self.family.requirements[id].clone();
                return self.check(&inner);
            }
            Check::One { column, test } => Node::One { col: self.column(column), test: test.clone() },
            Check::Two { a, b, test } => Node::Two { a: self.column(a), b: self.column(b), test: *test },
            Check::Product { a, b, result } => {
                Node::Product { a: self.column(a), b: self.column(b), result: self.column(result) }
            }
            // Neither occurs inside a group in the published model; both are judged at the top of a rule.
            Check::ColumnPresent(column) => {
                if self.header.contains(column) {
                    Node::And(vec![])
                } else {
                    Node::Or(vec![])
                }
            }
            Check::DistinctCount { .. } => Node::And(vec![]),
        };
        self.node(node)
    }

    fn rule(&mut self, id: &str, rule: &ModelRule) -> Standing {
        let requirement = self.family.requirements[id].clone();
        if rule.status != "Active" || !self.family.applies(id, self.profile, 0) {
            return Standing::NotApplicable;
        }
        if rule.kind == "Dynamic" {
            return Standing::Undecided(Text::new(
                "单凭账单数据无法判定（动态规则）",
                "cannot be decided from the bill's data alone (dynamic rule)",
            ));
        }
        if let Check::ColumnPresent(column) = &requirement {
            return Standing::Presence(self.header.contains(column));
        }
        if let Check::And(items) = &requirement
            && items.iter().all(|i| matches!(i, Check::Rule(_)))
        {
            let parts = items.iter().filter_map(|i| if let Check::Rule(r) = i { Some(r.clone()) } else { None });
            return Standing::Composite(parts.collect());
        }
        if rule.validation_criteria.keyword == Keyword::May {
            return Standing::Permission;
        }
        if let Some((parent, _)) =
            self.family.parents.get(id).filter(|p| p.iter().all(|(_, or)| *or)).and_then(|p| p.first())
        {
            return Standing::AlternativeOf(parent.clone());
        }
        if let Some(absent) = self.columns_of(&requirement).into_iter().find(|c| !self.header.contains(c)) {
            return Standing::Undecided(Text::new(
                format!("文件中没有 {absent} 列"),
                format!("the file has no column {absent}"),
            ));
        }
        self.runs(id, rule, &requirement);
        Standing::Runs
    }

    /// Columns of a requirement, those of alternatives referred to included.
    fn columns_of(&self, check: &Check) -> Vec<String> {
        let mut all = check.columns();
        check.each(&mut |c| {
            if let Check::Rule(id) = c {
                all.extend(self.family.requirements[id].columns());
            }
        });
        all
    }

    fn runs(&mut self, id: &str, rule: &ModelRule, requirement: &Check) {
        let condition = self.family.condition(id, 0);
        let condition = self.check(&condition);
        let severity = severity(id, rule.validation_criteria.keyword, self.profile);
        if let Check::DistinctCount { a, b, count } = requirement {
            let (a, b) = (self.column(a), self.column(b));
            // It shows only when the rows before have been accepted, so it cannot reject one.
            let severity = if severity == Severity::Rejected { Severity::Warning } else { severity };
            self.plan.distinct_rules.push(DistinctRule { id: id.to_owned(), condition, a, b, count: *count, severity });
            return;
        }
        let first = self.columns_of(requirement);
        let name = if first.contains(&rule.reference) { rule.reference.clone() } else { first[0].clone() };
        let column = self.column(&name);
        let requirement = self.check(requirement);
        self.plan.row_rules.push(RowRule { id: id.to_owned(), column, condition, requirement, severity });
    }
}
