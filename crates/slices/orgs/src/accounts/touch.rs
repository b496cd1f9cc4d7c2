//! Notes that a session or an API token was used. Spawned beside the request, so that reading pages never waits for it.

use serde_json::json;
use store::{Cx, StoreError};

use crate::store::accounts as sql;

/// What was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touch {
    /// A session.
    Session {
        /// Its key.
        token_sha256: String,
    },
    /// An API token.
    ApiToken {
        /// `tok_…`
        id: String,
    },
}

/// Moves the time of last use forward. It needs no permission: holding the session or the token is one.
pub async fn run(cx: &mut Cx, touch: Touch) -> Result<(), StoreError> {
    let (touched, object) = match &touch {
        Touch::Session { token_sha256 } => (sql::touch_session(cx, token_sha256).await?, "session".to_owned()),
        Touch::ApiToken { id } => (sql::touch_api_token(cx, id).await?, format!("token/{id}")),
    };
    let account = format!("account/{}", cx.actor.user_id);
    cx.journal("orgs.touch", &account, &(), &json!({ "used": object, "touched": touched })).await
}
