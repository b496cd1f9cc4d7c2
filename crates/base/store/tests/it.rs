//! The store on both databases: refusals, panics, grouped commits, idempotency, journal, schema version.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kernel::{Actor, Role};
use store::{Cx, Db, JournalFilter, Refusal, Sealer, StoreError, params};
use testkit::on_both;

store::refusals! {
    /// For the test.
    pub enum TryError {
        /// Asked too much.
        TooMuch { asked: kernel::Fen } = 409, "too-much", field "amount", zh "超出{asked}", en "{asked} is too much";
    }
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

on_both!(a_refused_use_case_leaves_nothing, |bed| async move {
    let db = bed.db.clone();
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
});

on_both!(a_panic_is_rolled_back_and_the_writer_goes_on, |bed| async move {
    let db = bed.db.clone();
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
});

on_both!(writing_without_a_journal_row_is_refused, |bed| async move {
    let db = bed.db.clone();
    let result: Result<(), StoreError> = db
        .write(&Actor::system(), "r1", |cx| {
            Box::pin(async move {
                cx.execute("DELETE FROM idempotency", vec![]).await?;
                Ok(())
            })
        })
        .await;
    assert!(matches!(result, Err(StoreError::NotJournaled(_))));
});

on_both!(many_at_once_all_land_and_share_commits, |bed| async move {
    let db = bed.db.clone();
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
});

on_both!(the_same_key_answers_the_same_and_does_it_once, |bed| async move {
    let db = bed.db.clone();
    let actor = Actor::system();
    for _ in 0..3 {
        let n: i64 =
            db.write_once::<_, TryError, _>(&actor, "r", "k1", "c1", |cx| Box::pin(note(cx, "once"))).await.unwrap();
        assert_eq!(n, 1);
    }
    let other = db.write_once::<i64, TryError, _>(&actor, "r", "k1", "c2", |cx| Box::pin(note(cx, "twice"))).await;
    assert_eq!(other.unwrap_err().code(), "idempotency-conflict");
    assert_eq!(count(&db).await, 1);
});

on_both!(an_altered_journal_row_is_found_by_name, |bed| async move {
    let db = bed.db.clone();
    for i in 0..5 {
        db.write::<_, TryError, _>(&Actor::system(), "r", move |cx| {
            Box::pin(async move { note(cx, &format!("n{i}")).await })
        })
        .await
        .unwrap();
    }
    let sealer = Sealer::open(&bed.folder().join("key"), &mut kernel::IdSource::seeded(3)).unwrap();
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
});

/// Runs one statement, journaled.
async fn by_hand(db: &Db, sql: &'static str) {
    db.write::<_, TryError, _>(&Actor::system(), "r", move |cx| {
        Box::pin(async move {
            assert_eq!(cx.execute(sql, vec![]).await?, 1, "{sql}");
            note(cx, "by hand").await
        })
    })
    .await
    .unwrap();
}

on_both!(a_database_of_a_later_version_is_refused, |bed| async move {
    assert!(bed.open_again().await.is_ok());
    by_hand(&bed.db, "INSERT INTO schema_version (version, name, sha256, applied_at_us) VALUES (999999, 'x', 'x', 0)")
        .await;
    assert!(matches!(bed.db.ready().await, Err(StoreError::SchemaVersion { found: 999_999, .. })));
    let again = bed.open_again().await.err();
    assert!(matches!(again, Some(StoreError::SchemaVersion { found: 999_999, .. })), "{again:?}");
});

on_both!(a_migration_that_was_altered_after_it_ran_is_refused_by_name, |bed| async move {
    by_hand(
        &bed.db,
        "UPDATE schema_version SET sha256 = 'another' WHERE version = (SELECT MIN(version) FROM schema_version)",
    )
    .await;
    let (_, name, _) = store::MIGRATIONS[0];
    let again = bed.open_again().await.err();
    assert!(matches!(&again, Some(StoreError::MigrationChanged(which)) if which == name), "{again:?}");
});

on_both!(two_strangers_with_the_same_key_do_not_stand_in_each_others_way, |bed| async move {
    let public = Actor::public();
    assert_eq!(public.role, Role::Public);
    let say = async |content: &str| {
        bed.db.write_once::<i64, TryError, _>(&public, "r", "1", content, |cx| Box::pin(note(cx, "said"))).await
    };
    assert_eq!(say("of the one").await.unwrap(), 1);
    assert_eq!(say("of the other").await.unwrap(), 2, "not refused, and not answered for the first");
    assert_eq!(say("of the one").await.unwrap(), 1, "a retry is still a retry");
    assert_eq!(count(&bed.db).await, 2);
});

on_both!(the_journal_lists_newest_first, |bed| async move {
    let db = bed.db.clone();
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
});
