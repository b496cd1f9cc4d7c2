//! States facts of an organisation from a day on. Nothing is overwritten: a correction is a later statement.

use jiff::civil::Date;
use kernel::{Action, Subject};
use serde_json::Value;
use store::Cx;

use crate::facts::{facts_at, find, refresh_current};
use crate::model::{Facts, Org, Problem, StatedFacts, joined};
use crate::store as sql;

/// Facts may be stated so many days ahead at most.
pub const AHEAD_DAYS_MAX: i32 = 366;

/// What is stated.
#[derive(Clone, Debug)]
pub struct StateFacts {
    /// Of which organisation.
    pub org_id: String,
    /// From which day on it holds.
    pub valid_from: Date,
    /// The facts.
    pub facts: StatedFacts,
}

store::refusals! {
    /// Why facts are not taken.
    pub enum StateFactsError {
        /// Nothing is said.
        NothingStated {} = 422, "nothing-stated",
            zh "没有填写任何内容。请至少填写一项。", en "Nothing was stated. Fill in at least one field.";
        /// The values cannot be.
        FactsWrong { zh: String, en: String, problems: Vec<Problem> } = 422, "facts-wrong", zh "{zh}", en "{en}";
        /// Some facts are recorded by officers only.
        OfficersOnly {} = 403, "fact-officers-only",
            zh "失信记录和服务商身份由主管部门登记，企业不能自行填写。",
            en "A dishonesty record and provider status are recorded by officers; an organisation cannot state them itself.";
        /// Too far ahead.
        TooFarAhead { from: Date, latest: Date } = 422, "valid-from-too-far", field "valid_from",
            zh "生效日期 {from} 过远，最晚可填 {latest}。", en "{from} is too far ahead; the latest day is {latest}.";
    }
}

/// States facts (OR-2); answers what holds today.
pub async fn run(cx: &mut Cx, cmd: StateFacts) -> Result<Facts, StateFactsError> {
    let org = find(cx, &cmd.org_id).await?.ok_or(StateFactsError::NotFound)?;
    let subject = subject_of(&org);
    let is_officer = cx.permits(Action::ImportOrgs, &subject);
    if !is_officer && !cx.permits(Action::StateFacts, &subject) {
        return Err(StateFactsError::Forbidden);
    }
    if cmd.facts.needs_officer() && !is_officer {
        return Err(StateFactsError::OfficersOnly {});
    }
    let values = cmd.facts.values();
    if values.is_empty() {
        return Err(StateFactsError::NothingStated {});
    }
    check_day(cx.today(), cmd.valid_from)?;
    let problems = cmd.facts.problems(cx.today());
    if !problems.is_empty() {
        let (zh, en) = joined(&problems);
        return Err(StateFactsError::FactsWrong { zh, en, problems });
    }
    let before = facts_at(cx, &org.id, cmd.valid_from).await?;
    store_facts(cx, &org.id, cmd.valid_from, &values).await?;
    let after = serde_json::json!({ "valid_from": cmd.valid_from, "stated": cmd.facts.values().into_iter().collect::<serde_json::Map<_, _>>() });
    cx.journal("orgs.state_facts", &format!("org/{}", org.id), &before, &after).await?;
    let today = cx.today();
    Ok(facts_at(cx, &org.id, today).await?)
}

fn check_day(today: Date, valid_from: Date) -> Result<(), StateFactsError> {
    let latest = today.checked_add(jiff::Span::new().days(AHEAD_DAYS_MAX)).unwrap_or(Date::MAX);
    if valid_from > latest {
        return Err(StateFactsError::TooFarAhead { from: valid_from, latest });
    }
    Ok(())
}

/// Keeps the statements and what lists show of them.
async fn store_facts(
    cx: &mut Cx,
    org_id: &str,
    valid_from: Date,
    values: &[(String, Value)],
) -> Result<(), store::StoreError> {
    let after = sql::last_fact_seq(cx, org_id).await?;
    sql::insert_facts(cx, org_id, after, valid_from, values).await?;
    refresh_current(cx, org_id).await
}

/// The organisation as the permission table sees it.
pub(crate) fn subject_of(org: &Org) -> Subject<'_> {
    Subject { orgs: [Some(&org.id), None], district: org.district.as_deref() }
}
