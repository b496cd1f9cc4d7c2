//! The officers' list of organisations: in order of name, by district, industry, kind and beginning of the name.

use kernel::{Action, Role, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Org, OrgKind};
use crate::store as sql;

/// Rows of one page at most.
pub const LIMIT_MAX: u32 = 1_000;

/// Which organisations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrgFilter {
    /// Only of this kind.
    pub kind: Option<OrgKind>,
    /// Only in this district. A district officer always sees their own only.
    pub district: Option<String>,
    /// Only in this industry division.
    pub industry: Option<String>,
    /// Names that begin so.
    pub name_prefix: Option<String>,
    /// From [`OrgPage::next`].
    pub after: Option<String>,
    /// Rows of a page.
    pub limit: u32,
}

/// One page.
#[derive(Clone, Debug, Serialize)]
pub struct OrgPage {
    /// In order of name.
    pub items: Vec<Org>,
    /// The cursor of the next page; none at the end.
    pub next: Option<String>,
}

store::refusals! {
    /// Why the list is not shown.
    pub enum ListOrgsError {
        /// Not a cursor of this list.
        CursorWrong {} = 422, "cursor-wrong", zh "翻页标记无效，请从第一页重新开始。", en "This is not a cursor of this list; begin at the first page.";
    }
}

/// One page of the list.
pub async fn run(cx: &mut Cx, filter: OrgFilter) -> Result<OrgPage, ListOrgsError> {
    if !cx.permits(Action::ListOrgs, &Subject::none()) {
        return Err(ListOrgsError::Forbidden);
    }
    let district = match cx.actor.role {
        Role::DistrictOfficer => Some(cx.actor.district.clone().ok_or(ListOrgsError::Forbidden)?),
        _ => filter.district.filter(|d| !d.is_empty()),
    };
    let after = match filter.after.filter(|c| !c.is_empty()) {
        Some(cursor) => Some(read_cursor(&cursor).ok_or(ListOrgsError::CursorWrong {})?),
        None => None,
    };
    let limit = filter.limit.clamp(1, LIMIT_MAX);
    let query = sql::ListQuery {
        kind: filter.kind.map(OrgKind::code),
        district,
        industry: filter.industry.filter(|i| !i.is_empty()),
        name_prefix: filter.name_prefix.map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()),
        after,
        limit: limit + 1,
    };
    let mut items = sql::list(cx, &query).await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|o| format!("{}.{}", sql::name_key(&o.name), o.id));
    Ok(OrgPage { items, next })
}

fn read_cursor(cursor: &str) -> Option<(String, String)> {
    let (key, id) = cursor.split_once('.')?;
    let is_key = key.bytes().all(|b| b.is_ascii_hexdigit());
    is_key.then(|| (key.to_owned(), id.to_owned()))
}
