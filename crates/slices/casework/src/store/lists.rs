//! The work list and its counts, and an enterprise's own applications. Pages go by keyset, never by offset.

use jiff::civil::Date;
use store::{Cx, Param, Row, StoreError, params};

use super::cases::{Case, NOTHING_DUE};
use super::code;
use crate::model::State;

/// What the work list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkFilter {
    /// Only cases in this state; without one, every case that is open and handed in.
    pub state: Option<State>,
    /// Only cases past their deadline.
    pub overdue: bool,
    /// Only this district.
    pub district: Option<String>,
    /// Only this instrument.
    pub instrument_id: Option<String>,
    /// After this `(due_on, id)`: the cursor.
    pub after: Option<(String, String)>,
}

/// One page of the work list, soonest deadline first.
pub(crate) async fn work_list(
    cx: &mut Cx,
    filter: &WorkFilter,
    today: Date,
    limit: u32,
) -> Result<Vec<Case>, StoreError> {
    let mut values: Vec<Param> = Vec::new();
    let mut wheres: Vec<String> = Vec::new();
    // Only placeholders are written into the text; what people typed travels as values.
    let mut bind = |value: Param| {
        values.push(value);
        format!("${}", values.len())
    };
    match filter.state {
        Some(state) => wheres.push(format!("state = {}", bind(state.code().into()))),
        None => wheres.push(format!("due_on < {}", bind(NOTHING_DUE.into()))),
    }
    if filter.overdue {
        wheres.push(format!("due_on < {}", bind(today.into())));
    }
    if let Some(district) = &filter.district {
        wheres.push(format!("district = {}", bind(district.into())));
    }
    if let Some(instrument) = &filter.instrument_id {
        wheres.push(format!("instrument_id = {}", bind(instrument.into())));
    }
    if let Some((due_on, id)) = &filter.after {
        wheres.push(format!("(due_on, id) > ({}, {})", bind(due_on.into()), bind(id.into())));
    }
    let limit = bind(limit.into());
    let sql = format!("SELECT * FROM casework_case WHERE {} ORDER BY due_on, id LIMIT {limit}", wheres.join(" AND "));
    let rows = cx.all(sql, values).await?;
    rows.iter().map(Case::from_row).collect()
}

/// The cursor that stands behind a case.
pub(crate) fn cursor_after(case: &Case) -> (String, String) {
    (case.due.map_or_else(|| NOTHING_DUE.to_owned(), |d| d.on.to_string()), case.id.clone())
}

/// How many cases stand in each state, in one district or in all; from the kept counts, so it costs the same at any
/// number of cases.
pub(crate) async fn counts(cx: &mut Cx, district: Option<&str>) -> Result<Vec<(State, i64)>, StoreError> {
    let sql = "SELECT state, CAST(SUM(cases) AS BIGINT) AS n FROM casework_count \
               WHERE ($1 IS NULL OR district = $1) GROUP BY state";
    let rows = cx.all(sql, params![district]).await?;
    rows.iter().map(|r: &Row| Ok((code(r, "state")?, r.get("n")?))).collect()
}

/// The same, counted from the cases themselves: CW-7 says that both agree.
pub(crate) async fn counts_from_cases(cx: &mut Cx) -> Result<Vec<(String, State, i64)>, StoreError> {
    let sql = "SELECT district, state, COUNT(*) AS n FROM casework_case GROUP BY district, state \
               ORDER BY district, state";
    let rows = cx.all(sql, vec![]).await?;
    rows.iter().map(|r| Ok((r.get("district")?, code(r, "state")?, r.get("n")?))).collect()
}

/// The kept counts, district by district, without the empty ones.
pub(crate) async fn counts_kept(cx: &mut Cx) -> Result<Vec<(String, State, i64)>, StoreError> {
    let sql = "SELECT district, state, cases AS n FROM casework_count WHERE cases <> 0 ORDER BY district, state";
    let rows = cx.all(sql, vec![]).await?;
    rows.iter().map(|r| Ok((r.get("district")?, code(r, "state")?, r.get("n")?))).collect()
}

/// Past their deadline, in one district or in all; counted up to `most`.
pub(crate) async fn overdue_count(
    cx: &mut Cx,
    district: Option<&str>,
    today: Date,
    most: u32,
) -> Result<i64, StoreError> {
    let (sql, values) = match district {
        Some(d) => (
            "SELECT COUNT(*) AS n FROM (SELECT id FROM casework_case WHERE district = $3 AND due_on < $1 LIMIT $2) t",
            params![today, most, d],
        ),
        None => (
            "SELECT COUNT(*) AS n FROM (SELECT id FROM casework_case WHERE due_on < $1 LIMIT $2) t",
            params![today, most],
        ),
    };
    cx.one(sql, values).await?.get("n")
}

/// Cases returned for correction whose time is over.
pub(crate) async fn corrections_overdue(cx: &mut Cx, today: Date, limit: u32) -> Result<Vec<Case>, StoreError> {
    let sql = "SELECT * FROM casework_case WHERE state = 'returned' AND due_on < $1 ORDER BY due_on, id LIMIT $2";
    let rows = cx.all(sql, params![today, limit]).await?;
    rows.iter().map(Case::from_row).collect()
}

/// An enterprise's own applications, newest first, before the cursor `id`.
pub(crate) async fn cases_of_org(
    cx: &mut Cx,
    org: &str,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<Case>, StoreError> {
    let sql = "SELECT * FROM casework_case WHERE org_id = $1 AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";
    let rows = cx.all(sql, params![org, before, limit]).await?;
    rows.iter().map(Case::from_row).collect()
}

/// Providers that the catalogue lists: id and name, at most 500.
pub(crate) async fn listed_providers(cx: &mut Cx) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT o.org_id, o.name FROM pub_catalogue_listing l JOIN pub_orgs_org o ON o.org_id = l.provider_id \
               WHERE l.state = 'listed' ORDER BY o.name, o.org_id LIMIT 500";
    let rows = cx.all(sql, vec![]).await?;
    rows.iter().map(|r| Ok((r.get("org_id")?, r.get("name")?))).collect()
}

/// The voucher that came of a case, by the public view of `vouchers`: id and number.
pub(crate) async fn voucher_of(cx: &mut Cx, case: &str) -> Result<Option<(String, String)>, StoreError> {
    let sql = "SELECT voucher_id, number FROM pub_vouchers_voucher WHERE case_id = $1";
    cx.opt(sql, params![case]).await?.map(|r| Ok((r.get("voucher_id")?, r.get("number")?))).transpose()
}
