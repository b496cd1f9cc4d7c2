//! Reads an entered file in the background: the CPU work in a thread of its own, checkpoints to the records.

use std::ops::ControlFlow;
use std::sync::Arc;

use focus::{Checkpoint, Ended, Format, Import, Importer, Options, Profile, Refusal};
use kernel::{Actor, Lang, Text};
use serde_json::json;
use store::{Db, Refusal as _, StoreError};
use tokio::sync::mpsc;

use super::{Importing, Reached, finish};
use crate::model::{BillImport, FileRefusal, ImportState};
use crate::rules::refused_file;
use crate::store::{imports, json as from_json, to_json};

/// A checkpoint on its way to the records.
struct Mark {
    json: String,
    reached: Reached,
}

/// Reads until the end, a refusal, or [`Importing::stop`]. Answers where the import then stands; one that has ended
/// is left as it is.
pub async fn run(db: &Db, importing: &Arc<Importing>, import_id: &str) -> Result<ImportState, StoreError> {
    let _turn = importing.turn.acquire().await.expect("the semaphore is never closed");
    let id = import_id.to_owned();
    let (import, checkpoint) = db
        .read(&Actor::system(), |cx| {
            Box::pin(async move {
                let import = imports::get(cx, &id).await?;
                let import = import.ok_or_else(|| StoreError::Missing(format!("import {id}")))?;
                let checkpoint = imports::checkpoint(cx, &id).await?;
                Ok::<_, StoreError>((import, checkpoint))
            })
        })
        .await?;
    if import.state != ImportState::Running {
        return Ok(import.state);
    }
    let state = read_file(db, importing, &import, checkpoint).await;
    importing.note(import_id, None);
    state
}

async fn read_file(
    db: &Db,
    importing: &Arc<Importing>,
    import: &BillImport,
    checkpoint: Option<String>,
) -> Result<ImportState, StoreError> {
    let resume: Option<Checkpoint> = checkpoint.map(|t| from_json(&t, "usage_import.checkpoint_json")).transpose()?;
    let resumed = resume.is_some();
    let mut ended = attempt(db, importing, import, resume).await?;
    if resumed && matches!(ended, Err(Refusal::WrongCheckpoint(_))) {
        // A newer program or profile cannot go on from there; the file is whole, so it is read from its beginning.
        tracing::warn!(import = %import.number, "the checkpoint no longer fits; reading anew");
        ended = attempt(db, importing, import, None).await?;
    }
    match ended {
        Ok(Ended::Stopped(at)) => {
            let reached = importing.reached(&import.id).unwrap_or_default();
            let mark = Mark { json: to_json(&at, "checkpoint")?, reached: Reached { rows: at.rows(), ..reached } };
            keep(db, import, mark).await?;
            Ok(ImportState::Running)
        }
        Ok(Ended::Done(done)) => match refused_file::of_report(&done.report) {
            Some(refusal) => refuse(db, import, refusal, Some(*done)).await,
            None => accept(db, import, *done).await,
        },
        Err(refusal) => refuse(db, import, refused_file::of_engine(&refusal), None).await,
    }
}

/// One run of the engine over the file.
async fn attempt(
    db: &Db,
    importing: &Arc<Importing>,
    import: &BillImport,
    resume: Option<Checkpoint>,
) -> Result<Result<Ended, Refusal>, StoreError> {
    let options = Options { claimed: Format::claimed_by(&import.file_name), ..importing.options.clone() };
    let profile = Profile::bundled(&import.profile)
        .map_err(|e| StoreError::Missing(format!("the profile of {}: {e}", import.number)))?;
    let (marks, mut marked) = mpsc::channel::<Mark>(1);
    let (shared, id, path) = (importing.clone(), import.id.clone(), importing.path_of(&import.file_sha256));
    let reading = tokio::task::spawn_blocking(move || {
        Importer::new(profile, options).import_path(&path, resume, &mut |p| {
            let reached = Reached { bytes: p.bytes_done, rows: p.rows };
            shared.note(&id, Some(reached));
            let sent = match p.checkpoint.map(serde_json::to_string) {
                // Nobody takes checkpoints any more: the task that asked for this work is gone.
                Some(Ok(json)) => marks.blocking_send(Mark { json, reached }).is_ok(),
                Some(Err(_)) | None => true,
            };
            if shared.stopping() || !sent { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    });
    while let Some(mark) = marked.recv().await {
        keep(db, import, mark).await?;
    }
    reading.await.map_err(|_| StoreError::Panicked)
}

async fn keep(db: &Db, import: &BillImport, mark: Mark) -> Result<(), StoreError> {
    let id = import.id.clone();
    db.write(&Actor::system(), "import", move |cx| {
        Box::pin(async move {
            let bytes = i64::try_from(mark.reached.bytes).unwrap_or(i64::MAX);
            let rows = i64::try_from(mark.reached.rows).unwrap_or(i64::MAX);
            imports::keep_checkpoint(cx, &id, &mark.json, bytes, rows).await?;
            let after = json!({ "bytes_read": bytes, "rows_read": rows });
            cx.journal("usage.import_checkpoint", &format!("usage_import/{id}"), &(), &after).await
        })
    })
    .await
}

async fn accept(db: &Db, import: &BillImport, done: Import) -> Result<ImportState, StoreError> {
    let id = import.id.clone();
    let finished = db
        .write(&Actor::system(), "import", move |cx| Box::pin(async move { finish::accept(cx, &id, done).await }))
        .await;
    match finished {
        Ok(import) => Ok(import.state),
        Err(finish::FinishError::Store(e)) => Err(e),
        Err(e @ finish::FinishError::AmountTooLarge {}) => {
            let text = Text::new(e.message(Lang::Zh), e.message(Lang::En));
            refuse(db, import, FileRefusal { code: e.code().to_owned(), text }, None).await
        }
        Err(other) => Err(StoreError::Missing(other.to_string())),
    }
}

async fn refuse(
    db: &Db,
    import: &BillImport,
    refusal: FileRefusal,
    read: Option<Import>,
) -> Result<ImportState, StoreError> {
    let (id, report) = (import.id.clone(), read.map(|r| r.report));
    let refused = db
        .write(&Actor::system(), "import", move |cx| {
            Box::pin(async move { finish::refuse(cx, &id, refusal, report).await })
        })
        .await;
    match refused {
        Ok(import) => Ok(import.state),
        Err(finish::FinishError::Store(e)) => Err(e),
        Err(other) => Err(StoreError::Missing(other.to_string())),
    }
}
