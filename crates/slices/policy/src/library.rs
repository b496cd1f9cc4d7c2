//! Programmes as other code wants them: read, checked, shared. Texts never change once published, so what was read
//! once is kept by the hash of its text for the life of the process.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use jiff::civil::Date;
use rules::Programme;
use store::{Cx, StoreError};

use crate::model::{State, Version, version_on};
use crate::store as sql;

/// Programmes by the SHA-256 of their text. There are few: one for each text that was ever shown or decided under.
static READ: LazyLock<RwLock<HashMap<String, Arc<Programme>>>> = LazyLock::new(RwLock::default);

/// The programme whose text has this hash. Text that does not have the hash it is stored under is a fault (PD-2).
pub async fn by_sha256(cx: &mut Cx, sha256: &str) -> Result<Arc<Programme>, StoreError> {
    let known = READ.read().unwrap_or_else(PoisonError::into_inner).get(sha256).cloned();
    if let Some(programme) = known {
        return Ok(programme);
    }
    let Some((toml, _)) = sql::texts(cx, sha256).await? else {
        return Err(StoreError::Missing(format!("programme text with hash {sha256}")));
    };
    let fault = |why: String| StoreError::Column { column: "policy_programme.toml".to_owned(), why };
    let programme = Programme::parse(&toml).map_err(|e| fault(e.to_string()))?;
    if programme.sha256 != sha256 {
        return Err(fault(format!("PD-2: the text has hash {}, stored under {sha256}", programme.sha256)));
    }
    let programme = Arc::new(programme);
    READ.write().unwrap_or_else(PoisonError::into_inner).insert(sha256.to_owned(), programme.clone());
    Ok(programme)
}

/// The current version of a programme: published, or ended and still being settled. Asks no permission: what is
/// published is public.
pub async fn published(cx: &mut Cx, programme_id: &str) -> Result<Option<Arc<Programme>>, StoreError> {
    let versions = sql::versions(cx, programme_id).await?;
    let current = versions.iter().find(|v| matches!(v.state, State::Published | State::Ended));
    match current {
        Some(version) => by_sha256(cx, &version.sha256).await.map(Some),
        None => Ok(None),
    }
}

/// Every published programme with its record, by id; ended ones are not among them.
pub async fn list_published(cx: &mut Cx) -> Result<Vec<(Version, Arc<Programme>)>, StoreError> {
    list(cx, State::Published).await
}

/// Every programme in a state.
pub(crate) async fn list(cx: &mut Cx, state: State) -> Result<Vec<(Version, Arc<Programme>)>, StoreError> {
    let mut out = Vec::new();
    for version in sql::in_state(cx, state.code()).await? {
        let programme = by_sha256(cx, &version.sha256).await?;
        out.push((version, programme));
    }
    Ok(out)
}

/// The version that applies on a day.
pub async fn on(cx: &mut Cx, programme_id: &str, on: Date) -> Result<Option<(Version, Arc<Programme>)>, StoreError> {
    let versions = sql::versions(cx, programme_id).await?;
    match version_on(&versions, on) {
        Some(version) => Ok(Some((version.clone(), by_sha256(cx, &version.sha256).await?))),
        None => Ok(None),
    }
}
