//! Imports a file of this machine from end to end: for the command line and the demo's replay.

use std::path::PathBuf;
use std::sync::Arc;

use kernel::Actor;
use store::{Db, Refusal, StoreError};

use super::begin::{self, Begin, BeginError};
use super::{Importing, work};
use crate::model::BillImport;
use crate::store::imports;

/// What is imported.
#[derive(Clone, Debug)]
pub struct FromPath {
    /// The file.
    pub path: PathBuf,
    /// Whose bill it is.
    pub provider_id: String,
    /// Which source profile it is declared to be of.
    pub profile: String,
}

/// Why it is not imported. A file that was read and refused is no error here: the import says so.
#[derive(Debug)]
pub enum FromPathError {
    /// The file cannot be copied into the evidence folder.
    Io(std::io::Error),
    /// It is not taken.
    Begin(BeginError),
    /// The records failed.
    Store(StoreError),
}

impl std::fmt::Display for FromPathError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FromPathError::Io(e) => write!(f, "the file cannot be kept as evidence: {e}"),
            FromPathError::Begin(e) => write!(f, "{}", e.message(kernel::Lang::En)),
            FromPathError::Store(e) => write!(f, "{e}"),
        }
    }
}
impl std::error::Error for FromPathError {}
impl From<StoreError> for FromPathError {
    fn from(e: StoreError) -> FromPathError {
        FromPathError::Store(e)
    }
}

/// Keeps, enters and reads the file as `actor`; answers how the import ended.
pub async fn from_path(
    db: &Db,
    importing: &Arc<Importing>,
    actor: &Actor,
    cmd: FromPath,
) -> Result<BillImport, FromPathError> {
    let (keeper, path) = (importing.clone(), cmd.path.clone());
    let kept = tokio::task::spawn_blocking(move || keeper.keep_copy(&path)).await;
    let kept = kept.map_err(|_| StoreError::Panicked)?.map_err(FromPathError::Io)?;
    let begin = Begin {
        provider_id: cmd.provider_id,
        profile: cmd.profile,
        file_name: cmd.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        file_sha256: kept.sha256,
        size_bytes: kept.size_bytes,
    };
    let begun = db
        .write(actor, "import", move |cx| Box::pin(async move { begin::run(cx, begin).await }))
        .await
        .map_err(FromPathError::Begin)?;
    work::run(db, importing, &begun.import_id).await?;
    let found =
        db.read(&Actor::system(), |cx| Box::pin(async move { imports::get(cx, &begun.import_id).await })).await?;
    found.ok_or_else(|| StoreError::Missing("the import that was just made".into()).into())
}
