//! Reading: claims, imports with their reports, statements and levels, each narrowed to what the reader may see.

use std::collections::BTreeMap;

use kernel::{Action, Fen, Role, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Assessed, BillImport, ClaimState, Correction, StatementRow};
use crate::record_device_days::DeviceDay;
use crate::store::accounts::{self, AccountFilter, AccountRow};
use crate::store::devices;
use crate::store::imports::{self, ImportFilter, ImportRow};
use crate::store::levels::{self, LevelFilter, LevelRow};
use crate::store::statements::{self, StatementFilter};

/// Rows of one page at most.
pub const LIMIT_MAX: u32 = 1_000;

/// Rows of a list as a file at most: what a spreadsheet still opens with ease.
pub const EXPORT_MAX: u32 = 100_000;

store::refusals! {
    /// Why something is not shown.
    pub enum ReadError {}
}

/// A page of a list and the cursor that leads on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page; none at the end.
    pub next: Option<String>,
}

fn limited(limit: u32) -> u32 {
    limit.clamp(1, EXPORT_MAX)
}

/// One more row than asked for was read; it tells whether there is a next page.
fn paged<T>(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Paged<T> {
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(cursor);
    Paged { items, next }
}

/// Whose records a reader sees: an enterprise's, a provider's, a district's; all `None`: every one's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Scope {
    enterprise_id: Option<String>,
    provider_id: Option<String>,
    district: Option<String>,
}

fn scope(cx: &Cx) -> Scope {
    let own = Some(cx.actor.org().to_owned());
    match cx.actor.role {
        Role::EnterpriseOwner | Role::EnterpriseMember => Scope { enterprise_id: own, ..Scope::default() },
        Role::Provider => Scope { provider_id: own, ..Scope::default() },
        Role::DistrictOfficer => {
            Scope { district: Some(cx.actor.district.clone().unwrap_or_default()), ..Scope::default() }
        }
        _ => Scope::default(),
    }
}

