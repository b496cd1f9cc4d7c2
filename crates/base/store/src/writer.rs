//! The one writer, and the grouping of commits.
//!
//! Every use case runs alone, inside a savepoint of the open transaction. When it is done and others are already
//! waiting for their turn, the transaction stays open and the commit is left to them; each caller is answered only
//! after the commit that carries its changes. So one sync to disk serves all that arrived while the last one ran,
//! and an answer always means "on disk". If the commit fails, everyone in it is told so.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, MutexGuard, watch};

use crate::{Conn, StoreError};

/// No more than so many use cases share a commit, so that the first does not wait for an endless queue.
const BATCH_MAX: usize = 256;

type CommitResult = Option<Result<(), String>>;

struct Batch {
    count: usize,
    done: watch::Sender<CommitResult>,
}

pub(crate) struct WriterState {
    conn: Option<Conn>,
    batch: Option<Batch>,
}

pub(crate) struct Writer {
    state: Mutex<WriterState>,
    waiting: AtomicUsize,
}

/// One use case's turn at the writer.
pub(crate) struct Turn<'a> {
    writer: &'a Writer,
    state: MutexGuard<'a, WriterState>,
}

impl Writer {
    pub(crate) fn new() -> Writer {
        Writer { state: Mutex::new(WriterState { conn: None, batch: None }), waiting: AtomicUsize::new(0) }
    }

    pub(crate) async fn turn(&self) -> Turn<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let state = self.state.lock().await;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        Turn { writer: self, state }
    }
}

impl Turn<'_> {
    /// Has the writer a connection yet? It is opened by the first turn, and again after a fault.
    pub(crate) fn has_conn(&self) -> bool {
        self.state.conn.is_some()
    }

    pub(crate) fn set_conn(&mut self, conn: Conn) {
        self.state.conn = Some(conn);
    }

    /// Opens the shared transaction if there is none, and this use case's savepoint in it.
    pub(crate) async fn begin(&mut self) -> Result<Conn, StoreError> {
        let mut conn = self.state.conn.take().expect("the caller connected");
        // One script, since each hand-over to the database costs more than most statements.
        let begins = self.state.batch.is_none();
        conn.script(match (begins, conn.is_postgres()) {
            // One writer among all processes of a site: the same guarantee that SQLite gives by its file lock.
            (true, true) => "BEGIN; SELECT pg_advisory_xact_lock(20180901); SAVEPOINT use_case",
            (true, false) => "BEGIN IMMEDIATE; SAVEPOINT use_case",
            (false, _) => "SAVEPOINT use_case",
        })
        .await?;
        if begins {
            self.state.batch = Some(Batch { count: 0, done: watch::Sender::new(None) });
        }
        Ok(conn)
    }

    /// Keeps or undoes the savepoint. Returns what to wait for before answering.
    pub(crate) async fn end(mut self, mut conn: Conn, keep: bool) -> Result<watch::Receiver<CommitResult>, StoreError> {
        let batch = self.state.batch.as_mut().expect("begun");
        batch.count += 1;
        let receiver = batch.done.subscribe();
        let commits = self.writer.waiting.load(Ordering::SeqCst) == 0 || batch.count >= BATCH_MAX;
        let closed = conn.script(match (keep, commits) {
            (true, true) => "RELEASE SAVEPOINT use_case; COMMIT",
            (true, false) => "RELEASE SAVEPOINT use_case",
            (false, true) => "ROLLBACK TO SAVEPOINT use_case; COMMIT",
            (false, false) => "ROLLBACK TO SAVEPOINT use_case",
        });
        match closed.await {
            Err(e) if commits => {
                self.fail(&e);
                return Err(StoreError::CommitFailed(e.to_string()));
            }
            Err(e) => {
                self.fail(&e);
                return Err(e);
            }
            Ok(()) if commits => {
                let batch = self.state.batch.take().expect("begun");
                batch.done.send_replace(Some(Ok(())));
            }
            Ok(()) => {}
        }
        self.state.conn = Some(conn);
        Ok(receiver)
    }

    /// The connection is lost or its transaction broken: everyone in the batch is told, the next turn reconnects.
    pub(crate) fn fail(&mut self, why: &StoreError) {
        if let Some(batch) = self.state.batch.take() {
            batch.done.send_replace(Some(Err(why.to_string())));
        }
        self.state.conn = None;
    }
}

/// Waits until the commit that carries this use case is through.
pub(crate) async fn committed(mut receiver: watch::Receiver<CommitResult>) -> Result<(), StoreError> {
    let result = receiver.wait_for(Option::is_some).await;
    match result {
        Ok(value) => match value.as_ref().expect("waited for") {
            Ok(()) => Ok(()),
            Err(why) => Err(StoreError::CommitFailed(why.clone())),
        },
        Err(_) => Err(StoreError::CommitFailed("the writer ended before its commit".into())),
    }
}
