//! Keeps the language a person reads in.

use kernel::{Action, Lang};
use store::Cx;

use super::own;
use crate::store::accounts as sql;

store::refusals! {
    /// Why the language is not kept.
    pub enum SetLangError {}
}

/// Keeps it for the account.
pub async fn run(cx: &mut Cx, lang: Lang) -> Result<(), SetLangError> {
    let actor = cx.actor.clone();
    if !cx.permits(Action::ManageOwnAccount, &own(&actor)) {
        return Err(SetLangError::Forbidden);
    }
    let account = sql::by_id(cx, &actor.user_id).await?.ok_or(SetLangError::NotFound)?;
    sql::set_lang(cx, &account.id, lang).await?;
    cx.journal("orgs.set_lang", &format!("account/{}", account.id), &account.lang, &lang).await?;
    Ok(())
}