/// Claims of billing accounts; an officer of a district sees those of enterprises with an assessed order there.
pub async fn accounts(cx: &mut Cx, mut filter: AccountFilter) -> Result<Paged<AccountRow>, ReadError> {
    if !cx.permits(Action::ViewUsage, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let scope = scope(cx);
    filter.enterprise_id = scope.enterprise_id.or(filter.enterprise_id);
    filter.provider_id = scope.provider_id.or(filter.provider_id);
    filter.district = scope.district.or(filter.district);
    let limit = limited(filter.limit);
    filter.limit = limit + 1;
    Ok(paged(accounts::list(cx, &filter).await?, limit, |a| a.account.id.clone()))
}

/// One claim with its names. To someone who may not see it, it is not there.
pub async fn account(cx: &mut Cx, id: &str) -> Result<AccountRow, ReadError> {
    let row = accounts::row(cx, id).await?.ok_or(ReadError::NotFound)?;
    let subject = Subject::between(&row.account.enterprise_id, &row.account.provider_id, None);
    match cx.permits(Action::ViewUsage, &subject) {
        true => Ok(row),
        false => Err(ReadError::NotFound),
    }
}

/// Registered providers, for a form: id and name.
pub async fn providers(cx: &mut Cx) -> Result<Vec<(String, String)>, ReadError> {
    if !cx.permits(Action::ViewUsage, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    Ok(accounts::providers(cx).await?)
}

/// How many claims wait for this provider.
pub async fn claims_waiting(cx: &mut Cx) -> Result<usize, ReadError> {
    let filter = AccountFilter { state: Some(ClaimState::Claimed), limit: 100, ..AccountFilter::default() };
    Ok(accounts(cx, filter).await?.items.len())
}

/// Imports, newest first.
pub async fn imports(cx: &mut Cx, mut filter: ImportFilter) -> Result<Paged<ImportRow>, ReadError> {
    if !cx.permits(Action::ViewImports, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    filter.provider_id = scope(cx).provider_id.or(filter.provider_id);
    let limit = limited(filter.limit);
    filter.limit = limit + 1;
    Ok(paged(imports::list(cx, &filter).await?, limit, |i| i.import.id.clone()))
}

/// One import. To someone who may not see it, it is not there.
pub async fn import(cx: &mut Cx, id: &str) -> Result<BillImport, ReadError> {
    let import = imports::get(cx, id).await?.ok_or(ReadError::NotFound)?;
    match cx.permits(Action::ViewImports, &Subject::org(&import.provider_id)) {
        true => Ok(import),
        false => Err(ReadError::NotFound),
    }
}

/// What was found in an import's file; none while it is read, and where it could not be read.
pub async fn report(cx: &mut Cx, id: &str) -> Result<Option<focus::Report>, ReadError> {
    let import = import(cx, id).await?;
    Ok(imports::report(cx, &import.id).await?)
}

/// An import with all that is known of it.
#[derive(Clone, Debug)]
pub struct ImportView {
    /// The import.
    pub import: BillImport,
    /// What was found, when the file could be read.
    pub report: Option<focus::Report>,
    /// The first statements that it made.
    pub statements: Paged<StatementRow>,
    /// Net cost of the version before, by the id of the statement that took its place.
    pub before: BTreeMap<String, Fen>,
    /// Corrections that it raised.
    pub corrections: Vec<Correction>,
}

/// One import with its report, statements and corrections.
pub async fn import_view(cx: &mut Cx, id: &str, after: Option<String>) -> Result<ImportView, ReadError> {
    let import = import(cx, id).await?;
    let report = imports::report(cx, id).await?;
    let filter = StatementFilter { import_id: Some(id.to_owned()), after, limit: 101, ..StatementFilter::default() };
    let statements = paged(statements::list(cx, &filter).await?, 100, statements::cursor);
    let before = statements::net_before(cx, id).await?;
    let corrections = statements::corrections_of(cx, id).await?;
    Ok(ImportView { import, report, statements, before, corrections })
}

/// Statements, latest month first.
pub async fn statements(cx: &mut Cx, mut filter: StatementFilter) -> Result<Paged<StatementRow>, ReadError> {
    if !cx.permits(Action::ViewUsage, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let scope = scope(cx);
    filter.enterprise_id = scope.enterprise_id.or(filter.enterprise_id);
    filter.provider_id = scope.provider_id.or(filter.provider_id);
    filter.district = scope.district.or(filter.district);
    let limit = limited(filter.limit);
    filter.limit = limit + 1;
    Ok(paged(statements::list(cx, &filter).await?, limit, statements::cursor))
}

/// A statement with what stands around it.
#[derive(Clone, Debug)]
pub struct StatementView {
    /// The statement.
    pub statement: StatementRow,
    /// Its provider's name.
    pub provider_name: String,
    /// The number of the import that it came in, where the reader may see imports.
    pub import_number: Option<String>,
    /// The version that it took the place of.
    pub replaces: Option<String>,
    /// Settlements that rest on it: id and number.
    pub claims: Vec<(String, String)>,
}

/// One statement. To someone who may not see it, it is not there.
pub async fn statement(cx: &mut Cx, id: &str) -> Result<StatementRow, ReadError> {
    let row = statements::get(cx, id).await?.ok_or(ReadError::NotFound)?;
    let enterprise = row.enterprise_id.clone().unwrap_or_default();
    // An officer of a district sees the use of enterprises with an assessed order there, as in the list.
    let district = match (cx.actor.role, cx.actor.district.clone()) {
        (Role::DistrictOfficer, Some(here)) if levels::has_order_in(cx, &enterprise, &here).await? => Some(here),
        _ => None,
    };
    match cx.permits(Action::ViewUsage, &Subject::between(&enterprise, &row.provider_id, district.as_deref())) {
        true => Ok(row),
        false => Err(ReadError::NotFound),
    }
}

/// One statement with its import, its versions and the settlements that rest on it.
pub async fn statement_view(cx: &mut Cx, id: &str) -> Result<StatementView, ReadError> {
    let statement = statement(cx, id).await?;
    let import_number = match cx.permits(Action::ViewImports, &Subject::org(&statement.provider_id)) {
        true => imports::get(cx, &statement.import_id).await?.map(|i| i.number),
        false => None,
    };
    let replaces = statements::replaced_by(cx, id).await?;
    let claims = statements::settlements_on(cx, id).await?;
    let provider = orgs::find(cx, &statement.provider_id).await?;
    let provider_name = provider.map_or_else(|| statement.key.provider_name.clone(), |o| o.name);
    Ok(StatementView { statement, provider_name, import_number, replaces, claims })
}

/// Standing levels, by order.
pub async fn levels(cx: &mut Cx, mut filter: LevelFilter) -> Result<Paged<LevelRow>, ReadError> {
    if !cx.permits(Action::ViewUsage, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let scope = scope(cx);
    filter.enterprise_id = scope.enterprise_id.or(filter.enterprise_id);
    filter.provider_id = scope.provider_id.or(filter.provider_id);
    filter.district = scope.district.or(filter.district);
    let limit = limited(filter.limit);
    filter.limit = limit + 1;
    Ok(paged(levels::list(cx, &filter).await?, limit, |l| l.assessed.order_id.clone()))
}

/// How the level of an order came to be, newest first.
pub async fn level_history(cx: &mut Cx, order_id: &str) -> Result<Vec<Assessed>, ReadError> {
    let order = orders::order(cx, order_id).await?.ok_or(ReadError::NotFound)?;
    let subject = Subject::between(&order.enterprise_id, &order.provider_id, order.district.as_deref());
    if !cx.permits(Action::ViewUsage, &subject) {
        return Err(ReadError::NotFound);
    }
    Ok(levels::history(cx, order_id).await?)
}

/// The last days of devices that the reader may see, newest first, each with its enterprise's name. A provider sees none: what
/// a customer's machines do is not its affair.
pub async fn device_days(cx: &mut Cx, limit: u32) -> Result<Vec<(DeviceDay, String)>, ReadError> {
    if !cx.permits(Action::ViewUsage, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let scope = scope(cx);
    if scope.provider_id.is_some() {
        return Ok(Vec::new());
    }
    Ok(devices::days(cx, scope.enterprise_id, scope.district, limited(limit)).await?)
}
