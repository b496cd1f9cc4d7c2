//! Finding organisations and replaying their facts, for the other slices. These ask no permission: the use case that
//! calls them has.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::Uscc;
use store::{Cx, StoreError};

use crate::model::{FactRow, Facts, Org, StatedFacts, replay};
use crate::store as sql;

/// The organisation with this id.
pub async fn find(cx: &mut Cx, org_id: &str) -> Result<Option<Org>, StoreError> {
    sql::org_by_id(cx, org_id).await
}

/// The organisation with this credit code.
pub async fn find_by_uscc(cx: &mut Cx, uscc: &Uscc) -> Result<Option<Org>, StoreError> {
    sql::org_by_uscc(cx, uscc).await
}

/// What holds of an organisation on `date`, by all that is known now. An unknown organisation is a fault.
pub async fn facts_at(cx: &mut Cx, org_id: &str, date: Date) -> Result<Facts, StoreError> {
    facts_as_known(cx, org_id, date, None).await
}

/// What held on `date` by what had been stated until `known_at` (OR-3): a decision of that instant replays from it.
pub async fn facts_as_known(
    cx: &mut Cx,
    org_id: &str,
    date: Date,
    known_at: Option<Timestamp>,
) -> Result<Facts, StoreError> {
    let org = find(cx, org_id).await?.ok_or_else(|| StoreError::Missing(format!("organisation {org_id}")))?;
    let rows = sql::facts(cx, org_id).await?;
    Ok(Facts::derive(org.uscc, org.kind, replayed(org_id, &rows, date, known_at)?))
}

pub(crate) fn replayed(
    org_id: &str,
    rows: &[FactRow],
    date: Date,
    known_at: Option<Timestamp>,
) -> Result<StatedFacts, StoreError> {
    replay(rows, date, known_at).map_err(|source| StoreError::Json { what: format!("facts of {org_id}"), source })
}

/// Brings what lists show to what the facts say today.
pub(crate) async fn refresh_current(cx: &mut Cx, org_id: &str) -> Result<(), StoreError> {
    let today = cx.today();
    let rows = sql::facts(cx, org_id).await?;
    let facts = facts_at(cx, org_id, today).await?;
    let next = rows.iter().map(|r| r.valid_from).filter(|d| *d > today).min();
    let size = facts.size.map(kernel::SizeClass::code);
    sql::set_current(cx, org_id, facts.district.as_deref(), facts.industry.as_deref(), size, next).await
}
