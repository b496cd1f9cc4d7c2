//! From what was gathered to the report.

use std::collections::BTreeMap;

use kernel::Text;

use crate::import::Run;
use crate::plan::{Plan, Standing, Words};
use crate::profile::{PeriodEnd, Profile};
use crate::report::{Breach, Finding, Outcome, Report, Severity};
use crate::state::{Breached, State};
use crate::worker::{FIELDS, LENGTH, SPELLING, UTF8};

pub(crate) fn report(run: &mut Run<'_>, plan: &Plan, profile: &Profile) -> Report {
    let keep = run.options.findings_per_rule;
    let state = &mut run.state;
    let overflowed = distinct(plan, state, keep);
    presence(plan, state, keep);
    let state = &run.state;
    let mut breaches: Vec<Breach> = state.breaches.iter().map(|(id, b)| breach(id, b, plan)).collect();
    breaches.sort_by(|a, b| (a.severity, b.rows, &a.rule).cmp(&(b.severity, a.rows, &b.rule)));
    Report {
        profile: profile.id.clone(),
        format: run.format,
        rows: state.rows,
        bytes: run.bytes_done,
        outcomes: outcomes(plan, state, &overflowed),
        unknown_columns: run.header.unknown(plan, profile),
        hint: hint(state, profile),
        breaches,
    }
}

/// Judges the rules on the whole dataset; returns those that had too many values to follow.
fn distinct(plan: &Plan, state: &mut State, keep: usize) -> Vec<String> {
    let mut overflowed = vec![];
    for rule in &plan.distinct_rules {
        let Some(seen) = state.distincts.get(&rule.id) else { continue };
        if seen.overflowed {
            overflowed.push(rule.id.clone());
            continue;
        }
        let rows = seen.breaches(rule.count);
        if rows.is_empty() {
            continue;
        }
        let (a, b) = (&plan.columns[rule.a].name, &plan.columns[rule.b].name);
        let finding = |row: &u64| Finding {
            rule: rule.id.clone(),
            column: a.clone(),
            row: Some(*row),
            line: None,
            excerpt: format!("{a} × {b}"),
            severity: rule.severity,
        };
        let first = rows.iter().take(keep).map(finding).collect();
        state.breach(&rule.id, rule.severity, rows.len() as u64, first, keep);
    }
    overflowed
}

fn presence(plan: &Plan, state: &mut State, keep: usize) {
    for (id, standing) in &plan.standings {
        let words = &plan.words[id];
        if *standing != Standing::Presence(false) {
            continue;
        }
        // A missing column rejects no row: either the file was refused, or the caller wanted to see all else.
        let severity = if words.severity == Severity::Rejected { Severity::Warning } else { words.severity };
        let first = Finding {
            rule: id.clone(),
            column: words.column.clone(),
            row: None,
            line: None,
            excerpt: String::new(),
            severity,
        };
        state.breach(id, severity, 0, vec![first], keep);
    }
}

fn breach(id: &str, b: &Breached, plan: &Plan) -> Breach {
    let words = plan.words.get(id).cloned().unwrap_or_else(|| own_words(id, b.severity));
    Breach {
        rule: id.to_owned(),
        column: words.column,
        severity: b.severity,
        rows: b.rows,
        message: words.message,
        allowed_because: words.allowed_because,
        citation: words.citation,
        first: b.first.clone(),
    }
}

/// Words for what is found before any rule can run.
fn own_words(id: &str, severity: Severity) -> Words {
    let (column, message, citation) = match id {
        FIELDS => (
            "",
            Text::new("字段数与表头不一致。", "The row has another number of fields than the header."),
            "RFC 4180 §2.4",
        ),
        UTF8 => {
            ("", Text::new("内容不是有效的 UTF-8 文本。", "The row is not valid UTF-8."), "FOCUS 1.2, String Handling")
        }
        LENGTH => ("", Text::new("字段过长。", "A field is longer than the limit."), "Yunjin import limits"),
        SPELLING => (
            "",
            Text::new(
                "写法与规范不同，已按来源配置规范化。",
                "Spelled otherwise than specified; read as the profile states.",
            ),
            "FOCUS 1.2, String Handling",
        ),
        other => (other, Text::new(other, other), ""),
    };
    Words { column: column.to_owned(), message, citation: citation.to_owned(), severity, allowed_because: None }
}

