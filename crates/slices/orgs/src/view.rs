//! One organisation as a person may see it: its record, what holds today, the history of its facts, its accounts.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::Action;
use serde::Serialize;
use store::Cx;

use crate::accounts::Account;
use crate::facts::{facts_as_known, find, replayed};
use crate::model::{FactRow, Facts, Org};
use crate::state_facts::subject_of;
use crate::store as sql;

/// What is seen.
#[derive(Clone, Debug, Serialize)]
pub struct OrgView {
    /// The record.
    pub org: Org,
    /// What holds today.
    pub facts: Facts,
    /// Every statement, newest first.
    pub history: Vec<FactRow>,
    /// Who acts for it.
    pub accounts: Vec<Account>,
}

store::refusals! {
    /// Why it is not shown.
    pub enum ViewOrgError {}
}

/// Shows it. To someone who may not see it, it is not there.
pub async fn run(cx: &mut Cx, org_id: String) -> Result<OrgView, ViewOrgError> {
    let org = find(cx, &org_id).await?.ok_or(ViewOrgError::NotFound)?;
    if !cx.permits(Action::ViewOrg, &subject_of(&org)) {
        return Err(ViewOrgError::NotFound);
    }
    let mut history = sql::facts(cx, &org.id).await?;
    let stated = replayed(&org.id, &history, cx.today(), None)?;
    let facts = Facts::derive(org.uscc.clone(), org.kind, stated);
    history.reverse();
    let accounts = sql::accounts::of_org(cx, &org.id).await?;
    Ok(OrgView { org, facts, history, accounts })
}

/// What held on a day, by what was known at an instant, to someone who may see the organisation.
pub async fn facts(
    cx: &mut Cx,
    org_id: String,
    date: Date,
    known_at: Option<Timestamp>,
) -> Result<Facts, ViewOrgError> {
    let org = find(cx, &org_id).await?.ok_or(ViewOrgError::NotFound)?;
    if !cx.permits(Action::ViewOrg, &subject_of(&org)) {
        return Err(ViewOrgError::NotFound);
    }
    Ok(facts_as_known(cx, &org_id, date, known_at).await?)
}
