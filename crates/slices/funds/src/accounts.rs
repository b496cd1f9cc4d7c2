//! Opening, closing and reading accounts, for this slice and the ones that use it.

use ledger::{Account, AccountKind, Limit};
use store::{Cx, StoreError};

use crate::{Balance, store as records};

/// Opens a root account unless it is open already. Journalled by the use case that needs it.
pub async fn open_account(cx: &mut Cx, id: &str, kind: AccountKind, limit: Limit) -> Result<(), StoreError> {
    open_under(cx, id, kind, limit, "").await
}

/// [`open_account`] at its place in the money tree: under the account that feeds it.
pub async fn open_under(
    cx: &mut Cx,
    id: &str,
    kind: AccountKind,
    limit: Limit,
    parent: &str,
) -> Result<(), StoreError> {
    let account = Account { limit, ..Account::new(id, kind, cx.now) };
    records::insert_account(cx, &account, parent).await
}

/// Closes an account or opens it again. A closed one takes and gives nothing; holds on it can still be voided.
pub async fn set_closed(cx: &mut Cx, id: &str, closed: bool) -> Result<(), StoreError> {
    records::set_closed(cx, id, closed).await
}

/// What stands on an account; `None` if there is none.
pub async fn balance(cx: &mut Cx, id: &str) -> Result<Option<Balance>, StoreError> {
    Ok(records::accounts(cx, &[id]).await?.first().map(|stored| Balance::of(&stored.account)))
}