fn outcomes(plan: &Plan, state: &State, overflowed: &[String]) -> BTreeMap<String, Outcome> {
    plan.standings.keys().map(|id| (id.clone(), outcome(id, plan, state, overflowed, 0))).collect()
}

fn outcome(id: &str, plan: &Plan, state: &State, overflowed: &[String], depth: usize) -> Outcome {
    match &plan.standings[id] {
        Standing::Runs if overflowed.iter().any(|o| o == id) => Outcome::NotEvaluated {
            why: Text::new("不同的取值过多，未能全部跟踪", "too many distinct values to follow"),
        },
        Standing::Runs => match state.breaches.get(id) {
            Some(b) => Outcome::Failed { rows: b.rows },
            None => Outcome::Passed,
        },
        Standing::Presence(true) => Outcome::Passed,
        Standing::Presence(false) => Outcome::Failed { rows: 0 },
        Standing::Permission => Outcome::Permission,
        Standing::NotApplicable => Outcome::NotApplicable,
        Standing::Undecided(why) => Outcome::NotEvaluated { why: why.clone() },
        Standing::AlternativeOf(parent) => Outcome::NotEvaluated {
            why: Text::new(
                format!("作为 {parent} 的备选项判定"),
                format!("judged as one of the alternatives of {parent}"),
            ),
        },
        Standing::Composite(_) if depth > 12 => Outcome::Failed { rows: 0 },
        Standing::Composite(parts) => {
            whole(parts.iter().map(|p| outcome(p, plan, state, overflowed, depth + 1)).collect())
        }
    }
}

/// A composite fails with any part, and has passed only as far as its parts could be decided.
fn whole(parts: Vec<Outcome>) -> Outcome {
    if parts.iter().any(|o| matches!(o, Outcome::Failed { .. })) {
        return Outcome::Failed { rows: 0 };
    }
    let undecided: usize = parts
        .iter()
        .map(|o| match o {
            Outcome::NotEvaluated { .. } => 1,
            Outcome::PassedInPart { undecided } => *undecided,
            _ => 0,
        })
        .sum();
    let decided = parts.iter().any(|o| matches!(o, Outcome::Passed | Outcome::PassedInPart { .. }));
    match (undecided, decided) {
        (0, true) => Outcome::Passed,
        (0, false) if parts.iter().all(|o| *o == Outcome::NotApplicable) => Outcome::NotApplicable,
        (0, false) => Outcome::Permission,
        (_, true) => Outcome::PassedInPart { undecided },
        (_, false) => Outcome::NotEvaluated {
            why: Text::new("所含规则均无法判定", "none of the rules it is made of could be decided"),
        },
    }
}

/// Rules of ours whose breach on most rows means that the file is of another source than declared.
pub(crate) const EXCLUSIVE_END: &str = "ChargePeriodEnd-Y-004-M";
pub(crate) const CURRENCY: &str = "BillingCurrency-Y-004-M";

fn hint(state: &State, profile: &Profile) -> Option<Text> {
    let most = |rule: &str| state.breaches.get(rule).is_some_and(|b| b.rows * 2 > state.rows.read);
    if most(EXCLUSIVE_END) && profile.period_end == PeriodEnd::Exclusive {
        return Some(Text::new(
            "大多数行的时段以 :59 结束，像是包含式的结束时间（如华为云导出）。请确认来源配置是否选对。",
            "Most periods end at :59, as from a source with inclusive ends (such as Huawei Cloud). Check that the right source is declared.",
        ));
    }
    if most(CURRENCY) {
        let accepted = profile.currencies.join(", ");
        return Some(Text::new(
            format!("大多数行的币种不是 {accepted}。请上传以 {accepted} 计价的账单。"),
            format!("Most rows are in another currency than {accepted}. Upload the bill in {accepted}."),
        ));
    }
    None
}
