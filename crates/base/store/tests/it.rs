//! The store on SQLite; `testkit` runs the slices' suites on both databases.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kernel::{Actor, ManualClock};
use store::{Cx, Db, DbConfig, DbOptions, JournalFilter, Refusal, Sealer, StoreError, params};

store::refusals! {
    /// For the test.
    pub enum TryError {
        /// Asked too much.
        TooMuch { asked: kernel::Fen } = 409, "too-much", field "amount", zh "超出{asked}", en "{asked} is too much";
    }
}

async fn open(dir: &tempfile::TempDir) -> Db {
    let clock = Arc::new(ManualClock::new("2019-01-01T00:00:00Z".parse().unwrap()));
    let config = DbConfig::Sqlite(dir.path().join("t.db"));
    Db::open(&config, DbOptions { readers_max: 2, seed: Some(1) }, clock).await.unwrap()
}

async fn note(cx: &mut Cx, text: &str) -> Result<i64, TryError> {
    cx.journal("test.note", text, &(), &text).await?;
    let row = cx.one("SELECT COUNT(*) AS n FROM journal_row", vec![]).await?;
    Ok(row.get("n")?)
}

async fn count(db: &Db) -> i64 {
    let actor = Actor::system();
    db.read::<_, StoreError, _>(&actor, |cx| {
        Box::pin(async move { cx.one("SELECT COUNT(*) AS n FROM journal_row", vec![]).await?.get("n") })
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_refused_use_case_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    let result: Result<i64, TryError> = db
        .write(&Actor::system(), "r1", |cx| {
            Box::pin(async move {
                note(cx, "a").await?;
                Err(TryError::TooMuch { asked: kernel::Fen(100) })
            })
        })
        .await;
    let refused = result.unwrap_err();
    assert_eq!(refused.to_string(), "¥1.00 is too much");
    assert_eq!((refused.code(), refused.status(), refused.field()), ("too-much", 409, Some("amount")));
    assert_eq!(count(&db).await, 0);
}

#[tokio::test]
async fn a_panic_is_rolled_back_and_the_writer_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    let broken: Result<i64, TryError> = db
        .write(&Actor::system(), "r1", |cx| {
            Box::pin(async move {
                note(cx, "a").await?;
                panic!("on purpose")
            })
        })
        .await;
    assert!(matches!(broken, Err(TryError::Store(StoreError::Panicked))));
    let fine: Result<i64, TryError> = db.write(&Actor::system(), "r2", |cx| Box::pin(note(cx, "b"))).await;
    assert_eq!(fine.unwrap(), 1);
}

#[tokio::test]
async fn writing_without_a_journal_row_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    let result: Result<(), StoreError> = db
        .write(&Actor::system(), "r1", |cx| {
            Box::pin(async move {
                cx.execute("DELETE FROM idempotency", vec![]).await?;
                Ok(())
            })
        })
        .await;
    assert!(matches!(result, Err(StoreError::NotJournaled(_))));
}

#[tokio::test]
async fn many_at_once_all_land_and_share_commits() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    let refused = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for i in 0..500 {
        let (db, refused) = (db.clone(), refused.clone());
        tasks.push(tokio::spawn(async move {
            let result: Result<i64, TryError> = db
                .write(&Actor::system(), "r", move |cx| {
                    Box::pin(async move {
                        let n = note(cx, &format!("n{i}")).await?;
                        if i % 5 == 0 { Err(TryError::TooMuch { asked: kernel::Fen(i) }) } else { Ok(n) }
                    })
                })
                .await;
            refused.fetch_add(usize::from(result.is_err()), Ordering::SeqCst);
        }));
    }
    for t in tasks {
        t.await.unwrap();
    }
    assert_eq!(refused.load(Ordering::SeqCst), 100);
    assert_eq!(count(&db).await, 400);
}

#[tokio::test]
async fn the_same_key_answers_the_same_and_does_it_once() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    let actor = Actor::system();
    for _ in 0..3 {
        let n: i64 =
            db.write_once::<_, TryError, _>(&actor, "r", "k1", "c1", |cx| Box::pin(note(cx, "once"))).await.unwrap();
        assert_eq!(n, 1);
    }
    let other = db.write_once::<i64, TryError, _>(&actor, "r", "k1", "c2", |cx| Box::pin(note(cx, "twice"))).await;
    assert_eq!(other.unwrap_err().code(), "idempotency-conflict");
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn an_altered_journal_row_is_found_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    for i in 0..5 {
        db.write::<_, TryError, _>(&Actor::system(), "r", move |cx| {
            Box::pin(async move { note(cx, &format!("n{i}")).await })
        })
        .await
        .unwrap();
    }
    let sealer = Sealer::open(&dir.path().join("key"), &mut kernel::IdSource::seeded(3)).unwrap();
    let key = sealer.public_key();
    db.write::<_, StoreError, _>(&Actor::system(), "seal", move |cx| Box::pin(async move { sealer.seal(cx).await }))
        .await
        .unwrap();
    let verify = |db: Db, key: String| async move {
        db.read::<_, StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move { store::verify_journal(cx, Some(&key)).await })
        })
        .await
        .unwrap()
    };
    let fine = verify(db.clone(), key.clone()).await;
    assert_eq!((fine.rows, fine.blocks, fine.broken.len()), (5, 1, 0));
    db.write::<_, TryError, _>(&Actor::system(), "r", |cx| {
        Box::pin(async move {
            cx.execute("UPDATE journal_row SET after_json = '9' WHERE seq = $1", params![3]).await?;
            cx.execute("DELETE FROM journal_row WHERE seq = $1", params![5]).await?;
            note(cx, "x").await
        })
    })
    .await
    .unwrap();
    let broken = verify(db.clone(), key).await.broken;
    assert!(broken.iter().any(|b| b.starts_with("JR-3 block 1")), "{broken:?}");
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused_and_an_altered_migration_too() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    db.write::<_, TryError, _>(&Actor::system(), "r", |cx| {
        Box::pin(async move {
            let sql = "INSERT INTO schema_version (version, name, sha256, applied_at_us) VALUES (999999, 'x', 'x', 0)";
            cx.execute(sql, vec![]).await?;
            note(cx, "later").await
        })
    })
    .await
    .unwrap();
    db.close().await;
    let clock = Arc::new(ManualClock::new("2019-01-01T00:00:00Z".parse().unwrap()));
    let again = Db::open(&DbConfig::Sqlite(dir.path().join("t.db")), DbOptions::default(), clock).await;
    assert!(matches!(again, Err(StoreError::SchemaVersion { found: 999_999, .. })));
}

#[tokio::test]
async fn the_journal_lists_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    for i in 0..3 {
        db.write::<_, TryError, _>(&Actor::system(), "r", move |cx| {
            Box::pin(async move { note(cx, &format!("n{i}")).await })
        })
        .await
        .unwrap();
    }
    let filter = JournalFilter { limit: 2, ..Default::default() };
    let rows = db
        .read::<_, StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move { store::list_journal(cx, &filter).await })
        })
        .await
        .unwrap();
    assert_eq!(rows.iter().map(|r| r.seq).collect::<Vec<_>>(), [3, 2]);
}
