//! One's own account, for its page and for `GET /api/v1/me`.

use kernel::Action;
use store::Cx;

use super::{Account, own};
use crate::store::accounts as sql;

store::refusals! {
    /// Why it is not shown.
    pub enum OwnAccountError {}
}

/// The account of the actor.
pub async fn run(cx: &mut Cx) -> Result<Account, OwnAccountError> {
    let actor = cx.actor.clone();
    if !cx.permits(Action::ManageOwnAccount, &own(&actor)) {
        return Err(OwnAccountError::Forbidden);
    }
    sql::by_id(cx, &actor.user_id).await?.ok_or(OwnAccountError::NotFound)
}
