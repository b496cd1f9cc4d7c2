//! Signs out: the session ends on the server, whatever the browser keeps.

use kernel::Action;
use serde_json::json;
use store::Cx;

use super::own;
use crate::secrets::sha256_hex;
use crate::store::accounts as sql;

store::refusals! {
    /// Why someone is not signed out.
    pub enum SignOutError {}
}

/// Ends the session of this token; ending one that has ended is no fault.
pub async fn run(cx: &mut Cx, token: String) -> Result<(), SignOutError> {
    let actor = cx.actor.clone();
    if !cx.permits(Action::ManageOwnAccount, &own(&actor)) {
        return Err(SignOutError::Forbidden);
    }
    let ended = sql::delete_session(cx, &sha256_hex(&token)).await?;
    cx.journal("orgs.sign_out", &format!("account/{}", actor.user_id), &(), &json!({ "ended": ended })).await?;
    Ok(())
}
